//! T-01 (server, MUST; send-to-device messaging): a message reaches each of its targets once. It may be listed again until it is
//! acknowledged. Every reading agrees. It does not know what got lost between two servers without a trace.

use crate::check::findings::Findings;
use crate::check::rules::{AtRest, Case, Judge};
use crate::check::view::View;
use crate::check::view::pairs::row;
use crate::check::view::transport::ToDevice;
use crate::ids::{FactId, ToDeviceId};
use crate::rulebook::rule::Rule;
use crate::scenario::fault::Party;
use crate::trace::fact::FactKind;
use crate::trace::kind::{Kind, Kinds};

/// The judge of T-01: messages that are lost, stored twice, acknowledged twice, or still waiting at rest.
#[derive(Debug, Clone, Default)]
pub(crate) struct DeliveredOnce {
    /// When each stored message was first acknowledged.
    acknowledged: Vec<Option<FactId>>,
}

impl Judge for DeliveredOnce {
    const HEARS: Kinds = Kinds::of(&[Kind::Lost, Kind::Enqueued, Kind::Acknowledged]);

    fn hear(&mut self, case: Case<'_>, findings: &mut Findings) {
        let (view, fact) = (case.view, case.fact.id);
        if let FactKind::Lost { txn, recipient, .. } = case.fact.kind {
            if view.life.gone(recipient).is_none() {
                let put = view.transport.find(txn, recipient);
                let put = put.map(|number| view.transport.get(number).put.fact);
                findings.raise(Rule::T01, case.server(recipient), [put, Some(fact)]);
            }
        } else if let FactKind::Enqueued { message, recipient, .. } = case.fact.kind {
            findings.met(Rule::T01);
            if let Some(first) = second_row(view, message) {
                findings.raise(Rule::T01, case.server(recipient), [Some(first), Some(fact)]);
            }
        } else if let FactKind::Acknowledged { device, message } = case.fact.kind {
            let known = row(&mut self.acknowledged, message.index());
            if let Some(first) = *known {
                findings.raise(Rule::T01, case.server(device), [Some(first), Some(fact)]);
            }
            known.get_or_insert(fact);
        }
    }

    fn rest(&mut self, at_rest: AtRest<'_>, findings: &mut Findings) {
        let view = at_rest.view;
        for message in view.transport.all() {
            let device = message.recipient;
            let home = view.cast.server_of(device);
            let arrived = message.listed.or(message.lost.map(|lost| lost.fact));
            let there =
                view.life.ended(device).is_none() && !view.outages.hinders(&view.cast, device);
            if arrived.is_none()
                && there
                && let Some(since) = waiting_since(view, message)
            {
                findings.raise(
                    Rule::T01,
                    Party::Server(home),
                    [Some(message.put.fact), Some(since)],
                );
            }
        }
    }
}

/// When the message was first stored, if this is the second row for what was sent once.
pub(super) fn second_row(view: &View, stored: ToDeviceId) -> Option<FactId> {
    let message = view.transport.get(view.transport.number(stored)?);
    let first = message.stored.filter(|_| message.row != Some(stored))?;
    // A device id that changed hands: what was meant for its former holder comes to the new one.
    let elsewhere = view.transport.of_txn(message.txn).any(|other| {
        let other = view.transport.get(other);
        other.recipient != message.recipient
            && other.stored.is_none()
            && view.cast.user(other.recipient) == view.cast.user(message.recipient)
            && view.life.gone(other.recipient).is_some()
    });
    (!elsewhere).then_some(first)
}

/// Since when a message should have been listed: its recipient got an answer that was written after it was stored; or it was
/// accepted by a server that is the recipient's own, and never stored.
fn waiting_since(view: &View, message: &ToDevice) -> Option<FactId> {
    let device = message.recipient;
    let Some(stored) = message.stored else {
        let accepted = view.transport.accepted(message.txn)?;
        let one_server = view.cast.server_of(message.sender) == view.cast.server_of(device);
        let was_there = view.life.up(device).is_some_and(|up| up.fact < message.put.fact);
        return (one_server && was_there && message.targeted > 0).then_some(accepted);
    };
    let answered = view.answers.newest(device, crate::time::SimTime::MAX);
    (answered > Some(stored)).then_some(stored)
}

#[cfg(test)]
mod tests {
    use crate::check::testing::sending::Sent;
    use crate::check::testing::{A1, A2, ALICE, AWAY, B1, B2, C1, CAROL, HOME, R, Story, m, s};
    use crate::ids::{DeviceId, ToDeviceId};
    use crate::protocol::api::ListChange;
    use crate::protocol::room::Membership;
    use crate::protocol::to_device::ToDeviceType;
    use crate::rulebook::rule::Rule;
    use crate::scenario::fault::Party;
    use crate::trace::fact::{Causes, FactKind};

    const BROKEN: [(Rule, Party); 1] = [(Rule::T01, Party::Server(HOME))];

    fn only(story: &Story, rule: Rule) -> Vec<(Rule, Party)> {
        story.rules().into_iter().filter(|broken| broken.0 == rule).collect()
    }

    #[test]
    fn a_message_that_is_stored_listed_and_acknowledged_once_is_right() {
        let mut story = Story::with_olm();
        story.deliver((A1, B1), s(0), 0);
        assert_eq!(story.rules(), []);
        assert_eq!(story.judge().marks.of(Rule::T01), 1);
    }

    #[test]
    fn a_lost_message_is_a_breach_of_the_server_that_lost_it() {
        let mut story = Story::with_olm();
        let sent = story.put((A1, B1), ToDeviceType::Encrypted, Story::key(s(0), 0));
        let lost = story.lost(sent);
        assert_eq!(story.rules(), BROKEN);
        assert_eq!(story.judge().violations[0].witnesses[1], Some(lost));
        let mut far = Story::with_olm();
        let sent = far.put((A1, C1), ToDeviceType::Encrypted, Story::key(s(0), 0));
        let (txn, recipient, message) = (sent.txn, C1, None);
        far.at(AWAY, FactKind::Lost { txn, recipient, message });
        assert_eq!(only(&far, Rule::T01), [(Rule::T01, Party::Server(AWAY))]);
    }

    #[test]
    fn what_is_lost_with_its_recipient_is_missed_by_nobody() {
        let mut story = Story::with_olm();
        let sent = story.put((A1, B1), ToDeviceType::Encrypted, Story::key(s(0), 0));
        story.at(HOME, FactKind::DeviceDeleted { device: B1 });
        story.lost(sent);
        assert_eq!(story.rules(), []);
    }

    #[test]
    fn a_second_row_and_a_second_acknowledgement_are_breaches() {
        let mut story = Story::with_olm();
        let sent = story.give((A1, B1), s(0), 0);
        story.take(sent);
        let mut again = story.clone();
        again.acknowledged(sent);
        assert_eq!(again.rules(), BROKEN);
        let mut copy = sent;
        copy.row = ToDeviceId::new(90);
        story.stored(copy);
        assert_eq!(only(&story, Rule::T01), BROKEN);
    }

    #[test]
    fn what_still_waits_though_its_recipient_got_a_later_answer_is_a_breach() {
        let mut story = Story::with_olm();
        story.give((A1, B1), s(0), 0);
        let waiting = story.clone();
        assert_eq!(waiting.rules(), [], "nobody knows that the recipient asked");
        let later = story.give((A1, B1), s(1), 0);
        story.hear(later);
        assert_eq!(only(&story, Rule::T01), BROKEN);
        assert_eq!(story.judge_cut().violations, [], "it may still be listed");
        story.by(B1, FactKind::Crashed { device: B1 });
        assert_eq!(only(&story, Rule::T01), []);
    }

    #[test]
    fn what_was_accepted_and_never_stored_is_a_breach_on_one_server_and_undecided_across_two() {
        let mut story = Story::with_olm();
        let sent = story.put((A1, B1), ToDeviceType::Encrypted, Story::key(s(0), 0));
        assert_eq!(story.rules(), []);
        story.accepted(sent);
        assert_eq!(story.rules(), BROKEN);
        let mut far = Story::with_olm();
        let sent = far.put((A1, C1), ToDeviceType::Encrypted, Story::key(s(0), 0));
        far.accepted(sent);
        assert_eq!(only(&far, Rule::T01), []);
    }

    /// The second row for what A1 sent to B1, where the transaction was for another device too, which is stored or gone.
    fn second_row(other: DeviceId, (stored, gone): (bool, bool)) -> Vec<(Rule, Party)> {
        let mut story = Story::with_olm();
        let content = Story::key(s(0), 0);
        let sent = story.put((A1, B1), ToDeviceType::Encrypted, content);
        let (device, txn, recipient) = (A1, sent.txn, other);
        story.by(A1, FactKind::PutTarget { device, txn, recipient, content });
        story.accepted(sent);
        story.stored(sent);
        if stored {
            story.stored(Sent { recipient, row: ToDeviceId::new(91), ..sent });
        }
        if gone {
            story.at(HOME, FactKind::DeviceDeleted { device: other });
        }
        story.stored(Sent { row: ToDeviceId::new(90), ..sent });
        let rows = story.judge().violations.into_iter();
        let rows = rows.filter(|found| found.rule == Rule::T01 && found.witnesses[2].is_none());
        rows.filter(|found| found.witnesses[1] == Some(story.last()))
            .map(|found| (found.rule, found.party))
            .collect()
    }

    #[test]
    fn what_was_meant_for_the_former_holder_of_a_device_id_may_come_to_the_new_one() {
        assert_eq!(second_row(B2, (false, true)), []);
        assert_eq!(second_row(B2, (false, false)), BROKEN, "the other is still there");
        assert_eq!(second_row(B2, (true, true)), BROKEN, "the other got its own");
        assert_eq!(second_row(A2, (false, true)), BROKEN, "another user's is another id");
    }

    #[test]
    fn every_part_of_an_answer_tells_how_late_it_was_written() {
        type Part = fn(&mut Story);
        let parts: [Part; 3] = [
            |story| {
                let (device, message) = (B1, m(0));
                let sent = story.message(s(0), 0, 0);
                story.because(B1, FactKind::MessageReceived { device, message }, Causes::one(sent));
            },
            |story| {
                let changed = story.member(CAROL, Membership::Join, 3);
                let (device, room, seq, limited) = (B1, R, 3, false);
                let seen = FactKind::RoomSeen { device, room, seq, limited };
                story.because(B1, seen, Causes::one(changed));
            },
            |story| {
                let changed = story.list_changed(HOME, ALICE);
                let (device, user, change) = (B1, ALICE, ListChange::Changed);
                let note = FactKind::ListNote { device, user, change };
                story.because(B1, note, Causes::one(changed));
            },
        ];
        for part in parts {
            let mut early = Story::with_olm();
            part(&mut early);
            let mut late = Story::with_olm();
            early.give((A1, B1), s(1), 0);
            late.give((A1, B1), s(1), 0);
            part(&mut late);
            assert_eq!(only(&early, Rule::T01), [], "the answer was written before");
            assert_eq!(only(&late, Rule::T01), BROKEN);
        }
    }
}
