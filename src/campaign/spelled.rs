//! Maps whose keys stand in files by their names, and readers that refuse names that nothing has.
//! It does not know what is counted under a name.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::rulebook::leaf::Leaf;
use crate::rulebook::rule::Rule;
use crate::scenario::kinds::{FaultName, StepKind};

/// What has a name in files.
pub trait Spelled: Copy + Ord + 'static {
    /// Everything that has one.
    const ALL: &'static [Self];

    /// The name.
    fn spelling(self) -> &'static str;
}

/// Declares what is spelled how.
macro_rules! spelled {
    ($($name:ident $spelling:ident)*) => {$(
        impl Spelled for $name {
            const ALL: &'static [Self] = $name::ALL;

            fn spelling(self) -> &'static str {
                self.$spelling()
            }
        }
    )*};
}

spelled! { Rule id Leaf name StepKind as_str FaultName as_str }

/// What has this name.
pub fn find<K: Spelled>(name: &str) -> Option<K> {
    K::ALL.iter().copied().find(|one| one.spelling() == name)
}

/// Numbers, or whatever, by what has a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ByName<K, V>(BTreeMap<K, V>);

impl<K, V> Default for ByName<K, V> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<K: Spelled, V: Default> ByName<K, V> {
    /// What stands under `key`, which is there from now on.
    pub fn at(&mut self, key: K) -> &mut V {
        self.0.entry(key).or_default()
    }

    /// What stands under `key`.
    #[must_use]
    pub fn get(&self, key: K) -> Option<&V> {
        self.0.get(&key)
    }

    /// Everything, in the order of the keys.
    pub fn iter(&self) -> impl Iterator<Item = (K, &V)> {
        self.0.iter().map(|(key, value)| (*key, value))
    }

    /// The keys under which nothing stands.
    pub fn missing(&self) -> impl Iterator<Item = K> {
        K::ALL.iter().copied().filter(|key| !self.0.contains_key(key))
    }
}

impl<K: Spelled, V: Serialize> Serialize for ByName<K, V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (key, value) in &self.0 {
            map.serialize_entry(key.spelling(), value)?;
        }
        map.end()
    }
}

impl<'de, K: Spelled, V: Deserialize<'de>> Deserialize<'de> for ByName<K, V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Names(PhantomData)).map(Self)
    }
}

struct Names<K, V>(PhantomData<(K, V)>);

impl<'de, K: Spelled, V: Deserialize<'de>> Visitor<'de> for Names<K, V> {
    type Value = BTreeMap<K, V>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with known names")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut read = BTreeMap::new();
        while let Some(name) = map.next_key::<String>()? {
            let key =
                find(&name).ok_or_else(|| A::Error::custom(format!("unknown name {name}")))?;
            read.insert(key, map.next_value()?);
        }
        Ok(read)
    }
}

/// A value that stands in files by its name, for `#[serde(with = ...)]`.
pub mod name {
    use serde::de::{Deserialize, Deserializer, Error};
    use serde::ser::Serializer;

    use super::{Spelled, find};

    /// Writes the name.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<K: Spelled, S: Serializer>(key: &K, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(key.spelling())
    }

    /// Reads the name.
    ///
    /// # Errors
    /// If nothing has it.
    pub fn deserialize<'de, K: Spelled, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<K, D::Error> {
        let name = String::deserialize(deserializer)?;
        find(&name).ok_or_else(|| D::Error::custom(format!("unknown name {name}")))
    }
}

#[cfg(test)]
mod tests {
    use super::ByName;
    use crate::rulebook::rule::Rule;

    #[test]
    fn what_is_written_by_name_is_read_again_and_strange_names_are_refused() {
        let mut counts: ByName<Rule, u64> = ByName::default();
        *counts.at(Rule::W09) += 2;
        let text = serde_json::to_string(&counts).unwrap();
        assert_eq!(text, r#"{"W-09":2}"#);
        assert_eq!(serde_json::from_str::<ByName<Rule, u64>>(&text).unwrap(), counts);
        assert!(serde_json::from_str::<ByName<Rule, u64>>(r#"{"W-99":2}"#).is_err());
        assert_eq!(counts.missing().count(), Rule::ALL.len() - 1);
    }
}
