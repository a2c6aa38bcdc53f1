//! What the tests of problems share: a good file to spoil, and a look at what is told about it.
//! It does not know which problems there should be.

use crate::scenario::file::read;
use crate::scenario::limits::Limits;

/// The problems of a file, each as "found ..., expected ...; hint" without its place.
pub(super) fn told(text: &str) -> Vec<String> {
    let problems = read(text, &Limits::FILES).err().unwrap_or_default();
    let places: Vec<_> = problems.iter().map(|problem| (problem.line, problem.column)).collect();
    assert!(places.is_sorted(), "{places:?}");
    let without_place = |problem: String| problem.split_once(": ").unwrap().1.to_owned();
    problems.iter().map(|problem| without_place(problem.to_string())).collect()
}

/// A good file with two users of two devices each, one room, and these further fields.
pub(super) fn file(fields: &str) -> String {
    format!(
        r#"{{"format": 1, "about": "A test.",
            "users": {{"alice": {{"devices": ["A1", "A2"]}}, "bob": {{"devices": {{"B1": {{}}, "B2": {{"present": false}}}}}}}}{}{fields}}}"#,
        if fields.is_empty() { "" } else { ", " }
    )
}

/// A file with this timeline.
pub(super) fn steps(steps: &str) -> String {
    file(&format!("\"timeline\": [{steps}]"))
}

/// Every problem that these files have, in order.
pub(super) fn check(cases: &[(String, &[&str])]) {
    for (text, expected) in cases {
        assert_eq!(told(text), *expected, "{text}");
    }
}

/// A step that sends a message from A1.
pub(super) const SEND: &str = r#"{"at": "1s", "do": "send", "from": "A1", "message": "m1"}"#;
