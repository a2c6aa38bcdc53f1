//! What is written reads back as what it was.
//! How the text looks does not matter here.

use super::examples::{CROWD, EVERYTHING, EXAMPLES, SHORT, good};
use crate::scenario::file::choice::Choice;
use crate::scenario::file::codec::{Codec, Field};
use crate::scenario::file::fault::Faults;
use crate::scenario::file::habits::HabitsChanges;
use crate::scenario::file::policy::PolicyChanges;
use crate::scenario::file::timeline::Steps;
use crate::scenario::file::union::Union;
use crate::scenario::file::write;
use crate::scenario::habits::{
    BundleContents, BundleOpening, BundleSending, ChooseOlm, ForwardTo, ForwardedReason,
    KeyReplacement, LeaveRotates, MarkWhen, MarksBy, MissingOlm, NeedlessRotation, NewcomerIndex,
    NoOlmAnswer, NoOlmDedup, NoOlmFiled, NoOlmReset, NoOlmScope, NoticeCode, NoticeConflict,
    NoticeNames, NoticeReason, NoticeScope, NoticeSender, NoticeSession, NoticeTargets, NoticeType,
    OnWithheld, OptOut, PutFailed, QueryAnswers, ReplyCode, ReshareIndex, SharedHistoryFlag,
    Unavailable, UnblockIndex, UnwedgeClock, WithheldDedup,
};
use crate::scenario::policy::{
    AfterNoOlm, AnswerRequests, AskFor, OnNoOlm, OnProblem, SharePolicy,
};

#[test]
fn what_is_written_reads_back_as_it_was() {
    for example in EXAMPLES {
        let scenario = good(example);
        let text = write(&scenario);
        assert_eq!(good(&text), scenario, "{text}");
        assert_eq!(write(&good(&text)), text, "the canonical form is not stable");
    }
}

#[test]
fn a_written_file_shows_every_default() {
    let text = write(&good(SHORT));
    for field in PolicyChanges::FIELDS.iter().chain(HabitsChanges::FIELDS) {
        assert!(text.contains(&format!("\"{}\":", field.name)), "{} is not shown", field.name);
    }
    for shown in [
        "\"batch_limit\": 100",
        "\"device_id\": \"alice.1\"",
        "\"history_visibility\": \"shared\"",
        "\"period\": \"7d\"",
        "\"request_timeout\": \"10s\"",
        "\"others\": \"any\"",
        "\"only_these_notices\": false",
        "\"digest\": \"any\"",
    ] {
        assert!(text.contains(shown), "{shown} is not in\n{text}");
    }
    assert!(text.lines().all(|line| line.len() <= 110), "a line is too long in\n{text}");
}

#[test]
fn the_example_of_everything_has_every_step_fault_and_setting() {
    let names = |fields: &'static [Field]| fields.iter().map(|field| field.name);
    let steps = Steps::CASES.iter().map(|case| case.tag);
    let faults = Faults::CASES.iter().map(|case| case.tag);
    let settings = names(PolicyChanges::FIELDS).chain(names(HabitsChanges::FIELDS));
    for name in steps.chain(faults).chain(settings) {
        assert!(EVERYTHING.contains(&format!("\"{name}\"")), "{name} is missing");
    }
}

/// Every value of a choice, put into a file at one setting, is there again when the file was written and read.
fn every_value<T: Choice>(part: &str, setting: &str) {
    for (_, name, _) in T::ALL {
        let text = SHORT.replace(
            "\"users\"",
            &format!(
                "\"each_device\": {{ \"{part}\": {{ \"{setting}\": \"{name}\" }} }}, \"users\""
            ),
        );
        let scenario = good(&text);
        let written = write(&scenario);
        assert!(written.contains(&format!("\"{setting}\": \"{name}\"")), "{written}");
        assert_eq!(good(&written), scenario);
    }
}

#[test]
fn every_setting_of_policies_and_habits_survives() {
    every_value::<SharePolicy>("policy", "share");
    every_value::<OnProblem>("policy", "on_problem");
    every_value::<AnswerRequests>("policy", "answer_requests");
    every_value::<AskFor>("policy", "ask");
    every_value::<OnNoOlm>("policy", "on_no_olm");
    every_value::<AfterNoOlm>("policy", "after_no_olm");
    every_value::<WithheldDedup>("habits", "withheld_dedup");
    every_value::<MarkWhen>("habits", "mark_when");
    every_value::<MarksBy>("habits", "marks_by");
    every_value::<NoticeType>("habits", "notice_type");
    every_value::<NoticeNames>("habits", "notice_names");
    every_value::<NoticeCode>("habits", "notice_code");
    every_value::<NoticeReason>("habits", "notice_reason");
    every_value::<NoticeSession>("habits", "notice_session");
    every_value::<NoticeTargets>("habits", "notice_targets");
    every_value::<OptOut>("habits", "opt_out");
    every_value::<NoOlmDedup>("habits", "no_olm_dedup");
    every_value::<NoOlmReset>("habits", "no_olm_reset");
    every_value::<MissingOlm>("habits", "missing_olm");
    every_value::<PutFailed>("habits", "put_failed");
    every_value::<UnblockIndex>("habits", "unblock_index");
    every_value::<NewcomerIndex>("habits", "newcomer_index");
    every_value::<ReshareIndex>("habits", "reshare_index");
    every_value::<NeedlessRotation>("habits", "needless_rotation");
    every_value::<LeaveRotates>("habits", "leave_rotates");
    every_value::<QueryAnswers>("habits", "query_answers");
    every_value::<ChooseOlm>("habits", "choose_olm");
    every_value::<UnwedgeClock>("habits", "unwedge_clock");
    every_value::<NoOlmAnswer>("habits", "no_olm_answer");
    every_value::<ForwardTo>("habits", "forward_to");
    every_value::<ForwardedReason>("habits", "forwarded_reason");
    every_value::<ReplyCode>("habits", "reply_code");
    every_value::<OnWithheld>("habits", "on_withheld");
    every_value::<NoticeSender>("habits", "notice_sender");
    every_value::<NoticeConflict>("habits", "notice_conflict");
    every_value::<NoticeScope>("habits", "notice_scope");
    every_value::<NoOlmScope>("habits", "no_olm_scope");
    every_value::<NoOlmFiled>("habits", "no_olm_filed");
    every_value::<Unavailable>("habits", "unavailable");
    every_value::<KeyReplacement>("habits", "key_replacement");
    every_value::<SharedHistoryFlag>("habits", "shared_history_flag");
    every_value::<BundleContents>("habits", "bundle_contents");
    every_value::<BundleSending>("habits", "bundle_sending");
    every_value::<BundleOpening>("habits", "bundle_opening");
}

#[test]
fn settings_are_layered_from_all_devices_to_one() {
    let scenario = good(
        r#"{"format": 1, "about": "Layers.",
            "each_device": {"one_time_keys": 1, "policy": {"share": "verified", "backup": true}},
            "users": {
                "alice": {
                    "each_device": {"fallback_key": false, "policy": {"share": "cross_signed"}},
                    "devices": {"A1": {}, "A2": {"one_time_keys": 3, "policy": {"share": "everyone"}}}
                },
                "bob": {"devices": ["B1"]}
            }}"#,
    );
    let [a1, a2, b1] = &scenario.devices[..] else { panic!("three devices") };
    assert_eq!(
        (a1.policy.share, a1.one_time_keys, a1.fallback_key),
        (SharePolicy::CrossSigned, 1, false)
    );
    assert_eq!(
        (a2.policy.share, a2.one_time_keys, a2.fallback_key),
        (SharePolicy::Everyone, 3, false)
    );
    assert_eq!(
        (b1.policy.share, b1.one_time_keys, b1.fallback_key),
        (SharePolicy::Verified, 1, true)
    );
    assert!(scenario.devices.iter().all(|device| device.policy.backup));
}

#[test]
fn a_crowd_has_numbered_users_devices_and_messages() {
    let scenario = good(CROWD);
    assert_eq!(scenario.users.len(), 201);
    assert_eq!(scenario.devices.len(), 602);
    assert_eq!(scenario.devices[2].name, "crowd1.1");
    assert_eq!(scenario.devices[601].name, "crowd200.3");
    assert_eq!(scenario.devices[601].one_time_keys, 1);
    assert_eq!(scenario.rooms[0].members.len(), 201);
    assert_eq!(scenario.messages.len(), 101);
    // Times decide about the numbers: `reply` is sent between m6 and m7.
    let place = scenario.messages.iter().position(|name| name == "reply");
    assert_eq!(place, Some(6));
    // 600 devices of the crowd and the other device of alice for m5, one for the reply.
    assert_eq!(scenario.expect.cells.len(), 602);
}

#[test]
fn notices_that_are_listed_are_all_unless_it_is_said_otherwise() {
    let with = |expect: &str| {
        let text = SHORT.replacen('{', &format!("{{\"expect\": {expect}, "), 1);
        good(&text).expect.only_these_notices
    };
    assert!(!with("{}"));
    assert!(with("{\"notices\": []}"));
    assert!(!with("{\"notices\": [], \"only_these_notices\": false}"));
    assert!(with("{\"only_these_notices\": true}"));
}

#[test]
fn no_message_may_be_refused_where_more_than_a_digest_is_expected() {
    let with = |expect: &str| {
        let text = SHORT.replacen('{', &format!("{{\"expect\": {expect}, "), 1);
        good(&text).expect.unsent
    };
    assert_eq!(with("{}"), None);
    assert_eq!(with("{\"digest\": \"000000000000beef\"}"), None);
    assert_eq!(with("{\"others\": \"delivered\"}"), Some(Vec::new()));
    assert_eq!(with("{\"notices\": []}"), Some(Vec::new()));
    assert_eq!(with("{\"others\": \"delivered\", \"unsent\": \"any\"}"), None);
    assert_eq!(with("{\"unsent\": []}"), Some(Vec::new()));
}

#[test]
fn servers_are_those_that_users_name() {
    let scenario = good(
        r#"{"format": 1, "about": "Servers.", "users": {
            "alice": {}, "bob": {"server": "b.example"}, "carol": {"server": "c.example"}}}"#,
    );
    let names: Vec<_> = scenario.servers.iter().map(|server| server.name.as_str()).collect();
    assert_eq!(names, ["b.example", "c.example"]);
    assert_eq!(scenario.users[0].server.raw(), 0);
    assert_eq!(scenario.users[2].server.raw(), 1);
}

#[test]
fn a_byte_order_mark_is_passed_over() {
    assert_eq!(good(&format!("\u{feff}{SHORT}")), good(SHORT));
}

#[test]
fn reports_are_written_as_short_as_they_can_be() {
    use crate::protocol::withheld::CodeSet;
    use crate::scenario::policy::Reporting;
    let scenario = good(SHORT);
    let report = |codes, strangers| {
        Reporting::encode(&Reporting { codes, strangers, overrides: Vec::new() }, &scenario)
    };
    assert_eq!(report(CodeSet::ALL, CodeSet::ALL), "all");
    assert_eq!(report(CodeSet::NONE, CodeSet::NONE), "none");
    assert_eq!(report(CodeSet::ALL, CodeSet::NONE)["strangers"], "none");
}
