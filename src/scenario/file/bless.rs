//! A new digest in the text of a scenario file, and nothing else changed.
//! It does not know what the digest is of.

use serde_json::Value as Json;

use super::json::{self, Node};
use super::problem::{Problems, Span};
use crate::scenario::limits::Limits;

/// The text with `digest` as the expected one, in the place of the one that it has or, if it has none, added to what
/// it expects. Everything else stays as its author wrote it.
///
/// `None` if `text` is not a scenario file that [`read`](super::read) takes.
#[must_use]
pub fn with_digest(text: &str, digest: u64, limits: &Limits) -> Option<String> {
    super::read(text, limits).ok()?;
    let mark = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let (before, json) = text.split_at(mark);
    let root = json::parse(json, limits, &mut Problems::default())?;
    let value = Json::from(format!("{digest:016x}"));
    let (place, new) = match json::member(&root, "expect") {
        None => another_field(&root, json, &format!("\"expect\": {{ \"digest\": {value} }}")),
        Some(expect) => match json::member(expect, "digest") {
            Some(old) => (json::span(old), value.to_string()),
            None => another_field(expect, json, &format!("\"digest\": {value}")),
        },
    };
    Some(format!("{before}{}{new}{}", &json[..place.start], &json[place.end..]))
}

/// Where and how `field` is added to an object: behind its last field, in the layout of that.
fn another_field(object: &Node<'_>, text: &str, field: &str) -> (Span, String) {
    let span = json::span(object);
    let last = json::properties(object).and_then(|fields| fields.last());
    let Some((_, name, value)) = last else {
        return (Span::new(span.start + 1, span.end - 1), format!(" {field} "));
    };
    let end = json::span(value).end;
    let line = text[..name.start].rfind('\n').filter(|line| *line > span.start);
    let indent = match line {
        // The fields stand on lines of their own, and so does the new one.
        Some(line) => {
            let rest = &text[line + 1..name.start];
            format!("\n{}", &rest[..rest.len() - rest.trim_start().len()])
        }
        None => " ".to_owned(),
    };
    (Span::new(end, end), format!(",{indent}{field}"))
}

#[cfg(test)]
mod tests {
    use super::with_digest;
    use crate::scenario::file::read;
    use crate::scenario::limits::Limits;

    fn blessed(text: &str) -> String {
        let blessed = with_digest(text, 0xbeef, &Limits::FILES).unwrap();
        let scenario = read(&blessed, &Limits::FILES).unwrap();
        assert_eq!(scenario.expect.digest, Some(0xbeef), "{blessed}");
        blessed
    }

    #[test]
    fn a_digest_is_replaced_where_it_stands() {
        let text = r#"{"format": 1, "about": "x", "users": {"u": {}}, "expect": {"digest": "any",  "others": "any"}}"#;
        assert_eq!(blessed(text), text.replacen("\"any\"", "\"000000000000beef\"", 1));
        let marked = format!("\u{feff}{text}");
        assert!(blessed(&marked).starts_with("\u{feff}{\"format\": 1"));
    }

    #[test]
    fn a_digest_is_added_in_the_layout_of_the_file() {
        let short = r#"{"format": 1, "about": "x", "users": {"u": {}}}"#;
        assert_eq!(
            blessed(short),
            r#"{"format": 1, "about": "x", "users": {"u": {}}, "expect": { "digest": "000000000000beef" }}"#
        );
        let long = "{\n  \"format\": 1,\n  \"about\": \"x\",\n  \"users\": { \"u\": {} },\n  \"expect\": {\n    \
            \"others\": \"any\"\n  }\n}\n";
        assert_eq!(
            blessed(long),
            long.replace("\"any\"\n", "\"any\",\n    \"digest\": \"000000000000beef\"\n")
        );
        let empty = long.replace("\n    \"others\": \"any\"\n  ", " ");
        assert_eq!(blessed(&empty), empty.replace("{ }", "{ \"digest\": \"000000000000beef\" }"));
    }

    #[test]
    fn a_file_with_problems_gets_no_digest() {
        assert_eq!(with_digest("{}", 1, &Limits::FILES), None);
        assert_eq!(with_digest("", 1, &Limits::FILES), None);
    }
}
