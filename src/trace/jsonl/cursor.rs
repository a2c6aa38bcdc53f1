//! A line of JSON taken apart without copying it: values as pieces of the line, checked once from end to end.
//! It does not know what the values are for; it says where something else stands than what was asked for.

use std::borrow::Cow;

use crate::scenario::nearest::nearest;

/// How deep brackets may be nested in a line.
const NESTING: u32 = 16;
/// How much of a line is repeated in a message about it.
const SHOWN: usize = 40;

/// What is wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Malformed {
    /// The byte of the line at which it is wrong, counted from 0.
    pub(super) at: usize,
    /// What stands there.
    pub(super) found: String,
    /// What should.
    pub(super) expected: String,
    /// Whether the line ends where something was still to come.
    pub(super) cut: bool,
}

impl Malformed {
    /// A line that is wrong at this byte.
    pub(super) fn new(at: usize, found: String, expected: &str) -> Box<Self> {
        Box::new(Self { at, found, expected: expected.to_owned(), cut: false })
    }
}

/// What reading a part of a line comes to. Errors are rare and large, so they stand behind a pointer.
pub(super) type Reading<T> = Result<T, Box<Malformed>>;

/// One JSON value of a line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Value<'t> {
    line: &'t str,
    from: usize,
    to: usize,
}

impl<'t> Value<'t> {
    /// The value as it stands in the line.
    pub(super) fn raw(self) -> &'t str {
        &self.line[self.from..self.to]
    }

    fn first(self) -> u8 {
        self.line.as_bytes()[self.from]
    }

    pub(super) fn is_null(self) -> bool {
        self.first() == b'n'
    }

    pub(super) fn is_string(self) -> bool {
        self.first() == b'"'
    }

    pub(super) fn is_object(self) -> bool {
        self.first() == b'{'
    }

    /// That something else was expected here.
    pub(super) fn unexpected(self, expected: &str) -> Box<Malformed> {
        Malformed::new(self.from, shown(self.raw()), expected)
    }

    /// The text of a string.
    pub(super) fn string(self, expected: &str) -> Reading<Cow<'t, str>> {
        if !self.is_string() {
            return Err(self.unexpected(expected));
        }
        let inner = &self.line[self.from + 1..self.to - 1];
        if !inner.contains('\\') {
            return Ok(Cow::Borrowed(inner));
        }
        match serde_json::from_str(self.raw()) {
            Ok(text) => Ok(Cow::Owned(text)),
            Err(_) => Err(self.unexpected("a string whose escapes are characters")),
        }
    }

    /// A whole number from 0 to 2^64 - 1, written as digits only.
    pub(super) fn number(self, expected: &str) -> Reading<u64> {
        self.raw().parse().map_err(|_| self.unexpected(expected))
    }

    /// `true` or `false`.
    pub(super) fn boolean(self) -> Reading<bool> {
        match self.raw() {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err(self.unexpected("true or false")),
        }
    }

    /// The fields of an object.
    pub(super) fn object(self, expected: &str) -> Reading<Fields<'t>> {
        if !self.is_object() {
            return Err(self.unexpected(expected));
        }
        Cursor { line: self.line, at: self.from }.fields()
    }

    /// The elements of an array.
    pub(super) fn array(self, expected: &str) -> Reading<Vec<Self>> {
        if self.first() != b'[' {
            return Err(self.unexpected(expected));
        }
        let mut cursor = Cursor { line: self.line, at: self.from };
        let mut items = Vec::new();
        cursor.elements(|cursor| {
            let from = cursor.at;
            cursor.skip(0)?;
            items.push(Value { line: cursor.line, from, to: cursor.at });
            Ok(())
        })?;
        Ok(items)
    }
}

/// The fields of an object in the order in which they stand there; each name once.
#[derive(Debug)]
pub(super) struct Fields<'t> {
    from: usize,
    found: Vec<(Cow<'t, str>, Value<'t>)>,
    /// Where the next field is looked for first: fields mostly stand in the order in which they are asked for.
    next: usize,
}

impl<'t> Fields<'t> {
    /// The value of a field, if it is there.
    pub(super) fn find(&mut self, name: &str) -> Option<Value<'t>> {
        let (before, after) = self.found.split_at(self.next.min(self.found.len()));
        let is_it = |(key, _): &(Cow<'t, str>, Value<'t>)| key == name;
        let position = match after.iter().position(is_it) {
            Some(position) => self.next + position,
            None => before.iter().position(is_it)?,
        };
        self.next = position + 1;
        Some(self.found[position].1)
    }

    /// The value of a field that must be there.
    pub(super) fn need(&mut self, name: &str) -> Reading<Value<'t>> {
        let from = self.from;
        self.find(name).ok_or_else(|| {
            Malformed::new(from, "no such field".to_owned(), &format!("the field `{name}`"))
        })
    }

    /// An error for a field that is none of these and looks like one of them misspelt.
    pub(super) fn no_slips(&self, known: &[&str]) -> Reading<()> {
        for (key, value) in &self.found {
            if !known.contains(&&**key)
                && let Some(meant) = nearest(key, known.iter().copied())
            {
                let found = format!("the field {}", shown(&format!("{key:?}")));
                return Err(Malformed::new(value.from, found, &format!("`{meant}`")));
            }
        }
        Ok(())
    }

    /// The byte of the line at which the object begins.
    pub(super) const fn at(&self) -> usize {
        self.from
    }
}

/// The fields of the one object that a line is.
pub(super) fn object_of(line: &str) -> Reading<Fields<'_>> {
    let mut cursor = Cursor { line, at: 0 };
    cursor.blanks();
    if cursor.peek() != Some(b'{') {
        return Err(cursor.wrong("a JSON object"));
    }
    let fields = cursor.fields()?;
    cursor.blanks();
    match cursor.peek() {
        None => Ok(fields),
        Some(_) => Err(cursor.wrong("the end of the line")),
    }
}

fn shown(text: &str) -> String {
    if text.len() <= SHOWN {
        return text.to_owned();
    }
    let cut = (0..=SHOWN).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    format!("{}...", &text[..cut])
}

/// A place in a line.
#[derive(Debug)]
struct Cursor<'t> {
    line: &'t str,
    at: usize,
}

impl<'t> Cursor<'t> {
    fn peek(&self) -> Option<u8> {
        self.line.as_bytes().get(self.at).copied()
    }

    fn wrong(&self, expected: &str) -> Box<Malformed> {
        match self.line[self.at..].chars().next() {
            Some(found) => Malformed::new(self.at, format!("{found:?}"), expected),
            None => {
                let found = "the end of the line".to_owned();
                let mut malformed = Malformed::new(self.at, found, expected);
                malformed.cut = true;
                malformed
            }
        }
    }

    fn blanks(&mut self) {
        while let Some(b' ' | b'\t' | b'\r' | b'\n') = self.peek() {
            self.at += 1;
        }
    }

    fn take(&mut self, byte: u8, expected: &str) -> Reading<()> {
        if self.peek() == Some(byte) {
            self.at += 1;
            return Ok(());
        }
        Err(self.wrong(expected))
    }

    /// Passes over one value and checks it.
    fn skip(&mut self, depth: u32) -> Reading<()> {
        if depth > NESTING {
            return Err(self.wrong("fewer brackets within brackets"));
        }
        match self.peek() {
            Some(b'"') => self.string(),
            Some(b'{') => self.members(|cursor, _| cursor.skip(depth + 1)),
            Some(b'[') => self.elements(|cursor| cursor.skip(depth + 1)),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true"),
            Some(b'f') => self.word("false"),
            Some(b'n') => self.word("null"),
            Some(_) | None => Err(self.wrong("a JSON value")),
        }
    }

    fn word(&mut self, word: &'static str) -> Reading<()> {
        for byte in word.bytes() {
            self.take(byte, word)?;
        }
        Ok(())
    }

    fn digits(&mut self) -> Reading<()> {
        if !self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            return Err(self.wrong("a digit"));
        }
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        Ok(())
    }

    fn number(&mut self) -> Reading<()> {
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(())
    }

    fn string(&mut self) -> Reading<()> {
        self.take(b'"', "a string")?;
        loop {
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(b'\\') => self.escape()?,
                Some(0..=0x1f) | None => return Err(self.wrong("the end of the string")),
                Some(_) => self.at += 1,
            }
        }
    }

    fn escape(&mut self) -> Reading<()> {
        self.at += 1;
        match self.peek() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 1,
            Some(b'u') => {
                self.at += 1;
                for _ in 0..4 {
                    if !self.peek().is_some_and(|byte| byte.is_ascii_hexdigit()) {
                        return Err(self.wrong("a hexadecimal digit"));
                    }
                    self.at += 1;
                }
            }
            Some(_) | None => return Err(self.wrong("an escape")),
        }
        Ok(())
    }

    /// Passes over an object; `value` passes over the value of each field, whose name it gets.
    fn members(
        &mut self,
        mut value: impl FnMut(&mut Self, (usize, usize)) -> Reading<()>,
    ) -> Reading<()> {
        self.take(b'{', "an object")?;
        self.blanks();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(());
        }
        loop {
            let from = self.at;
            self.string()?;
            let key = (from, self.at);
            self.blanks();
            self.take(b':', "a colon")?;
            self.blanks();
            value(self, key)?;
            self.blanks();
            if self.peek() == Some(b',') {
                self.at += 1;
                self.blanks();
                continue;
            }
            return self.take(b'}', "a comma or a closing brace");
        }
    }

    /// Passes over an array; `element` passes over each element.
    fn elements(&mut self, mut element: impl FnMut(&mut Self) -> Reading<()>) -> Reading<()> {
        self.take(b'[', "an array")?;
        self.blanks();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(());
        }
        loop {
            element(self)?;
            self.blanks();
            if self.peek() == Some(b',') {
                self.at += 1;
                self.blanks();
                continue;
            }
            return self.take(b']', "a comma or a closing bracket");
        }
    }

    /// The fields of the object that begins here.
    fn fields(&mut self) -> Reading<Fields<'t>> {
        let from = self.at;
        let mut found: Vec<(Cow<'t, str>, Value<'t>)> = Vec::with_capacity(12);
        // A name that stands twice is almost never there: names are compared only where their first letters and lengths agree.
        let mut seen = 0_u64;
        self.members(|cursor, (key_from, key_to)| {
            let key = Value { line: cursor.line, from: key_from, to: key_to };
            let name = key.string("the name of a field")?;
            let value_from = cursor.at;
            cursor.skip(1)?;
            let letter = name.bytes().next().unwrap_or(0);
            let bit = 1 << ((usize::from(letter) * 5 + name.len()) % 64);
            if seen & bit != 0 && found.iter().any(|(other, _)| *other == name) {
                return Err(key.unexpected("each field once"));
            }
            seen |= bit;
            found.push((name, Value { line: cursor.line, from: value_from, to: cursor.at }));
            Ok(())
        })?;
        Ok(Fields { from, found, next: 0 })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{Strategy, any, prop_assert_eq, proptest};
    use serde::de::IgnoredAny;

    use super::{Malformed, object_of};

    const LINE: &str = r#" {"id": 1, "who": {"device": "A\u0041"}, "list": [1, [], {}], "x": -1.5e3, "n": null } "#;

    #[test]
    fn the_fields_of_a_line_are_found_in_any_order() {
        let mut fields = object_of(LINE).unwrap();
        assert_eq!(fields.need("n").unwrap().raw(), "null");
        assert_eq!(fields.need("id").unwrap().number("a number").unwrap(), 1);
        let mut who = fields.need("who").unwrap().object("an object").unwrap();
        assert_eq!(who.need("device").unwrap().string("a name").unwrap(), "AA");
        let list = fields.need("list").unwrap().array("a list").unwrap();
        assert_eq!(list.iter().map(|item| item.raw()).collect::<Vec<_>>(), ["1", "[]", "{}"]);
        assert!(fields.find("nobody").is_none());
        assert_eq!(fields.need("nobody").unwrap_err().expected, "the field `nobody`");
        assert!(fields.need("x").unwrap().number("a number").is_err());
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        for (line, at, found, expected) in [
            ("", 0, "the end of the line", "a JSON object"),
            ("[1]", 0, "'['", "a JSON object"),
            ("{\"a\":1}x", 7, "'x'", "the end of the line"),
            ("{\"a\":1,\"b\":2,\"a\":3}", 13, "\"a\"", "each field once"),
            ("{\"a\" 1}", 5, "'1'", "a colon"),
            ("{\"a\":\"\u{1}\"}", 6, "'\\u{1}'", "the end of the string"),
            ("{\"a\":01}", 6, "'1'", "a comma or a closing brace"),
        ] {
            let Malformed { at: place, found: what, expected: wanted, .. } =
                *object_of(line).unwrap_err();
            assert_eq!((place, what.as_str(), wanted.as_str()), (at, found, expected), "{line}");
        }
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(40), "]".repeat(40));
        assert_eq!(object_of(&deep).unwrap_err().expected, "fewer brackets within brackets");
        let lone = object_of(r#"{"a":"\ud800"}"#).unwrap().need("a").unwrap().string("a text");
        assert!(lone.unwrap_err().expected.starts_with("a string whose escapes"));
    }

    #[test]
    fn a_line_that_ends_too_early_is_known_as_cut() {
        let line = LINE.trim();
        for end in 0..line.len() {
            assert!(object_of(&line[..end]).unwrap_err().cut, "{}", &line[..end]);
        }
        assert!(!object_of("{\"a\":x").unwrap_err().cut);
    }

    /// A line with one character put in the place of others.
    fn spoilt() -> impl Strategy<Value = String> {
        (0..LINE.len(), 0..4_usize, any::<char>()).prop_map(|(at, gone, put)| {
            let end = (at + gone).min(LINE.len());
            format!("{}{}{}", &LINE[..at], put, &LINE[end..])
        })
    }

    proptest! {
        #[test]
        fn a_line_is_taken_exactly_if_it_is_a_json_object(line in spoilt()) {
            let object = serde_json::from_str::<IgnoredAny>(&line).is_ok()
                && line.trim_start().starts_with('{');
            prop_assert_eq!(object_of(&line).is_ok(), object, "{}", line);
        }
    }
}
