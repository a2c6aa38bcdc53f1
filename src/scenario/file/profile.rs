//! The codecs of profiles: their names, and their files, which come with the program.
//! They do not know which devices are like a profile.

use std::sync::LazyLock;

use serde_json::{Map, Value as Json};

use super::codec::{Changes, Codec, Definitions, Reader};
use super::container::List;
use super::habits::HabitsChanges;
use super::json;
use super::policy::PolicyChanges;
use super::problem::Problem;
use super::record::{choice, record};
use super::values::Text;
use crate::scenario::habits::Habits;
use crate::scenario::limits::Limits;
use crate::scenario::policy::Policy;
use crate::scenario::profile::{Profile, ProfileName};

record! {
    /// A real client: what was read of it, and how its settings differ from those of the specification.
    ProfileFile in "profile" {
        /// The name of the profile, which is that of the file.
        name: Text [],
        /// The version or the commit that was read.
        version: Text [],
        /// The date of that version: a year, a month or a day.
        date: Text [],
        /// Where each part was read.
        sources: List<Text> [],
        /// What the client does that no setting expresses.
        not_expressed: List<Text> [= Vec::new()],
        /// What an application of it chooses that nobody has changed, as far as that is not the standard.
        policy: PolicyChanges [or absent],
        /// How it is written, as far as the specification wants something else.
        habits: HabitsChanges [or absent],
    }
}

choice! {
    /// a profile
    ProfileName {
        Self::Specification = Self::Specification =>
            "specification" "A client as the specification wants it.",
        Self::MatrixRustSdk = Self::MatrixRustSdk =>
            "matrix-rust-sdk" "matrix-rust-sdk: Element X, and what uses its crypto crate.",
        Self::MatrixJsSdkLegacy = Self::MatrixJsSdkLegacy =>
            "matrix-js-sdk-legacy" "matrix-js-sdk with its own crypto, up to 36.2.",
        Self::MautrixGo = Self::MautrixGo => "mautrix-go" "mautrix-go: bridges and bots.",
        Self::MautrixPython = Self::MautrixPython =>
            "mautrix-python" "mautrix-python: older bridges and bots.",
        Self::ElementAndroidLegacy = Self::ElementAndroidLegacy =>
            "element-android-legacy" "Element Android with its own crypto.",
        Self::ElementIosLegacy = Self::ElementIosLegacy =>
            "element-ios-legacy" "Element iOS with its own crypto.",
        Self::Hydrogen = Self::Hydrogen => "hydrogen" "Hydrogen.",
        Self::MatrixNio = Self::MatrixNio => "matrix-nio" "matrix-nio: bots in Python.",
        Self::Trixnity = Self::Trixnity => "trixnity" "Trixnity.",
        Self::Nheko = Self::Nheko => "nheko" "nheko.",
        Self::Libquotient = Self::Libquotient => "libquotient" "libQuotient: Quaternion, NeoChat.",
        Self::MatrixDartSdk = Self::MatrixDartSdk => "matrix-dart-sdk" "matrix-dart-sdk: FluffyChat.",
        Self::Gomuks = Self::Gomuks => "gomuks" "gomuks, on mautrix-go.",
    }
}

/// The text of a profile's file.
const fn text_of(name: ProfileName) -> &'static str {
    match name {
        ProfileName::Specification => include_str!("../../../profiles/specification.json"),
        ProfileName::MatrixRustSdk => include_str!("../../../profiles/matrix-rust-sdk.json"),
        ProfileName::MatrixJsSdkLegacy => {
            include_str!("../../../profiles/matrix-js-sdk-legacy.json")
        }
        ProfileName::MautrixGo => include_str!("../../../profiles/mautrix-go.json"),
        ProfileName::MautrixPython => include_str!("../../../profiles/mautrix-python.json"),
        ProfileName::ElementAndroidLegacy => {
            include_str!("../../../profiles/element-android-legacy.json")
        }
        ProfileName::ElementIosLegacy => include_str!("../../../profiles/element-ios-legacy.json"),
        ProfileName::Hydrogen => include_str!("../../../profiles/hydrogen.json"),
        ProfileName::MatrixNio => include_str!("../../../profiles/matrix-nio.json"),
        ProfileName::Trixnity => include_str!("../../../profiles/trixnity.json"),
        ProfileName::Nheko => include_str!("../../../profiles/nheko.json"),
        ProfileName::Libquotient => include_str!("../../../profiles/libquotient.json"),
        ProfileName::MatrixDartSdk => include_str!("../../../profiles/matrix-dart-sdk.json"),
        ProfileName::Gomuks => include_str!("../../../profiles/gomuks.json"),
    }
}

static PROFILES: LazyLock<Vec<Profile>> = LazyLock::new(|| {
    let profile = |name: &ProfileName| {
        read_profile(text_of(*name))
            .expect("a test reads every profile that comes with the program")
    };
    ProfileName::ALL.iter().map(profile).collect()
});

/// A profile that comes with this program.
///
/// # Panics
/// Never: the files are part of the program and a test reads each.
#[must_use]
pub fn known_profile(name: ProfileName) -> &'static Profile {
    &PROFILES[name as usize]
}

/// Reads the file of a profile.
///
/// # Errors
/// Every problem of the file, in the order of their places.
pub fn read_profile(text: &str) -> Result<Profile, Vec<Problem>> {
    let limits = Limits::FILES;
    let mut reader = Reader::new(&limits);
    let profile = reader.profile(text);
    match profile {
        Some(profile) if reader.problems.is_empty() => Ok(profile),
        Some(_) | None => Err(reader.problems.finish(text)),
    }
}

/// A JSON Schema (draft 2020-12) that the file of every profile fulfils.
#[must_use]
pub fn profile_schema() -> Json {
    let mut definitions = Definitions::new();
    let root = ProfileFile::schema(&mut definitions);
    let mut schema = Map::new();
    schema.insert("$schema".into(), "https://json-schema.org/draft/2020-12/schema".into());
    schema.insert("title".into(), "A profile of withheld".into());
    schema.insert("$ref".into(), root["$ref"].clone());
    schema.insert("$defs".into(), definitions.into());
    schema.into()
}

impl Reader<'_> {
    fn profile(&mut self, text: &str) -> Option<Profile> {
        let root = json::parse(text, self.limits, &mut self.problems)?;
        let file = ProfileFile::decode(&root, self)?;
        let (mut policy, mut habits) = (Policy::standard(), Habits::specification());
        if let Some(said) = file.policy.get() {
            said.apply(&mut policy);
        }
        if let Some(said) = file.habits.get() {
            said.apply(&mut habits);
        }
        Some(Profile {
            name: file.name.into_option()?,
            version: file.version.into_option()?,
            date: file.date.into_option()?,
            sources: file.sources.into_option()?,
            not_expressed: file.not_expressed.into_option()?,
            policy,
            habits,
        })
    }
}
