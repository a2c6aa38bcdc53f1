//! Findings that are known: told, and not counted.

use withheld::check::outcome::Outcome;
use withheld::rulebook::rule::Rule;
use withheld::run::judged::{Judging, run_one};
use withheld::run::simulator::Simulator;
use withheld_matrix_sdk::casting::Casting;
use withheld_matrix_sdk::conform;
use withheld_matrix_sdk::known::Known;
use withheld_matrix_sdk::role::Role;
use withheld_matrix_sdk::simulator::SdkRooms;

use crate::{file, repository, room};

const FINDINGS: &str = "adapters/matrix-sdk-crypto/findings";

fn counted(outcome: &Outcome) -> Vec<Rule> {
    let mut rules: Vec<Rule> = outcome.counted().map(|one| one.rule).collect();
    rules.dedup();
    rules
}

#[test]
fn what_a_finding_names_is_told_and_does_not_count() {
    let findings = repository(FINDINGS);
    let scenario = file(&findings.join("an_index_that_was_used_is_accepted_again.json"));
    let run = |simulator: SdkRooms| {
        let report = run_one(&simulator, &scenario, Judging::STRICT, &mut ());
        let remarks = simulator.remarks(&scenario, &report);
        let told = remarks.into_iter().find(|one| one.about.starts_with("known"));
        (counted(&report.outcome), told.map(|one| one.lines).unwrap_or_default())
    };
    let (broken, told) = run(SdkRooms::default());
    assert!(broken.contains(&Rule::P15) && broken.contains(&Rule::H01), "{broken:?}");
    assert_eq!(told, Vec::<String>::new());
    let (broken, told) = run(SdkRooms::default().knowing(Known::read(&findings).unwrap()));
    assert_eq!(broken, []);
    let p15 = "P-15: an_index_that_was_used_is_accepted_again.json";
    assert!(told.iter().any(|line| line == p15), "{told:?}");

    let one = tempfile::tempdir().unwrap();
    let name = "the_flag_for_shared_history_has_another_name.json";
    std::fs::copy(findings.join(name), one.path().join(name)).unwrap();
    let (broken, told) = run(SdkRooms::default().knowing(Known::read(one.path()).unwrap()));
    assert!(broken.contains(&Rule::P15) && !broken.contains(&Rule::H01), "{broken:?}");
    assert_eq!(told, [format!("H-01: {name}")]);
}

#[test]
fn a_folder_without_findings_is_refused() {
    let empty = tempfile::tempdir().unwrap();
    assert!(Known::read(empty.path()).is_err_and(|problem| problem.contains("names a rule")));
    assert!(Known::read(&empty.path().join("nowhere")).is_err());
    std::fs::write(empty.path().join("no_scenario.json"), "{").unwrap();
    assert!(Known::read(empty.path()).is_err_and(|problem| problem.contains("no_scenario")));
}

#[test]
fn conform_fails_for_what_is_new_only() {
    let path = repository("scenarios/transport/a_sender_that_goes_back_uses_an_index_twice.json");
    let (path, findings) = (path.to_str().unwrap().to_owned(), repository(FINDINGS));
    let folder = tempfile::tempdir().unwrap();
    let run = |more: &[&str]| {
        let save = folder.path().to_str().unwrap();
        let args =
            ["conform", &path, "--rooms", "0", "--role", "both", "--limit", "0", "--save", save];
        let args = args.iter().chain(more).map(std::ffi::OsString::from);
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let code = conform::main(args, &mut out, &mut err);
        (code, String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
    };
    assert_eq!(run(&[]).0, 1);
    let (code, out, err) = run(&["--known", findings.to_str().unwrap()]);
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    let known = "an_index_that_was_used_is_accepted_again.json; so in 1 rooms, in another way in 0";
    assert!(out.contains("known: P-15: ") && out.contains(known), "{out}");
    assert_eq!(run(&["--known", "nowhere"]).0, 3);
}

#[test]
fn another_way_to_break_a_rule_that_is_known_to_be_broken_counts() {
    let findings = repository(FINDINGS);
    let (known, other) = (
        "a_rotation_period_below_an_hour_is_not_kept.json",
        "a_session_older_than_a_new_period_is_used.json",
    );
    let folder = tempfile::tempdir().unwrap();
    std::fs::copy(findings.join(known), folder.path().join(known)).unwrap();
    let run = |name: &str| {
        let simulator = SdkRooms::default().knowing(Known::read(folder.path()).unwrap());
        let scenario = file(&findings.join(name));
        let report = run_one(&simulator, &scenario, Judging::STRICT, &mut ());
        let r01 = report.outcome.violations.iter().filter(|one| one.rule == Rule::R01).count();
        let remarks = simulator.remarks(&scenario, &report);
        let about = |begin: &str| {
            let told = remarks.iter().find(|one| one.about.starts_with(begin));
            told.map_or(0, |one| one.lines.iter().filter(|line| line.starts_with("R-01")).count())
        };
        (r01, about("known"), about("broken in a way"))
    };
    assert_eq!(run(known), (0, 1, 0));
    assert_eq!(run(other), (1, 0, 1), "a warning is known, and this is a violation");

    let path = findings.join(other);
    let conform = |folder: &std::path::Path| {
        let (room, folder) = (path.to_str().unwrap(), folder.to_str().unwrap());
        let args =
            ["conform", room, "--rooms", "0", "--role", "both", "--limit", "0", "--known", folder];
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let code = conform::main(args.map(std::ffi::OsString::from), &mut out, &mut err);
        (code, String::from_utf8(out).unwrap())
    };
    let (code, out) = conform(folder.path());
    assert_eq!(code, 1, "{out}");
    assert!(out.contains("known: R-01: a_rotation_period_below_an_hour_is_not_kept.json; so in 0 rooms, in another way in 1"), "{out}");
    let (code, out) = conform(&findings);
    assert_eq!(code, 0, "{out}");
    assert!(out.contains("; so in 1 rooms, in another way in 0"), "{out}");
}

#[test]
fn what_shows_it_otherwise_is_another_way_though_as_little_led_there() {
    let findings = repository(FINDINGS);
    // A notice and a key; who has no session to replace, and who has one that is too young, or only just not.
    for (rule, known, other, new) in [
        (
            Rule::K09,
            "a_device_that_lists_no_algorithm_is_told_no_olm.json",
            "a_device_that_lists_no_algorithm_is_given_keys_once_it_has_a_session.json",
            "K-09: violation, shown by device_up, put_target (m.room_key)",
        ),
        (
            Rule::U01,
            "a_first_message_on_a_key_that_was_used_before_leads_to_nothing.json",
            "a_copy_in_the_same_sync_looks_like_a_broken_session.json",
            "U-01: warning, shown by olm_decrypt (with a session of the last hour)",
        ),
        (
            Rule::U01,
            "a_session_with_somebody_else_is_never_replaced_before_an_answer.json",
            "the_hour_of_a_session_ends_a_second_late.json",
            "U-01: violation, not-unwedged, shown by olm_encrypted (m.room_key), olm_decrypt (with a session of an hour)",
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        std::fs::copy(findings.join(known), folder.path().join(known)).unwrap();
        let simulator = SdkRooms::default().knowing(Known::read(folder.path()).unwrap());
        let broken = |name: &str| {
            let scenario = file(&findings.join(name));
            let report = run_one(&simulator, &scenario, Judging::STRICT, &mut ());
            let count = report.outcome.violations.iter().filter(|one| one.rule == rule).count();
            let told = simulator.remarks(&scenario, &report).into_iter();
            let told = told.filter(|one| one.about.starts_with("broken in a way"));
            (count, told.flat_map(|one| one.lines).collect::<Vec<_>>())
        };
        assert_eq!(broken(known), (0, vec![]));
        let (count, told) = broken(other);
        assert_eq!(count, 1, "{other}: {told:?}");
        assert!(told.iter().any(|line| line.starts_with(new)), "{told:?}");
    }
}

#[test]
fn what_shows_with_a_reference_client_on_the_other_side_only_is_known_as_well() {
    let name = "who_never_has_keys_is_told_no_olm_once_and_not_again.json";
    let folder = tempfile::tempdir().unwrap();
    std::fs::copy(repository(FINDINGS).join(name), folder.path().join(name)).unwrap();
    let path = "scenarios/incidents/a_flag_that_is_cleared_by_a_new_session_tells_of_the_second_epoch.json";
    let scenario = file(&repository(path));
    let as_sender = || SdkRooms::default().cast(Casting::in_role(Role::Sender));
    let broken = |simulator: SdkRooms| {
        let outcome = run_one(&simulator, &scenario, Judging::STRICT, &mut ()).outcome;
        counted(&outcome).contains(&Rule::N01)
    };
    assert!(broken(as_sender()));
    assert!(!broken(as_sender().knowing(Known::read(folder.path()).unwrap())));
}

#[test]
fn a_notice_that_is_known_to_be_wrong_is_known_whenever_it_is_judged() {
    let name = "a_blocked_device_is_told_that_it_is_unverified.json";
    let folder = tempfile::tempdir().unwrap();
    std::fs::copy(repository(FINDINGS).join(name), folder.path().join(name)).unwrap();
    // What the user decides while the message goes out puts the judgement off until the message is there.
    let scenario = room(
        r#"{ "format": 1, "about": "x",
          "users": { "alice": { "devices": { "A1": {}, "A2": { "cross_signed": false } } } },
          "timeline": [
            { "at": "10s", "do": "block", "device": "A1", "target": "alice" },
            { "at": "20s", "do": "send", "from": "A1", "room": "room", "message": "m1" },
            { "at": "20s", "do": "set_sharing", "device": "A1", "share": "cross_signed", "on_problem": "withhold" }
          ] }"#,
    );
    let broken = |simulator: SdkRooms| {
        let outcome = run_one(&simulator, &scenario, Judging::STRICT, &mut ()).outcome;
        counted(&outcome).contains(&Rule::W08)
    };
    assert!(broken(SdkRooms::default()));
    assert!(!broken(SdkRooms::default().knowing(Known::read(folder.path()).unwrap())));
}
