//! The same as the text, as data: one JSON document for one run or for many.
//! It does not know which program reads it; `docs/report-format.md` describes it.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::check::outcome::{NotSent, Unhealed, Unsent, Verdict, Violation, WayBack};
use crate::ids::FactId;
use crate::rulebook::reading::ReadingName;
use crate::run::expectation::Mismatch;
use crate::run::kept::Kept;
use crate::run::status::Status;
use crate::trace::fact::FACTS_VERSION;

use super::difference;
use super::lines::{Summary, compression};
use super::names::{Names, expected};
use super::narrate;
use super::restless::{StillDone, still_done};
use super::room::{Told, idle_faults, idle_steps};
use super::rows::{Broken, Cell, Notices, counts, end, notices};
use super::words::Word;

/// The version of the document. A reader may rely on the fields of a version; new ones may be added to it.
pub const FORMAT_VERSION: u32 = 1;

/// Whether every verdict is listed, or only how many there are of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// Every verdict, with its witnesses.
    Cells,
    /// Numbers only.
    Counts,
}

/// The whole output.
#[derive(Debug, Serialize)]
pub struct Document<'a> {
    format_version: u32,
    facts_version: u32,
    reading: &'static str,
    runs: Vec<Run<'a>>,
    summary: Totals,
}

#[derive(Debug, Serialize)]
struct Run<'a> {
    file: &'a str,
    about: &'a str,
    status: &'static str,
    seed: u64,
    digest: String,
    end: &'static str,
    ended_at_ms: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    restless: Option<StillDone>,
    actions: u64,
    facts: u64,
    counts: BTreeMap<String, u64>,
    notices: Vec<Notices<'a>>,
    unsent: Vec<NeverSent<'a>>,
    violations: Vec<Broken<'a, Witness>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unhealed: Vec<NotHealed<'a>>,
    differences: Vec<Difference>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    idle_steps: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    idle_faults: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    divergence: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    verdicts: Option<Vec<Cell<'a, Witness>>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    remarks: BTreeMap<&'a str, &'a [String]>,
    replay: &'a str,
}

#[derive(Debug, Serialize)]
struct NeverSent<'a> {
    message: &'a str,
    device: &'a str,
    why: String,
    at_ms: Option<u64>,
}

#[derive(Debug, Serialize)]
struct NotHealed<'a> {
    message: &'a str,
    device: &'a str,
    verdict: &'static str,
    /// The rule that asks for a way back; without one the specification has none.
    rule: Option<&'static str>,
}

#[derive(Debug, Serialize)]
struct Witness {
    fact: u32,
    at_ms: Option<u64>,
    text: Option<String>,
}

#[derive(Debug, Serialize)]
struct Difference {
    about: &'static str,
    expected: Option<String>,
    found: Option<String>,
    text: String,
}

#[derive(Debug, Serialize)]
struct Totals {
    runs: u64,
    ok: u64,
    violated: u64,
    differs: u64,
    inconclusive: u64,
    not_deterministic: u64,
    not_locked: u64,
    exit_code: u8,
    actions: u64,
    facts: u64,
    virtual_ms: u64,
    real_us: u64,
    compression: u64,
}

/// The document for these runs, which took `real_us` microseconds. `real_us` and `compression` are all in it that is not
/// the same every time.
#[must_use]
pub fn document<'a>(
    runs: &[Told<'a>],
    reading: ReadingName,
    summary: &Summary,
    real_us: u64,
    detail: Detail,
) -> Document<'a> {
    let virtual_ms = summary.simulated().as_ms();
    Document {
        format_version: FORMAT_VERSION,
        facts_version: FACTS_VERSION,
        reading: reading.as_str(),
        runs: runs.iter().map(|told| run(told, detail)).collect(),
        summary: Totals {
            runs: summary.runs(),
            ok: summary.number(Status::Holds),
            violated: summary.number(Status::Violated),
            differs: summary.number(Status::Differs),
            inconclusive: summary.number(Status::Inconclusive),
            not_deterministic: summary.number(Status::NotDeterministic),
            not_locked: summary.unlocked(),
            exit_code: summary.exit().code(),
            actions: summary.actions(),
            facts: summary.facts(),
            virtual_ms,
            real_us,
            compression: compression(virtual_ms, real_us),
        },
    }
}

fn run<'a>(told: &Told<'a>, detail: Detail) -> Run<'a> {
    let Told { scenario, report, kept, .. } = *told;
    let names = Names::of(scenario);
    let outcome = &report.outcome;
    let broken = |one: &Violation| Broken::of(&names, one, witnesses(&names, one.witnesses, kept));
    let cell = |one: &Verdict| Cell::of(&names, one, witnesses(&names, one.witnesses, kept));
    Run {
        file: told.path,
        about: &scenario.about,
        status: report.status.as_str(),
        seed: report.seed,
        digest: format!("{:016x}", report.digest),
        end: end(outcome.end),
        ended_at_ms: report.ended_at.as_ms(),
        restless: report.restless.as_ref().map(|one| still_done(&names, one)),
        actions: report.actions,
        facts: report.facts,
        counts: counts(outcome),
        notices: notices(&names, outcome),
        unsent: outcome.unsent.iter().map(|one| never_sent(&names, one)).collect(),
        violations: outcome.violations.iter().map(broken).collect(),
        unhealed: outcome.unhealed.iter().map(|one| not_healed(&names, one)).collect(),
        differences: report.mismatches.iter().map(|one| difference(&names, one)).collect(),
        idle_steps: idle_steps(&names, told),
        idle_faults: idle_faults(&names, told),
        divergence: report.divergence.as_ref().map(|one| difference::divergence(&names, one)),
        verdicts: (detail == Detail::Cells).then(|| outcome.verdicts.iter().map(cell).collect()),
        remarks: report.remarks.iter().map(|one| (one.about, &one.lines[..])).collect(),
        replay: told.replay,
    }
}

fn never_sent<'a>(names: &Names<'a>, one: &Unsent) -> NeverSent<'a> {
    let (why, at_ms) = match one.why {
        NotSent::Refused(why, at) => (why.word(names), Some(at.as_ms())),
        NotSent::SenderStopped => ("it stopped before it could".to_owned(), None),
        NotSent::Waiting => ("it was still waiting when the run ended".to_owned(), None),
    };
    NeverSent {
        message: names.scenario.message_name(one.message),
        device: names.scenario.device_name(one.device),
        why,
        at_ms,
    }
}

fn witnesses(names: &Names<'_>, ids: [Option<FactId>; 3], kept: &Kept) -> Vec<Witness> {
    let witness = |id: FactId| {
        let fact = kept.get(id);
        Witness {
            fact: id.raw(),
            at_ms: fact.map(|fact| fact.at.as_ms()),
            text: fact.map(|fact| narrate::clause(names, fact)),
        }
    };
    ids.into_iter().flatten().map(witness).collect()
}

fn not_healed<'a>(names: &Names<'a>, one: &Unhealed) -> NotHealed<'a> {
    NotHealed {
        message: names.scenario.message_name(one.message),
        device: names.scenario.device_name(one.device),
        verdict: one.leaf.name(),
        rule: match one.way_back {
            WayBack::Due(rule) => Some(rule.id()),
            WayBack::NotInTheSpecification => None,
        },
    }
}

fn difference(names: &Names<'_>, one: &Mismatch) -> Difference {
    let text = difference::difference(names, one);
    let (about, wanted, found) = match one {
        Mismatch::Verdict { expected: wanted, found, .. } => {
            ("verdict", Some(expected(*wanted)), found.map(expected))
        }
        Mismatch::UnexpectedViolation(found) => {
            ("violation", None, Some(found.rule.id().to_owned()))
        }
        Mismatch::MissingViolation(wanted) => {
            ("violation", Some(wanted.rule.id().to_owned()), None)
        }
        Mismatch::Notices { expected, found } => {
            ("notices", Some(expected.count.to_string()), Some(found.to_string()))
        }
        Mismatch::UnexpectedUnsent(one) => {
            ("unsent", None, Some(names.scenario.message_name(one.message).to_owned()))
        }
        Mismatch::MissingUnsent(message) => {
            ("unsent", Some(names.scenario.message_name(*message).to_owned()), None)
        }
        Mismatch::NotReached(rule) => ("reaches", Some(rule.id().to_owned()), None),
        Mismatch::Digest { expected, found } => {
            ("digest", Some(format!("{expected:016x}")), Some(format!("{found:016x}")))
        }
    };
    Difference { about, expected: wanted, found, text }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Detail, document};
    use crate::check::outcome::{NoticeCount, Violation};
    use crate::ids::{FactId, FaultId, MessageId};
    use crate::protocol::withheld::WithheldCode;
    use crate::report::lines::Summary;
    use crate::report::room::Told;
    use crate::report::sample::{blocked, kept_of, run_of};
    use crate::rulebook::leaf::Leaf;
    use crate::rulebook::reading::{ReadingName, Severity};
    use crate::rulebook::rule::Rule;
    use crate::run::RunReport;
    use crate::run::expectation::Mismatch;
    use crate::run::status::Status;
    use crate::run::twice::Divergence;
    use crate::scenario::expect::{ExpectedNotices, ExpectedVerdict, ExpectedViolation};
    use crate::scenario::fault::Party;
    use crate::scenario::sample::room_of;
    use crate::trace::sample::{A1, B1};

    fn written(report: &RunReport, detail: Detail) -> Value {
        let mut scenario = room_of(1, 1);
        scenario.about = "quotes \" and \u{1b}".to_owned();
        let kept = kept_of(&report.outcome);
        let told = Told {
            path: "x.json",
            scenario: &scenario,
            report,
            kept: &kept,
            replay: "withheld run x.json",
            why: None,
        };
        let mut summary = Summary::default();
        summary.add(report);
        let document = document(&[told], ReadingName::Strict, &summary, 7_200, detail);
        serde_json::from_str(&serde_json::to_string(&document).unwrap()).unwrap()
    }

    #[test]
    fn one_run_is_told_with_every_verdict_and_its_witnesses() {
        let mut report = run_of(&room_of(1, 1), blocked);
        report.outcome.notices = vec![NoticeCount {
            sender: A1,
            recipient: B1,
            code: WithheldCode::Blacklisted,
            count: 1,
        }];
        let expected = json!({
            "format_version": 1, "facts_version": 2, "reading": "strict",
            "runs": [{
                "file": "x.json", "about": "quotes \" and \u{1b}", "status": "ok", "seed": 7,
                "digest": "00000000000000ab", "end": "quiescent", "ended_at_ms": 7_200_000,
                "actions": 34, "facts": 12,
                "counts": {"withheld(m.blacklisted)": 1},
                "notices": [{"from": "A1", "to": "B1", "code": "m.blacklisted", "count": 1}],
                "unsent": [], "violations": [], "differences": [],
                "verdicts": [{
                    "message": "m1", "device": "B1", "verdict": "withheld(m.blacklisted)",
                    "leaf": "L12", "code": "m.blacklisted", "party": null,
                    "witnesses": [{"fact": 1, "at_ms": 1_000, "text": "B1 handled x7"}],
                }],
                "replay": "withheld run x.json",
            }],
            "summary": {
                "runs": 1, "ok": 1, "violated": 0, "differs": 0, "inconclusive": 0,
                "not_deterministic": 0, "not_locked": 0, "exit_code": 0, "actions": 34, "facts": 12,
                "virtual_ms": 7_200_000, "real_us": 7_200, "compression": 1_000_000,
            },
        });
        assert_eq!(written(&report, Detail::Cells), expected);
    }

    #[test]
    fn many_runs_are_told_without_their_verdicts() {
        let report = run_of(&room_of(1, 1), blocked);
        let document = written(&report, Detail::Counts);
        assert!(document["runs"][0].get("verdicts").is_none());
        assert_eq!(document["runs"][0]["counts"], json!({"withheld(m.blacklisted)": 1}));
    }

    #[test]
    fn broken_rules_are_told_with_party_severity_and_fault() {
        let mut report = run_of(&room_of(1, 1), blocked);
        report.status = Status::Violated;
        let violation = Violation {
            rule: Rule::W09,
            party: Party::Device(A1),
            severity: Severity::Warning,
            injected: Some(FaultId::new(1)),
            cell: Some((MessageId::new(0), B1)),
            witnesses: [Some(FactId::new(99)), None, None],
        };
        let counted =
            Violation { severity: Severity::Violation, injected: None, cell: None, ..violation };
        report.outcome.violations = vec![violation, counted];
        let document = written(&report, Detail::Cells);
        assert_eq!(document["summary"]["exit_code"], 1);
        assert_eq!(
            document["runs"][0]["violations"],
            json!([{
                "rule": "W-09", "party": "A1", "severity": "warning", "injected_by": 2,
                "message": "m1", "device": "B1",
                "witnesses": [{"fact": 99, "at_ms": null, "text": null}],
            }, {
                "rule": "W-09", "party": "A1", "severity": "violation", "injected_by": null,
                "message": null, "device": null,
                "witnesses": [{"fact": 99, "at_ms": null, "text": null}],
            }])
        );
    }

    #[test]
    fn a_divergence_is_told_as_text() {
        let mut report = run_of(&room_of(1, 1), blocked);
        report.divergence = Some(Divergence { one: None, other: None });
        let document = written(&report, Detail::Counts);
        let text = document["runs"][0]["divergence"].as_str().unwrap();
        assert!(text.contains("not deterministic"), "{text}");
    }

    #[test]
    fn differences_are_told_as_data_and_as_text() {
        let mut report = run_of(&room_of(1, 1), blocked);
        let found = ExpectedVerdict { leaf: Leaf::Wedged, code: None };
        let expected = ExpectedVerdict { leaf: Leaf::Delivered, code: None };
        let spam = ExpectedViolation { rule: Rule::W09, party: Party::Device(A1) };
        let notices =
            ExpectedNotices { sender: A1, recipient: B1, code: WithheldCode::NoOlm, count: 1 };
        report.mismatches = vec![
            Mismatch::Verdict {
                message: MessageId::new(0),
                device: B1,
                expected,
                found: Some(found),
            },
            Mismatch::UnexpectedViolation(spam),
            Mismatch::MissingViolation(spam),
            Mismatch::Notices { expected: notices, found: 2 },
            Mismatch::Digest { expected: 1, found: 2 },
        ];
        let document = written(&report, Detail::Counts);
        let differences = document["runs"][0]["differences"].as_array().unwrap();
        assert_eq!(
            differences[0],
            json!({
                "about": "verdict", "expected": "delivered", "found": "wedged",
                "text": "m1 at B1: found wedged, expected delivered",
            })
        );
        let kinds: Vec<&Value> = differences.iter().map(|one| &one["about"]).collect();
        assert_eq!(kinds, ["verdict", "violation", "violation", "notices", "digest"]);
        assert_eq!(differences[1]["expected"], Value::Null);
        assert_eq!(differences[2]["found"], Value::Null);
        assert_eq!(differences[3]["found"], "2");
        assert_eq!(differences[4]["found"], "0000000000000002");
    }
}
