//! K-12 (recipient, MUST; specification, "m.megolm.v1.aes-sha2"): a client keeps the room keys that it could open, unless it has
//! the session from as early a point (P-14) or the key is not its creator's (U-11). Every reading agrees. A key that is refused
//! because of a notice is the matter of P-08.
//! It does not know keys that could not be opened.

use crate::check::findings::Findings;
use crate::check::rules::{AtRest, Case, Judge};
use crate::check::view::View;
use crate::check::view::life::Moment;
use crate::check::view::pairs::row;
use crate::check::view::transport::{Content, Opened, ToDevice};
use crate::ids::{MegolmSessionId, ToDeviceId};
use crate::rulebook::rule::Rule;
use crate::scenario::fault::Party;
use crate::trace::fact::{FactKind, OlmResult, ProcessOutcome};
use crate::trace::kind::{Kind, Kinds};

/// The judge of K-12: once a message is dealt with, what was inside must be there, unless a crash or an older store took it.
#[derive(Debug, Clone, Default)]
pub(crate) struct KeysAreStored {
    /// Keys that were not there when their message was dealt with.
    missing: Vec<(u32, Moment)>,
    /// The message that each device opened last, if it could.
    opened: Vec<Option<ToDeviceId>>,
}

impl Judge for KeysAreStored {
    const HEARS: Kinds = Kinds::of(&[Kind::Processed, Kind::OlmDecrypt]);

    fn hear(&mut self, case: Case<'_>, findings: &mut Findings) {
        if let FactKind::OlmDecrypt { device, message, result, .. } = case.fact.kind {
            let is_open = matches!(result, OlmResult::Decrypted { .. });
            *row(&mut self.opened, device.index()) = Some(message).filter(|_| is_open);
            return;
        }
        let FactKind::Processed { device, message, outcome } = case.fact.kind else { return };
        let view = case.view;
        let Some(number) = view.transport.number(message) else { return };
        let key = view.transport.get(number);
        let Content::Key { session, first } = key.content else { return };
        let was_opened = key.opened == Some(Opened::Decrypted);
        if !was_opened || outcome == ProcessOutcome::Duplicate || !is_of_creator(view, key, session)
        {
            return;
        }
        findings.met(Rule::K12);
        let held = view.holdings.of(device, session);
        // A key that went is to be kept when it comes again, in a message that can be opened again.
        let is_opened_now = *row(&mut self.opened, device.index()) == Some(message);
        let is_held = held.is_some_and(|held| {
            let is_gone = match held.lost {
                Some((_, lost)) => view.life.is_still_gone(device, lost),
                None => view.life.surely_lacks(device, held.taken),
            };
            held.first <= first && !(is_gone && is_opened_now)
        });
        if !is_held && !is_refused_for_a_notice(view, key, session) {
            self.missing.push((number, case.now()));
        }
    }

    fn rest(&mut self, at_rest: AtRest<'_>, findings: &mut Findings) {
        for (number, processed) in &self.missing {
            let key = at_rest.view.transport.get(*number);
            if at_rest.view.remembers(key.recipient, *processed)
                && !is_taken_at_once(at_rest.view, key, *processed)
            {
                let witnesses = [Some(key.put.fact), Some(processed.fact)];
                findings.raise(Rule::K12, Party::Device(key.recipient), witnesses);
            }
        }
    }
}

/// Whether the key was told of a line later, at the time of its message.
fn is_taken_at_once(view: &View, key: &ToDevice, processed: Moment) -> bool {
    let Content::Key { session, first } = key.content else { return false };
    let held = view.holdings.of(key.recipient, session);
    held.is_some_and(|held| held.first <= first && held.taken.at == processed.at)
}

/// Whether the key comes from the device that made the session, as far as is known.
fn is_of_creator(view: &View, key: &ToDevice, session: MegolmSessionId) -> bool {
    let known = view.messages.session(session);
    known.is_none_or(|session| session.creator == key.sender)
}

/// Whether the recipient refused the key after it was told that the session is withheld.
fn is_refused_for_a_notice(view: &View, key: &ToDevice, session: MegolmSessionId) -> bool {
    let mut notices = view.notices.about(session, key.recipient);
    view.holdings.refusal(key.recipient, session, None).is_some()
        && notices.any(|notice| view.transport.get(notice.number).processed.is_some())
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{A1, B1, C1, Story, device, s};
    use crate::protocol::withheld::SessionCode;
    use crate::rulebook::rule::Rule;
    use crate::time::SimTime;
    use crate::trace::fact::{FactKind, KeySource, OlmError, ProcessOutcome};

    fn ours(story: &Story) -> usize {
        story.rules().iter().filter(|found| **found == (Rule::K12, device(B1))).count()
    }

    #[test]
    fn a_key_that_was_opened_and_not_kept_is_a_breach() {
        let mut story = Story::with_olm();
        let key = story.give((A1, B1), s(0), 0);
        story.opened(key);
        let processed = story.processed(key, ProcessOutcome::Handled);
        assert_eq!(ours(&story), 1);
        assert_eq!(story.judge().violations[0].witnesses[1], Some(processed));
        let mut refused = Story::with_olm();
        let key = refused.give((A1, B1), s(0), 0);
        refused.opened(key);
        refused.by(B1, FactKind::KeyRefused { device: B1, session: s(0), first: 0, via: None });
        refused.processed(key, ProcessOutcome::Handled);
        assert_eq!(ours(&refused), 1);
    }

    #[test]
    fn a_key_that_is_kept_or_no_better_than_the_one_held_is_right() {
        let mut story = Story::with_olm();
        story.deliver((A1, B1), s(0), 2);
        let later = story.give((A1, B1), s(0), 4);
        story.opened(later);
        story.processed(later, ProcessOutcome::Handled);
        assert_eq!(ours(&story), 0);
        assert_eq!(story.judge().marks.of(Rule::K12), 2);
        let better = story.give((A1, B1), s(0), 1);
        story.opened(better);
        story.processed(better, ProcessOutcome::Handled);
        assert_eq!(ours(&story), 1);
    }

    #[test]
    fn a_key_that_went_is_to_be_kept_when_it_comes_again_unless_a_later_copy_has_it() {
        let mut story = Story::with_olm();
        story.deliver((A1, B1), s(0), 0);
        story.wait(5);
        let copy = story.now();
        let snapshot = SimTime::from_ms(1);
        story.by(B1, FactKind::StoreRestored { device: B1, snapshot });
        let mut back = story.clone();
        back.by(B1, FactKind::StoreRestored { device: B1, snapshot: copy });
        for (mut story, expected) in [(story, 1), (back, 0)] {
            let again = story.give((A1, B1), s(0), 0);
            story.opened(again);
            story.processed(again, ProcessOutcome::Handled);
            assert_eq!(ours(&story), expected);
        }
    }

    #[test]
    fn a_key_that_could_not_be_opened_or_came_from_another_need_not_be_kept() {
        let mut story = Story::with_olm();
        let key = story.give((A1, B1), s(0), 0);
        story.fails_to_open(key, OlmError::BadMac);
        let foreign = story.give((C1, B1), s(0), 0);
        story.opened(foreign);
        story.processed(foreign, ProcessOutcome::Discarded);
        assert_eq!(ours(&story), 0);
        assert_eq!(story.judge().marks.of(Rule::K12), 0);
    }

    #[test]
    fn a_key_that_is_refused_for_a_notice_is_judged_elsewhere() {
        let mut story = Story::with_olm();
        let told = story.withhold(s(0), SessionCode::Unverified);
        story.hear(told);
        let key = story.give((A1, B1), s(0), 0);
        story.opened(key);
        story.by(B1, FactKind::KeyRefused { device: B1, session: s(0), first: 0, via: None });
        story.processed(key, ProcessOutcome::Handled);
        assert_eq!(ours(&story), 0);
    }

    #[test]
    fn a_key_that_a_crash_took_before_it_was_stored_is_judged_elsewhere() {
        let mut story = Story::with_olm();
        let key = story.give((A1, B1), s(0), 0);
        story.opened(key);
        story.processed(key, ProcessOutcome::Handled);
        story.crash(B1);
        assert_eq!(ours(&story), 0);
    }

    #[test]
    fn a_copy_changes_nothing() {
        let mut story = Story::with_olm();
        let key = story.give((A1, B1), s(0), 0);
        story.key_in(B1, s(0), 0, KeySource::RoomKey);
        story.processed(key, ProcessOutcome::Duplicate);
        assert_eq!(ours(&story), 0);
        assert_eq!(story.judge().marks.of(Rule::K12), 0);
    }
}
