//! A database in the place of a store in memory: the same bytes twice, and the same facts as without it.

use withheld::run::judged::{Judging, run_one};
use withheld::scenario::model::Scenario;
use withheld::trace::sink::Trace;
use withheld_matrix_sdk::casting::Casting;
use withheld_matrix_sdk::command::generated;
use withheld_matrix_sdk::prepare::prepare;
use withheld_matrix_sdk::role::Role;
use withheld_matrix_sdk::simulator::{SdkRooms, transcript};
use withheld_matrix_sdk::store::StoreKind;

use crate::{file, repository};

fn in_sqlite(casting: Casting) -> Casting {
    casting.stored_in(StoreKind::Sqlite)
}

/// A room with its first difference between the stores.
fn is_equal(scenario: &Scenario, casting: &Casting, name: &str) {
    let facts = |casting: Casting| {
        let (simulator, mut trace) = (SdkRooms::default().cast(casting), Trace::default());
        run_one(&simulator, scenario, Judging::STRICT, &mut trace);
        assert_eq!(simulator.take_breakdowns(), [], "{name}");
        trace
    };
    let (pickles, sqlite) = (facts(casting.clone()), facts(in_sqlite(casting.clone())));
    let differs = pickles.facts().iter().zip(sqlite.facts()).find(|(one, other)| one != other);
    assert_eq!(differs, None, "{name}");
    assert_eq!(pickles.facts().len(), sqlite.facts().len(), "{name}");
}

#[test]
fn two_runs_in_a_database_write_the_same_bytes() {
    let path = "scenarios/policy/a_blocked_device_is_told_once_and_reads_again_when_unblocked.json";
    let scenario = file(&repository(path));
    let run = || transcript(&scenario, &in_sqlite(Casting::default()));
    let one = run();
    assert!(one.len() > 100, "keys, ciphertexts and a notice: {}", one.len());
    assert_eq!(one, run());
    let mut other = scenario.clone();
    other.seed += 1;
    assert_ne!(one, transcript(&other, &in_sqlite(Casting::default())));
}

#[test]
fn generated_rooms_have_the_same_facts_in_either_store() {
    for seed in 1..=12 {
        let role = Role::ALL[seed as usize % Role::ALL.len()];
        let casting = Casting::in_role(role);
        let Ok(prepared) = prepare(&generated(seed).scenario, &casting) else { continue };
        is_equal(&prepared.scenario, &casting, &format!("seed {seed} as {}", role.as_str()));
    }
}

#[test]
fn rooms_with_crashes_and_older_stores_have_the_same_facts_in_either_store() {
    let folder = repository("adapters/matrix-sdk-crypto/findings");
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "json") {
            is_equal(&file(&path), &Casting::default(), &path.display().to_string());
        }
    }
    for path in [
        "scenarios/transport/a_crash_before_the_store_is_written_lists_the_notice_again.json",
        "scenarios/transport/a_second_process_undoes_what_the_first_one_did.json",
        "scenarios/transport/a_sender_that_goes_back_uses_an_index_twice.json",
        "scenarios/transport/a_store_that_goes_back_loses_keys.json",
        "scenarios/policy/a_blocked_device_is_told_once_and_reads_again_when_unblocked.json",
    ] {
        is_equal(&file(&repository(path)), &Casting::default(), path);
    }
}
