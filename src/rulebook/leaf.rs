//! The leaves of the decision tree "why can this device not read this message?".
//! It does not know how a leaf is reached.

/// Declares the leaves: variant, number, name in files, class.
macro_rules! leaves {
    ($($(#[doc = $doc:literal])* $variant:ident $number:literal $name:literal $class:ident,)*) => {
        /// What became of one message at one device: the first stage of the delivery that broke.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Leaf {
            $($(#[doc = $doc])* $variant,)*
        }

        impl Leaf {
            /// All leaves, in the order of the tree.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The number in the tree, for example `L12`.
            #[must_use]
            pub const fn number(self) -> &'static str {
                match self { $(Self::$variant => $number,)* }
            }

            /// The name in scenario files and reports.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// What it means, in a sentence.
            #[must_use]
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$variant => concat!($($doc),*).trim(),)* }
            }

            /// The class under the `strict` reading.
            #[must_use]
            pub const fn class(self) -> LeafClass {
                match self { $(Self::$variant => LeafClass::$class,)* }
            }
        }
    };
}

/// What a leaf means for whoever asks "is this all right?".
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LeafClass {
    /// The message can be read.
    Ok,
    /// It cannot, and the device was told why.
    Explained,
    /// It cannot, legitimately, and no explanation was due.
    Excused,
    /// The run ended before it was decided.
    Pending,
    /// The specification itself leaves it without an explanation.
    SpecGap,
    /// Somebody did not do what the rules ask, and it cannot be read because of that.
    Fault,
}

leaves! {
    /// The device holds a key that fits.
    Delivered "L00" "delivered" Ok,
    /// The user was not in the room when it was sent.
    NotAMember "L01" "not-a-member" Excused,
    /// The user was only invited, and the sender does not share with invited users.
    InvitedOnly "L02" "invited-only" Excused,
    /// The device did not exist when it was sent.
    DeviceNewer "L03" "device-newer-than-message" Excused,
    /// The device has no identity keys or does not list the algorithms.
    NonCryptographic "L04" "non-cryptographic" Excused,
    /// The device was deleted since.
    Gone "L04b" "gone" Excused,
    /// The notice (or the key) was accepted and lost by a server.
    ExplanationLost "L05" "lost-in-transport" Fault,
    /// The sender does not report to this device.
    OptedOut "L06" "opted-out" Excused,
    /// The sender had not seen the membership yet.
    MembershipNotSeen "L07" "membership-not-seen" Excused,
    /// The sender had not been told of the device yet.
    Unaware "L08" "unaware" Excused,
    /// The sender had been told that the list changed and did not have the new list yet.
    StaleList "L09" "stale-list" Excused,
    /// The sender's server never told it of the device.
    NoteNeverSent "L10" "list-change-not-told" Fault,
    /// A device-list answer left the device out, or an older answer overwrote a newer one.
    WrongList "L11" "wrong-list" Fault,
    /// A notice about the session says so.
    Withheld "L12" "withheld" Explained,
    /// Nothing was said though it was due.
    Unexplained "L13" "unexplained" Fault,
    /// A notice came that was not true, or named the wrong session or target.
    FalseExplanation "L14" "false-explanation" Fault,
    /// A `m.no_olm` that came after the message says so.
    NoOlm "L15" "no-olm" Explained,
    /// A `m.no_olm` came before the message and its epoch has not ended: nothing may be sent any more.
    StandingNoOlm "L16" "standing-no-olm" SpecGap,
    /// The sender went away for good before it could send.
    SenderGone "L17" "sender-gone" Excused,
    /// The Olm session was out of step, and the device opened a new one, or need not have done so yet.
    Wedged "L18" "wedged" Excused,
    /// The private part of the one-time or fallback key had been retired.
    KeyExpired "L19" "key-expired" Excused,
    /// The decrypted payload failed its checks.
    Rejected "L20" "rejected" Excused,
    /// The device acknowledged the key and crashed before it stored it.
    LostAtRecipient "L21" "acknowledged-not-stored" Fault,
    /// The key was held once and lost with the store.
    StorageLoss "L22" "storage-loss" Excused,
    /// A backup or a forwarded key started later and could not say why.
    PartialRestore "L23" "partial-restore" Excused,
    /// A forwarded key started later and said why.
    ForwardedWithheld "L24" "forwarded-withheld" Explained,
    /// A history bundle said that the session is not shared.
    HistoryNotShared "L25" "history-not-shared" Explained,
    /// The key fits and the client does not show messages of such devices.
    NotDisplayed "L26" "not-displayed" Excused,
    /// The message itself is no good: a replayed index, a damaged ciphertext.
    InvalidMessage "L27" "invalid-message" Excused,
    /// Explained on the wire, and the device makes nothing of it.
    NoticeNotUsed "L28" "notice-not-used" Fault,
    /// A `m.no_olm` explains it on the wire, and the device makes nothing of it, as it may.
    NoOlmNotUsed "L29" "no-olm-not-used" Excused,
    /// The key that was given starts later than the first message it was owed for.
    SharedTooLate "L30" "shared-too-late" Fault,
    /// The Olm session was out of step and the device did not open a new one, which was due.
    NotUnwedged "L31" "not-unwedged" Fault,
    /// A server handed one one-time key to two devices.
    KeyHandedOutTwice "L32" "key-handed-out-twice" Fault,
    /// The device dropped a one-time key or an Olm session too early.
    DroppedEarly "L33" "dropped-early" Fault,
    /// The device overwrote the key by one with a later index.
    Overwritten "L34" "overwritten" Fault,
    /// Not decided when the run ended.
    Pending "pending" "pending" Pending,
    /// None of these: a bug of this tool.
    Unknown "L99" "unknown" Fault,
}

impl Leaf {
    /// The leaf with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|leaf| leaf.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::Leaf;

    #[test]
    fn names_and_numbers_of_leaves_are_unique() {
        for leaf in Leaf::ALL {
            assert_eq!(Leaf::from_name(leaf.name()), Some(*leaf));
            let same = Leaf::ALL.iter().filter(|other| other.number() == leaf.number()).count();
            assert_eq!(same, 1, "{} is there {same} times", leaf.number());
            assert!(leaf.meaning().ends_with('.'), "{}: {}", leaf.number(), leaf.meaning());
        }
    }
}
