//! The macros that state a record, a set of settings, a choice or a union once, and make its codec of that.
//! They do not know any record.

/// The name of a field in files: that of the Rust field unless another is given.
macro_rules! key {
    ($field:ident) => {
        stringify!($field)
    };
    ($field:ident $key:literal) => {
        $key
    };
}

/// What happens if a field is not there.
macro_rules! presence {
    ($codec:ty [= $default:expr]) => {
        $crate::scenario::file::codec::Presence::Default(|| {
            <$codec as $crate::scenario::file::codec::Codec>::encode(
                &$default,
                &$crate::scenario::file::write::nothing(),
            )
        })
    };
    ($codec:ty [or $($dynamic:tt)*]) => {
        $crate::scenario::file::codec::Presence::Optional
    };
    ($codec:ty []) => {
        $crate::scenario::file::codec::Presence::Required
    };
}

/// The documented fields of a record.
macro_rules! fields {
    ($( $(#[doc = $doc:literal])+ $field:ident $(($key:literal))? : $codec:ty [$($absent:tt)*], )*) => {
        &[$($crate::scenario::file::codec::Field {
            name: $crate::scenario::file::record::key!($field $($key)?),
            doc: concat!($($doc),+),
            presence: $crate::scenario::file::record::presence!($codec [$($absent)*]),
            schema: <$codec as $crate::scenario::file::codec::Codec>::schema,
        },)*]
    };
}

/// Reads one field and fills its default in.
macro_rules! take {
    ($reader:ident $object:ident $key:expr, $codec:ty, [= $default:expr]) => {
        match $reader.slot::<$codec>(&$object, $key) {
            $crate::scenario::file::codec::Slot::Missing => {
                $crate::scenario::file::codec::Slot::Is($default)
            }
            slot => slot,
        }
    };
    ($reader:ident $object:ident $key:expr, $codec:ty, [or absent]) => {
        $reader.slot::<$codec>(&$object, $key)
    };
    ($reader:ident $object:ident $key:expr, $codec:ty, [or |$names:ident| $dynamic:expr]) => {
        match $reader.slot::<$codec>(&$object, $key) {
            $crate::scenario::file::codec::Slot::Missing => {
                let $names = &$reader.names;
                let slot = $dynamic;
                $reader.require(slot, &$object, $key)
            }
            slot => slot,
        }
    };
    ($reader:ident $object:ident $key:expr, $codec:ty, []) => {{
        let slot = $reader.slot::<$codec>(&$object, $key);
        $reader.require(slot, &$object, $key)
    }};
}

/// Declares a record of a file: a struct with a [`Slot`](super::codec::Slot) for each field, and its codec.
///
/// A field is `name: Codec []` if it must be there, `[= value]` if it has a default, `[or absent]` if what its absence
/// means is decided later. `name ("key")` gives it another name in files.
macro_rules! record {
    (
        $(#[doc = $about:literal])+
        $name:ident in $definition:literal { $($fields:tt)* }
    ) => {
        $crate::scenario::file::record::record! {
            @described by |definitions| $crate::scenario::file::codec::object_schema(
                concat!($($about),+),
                &mut $name::FIELDS.iter(),
                definitions,
            );
            $(#[doc = $about])+
            $name in $definition { $($fields)* }
        }
    };
    (
        @described by $schema:expr;
        $(#[doc = $about:literal])+
        $name:ident in $definition:literal {
            $( $(#[doc = $doc:literal])+ $field:ident $(($key:literal))? : $codec:ty [$($absent:tt)*], )*
        }
    ) => {
        $(#[doc = $about])+
        #[derive(Debug, Clone, Default)]
        pub(super) struct $name {
            $($(#[doc = $doc])+ pub(super) $field:
                $crate::scenario::file::codec::Slot<<$codec as $crate::scenario::file::codec::Codec>::Value>,)*
        }

        impl $name {
            /// The fields as they are documented.
            pub(super) const FIELDS: &'static [$crate::scenario::file::codec::Field] =
                $crate::scenario::file::record::fields!(
                    $($(#[doc = $doc])+ $field $(($key))? : $codec [$($absent)*],)*
                );
            /// The name of the definition in the schema.
            pub(super) const DEFINITION: &'static str = $definition;
        }

        impl $crate::scenario::file::codec::Codec for $name {
            type Value = Self;

            fn decode(
                node: &$crate::scenario::file::json::Node<'_>,
                reader: &mut $crate::scenario::file::codec::Reader<'_>,
            ) -> Option<Self> {
                let object = reader.object(node, &[Self::FIELDS])?;
                Some(Self {
                    $($field: $crate::scenario::file::record::take!(
                        reader object $crate::scenario::file::record::key!($field $($key)?),
                        $codec, [$($absent)*]
                    ),)*
                })
            }

            fn encode(
                value: &Self,
                scenario: &$crate::scenario::model::Scenario,
            ) -> serde_json::Value {
                let mut map = serde_json::Map::new();
                $(if let Some(value) = value.$field.get() {
                    map.insert(
                        $crate::scenario::file::record::key!($field $($key)?).to_owned(),
                        <$codec as $crate::scenario::file::codec::Codec>::encode(value, scenario),
                    );
                })*
                map.into()
            }

            fn schema(
                definitions: &mut $crate::scenario::file::codec::Definitions,
            ) -> serde_json::Value {
                $crate::scenario::file::codec::defined(Self::DEFINITION, definitions, $schema)
            }
        }
    };
}

/// Declares the codec of a struct of the model of which a file says only what differs from a base.
///
/// The record with one slot a field is called `$changes`; the struct's own codec takes `$base` for what is not said.
macro_rules! settings {
    (
        $(#[doc = $about:literal])+
        $model:ty as $changes:ident in $definition:literal from $base:expr;
        $( $(#[doc = $doc:literal])+ $field:ident $(($key:literal))? : $codec:ty, )*
    ) => {
        $crate::scenario::file::record::record! {
            @described by $changes::documented;
            $(#[doc = $about])+
            $changes in $definition {
                $($(#[doc = $doc])+ $field $(($key))? : $codec [or absent],)*
            }
        }

        impl $crate::scenario::file::codec::Changes for $changes {
            type Model = $model;

            fn apply(&self, settings: &mut $model) {
                $(if let Some(value) = self.$field.get() {
                    settings.$field = value.clone();
                })*
            }

            fn and(&self, later: &Self) -> Self {
                let mut both = self.clone();
                $(if later.$field.get().is_some() {
                    both.$field = later.$field.clone();
                })*
                both
            }

            fn between(base: &$model, settings: &$model) -> Self {
                let mut changes = Self::default();
                $(if settings.$field != base.$field {
                    changes.$field =
                        $crate::scenario::file::codec::Slot::Is(settings.$field.clone());
                })*
                changes
            }

            fn all(settings: &$model) -> Self {
                Self {
                    $($field: $crate::scenario::file::codec::Slot::Is(settings.$field.clone()),)*
                }
            }

            fn one_by_one(base: &$model, settings: &$model) -> Vec<(&'static str, $model)> {
                let mut each = Vec::new();
                $(if settings.$field != base.$field {
                    let mut without = settings.clone();
                    without.$field = base.$field.clone();
                    let name = $crate::scenario::file::record::key!($field $($key)?);
                    each.push((name, without));
                })*
                each
            }
        }

        impl $changes {
            /// The schema's fields with the defaults of the base.
            fn documented(
                definitions: &mut $crate::scenario::file::codec::Definitions,
            ) -> serde_json::Value {
                let base: $model = $base;
                let defaults = <Self as $crate::scenario::file::codec::Codec>::encode(
                    &<Self as $crate::scenario::file::codec::Changes>::all(&base),
                    &$crate::scenario::file::write::nothing(),
                );
                let mut schema = $crate::scenario::file::codec::object_schema(
                    concat!($($about),+),
                    &mut Self::FIELDS.iter(),
                    definitions,
                );
                for (name, default) in defaults.as_object().into_iter().flatten() {
                    schema["properties"][name]["default"] = default.clone();
                }
                schema
            }
        }

        impl $crate::scenario::file::codec::Codec for $model {
            type Value = Self;

            fn decode(
                node: &$crate::scenario::file::json::Node<'_>,
                reader: &mut $crate::scenario::file::codec::Reader<'_>,
            ) -> Option<Self> {
                let changes =
                    <$changes as $crate::scenario::file::codec::Codec>::decode(node, reader)?;
                $(if changes.$field.is_bad() {
                    return None;
                })*
                let mut settings: $model = $base;
                $crate::scenario::file::codec::Changes::apply(&changes, &mut settings);
                Some(settings)
            }

            fn encode(
                value: &Self,
                scenario: &$crate::scenario::model::Scenario,
            ) -> serde_json::Value {
                <$changes as $crate::scenario::file::codec::Codec>::encode(
                    &<$changes as $crate::scenario::file::codec::Changes>::all(value),
                    scenario,
                )
            }

            fn schema(
                definitions: &mut $crate::scenario::file::codec::Definitions,
            ) -> serde_json::Value {
                <$changes as $crate::scenario::file::codec::Codec>::schema(definitions)
            }
        }
    };
}

/// Declares the codec of an enum without data: each variant with its name in files and what it means.
macro_rules! choice {
    (
        $(#[doc = $about:literal])+
        $enum:ty { $($shape:pat = $value:expr => $name:literal $doc:literal,)+ }
    ) => {
        impl $crate::scenario::file::choice::Choice for $enum {
            const ABOUT: &'static str = concat!($($about),+);
            const ALL: &'static [(Self, &'static str, &'static str)] =
                &[$(($value, $name, $doc)),+];

            fn name(&self) -> &'static str {
                match self {
                    $($shape => $name,)+
                }
            }
        }

        impl $crate::scenario::file::codec::Codec for $enum {
            type Value = Self;

            fn decode(
                node: &$crate::scenario::file::json::Node<'_>,
                reader: &mut $crate::scenario::file::codec::Reader<'_>,
            ) -> Option<Self> {
                $crate::scenario::file::choice::decode(node, reader)
            }

            fn encode(value: &Self, _: &$crate::scenario::model::Scenario) -> serde_json::Value {
                $crate::scenario::file::choice::Choice::name(value).into()
            }

            fn schema(
                definitions: &mut $crate::scenario::file::codec::Definitions,
            ) -> serde_json::Value {
                let _ = definitions;
                $crate::scenario::file::choice::schema::<Self>()
            }
        }
    };
}

/// Declares a union whose cases are told apart by a tag: for each its tag, the value that it makes, and its fields.
///
/// The value stands in parentheses and must read both as an expression and as a pattern over the names of the
/// fields. A field that is left out may get `[or |names| slot]` from names and from the slots of the fields before it.
macro_rules! union {
    (
        $union:ident of $model:ty {
            $(
                $(#[doc = $doc:literal])+
                $tag:literal => ($($shape:tt)+) {
                    $( $(#[doc = $fdoc:literal])+ $field:ident $(($key:literal))? : $codec:ty [$($absent:tt)*], )*
                }
            )+
        }
    ) => {
        /// The cases of the union; it has no values.
        #[derive(Debug)]
        pub(super) enum $union {}

        impl $crate::scenario::file::union::Union for $union {
            type Model = $model;
            const CASES: &'static [$crate::scenario::file::union::Case] = &[
                $($crate::scenario::file::union::Case {
                    tag: $tag,
                    doc: concat!($($doc),+),
                    fields: $crate::scenario::file::record::fields!(
                        $($(#[doc = $fdoc])+ $field $(($key))? : $codec [$($absent)*],)*
                    ),
                },)+
            ];

            fn decode_case(
                tag: &str,
                object: &$crate::scenario::file::codec::Object<'_>,
                reader: &mut $crate::scenario::file::codec::Reader<'_>,
            ) -> Option<$model> {
                match tag {
                    $($tag => {
                        let _ = &object;
                        let _ = &reader;
                        $(let $field = $crate::scenario::file::record::take!(
                            reader object $crate::scenario::file::record::key!($field $($key)?),
                            $codec, [$($absent)*]
                        );)*
                        $(let $field = $field.into_option()?;)*
                        Some($($shape)+)
                    })+
                    _ => None,
                }
            }

            fn encode_case(
                value: &$model,
                scenario: &$crate::scenario::model::Scenario,
            ) -> (&'static str, serde_json::Map<String, serde_json::Value>) {
                let mut map = serde_json::Map::new();
                let _ = scenario;
                match value {
                    $($($shape)+ => {
                        $(map.insert(
                            $crate::scenario::file::record::key!($field $($key)?).to_owned(),
                            <$codec as $crate::scenario::file::codec::Codec>::encode($field, scenario),
                        );)*
                        ($tag, map)
                    })+
                }
            }
        }
    };
}

pub(super) use {choice, fields, key, presence, record, settings, take, union};
