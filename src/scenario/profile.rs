//! Profiles: real clients as policies and habits, with where that was read and what could not be said.
//! They do not know how their files are read.

use crate::scenario::habits::Habits;
use crate::scenario::policy::Policy;

/// Declares the profiles with their names in files.
macro_rules! profiles {
    ($($(#[$doc:meta])* $variant:ident $name:literal,)*) => {
        /// A profile that comes with this program.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum ProfileName { $($(#[$doc])* $variant,)* }

        impl ProfileName {
            /// All profiles, the specification's first.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name in files.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }
        }
    };
}

profiles! {
    /// A client as the specification wants it.
    Specification "specification",
    /// matrix-rust-sdk: Element X, and what uses its crypto crate.
    MatrixRustSdk "matrix-rust-sdk",
    /// matrix-js-sdk with its own crypto, up to 36.2.
    MatrixJsSdkLegacy "matrix-js-sdk-legacy",
    /// mautrix-go: bridges and bots.
    MautrixGo "mautrix-go",
    /// mautrix-python: older bridges and bots.
    MautrixPython "mautrix-python",
    /// Element Android with its own crypto.
    ElementAndroidLegacy "element-android-legacy",
    /// Element iOS with its own crypto.
    ElementIosLegacy "element-ios-legacy",
    /// Hydrogen.
    Hydrogen "hydrogen",
    /// matrix-nio: bots in Python.
    MatrixNio "matrix-nio",
    /// Trixnity.
    Trixnity "trixnity",
    /// nheko.
    Nheko "nheko",
    /// libQuotient: Quaternion, NeoChat.
    Libquotient "libquotient",
    /// matrix-dart-sdk: FluffyChat.
    MatrixDartSdk "matrix-dart-sdk",
    /// gomuks, on mautrix-go.
    Gomuks "gomuks",
}

/// A real client as far as policies and habits can say what it is like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// Its name, which is that of its file.
    pub name: String,
    /// The version or the commit that was read.
    pub version: String,
    /// The date of that version, as its source gives it: a year, a month or a day.
    pub date: String,
    /// Where each part was read: file, function and what it says.
    pub sources: Vec<String>,
    /// What the client does that no setting expresses.
    pub not_expressed: Vec<String>,
    /// What an application of it chooses that nobody has changed.
    pub policy: Policy,
    /// How it is written.
    pub habits: Habits,
}
