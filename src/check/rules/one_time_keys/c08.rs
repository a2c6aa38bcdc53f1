//! C-08 (recipient, SHOULD; one-time keys, MSC2732): a device that is online replaces one-time keys that are used up, and a used
//! fallback key. A warning in every reading. It does not know of keys that the device never had: those are not missed.

use crate::check::findings::Findings;
use crate::check::rules::{AtRest, Case, Judge};
use crate::check::view::counts::Counts;
use crate::ids::FactId;
use crate::rulebook::rule::Rule;
use crate::scenario::fault::Party;
use crate::trace::kind::Kinds;

/// Whether a count says that there is none.
type SaysNone = fn(Counts) -> Option<bool>;

/// The judge of C-08: a device that knows that it has no key left, and has uploaded none when the run comes to rest.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct SupplyKept;

impl Judge for SupplyKept {
    const HEARS: Kinds = Kinds::NONE;

    fn hear(&mut self, _: Case<'_>, _: &mut Findings) {}

    fn rest(&mut self, at_rest: AtRest<'_>, findings: &mut Findings) {
        let view = at_rest.view;
        for (device, counts) in view.counts.all() {
            if view.life.ended(device).is_some() || view.outages.hinders(&view.cast, device) {
                continue;
            }
            let [one_time, fallback] = view.supply.last_up(device);
            // A server that says that there is none though nobody was given it has lost it, and may take no other.
            let fallback = fallback.filter(|_| view.supply.fallback_used(device).is_some());
            // Whether a count says that there is none; nothing where it was left out.
            let kinds: [(Option<FactId>, SaysNone); 2] = [
                (one_time, |counts| counts.one_time.map(|count| count == 0)),
                (fallback, |counts| counts.unused_fallback.map(|unused| !unused)),
            ];
            for (up, says_none) in kinds {
                let Some(up) = up.filter(|_| says_none(counts) == Some(true)) else { continue };
                findings.met(Rule::C08);
                // An upload that came of what was told before crosses with what is told now: that it was refused nobody says, and that
                // the same is told once more says nothing of what came of it.
                let before = view.counts.before(device).filter(|old| says_none(*old).is_some());
                let missed_before = before.filter(|old| says_none(*old) == Some(true));
                let since = missed_before.map_or(counts.fact, |old| old.fact);
                let refused = view.supply.last_refused(device) > Some(since);
                // Whether an upload that is sent again, because its answer came to nobody, is newer than the first count that is told
                // after that, nobody says.
                let stopped = view.life.crash_after(device, up);
                let is_lost = view.life.was_down(device, up)
                    || stopped.is_some_and(|stopped| stopped < counts.fact)
                    || view.outages.hindered(&view.cast, device, up);
                let is_unclear = is_lost && before.is_none_or(|before| before.fact < up);
                // What was uploaded while the count was on its way is more than it says.
                if up < counts.as_of.unwrap_or(counts.fact) && !refused && !is_unclear {
                    let witnesses = [Some(up), Some(counts.fact)];
                    findings.raise(Rule::C08, Party::Device(device), witnesses);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{B1, HOME, Story, device};
    use crate::ids::KeyValue;
    use crate::rulebook::reading::Severity;
    use crate::rulebook::rule::Rule;
    use crate::scenario::fault::{Fault, FaultKind};
    use crate::time::SimTime;
    use crate::trace::fact::FactKind;

    fn up(story: &mut Story) {
        let first = KeyValue::new(0);
        story.at(HOME, FactKind::OneTimeKeysUp { device: B1, first, count: 2 });
    }

    /// B1 has uploaded keys and is told that so many are left.
    fn left(count: u32) -> Story {
        let mut story = Story::begin();
        up(&mut story);
        let (one_time, unused_fallback) = (Some(count), Some(true));
        story.by(B1, FactKind::KeyCounts { device: B1, one_time, unused_fallback });
        story
    }

    #[test]
    fn an_upload_that_the_count_does_not_know_of_replaces_what_was_used() {
        let mut story = left(2);
        let used = story.at(
            HOME,
            FactKind::KeyHandedOut {
                target: B1,
                key: KeyValue::new(0),
                fallback: false,
                claim: None,
            },
        );
        let mut early = story.clone();
        up(&mut story);
        up(&mut early);
        let counts =
            FactKind::KeyCounts { device: B1, one_time: Some(0), unused_fallback: Some(true) };
        story.by(B1, counts);
        story.came_of(used);
        assert_eq!(story.rules(), []);
        early.by(B1, counts);
        assert_eq!(early.rules(), [(Rule::C08, device(B1))]);
    }

    #[test]
    fn a_supply_that_is_used_up_and_not_replaced_is_worth_a_warning() {
        let story = left(0);
        assert_eq!(story.rules(), [(Rule::C08, device(B1))]);
        assert_eq!(story.judge().violations[0].severity, Severity::Warning);
        assert_eq!(story.judge_cut().violations, [], "the upload may still come");
        assert_eq!(left(1).rules(), []);
    }

    #[test]
    fn an_upload_and_one_that_is_refused_are_enough() {
        let mut refused = left(0);
        let mut story = refused.clone();
        up(&mut story);
        assert_eq!(story.rules(), []);
        assert_eq!(story.judge().marks.of(Rule::C08), 1);
        refused.at(HOME, FactKind::UploadRefused { device: B1 });
        assert_eq!(refused.rules(), []);
    }

    #[test]
    fn a_refusal_crosses_with_what_is_told_once_more_but_not_with_what_is_told_after_that() {
        let mut story = left(0);
        story.at(HOME, FactKind::UploadRefused { device: B1 });
        let told = |unused_fallback| FactKind::KeyCounts {
            device: B1,
            one_time: Some(0),
            unused_fallback: Some(unused_fallback),
        };
        story.by(B1, told(false));
        assert_eq!(story.rules(), []);
        story.by(B1, told(true));
        assert_eq!(story.rules(), [(Rule::C08, device(B1))]);
    }

    #[test]
    fn a_device_that_is_gone_or_cut_off_or_never_had_keys_is_not_asked_for_any() {
        let mut story = left(0);
        let mut offline = story.clone();
        story.crash(B1);
        assert_eq!(story.rules(), []);
        let kind = FaultKind::ClientOffline { device: B1 };
        offline.fault(Fault { from: SimTime::from_ms(1), until: SimTime::MAX, kind });
        assert_eq!(offline.rules(), []);
        let mut without = Story::begin();
        let (one_time, unused_fallback) = (Some(0), Some(false));
        without.by(B1, FactKind::KeyCounts { device: B1, one_time, unused_fallback });
        assert_eq!(without.rules(), []);
    }

    #[test]
    fn a_used_fallback_key_is_to_be_replaced_as_well() {
        let mut story = Story::begin();
        let up = FactKind::FallbackKeyUp { device: B1, key: KeyValue::new(7) };
        story.at(HOME, up);
        let mut lost = story.clone();
        let (target, key, fallback, claim) = (B1, KeyValue::new(7), true, None);
        story.at(HOME, FactKind::KeyHandedOut { target, key, fallback, claim });
        let (one_time, unused_fallback) = (Some(5), Some(false));
        let told = FactKind::KeyCounts { device: B1, one_time, unused_fallback };
        story.by(B1, told);
        lost.by(B1, told);
        assert_eq!(lost.rules(), []);
        assert_eq!(story.rules(), [(Rule::C08, device(B1))]);
        story.at(HOME, up);
        assert_eq!(story.rules(), []);
    }

    #[test]
    fn an_upload_whose_answer_a_crash_has_swallowed_may_be_what_the_next_count_waits_for() {
        let mut story = left(0);
        up(&mut story);
        let counts =
            FactKind::KeyCounts { device: B1, one_time: Some(0), unused_fallback: Some(true) };
        let mut running = story.clone();
        running.by(B1, counts);
        assert_eq!(running.rules(), [(Rule::C08, device(B1))]);
        story.crash(B1);
        story.by(B1, FactKind::Restarted { device: B1 });
        story.by(B1, counts);
        assert_eq!(story.rules(), []);
        story.by(B1, counts);
        assert_eq!(story.rules(), [(Rule::C08, device(B1))], "it has been told twice");
    }
}
