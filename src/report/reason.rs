//! Why a device cannot read a message, as a clause with gaps for whom, when and which notice.
//! It does not know whether one cell or many are told by it.

use crate::ids::{DeviceId, ToDeviceId};
use crate::protocol::room::Membership;
use crate::protocol::to_device::OlmEvent;
use crate::rulebook::leaf::Leaf;
use crate::rulebook::reading::Reading;
use crate::time::SimTime;
use crate::trace::fact::{Fact, FactKind, KeySource, LossCause, SentContent};

/// What may fill the gaps of a clause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gap {
    /// The device that sent the message.
    Sender,
    /// The room of the message.
    Room,
    /// Who is at fault.
    Party,
    /// The code of the notice.
    Code,
    /// Which notice it was and what became of it when, in brackets, with a blank before them.
    Told,
    /// The device as an object: it, them.
    It,
    /// The device as a subject: it, they.
    They,
    /// The device as an owner: its, their.
    Their,
    /// The user of the device: a name, or their users.
    User,
}

impl Gap {
    const ALL: [(Self, &'static str); 9] = [
        (Self::Sender, "{sender}"),
        (Self::Room, "{room}"),
        (Self::Party, "{party}"),
        (Self::Code, "{code}"),
        (Self::Told, "{told}"),
        (Self::It, "{it}"),
        (Self::They, "{they}"),
        (Self::Their, "{their}"),
        (Self::User, "{user}"),
    ];
}

/// What a verdict rests on, as far as the clause for its leaf depends on it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Grounds<'a> {
    /// The device that sent the message.
    pub(super) sender: Option<DeviceId>,
    /// Whether somebody is at fault.
    pub(super) is_fault: bool,
    /// The witnesses of the verdict, the most telling first.
    pub(super) witnesses: [Option<&'a Fact>; 3],
}

impl Grounds<'_> {
    fn kinds(&self) -> impl Iterator<Item = &FactKind> {
        self.witnesses.iter().flatten().map(|fact| &fact.kind)
    }

    /// Whether the notice came into the mailbox without having been sent, as far as is known.
    fn is_forged(&self) -> bool {
        let is_notice = |content: &SentContent| matches!(content, SentContent::Withheld(_));
        self.kinds()
            .any(|kind| matches!(kind, FactKind::Enqueued { content, .. } if is_notice(content)))
    }

    /// What was sent.
    fn sent(&self) -> Option<Sent> {
        self.kinds().find_map(|kind| {
            if let FactKind::OlmEncrypted { event: OlmEvent::RoomKey(_), .. }
            | FactKind::PutTarget { content: SentContent::Olm(OlmEvent::RoomKey(_)), .. } = kind
            {
                return Some(Sent::Key);
            }
            let is_notice =
                matches!(kind, FactKind::PutTarget { content: SentContent::Withheld(_), .. });
            is_notice.then_some(Sent::Notice)
        })
    }
}

/// What a sender sent.
enum Sent {
    Key,
    Notice,
}

/// The clause for a leaf; empty for a message that can be read.
#[expect(clippy::too_many_lines, reason = "one exhaustive choice, an arm for each leaf")]
pub(super) fn clause(leaf: Leaf, reading: &Reading, grounds: &Grounds<'_>) -> &'static str {
    match leaf {
        Leaf::Delivered => "",
        Leaf::NotAMember => not_a_member(grounds),
        Leaf::InvitedOnly => invited_only(grounds),
        Leaf::DeviceNewer => "{they} did not exist at that time",
        Leaf::NonCryptographic => "{they} published no keys, or no algorithm, for encryption",
        Leaf::Gone => "{they} went away for good",
        Leaf::ExplanationLost => match grounds.sent() {
            Some(Sent::Key) => "{party} lost the key that {sender} sent {it}",
            Some(Sent::Notice) => "{party} lost the notice that {sender} sent {it}",
            None => "{party} lost what {sender} sent {it}",
        },
        Leaf::OptedOut => opted_out(grounds),
        Leaf::MembershipNotSeen => "{sender} had not seen yet that {user} joined {room}",
        Leaf::Unaware => "{sender} had not been told of {it} yet",
        Leaf::StaleList => "{sender} did not have the current device list of {user}",
        Leaf::NoteNeverSent => "{party} never told {sender} that the device list of {user} changed",
        Leaf::WrongList => {
            "the device list of {user} that {sender} went by left {it} out, because of {party}"
        }
        Leaf::Withheld if grounds.is_forged() => {
            "a notice that was put into {their} mailbox in the name of {sender} said with {code} that the key is withheld{told}"
        }
        Leaf::Withheld => "{sender} told {it} with {code} that it withholds the key{told}",
        Leaf::Unexplained => unexplained(grounds),
        Leaf::FalseExplanation if grounds.is_forged() => {
            "what came to {it} in the name of {sender} with {code} is not a valid explanation{told}"
        }
        Leaf::FalseExplanation => {
            "what {sender} sent {it} with {code} is not a valid explanation{told}"
        }
        Leaf::NoOlm if grounds.is_forged() => {
            "a notice that was put into {their} mailbox in the name of {sender} said with {code} that no Olm session could be set up{told}"
        }
        Leaf::NoOlm => {
            "{sender} told {it} with {code} that it could not set up an Olm session{told}"
        }
        Leaf::StandingNoOlm if reading.no_olm_stands => {
            "{sender} had told {it} with {code} that it could not set up an Olm session{told}, which is read as the reason of what came later too"
        }
        Leaf::StandingNoOlm => {
            "{sender} had told {it} with {code} that it could not set up an Olm session{told}, and may not say so again: the specification leaves a gap here"
        }
        Leaf::SenderGone => sender_gone(grounds),
        Leaf::Wedged => {
            "{they} could not decrypt the Olm message with the key that {sender} sent {it}"
        }
        Leaf::KeyExpired => {
            "{they} had no private part any more of the one-time or fallback key that {sender} used for {it}"
        }
        Leaf::Rejected if grounds.is_fault => {
            "{they} refused the key after a notice had said that it is withheld"
        }
        Leaf::Rejected => "the key came to {it} in a message that failed its checks",
        Leaf::LostAtRecipient => "{they} acknowledged what came and crashed before it was stored",
        Leaf::StorageLoss => storage_loss(grounds),
        Leaf::PartialRestore => partial_restore(grounds),
        Leaf::ForwardedWithheld => {
            "the key that was forwarded to {it} starts later, with {code} as the reason"
        }
        Leaf::HistoryNotShared => "the history bundle said with {code} that the key is not shared",
        Leaf::NotDisplayed => {
            "{they} decrypted the message and did not show it, because the sending device is not cross-signed"
        }
        Leaf::InvalidMessage => "the message itself is replayed or damaged",
        Leaf::NoticeNotUsed => {
            "{sender} told {it} with {code} that it withholds the key{told}, and {they} made nothing of that"
        }
        Leaf::NoOlmNotUsed => {
            "{sender} told {it} with {code} that it could not set up an Olm session{told}, and {they} made nothing of that, which is allowed"
        }
        Leaf::SharedTooLate => "{sender} gave {it} the key from a later index on than it had to",
        Leaf::NotUnwedged => not_unwedged(grounds),
        Leaf::KeyHandedOutTwice => "{party} handed out one of {their} one-time keys twice",
        Leaf::DroppedEarly => "{they} dropped a one-time key or an Olm session too early",
        Leaf::Overwritten => "{they} overwrote the key with one that starts later",
        Leaf::Pending => "that was not decided when the run ended",
        Leaf::Unknown => {
            "no reason was found, which is a bug of withheld: please report it with this file"
        }
    }
}

fn not_a_member(grounds: &Grounds<'_>) -> &'static str {
    let membership = grounds.kinds().find_map(|kind| {
        let FactKind::Member { membership, .. } = kind else { return None };
        Some(*membership)
    });
    match membership {
        Some(Membership::Leave) => "{user} had left {room} by then",
        Some(Membership::Ban) => "{user} had been banned from {room} by then",
        Some(Membership::Join | Membership::Invite) | None => "{user} had not joined {room} yet",
    }
}

fn unexplained(grounds: &Grounds<'_>) -> &'static str {
    if matches!(grounds.kinds().next(), Some(FactKind::QueryEnd { .. })) {
        "{sender} could not set up an Olm session for the key, and before it tried again the device list of {user} left {it} out, because of {party}"
    } else {
        "{sender} gave {it} neither the key nor a reason"
    }
}

fn invited_only(grounds: &Grounds<'_>) -> &'static str {
    if grounds.kinds().any(|kind| matches!(kind, FactKind::HistoryVisibility { .. })) {
        "{user} had only been invited to {room}, whose history begins for each member with the join"
    } else {
        "{user} had only been invited to {room}, and {sender} does not share with invited users"
    }
}

fn opted_out(grounds: &Grounds<'_>) -> &'static str {
    let is_choice = matches!(grounds.kinds().next(), Some(FactKind::MegolmEncrypted { .. }) | None);
    if is_choice {
        "{sender} keeps the key from {it}, and does not report why"
    } else {
        "{sender} could not set up an Olm session for the key, and does not report that to {it}"
    }
}

fn sender_gone(grounds: &Grounds<'_>) -> &'static str {
    let is_gone = grounds
        .kinds()
        .any(|kind| matches!(kind, FactKind::LoggedOut { .. } | FactKind::DeviceDeleted { .. }));
    if is_gone {
        "{sender} went away for good before it could send {it} the key or a reason"
    } else {
        "{sender} was cut off for good before it could send {it} the key or a reason"
    }
}

fn not_unwedged(grounds: &Grounds<'_>) -> &'static str {
    let failures = grounds.kinds().filter(|kind| matches!(kind, FactKind::OlmDecrypt { .. }));
    if failures.count() > 1 {
        "an earlier message had shown {it} that the Olm session with {sender} was of no use, and {they} had not opened a new one when the key came over it"
    } else {
        "the key came over an Olm session with {sender} that {they} could not decrypt with, and {they} did not open a new one"
    }
}

fn storage_loss(grounds: &Grounds<'_>) -> &'static str {
    match grounds.kinds().next() {
        Some(FactKind::StoreRestored { device, .. }) if Some(*device) == grounds.sender => {
            "the store of {sender} had gone back, so that it may not have known what {it} was due"
        }
        Some(FactKind::StoreRestored { .. }) => {
            "{they} had the key once and lost it when {their} store went back"
        }
        Some(FactKind::KeyLost { why: LossCause::Notice, .. }) => {
            "{they} had the key once and dropped it because of a notice"
        }
        Some(FactKind::Crashed { .. }) => "{they} crashed before the key was certain to be stored",
        Some(_) | None => "{they} had the key once and lost it",
    }
}

fn partial_restore(grounds: &Grounds<'_>) -> &'static str {
    let source = grounds.kinds().find_map(|kind| {
        let FactKind::KeyIn { source, .. } = kind else { return None };
        Some(*source)
    });
    match source {
        Some(KeySource::Forwarded { .. }) => {
            "the key that was forwarded to {it} starts later, and gives no reason"
        }
        Some(KeySource::Bundle { .. }) => {
            "the key in the history bundle starts later, and gives no reason"
        }
        Some(KeySource::Backup | KeySource::RoomKey | KeySource::Own) | None => {
            "the key that {they} restored from a backup starts later, and gives no reason"
        }
    }
}

/// Whether the clause says by itself when something happened.
pub(super) fn tells_when(clause: &str) -> bool {
    clause.contains("{told}")
}

/// `clause` with its gaps filled. What fills a gap is not searched for gaps.
pub(super) fn filled(clause: &str, fill: impl Fn(Gap) -> String) -> String {
    let mut text = String::new();
    let mut rest = clause;
    while let Some(start) = rest.find('{') {
        text.push_str(&rest[..start]);
        rest = &rest[start..];
        let (gap, spelling) = Gap::ALL
            .into_iter()
            .find(|(_, spelling)| rest.starts_with(spelling))
            .expect("clauses have no other gaps, which a test holds");
        text.push_str(&fill(gap));
        rest = &rest[spelling.len()..];
    }
    text + rest
}

/// What had become of a to-device message at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    /// It was sent.
    Sent,
    /// It was put into the mailbox.
    Stored,
    /// A sync told its recipient of it.
    Listed,
    /// Its recipient acknowledged it.
    Acknowledged,
    /// Its recipient handled it.
    Handled,
}

impl Stage {
    /// The word for it: that of the facts.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Stored => "put into the mailbox",
            Self::Listed => "told by a sync",
            Self::Acknowledged => "acknowledged",
            Self::Handled => "handled",
        }
    }
}

/// When what became of which row of a mailbox, if this is a fact of the transport.
pub(super) const fn told(fact: &Fact) -> Option<(SimTime, Stage, Option<ToDeviceId>)> {
    let (stage, message) = if let FactKind::Enqueued { message, .. } = fact.kind {
        (Stage::Stored, Some(message))
    } else if let FactKind::Listed { message, .. } = fact.kind {
        (Stage::Listed, Some(message))
    } else if let FactKind::Acknowledged { message, .. } = fact.kind {
        (Stage::Acknowledged, Some(message))
    } else if let FactKind::Processed { message, .. } | FactKind::OlmDecrypt { message, .. } =
        fact.kind
    {
        (Stage::Handled, Some(message))
    } else if let FactKind::Put { .. } | FactKind::PutTarget { .. } | FactKind::PutAccepted { .. } =
        fact.kind
    {
        (Stage::Sent, None)
    } else {
        return None;
    };
    Some((fact.at, stage, message))
}

#[cfg(test)]
mod tests {
    use super::{Grounds, Stage, clause, filled, tells_when, told};
    use crate::rulebook::leaf::Leaf;
    use crate::rulebook::reading::{Reading, ReadingName};
    use crate::time::SimTime;
    use crate::trace::kind::Kind;
    use crate::trace::sample::{X, every_kind, fact_of};

    #[test]
    fn every_leaf_but_delivered_has_a_clause_whose_gaps_can_be_filled() {
        for name in ReadingName::ALL {
            for leaf in Leaf::ALL {
                let text =
                    filled(clause(*leaf, &Reading::named(name), &Grounds::default()), |_| {
                        "{x}".to_owned()
                    });
                let rest = text.replace("{x}", "");
                assert!(!rest.contains(['{', '}']), "{rest}");
                assert_eq!(text.is_empty(), *leaf == Leaf::Delivered, "{}", leaf.name());
            }
        }
    }

    #[test]
    fn a_standing_no_olm_is_read_as_a_gap_or_as_a_reason() {
        let read = |name| clause(Leaf::StandingNoOlm, &Reading::named(name), &Grounds::default());
        assert!(read(ReadingName::Strict).contains("leaves a gap"));
        assert!(read(ReadingName::Lenient).contains("is read as the reason"));
    }

    #[test]
    fn clauses_about_notices_say_when_and_which() {
        let strict = Reading::named(ReadingName::Strict);
        assert!(tells_when(clause(Leaf::Withheld, &strict, &Grounds::default())));
        assert!(!tells_when(clause(Leaf::Wedged, &strict, &Grounds::default())));
    }

    #[test]
    fn facts_of_the_transport_say_when_a_device_was_told() {
        let tell = |name: &str| {
            let kind =
                every_kind().into_iter().find(|kind| Kind::of(kind).as_str() == name).unwrap();
            told(&fact_of(0, 5, kind))
        };
        let at = SimTime::from_ms(5);
        for (name, stage) in [
            ("enqueued", Stage::Stored),
            ("listed", Stage::Listed),
            ("acknowledged", Stage::Acknowledged),
            ("processed", Stage::Handled),
            ("olm_decrypt", Stage::Handled),
        ] {
            assert_eq!(tell(name), Some((at, stage, Some(X))), "{name}");
        }
        for name in ["put", "put_target", "put_accepted"] {
            assert_eq!(tell(name), Some((at, Stage::Sent, None)), "{name}");
        }
        assert_eq!(tell("crashed"), None);
        assert_eq!(tell("lost"), None);
    }
}
