//! The command `fidelity`: real rooms beside modelled ones.

use std::collections::BTreeSet;

use withheld::scenario::file::known_profile;
use withheld::scenario::habits::{ForwardTo, Habits};
use withheld::scenario::model::Scenario;
use withheld::scenario::policy::AskFor;
use withheld::scenario::profile::{Profile, ProfileName};
use withheld::time::SimDuration;
use withheld_matrix_sdk::command::{Room, generated};
use withheld_matrix_sdk::fidelity::{self, Cause, Caused, Terms, compare, even, without};
use withheld_matrix_sdk::store::StoreKind;

use crate::{file, repository};

fn own() -> Profile {
    known_profile(ProfileName::MatrixRustSdk).clone()
}

/// A comparison with a profile in which what is named as a cause is proved.
fn terms(profile: &Profile) -> Terms<'_> {
    Terms { profile, store: StoreKind::default(), proves: true }
}

fn scenario_file(path: &str) -> Room {
    Room { name: path.to_owned(), scenario: file(&repository(path)) }
}

#[test]
fn a_room_in_which_both_write_the_same_is_equal_whatever_sessions_are_called() {
    let path = "scenarios/transport/a_sender_that_goes_back_uses_an_index_twice.json";
    let equal = compare(vec![scenario_file(path)], terms(&own()), 1);
    assert_eq!((equal.rooms, equal.equal, equal.skipped), (1, 1, 0), "{:?}", equal.differences);
    let path = "scenarios/policy/a_blocked_device_is_told_once_and_reads_again_when_unblocked.json";
    let comparison = compare(vec![scenario_file(path)], terms(&own()), 1);
    assert!(comparison.shared >= 6, "keys, a notice, a request: {}", comparison.shared);
    assert_eq!(comparison.equal, 1, "{:?}", comparison.differences);
}

#[test]
fn what_only_one_of_them_writes_is_a_difference_with_its_smallest_room() {
    let path = "adapters/matrix-sdk-crypto/findings/the_dummy_of_a_recovery_is_never_sent.json";
    let mut recovers = own();
    recovers.habits.recovers_in_silence = false;
    let comparison = compare(vec![scenario_file(path)], terms(&recovers), 1);
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
        let comparison = compare(vec![scenario_file(&path)], terms(&own()), 1);
        assert_eq!(comparison.equal, 1, "{name}: {:?}", comparison.by_room);
    }
}

/// Turns a habit of a profile back to what the specification has.
type Back = fn(&mut Habits);

/// Rooms in which both write the same, the habit of the profile without which they do not, and the cause that is named then.
const MENDED: [(&str, Back, Cause); 13] = [
    (BARE, |habits| habits.skips_unencrypted = true, Cause::NoAlgorithms),
    (
        "no_olm/a_client_that_tells_m_no_olm_without_a_try_gives_keys_to_who_answers",
        |habits| habits.skips_unencrypted = true,
        Cause::NoAlgorithms,
    ),
    (
        "no_olm/a_client_that_keeps_its_fallback_key_for_a_week_may_have_none",
        |habits| habits.keeps_used_fallback = false,
        Cause::Unknown,
    ),
    (
        "no_olm/a_device_made_anew_under_its_old_id_is_a_new_target",
        |habits| habits.goes_by_device_id = false,
        Cause::SameId,
    ),
    (
        "no_olm/a_claim_that_fails_in_passing_is_tried_again_before_anything_is_said",
        |habits| habits.patient_requests = false,
        Cause::Failed,
    ),
    (
        "key_requests/a_forwarded_key_says_why_its_beginning_is_missing",
        |habits| habits.asks_at_once = false,
        Cause::NewDevice,
    ),
    (
        "key_requests/a_client_that_asks_at_once_asks_devices_that_are_not_verified_as_well",
        |habits| habits.asks_at_once = false,
        Cause::Requests,
    ),
    (
        "policy/a_strategy_that_asks_for_the_signature_alone_gives_a_blocked_device_the_key",
        |habits| habits.shares_by_strategy = false,
        Cause::Strategy,
    ),
    (
        "rotation/a_client_that_looks_at_a_room_when_it_shares_goes_by_old_settings",
        |habits| habits.heeds_room_changes = true,
        Cause::Sessions,
    ),
    (
        "rotation/a_client_that_shares_once_sends_what_a_block_came_too_late_for",
        |habits| habits.shares_once = false,
        Cause::Sessions,
    ),
    (
        "rotation/a_share_whose_requests_go_one_after_the_other_hears_of_a_session_meanwhile",
        |habits| habits.shares_once = false,
        Cause::Again,
    ),
    (
        "rotation/a_client_that_gives_a_key_again_after_any_new_session_does_so_where_two_cross",
        |habits| habits.reshares_for_any_session = false,
        Cause::Again,
    ),
    (
        "transport/a_client_that_recovers_in_silence_goes_on_failing",
        |habits| habits.recovers_in_silence = false,
        Cause::Sessions,
    ),
];

/// Rooms in which both write the same for what is no habit of its own.
const ALIKE: [&str; 7] = [
    // Who tries again when a later key comes asks again.
    "device_lists/a_device_that_the_sender_has_not_heard_of_gets_nothing",
    "key_requests/a_client_that_asks_with_every_try_asks_when_a_later_key_comes",
    // A message whose index was used before is not asked for.
    "transport/two_processes_use_one_index_and_the_second_message_is_a_replay",
    "incidents/a_copied_store_and_a_second_reader_are_gone_after_the_heal",
    // A session whose key nobody was given at first is one session.
    "history/a_device_that_is_not_signed_gets_no_bundle",
    // A message whose share failed is refused, and its session is not used.
    "regressions/whose_list_changed_while_he_was_invited_is_told_of_with_his_join",
    // A list that a message asks for beside others may come before theirs.
    "incidents/an_older_answer_that_overwrites_a_newer_one_hides_a_device",
];

/// Generated rooms in which both write the same, and the habit of the profile without which they do not.
const GENERATED: [(u64, Back); 8] = [
    // A request is answered by the list that is there, and a session that is wanted for an answer is claimed with every sync.
    (243, |habits| habits.answers_at_once = false),
    (505, |habits| habits.answers_at_once = false),
    // A second list is asked for when the first one has come, and an answer waits for a list of somebody else.
    (343, |habits| habits.asks_in_batches = false),
    (102, |habits| habits.asks_in_batches = false),
    // A message whose answer was lost holds the next one up though its echo has come.
    (253, |habits| habits.patient_requests = false),
    (565, |habits| habits.patient_requests = false),
    // An own device that is not verified is given again what it was given.
    (93, |habits| habits.forward_to = ForwardTo::OwnVerified),
    // Own keys and signatures go up one after the other, and keys of another device are taken over when a list shows them.
    (43, |habits| habits.shares_by_strategy = false),
];

/// Generated rooms in which both write the same for what is no habit of its own.
const GENERATED_ALIKE: [u64; 5] = [
    // A room is looked at before anything is asked for a message, and who is in it once more before its key is shared.
    133, 134, // What goes to all own devices does not go to one that was logged out.
    162,
    // What is given again begins where it began, which the message does not show to who has the key.
    259, // The user changes a room in several ways at once.
    412,
];

#[test]
fn what_generated_rooms_show_of_a_habit_is_equal_with_it_and_differs_without_it() {
    for (seed, back) in GENERATED {
        let mut profile = own();
        let equal = compare(vec![generated(seed)], Terms { proves: false, ..terms(&profile) }, 1);
        assert_eq!(equal.equal, 1, "{seed}: {:?}", equal.by_room);
        back(&mut profile.habits);
        let comparison =
            compare(vec![generated(seed)], Terms { proves: false, ..terms(&profile) }, 1);
        assert_eq!((comparison.rooms, comparison.equal), (1, 0), "{seed}");
    }
}

#[test]
fn generated_rooms_are_equal_for_what_was_mended_without_a_habit() {
    for seed in GENERATED_ALIKE {
        let equal = compare(vec![generated(seed)], terms(&own()), 1);
        assert_eq!(equal.equal, 1, "{seed}: {:?}", equal.by_room);
    }
}

#[test]
fn what_differs_is_told_in_the_order_of_time() {
    let mut silent = own();
    silent.habits.recovers_in_silence = false;
    let room = known_room("transport/a_client_that_recovers_in_silence_goes_on_failing");
    let comparison = compare(vec![room], terms(&silent), 1);
    let told = comparison.by_room.values().next().unwrap();
    let times: Vec<SimDuration> =
        told.iter().map(|one| one.split(' ').next().unwrap().parse().unwrap()).collect();
    assert!(times.len() > 1 && times.is_sorted(), "{told:?}");
}

const BARE: &str = "policy/a_device_without_encryption_is_passed_over_in_silence";

fn known_room(name: &str) -> Room {
    scenario_file(&format!("scenarios/{name}.json"))
}

#[test]
fn what_a_habit_is_for_is_equal_with_it_and_differs_for_its_cause_without_it() {
    for (name, back, cause) in MENDED {
        let equal = compare(vec![known_room(name)], terms(&own()), 1);
        assert_eq!(equal.equal, 1, "{name}: {:?}", equal.by_room);
        let mut profile = own();
        back(&mut profile.habits);
        let comparison = compare(vec![known_room(name)], terms(&profile), 1);
        let messages = |caused: &Caused| caused.messages;
        let named: u64 = comparison.causes.values().map(messages).sum();
        let differing = comparison.differences.values().map(|one| one.messages);
        assert_eq!(named, differing.sum::<u64>(), "{name}");
        assert_eq!(comparison.causes.into_keys().collect::<Vec<_>>(), [cause], "{name}");
    }
}

#[test]
fn what_was_mended_without_a_habit_is_equal() {
    for name in ALIKE {
        let equal = compare(vec![known_room(name)], terms(&own()), 1);
        assert_eq!(equal.equal, 1, "{name}: {:?}", equal.by_room);
    }
}

#[test]
fn one_more_request_of_one_side_gives_what_follows_no_other_delays() {
    let room = generated(MORE_REQUESTS);
    let network = room.scenario.network;
    assert!(network.client.min < network.client.max, "a room in which delays are drawn");
    let comparison = compare(vec![room], terms(&own()), 1);
    assert_eq!(comparison.equal, 1, "{:?}", comparison.by_room);
}

/// The seed of a generated room in which both write the same, and did not while each side drew its delays one request after the other.
const MORE_REQUESTS: u64 = 660;

#[test]
fn a_cause_is_proved_by_a_room_without_it() {
    let mut silent = own();
    silent.habits.skips_unencrypted = true;
    let bare = compare(vec![known_room(BARE)], terms(&silent), 1);
    let caused = bare.causes[&Cause::NoAlgorithms];
    assert_eq!((caused.proved_messages, caused.proved_rooms), (caused.messages, 1));
    // A profile that does not ask for keys differs in a room out of which nothing can be taken: nothing is proved then.
    let mut silent = own();
    silent.policy.ask = AskFor::Nobody;
    let plain =
        "scenarios/policy/a_blocked_device_is_told_once_and_reads_again_when_unblocked.json";
    let wrong = compare(vec![scenario_file(plain)], terms(&silent), 1);
    assert_eq!(wrong.equal, 0);
    assert!(wrong.causes.values().all(|caused| caused.proved_messages == 0), "{:?}", wrong.causes);
}

#[test]
fn what_differs_by_chance_alone_is_said_to() {
    // What leaves at another instant has another delay.
    let equal = |scenario: &Scenario| {
        let room = Room { name: String::new(), scenario: scenario.clone() };
        compare(vec![room], terms(&own()), 1)
    };
    let room = generated(BY_CHANCE).scenario;
    let comparison = equal(&room);
    assert_eq!(comparison.equal, 0);
    assert_eq!(comparison.causes.keys().collect::<Vec<_>>(), [&Cause::Delays]);
    let caused = comparison.causes[&Cause::Delays];
    assert_eq!((caused.proved_messages, caused.proved_rooms), (caused.messages, 1));
    let calm = even(&room);
    assert!(calm.network.client.min == calm.network.client.max && calm != room);
    assert_eq!(equal(&calm).equal, 1);
}

/// The seed of a generated room in which both write the same as soon as delays do not vary.
const BY_CHANCE: u64 = 295;

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
        let comparison = compare(rooms(), terms(&own()), threads);
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
