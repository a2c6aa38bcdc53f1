//! The parts of pages that are the same in all of them: styles, scripts, the frame of HTML.
//! It does not know what is shown.

/// The styles of all pages.
pub(super) const STYLE: &str = include_str!("assets/page.css");

/// The script of the page of a run, file by file: they share one scope.
pub(super) const RUN_SCRIPT: &[&str] = &[
    include_str!("assets/common.js"),
    include_str!("assets/run_data.js"),
    include_str!("assets/run_diagram.js"),
    include_str!("assets/run_grid.js"),
    include_str!("assets/run_panels.js"),
    include_str!("assets/run_print.js"),
    include_str!("assets/run.js"),
    include_str!("assets/selftest.js"),
    include_str!("assets/run_selftest.js"),
];

/// The script of the page of a campaign.
pub(super) const CAMPAIGN_SCRIPT: &[&str] = &[
    include_str!("assets/common.js"),
    include_str!("assets/chart.js"),
    include_str!("assets/campaign.js"),
    include_str!("assets/selftest.js"),
    include_str!("assets/campaign_selftest.js"),
];

/// The body of the page of a campaign.
pub(super) const CAMPAIGN_BODY: &str = include_str!("assets/campaign.html");

/// The body of the page of a run.
pub(super) const RUN_BODY: &str = include_str!("assets/run.html");
