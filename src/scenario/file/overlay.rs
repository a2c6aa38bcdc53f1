//! Overlays: files that say what every device of a room is like instead, so that one room can be played in several ways.
//! They do not know the rooms over which they are laid, and so cannot name anybody.

use serde_json::{Map, Value as Json};

use super::codec::{Changes, Codec, Definitions, Reader};
use super::container::{At, Placed};
use super::habits::HabitsChanges;
use super::json;
use super::policy::PolicyChanges;
use super::problem::{Problem, quoted};
use super::profile::known_profile;
use super::record::record;
use super::values::{Text, Version};
use crate::scenario::limits::Limits;
use crate::scenario::model::{Device, Scenario};
use crate::scenario::profile::ProfileName;

/// How long the name of an overlay may be: it heads lines of tables.
const NAME_BYTES: usize = 18;

record! {
    /// What every device of a room is like instead: a policy, habits, or both.
    OverlayFile in "overlay" {
        /// The version of the format.
        format: Version [],
        /// The JSON Schema of this file, for editors; it is not read.
        schema ("$schema"): Text [or absent],
        /// What it is called in tables: at most 18 lower-case letters, digits and hyphens.
        name: Placed<Text> [],
        /// What it stands for, in a sentence.
        about: Placed<Text> [],
        /// The program that every device's client is like. Its settings replace those of the room.
        profile: ProfileName [or absent],
        /// What every device's user chooses. What is not said is as in the room.
        policy: PolicyChanges [or absent],
        /// How every device's client is written. What is not said is as in the room.
        habits: HabitsChanges [or absent],
    }
}

/// Settings that are laid over every device of a room.
#[derive(Debug, Clone)]
pub struct Overlay {
    name: String,
    about: String,
    profile: Option<ProfileName>,
    policy: PolicyChanges,
    habits: HabitsChanges,
}

impl Overlay {
    /// What it is called.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it stands for, in a sentence.
    #[must_use]
    pub fn about(&self) -> &str {
        &self.about
    }

    /// Makes every device of the room so.
    pub fn lay_over(&self, scenario: &mut Scenario) {
        for device in &mut scenario.devices {
            self.change(device);
        }
    }

    fn change(&self, device: &mut Device) {
        if let Some(profile) = self.profile.map(known_profile) {
            device.policy = profile.policy.clone();
            device.habits = profile.habits;
        }
        self.policy.apply(&mut device.policy);
        self.habits.apply(&mut device.habits);
    }
}

/// Reads the file of an overlay.
///
/// # Errors
/// Every problem of the file, in the order of their places.
pub fn read_overlay(text: &str) -> Result<Overlay, Vec<Problem>> {
    let limits = Limits::FILES;
    let mut reader = Reader::new(&limits);
    let overlay = reader.overlay(text);
    match overlay {
        Some(overlay) if reader.problems.is_empty() => Ok(overlay),
        Some(_) | None => Err(reader.problems.finish(text)),
    }
}

/// A JSON Schema (draft 2020-12) that the file of every overlay fulfils.
#[must_use]
pub fn overlay_schema() -> Json {
    let mut definitions = Definitions::new();
    let root = OverlayFile::schema(&mut definitions);
    definitions["overlay"]["properties"]["name"]["pattern"] = "^[a-z0-9-]{1,18}$".into();
    let mut schema = Map::new();
    schema.insert("$schema".into(), "https://json-schema.org/draft/2020-12/schema".into());
    schema.insert("title".into(), "A policy that withheld compares with others".into());
    schema.insert("$ref".into(), root["$ref"].clone());
    schema.insert("$defs".into(), definitions.into());
    schema.into()
}

impl Reader<'_> {
    fn overlay(&mut self, text: &str) -> Option<Overlay> {
        let root = json::parse(text, self.limits, &mut self.problems)?;
        let file = OverlayFile::decode(&root, self)?;
        if let Some(name) = file.name.get() {
            self.check_name(name);
        }
        if let Some(about) = file.about.get()
            && about.value.trim().is_empty()
        {
            self.problems.report(about.span, "an empty text", "a sentence that says what it is");
        }
        Some(Overlay {
            name: file.name.into_option()?.value,
            about: file.about.into_option()?.value,
            profile: file.profile.into_option(),
            policy: file.policy.or(PolicyChanges::default()),
            habits: file.habits.or(HabitsChanges::default()),
        })
    }

    fn check_name(&mut self, name: &At<String>) {
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let length = name.value.len();
        if length == 0 || length > NAME_BYTES || !name.value.chars().all(fits) {
            let found = format!("the name {}", quoted(&name.value));
            let expected = format!("1 to {NAME_BYTES} lower-case letters, digits and hyphens");
            self.problems.report(name.span, found, expected);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::codec::Slot;
    use super::super::write;
    use super::{Codec, Overlay, OverlayFile, overlay_schema, read_overlay};
    use crate::protocol::withheld::CodeSet;
    use crate::scenario::habits::{Habits, WithheldDedup};
    use crate::scenario::policy::SharePolicy;
    use crate::scenario::sample::room_of;

    const LOUD: &str = r#"{
        "format": 1, "name": "loud", "about": "A notice with every message.",
        "policy": { "share": "verified" }, "habits": { "withheld_dedup": "none" }
    }"#;

    /// The overlay as a file, which reads back as the same.
    fn write_overlay(overlay: &Overlay) -> String {
        let file = OverlayFile {
            format: Slot::Is(1),
            schema: Slot::Missing,
            name: write::placed(overlay.name.clone()),
            about: write::placed(overlay.about.clone()),
            profile: overlay.profile.map_or(Slot::Missing, Slot::Is),
            policy: Slot::Is(overlay.policy.clone()),
            habits: Slot::Is(overlay.habits.clone()),
        };
        write::pretty(&OverlayFile::encode(&file, &write::nothing()))
    }

    #[test]
    fn what_is_said_replaces_what_the_room_says_and_nothing_else() {
        let mut room = room_of(1, 0);
        room.devices[1].policy.report.codes = CodeSet::NONE;
        let before = room.devices[1].policy.clone();
        read_overlay(LOUD).unwrap().lay_over(&mut room);
        assert_eq!(room.devices[1].policy.share, SharePolicy::Verified);
        assert_eq!(room.devices[1].policy.report, before.report);
        let loud = Habits { withheld_dedup: WithheldDedup::None, ..Habits::specification() };
        assert_eq!(room.devices[0].habits, loud);
    }

    #[test]
    fn a_profile_replaces_everything_and_what_is_said_comes_after_it() {
        let text = LOUD.replace("\"policy\"", "\"profile\": \"hydrogen\", \"policy\"");
        let mut room = room_of(1, 0);
        read_overlay(&text).unwrap().lay_over(&mut room);
        let profile = super::known_profile(crate::scenario::profile::ProfileName::Hydrogen);
        assert_eq!(room.devices[0].policy.on_no_olm, profile.policy.on_no_olm);
        assert_eq!(room.devices[0].policy.share, SharePolicy::Verified);
        assert_eq!(room.devices[0].habits.notice_type, profile.habits.notice_type);
    }

    #[test]
    fn what_is_written_reads_back_as_the_same_and_fulfils_the_schema() {
        let schema = jsonschema::validator_for(&overlay_schema()).unwrap();
        for text in [LOUD, &LOUD.replace("\"habits\"", "\"profile\": \"nheko\", \"habits\"")] {
            let overlay = read_overlay(text).unwrap();
            let written = write_overlay(&overlay);
            let again = read_overlay(&written).unwrap();
            assert_eq!(format!("{again:?}"), format!("{overlay:?}"));
            assert!(schema.is_valid(&serde_json::from_str(&written).unwrap()), "{written}");
        }
        let bad = LOUD.replace("loud", "Loud and clear");
        assert!(!schema.is_valid(&serde_json::from_str(&bad).unwrap()));
    }

    #[test]
    fn all_that_is_wrong_is_told_at_once_with_hints() {
        let text = r#"{
            "format": 1, "name": "Loud", "about": " ", "policy": { "shar": "verified" },
            "habits": { "withheld_dedup": "nome" }
        }"#;
        let problems = read_overlay(text).unwrap_err();
        let said: Vec<String> = problems.iter().map(ToString::to_string).collect();
        assert_eq!(said.len(), 4, "{said:?}");
        assert!(said[0].contains("found the name \"Loud\""), "{said:?}");
        assert!(said[1].contains("an empty text"), "{said:?}");
        assert!(said[2].contains("did you mean \"share\"?"), "{said:?}");
        assert!(said[3].contains("did you mean \"none\"?"), "{said:?}");
    }

    #[test]
    fn nobody_can_be_named() {
        let report = r#"{ "overrides": [{ "target": "alice", "codes": "none" }] }"#;
        let text = LOUD.replace("\"share\": \"verified\"", &format!("\"report\": {report}"));
        let problems = read_overlay(&text).unwrap_err();
        assert!(problems[0].to_string().contains("alice"), "{problems:?}");
    }
}
