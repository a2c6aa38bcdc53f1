//! What a survey found, as text, as Markdown and as JSON.
//! It does not run anything.

use std::fmt::Write;
use std::time::Duration;

use serde_json::{Value, json};
use withheld::minimise::size::Size;
use withheld::rulebook::reading::Severity;
use withheld::rulebook::rule::Rule;
use withheld::scenario::model::Scenario;

use super::glue::{NotTheCrate, not_the_crate};
use super::survey::{Breach, Standing, Survey};

/// Something that devices have broken, with the smallest room for it.
#[derive(Debug, Clone)]
pub struct Finding {
    /// What.
    pub breach: Breach,
    /// In how many rooms.
    pub count: u64,
    /// The room that the small one was made of.
    pub first: String,
    /// The small room.
    pub scenario: Scenario,
}

impl Finding {
    /// The name of its file.
    #[must_use]
    pub fn slug(&self) -> String {
        let rule = self.breach.rule.id().to_lowercase();
        match self.breach.severity {
            Severity::Violation => rule,
            Severity::Warning => format!("{rule}-warning"),
        }
    }
}

/// What is told.
#[derive(Debug, Clone, Copy)]
pub struct Told<'a> {
    /// What came out.
    pub survey: &'a Survey,
    /// What is broken.
    pub findings: &'a [Finding],
    /// How many of the rooms are files.
    pub files: usize,
    /// On how many threads they were run.
    pub threads: usize,
    /// How long that took, second runs included.
    pub surveyed: Duration,
}

/// The version under test.
pub const CLIENT: &str = "matrix-sdk-crypto 0.18.0";

const fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Violation => "violation",
        Severity::Warning => "warning",
    }
}

fn of_standing(survey: &Survey, standing: Standing) -> Vec<Rule> {
    Rule::ALL.iter().copied().filter(|rule| survey.standing(*rule) == standing).collect()
}

fn ids(rules: &[Rule]) -> String {
    rules.iter().map(|rule| rule.id()).collect::<Vec<_>>().join(" ")
}

/// How many rules are decided for this client: those that it broke or kept where they applied.
#[must_use]
pub fn decided(survey: &Survey) -> usize {
    let decided = [Standing::Broken, Standing::Warned, Standing::Held];
    Rule::ALL.iter().filter(|rule| decided.contains(&survey.standing(**rule))).count()
}

fn rooms_a_second(told: &Told<'_>) -> u128 {
    u128::from(told.survey.runs) * 1_000 / told.surveyed.as_millis().max(1)
}

/// As text.
#[must_use]
pub fn text(told: &Told<'_>) -> String {
    let survey = told.survey;
    let mut text = format!(
        "{CLIENT}: {} rooms ({} files), {} facts, each run twice on {} threads in {} s ({} rooms a second)\n",
        survey.runs,
        told.files,
        survey.facts,
        told.threads,
        told.surveyed.as_secs(),
        rooms_a_second(told),
    );
    for standing in Standing::ALL {
        let rules = of_standing(survey, standing);
        let _ = writeln!(text, "{} ({}): {}", standing.as_str(), rules.len(), ids(&rules));
    }
    let _ = writeln!(text, "decided: {} rules", decided(survey));
    let _ = writeln!(
        text,
        "not deterministic: {}; cut or undecided: {}; skipped: {}; not healed: {}",
        survey.diverging.len(),
        survey.inconclusive,
        survey.skipped.len(),
        survey.unhealed
    );
    for (breakdown, rooms) in &survey.broken_down {
        let first = rooms.smallest.as_ref().map_or("", |(_, room)| &room.name);
        let _ =
            writeln!(text, "broke down in {} rooms, first in {first}: {breakdown:?}", rooms.count);
    }
    for (what, count) in &survey.left_out {
        let _ = writeln!(text, "left out of {count} rooms: {what}");
    }
    for finding in told.findings {
        let size = Size::of(&finding.scenario);
        let _ = writeln!(
            text,
            "\n{} {} in {} rooms, here made of {}: {} devices, {} steps, {} faults\n  {}",
            finding.breach.rule.id(),
            word(finding.breach.severity),
            finding.count,
            finding.first,
            size.devices,
            size.steps,
            size.faults,
            finding.breach.rule.text(),
        );
    }
    text
}

/// As Markdown.
#[must_use]
pub fn markdown(told: &Told<'_>) -> String {
    let survey = told.survey;
    let mut text = format!(
        "# {CLIENT} against the rules of room-key delivery\n\n{} rooms ({} of them files), strict reading.\n\n\
         | rule | standing | applied | violations in rooms | warnings in rooms | why not judged |\n|---|---|---|---|---|---|\n",
        survey.runs, told.files
    );
    for rule in Rule::ALL {
        let in_rooms = |severity| {
            survey.breaches.get(&Breach { rule: *rule, severity }).map_or(0, |rooms| rooms.count)
        };
        let why = match not_the_crate(*rule) {
            Some(NotTheCrate::Glue(why) | NotTheCrate::Hidden(why)) => why,
            None => "",
        };
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {why} |",
            rule.id(),
            survey.standing(*rule).as_str(),
            survey.met.get(rule).copied().unwrap_or(0),
            in_rooms(Severity::Violation),
            in_rooms(Severity::Warning),
        );
    }
    for finding in told.findings {
        let _ = writeln!(
            text,
            "\n## {} ({})\n\n{}\n\nIn {} rooms. The smallest:\n\n```json\n{}```",
            finding.breach.rule.id(),
            word(finding.breach.severity),
            finding.breach.rule.text(),
            finding.count,
            withheld::scenario::file::write_brief(&finding.scenario),
        );
    }
    text
}

/// As JSON.
#[must_use]
pub fn json(told: &Told<'_>) -> Value {
    let survey = told.survey;
    let rules: Vec<Value> = Rule::ALL
        .iter()
        .map(|rule| {
            let in_rooms = |severity| {
                survey
                    .breaches
                    .get(&Breach { rule: *rule, severity })
                    .map_or(0, |rooms| rooms.count)
            };
            json!({
                "rule": rule.id(),
                "standing": survey.standing(*rule).as_str(),
                "applied": survey.met.get(rule).copied().unwrap_or(0),
                "violated_in": in_rooms(Severity::Violation),
                "warned_in": in_rooms(Severity::Warning),
                "excused": survey.excused.get(rule).copied().unwrap_or(0),
                "why_not_judged": match not_the_crate(*rule) {
                    Some(NotTheCrate::Glue(why) | NotTheCrate::Hidden(why)) => Some(why),
                    None => None,
                },
            })
        })
        .collect();
    let findings: Vec<Value> = told
        .findings
        .iter()
        .map(|finding| {
            json!({
                "rule": finding.breach.rule.id(),
                "severity": word(finding.breach.severity),
                "rooms": finding.count,
                "made_of": finding.first,
                "room": serde_json::from_str::<Value>(&withheld::scenario::file::write_brief(&finding.scenario)).ok(),
            })
        })
        .collect();
    json!({
        "client": CLIENT,
        "rooms": survey.runs,
        "files": told.files,
        "facts": survey.facts,
        "decided_rules": decided(survey),
        "rules": rules,
        "findings": findings,
        "breakdowns": survey.broken_down.iter().map(|(what, rooms)| json!({
            "what": format!("{what:?}"),
            "rooms": rooms.count,
            "first": rooms.smallest.as_ref().map(|(_, room)| &room.name),
        })).collect::<Vec<_>>(),
        "not_deterministic": survey.diverging.iter().map(|(name, _)| name).collect::<Vec<_>>(),
        "inconclusive": survey.inconclusive,
        "unhealed": survey.unhealed,
        "skipped": survey.skipped.iter().map(|(name, why)| json!({ "room": name, "why": why })).collect::<Vec<_>>(),
        "left_out": survey.left_out,
    })
}
