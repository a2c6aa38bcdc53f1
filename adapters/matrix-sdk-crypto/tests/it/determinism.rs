//! Runs are the same every time, to the last byte of a ciphertext.

use withheld::rulebook::reading::ReadingName;
use withheld::run::judged::{Judging, run_one};
use withheld::run::twice::run_again;
use withheld_matrix_sdk::casting::Casting;
use withheld_matrix_sdk::command::generated;
use withheld_matrix_sdk::prepare::prepare;
use withheld_matrix_sdk::simulator::{SdkRooms, transcript};

use crate::{file, repository};

#[test]
fn two_runs_write_the_same_bytes_and_another_seed_writes_others() {
    let path = "scenarios/policy/a_blocked_device_is_told_once_and_reads_again_when_unblocked.json";
    let scenario = file(&repository(path));
    let (one, again) =
        (transcript(&scenario, &Casting::default()), transcript(&scenario, &Casting::default()));
    assert!(one.len() > 100, "keys, ciphertexts and a notice: {}", one.len());
    assert!(one.iter().any(|text| text.contains("m.blacklisted")));
    assert!(one.iter().any(|text| text.contains("m.megolm.v1.aes-sha2")));
    assert!(one.iter().any(|text| text.contains("m.olm.v1.curve25519-aes-sha2")));
    assert_eq!(one, again);
    let mut other = scenario;
    other.seed += 1;
    let other = transcript(&other, &Casting::default());
    assert!(
        one.iter().zip(&other).all(|(one, other)| one != other),
        "every byte comes from the seed"
    );
}

#[test]
fn generated_rooms_run_the_same_way_twice_whatever_else_runs() {
    let run = |seed: u64| {
        let prepared = prepare(&generated(seed).scenario, &Casting::default()).unwrap();
        let simulator = SdkRooms::default();
        let mut report = run_one(&simulator, &prepared.scenario, Judging::STRICT, &mut ());
        run_again(&simulator, &prepared.scenario, ReadingName::Strict, &mut report);
        assert_eq!(report.divergence, None, "seed {seed}");
        assert_eq!(simulator.take_breakdowns(), [], "seed {seed}");
        report.digest
    };
    let alone: Vec<u64> = (0..6).map(run).collect();
    let beside = std::thread::scope(|scope| {
        let threads = [0, 1].map(|_| scope.spawn(|| (0..6).map(run).collect::<Vec<u64>>()));
        threads.map(|thread| thread.join().unwrap())
    });
    assert_eq!(beside, [alone.clone(), alone]);
}
