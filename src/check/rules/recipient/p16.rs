//! P-16 (recipient, MUST; specification, `m.megolm.v1.aes-sha2`): a session key counts only if it came over Olm. Every
//! reading agrees. It does not know what else is wrong with a key that came in clear; its sender broke K-05 or F-01.

use crate::check::findings::Findings;
use crate::check::rules::{Case, Judge};
use crate::check::view::transport::Content;
use crate::rulebook::rule::Rule;
use crate::scenario::fault::Party;
use crate::trace::fact::FactKind;
use crate::trace::kind::{Kind, Kinds};

/// The judge of P-16.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct OverOlm;

impl Judge for OverOlm {
    const HEARS: Kinds = Kinds::of(&[Kind::KeyIn]);

    fn hear(&mut self, case: Case<'_>, findings: &mut Findings) {
        let FactKind::KeyIn { device, via: Some(via), .. } = case.fact.kind else { return };
        let Some(number) = case.view.transport.number(via) else { return };
        let message = case.view.transport.get(number);
        let in_clear = match message.content {
            Content::Clear | Content::Notice(_) | Content::Request(_) => true,
            Content::Key { .. }
            | Content::Forwarded(_)
            | Content::Bundle(_)
            | Content::Dummy
            | Content::Sealed
            | Content::Stray => false,
        };
        findings.met(Rule::P16);
        if in_clear {
            let witnesses = [message.stored, Some(case.fact.id)];
            findings.raise(Rule::P16, Party::Device(device), witnesses);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{A1, B1, R, Story, device, rules, s};
    use crate::protocol::to_device::{OlmEvent, RoomKey, SharedHistory, ToDeviceType};
    use crate::rulebook::reading::ReadingName;
    use crate::rulebook::rule::Rule;
    use crate::trace::fact::{FactKind, KeySource, SentContent};

    fn taken_from(event_type: ToDeviceType, clear: bool) -> Story {
        let mut story = Story::with_olm();
        let key = RoomKey { room: R, session: s(0), first: 0, shared_history: SharedHistory::No };
        let event = OlmEvent::RoomKey(key);
        let content = if clear { SentContent::Clear(event) } else { SentContent::Olm(event) };
        let sent = story.send((A1, B1), event_type, content);
        let (device, room, session, first) = (B1, R, s(0), 0);
        let (source, via) = (KeySource::RoomKey, Some(sent.row));
        story.by(B1, FactKind::KeyIn { device, room, session, first, source, via });
        story
    }

    #[test]
    fn a_key_that_came_over_olm_counts() {
        let story = taken_from(ToDeviceType::Encrypted, false);
        assert!(!story.rules().contains(&(Rule::P16, device(B1))));
        assert_eq!(story.judge().marks.of(Rule::P16), 1);
    }

    #[test]
    fn one_that_came_in_clear_is_a_breach_in_every_reading() {
        let story = taken_from(ToDeviceType::ClearRoomKey, true);
        for reading in ReadingName::ALL {
            assert!(rules(&story.judge_as(reading)).contains(&(Rule::P16, device(B1))));
        }
    }

    #[test]
    fn where_nobody_told_how_it_came_nothing_is_said() {
        let mut story = Story::with_olm();
        story.key_in(B1, s(0), 0, KeySource::RoomKey);
        assert_eq!(story.judge().marks.of(Rule::P16), 0);
    }
}
