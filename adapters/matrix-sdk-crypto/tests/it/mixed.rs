//! Rooms with the reference client on some devices and matrix-sdk-crypto on others: what one writes the other reads, or both say why.

use std::collections::BTreeMap;
use std::ffi::OsString;

use withheld::check::outcome::Outcome;
use withheld::cli::streams::{Streams, Terminal};
use withheld::ids::DeviceId;
use withheld::protocol::withheld::WithheldCode;
use withheld::rulebook::leaf::Leaf;
use withheld::rulebook::reading::{ReadingName, Severity};
use withheld::rulebook::rule::Rule;
use withheld::run::judged::{Judging, run_one};
use withheld::run::simulator::Simulator;
use withheld::scenario::fault::Party;
use withheld::scenario::model::Scenario;
use withheld::scenario::policy::OnProblem;
use withheld::scenario::step::Step;
use withheld::trace::fact::{FactKind, OlmResult, RunEnd};
use withheld::trace::sink::Trace;
use withheld_matrix_sdk::casting::{Casting, ClientKind};
use withheld_matrix_sdk::needed::{Breach, needed};
use withheld_matrix_sdk::prepare;
use withheld_matrix_sdk::simulator::{SdkRooms, transcript};

use crate::{repository, room};

/// Two users on two servers, each with a device of either kind: `S` is matrix-sdk-crypto, `R` the reference client.
fn with(timeline: &str, faults: &str) -> Scenario {
    room(&format!(
        r#"{{ "format": 1, "about": "x", "servers": {{ "s1": {{}}, "s2": {{}} }},
          "users": {{
            "alice": {{ "devices": {{ "AS": {{}}, "AR": {{}} }} }},
            "bob": {{ "server": "s2", "devices": {{ "BS": {{}}, "BR": {{}} }} }}
          }}, "timeline": [{timeline}], "faults": [{faults}] }}"#
    ))
}

fn casting(scenario: &Scenario) -> Casting {
    let reference = scenario.devices.iter().filter(|device| device.name.ends_with('R'));
    reference.fold(Casting::default(), |all, device| all.with(&device.name, ClientKind::Reference))
}

fn run(scenario: &Scenario) -> (Outcome, Trace) {
    let simulator = SdkRooms::default().cast(casting(scenario));
    let mut trace = Trace::default();
    let report = run_one(&simulator, scenario, Judging::STRICT, &mut trace);
    assert_eq!(simulator.take_breakdowns(), []);
    assert_eq!(report.outcome.end, RunEnd::Quiescent);
    (report.outcome, trace)
}

fn leaves(outcome: &Outcome) -> Vec<Leaf> {
    outcome.verdicts.iter().map(|verdict| verdict.leaf).collect()
}

/// How many Olm messages were decrypted, and how many were not.
fn decrypted(trace: &Trace) -> (usize, usize) {
    let results = trace.facts().iter().filter_map(|fact| match fact.kind {
        FactKind::OlmDecrypt { result, .. } => Some(result),
        _ => None,
    });
    let (good, bad): (Vec<_>, Vec<_>) =
        results.partition(|result| matches!(result, OlmResult::Decrypted { .. }));
    (good.len(), bad.len())
}

/// A message from each device, then one more: sessions are answered on, and used in both directions.
const EVERYBODY: &str = r#"
  { "at": "10s", "do": "send", "from": "AS", "room": "room", "message": "m1" },
  { "at": "20s", "do": "send", "from": "AR", "room": "room", "message": "m2" },
  { "at": "30s", "do": "send", "from": "BS", "room": "room", "message": "m3" },
  { "at": "40s", "do": "send", "from": "BR", "room": "room", "message": "m4" },
  { "at": "50s", "do": "discard_session", "device": "AR", "room": "room" },
  { "at": "51s", "do": "discard_session", "device": "BS", "room": "room" },
  { "at": "60s", "do": "send", "from": "AR", "room": "room", "message": "m5" },
  { "at": "70s", "do": "send", "from": "BS", "room": "room", "message": "m6" }"#;

#[test]
fn everybody_reads_everybody() {
    let (outcome, trace) = run(&with(EVERYBODY, ""));
    assert_eq!(leaves(&outcome), [Leaf::Delivered; 18]);
    assert_eq!(decrypted(&trace), (18, 0));
    // What the crate writes is not called as the specification has it; the reference client breaks nothing.
    let counted: Vec<_> = outcome.counted().map(|one| (one.rule, one.party)).collect();
    let real = [0, 2].map(|device| Party::Device(DeviceId::new(device)));
    assert_eq!(counted.len(), 3, "a session of A, and two of B");
    assert!(counted.iter().all(|one| one.0 == Rule::H01 && real.contains(&one.1)), "{counted:?}");
}

#[test]
fn the_same_bytes_are_written_every_time() {
    let scenario = with(EVERYBODY, "");
    let casting = casting(&scenario);
    let (one, again) = (transcript(&scenario, &casting), transcript(&scenario, &casting));
    assert_eq!(one, again);
    let olm = one.iter().filter(|text| text.contains("m.olm.v1.curve25519-aes-sha2\",\"cipher"));
    assert!(one.iter().filter(|text| text.contains("ciphertext")).count() > 18, "{}", olm.count());
    let mut other = scenario;
    other.seed += 1;
    assert_ne!(one, transcript(&other, &casting));
}

#[test]
fn trust_and_notices_reach_across() {
    let steps = r#"
      { "at": "3s", "do": "verify", "device": "AR", "target": "bob" },
      { "at": "4s", "do": "verify", "device": "BS", "target": "alice" },
      { "at": "5s", "do": "set_sharing", "device": "AR", "share": "verified", "on_problem": "withhold" },
      { "at": "6s", "do": "set_sharing", "device": "BS", "share": "verified", "on_problem": "withhold" },
      { "at": "7s", "do": "block", "device": "AR", "target": "BS" },
      { "at": "8s", "do": "block", "device": "BS", "target": "AR" },
      { "at": "10s", "do": "send", "from": "AR", "room": "room", "message": "m1" },
      { "at": "20s", "do": "send", "from": "BS", "room": "room", "message": "m2" }"#;
    let (outcome, trace) = run(&with(steps, ""));
    let codes: Vec<WithheldCode> = outcome.notices.iter().map(|count| count.code).collect();
    assert_eq!(codes, [WithheldCode::Blacklisted; 2]);
    assert_eq!(decrypted(&trace).1, 0);
    let mut of_first: BTreeMap<Leaf, usize> = BTreeMap::new();
    for leaf in leaves(&outcome) {
        *of_first.entry(leaf).or_default() += 1;
    }
    // Other devices of the same user have the key, and give it to who asks for it.
    assert_eq!(of_first.values().sum::<usize>(), 6);
    assert_eq!(of_first.get(&Leaf::Withheld).copied().unwrap_or(0) + of_first[&Leaf::Delivered], 6);
}

#[test]
fn a_damaged_key_is_read_by_neither_kind() {
    for (from, to) in [("AS", "BR"), ("AR", "BS")] {
        let fault = format!(
            r#"{{ "from": "5s", "until": "15s", "fault": "olm_corrupted",
              "which": {{ "sender": "{from}", "recipient": "{to}", "type": "any", "first": "any" }} }}"#
        );
        let send = format!(
            r#"{{ "at": "10s", "do": "send", "from": "{from}", "room": "room", "message": "m1" }}"#
        );
        let (_, trace) = run(&with(&send, &fault));
        let (good, bad) = decrypted(&trace);
        assert!(bad >= 1 && good >= 2, "{from} to {to}: {good} {bad}");
    }
}

#[test]
fn a_client_that_crashes_loses_nothing_that_it_has_sent() {
    for device in ["AR", "BR", "AS"] {
        for nth in 1..=3 {
            for point in ["after_persist", "before_persist", "after_request"] {
                let faults = format!(
                    r#"{{ "from": "20s", "until": "45s", "fault": "crash", "device": "{device}", "point": {{ "{point}": {nth} }} }}"#
                );
                let (outcome, trace) = run(&with(EVERYBODY, &faults));
                let unread = leaves(&outcome).iter().filter(|one| **one != Leaf::Delivered).count();
                assert_eq!(unread, 0, "{device} {point} {nth}: {:?}", leaves(&outcome));
                assert_eq!(decrypted(&trace).1, 0, "{device} {point} {nth}");
            }
        }
    }
}

#[test]
fn a_store_that_goes_back_repeats_itself_and_is_not_read() {
    let fault =
        r#"{ "from": "55s", "fault": "store_rolled_back", "device": "AR", "snapshot": "25s" }"#;
    let (outcome, trace) = run(&with(EVERYBODY, fault));
    let (good, bad) = decrypted(&trace);
    assert!(good > 10, "{good} {bad}");
    let party = |one: &withheld::check::outcome::Violation| one.party;
    let broken: Vec<Party> = outcome.counted().map(party).collect();
    assert!(!broken.iter().any(|party| matches!(party, Party::Server(_))), "{broken:?}");
}

#[test]
fn the_client_that_breaks_a_rule_is_named_and_no_other() {
    let fault =
        r#"{ "from": "55s", "fault": "store_rolled_back", "device": "AR", "snapshot": "15s" }"#;
    let sends = r#"
      { "at": "10s", "do": "send", "from": "AR", "room": "room", "message": "m1" },
      { "at": "20s", "do": "send", "from": "AR", "room": "room", "message": "m2" },
      { "at": "60s", "do": "send", "from": "AR", "room": "room", "message": "m3" }"#;
    let scenario = with(sends, fault);
    let simulator = |casting| SdkRooms::default().cast(casting);
    let whose = |rule| {
        let breach = Breach { rule, severity: Severity::Violation };
        let room = (&scenario, ReadingName::Strict);
        let devices = needed(simulator, room, &casting(&scenario), breach);
        devices.map(|all| all.into_iter().map(|one| scenario.device_name(one)).collect::<Vec<_>>())
    };
    // An index that was used is shown again by each of the two: either is enough.
    let one = whose(Rule::P15);
    assert!(one == Some(vec!["AS"]) || one == Some(vec!["BS"]), "{one:?}");
    assert_eq!(whose(Rule::K05), None, "nobody breaks that");
}

#[test]
fn what_is_left_out_and_who_is_needed_stands_in_the_report() {
    let steps = r#"
      { "at": "3s", "do": "set_reporting", "device": "AS", "codes": [] },
      { "at": "4s", "do": "set_reporting", "device": "AR", "codes": [] },
      { "at": "10s", "do": "send", "from": "AS", "room": "room", "message": "m1" }"#;
    let scenario = with(steps, "");
    let simulator = SdkRooms::default().cast(casting(&scenario));
    let report = run_one(&simulator, &scenario, Judging::STRICT, &mut ());
    let remarks = simulator.remarks(&scenario, &report);
    let said = |about: &str| {
        let found = remarks.iter().find(|remark| remark.about == about);
        found.map(|remark| remark.lines.clone()).unwrap_or_default()
    };
    assert_eq!(said("left out"), ["1 of the file: what is reported cannot be set"]);
    assert_eq!(said("which client is needed"), ["H-01: only with AS = matrix-sdk-crypto"]);
    assert_eq!(said("not judged, because it does not show"), [""; 0]);
    let mut few = scenario.clone();
    few.devices.iter_mut().for_each(|device| device.one_time_keys = 3);
    let omitted = prepare::omitted(&few, &casting(&few));
    assert_eq!(omitted["how many keys a device publishes is for the machine to say"], 2);
    let unknown = SdkRooms::default().cast(Casting::default().with("X9", ClientKind::Reference));
    assert!(unknown.accepts(&scenario).is_err_and(|problem| problem.contains("X9")));
}

#[test]
fn an_explanation_says_what_was_left_out_of_its_room() {
    let path = "scenarios/policy/reporting_that_is_switched_on_covers_what_came_before.json";
    let explained = |format: &str| {
        let path = repository(path).into_os_string();
        let args = ["withheld", "explain", "--format", format].map(OsString::from);
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let mut streams = Streams::new(&mut out, &mut err, Terminal::NONE);
        let args = args.into_iter().chain([path]);
        let code = withheld::cli::main(&SdkRooms::default(), args, &mut streams);
        assert_eq!(code, 0, "{}", String::from_utf8_lossy(&err));
        String::from_utf8(out).unwrap()
    };
    let why = "what is reported cannot be set";
    let text = explained("text");
    assert!(text.contains("\nleft out\n") && text.contains(why), "{text}");
    let json: serde_json::Value = serde_json::from_str(&explained("json")).unwrap();
    assert!(json["remarks"]["left out"][0].as_str().is_some_and(|line| line.ends_with(why)));
}

#[test]
fn an_error_in_place_of_a_message_is_left_out_where_there_is_none() {
    let steps = |share: &str| {
        format!(
            r#"{{ "at": "3s", "do": "set_sharing", "device": "AS", "share": "{share}", "on_problem": "refuse" }}"#
        )
    };
    let left_out = |share| {
        let scenario = with(&steps(share), "");
        let prepared = prepare::prepare(&scenario, &casting(&scenario)).unwrap();
        assert_eq!(prepare::omitted(&scenario, &casting(&scenario)).len(), prepared.left_out.len());
        (prepared.left_out.len(), prepared.scenario.timeline[0].step.clone())
    };
    let refuses = |step: Step| match step {
        Step::SetSharing { on_problem, .. } => on_problem == OnProblem::Refuse,
        other => panic!("{other:?}"),
    };
    let (count, step) = left_out("everyone");
    assert!(count == 0 && refuses(step), "the crate has a strategy for that");
    for share in ["cross_signed", "verified"] {
        let (count, step) = left_out(share);
        assert!(count == 1 && !refuses(step), "{share}");
    }
}
