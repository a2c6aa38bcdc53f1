//! The one edit that is made to a scenario file: its digest is set, and every other byte stays.
//! It does not know what a digest is of.

use std::ops::Range;

use jsonc_parser::ast::{Object, ObjectProp, Value};
use jsonc_parser::common::Ranged;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};

/// `text`, a JSON object, with `digest` as the value of `expect.digest`: in the place of the old one, or as a new last
/// field of `expect`, which is added at the end if there is none. `None` if `text` is not such an object.
#[must_use]
pub fn with_digest(text: &str, digest: u64) -> Option<String> {
    let value = format!("\"{digest:016x}\"");
    let parsed = parse_to_ast(text, &CollectOptions::default(), &ParseOptions::default()).ok()?;
    let Some(Value::Object(root)) = parsed.value else { return None };
    let Some(expect) = field(&root, "expect") else {
        let margin = margin_of(text, &root);
        let body = format!("\"expect\": {{\n{margin}{margin}\"digest\": {value}\n{margin}}}");
        return Some(appended(text, &root, &body));
    };
    let Value::Object(expect) = &expect.value else { return None };
    match field(expect, "digest") {
        Some(old) => Some(replaced(text, range(&old.value), &value)),
        None => Some(appended(text, expect, &format!("\"digest\": {value}"))),
    }
}

fn field<'o, 't>(object: &'o Object<'t>, name: &str) -> Option<&'o ObjectProp<'t>> {
    object.properties.iter().find(|one| one.name.as_str() == name)
}

fn range(node: &impl Ranged) -> Range<usize> {
    node.start()..node.end()
}

fn replaced(text: &str, range: Range<usize>, by: &str) -> String {
    [&text[..range.start], by, &text[range.end..]].concat()
}

/// `text` with one more field at the end of `object`, on a line of its own if the last field stands on one.
fn appended(text: &str, object: &Object<'_>, field: &str) -> String {
    let Some(last) = object.properties.last() else {
        return replaced(text, range(object), &format!("{{ {field} }}"));
    };
    let line = text[..last.start()].rfind('\n').map_or(0, |feed| feed + 1);
    let before = &text[line..last.start()];
    let separator = if line > 0 && before.trim().is_empty() {
        let feed = if text[..line].ends_with("\r\n") { "\r\n" } else { "\n" };
        format!(",{feed}{before}")
    } else {
        ", ".to_owned()
    };
    let at = last.end();
    replaced(text, at..at, &format!("{separator}{field}"))
}

/// The white space in front of the first field of `object`, if that stands on a line of its own.
fn margin_of<'t>(text: &'t str, object: &Object<'_>) -> &'t str {
    let first = object.properties.first().map_or(0, Ranged::start);
    let line = text[..first].rfind('\n').map_or(0, |feed| feed + 1);
    let before = &text[line..first];
    if before.trim().is_empty() { before } else { "  " }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::with_digest;

    #[test]
    fn an_old_digest_is_replaced_and_no_other_byte_changes() {
        let text = "{\n\t\"expect\" : {\"digest\":\"0\" , \"others\": \"x\"},\r\n \"é\":1 }\n";
        let edited = "{\n\t\"expect\" : {\"digest\":\"00000000000000ab\" , \"others\": \"x\"},\r\n \"é\":1 }\n";
        assert_eq!(with_digest(text, 0xab).unwrap(), edited);
        assert_eq!(with_digest(edited, 0xab).unwrap(), edited);
    }

    #[test]
    fn a_new_digest_stands_like_its_neighbours() {
        let text = "{\n  \"expect\": {\n    \"others\": \"x\"\n  }\n}\n";
        let edited = "{\n  \"expect\": {\n    \"others\": \"x\",\n    \"digest\": \"0000000000000001\"\n  }\n}\n";
        assert_eq!(with_digest(text, 1).unwrap(), edited);
        assert_eq!(
            with_digest("{\"expect\":{\"others\":\"x\"}}", 1).unwrap(),
            "{\"expect\":{\"others\":\"x\", \"digest\": \"0000000000000001\"}}"
        );
        assert_eq!(
            with_digest("{\"expect\":{}}", 1).unwrap(),
            "{\"expect\":{ \"digest\": \"0000000000000001\" }}"
        );
        assert_eq!(
            with_digest("{\r\n \"expect\": {\r\n  \"others\": 1\r\n }\r\n}", 1).unwrap(),
            "{\r\n \"expect\": {\r\n  \"others\": 1,\r\n  \"digest\": \"0000000000000001\"\r\n }\r\n}"
        );
    }

    #[test]
    fn expect_is_added_where_there_is_none() {
        let edited = with_digest("{\n  \"about\": \"x\"\n}\n", 1).unwrap();
        assert_eq!(
            edited,
            "{\n  \"about\": \"x\",\n  \"expect\": {\n    \"digest\": \"0000000000000001\"\n  }\n}\n"
        );
        for text in ["{}", "{\"about\":\"x\"}"] {
            let edited: Value = serde_json::from_str(&with_digest(text, 1).unwrap()).unwrap();
            assert_eq!(edited["expect"]["digest"], "0000000000000001");
        }
    }

    #[test]
    fn what_is_not_an_object_with_an_object_is_not_edited() {
        for text in ["", "[]", "{", "{\"expect\": 1}"] {
            assert_eq!(with_digest(text, 1), None, "{text}");
        }
    }
}
