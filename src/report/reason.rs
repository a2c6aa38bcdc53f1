//! Why a device cannot read a message, as a clause with gaps for whom, when and which notice.
//! It does not know whether one cell or many are told by it.

use crate::ids::ToDeviceId;
use crate::rulebook::leaf::Leaf;
use crate::rulebook::reading::Reading;
use crate::time::SimTime;
use crate::trace::fact::{Fact, FactKind};

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
    /// When the notice came, with a blank before it.
    At,
    /// Which notice it was, with a blank before it.
    Notice,
    /// The device as an object: it, them.
    It,
    /// The device as a subject: it, they.
    They,
    /// The device as an owner: its, their.
    Their,
}

impl Gap {
    const ALL: [(Self, &'static str); 9] = [
        (Self::Sender, "{sender}"),
        (Self::Room, "{room}"),
        (Self::Party, "{party}"),
        (Self::Code, "{code}"),
        (Self::At, "{at}"),
        (Self::Notice, "{notice}"),
        (Self::It, "{it}"),
        (Self::They, "{they}"),
        (Self::Their, "{their}"),
    ];
}

/// The clause for a leaf; empty for a message that can be read.
pub(super) const fn clause(leaf: Leaf, reading: &Reading) -> &'static str {
    match leaf {
        Leaf::Delivered => "",
        Leaf::NotAMember => "{their} user was not in {room} at that time",
        Leaf::InvitedOnly => {
            "{their} user was only invited to {room}, and {sender} does not share with invited users"
        }
        Leaf::DeviceNewer => "{they} did not exist at that time",
        Leaf::NonCryptographic => "{they} published no keys, or no algorithm, for encryption",
        Leaf::Gone => "{they} went away for good",
        Leaf::ExplanationLost => "{party} lost what {sender} sent {it}",
        Leaf::OptedOut => "{sender} does not report to {it} why it keeps the key",
        Leaf::MembershipNotSeen => "{sender} had not seen yet that {their} user is in {room}",
        Leaf::Unaware => "{sender} had not been told of {it} yet",
        Leaf::StaleList => "{sender} did not have the current device list of {their} user",
        Leaf::NoteNeverSent => {
            "{party} never told {sender} that {their} user's device list changed"
        }
        Leaf::WrongList => {
            "the device list that {sender} went by left {it} out, because of {party}"
        }
        Leaf::Withheld => "{sender} told {it}{at} with {code}{notice} that it withholds the key",
        Leaf::Unexplained => "{sender} gave {it} neither the key nor a reason",
        Leaf::FalseExplanation => {
            "what {sender} told {it}{at} with {code}{notice} is not a valid explanation"
        }
        Leaf::NoOlm => {
            "{sender} told {it}{at} with {code}{notice} that it could not set up an Olm session"
        }
        Leaf::StandingNoOlm if reading.no_olm_stands => {
            "{sender} had told {it}{at} with {code}{notice} that it could not set up an Olm session, which is read as the reason of what came later too"
        }
        Leaf::StandingNoOlm => {
            "{sender} had told {it}{at} with {code}{notice} that it could not set up an Olm session, and may not say so again: the specification leaves a gap here"
        }
        Leaf::SenderGone => "{sender} went away before it could send {it} the key",
        Leaf::Wedged => "{their} Olm session with {sender} was out of step",
        Leaf::KeyExpired => {
            "{they} had retired the one-time or fallback key that {sender} used for {it}"
        }
        Leaf::Rejected => "the key came to {it} in a message that failed its checks",
        Leaf::LostAtRecipient => "{they} acknowledged what came and crashed before it was stored",
        Leaf::StorageLoss => "{they} had the key once and lost it with {their} store",
        Leaf::PartialRestore => "the key that {they} restored starts later, and gives no reason",
        Leaf::ForwardedWithheld => {
            "the key that was forwarded to {it} starts later, with {code} as the reason"
        }
        Leaf::HistoryNotShared => "the history bundle said with {code} that the key is not shared",
        Leaf::NotDisplayed => {
            "{they} decrypted it and did not show it, because the sending device is not cross-signed"
        }
        Leaf::InvalidMessage => "the message itself is replayed or damaged",
        Leaf::NoticeNotUsed => {
            "{sender} told {it}{at} with {code}{notice} that it withholds the key, and {they} made nothing of it"
        }
        Leaf::NoOlmNotUsed => {
            "{sender} told {it}{at} with {code}{notice} that it could not set up an Olm session, and {they} made nothing of it, which is allowed"
        }
        Leaf::SharedTooLate => "{sender} gave {it} the key from a later index on than it had to",
        Leaf::NotUnwedged => {
            "{their} Olm session with {sender} was out of step, and {they} did not open a new one"
        }
        Leaf::KeyHandedOutTwice => "{party} handed out one of {their} one-time keys twice",
        Leaf::DroppedEarly => "{they} dropped a one-time key or an Olm session too early",
        Leaf::Overwritten => "{they} overwrote the key with one that starts later",
        Leaf::Pending => "that was not decided when the run ended",
        Leaf::Unknown => {
            "no reason was found, which is a bug of withheld: please report it with this file"
        }
    }
}

/// Whether the clause says by itself when something happened.
pub(super) fn tells_when(clause: &str) -> bool {
    clause.contains("{at}")
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

/// When and by which row of a mailbox a device was told something, if this is a fact of the transport.
pub(super) const fn told(fact: &Fact) -> Option<(SimTime, Option<ToDeviceId>)> {
    if let FactKind::Enqueued { message, .. }
    | FactKind::Listed { message, .. }
    | FactKind::Acknowledged { message, .. }
    | FactKind::Processed { message, .. }
    | FactKind::OlmDecrypt { message, .. } = fact.kind
    {
        return Some((fact.at, Some(message)));
    }
    let is_put = matches!(
        fact.kind,
        FactKind::Put { .. } | FactKind::PutTarget { .. } | FactKind::PutAccepted { .. }
    );
    if is_put { Some((fact.at, None)) } else { None }
}

#[cfg(test)]
mod tests {
    use super::{clause, filled, tells_when, told};
    use crate::rulebook::leaf::Leaf;
    use crate::rulebook::reading::{Reading, ReadingName};
    use crate::time::SimTime;
    use crate::trace::kind::Kind;
    use crate::trace::sample::{X, every_kind, fact_of};

    #[test]
    fn every_leaf_but_delivered_has_a_clause_whose_gaps_can_be_filled() {
        for name in ReadingName::ALL {
            for leaf in Leaf::ALL {
                let text = filled(clause(*leaf, &Reading::named(name)), |_| "{x}".to_owned());
                let rest = text.replace("{x}", "");
                assert!(!rest.contains(['{', '}']), "{rest}");
                assert_eq!(text.is_empty(), *leaf == Leaf::Delivered, "{}", leaf.name());
            }
        }
    }

    #[test]
    fn a_standing_no_olm_is_read_as_a_gap_or_as_a_reason() {
        let read = |name| clause(Leaf::StandingNoOlm, &Reading::named(name));
        assert!(read(ReadingName::Strict).contains("leaves a gap"));
        assert!(read(ReadingName::Lenient).contains("is read as the reason"));
    }

    #[test]
    fn clauses_about_notices_say_when_and_which() {
        let strict = Reading::named(ReadingName::Strict);
        assert!(tells_when(clause(Leaf::Withheld, &strict)));
        assert!(!tells_when(clause(Leaf::Wedged, &strict)));
    }

    #[test]
    fn facts_of_the_transport_say_when_a_device_was_told() {
        let tell = |name: &str| {
            let kind =
                every_kind().into_iter().find(|kind| Kind::of(kind).as_str() == name).unwrap();
            told(&fact_of(0, 5, kind))
        };
        let at = SimTime::from_ms(5);
        for name in ["enqueued", "listed", "acknowledged", "processed", "olm_decrypt"] {
            assert_eq!(tell(name), Some((at, Some(X))), "{name}");
        }
        for name in ["put", "put_target", "put_accepted"] {
            assert_eq!(tell(name), Some((at, None)), "{name}");
        }
        assert_eq!(tell("crashed"), None);
        assert_eq!(tell("lost"), None);
    }
}
