//! D-02 (SHOULD; tracking the device list), D-05 (SHOULD; the same) and the second half of D-04 (MUST; the same), all of a sender: a note
//! that a list changed leads to a query that begins after it, also if a restart or an answer that was under way came between. Every
//! reading agrees. It does not know what the answers say.

use crate::check::findings::Findings;
use crate::check::rules::{AtRest, Case, Judge};
use crate::check::view::View;
use crate::check::view::life::Moment;
use crate::check::view::pairs::Pairs;
use crate::ids::{DeviceId, FactId, QueryId, UserId};
use crate::protocol::api::ListChange;
use crate::rulebook::rule::Rule;
use crate::scenario::fault::Party;
use crate::trace::fact::{FactKind, QueryOutcome};
use crate::trace::kind::{Kind, Kinds};

/// What one device has still to do for one user's list.
#[derive(Debug, Clone, Copy, Default)]
struct Duty {
    /// When the list was asked for last, if it is still followed.
    followed: Option<FactId>,
    /// The first note after the last query began.
    note: Option<Moment>,
    /// An answer that was asked for before the note was applied after it.
    cleared: Option<FactId>,
    /// The query that runs.
    open: Option<(QueryId, Moment)>,
}

/// The judge of D-02, D-05 and D-04 as far as it is about flags.
#[derive(Debug, Clone, Default)]
pub(crate) struct Refreshed {
    duties: Pairs<Duty>,
    /// Who was ever told that a list changed, or asked for one.
    known: Vec<(DeviceId, UserId)>,
}

impl Refreshed {
    fn duty(&mut self, device: DeviceId, user: UserId) -> &mut Duty {
        if self.duties.get(device.raw(), user.raw()).is_none() {
            self.known.push((device, user));
        }
        self.duties.entry(device.raw(), user.raw())
    }
}

/// The rule that is broken by what is left undone, and the facts that show it.
fn broken(view: &View, device: DeviceId, duty: &Duty) -> Option<(Rule, [Option<FactId>; 3])> {
    let (since, note) = match (duty.note, duty.open) {
        (Some(note), _) => (note, true),
        (None, Some((_, start))) => (start, false),
        (None, None) => return None,
    };
    // What a crash cut off was never written down, and what a restore undid comes again.
    // So is that the list was asked for at all.
    let life = &view.life;
    let forgotten = duty.followed.and_then(|followed| life.lost_since(device, followed));
    if forgotten.is_some() {
        return None;
    }
    if life.cut_off(device, since).is_some() || life.forgiven(device, since).is_some() {
        return None;
    }
    match (life.crash_after(device, since.fact), duty.cleared) {
        (Some(crash), _) => Some((Rule::D05, [Some(since.fact), Some(crash), None])),
        (None, Some(cleared)) => Some((Rule::D04, [Some(since.fact), Some(cleared), None])),
        (None, None) => note.then_some((Rule::D02, [Some(since.fact), None, None])),
    }
}

impl Judge for Refreshed {
    const HEARS: Kinds = Kinds::of(&[Kind::ListNote, Kind::QueryStart, Kind::QueryEnd]);

    fn hear(&mut self, case: Case<'_>, findings: &mut Findings) {
        let now = case.now();
        if let FactKind::ListNote { device, user, change } = case.fact.kind {
            // A user whom the device never asked for is none of its business.
            let Some(duty) = self.duties.get_mut(device.raw(), user.raw()) else { return };
            match change {
                ListChange::Left => *duty = Duty::default(),
                ListChange::Changed if duty.followed.is_some() => {
                    findings.met(Rule::D02);
                    findings.met(Rule::D07);
                    duty.note.get_or_insert(now);
                }
                ListChange::Changed => {}
            }
        } else if let FactKind::QueryStart { device, user, query } = case.fact.kind {
            let open = Some((query, now));
            let Duty { note, open: before, .. } = *self.duty(device, user);
            // A query that a crash left without an answer is to be made again as well.
            let pending = note.or(before.map(|(_, start)| start));
            let life = &case.view.life;
            if pending.is_some_and(|since| life.crash_after(device, since.fact).is_some()) {
                findings.met(Rule::D05);
            }
            *self.duty(device, user) =
                Duty { followed: Some(now.fact), note: None, cleared: None, open };
        } else if let FactKind::QueryEnd { device, user, query, outcome } = case.fact.kind {
            let duty = self.duty(device, user);
            if duty.open.is_some_and(|(open, _)| open == query) {
                duty.open = None;
            }
            match outcome {
                QueryOutcome::Applied { .. } if duty.note.is_some() => {
                    duty.cleared.get_or_insert(now.fact);
                }
                QueryOutcome::Applied { .. } | QueryOutcome::Overtaken | QueryOutcome::Failed => {}
            }
        }
    }

    fn rest(&mut self, at_rest: AtRest<'_>, findings: &mut Findings) {
        let view = at_rest.view;
        for &(device, user) in &self.known {
            let Some(duty) = self.duties.get(device.raw(), user.raw()) else { continue };
            let absent = view.life.ended(device).is_some()
                || view.outages.hinders(&view.cast, device)
                || view.life.gone(device).is_some();
            if let Some((rule, witnesses)) = broken(view, device, duty).filter(|_| !absent) {
                findings.raise(rule, Party::Device(device), witnesses);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{A1, B1, BOB, CAROL, Story, device};
    use crate::protocol::api::ListChange;
    use crate::rulebook::rule::Rule;
    use crate::time::SimTime;
    use crate::trace::fact::FactKind;

    #[test]
    fn a_note_that_leads_to_a_query_is_right_and_one_that_leads_to_nothing_a_breach() {
        let mut story = Story::begin();
        let note = story.noted(A1, BOB);
        assert_eq!(story.rules(), [(Rule::D02, device(A1))]);
        assert_eq!(story.judge().violations[0].witnesses[0], Some(note));
        assert_eq!(story.judge_cut().violations, [], "the query may still come");
        story.learn(A1, BOB, &[B1]);
        assert_eq!(story.rules(), []);
        assert_eq!(story.judge().marks.of(Rule::D02), 1);
    }

    #[test]
    fn nobody_asks_for_users_that_are_not_followed_or_while_there_is_no_server() {
        let mut story = Story::begin();
        story.noted(A1, CAROL);
        story.noted(A1, BOB);
        let mut crashed = story.clone();
        let (device, user, change) = (A1, BOB, ListChange::Left);
        story.by(A1, FactKind::ListNote { device, user, change });
        assert_eq!(story.rules(), []);
        crashed.by(A1, FactKind::Crashed { device: A1 });
        assert_eq!(crashed.rules(), []);
    }

    #[test]
    fn an_answer_that_was_under_way_does_not_clear_the_flag() {
        let mut story = Story::begin();
        let query = story.ask(A1, BOB);
        let note = story.noted(A1, BOB);
        let end = story.answer((A1, BOB), query, &[B1]);
        assert_eq!(story.rules(), [(Rule::D04, device(A1))]);
        assert_eq!(story.judge().violations[0].witnesses, [Some(note), Some(end), None]);
        story.learn(A1, BOB, &[B1]);
        assert_eq!(story.rules(), []);
    }

    #[test]
    fn a_flag_and_a_query_survive_a_restart() {
        let mut noted = Story::begin();
        noted.noted(A1, BOB);
        let mut asking = Story::begin();
        asking.ask(A1, BOB);
        assert_eq!(asking.rules(), [], "it is still under way");
        for mut story in [noted, asking] {
            story.by(A1, FactKind::Crashed { device: A1 });
            story.by(A1, FactKind::Restarted { device: A1 });
            assert_eq!(story.rules(), [(Rule::D05, device(A1))]);
            let mut restored = story.clone();
            story.learn(A1, BOB, &[B1]);
            assert_eq!(story.rules(), []);
            assert_eq!(story.judge().marks.of(Rule::D05), 1);
            let snapshot = SimTime::from_ms(1);
            restored.by(A1, FactKind::StoreRestored { device: A1, snapshot });
            assert_eq!(restored.rules(), [], "the store has forgotten it");
        }
    }

    #[test]
    fn what_a_crash_cut_off_comes_again() {
        let mut story = Story::begin();
        story.noted(A1, BOB);
        story.crash(A1);
        story.by(A1, FactKind::Restarted { device: A1 });
        assert_eq!(story.rules(), []);
    }
}
