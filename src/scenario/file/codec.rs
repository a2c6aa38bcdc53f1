//! The seam between JSON and values: a codec reads, writes and describes one type, an [`Object`] holds the fields
//! of one JSON object, a [`Slot`] what came of one field. It does not know any type of the format.

use std::collections::BTreeSet;

use serde_json::{Map, Value as Json};

use super::json::{self, Node};
use super::names::Names;
use super::problem::{Problems, Span, listed, listed_like, quoted};
use crate::scenario::limits::Limits;
use crate::scenario::model::{Scenario, Strings};

/// How one type stands in a file. All three directions are stated at one place, so that they cannot drift apart.
pub(super) trait Codec {
    /// The type that is read and written.
    type Value;

    /// Reads a value; `None` if it could not be read, and then that was noted as a problem, once.
    fn decode(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<Self::Value>;

    /// Writes a value of `scenario`, whose names it uses.
    fn encode(value: &Self::Value, scenario: &Scenario) -> Json;

    /// Describes the type as a JSON Schema; what has a name of its own goes into `definitions`.
    fn schema(definitions: &mut Definitions) -> Json;
}

/// What a file says about settings of which it need not say everything.
pub(super) trait Changes: Sized {
    /// The settings.
    type Model;

    /// Puts what is said into the place of what was there.
    fn apply(&self, settings: &mut Self::Model);

    /// What is said here, and in its place what is said later.
    #[must_use]
    fn and(&self, later: &Self) -> Self;

    /// What must be said to get `settings` from `base`.
    fn between(base: &Self::Model, settings: &Self::Model) -> Self;

    /// Everything that can be said about `settings`.
    fn all(settings: &Self::Model) -> Self;

    /// Each setting that is not as in `base`: its name in files, and `settings` with it as in `base`.
    fn one_by_one(base: &Self::Model, settings: &Self::Model) -> Vec<(&'static str, Self::Model)>;
}

/// The named parts of the JSON Schema.
pub(super) type Definitions = Map<String, Json>;

/// What readers of one file share.
#[derive(Debug)]
pub(super) struct Reader<'l> {
    /// What is wrong with the file.
    pub(super) problems: Problems,
    /// How large things may be.
    pub(super) limits: &'l Limits,
    /// What the names of the file stand for.
    pub(super) names: Names,
    /// Texts of notices.
    pub(super) strings: Strings,
    /// The limits that were reached and told.
    pub(super) limits_told: BTreeSet<&'static str>,
}

/// What came of one field.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) enum Slot<T> {
    /// The field is not there.
    #[default]
    Missing,
    /// It is there and could not be read; whatever would follow from it is left alone.
    Bad,
    /// It is there.
    Is(T),
}

impl<T> Slot<T> {
    /// The value, if there is one.
    pub(super) fn get(&self) -> Option<&T> {
        match self {
            Self::Is(value) => Some(value),
            Self::Missing | Self::Bad => None,
        }
    }

    /// The value, if there is one.
    pub(super) fn into_option(self) -> Option<T> {
        match self {
            Self::Is(value) => Some(value),
            Self::Missing | Self::Bad => None,
        }
    }

    /// The value, or `default` where there is none.
    pub(super) fn or(self, default: T) -> T {
        self.into_option().unwrap_or(default)
    }

    /// Whether the field could not be read.
    pub(super) fn is_bad(&self) -> bool {
        matches!(self, Self::Bad)
    }
}

/// A field of a record, as it is documented.
pub(super) struct Field {
    /// Its name.
    pub(super) name: &'static str,
    /// What it means.
    pub(super) doc: &'static str,
    /// What happens if it is not there.
    pub(super) presence: Presence,
    /// Its type.
    pub(super) schema: fn(&mut Definitions) -> Json,
}

/// Whether a field must be there.
pub(super) enum Presence {
    /// It must.
    Required,
    /// It need not, and then it is as if this stood there.
    Default(fn() -> Json),
    /// It need not; its documentation says what happens then.
    Optional,
}

/// The fields of one JSON object.
#[derive(Debug)]
pub(super) struct Object<'n> {
    /// Where the object is.
    pub(super) span: Span,
    fields: Vec<(&'n str, &'n Node<'n>)>,
    misspelt: Vec<&'static str>,
}

impl<'n> Object<'n> {
    /// The value of a field.
    pub(super) fn value(&self, name: &str) -> Option<&'n Node<'n>> {
        self.fields.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
    }

    /// The places of the values.
    pub(super) fn spans(&self) -> impl Iterator<Item = (&'n str, Span)> {
        self.fields.iter().map(|(name, value)| (*name, json::span(value)))
    }

    /// Whether the field is there, under its name or under one that was taken for it.
    pub(super) fn has(&self, name: &str) -> bool {
        self.value(name).is_some() || self.misspelt.contains(&name)
    }
}

impl Reader<'_> {
    /// The fields of an object. A field that is in none of the lists of `known` is a problem; if its name is near
    /// to one that is absent it counts as that one, unreadable, so that there is no second problem about it.
    pub(super) fn object<'n>(
        &mut self,
        node: &'n Node<'n>,
        known: &[&'static [Field]],
    ) -> Option<Object<'n>> {
        self.object_without(node, known, &[])
    }

    /// The same, where fields that somebody may look for here in vain are named with what to do instead.
    pub(super) fn object_without<'n>(
        &mut self,
        node: &'n Node<'n>,
        known: &[&'static [Field]],
        absent: &[(&str, &str)],
    ) -> Option<Object<'n>> {
        let Some(properties) = json::properties(node) else {
            self.unexpected(node, "an object");
            return None;
        };
        let is_known = |name: &str| known.iter().copied().flatten().any(|field| field.name == name);
        let mut object =
            Object { span: json::span(node), fields: Vec::new(), misspelt: Vec::new() };
        let mut unknown = Vec::new();
        for (name, place, value) in properties {
            if !is_known(name) {
                unknown.push((name, place));
            } else if object.value(name).is_some() {
                self.problems.report(place, format!("a second {}", quoted(name)), "it once");
            } else {
                object.fields.push((name, value));
            }
        }
        for (name, place) in unknown {
            let names = || known.iter().copied().flatten().map(|field| field.name);
            let instead = absent.iter().find(|(absent, _)| *absent == name);
            let missing = names().filter(|name| object.value(name).is_none());
            let near = self.problems.nearest(name, missing).filter(|_| instead.is_none());
            let hint = match (instead, near) {
                (Some((_, instead)), _) => Some((*instead).to_owned()),
                (None, Some(near)) => Some(format!("did you mean {}?", quoted(near))),
                (None, None) => self.problems.did_you_mean(name, names()),
            };
            object.misspelt.extend(names().find(|name| Some(*name) == near));
            let found = format!("an unknown field {}", quoted(name));
            let names = if hint.is_some() { listed(names()) } else { listed_like(name, names()) };
            let expected = format!("one of {names}");
            self.problems.report_with_hint(place, found, expected, hint);
        }
        Some(object)
    }

    /// Reads a field.
    pub(super) fn slot<C: Codec>(&mut self, object: &Object<'_>, name: &str) -> Slot<C::Value> {
        match object.value(name) {
            Some(node) => C::decode(node, self).map_or(Slot::Bad, Slot::Is),
            None if object.has(name) => Slot::Bad,
            None => Slot::Missing,
        }
    }

    /// Makes a missing field a problem.
    pub(super) fn require<T>(&mut self, slot: Slot<T>, object: &Object<'_>, name: &str) -> Slot<T> {
        match slot {
            Slot::Missing => {
                let found = format!("an object without {}", quoted(name));
                let expected = format!("the field {}", quoted(name));
                self.problems.report(object.span.head(), found, expected);
                Slot::Bad
            }
            Slot::Bad | Slot::Is(_) => slot,
        }
    }

    /// Notes that something else was expected in the place of `node`.
    pub(super) fn unexpected(&mut self, node: &Node<'_>, expected: impl Into<String>) {
        self.problems.report(json::span(node), json::describe(node), expected);
    }

    /// Notes that a text is none of the names that it may be.
    pub(super) fn unknown<'c>(
        &mut self,
        node: &Node<'_>,
        what: &str,
        candidates: impl Iterator<Item = &'c str> + Clone,
    ) {
        let text = json::text(node);
        let hint = text.and_then(|text| self.problems.did_you_mean(text, candidates.clone()));
        let names = match text {
            Some(text) if hint.is_none() => listed_like(text, candidates),
            Some(_) | None => listed(candidates),
        };
        let expected = format!("{what}: {names}");
        self.problems.report_with_hint(json::span(node), json::describe(node), expected, hint);
    }
}

/// An object that describes `fields`, which are all that it may have.
pub(super) fn object_schema(
    about: &str,
    fields: &mut dyn Iterator<Item = &Field>,
    definitions: &mut Definitions,
) -> Json {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for field in fields {
        properties.insert(field.name.to_owned(), field_schema(field, definitions));
        if matches!(field.presence, Presence::Required) {
            required.push(Json::from(field.name));
        }
    }
    let mut schema = Map::new();
    schema.insert("type".into(), "object".into());
    schema.insert("description".into(), prose(about).into());
    schema.insert("properties".into(), properties.into());
    if !required.is_empty() {
        schema.insert("required".into(), required.into());
    }
    schema.insert("additionalProperties".into(), false.into());
    schema.into()
}

/// A field's type with its description and its default.
fn field_schema(field: &Field, definitions: &mut Definitions) -> Json {
    let mut schema = Map::new();
    schema.insert("description".into(), prose(field.doc).into());
    if let Presence::Default(default) = &field.presence {
        schema.insert("default".into(), default());
    }
    if let Json::Object(of_type) = (field.schema)(definitions) {
        for (key, value) in of_type {
            if key != "description" {
                schema.insert(key, value);
            }
        }
    }
    schema.into()
}

/// A reference to the part `name`, which is made by `make` when it is used for the first time.
pub(super) fn defined(
    name: &str,
    definitions: &mut Definitions,
    make: impl FnOnce(&mut Definitions) -> Json,
) -> Json {
    if !definitions.contains_key(name) {
        definitions.insert(name.to_owned(), Json::Null);
        let schema = make(definitions);
        definitions.insert(name.to_owned(), schema);
    }
    serde_json::json!({ "$ref": format!("#/$defs/{name}") })
}

/// The text of a documentation comment.
pub(super) fn prose(doc: &str) -> &str {
    doc.trim()
}
