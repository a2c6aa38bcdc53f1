//! What cannot be read is told at its place, once, with what was expected; what follows from it is not told.
//! Files that can be read and make no sense are tested elsewhere.

use super::spoil::{SEND, check, file, steps};

#[test]
fn the_file_that_the_other_tests_spoil_is_good() {
    check(&[(file(""), &[]), (steps(SEND), &[])]);
}

#[test]
fn fields_that_are_unknown_missing_or_there_twice() {
    check(&[
        (
            file("").replace("about", "abuot"),
            &[
                "found an unknown field \"abuot\", expected one of \"format\", \"about\", \"$schema\", \"rules\", \
               \"seed\", \"horizon\", \"each_device\", \"servers\", \"users\", \"rooms\", \"network\", \"timeline\" \
               or 3 others; did you mean \"about\"?",
            ],
        ),
        (
            r#"{"about": "x", "users": {}}"#.into(),
            &["found an object without \"format\", expected the field \"format\""],
        ),
        (file("\"seed\": 1, \"seed\": 2"), &["found a second \"seed\", expected it once"]),
        (
            steps(r#"{"at": "1s", "do": "send", "form": "A1", "message": "m1"}"#),
            &[
                "found an unknown field \"form\", expected one of \"at\", \"do\", \"from\", \"room\", \"message\"; \
               did you mean \"from\"?",
            ],
        ),
        (
            steps(
                r#"{"at": "1s", "do": "sned", "from": "A1", "message": "m1"}, {"at": "2s", "do": "cancel_request", "device": "A2", "message": "m1"}"#,
            ),
            &[
                "found \"sned\", expected a step: \"send\", \"send_many\", \"login\", \"logout\", \"member\", \
               \"history_visibility\", \"encryption\", \"cross_sign\", \"reset_identity\", \"verify\", \
               \"unverify\", \"block\" or 8 others; did you mean \"send\"?",
            ],
        ),
        (
            steps(r#"{"at": "1s", "doo": "send", "from": "A1", "message": "m1"}"#),
            &["found an object without \"do\", expected the field \"do\" with a step; \
               did you mean \"do\" by \"doo\"?"],
        ),
        (
            file(r#""faults": [{"fault": "crash", "device": "B1", "until": "1s", "at": "1s"}]"#),
            &[
                "found an unknown field \"at\", expected one of \"from\", \"until\", \"fault\", \"device\", \"point\"; \
               a fault begins at \"from\"",
            ],
        ),
        (
            file(
                r#""faults": [{"fault": "olm_sessions_lost", "device": "B1", "peer": "A1", "until": "1s"}]"#,
            ),
            &[
                "found an unknown field \"until\", expected one of \"from\", \"fault\", \"device\", \"peer\"; \
               this fault strikes once, at \"from\"; leave \"until\" out",
            ],
        ),
    ]);
}

#[test]
fn values_of_a_wrong_type_or_out_of_range() {
    check(&[
        ("[]".into(), &["found a list, expected an object"]),
        ("7".into(), &["found the number 7, expected an object"]),
        (
            file("").replace("\"format\": 1", "\"format\": 2"),
            &[
                "found the number 2, expected 1, the only version of the format that this reader knows",
            ],
        ),
        (
            file("").replace("A test.", " "),
            &["found an empty text, expected a sentence that says what is shown"],
        ),
        (
            file("\"seed\": -1, \"horizon\": 5, \"rules\": [\"W-9\", \"W-09\", \"W-09\"]"),
            &[
                "found the number -1, expected a whole number from 0 to 18446744073709551615",
                "found the number 5, expected a time such as \"500ms\", \"10s\", \"1h30m\" or \"7d\"",
                "found \"W-9\", expected the id of a rule: \"K-01\", \"K-02\", \"K-03\", \"K-04\", \"K-05\", \"K-06\", \
                 \"K-07\", \"K-08\", \"K-09\", \"K-10\", \"K-11\", \"K-12\" or 151 others; did you mean \"W-09\"?",
                "found a second W-09, expected it once",
            ],
        ),
        (
            file("\"horizon\": \"0s\""),
            &["found no time at all, expected a horizon after the start"],
        ),
        (
            file(
                "\"network\": {\"client\": {\"min\": \"2s\", \"max\": \"1s\"}, \"federation\": \"fast\"}",
            ),
            &[
                "found a delay from 2s to 1s, expected a \"min\" that is not above \"max\"",
                "found \"fast\", expected a time such as \"500ms\", \"10s\", \"1h30m\" or \"7d\"",
            ],
        ),
        (
            file(
                r#""each_device": {"one_time_keys": 1001, "fallback_key": "yes", "keys": "fulll"}"#,
            ),
            &[
                "found the number 1001, expected a whole number from 0 to 1000",
                "found \"yes\", expected true or false",
                "found \"fulll\", expected a set of published keys: \"full\", \"unknown_algorithms\", \"none\"; \
                 did you mean \"full\"?",
            ],
        ),
        (
            file(
                r#""each_device": {"policy": {"report": ["m.unauthorized"]}, "habits": {"put_failed": 3}}"#,
            ),
            &[
                "found \"m.unauthorized\", expected a code: \"m.blacklisted\", \"m.unverified\", \"m.unauthorised\", \
                 \"m.unavailable\", \"m.no_olm\", \"m.history_not_shared\"; did you mean \"m.unauthorised\"?",
                "found the number 3, expected what a failed sendToDevice leads to: \"retry_same_txn\", \
                 \"retry_new_txn\", \"swallow\"",
            ],
        ),
        (
            file(r#""each_device": {"policy": {"report": "some"}}"#),
            &["found \"some\", expected \"all\", \"none\" or a list of codes"],
        ),
    ]);
}

#[test]
fn profiles_and_habits_that_nobody_has() {
    check(&[
        (
            file(r#""each_device": {"profile": "mautrix-gp"}"#),
            &["found \"mautrix-gp\", expected a profile: \"specification\", \"matrix-rust-sdk\", \
                 \"matrix-js-sdk-legacy\", \"mautrix-go\", \"mautrix-python\", \"element-android-legacy\", \
                 \"element-ios-legacy\", \"hydrogen\", \"matrix-nio\", \"trixnity\", \"nheko\", \"libquotient\" or 2 others; \
                 did you mean \"mautrix-go\"?"],
        ),
        (
            file(
                r#""servers": {"s1": {"habits": {"mailbox": "backwards", "one_time_key": "once"}}}"#,
            ),
            &[
                "found \"backwards\", expected how a mailbox is listed: \"in_order\", \"newest_first\", \"drops_rest\"",
                "found an unknown field \"one_time_key\", expected one of \"one_time_keys\", \"one_time_key_order\", \
                 \"gives_fallback_keys\", \"mailbox\"; did you mean \"one_time_keys\"?",
            ],
        ),
    ]);
}

#[test]
fn names_that_are_no_names_or_are_taken() {
    check(&[
        (
            file("").replace("\"bob\"", "\"alice\""),
            &["found a second \"alice\", expected a name that no other server, user or device has"],
        ),
        (
            file("").replace("\"A2\"", "\"bob\""),
            &["found a second \"bob\", expected a name that no other server, user or device has"],
        ),
        (
            file("").replace("\"B1\": {}", "\"B1\": {}, \"B1\": {}"),
            &["found a second \"B1\", expected a name that no other server, user or device has"],
        ),
        (
            file("").replace("alice", "al ice"),
            &["found \"al ice\", expected a name that fits ^[A-Za-z0-9][A-Za-z0-9._:-]*$"],
        ),
        (
            file("").replace("alice", "world"),
            &["found the word \"world\", expected a name; this word means something itself"],
        ),
        (
            file("").replace("\"bob\"", "\"Alice\""),
            &[
                "found a second user with the Matrix id of \"alice\", expected a name that differs in more than upper \
               and lower case",
            ],
        ),
        (file("\"rooms\": {\"r\": {}, \"r\": {}}"), &["found a second \"r\", expected it once"]),
        (
            steps(&format!("{SEND}, {SEND}")),
            &["found a second message \"m1\", expected a name that no other message has"],
        ),
        (
            steps(&format!(
                r#"{SEND}, {{"at": "1s", "do": "send_many", "from": "A1", "message": "m", "count": 1, "every": "1s"}}"#
            )),
            &["found a second message \"m1\", expected a name that no other message has"],
        ),
        (
            file("").replace("\"B1\": {}", "\"B1\": {\"device_id\": \"B 1\"}"),
            &["found \"B 1\", expected a device id of visible ASCII characters"],
        ),
    ]);
}

#[test]
fn names_far_from_any_are_answered_with_what_there_is_of_each_kind() {
    check(&[
        (
            steps(r#"{"at": "1s", "do": "block", "device": "Z99", "target": "nobody"}"#),
            &[
                "found \"Z99\", expected the name of a device; the devices are \"A1\", \"A2\", \"B1\", \"B2\"",
                "found \"nobody\", expected the name of a user or a device; \
                 the devices are \"A1\", \"A2\", \"B1\", \"B2\", the users are \"alice\", \"bob\"",
            ],
        ),
        (
            steps(
                r#"{"at": "1s", "do": "send", "from": "A1", "room": "kitchen", "message": "m1"}"#,
            ),
            &["found \"kitchen\", expected the name of a room; the only room is \"room\""],
        ),
        (
            steps(&format!(
                r#"{SEND}, {{"at": "2s", "do": "request_key", "device": "B1", "message": "hello"}}"#
            )),
            &["found \"hello\", expected the name of a message; the only message is \"m1\""],
        ),
        (
            file(r#""faults": [{"fault": "server_goes_away", "server": "s"}]"#),
            &[
                "found \"server_goes_away\", expected a fault: \"server_restored\", \"server_unreachable\", \
               \"one_time_keys_run_out\", \"no_fallback_key\", \"keys_claimed_by_stranger\", \"claim_fails\", \
               \"key_handed_out_twice\", \"keys_out_of_order\", \"counts_omitted\", \"upload_rejected\", \
               \"federation_down\", \"to_device_delayed\" or 25 others",
            ],
        ),
    ]);
}

#[test]
fn names_that_nothing_has() {
    check(&[
        (
            steps(r#"{"at": "1s", "do": "block", "device": "A3", "target": "bobb"}"#),
            &[
                "found \"A3\", expected the name of a device; did you mean \"A1\"?",
                "found \"bobb\", expected the name of a user or a device; did you mean \"bob\"?",
            ],
        ),
        (
            steps(r#"{"at": "1s", "do": "send", "from": "alice", "message": "m1"}"#),
            &["found \"alice\", a user, expected the name of a device; alice has a device \"A1\""],
        ),
        (
            steps(r#"{"at": "1s", "do": "send", "from": "A1", "room": "rom", "message": "m1"}"#),
            &["found \"rom\", expected the name of a room; did you mean \"room\"?"],
        ),
        (
            file(&format!("\"rooms\": {{\"a\": {{}}, \"b\": {{}}}}, \"timeline\": [{SEND}]")),
            &["found an object without \"room\", expected the field \"room\""],
        ),
        (
            steps(&format!(
                r#"{SEND}, {{"at": "2s", "do": "request_key", "device": "B1", "message": "m2"}}"#
            )),
            &["found \"m2\", expected the name of a message; did you mean \"m1\"?"],
        ),
        (
            file("")
                .replace("[\"A1\", \"A2\"]", "[\"A1\"], \"server\": \"s2\"")
                .replace("\"about\"", "\"servers\": {\"s1\": {}}, \"about\""),
            &["found \"s2\", expected the name of a server; did you mean \"s1\"?"],
        ),
        (
            file(
                r#""rooms": {"r": {"members": ["alice", "alise", "A1", 5, {"user": "bob", "membership": "in"}, "alice"]}}"#,
            ),
            &[
                "found \"alise\", expected the name of a user or a group of users; did you mean \"alice\"?",
                "found \"A1\", a device, expected the name of a user or a group of users",
                "found the number 5, expected the name of a user or a group of users",
                "found \"in\", expected a membership: \"join\", \"invite\", \"leave\", \"ban\"",
                "found a second membership of \"alice\", expected one membership for each user",
            ],
        ),
        (
            file("").replace("\"bob\": {", "\"bob\": {\"count\": 2, "),
            &["found names of devices for a group of 2 users, expected a number of devices"],
        ),
    ]);
}

#[test]
fn what_follows_from_a_problem_is_no_problem() {
    check(&[
        // Everything of bob is unknown because his record is no object, and so is everything that names it.
        (
            r#"{"format": 1, "about": "x", "users": {"alice": {}, "bob": []}, "rooms": {"r": {}},
                "timeline": [{"at": "1s", "do": "send", "from": "B1", "message": "m"}, {"at": "2s", "do": "block", "device": "B1", "target": "B2"}],
                "expect": {"verdicts": {"m": {"B7": "delivered"}}}}"#.into(),
            &["found a list, expected an object"],
        ),
        // A misspelt part is the part.
        (
            file(r#""timelin": [{"at": "1s", "do": "send", "from": "A1", "message": "m"}], "expect": {"verdicts": {"m": {"B1": "delivered"}}}"#),
            &["found an unknown field \"timelin\", expected one of \"format\", \"about\", \"$schema\", \"rules\", \
               \"seed\", \"horizon\", \"each_device\", \"servers\", \"users\", \"rooms\", \"network\", \"timeline\" \
               or 3 others; did you mean \"timeline\"?"],
        ),
        (
            r#"{"format": 1, "about": "x", "users": {"alice": {"device": ["A1"]}},
                "timeline": [{"at": "1s", "do": "send", "from": "A1", "message": "m"}]}"#.into(),
            &["found an unknown field \"device\", expected one of \"count\", \"server\", \"cross_signing\", \"devices\", \
               \"each_device\"; did you mean \"devices\"?"],
        ),
        // A message whose step is wrong elsewhere has its name all the same.
        (
            steps(r#"{"at": "1s", "do": "send", "from": "A9", "message": "m"}, {"at": "2s", "do": "request_key", "device": "B1", "message": "m"}"#),
            &["found \"A9\", expected the name of a device; did you mean \"A1\"?"],
        ),
        (
            file(r#""rooms": {"r": {"members": "everybody"}}, "timeline": [{"at": "1s", "do": "send", "from": "A1", "message": "m"}]"#),
            &["found \"everybody\", expected a list"],
        ),
    ]);
}
