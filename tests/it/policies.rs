//! Every choice of a policy, set to each of its other settings in a room where that shows.
//! That a choice is within the rules is not said here, only that none of those that are judged is broken by it alone.

use withheld::protocol::withheld::{CodeSet, WithheldCode};
use withheld::scenario::policy::{
    AfterNoOlm, AnswerRequests, AskFor, OnNoOlm, OnProblem, Policy, Reporting, SharePolicy,
};

use crate::settings::{Blame, Place, few, many, settings};

const NO_OLM: CodeSet = CodeSet::NONE.with(WithheldCode::NoOlm);

fn codes(codes: CodeSet, strangers: CodeSet) -> Reporting {
    Reporting { codes, strangers, overrides: Vec::new() }
}

few! {
    AfterNoOlm: FirstOwed Next;
    AnswerRequests: Ignore Forward ForwardAndTell;
    AskFor: Nobody OwnDevices OwnDevicesAndSender;
    OnNoOlm: Nothing OpenSession;
    OnProblem: Withhold Refuse;
    SharePolicy: Everyone CrossSigned Verified;
}

many! { Reporting }

settings! {
    Policy policy standard (Blame::Nobody):
    share {
        SharePolicy::CrossSigned => Place::File("policy/a_device_that_gets_cross_signed_is_given_the_key_at_the_next_message"), "A1", [];
        SharePolicy::Verified => Place::File("policy/only_verified_devices_get_keys_and_the_others_are_told"), "A1", [];
    }
    on_problem {
        OnProblem::Refuse => Place::File("policy/a_second_reason_for_the_same_session_is_not_told"), "A1", [];
    }
    share_with_invited {
        true => Place::File("incidents/an_invited_user_reads_what_was_sent_before_the_join"), "A1", [];
    }
    report {
        codes(CodeSet::NONE, CodeSet::NONE) => Place::File("incidents/a_no_olm_that_is_filed_by_session_is_lost"), "A1", [];
        codes(NO_OLM, NO_OLM) => Place::File("transport/a_retry_under_the_same_transaction_id_is_no_second_notice"), "A1", [];
        codes(CodeSet::ALL, CodeSet::NONE) => Place::File("incidents/a_no_olm_that_is_filed_by_session_is_lost"), "A1", [];
    }
    answer_requests {
        AnswerRequests::Forward => Place::File("key_requests/a_repeated_request_is_answered_once"), "A1", [];
        AnswerRequests::Ignore => Place::File("key_requests/a_client_may_ask_its_own_devices_by_itself"), "B2", [];
    }
    ask {
        AskFor::OwnDevices => Place::File("device_lists/a_server_that_does_not_tell_of_a_new_device_leaves_it_out"), "B2", [];
        AskFor::OwnDevicesAndSender => Place::File("policy/a_notice_with_a_false_reason_is_no_explanation"), "B1", [];
    }
    on_no_olm {
        OnNoOlm::Nothing => Place::File("no_olm/a_device_that_opens_a_session_is_given_what_it_missed"), "B1", [];
    }
    after_no_olm {
        AfterNoOlm::Next => Place::File("no_olm/a_claim_without_an_answer_is_reported_when_the_second_try_fails_too"), "A1", [];
    }
    rotate_on_unblock {
        true => Place::File("key_requests/a_backup_cannot_say_why_its_beginning_is_missing"), "A1", [];
    }
    reshare_after_unwedge {
        false => Place::File("incidents/a_key_lost_to_a_forgotten_one_time_key_comes_again"), "A1", [];
    }
    show_no_olm {
        false => Place::File("incidents/a_no_olm_that_is_filed_by_session_is_lost"), "B1", [];
    }
    hide_unsigned {
        true => Place::File("policy/messages_of_devices_that_are_not_cross_signed_may_stay_hidden"), "B1", [];
    }
    share_history {
        true => Place::File("rotation/a_user_who_left_counts_as_a_holder_though_alice_gave_nothing"), "B1", [];
    }
    backup {
        true => Place::File("key_requests/a_backup_may_be_restored_by_hand"), "B1", [];
    }
}
