//! The flags of a comparison of policies.
//! It does not know what any of them leads to.

use std::path::PathBuf;

use clap::Args;

use crate::overhead::contender::BASELINE;

use super::args::{Rules, TableFormat, to_file};

pub(super) const EXAMPLES: &str = "\
Examples:
  withheld overhead                               ten policies in sixteen worlds, from a family to a public room of 10,000 users
  withheld overhead --seeds 5 --worlds family,team
                                                  a quick look
  withheld overhead --policies nothing,mine.json  the policy of a file and a known one against the baseline
  withheld overhead --rooms scenarios/no_olm --seeds 5
                                                  in the rooms of scenario files
  withheld overhead --format csv > overhead.csv   every figure of every run
  withheld overhead --plot overhead.svg           and a picture

Exit codes:
  0  everything was compared
  3  bad input or usage, or a room that a policy cannot play: nothing was printed";

/// What to compare, and where.
#[derive(Debug, Args)]
pub struct OverheadArgs {
    /// Scenario files, and folders of such, to compare policies in, instead of the worlds that come with the program. Each seed replaces
    /// that of the file; what a file expects is not looked at.
    #[arg(long, value_name = "PATH", num_args = 1..)]
    pub rooms: Vec<PathBuf>,
    /// Of the worlds that come with the program these: family, team, community, public, or one of them by its whole name.
    #[arg(long, value_name = "NAMES", value_delimiter = ',', conflicts_with = "rooms")]
    pub worlds: Vec<String>,
    /// Policies: names of known ones, and files; all known ones if none is named.
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub policies: Vec<String>,
    /// The policy with which the others are compared, which is played in any case: a name or a file.
    #[arg(long, value_name = "POLICY", default_value = BASELINE)]
    pub baseline: String,
    /// How many seeds in each room; more than one make an interval, which says something from five on. If nothing is said, 24 in the smallest of our worlds to 3 in the
    /// largest, and 10 in the rooms of files.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub seeds: Option<u32>,
    /// How ambiguous points of the specification are read, by the judge and by what clients show.
    #[arg(long, visible_alias = "reading", value_enum, default_value_t = Rules::Strict, value_name = "READING")]
    pub rules: Rules,
    /// The first seed; the others follow.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,
    /// How many threads; as many as there are cores if nothing is said.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_024))]
    pub jobs: Option<u32>,
    /// How it is printed.
    #[arg(long, value_enum, default_value_t = TableFormat::Text, value_name = "FORMAT")]
    pub format: TableFormat,
    /// The same as --format json.
    #[arg(long, conflicts_with = "format")]
    pub json: bool,
    /// Draw three pictures into FILE, as SVG: messages against the share of withheld devices, mailboxes over time, traffic against
    /// what it explains.
    #[arg(long, value_name = "FILE", value_parser = to_file())]
    pub plot: Option<PathBuf>,
}

impl OverheadArgs {
    /// The form that the flags ask for.
    #[must_use]
    pub const fn form(&self) -> TableFormat {
        if self.json { TableFormat::Json } else { self.format }
    }
}
