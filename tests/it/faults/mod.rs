//! Every fault in a room of its own, run with and without it: what it changes, and which breaches it excuses.
//! How a fault is carried out, and how a breach is found, is not looked at here.

mod causes;
mod clients;
mod effect;
mod excuses;
mod keys;
mod links;
mod lists;

use withheld::rulebook::rule::Rule;
use withheld::scenario::fault::FaultKind;

use crate::room::{Room, Seen, counted_without_faults, scenario};

/// A room with a fault.
pub(crate) struct Case {
    /// The scenario; the fault that it is about is the first of its faults.
    room: &'static str,
    /// What the fault changes.
    effect: Effect,
    /// The breaches that it brings about, and by whom. Every one of them is excused, and there are no others.
    breaks: &'static [(Rule, &'static str)],
}

/// What differs, first with the fault and then without it.
pub(crate) enum Effect {
    /// The verdict of a message at a device.
    Verdict(&'static str, &'static str, [&'static str; 2]),
    /// A number.
    Number(fn(&Room) -> usize, [usize; 2]),
}

/// Runs the room with the fault and without it.
fn with_and_without(variant: &str, text: &str) -> [Room; 2] {
    let with = scenario(text);
    assert_eq!(variant_of(&with.faults[0].kind), variant, "the first fault is the one shown");
    let mut without = with.clone();
    without.faults.remove(0);
    [Room::run(with), Room::run(without)]
}

fn check(variant: &str, case: &Case) {
    let [with, without] = with_and_without(variant, case.room);
    match case.effect {
        Effect::Verdict(message, device, expected) => {
            assert_ne!(expected[0], expected[1], "the fault changes something");
            let found = [&with, &without].map(|room| room.verdict(message, device));
            assert_eq!(found, expected, "{message} at {device}");
            assert!(causes::explain(&with, message, device), "the explanation names the fault");
        }
        Effect::Number(number, expected) => {
            assert_ne!(expected[0], expected[1], "the fault changes something");
            assert_eq!([number(&with), number(&without)], expected);
            assert!(causes::lead_anywhere(&with), "the fault is a cause of something");
        }
    }
    check_excuses(&with, case.breaks);
    assert_eq!(without.violations(), [], "nothing is broken without the fault");
}

/// These breaches are there, are what the first fault may bring about, and are excused by it; had nobody announced
/// the fault, the same facts would count against the same parties.
fn check_excuses(room: &Room, breaks: &[(Rule, &str)]) {
    let fault = &room.scenario.faults[0].kind;
    for (rule, party) in breaks {
        assert!(fault.excuses().contains(rule), "{} by {party} is excused", rule.id());
    }
    let seen = |injected| -> Vec<Seen> {
        breaks.iter().map(|(rule, party)| (*rule, (*party).to_owned(), injected)).collect()
    };
    assert_eq!(room.violations(), seen(true), "excused breaches");
    assert_eq!(counted_without_faults(room), seen(false), "the same breaches without a fault");
}

/// Makes a test of every fault. The `match` has an arm for each line and no other: a fault without a room of its own
/// does not compile.
macro_rules! faults {
    ($($variant:ident => $test:ident $case:path,)*) => {
        fn variant_of(kind: &FaultKind) -> &'static str {
            match kind {
                $(FaultKind::$variant { .. } => stringify!($variant),)*
            }
        }

        $(
            #[test]
            fn $test() {
                check(stringify!($variant), &$case);
            }
        )*
    };
}

faults! {
    OneTimeKeysRunOut => without_one_time_keys_there_is_m_no_olm keys::ONE_TIME_KEYS_RUN_OUT,
    NoFallbackKey => without_a_fallback_key_there_is_m_no_olm keys::NO_FALLBACK_KEY,
    KeysClaimedByStranger => a_stranger_takes_the_last_key keys::KEYS_CLAIMED_BY_STRANGER,
    ClaimFails => claims_that_fail_leave_only_m_no_olm keys::CLAIM_FAILS,
    KeyHandedOutTwice => a_key_handed_out_twice_makes_one_session_only keys::KEY_HANDED_OUT_TWICE,
    KeysOutOfOrder => the_newest_key_goes_out_first keys::KEYS_OUT_OF_ORDER,
    CountsOmitted => counts_that_are_left_out_are_not_seen keys::COUNTS_OMITTED,
    UploadRejected => a_refused_upload_leaves_the_next_sender_without_a_key keys::UPLOAD_REJECTED,
    ServerRestored => a_restored_server_gives_a_key_again keys::SERVER_RESTORED,
    ServerUnreachable => an_unreachable_server_does_not_tell_its_devices links::SERVER_UNREACHABLE,
    FederationDown => servers_apart_do_not_tell_their_devices links::FEDERATION_DOWN,
    ToDeviceDelayed => a_delayed_key_comes_later links::TO_DEVICE_DELAYED,
    ToDeviceDuplicated => a_duplicated_key_is_stored_twice links::TO_DEVICE_DUPLICATED,
    ToDeviceReordered => a_reordered_mailbox_is_listed_backwards links::TO_DEVICE_REORDERED,
    ToDeviceDropped => a_dropped_key_is_lost_in_transport links::TO_DEVICE_DROPPED,
    BatchLimit => a_batch_limit_makes_more_answers links::BATCH_LIMIT,
    EduLimit => an_edu_limit_makes_more_transactions links::EDU_LIMIT,
    PoisonedEdu => a_poisoned_edu_holds_the_queue_up links::POISONED_EDU,
    SecondReader => a_second_reader_takes_the_key links::SECOND_READER,
    OlmCorrupted => a_corrupted_ciphertext_cannot_be_opened links::OLM_CORRUPTED,
    ListNoticeLost => a_lost_list_notice_hides_a_new_device lists::LIST_NOTICE_LOST,
    StaleQueryAnswer => a_stale_answer_leaves_a_new_device_out lists::STALE_QUERY_ANSWER,
    QuerySlow => a_slow_query_is_not_waited_for lists::QUERY_SLOW,
    IncompleteMembers => a_member_left_out_is_not_seen lists::INCOMPLETE_MEMBERS,
    MembershipLate => a_late_membership_is_not_seen lists::MEMBERSHIP_LATE,
    LimitedSync => a_limited_sync_leaves_messages_out lists::LIMITED_SYNC,
    ResponseLost => a_lost_response_makes_the_message_wait clients::RESPONSE_LOST,
    RateLimited => a_rate_limit_makes_the_message_wait clients::RATE_LIMITED,
    ClientOffline => a_client_without_network_reads_later clients::CLIENT_OFFLINE,
    Crash => a_crashed_client_reads_later clients::CRASH,
    StoreRolledBack => a_store_that_goes_back_tells_again clients::STORE_ROLLED_BACK,
    SecondProcess => a_second_process_makes_the_first_tell_again clients::SECOND_PROCESS,
    OlmSessionsLost => lost_olm_sessions_leave_a_key_unopened clients::OLM_SESSIONS_LOST,
    OneTimeKeysForgotten => forgotten_one_time_keys_leave_a_key_unopened clients::ONE_TIME_KEYS_FORGOTTEN,
    ClockAhead => a_clock_ahead_rotates_too_early clients::CLOCK_AHEAD,
    ClockBehind => a_clock_behind_rotates_too_late clients::CLOCK_BEHIND,
    ForgedWithheld => a_forged_notice_repeats_a_true_one clients::FORGED_WITHHELD,
}
