//! N-04 (sender, MAY; specification, `m.room_key.withheld`): a sender may try again and say no more. That it claims
//! anew for each of several messages in a short time, each time in vain, is a warning: others wait longer after each
//! failure. It does not know whether a report was sent, and goes by the sender's own clock.

use crate::check::findings::Findings;
use crate::check::rules::{Case, Judge};
use crate::check::view::olm::Epoch;
use crate::check::view::pairs::{Pairs, row};
use crate::ids::FactId;
use crate::rulebook::rule::Rule;
use crate::scenario::fault::Party;
use crate::time::{SimDuration, SimTime};
use crate::trace::fact::FactKind;
use crate::trace::kind::{Kind, Kinds};

/// So many claims in [`SHORT`], with a message between any two, are claims without back-off. Who waits for some seconds at
/// first and doubles that each time makes fewer.
const CLAIMS_MAX: u32 = 3;

/// A short time.
const SHORT: SimDuration = SimDuration::from_secs(60);

/// Claims in a row.
#[derive(Debug, Clone, Copy)]
struct Row {
    epoch: Epoch,
    /// The first of them, on the sender's clock.
    from: (FactId, SimTime),
    claims: u32,
    /// How many messages the sender had encrypted at the last one.
    messages: u32,
}

/// The judge of N-04.
#[derive(Debug, Clone, Default)]
pub(crate) struct BackOff {
    rows: Pairs<Row>,
    messages: Vec<u32>,
}

impl Judge for BackOff {
    const HEARS: Kinds = Kinds::of(&[Kind::Claim, Kind::MegolmEncrypted]);

    fn hear(&mut self, case: Case<'_>, findings: &mut Findings) {
        if let FactKind::MegolmEncrypted { device, .. } = case.fact.kind {
            *row(&mut self.messages, device.index()) += 1;
            return;
        }
        let FactKind::Claim { device, target, .. } = case.fact.kind else { return };
        let (view, fact) = (case.view, case.fact);
        let epoch = view.epoch(device, target);
        let messages = *row(&mut self.messages, device.index());
        let fresh = Row { epoch, from: (fact.id, fact.clock), claims: 1, messages };
        let Some(known) = self.rows.get_mut(device.raw(), target.raw()) else {
            self.rows.insert(device.raw(), target.raw(), fresh);
            return;
        };
        let failed = view.olm.failure(device, target, epoch).is_some();
        // A client that was started anew, or with an older store, cannot know how long it has been waiting.
        let life = &view.life;
        let interrupted = life.crash_after(device, known.from.0).is_some()
            || life.restored_since(device, known.from.0).is_some();
        let in_time = fact.clock >= known.from.1 && fact.clock.since(known.from.1) < SHORT;
        if !failed || known.epoch != epoch || interrupted || !in_time || messages == known.messages
        {
            *known = fresh;
            return;
        }
        findings.met(Rule::N04);
        known.claims += 1;
        known.messages = messages;
        if known.claims > CLAIMS_MAX {
            let witnesses = [Some(known.from.0), Some(fact.id)];
            findings.raise(Rule::N04, Party::Device(device), witnesses);
            *known = fresh;
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{A1, B1, Story, device, rules, s};
    use crate::rulebook::reading::Severity;
    use crate::rulebook::rule::Rule;
    use crate::trace::fact::FactKind;

    /// A claim in vain for each of four messages, so far apart.
    fn four(ms: u64, between: impl Fn(&mut Story)) -> Story {
        let mut story = Story::begin();
        story.session(A1, s(0));
        for message in 0..4 {
            story.claim_fails(A1, B1);
            if message == 0 {
                story.no_olm(A1, B1);
            }
            story.message(s(0), message, message);
            between(&mut story);
            story.wait(ms);
        }
        story
    }

    #[test]
    fn a_claim_for_each_message_without_a_pause_is_a_warning() {
        let outcome = four(5_000, |_| {}).judge();
        assert_eq!(rules(&outcome), [(Rule::N04, device(A1))]);
        assert_eq!(outcome.violations[0].severity, Severity::Warning);
    }

    #[test]
    fn claims_that_are_far_apart_are_right() {
        let story = four(20_000, |_| {});
        assert_eq!(story.rules(), []);
        assert!(story.judge().marks.of(Rule::N04) > 0);
    }

    #[test]
    fn a_restart_begins_anew() {
        let story = four(5_000, |story| {
            story.crash(A1);
            story.by(A1, FactKind::Restarted { device: A1 });
        });
        assert_eq!(story.rules(), []);
    }

    #[test]
    fn claims_that_no_message_is_between_are_not_judged() {
        let mut story = Story::begin();
        for _ in 0..6 {
            story.claim_fails(A1, B1);
        }
        assert_eq!(story.judge().marks.of(Rule::N04), 0);
    }

    #[test]
    fn the_claim_that_is_blamed_is_the_first_of_the_next_row() {
        let mut story = four(5_000, |_| {});
        for message in 4..6 {
            story.claim_fails(A1, B1);
            story.message(s(0), message, message);
        }
        assert_eq!(story.rules(), [(Rule::N04, device(A1))], "with the last one these are three");
        story.claim_fails(A1, B1);
        assert_eq!(story.judge().violations.len(), 2);
    }

    #[test]
    fn a_second_claim_for_one_message_begins_anew_and_is_not_counted() {
        let mut story = Story::begin();
        story.session(A1, s(0));
        for message in 0..6 {
            story.claim_fails(A1, B1);
            story.claim_fails(A1, B1);
            if message == 0 {
                story.no_olm(A1, B1);
            }
            story.message(s(0), message, message);
            story.wait(1_000);
        }
        assert_eq!(story.rules(), []);
    }
}
