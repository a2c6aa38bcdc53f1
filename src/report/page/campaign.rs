//! The page of a campaign: what was reached and never reached, what was found and how it became small, how fast it went.
//! It does not run anything and reads no folder.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;

use crate::campaign::document::Document;
use crate::campaign::finding::Problem;
use crate::campaign::speed::Speed;
use crate::report::campaign::{Told, campaign_view, headline};
use crate::report::paint::Paint;
use crate::report::text::safe;
use crate::rulebook::leaf::Leaf;
use crate::rulebook::rule::Rule;

use super::assets::{CAMPAIGN_BODY, CAMPAIGN_SCRIPT};
use super::html::Page;
use super::kills::Kills;
use super::plot::{Marks, Plot, Series};

/// How wide the text is that stands in for the page where scripts do not run.
const COLUMNS: usize = 100;

/// What there is to show of a campaign.
#[derive(Debug, Clone, Copy)]
pub struct CampaignPictured<'a> {
    /// What it came to.
    pub told: Told<'a>,
    /// The kill matrix of mutants, where it was run.
    pub kills: Option<&'a Kills>,
    /// Charts of other runs that belong to it, such as what policies cost.
    pub plots: &'a [Plot],
    /// The ids of the findings whose rooms have a page of their own: beside the file, under the same name.
    pub paged: &'a [String],
}

#[derive(Debug, Serialize)]
struct Data<'a> {
    about: String,
    #[serde(flatten)]
    document: &'a Document,
    /// A sentence for each finding.
    headlines: Vec<String>,
    /// The command that runs its room again, where there is one.
    replays: Vec<Option<String>>,
    rules: BTreeMap<&'static str, &'static str>,
    verdicts: BTreeMap<&'static str, &'static str>,
    speed: &'a Speed,
    kills: Option<&'a Kills>,
    plots: Vec<Plot>,
    paged: &'a [String],
}

/// Writes the page of a campaign.
///
/// # Errors
/// The first error of `out`.
pub fn campaign_page(out: impl Write, pictured: &CampaignPictured<'_>) -> io::Result<()> {
    let Told { document, saved, speed, .. } = pictured.told;
    let about = safe(&document.campaign.about());
    let findings = document.findings.iter();
    let mut plots = vec![growth(document)];
    plots.extend(over_time(speed));
    plots.extend(pictured.plots.iter().cloned());
    let replay = |id: &str, problem: &Problem| match problem {
        Problem::File { path, .. } => Some(format!("withheld run {}", safe(path))),
        Problem::Rule { .. } | Problem::Panicked { .. } | Problem::NotDeterministic { .. } => {
            saved.get(id).map(|path| format!("withheld run {}", safe(path)))
        }
    };
    let data = Data {
        document,
        headlines: findings.clone().map(|entry| headline(&entry.problem)).collect(),
        replays: findings.map(|entry| replay(&entry.id, &entry.problem)).collect(),
        rules: Rule::ALL.iter().map(|rule| (rule.id(), rule.text())).collect(),
        verdicts: Leaf::ALL.iter().map(|leaf| (leaf.name(), leaf.meaning())).collect(),
        speed,
        kills: pictured.kills,
        plots,
        paged: pictured.paged,
        about,
    };
    let title = format!("{} - withheld", data.about);
    let otherwise = campaign_view(&pictured.told, COLUMNS, Paint::Plain);
    Page {
        title: &title,
        body: CAMPAIGN_BODY,
        data: &data,
        script: CAMPAIGN_SCRIPT,
        otherwise: &otherwise,
    }
    .write(out)
}

/// How many features had been seen after how many rooms of each lane.
fn growth(document: &Document) -> Plot {
    let mut points = vec![(0, 0)];
    points.extend(document.novelty.growth.iter().copied());
    Plot {
        title: "What was new".to_owned(),
        x: "rooms of each lane".to_owned(),
        y: "features seen".to_owned(),
        marks: Marks::Lines,
        series: vec![Series { name: "features".to_owned(), points }],
    }
}

/// How fast it went and how much was found, session by session: only where the state has samples of that.
fn over_time(speed: &Speed) -> Vec<Plot> {
    let (mut rate, mut findings) = (Vec::new(), Vec::new());
    let mut earlier_ms = 0;
    for session in &speed.sessions {
        let mut last: Option<(u64, u64)> = None;
        for sample in &session.samples {
            let (from_us, from_cases) = last.unwrap_or((0, session.began));
            let micros = sample.micros.saturating_sub(from_us);
            let cases = sample.cases.saturating_sub(from_cases);
            let at = earlier_ms + sample.micros / 1_000;
            if let Some(rooms) = cases.saturating_mul(1_000_000).checked_div(micros) {
                rate.push((at, rooms));
            }
            findings.push((at, sample.findings));
            last = Some((sample.micros, sample.cases));
        }
        earlier_ms += session.micros / 1_000;
    }
    let plot = |title: &str, y: &str, points: Vec<(u64, u64)>| Plot {
        title: title.to_owned(),
        x: "milliseconds".to_owned(),
        y: y.to_owned(),
        marks: Marks::Lines,
        series: vec![Series { name: y.to_owned(), points }],
    };
    if rate.len() < 2 {
        return Vec::new();
    }
    vec![
        plot("Speed", "rooms a second", rate),
        plot("Findings so far", "kinds of findings, lane by lane", findings),
    ]
}

#[cfg(test)]
mod tests {
    use super::over_time;
    use crate::campaign::speed::{Sample, Session, Speed};

    #[test]
    fn speed_is_that_between_samples_and_sessions_follow_each_other() {
        let sample = |micros, cases| Sample { micros, cases, features: 0, findings: 1 };
        let session = |began, samples, cases| {
            let mut session = Session::new(1, began);
            (session.micros, session.cases, session.samples) = (4_000_000, cases, samples);
            session
        };
        let first = session(0, vec![sample(1_000_000, 10), sample(3_000_000, 50)], 60);
        let speed = Speed { sessions: vec![first, session(60, vec![sample(1_000_000, 90)], 40)] };
        let plots = over_time(&speed);
        assert_eq!(plots[0].series[0].points, [(1_000, 10), (3_000, 20), (5_000, 30)]);
        assert_eq!(plots[1].series[0].points.len(), 3);
        // A session before it was killed: what it had done is not the doing of the next one.
        let resumed = session(5_000, vec![sample(1_000_000, 5_010), sample(2_000_000, 5_040)], 40);
        let plots = over_time(&Speed { sessions: vec![resumed] });
        assert_eq!(plots[0].series[0].points, [(1_000, 10), (2_000, 30)]);
        assert!(over_time(&Speed::default()).is_empty());
    }
}
