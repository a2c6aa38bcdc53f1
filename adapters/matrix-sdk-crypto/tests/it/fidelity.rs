//! The command `fidelity`: real rooms beside modelled ones.

use std::collections::BTreeSet;

use withheld::scenario::file::known_profile;
use withheld::scenario::habits::UnwedgeClock;
use withheld::scenario::model::Scenario;
use withheld::scenario::policy::AskFor;
use withheld::scenario::profile::{Profile, ProfileName};
use withheld_matrix_sdk::conform::survey::{Room, generated};
use withheld_matrix_sdk::fidelity::{self, Cause, Caused, compare, without};
use withheld_matrix_sdk::store::StoreKind;

use crate::{file, repository};

fn own() -> Profile {
    known_profile(ProfileName::MatrixRustSdk).clone()
}

fn scenario_file(path: &str) -> Room {
    Room { name: path.to_owned(), scenario: file(&repository(path)) }
}

#[test]
fn a_room_in_which_both_write_the_same_is_equal_whatever_sessions_are_called() {
    let path = "scenarios/transport/a_sender_that_goes_back_uses_an_index_twice.json";
    let equal = compare(vec![scenario_file(path)], (&own(), StoreKind::default()), 1);
    assert_eq!((equal.rooms, equal.equal, equal.skipped), (1, 1, 0), "{:?}", equal.differences);
    let path = "scenarios/policy/a_blocked_device_is_told_once_and_reads_again_when_unblocked.json";
    let comparison = compare(vec![scenario_file(path)], (&own(), StoreKind::default()), 1);
    assert!(comparison.shared >= 6, "keys, a notice, a request: {}", comparison.shared);
    assert_eq!(comparison.equal, 1, "{:?}", comparison.differences);
}

#[test]
fn what_only_one_of_them_writes_is_a_difference_with_its_smallest_room() {
    let path = "adapters/matrix-sdk-crypto/findings/the_dummy_of_a_recovery_is_never_sent.json";
    let mut recovers = own();
    recovers.habits.unwedge_clock = UnwedgeClock::NewestSession;
    let comparison = compare(vec![scenario_file(path)], (&recovers, StoreKind::default()), 1);
    assert_eq!(comparison.equal, 0);
    let dummy = comparison.differences.iter().find(|(one, _)| one.what == "m.dummy");
    let (difference, rooms) = dummy.unwrap_or_else(|| panic!("{:?}", comparison.differences));
    assert!(!difference.only_real, "the crate never sends it");
    assert_eq!((rooms.rooms, rooms.smallest.1.as_str()), (1, path));
}

#[test]
fn what_findings_show_is_written_by_the_profile_too() {
    for name in [
        "the_dummy_of_a_recovery_is_never_sent",
        "a_blocked_own_device_gets_the_key_when_it_asks",
        "a_session_outlives_a_member_who_never_had_its_key",
    ] {
        let path = format!("adapters/matrix-sdk-crypto/findings/{name}.json");
        let comparison = compare(vec![scenario_file(&path)], (&own(), StoreKind::default()), 1);
        assert_eq!(comparison.equal, 1, "{name}: {:?}", comparison.by_room);
    }
}

/// A profile that claims keys for devices which list no algorithm, unlike the crate.
fn claiming() -> Profile {
    let mut profile = own();
    profile.habits.claims_unencrypted = true;
    profile
}

const BARE: &str = "scenarios/policy/a_device_without_encryption_is_passed_over_in_silence.json";

#[test]
fn devices_without_algorithms_are_told_and_given_the_same() {
    let answers = "scenarios/no_olm/a_client_that_tells_m_no_olm_without_a_try_gives_keys_to_who_answers.json";
    for path in [BARE, answers] {
        let equal = |profile: &Profile| {
            compare(vec![scenario_file(path)], (profile, StoreKind::default()), 1).equal
        };
        assert_eq!([equal(&own()), equal(&claiming())], [1, 0], "{path}");
    }
}

#[test]
fn every_difference_has_a_cause() {
    let causes_in = |path: &str, profile: &Profile| {
        let comparison = compare(vec![scenario_file(path)], (profile, StoreKind::default()), 1);
        let messages = |caused: &Caused| caused.messages;
        let named: u64 = comparison.causes.values().map(messages).sum();
        let differing = comparison.differences.values().map(|one| one.messages);
        assert_eq!(named, differing.sum::<u64>(), "{path}");
        comparison.causes.into_keys().collect::<Vec<Cause>>()
    };
    let causes = |path: &str| causes_in(path, &own());
    let failed = "scenarios/no_olm/a_claim_that_fails_in_passing_is_tried_again_before_anything_is_said.json";
    assert_eq!(causes(failed), [Cause::Failed]);
    assert_eq!(causes_in(BARE, &claiming()), [Cause::NoAlgorithms]);
    let anew = "scenarios/no_olm/a_device_made_anew_under_its_old_id_is_a_new_target.json";
    assert_eq!(causes(anew), [Cause::SameId]);
    let late = "scenarios/key_requests/a_forwarded_key_says_why_its_beginning_is_missing.json";
    assert_eq!(causes(late), [Cause::NewDevice]);
}

#[test]
fn a_cause_is_proved_by_a_room_without_it() {
    let bare = compare(vec![scenario_file(BARE)], (&claiming(), StoreKind::default()), 1);
    let caused = bare.causes[&Cause::NoAlgorithms];
    assert_eq!((caused.proved_messages, caused.proved_rooms), (caused.messages, 1));
    // A profile that does not ask for keys differs in a room out of which nothing can be taken: nothing is proved then.
    let mut silent = own();
    silent.policy.ask = AskFor::Nobody;
    let plain =
        "scenarios/policy/a_blocked_device_is_told_once_and_reads_again_when_unblocked.json";
    let wrong = compare(vec![scenario_file(plain)], (&silent, StoreKind::default()), 1);
    assert_eq!(wrong.equal, 0);
    assert!(wrong.causes.values().all(|caused| caused.proved_messages == 0), "{:?}", wrong.causes);
}

#[test]
fn what_is_taken_out_of_a_room_is_gone() {
    let path = "scenarios/no_olm/a_device_made_anew_under_its_old_id_is_a_new_target.json";
    let scenario = scenario_file(path).scenario;
    let out = |causes: &[Cause]| without(&scenario, &causes.iter().copied().collect()).unwrap();
    let ids = |scenario: &Scenario| {
        let ids = scenario.devices.iter().map(|one| (one.user, one.device_id.clone()));
        ids.collect::<BTreeSet<_>>().len()
    };
    assert!(ids(&scenario) < scenario.devices.len());
    let apart = out(&[Cause::SameId]);
    assert_eq!(ids(&apart), apart.devices.len());
    assert_eq!(without(&scenario, &BTreeSet::from([Cause::NewDevice])), None, "both at once");
    assert!(out(&[Cause::SameId, Cause::NewDevice]).devices.iter().all(|one| one.present));
    let still = [Cause::Store, Cause::Failed, Cause::Refused, Cause::Faults];
    assert!(out(&still).faults.is_empty());
    let same = out(&[]);
    assert_eq!((&same.timeline, &same.faults), (&scenario.timeline, &scenario.faults));
}

#[test]
fn the_sum_does_not_depend_on_threads() {
    let rooms = || (1..5).map(generated).collect::<Vec<_>>();
    let told = |threads| {
        let comparison = compare(rooms(), (&own(), StoreKind::default()), threads);
        let differences = comparison.differences.into_iter();
        let differences: Vec<_> =
            differences.map(|(one, all)| (one, all.rooms, all.messages, all.smallest)).collect();
        (comparison.rooms, comparison.equal, comparison.shared, differences)
    };
    assert_eq!(told(1), told(3));
}

#[test]
fn bad_arguments_are_told() {
    let args = ["fidelity", "--rooms", "many"].map(std::ffi::OsString::from);
    let (mut out, mut err) = (Vec::new(), Vec::new());
    assert_eq!(fidelity::main(args, &mut out, &mut err), 3);
}
