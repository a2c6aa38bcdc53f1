//! K-02 and R-09 (sender, MUST; specification, "m.megolm.v1.aes-sha2"): the key of a session is accepted by the sender's
//! server before a message that needs it; R-09 says so of a session that takes the place of another. Strict: a violation,
//! lenient: a warning. It does not hold where there was no Olm session, where the device or a choice came while the message was
//! being prepared, nor of a key that is sent again.
//! It does not know of keys that were never accepted; `explained` judges those.

use crate::check::findings::Findings;
use crate::check::rules::{Case, Judge};
use crate::check::view::View;
use crate::check::view::duties::Duty;
use crate::check::view::life::Moment;
use crate::check::view::messages::Encrypted;
use crate::check::view::pairs::row;
use crate::check::view::transport::{Content, ToDevice};
use crate::ids::{DeviceId, FactId, MegolmSessionId, MessageId};
use crate::rulebook::rule::Rule;
use crate::scenario::fault::Party;
use crate::trace::fact::FactKind;
use crate::trace::kind::{Kind, Kinds};

/// The judge of K-02 and R-09: a key that is accepted late is looked at when it is.
#[derive(Debug, Clone, Default)]
pub(crate) struct SharedFirst {
    /// The messages that were accepted, by session.
    messages: Vec<Vec<(MessageId, FactId)>>,
}

impl Judge for SharedFirst {
    const HEARS: Kinds =
        Kinds::of(&[Kind::MessageAccepted, Kind::PutAccepted, Kind::Enqueued, Kind::OlmDecrypt]);

    fn hear(&mut self, case: Case<'_>, findings: &mut Findings) {
        let view = case.view;
        if let FactKind::MessageAccepted { message, .. } = case.fact.kind {
            if let Some(encrypted) = view.messages.encryption(message) {
                let messages = row(&mut self.messages, encrypted.session.index());
                messages.push((message, case.fact.id));
            }
            return;
        }
        if let FactKind::PutAccepted { txn, .. } = case.fact.kind {
            for number in view.transport.of_txn(txn) {
                self.accepted(view, view.transport.get(number), findings);
            }
            return;
        }
        let (FactKind::Enqueued { message: stored, .. }
        | FactKind::OlmDecrypt { message: stored, .. }) = case.fact.kind
        else {
            return;
        };
        // Where the sender was not observed, what is in a mailbox tells that it was accepted, and what was opened, that it
        // is a key.
        let Some(number) = view.transport.number(stored) else { return };
        let key = view.transport.get(number);
        if !view.transport.is_observed(key.txn) {
            self.accepted(view, key, findings);
        }
    }
}

impl SharedFirst {
    /// A key was accepted.
    fn accepted(&self, view: &View, key: &ToDevice, findings: &mut Findings) {
        let Content::Key { session, first } = key.content else { return };
        let Some(accepted) = view.transport.accepted(key.txn) else { return };
        let replaces = view.expiries.of(session).is_some_and(|known| known.replaced.is_some());
        let rule = if replaces { Rule::R09 } else { Rule::K02 };
        findings.met(rule);
        let earlier = self.messages.get(session.index()).into_iter().flatten();
        for (message, fact) in earlier.filter(|(_, fact)| *fact < accepted) {
            let Some(encrypted) = view.messages.encryption(*message) else { continue };
            if encrypted.index >= first
                && encrypted.sender == key.sender
                && is_due(view, encrypted, key.recipient)
                && !was_given(view, (session, encrypted.index), key.recipient, *fact)
            {
                let witnesses = [Some(encrypted.fact), Some(*fact), Some(accepted)];
                findings.raise(rule, Party::Device(key.sender), witnesses);
                return;
            }
        }
    }
}

/// Whether the key had to be there first.
fn is_due(view: &View, encrypted: &Encrypted, recipient: DeviceId) -> bool {
    let place = view.rooms.place(encrypted.room, recipient);
    let duty = place.and_then(|place| view.duties.get(encrypted.snapshot, place));
    let Some(Duty::Owed { olm: true, since, .. }) = duty else { return false };
    let moment = Moment { fact: encrypted.fact, at: encrypted.at };
    since <= encrypted.prepared_from
        && !view.is_unsettled(encrypted, recipient)
        && !view.may_not_know(encrypted, recipient)
        && view.life.cut_off(encrypted.sender, moment).is_none()
}

/// Whether a key that serves for this index was accepted before the message.
fn was_given(
    view: &View,
    (session, index): (MegolmSessionId, u32),
    recipient: DeviceId,
    before: FactId,
) -> bool {
    view.transport.keys_to(session, recipient).any(|key| {
        matches!(key.content, Content::Key { first, .. } if first <= index)
            && view.transport.accepted(key.txn).is_some_and(|accepted| accepted < before)
    })
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{A1, B1, Story, device, s};
    use crate::protocol::to_device::ToDeviceType;
    use crate::rulebook::reading::{ReadingName, Severity};
    use crate::rulebook::rule::Rule;
    use crate::scenario::policy::Target;
    use crate::time::SimTime;
    use crate::trace::fact::FactKind;

    /// A1 puts the key of session 0 together for B1, sends a message with it, and the key is accepted after that.
    fn late(story: &mut Story) {
        let key = story.put((A1, B1), ToDeviceType::Encrypted, Story::key(s(0), 0));
        story.message(s(0), 0, 0);
        story.accepted(key);
        story.stored(key);
        story.take(key);
    }

    #[test]
    fn a_key_that_is_accepted_after_its_message_is_late() {
        let mut story = Story::with_olm();
        late(&mut story);
        assert_eq!(story.rules(), [(Rule::K02, device(A1))]);
        let lenient = story.judge_as(ReadingName::Lenient);
        assert_eq!(lenient.violations[0].severity, Severity::Warning);
    }

    #[test]
    fn a_key_that_is_accepted_first_is_in_time_whenever_it_arrives() {
        let mut story = Story::with_olm();
        let key = story.put((A1, B1), ToDeviceType::Encrypted, Story::key(s(0), 0));
        story.accepted(key);
        story.message(s(0), 0, 0);
        story.stored(key);
        story.take(key);
        assert_eq!(story.rules(), []);
        assert_eq!(story.judge().marks.of(Rule::K02), 1);
    }

    #[test]
    fn of_a_session_that_replaces_another_it_is_r_09() {
        let mut story = Story::begin();
        story.olm(A1, B1);
        story.session(A1, s(1));
        story.by(A1, FactKind::SessionDiscarded { device: A1, room: crate::check::testing::R });
        story.session(A1, s(0));
        late(&mut story);
        assert_eq!(story.rules(), [(Rule::R09, device(A1))]);
    }

    #[test]
    fn a_key_for_a_device_that_had_no_olm_session_may_come_after() {
        let mut story = Story::begin();
        story.session(A1, s(0));
        story.claim_fails(A1, B1);
        story.message(s(0), 0, 0);
        story.olm(A1, B1);
        story.deliver((A1, B1), s(0), 0);
        assert_eq!(story.rules(), []);
    }

    #[test]
    fn a_key_that_is_sent_again_is_not_late() {
        let mut story = Story::with_olm();
        story.deliver((A1, B1), s(0), 0);
        story.message(s(0), 0, 0);
        story.olm(A1, B1);
        story.deliver((A1, B1), s(0), 0);
        assert_eq!(story.broken_of(&[Rule::K02, Rule::R09]), []);
    }

    #[test]
    fn a_choice_that_changes_on_the_way_and_a_restore_excuse() {
        let mut story = Story::with_olm();
        story.block(A1, Target::Device(B1));
        let key = story.put((A1, B1), ToDeviceType::Encrypted, Story::key(s(0), 0));
        story.unblock(A1, Target::Device(B1));
        story.message(s(0), 0, 0);
        story.accepted(key);
        story.stored(key);
        story.take(key);
        let rules: Vec<Rule> = story.rules().into_iter().map(|(rule, _)| rule).collect();
        assert!(!rules.contains(&Rule::K02), "{rules:?}");
        let mut story = Story::with_olm();
        let snapshot = SimTime::from_ms(1);
        story.by(A1, FactKind::StoreRestored { device: A1, snapshot });
        late(&mut story);
        assert_eq!(story.rules(), []);
    }

    #[test]
    fn where_the_sender_was_not_observed_the_opened_message_tells() {
        let mut story = Story::with_olm();
        let key = crate::check::testing::sending::Sent {
            sender: A1,
            recipient: B1,
            txn: crate::ids::TxnId::new(900),
            event_type: ToDeviceType::Encrypted,
            content: crate::trace::fact::SentContent::Sealed,
            row: crate::ids::ToDeviceId::new(900),
        };
        story.message(s(0), 0, 0);
        story.stored(key);
        let opened = crate::check::testing::sending::Sent { content: Story::key(s(0), 0), ..key };
        story.take(opened);
        assert_eq!(story.rules(), [(Rule::K02, device(A1))]);
    }

    #[test]
    fn a_key_that_starts_after_the_message_is_not_late_for_it() {
        let mut story = Story::with_olm();
        story.message(s(0), 0, 0);
        story.deliver((A1, B1), s(0), 1);
        assert_eq!(story.broken_of(&[Rule::K02, Rule::R09]), []);
    }
}
