//! A large room of any size, always in the same proportions: two senders with fifty messages each, a fifth of the devices not signed
//! and so given no key, one in twenty without one-time keys, ten users who come or go while messages are sent.
//! It does not know what it costs.

use std::fmt::Write as _;

use withheld::scenario::file;
use withheld::scenario::limits::Limits;
use withheld::scenario::model::Scenario;

/// How many messages are sent.
pub(crate) const MESSAGES: usize = 100;
/// How many users leave, and how many join.
const MOVES: usize = 5;

/// A room with so many devices, two to a user.
pub(crate) fn room(devices: usize) -> Scenario {
    let users = devices / 2;
    let (unsigned, keyless) = (users / 5, users / 20);
    let guests = (users / 50).max(2 * MOVES);
    let plain = users - 1 - unsigned - keyless - guests;
    let text = format!(
        r#"{{
        "format": 1,
        "about": "{devices} devices, {MESSAGES} messages, a fifth withheld, one in twenty without one-time keys",
        "each_device": {{ "policy": {{ "share": "cross_signed" }} }},
        "users": {{
            "sender": {{ "devices": ["S1", "S2"] }},
            "plain": {{ "count": {plain}, "devices": 2 }},
            "unsigned": {{ "count": {unsigned}, "devices": 2, "cross_signing": false }},
            "keyless": {{ "count": {keyless}, "devices": 2, "each_device": {{ "one_time_keys": 0, "fallback_key": false }} }},
            "guest": {{ "count": {guests}, "devices": 2 }}
        }},
        "rooms": {{ "hall": {{ "members": ["sender", "plain", "unsigned", "keyless"{}] }} }},
        "timeline": [{}]
    }}"#,
        members(guests),
        timeline()
    );
    file::read(&text, &Limits::FILES).expect("the scenario is well formed")
}

/// The guests that are there from the start: all but those who join.
fn members(guests: usize) -> String {
    let mut names = String::new();
    for guest in (1..=MOVES).chain(2 * MOVES + 1..=guests) {
        write!(names, r#", "guest{guest}""#).expect("memory takes what is written");
    }
    names
}

/// Both senders in turn every ten seconds; a guest leaves every 200 seconds, and another one joins in between.
fn timeline() -> String {
    let each = MESSAGES / 2;
    let send = |at: usize, from: &str, name: &str| {
        format!(
            r#"{{ "at": "{at}s", "do": "send_many", "from": "{from}", "message": "{name}", "count": {each}, "every": "20s" }}"#
        )
    };
    let moves = |number: usize| {
        let (leaves, joins) = (number + 1, number + 1 + MOVES);
        let at = 110 + 200 * number;
        let one = |at: usize, guest: usize, membership: &str| {
            let (minutes, seconds) = (at / 60, at % 60);
            format!(
                r#"{{ "at": "{minutes}m{seconds}s", "do": "member", "device": "guest{guest}.1", "membership": "{membership}" }}"#
            )
        };
        [one(at, leaves, "leave"), one(at + 100, joins, "join")]
    };
    let mut steps = vec![send(10, "S1", "a"), send(20, "plain1.1", "b")];
    steps.extend((0..MOVES).flat_map(moves));
    steps.join(", ")
}
