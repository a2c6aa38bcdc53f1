//! K-05 (sender, MUST; specification, "m.room_key"): a room key travels in an Olm message and never in clear. Every reading
//! agrees.
//! It does not know whom the key is for.

use crate::check::findings::Findings;
use crate::check::rules::{Case, Judge};
use crate::protocol::to_device::{OlmEvent, ToDeviceType};
use crate::rulebook::rule::Rule;
use crate::scenario::fault::Party;
use crate::trace::fact::{FactKind, SentContent};
use crate::trace::kind::{Kind, Kinds};

/// The judge of K-05: the request that carries the key breaks it, or where that was not observed, the mailbox that holds it.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct OnlySealed;

impl Judge for OnlySealed {
    const HEARS: Kinds = Kinds::of(&[Kind::PutTarget, Kind::Enqueued]);

    fn hear(&mut self, case: Case<'_>, findings: &mut Findings) {
        let transport = &case.view.transport;
        let (sender, event_type, content) =
            if let FactKind::PutTarget { device, txn, content, .. } = case.fact.kind {
                (device, transport.type_of(txn), content)
            } else if let FactKind::Enqueued { sender, txn, event_type, content, .. } =
                case.fact.kind
                && !transport.is_observed(txn)
            {
                (sender, Some(event_type), content)
            } else {
                return;
            };
        let is_key = matches!(
            content,
            SentContent::Olm(OlmEvent::RoomKey(_)) | SentContent::Clear(OlmEvent::RoomKey(_))
        );
        // Under another type than `m.room.encrypted` nobody opens it, and anybody takes it for something else.
        let is_misnamed = is_key && event_type.is_some_and(|sent| sent != ToDeviceType::Encrypted);
        let in_clear = event_type == Some(ToDeviceType::ClearRoomKey)
            || is_key && matches!(content, SentContent::Clear(_))
            || is_misnamed;
        if is_key || in_clear {
            findings.met(Rule::K05);
        }
        if in_clear {
            findings.raise(Rule::K05, Party::Device(sender), [Some(case.fact.id)]);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{A1, B1, R, Story, device, s};
    use crate::protocol::to_device::{OlmEvent, RoomKey, SharedHistory, ToDeviceType};
    use crate::rulebook::rule::Rule;
    use crate::trace::fact::SentContent;

    fn clear() -> SentContent {
        let key = RoomKey { room: R, session: s(0), first: 0, shared_history: SharedHistory::No };
        SentContent::Clear(OlmEvent::RoomKey(key))
    }

    #[test]
    fn a_key_in_clear_is_a_breach_where_it_is_sent_or_else_where_it_lies() {
        let mut story = Story::with_olm();
        let put = story.put((A1, B1), ToDeviceType::ClearRoomKey, clear());
        let mut unobserved = Story::with_olm();
        story.accepted(put);
        story.stored(put);
        unobserved.stored(put);
        for story in [story, unobserved] {
            assert_eq!(story.rules(), [(Rule::K05, device(A1))]);
            assert_eq!(story.judge().marks.of(Rule::K05), 1);
        }
    }

    #[test]
    fn a_sealed_key_under_another_type_is_a_breach() {
        let key = RoomKey { room: R, session: s(0), first: 0, shared_history: SharedHistory::No };
        let mut story = Story::with_olm();
        let sealed = SentContent::Olm(OlmEvent::RoomKey(key));
        story.put((A1, B1), ToDeviceType::Withheld, sealed);
        assert!(story.rules().contains(&(Rule::K05, device(A1))));
    }

    #[test]
    fn a_sealed_key_is_right_and_so_is_anything_else_in_clear() {
        let mut story = Story::with_olm();
        story.deliver((A1, B1), s(0), 0);
        let dummy = SentContent::Clear(OlmEvent::Dummy { empty: true });
        story.put((A1, B1), ToDeviceType::ClearDummy, dummy);
        story.put((A1, B1), ToDeviceType::Encrypted, SentContent::Sealed);
        assert!(story.rules().iter().all(|(rule, _)| *rule != Rule::K05));
        assert_eq!(story.judge().marks.of(Rule::K05), 1);
    }

    #[test]
    fn the_type_alone_and_the_content_alone_show_that_it_is_in_clear() {
        for (event_type, content) in
            [(ToDeviceType::ClearRoomKey, SentContent::Sealed), (ToDeviceType::Encrypted, clear())]
        {
            let mut story = Story::with_olm();
            story.put((A1, B1), event_type, content);
            assert!(story.rules().contains(&(Rule::K05, device(A1))), "{event_type:?}");
        }
    }
}
