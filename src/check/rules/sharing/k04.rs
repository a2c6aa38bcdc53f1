//! K-04 (sender, implied; Megolm specification, and history visibility): a device is not given a session from before the
//! point at which it was first owed the key. B-02 (sender, implied; MSC2399) is the same for a device that was barred: what it
//! was kept from stays closed. Strict: violations, lenient: K-04 a warning. A key that is sent again from where it was given
//! before, one that was owed since and could not be given for want of Olm, and one for an own verified device may
//! start there.
//! It does not know whether the key was due.

use crate::check::findings::Findings;
use crate::check::rules::{Case, Judge};
use crate::check::view::View;
use crate::check::view::life::Moment;
use crate::ids::{DeviceId, FactId, MegolmSessionId};
use crate::protocol::to_device::OlmEvent;
use crate::rulebook::rule::Rule;
use crate::scenario::fault::Party;
use crate::trace::fact::FactKind;
use crate::trace::kind::{Kind, Kinds};

/// The judge of K-04 and B-02.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct FromWhereItMayRead;

impl Judge for FromWhereItMayRead {
    const HEARS: Kinds = Kinds::of(&[Kind::OlmEncrypted]);

    fn hear(&mut self, case: Case<'_>, findings: &mut Findings) {
        let FactKind::OlmEncrypted { device, peer, event: OlmEvent::RoomKey(key), .. } =
            case.fact.kind
        else {
            return;
        };
        let view = case.view;
        let creator = view.messages.session(key.session).map(|session| session.creator);
        if creator != Some(device) {
            return;
        }
        let standing = view.standings.of(key.session, peer);
        let now = case.now();
        let party = Party::Device(device);
        if let Some((_, barred)) = standing.last_barred {
            findings.met(Rule::B02);
            // A message that its sender lost in a crash is encrypted anew, and only that counts.
            let next = next_index(view, device, key.session);
            let leaks = standing
                .last_barred
                .is_some_and(|(index, _)| key.first <= index && key.first < next);
            if leaks && !is_excused(view, (device, peer), (key.session, key.first), now) {
                findings.raise(Rule::B02, party, [Some(barred), Some(case.fact.id)]);
                return;
            }
        }
        findings.met(Rule::K04);
        let next = next_index(view, device, key.session);
        let from = standing.first_owed.map_or(next, |owed| owed.min(next));
        let is_own = view.cast.user(device) == view.cast.user(peer) && view.trusts(device, peer);
        // Who could not see any message of the session is entitled to nothing of it.
        if (key.first < from || view.is_out_of_sight(key.session, (device, peer)))
            && !is_own
            && !is_excused(view, (device, peer), (key.session, key.first), now)
        {
            let last = view.expiries.of(key.session).and_then(|known| known.last);
            let witnesses = [last.map(|(_, moment)| moment.fact), Some(case.fact.id)];
            findings.raise(Rule::K04, party, witnesses);
        }
    }
}

/// The index of the session's next message, as far as its creator has not lost what it encrypted last.
fn next_index(view: &View, device: DeviceId, session: MegolmSessionId) -> u32 {
    match view.expiries.of(session).and_then(|known| known.last) {
        Some((index, moment)) if view.remembers(device, moment) => index + 1,
        Some((index, _)) => index,
        None => 0,
    }
}

/// Whether the device's store is an older one in which something may be missing that the device did with the session.
fn is_unsure_of(view: &View, device: DeviceId, session: MegolmSessionId, now: Moment) -> bool {
    match view.expiries.of(session) {
        Some(known) => known.may_be_lost(device, &view.life),
        None => view.life.unsettled_by(device, now).is_some(),
    }
}

/// Whether the device had the session from there on before, or its sender may have forgotten what was so.
fn is_excused(
    view: &View,
    (device, peer): (DeviceId, DeviceId),
    (session, first): (MegolmSessionId, u32),
    now: Moment,
) -> bool {
    let before = |fact: FactId| fact < now.fact;
    let mut given = view.givens.of(session).iter();
    given.any(|given| given.device == peer && given.first <= first && before(given.put.fact))
        || is_unsure_of(view, device, session, now)
        || view.doubts.of(device)
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{A1, A2, ALICE, B1, B2, BOB, Story, device, s};
    use crate::protocol::withheld::SessionCode;
    use crate::rulebook::reading::{ReadingName, Severity};
    use crate::rulebook::rule::Rule;
    use crate::scenario::policy::Target;
    use crate::time::SimTime;
    use crate::trace::fact::FactKind;

    /// A1 has sent three messages to B1, and learns of B2 then.
    fn second_device() -> Story {
        let mut story = Story::with_olm();
        story.deliver((A1, B1), s(0), 0);
        for message in 0..3 {
            story.message(s(0), message, message);
        }
        story.wait(10_000);
        story.up(B2);
        story.learn(A1, BOB, &[B1, B2]);
        story.olm(A1, B2);
        story
    }

    fn given(mut story: Story, first: u32) -> Vec<Rule> {
        story.deliver((A1, B2), s(0), first);
        let found = story.broken_of(&[Rule::K04, Rule::B02]);
        found.into_iter().map(|(rule, _)| rule).collect()
    }

    #[test]
    fn a_new_device_gets_the_session_from_the_next_message_on() {
        let story = second_device();
        assert_eq!(given(story.clone(), 3), []);
        assert_eq!(given(story.clone(), 2), [Rule::K04]);
        assert_eq!(given(story, 0), [Rule::K04]);
        let mut story = second_device();
        story.deliver((A1, B2), s(0), 0);
        assert_eq!(story.rules(), [(Rule::K04, device(A1))]);
        assert_eq!(story.judge().marks.of(Rule::K04), 2);
        let lenient = story.judge_as(ReadingName::Lenient);
        assert_eq!(lenient.violations[0].severity, Severity::Warning);
    }

    #[test]
    fn a_device_that_was_owed_the_key_and_had_no_olm_session_gets_it_from_then_on() {
        let mut story = Story::begin();
        story.session(A1, s(0));
        story.claim_fails(A1, B1);
        story.message(s(0), 0, 0);
        story.no_olm(A1, B1);
        story.message(s(0), 1, 1);
        story.olm(A1, B1);
        story.deliver((A1, B1), s(0), 0);
        assert_eq!(story.broken_of(&[Rule::K04, Rule::B02]), []);
    }

    #[test]
    fn a_key_may_be_sent_again_from_where_it_was_given() {
        let mut story = second_device();
        story.deliver((A1, B2), s(0), 3);
        story.message(s(0), 3, 3);
        story.olm(A1, B2);
        assert_eq!(given(story.clone(), 3), []);
        assert_eq!(given(story, 1), [Rule::K04]);
    }

    #[test]
    fn an_own_device_may_be_given_what_came_before_if_it_is_verified() {
        let mut story = second_device();
        story.up(A2);
        story.learn(A1, ALICE, &[A1, A2]);
        story.olm(A1, A2);
        let mut verified = story.clone();
        story.deliver((A1, A2), s(0), 0);
        assert_eq!(story.rules(), [(Rule::K04, device(A1))]);
        let target = Target::Device(A2);
        verified.by(A1, FactKind::VerifiedSet { device: A1, target, verified: true });
        verified.deliver((A1, A2), s(0), 0);
        assert_eq!(verified.rules(), []);
    }

    #[test]
    fn an_index_that_the_sender_lost_is_used_again() {
        let mut story = second_device();
        let snapshot = SimTime::from_ms(1);
        story.by(A1, FactKind::StoreRestored { device: A1, snapshot });
        assert_eq!(given(story, 1), []);
        let mut crashed = Story::with_olm();
        crashed.deliver((A1, B1), s(0), 0);
        crashed.up(B2);
        crashed.learn(A1, BOB, &[B1, B2]);
        crashed.olm(A1, B2);
        crashed.encrypt(s(0), 0, 0);
        crashed.crash(A1);
        crashed.by(A1, FactKind::Restarted { device: A1 });
        assert_eq!(given(crashed, 0), []);
    }

    #[test]
    fn of_a_session_of_another_device_nothing_is_known() {
        let mut story = second_device();
        story.session(B1, s(1));
        story.deliver((A1, B2), s(1), 0);
        assert_eq!(story.judge().marks.of(Rule::K04), 1);
    }

    /// B1 is barred from two messages and then no more.
    fn unblocked() -> Story {
        let mut story = Story::blocked();
        story.withhold(s(0), SessionCode::Blacklisted);
        story.message(s(0), 0, 0);
        story.message(s(0), 1, 1);
        story.wait(10_000);
        story.unblock(A1, Target::Device(B1));
        story.olm(A1, B1);
        story
    }

    #[test]
    fn what_a_device_was_kept_from_stays_closed() {
        for (first, expected) in [(2, &[][..]), (1, &[Rule::B02]), (0, &[Rule::B02])] {
            let mut story = unblocked();
            story.deliver((A1, B1), s(0), first);
            let rules: Vec<Rule> = story
                .broken_of(&[Rule::K04, Rule::B02])
                .into_iter()
                .map(|(rule, _)| rule)
                .collect();
            assert_eq!(rules, expected, "{first}");
            assert_eq!(story.judge().marks.of(Rule::B02), 1);
        }
        let mut story = unblocked();
        story.deliver((A1, B1), s(0), 0);
        let lenient = story.judge_as(ReadingName::Lenient);
        let found = lenient.violations.iter().find(|found| found.rule == Rule::B02);
        assert_eq!(found.map(|found| found.severity), Some(Severity::Violation));
    }

    #[test]
    fn a_block_that_the_sender_forgot_with_its_store_is_not_held_against_it() {
        let mut story = unblocked();
        let snapshot = SimTime::from_ms(1);
        story.by(A1, FactKind::StoreRestored { device: A1, snapshot });
        story.deliver((A1, B1), s(0), 0);
        assert_eq!(story.broken_of(&[Rule::K04, Rule::B02]), []);
    }

    #[test]
    fn what_was_owed_since_is_no_part_of_what_stays_closed() {
        let mut story = unblocked();
        story.message(s(0), 2, 2);
        story.deliver((A1, B1), s(0), 2);
        assert_eq!(story.broken_of(&[Rule::K04, Rule::B02]), []);
    }

    #[test]
    fn a_key_that_was_given_too_early_once_may_be_given_like_that_again() {
        let mut story = second_device();
        story.deliver((A1, B2), s(0), 1);
        story.olm(A1, B2);
        assert_eq!(given(story.clone(), 1), [Rule::K04], "the first time");
        assert_eq!(given(story, 0), [Rule::K04, Rule::K04]);
    }

    #[test]
    fn a_message_that_was_lost_in_a_crash_does_not_count_as_sent() {
        let mut story = Story::with_olm();
        story.deliver((A1, B1), s(0), 0);
        story.encrypt(s(0), 0, 0);
        story.crash(A1);
        story.by(A1, FactKind::Restarted { device: A1 });
        story.wait(10_000);
        story.up(B2);
        story.learn(A1, BOB, &[B1, B2]);
        story.olm(A1, B2);
        assert_eq!(given(story, 0), []);
    }
}
