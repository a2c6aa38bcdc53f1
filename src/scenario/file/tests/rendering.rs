//! Problems as people see them, and files that are no text.
//! Which problems a file has does not matter here.

use super::spoil::{file, steps};
use crate::scenario::file::{read, read_bytes, render, render_coloured};
use crate::scenario::limits::Limits;

#[test]
fn bytes_that_are_no_text() {
    let told = |bytes: &[u8]| {
        let problems = read_bytes(bytes, &Limits::FILES).unwrap_err();
        assert_eq!(problems.len(), 1);
        let shown = render(&problems, "x.json", &String::from_utf8_lossy(bytes));
        assert!(shown.contains("UTF-8"), "{shown}");
        problems[0].to_string()
    };
    assert_eq!(
        told(b"{\n  \"\xff\": 1}"),
        "2:4: found the byte 0xff, which is not UTF-8 here, expected UTF-8 text"
    );
    assert_eq!(
        told(b"\xff\xfe{\0}\0"),
        "1:1: found UTF-16, expected UTF-8 text; save the file as UTF-8"
    );
    assert!(read_bytes(file("").as_bytes(), &Limits::FILES).is_ok());
}

#[test]
fn problems_are_shown_with_their_line_and_a_mark() {
    let text = steps(
        "\n  {\"at\": \"1s\", \"do\": \"block\", \"device\": \"A1\", \"target\": \"bobb\"}\n",
    );
    let problems = read(&text, &Limits::FILES).unwrap_err();
    let shown = render(&problems, "rooms/blocked.json", &text);
    let expected = "\
error: found \"bobb\"
 --> rooms/blocked.json:3:57
  |
3 |   {\"at\": \"1s\", \"do\": \"block\", \"device\": \"A1\", \"target\": \"bobb\"}
  |                                                         ^^^^^^ expected the name of a user or a device
  |
  = help: did you mean \"bob\"?

rooms/blocked.json: 1 problem
";
    assert_eq!(shown, expected);
    let coloured = render_coloured(&problems, "rooms/blocked.json", &text);
    assert!(coloured.contains("\u{1b}["));
    assert!(!shown.contains('\u{1b}'));
}

#[test]
fn a_long_line_is_shown_in_part_and_control_characters_not_at_all() {
    let text = format!(
        "{{\"format\": 1, {}\"about\": 5, \"\u{7f}\u{9b}\": 1, \"users\": {{}}}}",
        " ".repeat(100_000)
    );
    let problems = read(&text, &Limits::FILES).unwrap_err();
    assert_eq!(problems.len(), 2);
    let shown = render(&problems, "long\u{1b}[31m.json", &text);
    assert!(shown.len() < 2_000, "{}", shown.len());
    assert!(!shown.contains(['\u{7f}', '\u{9b}']), "{shown:?}");
    assert!(shown.contains(&format!(":1:{}", problems[0].column)));
}
