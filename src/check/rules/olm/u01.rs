//! U-01 (recipient, SHOULD; recovering from undecryptable messages, MSC1719): after an Olm message that cannot be decrypted a new
//! session is made and `m.dummy` is sent on it. A warning in every reading; where a message stays unread for it, its verdict says
//! more. It does not know recoveries that U-02 forbids, nor peers that the policy keeps from encrypted messages.

use std::collections::BTreeMap;

use crate::check::breaches::Breach;
use crate::check::findings::Findings;
use crate::check::rules::{AtRest, Case, Judge};
use crate::check::view::View;
use crate::check::view::life::Moment;
use crate::ids::{DeviceId, FactId, OlmSessionId};
use crate::protocol::to_device::OlmEvent;
use crate::rulebook::reading::Severity;
use crate::rulebook::rule::Rule;
use crate::scenario::fault::Party;
use crate::trace::fact::{Direction, FactKind, OlmCause, OlmError, OlmResult};
use crate::trace::kind::{Kind, Kinds};

/// What one device has to do for one other.
#[derive(Debug, Clone, Copy)]
enum Due {
    /// A recovery, since this failure.
    Session(Moment),
    /// The dummy on a session that was made after this failure.
    Dummy(FactId, OlmSessionId, Moment),
}

/// The judge of U-01: a failure of which nothing comes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Recovered {
    due: BTreeMap<(DeviceId, DeviceId), Due>,
    /// The last failure, whether a recovery was due or not: a session that is made to recover may come of it.
    failed: BTreeMap<(DeviceId, DeviceId), FactId>,
}

impl Recovered {
    fn failed(&mut self, case: Case<'_>, pair: (DeviceId, DeviceId), findings: &mut Findings) {
        let (view, (device, peer)) = (case.view, pair);
        self.failed.insert(pair, case.fact.id);
        let allowed = !view.olm.recovery_forbidden(device, peer, case.fact.clock)
            && view.bar(device, peer).is_none()
            && view.knows(device, peer);
        if allowed && !self.due.contains_key(&pair) {
            findings.met(Rule::U01);
            self.due.insert(pair, Due::Session(case.now()));
        }
    }

    fn made(&mut self, case: Case<'_>, pair: (DeviceId, DeviceId), session: OlmSessionId) {
        let FactKind::OlmNew { direction, why, .. } = case.fact.kind else { return };
        let failure = self.failed.get(&pair).copied();
        match (direction, why, failure) {
            (Direction::Outbound, OlmCause::Unwedge, Some(failure))
                if case.view.bar(pair.0, pair.1).is_none() =>
            {
                self.due.insert(pair, Due::Dummy(failure, session, case.now()));
            }
            // A session that was made for something else, by either side, carries what it was made for.
            (Direction::Outbound, OlmCause::Unwedge, _)
            | (
                Direction::Outbound | Direction::Inbound,
                OlmCause::Share
                | OlmCause::Reply
                | OlmCause::NoOlm
                | OlmCause::Received
                | OlmCause::Unwedge,
                _,
            ) => {
                self.due.remove(&pair);
            }
        }
    }
}

impl Judge for Recovered {
    const HEARS: Kinds = Kinds::of(&[Kind::OlmDecrypt, Kind::OlmNew, Kind::OlmEncrypted]);

    fn hear(&mut self, case: Case<'_>, findings: &mut Findings) {
        if let FactKind::OlmDecrypt { device, peer, result: OlmResult::Failed(error), .. } =
            case.fact.kind
            && error != OlmError::Mismatch
        {
            self.failed(case, (device, peer), findings);
        } else if let FactKind::OlmNew { device, peer, session, .. } = case.fact.kind {
            self.made(case, (device, peer), session);
        } else if let FactKind::OlmEncrypted { device, peer, session, event, .. } = case.fact.kind
            && matches!(event, OlmEvent::Dummy { .. })
            && let Some(Due::Dummy(_, made, _)) = self.due.get(&(device, peer))
            && *made == session
        {
            self.due.remove(&(device, peer));
        }
    }

    fn rest(&mut self, at_rest: AtRest<'_>, findings: &mut Findings) {
        for (pair, due) in &self.due {
            if let Some(witnesses) = missing(at_rest.view, *pair, *due) {
                let (rule, party) = (Rule::U01, Party::Device(pair.0));
                let severity = Severity::Warning;
                findings.confirm(Breach { rule, party, severity, cell: None, witnesses });
            }
        }
    }
}

/// What shows that a device did not do what was due, though it could.
fn missing(
    view: &View,
    (device, peer): (DeviceId, DeviceId),
    due: Due,
) -> Option<[Option<FactId>; 3]> {
    let hindered = view.life.ended(device).is_some()
        || view.life.gone(peer).is_some()
        || view.outages.hinders(&view.cast, device)
        || view.bar(device, peer).is_some();
    let (since, witnesses) = match due {
        Due::Session(failure) => (failure, [Some(failure.fact), None, None]),
        Due::Dummy(failure, _, made) => (made, [Some(failure), Some(made.fact), None]),
    };
    let may_be_lost = view.doubts.of(device) || view.olm.may_be_lost(device, peer, &view.life);
    let lost = view.doubts.of_choices(device)
        || view.life.forgiven(device, since).is_some()
        || (may_be_lost && view.life.unsettled_by(device, since).is_some())
        || view.life.cut_off(device, since).is_some();
    let tried = match due {
        // An attempt that failed, also one before, is as good: there was no key to be had. So is one that was under way and
        // that the device did not live to see the end of.
        Due::Session(failure) => {
            view.olm.claimed_after(device, peer, failure.fact)
                || view.olm.was_cut_off(device, peer)
                || view.olm.failure(device, peer, view.epoch(device, peer)).is_some()
        }
        Due::Dummy(..) => false,
    };
    (!hindered && !lost && !tried).then_some(witnesses)
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{A1, ALICE, B1, B2, BOB, HOME, Story, device, s};
    use crate::ids::{FactId, KeyValue, OlmSessionId};
    use crate::protocol::to_device::{OlmEvent, ToDeviceType};
    use crate::rulebook::reading::Severity;
    use crate::rulebook::rule::Rule;
    use crate::scenario::policy::Target;
    use crate::time::SimTime;
    use crate::trace::fact::{ClaimOutcome, Direction, FactKind, OlmCause, OlmError, SentContent};

    /// B1 cannot decrypt a dummy of A1.
    fn failed(mut story: Story) -> (Story, FactId) {
        let dummy = SentContent::Olm(OlmEvent::Dummy { empty: true });
        let sent = story.send((A1, B1), ToDeviceType::Encrypted, dummy);
        let failure = story.fails_to_open(sent, OlmError::BadMac);
        (story, failure)
    }

    fn reopened(story: &mut Story, session: u32) -> FactId {
        let (device, peer, session) = (B1, A1, OlmSessionId::new(session));
        let (direction, why) = (Direction::Outbound, OlmCause::Unwedge);
        story.by(B1, FactKind::OlmNew { device, peer, session, direction, why, key: None })
    }

    /// A dummy to A1, on session 0.
    fn dummy(story: &mut Story) {
        let dummy = SentContent::Olm(OlmEvent::Dummy { empty: true });
        story.put((B1, A1), ToDeviceType::Encrypted, dummy);
    }

    #[test]
    fn a_failure_of_which_nothing_comes_is_worth_a_warning_at_rest() {
        let (story, failure) = failed(Story::with_olm());
        assert_eq!(story.rules(), [(Rule::U01, device(B1))]);
        let violations = story.judge().violations;
        assert_eq!(violations[0].severity, Severity::Warning);
        assert_eq!(violations[0].witnesses, [Some(failure), None, None]);
        assert_eq!(story.judge_cut().violations, [], "it may still come");
        assert_eq!(story.judge().marks.of(Rule::U01), 1);
    }

    #[test]
    fn a_new_session_and_a_dummy_on_it_are_what_is_asked_for() {
        let (mut story, failure) = failed(Story::with_olm());
        let made = reopened(&mut story, 0);
        let silent = story.judge().violations;
        assert_eq!(silent[0].witnesses, [Some(failure), Some(made), None]);
        let mut elsewhere = failed(Story::with_olm()).0;
        reopened(&mut elsewhere, 70);
        dummy(&mut elsewhere);
        assert!(
            elsewhere.rules().contains(&(Rule::U01, device(B1))),
            "it went over another session"
        );
        dummy(&mut story);
        assert_eq!(story.rules(), []);
    }

    #[test]
    fn a_session_of_the_other_side_and_an_attempt_that_failed_are_enough() {
        let (mut story, _) = failed(Story::with_olm());
        let mut tried = story.clone();
        tried.claim_fails(B1, A1);
        assert_eq!(tried.rules(), []);
        story.olm(B1, A1);
        assert_eq!(story.rules(), []);
        let mut before = Story::with_olm();
        before.claim_fails(B1, A1);
        assert_eq!(failed(before).0.rules(), []);
    }

    #[test]
    fn an_attempt_that_never_ended_is_enough_and_one_that_brought_a_key_is_not() {
        let mut story = Story::with_olm();
        let (device, target, claim) = (B1, A1, story.claim(B1, A1));
        let (mut story, _) = failed(story);
        let mut answered = story.clone();
        story.crash(B1);
        story.by(B1, FactKind::Restarted { device: B1 });
        assert_eq!(story.rules(), []);
        let outcome = ClaimOutcome::Key { key: KeyValue::new(5), fallback: false };
        answered.by(B1, FactKind::ClaimEnd { device, target, claim, outcome });
        assert!(answered.rules().contains(&(Rule::U01, super::Party::Device(B1))));
    }

    #[test]
    fn a_recovery_that_is_forbidden_or_barred_or_of_an_unknown_device_is_not_due() {
        let mut recent = Story::with_olm();
        recent.olm(B1, A1);
        assert_eq!(failed(recent).0.rules(), []);
        let mut barred = Story::with_olm();
        barred.block(B1, Target::Device(A1));
        assert_eq!(failed(barred).0.rules(), []);
        let mut unknown = Story::with_olm();
        unknown.learn(B1, ALICE, &[]);
        assert!(!failed(unknown).0.rules().contains(&(Rule::U01, device(B1))));
        let due = |crypto| {
            let mut story = Story::with_olm();
            story.at(HOME, FactKind::DeviceUp { device: B2, crypto });
            story.learn(A1, BOB, &[B1, B2]);
            let dummy = SentContent::Olm(OlmEvent::Dummy { empty: true });
            let sent = story.send((B2, A1), ToDeviceType::Encrypted, dummy);
            story.fails_to_open(sent, OlmError::BadMac);
            story.judge().marks.of(Rule::U01)
        };
        assert_eq!([true, false].map(due), [1, 0], "nothing goes to a device without encryption");
    }

    #[test]
    fn a_device_that_stopped_or_went_back_and_one_that_did_not_trust_the_content_owe_nothing() {
        let (mut stopped, _) = failed(Story::with_olm());
        let mut restored = stopped.clone();
        stopped.crash(B1);
        assert_eq!(stopped.rules(), []);
        restored.by(B1, FactKind::StoreRestored { device: B1, snapshot: SimTime::from_ms(1) });
        assert_eq!(restored.rules(), []);
        let mut kept = Story::with_olm();
        kept.goes_back_a_little(B1);
        assert_eq!(failed(kept).0.rules(), [(Rule::U01, device(B1))], "nothing was lost before");
        let mut story = Story::with_olm();
        let sent = story.give((A1, B1), s(0), 0);
        story.fails_to_open(sent, OlmError::Mismatch);
        assert_eq!(story.judge().marks.of(Rule::U01), 0);
    }
}
