//! The names in logs as dense ids: those of the cast, which headers declare, and those that come up line by line.
//! It does not know what is said about anything that has a name.

use std::collections::BTreeMap;

use hashbrown::HashMap;

use crate::engine::hash::FixedState;
use crate::ids::{DeviceId, MessageId, RoomId, ServerId, Sym, UserId};
use crate::scenario::model::Strings;

use super::cursor::{Reading, Value};

/// How large a number may be as an id before any line was read.
const NUMBERS_AT_FIRST: u64 = 65_536;
/// How much larger it may be for each line that was read.
const NUMBERS_A_LINE: u64 = 256;

/// Names of one kind, by their ids.
#[derive(Debug, Clone, Default)]
pub(super) struct Table {
    texts: Vec<String>,
    ids: HashMap<String, u32, FixedState>,
}

impl Table {
    /// The id of a name that was declared.
    pub(super) fn get(&self, text: &str) -> Option<u32> {
        self.ids.get(text).copied()
    }

    /// The id of a name, a new one if it is new; and whether it is.
    pub(super) fn add(&mut self, text: &str) -> (u32, bool) {
        if let Some(id) = self.get(text) {
            return (id, false);
        }
        let id = u32::try_from(self.texts.len()).expect("a file holds fewer than 2^32 names");
        self.texts.push(text.to_owned());
        self.ids.insert(text.to_owned(), id);
        (id, true)
    }

    /// All names, by id.
    pub(super) fn texts(&self) -> &[String] {
        &self.texts
    }
}

/// A kind of id that has no name in the cast.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Numbered {
    /// Of a history bundle.
    Bundle,
    /// Of a claim.
    Claim,
    /// Of a one-time or fallback key.
    Key,
    /// Of a Megolm session.
    MegolmSession,
    /// Of an Olm session.
    OlmSession,
    /// Of a query.
    Query,
    /// Of a key request.
    Request,
    /// Of a cross-signing key.
    SigningKey,
    /// Of a to-device message.
    ToDevice,
    /// Of a transaction.
    Txn,
}

impl Numbered {
    const ALL: [Self; 10] = [
        Self::Bundle,
        Self::Claim,
        Self::Key,
        Self::MegolmSession,
        Self::OlmSession,
        Self::Query,
        Self::Request,
        Self::SigningKey,
        Self::ToDevice,
        Self::Txn,
    ];

    /// What it is, for messages.
    pub(super) const fn noun(self) -> &'static str {
        match self {
            Self::Bundle => "a history bundle",
            Self::Claim => "a claim",
            Self::Key => "a one-time or fallback key",
            Self::MegolmSession => "a Megolm session",
            Self::OlmSession => "an Olm session",
            Self::Query => "a query",
            Self::Request => "a key request",
            Self::SigningKey => "a cross-signing key",
            Self::ToDevice => "a to-device message",
            Self::Txn => "a transaction",
        }
    }
}

/// How the ids of one kind are written in these logs: the first one decides.
#[derive(Debug, Clone, Default)]
enum Spelling {
    #[default]
    Unknown,
    /// As numbers, which stand for themselves.
    Numbers,
    /// As texts, numbered as they come.
    Texts(BTreeMap<String, u32>),
}

/// What logs themselves call what has no name in the cast, where their ids are texts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OwnIds([Vec<String>; Numbered::ALL.len()]);

impl OwnIds {
    /// The text that an id stands for; `None` if the logs have numbers.
    #[must_use]
    pub fn get(&self, kind: Numbered, id: u32) -> Option<&str> {
        self.0[kind as usize].get(id as usize).map(String::as_str)
    }
}

/// All names of the logs that are judged together.
#[derive(Debug, Clone, Default)]
pub(super) struct Names {
    pub(super) servers: Table,
    pub(super) users: Table,
    /// Whose server is whose, by user.
    pub(super) homes: Vec<ServerId>,
    pub(super) devices: Table,
    /// Whose device is whose, by device.
    pub(super) owners: Vec<UserId>,
    pub(super) rooms: Table,
    pub(super) messages: Table,
    pub(super) strings: Strings,
    /// How many faults were announced.
    pub(super) faults: usize,
    /// How many lines were read.
    pub(super) lines: u64,
    numbered: [Spelling; Numbered::ALL.len()],
}

impl Names {
    /// The id of something that has no name in the cast.
    pub(super) fn numbered(&mut self, kind: Numbered, value: Value<'_>) -> Reading<u32> {
        let limit = NUMBERS_AT_FIRST + NUMBERS_A_LINE * self.lines;
        let spelling = &mut self.numbered[kind as usize];
        if value.is_string() {
            let texts = match spelling {
                Spelling::Numbers => return Err(mixed(kind, value, "number")),
                Spelling::Unknown => {
                    *spelling = Spelling::Texts(BTreeMap::new());
                    return self.numbered(kind, value);
                }
                Spelling::Texts(texts) => texts,
            };
            let text = value.string(kind.noun())?;
            if let Some(id) = texts.get(text.as_ref()) {
                return Ok(*id);
            }
            let id = u32::try_from(texts.len()).expect("lines are fewer than 2^32");
            texts.insert(text.into_owned(), id);
            return Ok(id);
        }
        let number = value.number(&format_of(kind))?;
        match spelling {
            Spelling::Texts(_) => return Err(mixed(kind, value, "string")),
            Spelling::Unknown => *spelling = Spelling::Numbers,
            Spelling::Numbers => {}
        }
        match u32::try_from(number) {
            Ok(id) if number <= limit => Ok(id),
            Ok(_) | Err(_) => Err(value.unexpected(&format!(
                "{} as a string, or a number that is at most {limit} here",
                kind.noun()
            ))),
        }
    }

    /// The number of texts of this kind that came up, if they are texts.
    pub(super) fn count_of_texts(&self, kind: Numbered) -> Option<u32> {
        match &self.numbered[kind as usize] {
            Spelling::Texts(texts) => u32::try_from(texts.len()).ok(),
            Spelling::Unknown => Some(0),
            Spelling::Numbers => None,
        }
    }

    /// The texts of all ids that are texts.
    pub(super) fn into_own_ids(self) -> OwnIds {
        OwnIds(self.numbered.map(|spelling| match spelling {
            Spelling::Texts(texts) => {
                let mut by_id: Vec<(u32, String)> =
                    texts.into_iter().map(|(text, id)| (id, text)).collect();
                by_id.sort_unstable();
                by_id.into_iter().map(|(_, text)| text).collect()
            }
            Spelling::Unknown | Spelling::Numbers => Vec::new(),
        }))
    }

    /// The id of a server by name.
    pub(super) fn server(&self, value: Value<'_>) -> Reading<ServerId> {
        known(&self.servers, value, "the name of a server of the header").map(ServerId::new)
    }

    /// The id of a user by name.
    pub(super) fn user(&self, value: Value<'_>) -> Reading<UserId> {
        known(&self.users, value, "the name of a user of the header").map(UserId::new)
    }

    /// The id of a device by name.
    pub(super) fn device(&self, value: Value<'_>) -> Reading<DeviceId> {
        known(&self.devices, value, "the name of a device of the header").map(DeviceId::new)
    }

    /// The id of a room by name.
    pub(super) fn room(&self, value: Value<'_>) -> Reading<RoomId> {
        known(&self.rooms, value, "the name of a room of the header").map(RoomId::new)
    }

    /// The id of a message by name; messages need not be in the header.
    pub(super) fn message(&mut self, value: Value<'_>) -> Reading<MessageId> {
        let text = value.string("the name of a message")?;
        Ok(MessageId::new(self.messages.add(&text).0))
    }

    /// The id of a text.
    pub(super) fn text(&mut self, value: Value<'_>) -> Reading<Sym> {
        let text = value.string("a text")?;
        Ok(self.strings.intern(&text))
    }
}

fn known(table: &Table, value: Value<'_>, expected: &str) -> Reading<u32> {
    let text = value.string(expected)?;
    table.get(&text).ok_or_else(|| value.unexpected(expected))
}

fn format_of(kind: Numbered) -> String {
    format!("{} as a string or a number", kind.noun())
}

fn mixed(kind: Numbered, value: Value<'_>, before: &str) -> Box<super::cursor::Malformed> {
    value.unexpected(&format!("{} as a {before}, like the first one", kind.noun()))
}

#[cfg(test)]
mod tests {
    use super::{Names, Numbered};
    use crate::trace::jsonl::cursor::{Reading, object_of};

    fn id(names: &mut Names, kind: Numbered, text: &str) -> Reading<u32> {
        let line = format!("{{\"v\":{text}}}");
        names.numbered(kind, object_of(&line).unwrap().need("v").unwrap())
    }

    #[test]
    fn texts_are_numbered_as_they_come_and_numbers_stand_for_themselves() {
        let mut names = Names::default();
        assert_eq!(id(&mut names, Numbered::Txn, "\"b\"").unwrap(), 0);
        assert_eq!(id(&mut names, Numbered::Txn, "\"a\"").unwrap(), 1);
        assert_eq!(id(&mut names, Numbered::Txn, "\"b\"").unwrap(), 0);
        assert_eq!(id(&mut names, Numbered::Claim, "9").unwrap(), 9);
        assert_eq!(names.count_of_texts(Numbered::Txn), Some(2));
        assert_eq!(names.count_of_texts(Numbered::Claim), None);
    }

    #[test]
    fn one_kind_of_id_is_written_in_one_way() {
        let mut names = Names::default();
        id(&mut names, Numbered::Txn, "\"b\"").unwrap();
        id(&mut names, Numbered::Key, "1").unwrap();
        let said = id(&mut names, Numbered::Txn, "1").unwrap_err().expected;
        assert_eq!(said, "a transaction as a string, like the first one");
        assert!(id(&mut names, Numbered::Key, "\"1\"").is_err());
        assert!(id(&mut names, Numbered::Query, "null").is_err());
        assert!(id(&mut names, Numbered::Query, "1.5").is_err());
    }

    #[test]
    fn a_number_far_above_what_so_few_lines_can_name_is_refused() {
        let mut names = Names::default();
        assert_eq!(id(&mut names, Numbered::Key, "65536").unwrap(), 65_536);
        assert!(id(&mut names, Numbered::Key, "65537").is_err());
        names.lines = 1;
        assert_eq!(id(&mut names, Numbered::Key, "65792").unwrap(), 65_792);
        assert!(id(&mut names, Numbered::Key, "99999999999").is_err());
    }
}
