//! One line of JSON, written field by field into a buffer that is used again for the next line.
//! It does not know what a fact is; it knows how names of the scenario are escaped and where commas go.

use crate::scenario::model::Scenario;

/// A line in the making.
#[derive(Debug)]
pub(super) struct Line<'a> {
    text: Vec<u8>,
    names: &'a Scenario,
}

/// Something that has a form in JSON, given the names of the scenario.
pub(super) trait Term {
    /// Appends that form.
    fn put(&self, line: &mut Line<'_>);
}

/// The object that is open at the end of a line.
#[derive(Debug)]
pub(super) struct Object<'l, 'a> {
    line: &'l mut Line<'a>,
    empty: bool,
}

impl<'a> Line<'a> {
    pub(super) const fn new(names: &'a Scenario) -> Self {
        Self { text: Vec::new(), names }
    }

    pub(super) const fn names(&self) -> &'a Scenario {
        self.names
    }

    /// What was written since the last call, with a line feed behind it; `take` gets it, then the buffer is empty.
    pub(super) fn end(&mut self, take: impl FnOnce(&[u8])) {
        self.text.push(b'\n');
        take(&self.text);
        self.text.clear();
    }

    pub(super) fn raw(&mut self, text: &str) {
        self.text.extend_from_slice(text.as_bytes());
    }

    /// A string from outside, escaped.
    pub(super) fn string(&mut self, text: &str) {
        serde_json::to_writer(&mut self.text, text)
            .expect("writing a string to memory as JSON cannot fail");
    }

    pub(super) fn number(&mut self, value: u64) {
        serde_json::to_writer(&mut self.text, &value)
            .expect("writing a number to memory as JSON cannot fail");
    }

    pub(super) fn object(&mut self, fill: impl FnOnce(&mut Object<'_, 'a>)) {
        self.raw("{");
        fill(&mut Object { line: self, empty: true });
        self.raw("}");
    }

    pub(super) fn array<T: Term>(&mut self, items: impl Iterator<Item = T>) {
        self.raw("[");
        for (position, item) in items.enumerate() {
            if position > 0 {
                self.raw(",");
            }
            item.put(self);
        }
        self.raw("]");
    }
}

impl<'a> Object<'_, 'a> {
    /// A field; `key` is one of ours and needs no escapes.
    pub(super) fn field(&mut self, key: &'static str, value: &impl Term) {
        self.key(key);
        value.put(self.line);
    }

    /// A field that is left out when there is nothing in it.
    pub(super) fn optional(&mut self, key: &'static str, value: Option<&impl Term>) {
        if let Some(value) = value {
            self.field(key, value);
        }
    }

    pub(super) fn array<T: Term>(&mut self, key: &'static str, items: impl Iterator<Item = T>) {
        self.key(key);
        self.line.array(items);
    }

    pub(super) fn object(&mut self, key: &'static str, fill: impl FnOnce(&mut Object<'_, 'a>)) {
        self.key(key);
        self.line.object(fill);
    }

    fn key(&mut self, key: &'static str) {
        if !self.empty {
            self.line.raw(",");
        }
        self.empty = false;
        self.line.raw("\"");
        self.line.raw(key);
        self.line.raw("\":");
    }
}

impl<T: Term> Term for &T {
    fn put(&self, line: &mut Line<'_>) {
        (**self).put(line);
    }
}

impl<T: Term> Term for Option<T> {
    fn put(&self, line: &mut Line<'_>) {
        match self {
            Some(value) => value.put(line),
            None => line.raw("null"),
        }
    }
}

impl Term for &str {
    fn put(&self, line: &mut Line<'_>) {
        line.string(self);
    }
}

impl Term for u32 {
    fn put(&self, line: &mut Line<'_>) {
        line.number(u64::from(*self));
    }
}

impl Term for u64 {
    fn put(&self, line: &mut Line<'_>) {
        line.number(*self);
    }
}

impl Term for bool {
    fn put(&self, line: &mut Line<'_>) {
        line.raw(if *self { "true" } else { "false" });
    }
}
