//! K-11 (sender, implied; MSC2399): for one message a device is either given the session or told that it is withheld, because
//! both are decided by one view of choices and lists. Strict: a violation, lenient: a warning. A key first and a notice then is
//! the matter of W-10; this is a notice first and a key then, with nothing changed in between.
//! It does not know which of the two was right.

use crate::check::findings::Findings;
use crate::check::rules::{Case, Judge};
use crate::check::view::View;
use crate::check::view::pairs::Pairs;
use crate::check::view::requests::Class;
use crate::check::view::transport::Content;
use crate::ids::{DeviceId, FactId, MegolmSessionId};
use crate::protocol::to_device::OlmEvent;
use crate::protocol::withheld::WithheldCode;
use crate::rulebook::rule::Rule;
use crate::scenario::fault::Party;
use crate::trace::fact::FactKind;
use crate::trace::kind::{Kind, Kinds};

/// A notice, and what its sender's view was then.
#[derive(Debug, Clone, Copy)]
struct Told {
    by: DeviceId,
    fact: FactId,
    version: u32,
    /// Whether it gives a choice of its sender's user as the reason.
    is_choice: bool,
}

/// The judge of K-11.
#[derive(Debug, Clone, Default)]
pub(crate) struct OneViewAMessage {
    told: Pairs<Told>,
}

impl Judge for OneViewAMessage {
    const HEARS: Kinds = Kinds::of(&[Kind::PutTarget, Kind::OlmEncrypted]);

    fn hear(&mut self, case: Case<'_>, findings: &mut Findings) {
        let view = case.view;
        if let FactKind::PutTarget { device, txn, recipient, .. } = case.fact.kind {
            let number = view.transport.find(txn, recipient);
            let content = number.map(|number| view.transport.get(number).content);
            let Some(Content::Notice(notice)) = content else { return };
            let notice = view.notices.get(notice);
            // What somebody else says of a session is not the view of who made it.
            let is_own = |session: &MegolmSessionId| {
                view.messages.session(*session).is_none_or(|known| known.creator == device)
            };
            if let (Some(session), Class::Proactive) = (notice.session.filter(is_own), notice.class)
            {
                let is_choice = matches!(
                    notice.code.known(),
                    Some(WithheldCode::Blacklisted | WithheldCode::Unverified)
                );
                let version = view.duties.version(device);
                let told = Told { by: device, fact: case.fact.id, version, is_choice };
                self.told.insert(session.raw(), recipient.raw(), told);
            }
        } else if let FactKind::OlmEncrypted {
            device, peer, event: OlmEvent::RoomKey(key), ..
        } = case.fact.kind
        {
            findings.met(Rule::K11);
            let Some(told) = self.told.get(key.session.raw(), peer.raw()) else { return };
            let (_, previous) = view.messages.prepared(device, key.room, case.now());
            if told.by == device
                && Some(told.fact) > previous
                && is_unchanged(view, (device, peer), *told)
            {
                let witnesses = [Some(told.fact), Some(case.fact.id)];
                findings.raise(Rule::K11, Party::Device(device), witnesses);
            }
        }
    }
}

/// Whether nothing that the notice rests on has changed since: nothing at all, or, where it gives a choice as the reason, no choice about
/// that device nor anything that was learnt of others, in a client that went on.
fn is_unchanged(view: &View, (device, peer): (DeviceId, DeviceId), told: Told) -> bool {
    let version = view.duties.version(device);
    let is_same_choice = told.is_choice
        && !view.chose_about((device, peer), (told.fact, None))
        && view.policies.learnt(device) < Some(told.fact)
        && !view.life.stopped_since(device, told.fact);
    told.version == version || is_same_choice
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{A1, A2, B1, B2, Story, about, device, s};
    use crate::protocol::withheld::SessionCode;
    use crate::rulebook::reading::{ReadingName, Severity};
    use crate::rulebook::rule::Rule;
    use crate::scenario::policy::Target;

    fn told() -> Story {
        let mut story = Story::with_olm();
        story.block(A1, Target::Device(B1));
        story.withhold(s(0), SessionCode::Blacklisted);
        story
    }

    fn ours(story: &Story) -> usize {
        story.rules().iter().filter(|found| **found == (Rule::K11, device(A1))).count()
    }

    #[test]
    fn a_notice_and_a_key_for_one_message_contradict_each_other() {
        let mut story = told();
        story.give((A1, B1), s(0), 0);
        story.message(s(0), 0, 0);
        assert_eq!(ours(&story), 1);
        let lenient = story.judge_as(ReadingName::Lenient);
        let found = lenient.violations.iter().find(|found| found.rule == Rule::K11).unwrap();
        assert_eq!(found.severity, Severity::Warning);
    }

    #[test]
    fn what_another_device_says_of_the_session_is_not_the_view_of_its_maker() {
        let mut story = Story::with_olm();
        story.block(A2, Target::Device(B1));
        story.tell((A2, B1), about(A2, s(0), SessionCode::Blacklisted));
        story.give((A1, B1), s(0), 0);
        assert_eq!(ours(&story), 0);
    }

    #[test]
    fn a_choice_about_somebody_else_between_them_makes_no_difference_and_a_new_start_does() {
        let mut story = told();
        story.block(A1, Target::Device(B2));
        let mut stopped = story.clone();
        story.give((A1, B1), s(0), 0);
        assert_eq!(ours(&story), 1);
        stopped.wait(1);
        stopped.crash(A1);
        stopped.give((A1, B1), s(0), 0);
        assert_eq!(ours(&stopped), 0);
    }

    #[test]
    fn a_key_after_an_unblock_or_for_the_next_message_or_session_does_not() {
        let mut unblocked = told();
        unblocked.unblock(A1, Target::Device(B1));
        unblocked.give((A1, B1), s(0), 0);
        let mut next = told();
        next.message(s(0), 0, 0);
        next.give((A1, B1), s(0), 1);
        let mut other = told();
        other.give((A1, B1), s(1), 0);
        for story in [unblocked, next, other] {
            assert_eq!(ours(&story), 0);
            assert_eq!(story.judge().marks.of(Rule::K11), 1);
        }
    }
}
