//! What can be read and makes no sense: times, steps, faults and expectations that cannot be.
//! Files that cannot even be read are tested elsewhere.

use super::spoil::{SEND, check, file, steps};

#[test]
fn times_out_of_order_and_beyond_the_horizon() {
    check(&[
        (
            steps(
                r#"{"at": "5s", "do": "restore_backup", "device": "A1"}, {"at": "3s", "do": "restore_backup", "device": "A1"}"#,
            ),
            &["found a step at 3s after one at 5s, expected steps in the order of time"],
        ),
        (
            file(
                r#""horizon": "1m", "timeline": [{"at": "61s", "do": "restore_backup", "device": "A1"}]"#,
            ),
            &["found the time 1m1s, expected a time up to the horizon, 1m"],
        ),
        (
            file(
                r#""horizon": "1m", "timeline": [{"at": "1s", "do": "send_many", "from": "A1", "message": "m", "count": 7, "every": "10s"}]"#,
            ),
            &["found the time 1m1s, expected a time up to the horizon, 1m"],
        ),
        (
            file(
                r#""horizon": "1m", "faults": [
                {"from": "2m", "fault": "client_offline", "device": "A1"},
                {"from": "5s", "until": "5s", "fault": "client_offline", "device": "A1"},
                {"from": "5s", "until": "2m", "fault": "client_offline", "device": "A1"},
                {"from": "5s", "until": "never", "fault": "client_offline", "device": "A1"}]"#,
            ),
            &[
                "found the time 2m, expected a time up to the horizon, 1m",
                "found a window from 5s until 5s, expected an \"until\" after \"from\"",
                "found the time 2m, expected a time up to the horizon, 1m, or \"end\"",
                "found \"never\", expected a time such as \"500ms\", \"10s\", \"1h30m\" or \"7d\", or \"end\"",
            ],
        ),
    ]);
}

#[test]
fn steps_of_devices_that_are_not_there() {
    let lives = |lives: &str| steps(&lives.replace("'", "\""));
    check(&[
        (
            lives("{'at': '1s', 'do': 'restore_backup', 'device': 'B2'}"),
            &[
                "found the device \"B2\", which is not logged in yet, expected a device that is logged in; \
               a step \"login\" before this one brings it up",
            ],
        ),
        (
            lives(
                "{'at': '1s', 'do': 'login', 'device': 'B2'}, {'at': '1s', 'do': 'send', 'from': 'B2', 'message': 'm'}",
            ),
            &[],
        ),
        (
            lives(
                "{'at': '1s', 'do': 'logout', 'device': 'B1'}, {'at': '2s', 'do': 'send', 'from': 'B1', 'message': 'm'}",
            ),
            &[
                "found the device \"B1\", which was logged out, expected a device that is logged in; \
               a logout is for good",
            ],
        ),
        (
            lives("{'at': '1s', 'do': 'login', 'device': 'B1'}"),
            &["found a login of \"B1\", which is logged in, expected a device that is not; \
               a device that logs in later has \"present\": false"],
        ),
        (
            lives(
                "{'at': '1s', 'do': 'logout', 'device': 'B1'}, {'at': '2s', 'do': 'login', 'device': 'B1'}",
            ),
            &[
                "found a login of \"B1\", which was logged out, expected a device that never was; a device id that comes \
               back with new keys is another device of the file, with the same \"device_id\" and \"present\": false",
            ],
        ),
        // A login that cannot be read must not make the steps after it look wrong.
        (
            lives(
                "{'at': 'soon', 'do': 'login', 'device': 'B2'}, {'at': '1s', 'do': 'send', 'from': 'B2', 'message': 'm'}",
            ),
            &["found \"soon\", expected a time such as \"500ms\", \"10s\", \"1h30m\" or \"7d\""],
        ),
    ]);
}

#[test]
fn device_ids_that_meet() {
    let with = |b1: &str, b2: &str, more: &str| {
        let devices = format!("\"B1\": {b1}, \"B2\": {b2}");
        file(more).replace("\"B1\": {}, \"B2\": {\"present\": false}", &devices)
    };
    let id = r#"{"device_id": "B"}"#;
    let later = r#"{"device_id": "B", "present": false}"#;
    check(&[
        (
            with(id, id, ""),
            &[
                "found the device id \"B\", which \"B1\" has, expected device ids that differ, or \"present\": false",
            ],
        ),
        (with(id, later, ""), &[]),
        (
            with(id, later, r#""timeline": [{"at": "1s", "do": "login", "device": "B2"}]"#),
            &[
                "found a login with the device id \"B\", with which \"B1\" is logged in, expected a device id that no \
               other device of the user has at this time",
            ],
        ),
        (
            with(
                id,
                later,
                r#""timeline": [{"at": "1s", "do": "logout", "device": "B1"}, {"at": "1s", "do": "login", "device": "B2"}]"#,
            ),
            &[],
        ),
    ]);
}

/// A room that bob is only invited to, with these steps.
fn with(steps: &str) -> String {
    file(&format!(
        r#""rooms": {{"r": {{"members": ["alice", {{"user": "bob", "membership": "invite"}}]}}}}, "timeline": [{}]"#,
        steps.replace('\'', "\"")
    ))
}

#[test]
fn steps_that_make_no_sense_at_their_time() {
    check(&[
        (
            with(
                "{'at': '1s', 'do': 'send', 'from': 'B1', 'message': 'm'}, {'at': '2s', 'do': 'member', 'device': 'B1', 'membership': 'join'}",
            ),
            &[
                "found \"B1\", whose user \"bob\" has not been in \"r\", expected a device of a member of the room",
            ],
        ),
        (
            with(
                "{'at': '1s', 'do': 'member', 'device': 'B1', 'membership': 'join'}, {'at': '2s', 'do': 'send', 'from': 'B1', 'message': 'm'}",
            ),
            &[],
        ),
        (
            with(
                "{'at': '1s', 'do': 'member', 'device': 'A1', 'membership': 'leave'}, {'at': '2s', 'do': 'send', 'from': 'A1', 'message': 'm'}",
            ),
            &[],
        ),
        (
            with(
                "{'at': '1s', 'do': 'member', 'device': 'B1', 'user': 'alice', 'membership': 'ban'}",
            ),
            &[
                "found \"B1\", whose user \"bob\" has not been in \"r\", expected a device of a member of the room",
            ],
        ),
        (
            with("{'at': '1s', 'do': 'block', 'device': 'A1', 'target': 'A1'}"),
            &["found the device \"A1\" itself, expected another device"],
        ),
        (
            with(
                "{'at': '1s', 'do': 'request_key', 'device': 'B1', 'message': 'm', 'of': ['B1']}, {'at': '2s', 'do': 'send', 'from': 'A1', 'message': 'm'}",
            ),
            &[
                "found \"m\", which is sent later, expected a message sent before",
                "found the device \"B1\" itself, expected other devices",
            ],
        ),
    ]);
}

#[test]
fn identities_and_memberships_that_are_not_there() {
    check(&[
        (
            with("{'at': '1s', 'do': 'cross_sign', 'device': 'A1'}")
                .replace("\"alice\": {", "\"alice\": {\"cross_signing\": false, "),
            &[
                "found a device of \"alice\", who has no cross-signing keys, expected a user with \"cross_signing\": true, \
               or a \"reset_identity\" before",
            ],
        ),
        (
            file("")
                .replace("\"bob\": {", "\"bob\": {\"cross_signing\": false, ")
                .replace("\"B1\": {}", "\"B1\": {\"cross_signed\": true}"),
            &[
                "found a cross-signed device of \"bob\", expected a user with cross-signing keys, or \"cross_signed\": false",
            ],
        ),
        // A membership that cannot be read must not make the steps after it look wrong.
        (
            with(
                "{'at': '1s', 'do': 'member', 'device': 'B1', 'membership': 'jion'}, {'at': '2s', 'do': 'send', 'from': 'B1', 'message': 'm'}",
            ),
            &[
                "found \"jion\", expected a membership: \"join\", \"invite\", \"leave\", \"ban\"; did you mean \"join\"?",
            ],
        ),
    ]);
}

#[test]
fn faults_that_make_no_sense() {
    let with = |faults: &str| file(&format!("\"faults\": [{}]", faults.replace('\'', "\"")));
    check(&[
        (
            with("{'from': '1s', 'fault': 'server_restored', 'server': 's1', 'snapshot': '2s'}, {'from': '1s', 'fault': 'stale_query_answer', 'server': 's1', 'as_of': '2s'}"),
            &[
                "found a copy of 2s for a fault at 1s, expected a time not after the fault",
                "found a copy of 2s for a fault at 1s, expected a time not after the fault",
            ],
        ),
        (
            with("{'fault': 'federation_down', 'between': 's1', 'and': 's1'}, {'fault': 'olm_sessions_lost', 'device': 'A1', 'peer': 'A1'}, {'fault': 'poisoned_edu', 'device': 'A1', 'at': 's1'}"),
            &[
                "found the same one twice, expected another server",
                "found the same one twice, expected another device",
                "found the same one twice, expected a server that is not the device's own",
            ],
        ),
        (
            with("{'fault': 'olm_corrupted', 'which': {'sender': 'A1', 'recipient': 'A1'}}"),
            &["found messages from \"A1\" to itself, expected a filter that something fits"],
        ),
        (
            with("{'fault': 'crash', 'device': 'A1', 'point': {'after_persist': 1, 'after_request': 1}}, {'fault': 'crash', 'device': 'A1', 'point': {'after_persist': 0}}, {'fault': 'crash', 'device': 'A1', 'point': 'later'}"),
            &[
                "found an object with 2 fields, expected \"before_step\", {\"after_persist\": n}, \
                 {\"before_persist\": n} or {\"after_request\": n}",
                "found the number 0, expected a whole number from 1 to 1000000",
                "found \"later\", expected \"before_step\", {\"after_persist\": n}, {\"before_persist\": n} or \
                 {\"after_request\": n}",
            ],
        ),
        (
            with("{'fault': 'forged_withheld', 'sender': 'A1', 'recipient': 'A1', 'content': {'code': 'm.no_olm', 'session_id': 'x'}}"),
            &["found \"x\", expected null, {\"text\": \"...\"} or {\"not_a_string\": true}; the session of a message is \
               named by \"session_of\""],
        ),
        (
            with("{'fault': 'forged_withheld', 'sender': 'A1', 'recipient': 'A1', 'content': {'code': null}}"),
            &["found the same one twice, expected another device"],
        ),
        (
            with("{'fault': 'forged_withheld', 'sender': 'A1', 'recipient': 'B1', 'content': {'code': null, 'algorithm': 'rot13'}}"),
            &["found \"rot13\", expected \"m.megolm.v1.aes-sha2\", null or {\"text\": \"...\"}"],
        ),
        (
            steps(SEND).replace("]}", r#"], "faults": [{"fault": "forged_withheld", "sender": "A1", "recipient": "B1", "content": {"code": null, "session_id": {"text": "x"}, "session_of": "m1"}}]}"#).replacen("], \"faults\": [{\"fault\": \"forged_withheld\", \"sender\": \"A1\", \"recipient\": \"B1\", \"content\": {\"code\": null, \"session_id\": {\"text\": \"x\"}, \"session_of\": \"m1\"}}]}, \"bob\"", "]}, \"bob\"", 1),
            &["found a \"session_id\" beside \"session_of\", expected one of the two"],
        ),
    ]);
}

/// A room of alice alone, with one message and this expectation.
fn expecting(expect: &str) -> String {
    file(&format!(
        r#""rooms": {{"r": {{"members": ["alice"]}}}}, "timeline": [{SEND}], "expect": {}"#,
        expect.replace('\'', "\"")
    ))
}

#[test]
fn verdicts_that_cannot_hold() {
    check(&[
        (
            expecting(
                "{'verdicts': {'m2': {'A2': 'delivered'}, 'm1': {'A3': 'delivered', 'A2': 'deliverd'}}}",
            ),
            &[
                "found \"m2\", expected the name of a message; did you mean \"m1\"?",
                "found \"A3\", expected the name of a device, a user or a group of users; did you mean \"A1\"?",
                "found \"deliverd\", expected a verdict: \"delivered\", \"not-a-member\", \"invited-only\", \
                 \"device-newer-than-message\", \"non-cryptographic\", \"gone\", \"lost-in-transport\", \"opted-out\", \
                 \"membership-not-seen\", \"unaware\", \"stale-list\", \"list-change-not-told\" or 26 others; \
                 did you mean \"delivered\"?",
            ],
        ),
        (
            expecting("{'verdicts': {'m1': {'A1': 'delivered'}}}"),
            &[
                "found the device that sends the message: \"A1\" for \"m1\", expected another device: this one has no verdict",
            ],
        ),
        (
            expecting("{'verdicts': {'m1': {'B1': 'delivered'}}}"),
            &[
                "found a device whose user is never in the room: \"B1\" for \"m1\", expected a device of a member",
            ],
        ),
        (
            expecting("{'verdicts': {'m1': {'A2': 'delivered', 'alice': 'withheld'}}}"),
            &[
                "found a second verdict for a device: \"A2\" for \"m1\", expected one verdict for each message and device",
            ],
        ),
        (
            expecting("{'verdicts': {'m1': {'A2': 'withheld(m.blacklist)'}}}"),
            &[
                "found \"withheld(m.blacklist)\", expected a code in the brackets: \"m.blacklisted\", \"m.unverified\", \
               \"m.unauthorised\", \"m.unavailable\", \"m.no_olm\", \"m.history_not_shared\"; did you mean \"m.blacklisted\"?",
            ],
        ),
        (
            expecting("{'verdicts': {'m1': {'A2': 'delivered(m.no_olm)'}}, 'others': 7}"),
            &[
                "found \"delivered(m.no_olm)\", expected \"delivered\" without a code",
                "found the number 7, expected a verdict such as \"delivered\" or \"withheld(m.blacklisted)\"",
            ],
        ),
    ]);
}

#[test]
fn violations_and_notices_that_cannot_hold() {
    check(&[
        (
            expecting(
                "{'violations': [{'rule': 'W-99', 'party': 'A1'}, {'rule': 'W-09', 'party': 'alice'}, {'rule': 'W-09', 'party': 's1'}, {'rule': 'W-09', 'party': 's1'}]}",
            ),
            &[
                "found \"W-99\", expected the id of a rule: \"K-01\", \"K-02\", \"K-03\", \"K-04\", \"K-05\", \"K-06\", \
                 \"K-07\", \"K-08\", \"K-09\", \"K-10\", \"K-11\", \"K-12\" or 151 others; did you mean \"W-09\"?",
                "found \"alice\", a user, expected the name of a device or a server, or \"world\"; alice has a device \"A1\"",
                "found W-09 by the same party a second time, expected each violation once",
            ],
        ),
        (
            expecting(
                "{'notices': [{'from': 'A1', 'to': 'A1', 'code': 'm.no_olm'}, {'from': 'A1', 'to': 'A2', 'code': 'm.no_olm'}, {'from': 'A1', 'to': 'A2', 'code': 'm.no_olm', 'count': 2}], 'digest': '12'}",
            ),
            &[
                "found notices from A1 to itself, expected two devices",
                "found a second number of m.no_olm between these devices, expected one number for each code and pair",
                "found \"12\", expected 16 digits from 0 to f, or \"any\"",
            ],
        ),
    ]);
}
