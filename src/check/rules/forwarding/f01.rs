//! F-01 (sender, MUST; specification, `m.forwarded_room_key`): a forwarded key is Olm-encrypted. Every reading agrees.
//! It does not know what a recipient makes of one in clear (P-16).

use crate::check::findings::Findings;
use crate::check::rules::{Case, Judge};
use crate::protocol::to_device::{OlmEvent, ToDeviceType};
use crate::rulebook::rule::Rule;
use crate::scenario::fault::Party;
use crate::trace::fact::{FactKind, SentContent};
use crate::trace::kind::{Kind, Kinds};

/// The judge of F-01.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct OverOlm;

impl Judge for OverOlm {
    const HEARS: Kinds = Kinds::of(&[Kind::PutTarget, Kind::Enqueued, Kind::OlmEncrypted]);

    fn hear(&mut self, case: Case<'_>, findings: &mut Findings) {
        let transport = &case.view.transport;
        let (sender, event_type, content) =
            if let FactKind::PutTarget { device, txn, content, .. } = case.fact.kind {
                (device, transport.type_of(txn), content)
            } else if let FactKind::Enqueued { sender, txn, message, event_type, content, .. } =
                case.fact.kind
            {
                // Where the request was seen it was judged there; a second copy of one message is the servers' doing.
                let number = transport.number(message).filter(|_| !transport.is_observed(txn));
                if number.is_none_or(|number| transport.get(number).stored != Some(case.fact.id)) {
                    return;
                }
                (sender, Some(event_type), content)
            } else {
                if case.view.forwards.fresh().is_some() {
                    findings.met(Rule::F01);
                }
                return;
            };
        let in_clear = event_type == Some(ToDeviceType::ClearForwardedRoomKey)
            || matches!(content, SentContent::Clear(OlmEvent::ForwardedRoomKey(_)));
        if in_clear {
            findings.met(Rule::F01);
            findings.raise(Rule::F01, Party::Device(sender), [Some(case.fact.id)]);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{A1, A2, Story, device, rules, s};
    use crate::protocol::to_device::ToDeviceType;
    use crate::rulebook::reading::ReadingName;
    use crate::rulebook::rule::Rule;
    use crate::trace::fact::SentContent;

    #[test]
    fn over_olm_it_is_right() {
        let mut story = Story::with_olm();
        story.forward((A1, A2), s(0), 0);
        assert!(!story.rules().contains(&(Rule::F01, device(A1))));
        assert_eq!(story.judge().marks.of(Rule::F01), 1);
    }

    #[test]
    fn in_clear_it_is_a_breach_in_every_reading_and_a_copy_is_no_second_one() {
        let mut story = Story::with_olm();
        let SentContent::Olm(event) = Story::forwarded(s(0), 0, None) else { unreachable!() };
        let content = SentContent::Clear(event);
        let sent = story.send((A1, A2), ToDeviceType::ClearForwardedRoomKey, content);
        let row = crate::ids::ToDeviceId::new(900);
        story.stored(crate::check::testing::sending::Sent { row, ..sent });
        for reading in ReadingName::ALL {
            let found = rules(&story.judge_as(reading));
            let found = found.iter().filter(|found| **found == (Rule::F01, device(A1)));
            assert_eq!(found.count(), 1);
        }
    }

    #[test]
    fn the_type_alone_and_the_content_alone_show_that_it_is_in_clear() {
        let SentContent::Olm(event) = Story::forwarded(s(0), 0, None) else { unreachable!() };
        for (event_type, content) in [
            (ToDeviceType::ClearForwardedRoomKey, SentContent::Sealed),
            (ToDeviceType::Encrypted, SentContent::Clear(event)),
        ] {
            let mut story = Story::with_olm();
            story.send((A1, A2), event_type, content);
            let judged = story.judge();
            assert!(rules(&judged).contains(&(Rule::F01, device(A1))), "{event_type:?}");
            assert_eq!(judged.marks.of(Rule::F01), 1);
        }
        let mut other = Story::with_olm();
        other.give((A1, A2), s(0), 0);
        assert_eq!(other.judge().marks.of(Rule::F01), 0, "a key of one's own is not forwarded");
    }
}
