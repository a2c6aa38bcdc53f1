//! How one type stands in a line: written, read and described, each stated once, and the macros that state it for enums.
//! It does not know any type that occurs in a fact.

use serde_json::{Map, Value as Json, json};

use super::cursor::{Fields, Reading, Value};
use super::line::Term;
use super::names::Names;

/// The named parts of the JSON Schema.
pub(super) type Definitions = Map<String, Json>;

/// A type that occurs in facts. What [`Term`] writes, this reads and describes.
pub(super) trait Form: Term + Sized {
    /// Reads a value.
    fn read(value: Value<'_>, names: &mut Names) -> Reading<Self>;

    /// What it means that the field is not there, if it need not be.
    fn absent() -> Option<Self> {
        None
    }

    /// Describes the type as a JSON Schema; what has a name of its own goes into `definitions`.
    fn schema(definitions: &mut Definitions) -> Json;
}

impl<T: Form> Form for Option<T> {
    fn read(value: Value<'_>, names: &mut Names) -> Reading<Self> {
        if value.is_null() { Ok(None) } else { T::read(value, names).map(Some) }
    }

    fn absent() -> Option<Self> {
        Some(None)
    }

    fn schema(definitions: &mut Definitions) -> Json {
        json!({ "anyOf": [T::schema(definitions), { "type": "null" }] })
    }
}

impl Form for bool {
    fn read(value: Value<'_>, _: &mut Names) -> Reading<Self> {
        value.boolean()
    }

    fn schema(_: &mut Definitions) -> Json {
        json!({ "type": "boolean" })
    }
}

impl Form for u32 {
    fn read(value: Value<'_>, _: &mut Names) -> Reading<Self> {
        const EXPECTED: &str = "a whole number below 2^32";
        value.number(EXPECTED)?.try_into().map_err(|_| value.unexpected(EXPECTED))
    }

    fn schema(_: &mut Definitions) -> Json {
        json!({ "type": "integer", "minimum": 0, "maximum": u32::MAX })
    }
}

/// A reference to a definition, which `make` describes the first time.
pub(super) fn defined(
    name: &str,
    definitions: &mut Definitions,
    make: impl FnOnce(&mut Definitions) -> Json,
) -> Json {
    if !definitions.contains_key(name) {
        definitions.insert(name.to_owned(), Json::Null);
        let made = make(definitions);
        definitions.insert(name.to_owned(), made);
    }
    json!({ "$ref": format!("#/$defs/{name}") })
}

/// The schema of a type, if a field of this type must be there.
pub(super) type Property = (&'static str, Json, bool);

/// The property that a field of type `T` is.
pub(super) fn property<T: Form>(name: &'static str, definitions: &mut Definitions) -> Property {
    (name, T::schema(definitions), T::absent().is_none())
}

/// An object with these properties and whatever others.
pub(super) fn object_schema(properties: Vec<Property>) -> Json {
    let required: Vec<&str> =
        properties.iter().filter(|(_, _, required)| *required).map(|(name, ..)| *name).collect();
    let all: Map<String, Json> =
        properties.iter().map(|(name, schema, _)| ((*name).to_owned(), schema.clone())).collect();
    json!({ "type": "object", "properties": all, "required": required })
}

/// Several things that may be expected, in words.
pub(super) fn either(options: &[&str]) -> String {
    match options {
        [all @ .., last] if !all.is_empty() => format!("{} or {last}", all.join(", ")),
        _ => options.concat(),
    }
}

/// Declares the form of enums without contents: a word for each variant.
macro_rules! words {
    ($($name:ident in $definition:literal { $($variant:ident $word:literal,)* })*) => {$(
        impl Term for $name {
            fn put(&self, line: &mut Line<'_>) {
                line.raw(match self { $(Self::$variant => concat!("\"", $word, "\""),)* });
            }
        }

        impl Form for $name {
            fn read(value: Value<'_>, _: &mut Names) -> Reading<Self> {
                const EXPECTED: &[&str] = &[$(concat!("\"", $word, "\"")),*];
                match value.raw() {
                    $(concat!("\"", $word, "\"") => Ok(Self::$variant),)*
                    _ => Err(value.unexpected(&either(EXPECTED))),
                }
            }

            fn schema(definitions: &mut Definitions) -> Json {
                defined($definition, definitions, |_| json!({ "enum": [$($word),*] }))
            }
        }
    )*};
}

/// The pattern of a variant by its shape.
macro_rules! shape_pattern {
    ($variant:ident, [word $word:literal]) => { Self::$variant };
    ($variant:ident, [holds $inner:ident $key:literal $type:ty]) => { Self::$variant($inner) };
    ($variant:ident, [flat $($field:ident $key:literal $type:ty),*]) => { Self::$variant { $($field),* } };
    ($variant:ident, [under $tag:literal $($field:ident $key:literal $type:ty),*]) => {
        Self::$variant { $($field),* }
    };
}

/// Writes a variant by its shape.
macro_rules! shape_put {
    ($line:ident, [word $word:literal]) => { $line.raw(concat!("\"", $word, "\"")) };
    ($line:ident, [holds $inner:ident $key:literal $type:ty]) => {
        $line.object(|object| object.field($key, $inner))
    };
    ($line:ident, [flat $($field:ident $key:literal $type:ty),*]) => {
        $line.object(|object| { $(object.field($key, $field);)* })
    };
    ($line:ident, [under $tag:literal $($field:ident $key:literal $type:ty),*]) => {
        $line.object(|object| object.object($tag, |inner| { $(inner.field($key, $field);)* }))
    };
}

/// Reads a variant by its shape if the value is one.
macro_rules! shape_read {
    (text $value:ident, $variant:ident, [word $word:literal]) => {
        if $value.raw() == concat!("\"", $word, "\"") {
            return Ok(Self::$variant);
        }
    };
    (text $value:ident, $variant:ident, [$($other:tt)*]) => {};
    (object $fields:ident $names:ident, $variant:ident, [word $word:literal]) => {};
    (object $fields:ident $names:ident, $variant:ident, [holds $inner:ident $key:literal $type:ty]) => {
        if let Some(inner) = $fields.find($key) {
            return Ok(Self::$variant(Form::read(inner, $names)?));
        }
    };
    (object $fields:ident $names:ident, $variant:ident,
        [flat $first:ident $tag:literal $first_type:ty $(, $field:ident $key:literal $type:ty)*]
    ) => {
        if let Some($first) = $fields.find($tag) {
            let $first = <$first_type as Form>::read($first, $names)?;
            return Ok(Self::$variant {
                $first,
                $($field: $crate::trace::jsonl::form::field(&mut $fields, $key, $names)?,)*
            });
        }
    };
    (object $fields:ident $names:ident, $variant:ident,
        [under $tag:literal $($field:ident $key:literal $type:ty),*]
    ) => {
        if let Some(inner) = $fields.find($tag) {
            let mut inner = inner.object("an object")?;
            return Ok(Self::$variant {
                $($field: $crate::trace::jsonl::form::field(&mut inner, $key, $names)?,)*
            });
        }
    };
}

/// What a variant is expected as, and its schema, by its shape.
macro_rules! shape_described {
    (name [word $word:literal]) => { concat!("\"", $word, "\"") };
    (name [holds $inner:ident $key:literal $type:ty]) => { concat!("{\"", $key, "\": ...}") };
    (name [flat $first:ident $tag:literal $($rest:tt)*]) => { concat!("{\"", $tag, "\": ...}") };
    (name [under $tag:literal $($rest:tt)*]) => { concat!("{\"", $tag, "\": {...}}") };
    (schema $definitions:ident [word $word:literal]) => { json!({ "const": $word }) };
    (schema $definitions:ident [holds $inner:ident $key:literal $type:ty]) => {
        object_schema(vec![($key, <$type as Form>::schema($definitions), true)])
    };
    (schema $definitions:ident [flat $first:ident $tag:literal $first_type:ty $(, $field:ident $key:literal $type:ty)*]) => {
        object_schema(vec![
            ($tag, <$first_type as Form>::schema($definitions), true),
            $(property::<$type>($key, $definitions),)*
        ])
    };
    (schema $definitions:ident [under $tag:literal $($field:ident $key:literal $type:ty),*]) => {
        {
            let inner = object_schema(vec![$(property::<$type>($key, $definitions),)*]);
            object_schema(vec![($tag, inner, true)])
        }
    };
}

/// Declares the form of enums with contents. A variant is a `word`; or an object, known by its first field, which
/// `holds` one value, has its fields `flat` in itself, or has them `under` its one field.
macro_rules! shapes {
    ($($name:ident in $definition:literal { $($variant:ident $shape:tt;)* })*) => {$(
        impl Term for $name {
            fn put(&self, line: &mut Line<'_>) {
                match self {
                    $(shape_pattern!($variant, $shape) => shape_put!(line, $shape),)*
                }
            }
        }

        impl Form for $name {
            fn read(value: Value<'_>, names: &mut Names) -> Reading<Self> {
                const EXPECTED: &[&str] = &[$(shape_described!(name $shape)),*];
                let _ = &names;
                if value.is_object() {
                    let mut fields = value.object("an object")?;
                    let _ = &mut fields;
                    $(shape_read!(object fields names, $variant, $shape);)*
                } else {
                    $(shape_read!(text value, $variant, $shape);)*
                }
                Err(value.unexpected(&either(EXPECTED)))
            }

            fn schema(definitions: &mut Definitions) -> Json {
                defined($definition, definitions, |definitions| {
                    let _ = &definitions;
                    json!({ "anyOf": [$(shape_described!(schema definitions $shape)),*] })
                })
            }
        }
    )*};
}

/// Reads a field; if it is not there and need not be, its absence is read.
pub(super) fn field<T: Form>(
    fields: &mut Fields<'_>,
    key: &'static str,
    names: &mut Names,
) -> Reading<T> {
    match (fields.find(key), T::absent()) {
        (Some(value), _) => T::read(value, names),
        (None, Some(absent)) => Ok(absent),
        (None, None) => fields.need(key).and_then(|value| T::read(value, names)),
    }
}

pub(super) use {shape_described, shape_pattern, shape_put, shape_read, shapes, words};
