//! What a survey found, as text, as Markdown and as JSON.
//! It does not run anything.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::time::Duration;

use serde_json::{Value, json};
use withheld::ids::DeviceId;
use withheld::minimise::size::Size;
use withheld::rulebook::reading::Severity;
use withheld::rulebook::rule::Rule;
use withheld::scenario::model::Scenario;

use crate::casting::{Casting, ClientKind};
use crate::glue::{NotTheCrate, not_the_crate};
use crate::known::Known;
use crate::needed::{Breach, sentence};
use crate::role::Role;
use crate::store::StoreKind;

use super::survey::{Rooms, Standing, Survey};

/// Something that devices have broken, with the smallest room for it.
#[derive(Debug, Clone)]
pub struct Finding {
    /// What.
    pub breach: Breach,
    /// In how many rooms.
    pub count: u64,
    /// In which roles.
    pub roles: BTreeSet<Role>,
    /// The room that the small one was made of.
    pub first: String,
    /// The small room.
    pub scenario: Scenario,
    /// The role in it.
    pub role: Role,
    /// The store in it.
    pub store: StoreKind,
    /// The devices that have to run matrix-sdk-crypto in it; `None` if it is not broken there again.
    pub devices: Option<Vec<DeviceId>>,
    /// What was done to make it small; `None` if it is as it was found.
    pub effort: Option<Effort>,
}

/// What was done to make a room small.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Effort {
    /// How many smaller rooms were tried.
    pub candidates: usize,
    /// Whether nothing was left to try; if not, the limit ended it.
    pub is_minimal: bool,
}

impl Effort {
    /// What is said of it.
    #[must_use]
    pub fn words(self) -> String {
        let Self { candidates, is_minimal } = self;
        let end = if is_minimal { "nothing smaller does it" } else { "the limit" };
        format!("{candidates} smaller rooms tried, {end}")
    }
}

/// The name of the file of a room that shows a breach.
#[must_use]
pub fn slug(breach: Breach) -> String {
    let rule = breach.rule.id().to_lowercase();
    match breach.severity {
        Severity::Violation => rule,
        Severity::Warning => format!("{rule}-warning"),
    }
}

impl Finding {
    /// Which clients are needed, as a sentence.
    #[must_use]
    pub fn whose(&self) -> String {
        let devices = self.devices.as_ref();
        devices.map_or_else(
            || "not broken again once it is small".to_owned(),
            |devices| sentence(&self.scenario, devices),
        )
    }

    /// The flags with which its room is run as it was found.
    #[must_use]
    pub fn flags(&self) -> String {
        let casting = Casting::in_role(self.role);
        let reference = (0..self.scenario.devices.len()).map(DeviceId::at);
        let reference =
            reference.filter(|device| casting.of(&self.scenario, *device) == ClientKind::Reference);
        let flag = |device| format!(" --device {}=reference", self.scenario.device_name(device));
        let store = self.store.flag().map(|flag| format!(" {flag}"));
        reference.map(flag).chain(store).collect()
    }

    /// In which roles it was found, in words.
    #[must_use]
    pub fn in_roles(&self) -> String {
        self.roles.iter().map(|role| role.as_str()).collect::<Vec<_>>().join(", ")
    }

    /// The name of its file.
    #[must_use]
    pub fn slug(&self) -> String {
        slug(self.breach)
    }

    /// How small its room was made, in words.
    #[must_use]
    pub fn effort(&self) -> String {
        self.effort.map_or_else(|| "as it was found".to_owned(), Effort::words)
    }
}

/// What is told.
#[derive(Debug, Clone, Copy)]
pub struct Told<'a> {
    /// What came out.
    pub survey: &'a Survey,
    /// What is broken.
    pub findings: &'a [Finding],
    /// What is known, and does not count.
    pub known: &'a Known,
    /// How many of the rooms are files.
    pub files: usize,
    /// On how many threads they were run.
    pub threads: usize,
    /// How long that took, second runs included.
    pub surveyed: Duration,
    /// Whether everything was run; if not, this is what was known when it was written.
    pub is_complete: bool,
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

fn first_of(rooms: &Rooms) -> String {
    rooms.smallest.as_ref().map(|(_, case)| case.name()).unwrap_or_default()
}

/// In how many rooms a rule was broken, a room in which that was a violation and worth a warning counted for each.
fn rooms_of(all: &BTreeMap<Breach, Rooms>, rule: Rule) -> u64 {
    all.iter().filter(|(breach, _)| breach.rule == rule).map(|(_, rooms)| rooms.count).sum()
}

fn broken_by(all: &BTreeMap<Breach, Rooms>) -> Vec<Value> {
    let one = |(breach, rooms): (&Breach, &Rooms)| {
        json!({
            "rule": breach.rule.id(),
            "severity": word(breach.severity),
            "rooms": rooms.count,
            "first": first_of(rooms),
        })
    };
    all.iter().map(one).collect()
}

/// What others than the client under test have broken: whatever stands here is a bug of the simulator, of the reference client or of a rule.
fn others(survey: &Survey) -> String {
    let mut text = String::new();
    for (whose, all) in
        [("the reference client", &survey.by_reference), ("a server", &survey.by_servers)]
    {
        for (breach, rooms) in all {
            let _ = writeln!(
                text,
                "broken by {whose}: {} {} in {} rooms, first in {}",
                breach.rule.id(),
                word(breach.severity),
                rooms.count,
                first_of(rooms)
            );
        }
    }
    text
}

/// Where the time went.
fn time(survey: &Survey) -> String {
    let spent = survey.spent;
    let mut text = format!(
        "processor time: {} ms in the client, {} ms in the harness, {} ms in the rules\n",
        spent.client.as_millis(),
        spent.harness.as_millis(),
        spent.rules.as_millis()
    );
    for (took, name) in &survey.slowest {
        let _ = writeln!(text, "slow: {} ms for {name}", took.as_millis());
    }
    text
}

/// The ways in which rules are known to be broken, and those in which they are not.
fn ways(told: &Told<'_>) -> String {
    let survey = told.survey;
    let mut text = String::new();
    let known: BTreeSet<Rule> = survey.breaches.keys().map(|breach| breach.rule).collect();
    for rule in known.into_iter().filter(|rule| told.known.has(*rule)) {
        let [all, new] = [&survey.breaches, &survey.new].map(|sums| rooms_of(sums, rule));
        let files = told.known.files(rule);
        let _ = writeln!(
            text,
            "known: {files}; so in {} rooms, in another way in {new}",
            all.saturating_sub(new)
        );
    }
    for (way, rooms) in &survey.other_ways {
        let first = first_of(rooms);
        let _ = writeln!(text, "another way in {} rooms, as in {first}: {way}", rooms.count);
    }
    text
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
    for role in Role::ALL {
        let broken = Rule::ALL.iter().copied();
        let broken = broken.filter(|rule| survey.standing(*rule) == Standing::Broken);
        let broken: Vec<Rule> =
            broken.filter(|rule| survey.standing_in(*rule, role) == Standing::Broken).collect();
        let _ = writeln!(text, "broken as {}: {}", role.as_str(), ids(&broken));
    }
    text.push_str(&ways(told));
    text.push_str(&others(survey));
    text.push_str(&time(survey));
    let _ = writeln!(
        text,
        "not deterministic: {}; cut or undecided: {}; skipped: {}; not healed: {}; told anew after a message was read: {}",
        survey.diverging.len(),
        survey.inconclusive,
        survey.skipped.len(),
        survey.unhealed,
        survey.read_again
    );
    for (breakdown, rooms) in &survey.broken_down {
        let first = first_of(rooms);
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
            "\n{} {} in {} rooms ({}), here made of {}: {} devices, {} steps, {} faults ({}); {}\n  {}",
            finding.breach.rule.id(),
            word(finding.breach.severity),
            finding.count,
            finding.in_roles(),
            finding.first,
            size.devices,
            size.steps,
            size.faults,
            finding.effort(),
            finding.whose(),
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
         | rule | standing | as sender | as recipient | as both | applied | violations in rooms | warnings in rooms | why not judged |\n\
         |---|---|---|---|---|---|---|---|---|\n",
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
            "| {} | {} | {} | {} | {} | {} | {} | {} | {why} |",
            rule.id(),
            survey.standing(*rule).as_str(),
            survey.standing_in(*rule, Role::Sender).as_str(),
            survey.standing_in(*rule, Role::Recipient).as_str(),
            survey.standing_in(*rule, Role::Both).as_str(),
            survey.met(*rule),
            in_rooms(Severity::Violation),
            in_rooms(Severity::Warning),
        );
    }
    for finding in told.findings {
        let _ = writeln!(
            text,
            "\n## {} ({})\n\n{}\n\nIn {} rooms ({}). The smallest ({}), {}:\n\n```json\n{}```",
            finding.breach.rule.id(),
            word(finding.breach.severity),
            finding.breach.rule.text(),
            finding.count,
            finding.in_roles(),
            finding.effort(),
            finding.whose(),
            withheld::scenario::file::write_brief(&finding.scenario),
        );
    }
    text
}

/// A finding as JSON.
fn finding_json(finding: &Finding) -> Value {
    json!({
        "rule": finding.breach.rule.id(),
        "severity": word(finding.breach.severity),
        "rooms": finding.count,
        "roles": finding.roles.iter().map(|role| role.as_str()).collect::<Vec<_>>(),
        "made_of": finding.first,
        "role": finding.role.as_str(),
        "candidates": finding.effort.map(|effort| effort.candidates),
        "is_minimal": finding.effort.map(|effort| effort.is_minimal),
        "devices": finding.devices.as_ref().map(|devices| {
            devices.iter().map(|one| finding.scenario.device_name(*one)).collect::<Vec<_>>()
        }),
        "room": serde_json::from_str::<Value>(&withheld::scenario::file::write_brief(&finding.scenario)).ok(),
    })
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
                "by_role": Role::ALL.iter().map(|role| {
                    (role.as_str(), survey.standing_in(*rule, *role).as_str())
                }).collect::<BTreeMap<_, _>>(),
                "known": told.known.has(*rule),
                "new_in": rooms_of(&survey.new, *rule),
                "applied": survey.met(*rule),
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
    let findings: Vec<Value> = told.findings.iter().map(finding_json).collect();
    let other_ways = survey.other_ways.iter();
    let other_ways = other_ways
        .map(|(way, rooms)| json!({ "way": way, "rooms": rooms.count, "first": first_of(rooms) }));
    json!({
        "client": CLIENT,
        "complete": told.is_complete,
        "rooms": survey.runs,
        "files": told.files,
        "facts": survey.facts,
        "decided_rules": decided(survey),
        "rules": rules,
        "findings": findings,
        "other_ways": other_ways.collect::<Vec<_>>(),
        "breakdowns": survey.broken_down.iter().map(|(what, rooms)| json!({
            "what": format!("{what:?}"),
            "rooms": rooms.count,
            "first": first_of(rooms),
        })).collect::<Vec<_>>(),
        "by_reference": broken_by(&survey.by_reference),
        "by_servers": broken_by(&survey.by_servers),
        "time_ms": {
            "client": survey.spent.client.as_millis(),
            "harness": survey.spent.harness.as_millis(),
            "rules": survey.spent.rules.as_millis(),
        },
        "not_deterministic": survey.diverging.iter().map(|(name, _)| name).collect::<Vec<_>>(),
        "inconclusive": survey.inconclusive,
        "unhealed": survey.unhealed,
        "read_again": survey.read_again,
        "skipped": survey.skipped.iter().map(|(name, why)| json!({ "room": name, "why": why })).collect::<Vec<_>>(),
        "left_out": survey.left_out,
    })
}
