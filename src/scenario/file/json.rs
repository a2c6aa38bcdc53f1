//! JSON text to a tree with the place of every value: strict JSON, bounded in size and depth before it is parsed.
//! It does not know what a scenario is.

use jsonc_parser::ast::Value;
use jsonc_parser::common::Ranged;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};

use super::problem::{Problems, Span, quoted};
use crate::scenario::limits::Limits;

/// A JSON value with its place.
pub(super) type Node<'t> = Value<'t>;

/// The place of a value.
pub(super) fn span(node: &Node<'_>) -> Span {
    let range = node.range();
    Span::new(range.start, range.end)
}

/// What a value is, for "found ...".
pub(super) fn describe(node: &Node<'_>) -> String {
    match node {
        Value::StringLit(text) => quoted(&text.value),
        Value::NumberLit(number) => {
            format!("the number {}", number.value.get(..40).unwrap_or(number.value))
        }
        Value::BooleanLit(flag) => flag.value.to_string(),
        Value::Object(_) => "an object".to_owned(),
        Value::Array(_) => "a list".to_owned(),
        Value::NullKeyword(_) => "null".to_owned(),
    }
}

/// The text of a string value.
pub(super) fn text<'n>(node: &'n Node<'_>) -> Option<&'n str> {
    match node {
        Value::StringLit(text) => Some(&text.value),
        Value::NumberLit(_)
        | Value::BooleanLit(_)
        | Value::Object(_)
        | Value::Array(_)
        | Value::NullKeyword(_) => None,
    }
}

/// The digits of a number value, as they stand.
pub(super) fn number<'n>(node: &'n Node<'_>) -> Option<&'n str> {
    match node {
        Value::NumberLit(number) => Some(number.value),
        Value::StringLit(_)
        | Value::BooleanLit(_)
        | Value::Object(_)
        | Value::Array(_)
        | Value::NullKeyword(_) => None,
    }
}

/// The fields of an object value in their order: name, place of the name, value.
pub(super) fn properties<'n>(
    node: &'n Node<'_>,
) -> Option<impl Iterator<Item = (&'n str, Span, &'n Node<'n>)>> {
    match node {
        Value::Object(object) => Some(object.properties.iter().map(|property| {
            let range = property.name.range();
            (property.name.as_str(), Span::new(range.start, range.end), &property.value)
        })),
        Value::StringLit(_)
        | Value::NumberLit(_)
        | Value::BooleanLit(_)
        | Value::Array(_)
        | Value::NullKeyword(_) => None,
    }
}

/// The elements of a list value.
pub(super) fn elements<'n>(node: &'n Node<'_>) -> Option<&'n [Node<'n>]> {
    match node {
        Value::Array(list) => Some(&list.elements),
        Value::StringLit(_)
        | Value::NumberLit(_)
        | Value::BooleanLit(_)
        | Value::Object(_)
        | Value::NullKeyword(_) => None,
    }
}

/// The value of the field `name`, the first one if there are several.
pub(super) fn member<'n>(node: &'n Node<'_>, name: &str) -> Option<&'n Node<'n>> {
    properties(node)?.find(|(known, _, _)| *known == name).map(|(_, _, value)| value)
}

/// Parses `text`. A byte order mark at its start must have been replaced by white space.
///
/// `None` if it is no JSON; then a problem was noted. `serde_json` decides what JSON is, because it is the stricter
/// of the two parsers; the other one knows the places.
pub(super) fn parse<'t>(
    text: &'t str,
    limits: &Limits,
    problems: &mut Problems,
) -> Option<Node<'t>> {
    if text.len() > limits.file_bytes {
        let found = format!("a file of {} bytes", text.len());
        let expected = format!("at most {} (limit \"file_bytes\")", limits.file_bytes);
        problems.report(Span::default(), found, expected);
        return None;
    }
    if let Some(place) = too_deep(text, limits.nesting) {
        let found = format!("brackets nested {} deep", limits.nesting + 1);
        let expected = format!("at most {} (limit \"nesting\")", limits.nesting);
        problems.report(Span::new(place, place + 1), found, expected);
        return None;
    }
    if let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(text) {
        not_json(text, &error, problems);
        return None;
    }
    match parse_to_ast(text, &CollectOptions::default(), &STRICT) {
        Ok(parsed) => parsed.value,
        Err(error) => {
            let range = error.range();
            let kind = error.kind().to_string().to_lowercase();
            problems.report(Span::new(range.start, range.end), kind, "JSON");
            None
        }
    }
}

/// Nothing that JSON does not have.
const STRICT: ParseOptions = ParseOptions {
    allow_comments: false,
    allow_loose_object_property_names: false,
    allow_trailing_commas: false,
    allow_missing_commas: false,
    allow_single_quoted_strings: false,
    allow_hexadecimal_numbers: false,
    allow_unary_plus_numbers: false,
    allow_bare_decimal_point_numbers: false,
    allow_non_finite_numbers: false,
    allow_extended_string_escapes: false,
};

/// The first bracket that is nested deeper than `most`. Brackets in strings do not count. Parsers recurse, so this
/// must be known before one of them runs.
fn too_deep(text: &str, most: usize) -> Option<usize> {
    let mut depth = 0_usize;
    let mut in_string = false;
    let mut escaped = false;
    for (place, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'{' | b'[' => {
                depth += 1;
                if depth > most {
                    return Some(place);
                }
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    None
}

/// Notes why `text` is no JSON.
fn not_json(text: &str, error: &serde_json::Error, problems: &mut Problems) {
    let message = error.to_string();
    let message = message.split(" at line ").next().unwrap_or(&message);
    if text.trim().is_empty() {
        problems.report(Span::default(), "an empty file", "a JSON object");
        return;
    }
    let place = offset(text, error.line(), error.column());
    if error.is_eof() {
        let what = message.strip_prefix("EOF while parsing ").unwrap_or("a value");
        let end = text.trim_end().len();
        problems.report(Span::new(end, end), "the end of the file", format!("the rest of {what}"));
        return;
    }
    let letter = text[place..].chars().next();
    let found =
        letter.map_or("the end of the file".to_owned(), |letter| quoted(&letter.to_string()));
    let is_after_comma = text[..place].trim_end().ends_with(',');
    let expected = match message {
        _ if matches!(letter, Some(']' | '}')) && is_after_comma => {
            "a value after the comma, or no comma"
        }
        "key must be a string" => "a name in double quotes",
        "trailing characters" => "the end of the file after the first value",
        "expected value" | "expected ident" => "a value",
        "invalid number" => "a number as JSON writes it",
        "invalid escape" => "an escape that JSON has, such as \\n or \\u00e4",
        _ if message.starts_with("control character") => {
            "an escape such as \\n for a control character"
        }
        _ => message.strip_prefix("expected ").unwrap_or(message),
    };
    let hint = match letter {
        Some('/' | '#') => Some("JSON has no comments"),
        Some('\'') => Some("strings stand in double quotes"),
        Some(_) | None => None,
    };
    let end = place + letter.map_or(0, char::len_utf8);
    let hint = hint.map(str::to_owned);
    problems.report_with_hint(Span::new(place, end), found, expected, hint);
}

/// The offset of a line and a column in bytes, both counted from 1, at a boundary of characters within the text.
fn offset(text: &str, line: usize, column: usize) -> usize {
    let start = match line.checked_sub(2) {
        None => 0,
        Some(skipped) => text.match_indices('\n').nth(skipped).map_or(0, |(at, _)| at + 1),
    };
    text.floor_char_boundary((start + column.saturating_sub(1)).min(text.len()))
}

#[cfg(test)]
mod tests {
    use super::{parse, too_deep};
    use crate::scenario::file::problem::Problems;
    use crate::scenario::limits::Limits;

    fn problem(text: &str) -> String {
        let mut problems = Problems::default();
        assert!(parse(text, &Limits::FILES, &mut problems).is_none(), "{text:?} was taken");
        let told = problems.finish(text);
        assert_eq!(told.len(), 1, "{told:?}");
        told[0].to_string()
    }

    #[test]
    fn what_is_no_json_is_told_with_its_place() {
        for (text, told) in [
            ("", "1:1: found an empty file, expected a JSON object"),
            (" \n ", "1:1: found an empty file, expected a JSON object"),
            ("[1,]", "1:4: found \"]\", expected a value after the comma, or no comma"),
            ("{\"a\":1", "1:7: found the end of the file, expected the rest of an object"),
            ("{a:1}", "1:2: found \"a\", expected a name in double quotes"),
            ("[1]\n2", "2:1: found \"2\", expected the end of the file after the first value"),
            (
                "{\n// x\n}",
                "2:1: found \"/\", expected a name in double quotes; JSON has no comments",
            ),
            ("['a']", "1:2: found \"'\", expected a value; strings stand in double quotes"),
            ("[01]", "1:3: found \"1\", expected a number as JSON writes it"),
        ] {
            assert_eq!(problem(text), told);
        }
        assert!(problem("[\"a\tb\"]").contains("an escape such as \\n"));
        assert!(problem("[\"\\x\"]").contains("an escape that JSON has"));
        assert!(problem("[1 2]").contains("`,` or `]`"));
        assert!(problem("[+1]").starts_with("1:2: found \"+\""));
        assert!(problem("[NaN]").starts_with("1:2: found \"N\""));
        assert!(problem("[\"\\ud800\"]").starts_with("1:"));
    }

    #[test]
    fn depth_is_counted_outside_of_strings() {
        assert_eq!(too_deep("[[\"[[[\\\"[[[\"]]", 2), None);
        assert_eq!(too_deep("[[[", 2), Some(2));
        assert_eq!(too_deep("[][][][]", 1), None);
        let deep = "[".repeat(1_000_000);
        assert!(problem(&deep).contains("limit \"nesting\""));
    }

    #[test]
    fn a_file_beyond_the_limit_is_not_parsed() {
        let limits = Limits { file_bytes: 4, ..Limits::FILES };
        let mut problems = Problems::default();
        assert!(parse("[1,2]", &limits, &mut problems).is_none());
        let told = problems.finish("[1,2]");
        assert_eq!(told[0].found, "a file of 5 bytes");
        assert_eq!(told[0].expected, "at most 4 (limit \"file_bytes\")");
    }
}
