//! The kinds of fact by themselves, and sets of them: what a rule listens to, what a log records.
//! It does not know what a fact of a kind holds.

use crate::trace::fact::FactKind;

/// Declares the kinds, in the order of [`FactKind`].
macro_rules! kinds {
    ($($variant:ident)*) => {
        /// A kind of fact, without its contents.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum Kind {
            $(#[doc = concat!("[`FactKind::", stringify!($variant), "`]")] $variant,)*
        }

        impl Kind {
            /// All kinds, in the order of [`FactKind`].
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The kind of a fact.
            #[must_use]
            pub const fn of(fact: &FactKind) -> Self {
                match fact {
                    $(FactKind::$variant { .. } => Self::$variant,)*
                }
            }

            /// Asks for what is done with facts of this kind, with the kind as a constant.
            #[inline]
            pub fn choose(self, chooses: impl OfKind) {
                match self {
                    $(Self::$variant => chooses.of::<{ Self::$variant as u8 }>(),)*
                }
            }
        }
    };
}

/// What is done with facts, compiled once for each kind.
pub trait OfKind {
    /// Does what is done with facts of the kind that has this number in [`Kind::ALL`].
    fn of<const KIND: u8>(self);
}

kinds! {
    UserStep FaultStart FaultEnd RunEnd Member HistoryVisibility Encryption RoomSeen MemberNotTold
    DeviceUp DeviceDeleted CrossSigned IdentitySet IdentityMade ListChangedAt ListNote QueryStart
    QueryListed QueryEnd SharingSet ReportingSet VerifiedSet BlockedSet IdentityAcknowledged
    OneTimeKeysUp FallbackKeyUp UploadRefused Claim KeyHandedOut ClaimEnd KeyCounts PrivateKeyGone
    OlmNew OlmDropped OlmEncrypted OlmDecrypt MegolmNew MegolmEncrypted SendRefused
    MessageAccepted MessageReceived KeyIn KeyRefused KeyLost Try Put PutTarget PutAccepted
    Enqueued Lost Listed Acknowledged Processed KeyRequested RequestCancelled LoggedOut Crashed
    Restarted StoreRestored HealStart SessionDiscarded InvitedBy BundleMade BundleKey
    BundleWithheld BundleOpened ServerRestored IdentityReceived
}

/// A set of kinds of fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Kinds(u128);

impl Kinds {
    /// No kind.
    pub const NONE: Self = Self(0);

    /// Every kind.
    pub const ALL: Self = Self::of(Kind::ALL);

    /// These kinds.
    #[must_use]
    pub const fn of(kinds: &[Kind]) -> Self {
        let mut set = 0;
        let mut next = 0;
        while next < kinds.len() {
            set |= 1_u128 << kinds[next] as u8;
            next += 1;
        }
        Self(set)
    }

    /// These and those.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// These without those.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether a kind is among these.
    #[must_use]
    pub const fn contains(self, kind: Kind) -> bool {
        self.holds(kind as u8)
    }

    /// Whether the kind with this number in [`Kind::ALL`] is among these.
    #[must_use]
    pub const fn holds(self, kind: u8) -> bool {
        self.0 & (1_u128 << kind) != 0
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The kinds, in the order of [`FactKind`].
    pub fn iter(self) -> impl Iterator<Item = Kind> {
        Kind::ALL.iter().copied().filter(move |kind| self.contains(*kind))
    }
}

#[cfg(test)]
mod tests {
    use super::{Kind, Kinds};

    #[test]
    fn a_set_holds_what_was_put_into_it_and_every_kind_has_a_place() {
        assert!(Kind::ALL.len() <= 128, "a set is 128 bits");
        let few = Kinds::of(&[Kind::Try, Kind::KeyIn]);
        assert_eq!(few.iter().collect::<Vec<_>>(), [Kind::KeyIn, Kind::Try]);
        assert!(few.contains(Kind::Try) && !few.contains(Kind::Put));
        assert_eq!(Kinds::ALL.iter().count(), Kind::ALL.len());
        assert_eq!(few.or(Kinds::of(&[Kind::Put])).without(few), Kinds::of(&[Kind::Put]));
        assert!(few.without(Kinds::ALL).is_empty());
    }
}
