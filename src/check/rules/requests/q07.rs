//! Q-07 (recipient, SHOULD; specification, key requests): once a forwarded key came, the other devices that were asked
//! are told that it is not wanted any more; who does not is warned at rest. It does not know keys that came by another
//! way.

use std::collections::{BTreeMap, BTreeSet};

use crate::check::findings::Findings;
use crate::check::rules::{AtRest, Case, Judge};
use crate::ids::{DeviceId, FactId, MegolmSessionId};
use crate::protocol::to_device::OlmEvent;
use crate::rulebook::rule::Rule;
use crate::scenario::fault::Party;
use crate::trace::fact::{FactKind, KeySource, OlmResult};
use crate::trace::kind::{Kind, Kinds};

/// The judge of Q-07: when the last forwarded key of each session was taken.
#[derive(Debug, Clone, Default)]
pub(crate) struct TellTheOthers {
    served: BTreeMap<(DeviceId, MegolmSessionId), FactId>,
    /// Devices whose keys came, whether they were of use or not.
    answered: BTreeSet<(DeviceId, MegolmSessionId, DeviceId)>,
}

impl Judge for TellTheOthers {
    const HEARS: Kinds = Kinds::of(&[Kind::KeyIn, Kind::OlmDecrypt]);

    fn hear(&mut self, case: Case<'_>, _: &mut Findings) {
        if let FactKind::OlmDecrypt {
            device,
            peer,
            result: OlmResult::Decrypted { event: OlmEvent::ForwardedRoomKey(forwarded), .. },
            ..
        } = case.fact.kind
        {
            self.answered.insert((device, forwarded.key.session, peer));
            return;
        }
        let FactKind::KeyIn { device, session, source, .. } = case.fact.kind else { return };
        match source {
            KeySource::Forwarded { .. } => {
                self.served.insert((device, session), case.fact.id);
            }
            KeySource::RoomKey | KeySource::Backup | KeySource::Bundle { .. } | KeySource::Own => {}
        }
    }

    fn rest(&mut self, at_rest: AtRest<'_>, findings: &mut Findings) {
        let view = at_rest.view;
        for ((device, session), taken) in &self.served {
            let excused = view.life.ended(*device).is_some()
                || view.life.lost_since(*device, *taken).is_some();
            let others = view.askings.of(*device, *session).iter();
            let has_answered = |other| self.answered.contains(&(*device, *session, other));
            // A request reaches whoever has the device id, and not who is to come under it later.
            let is_there = |other, put| {
                let up = view.life.up(other).is_some_and(|up| up.fact < put);
                up && view.life.gone(other).is_none()
            };
            let mut others = others
                .filter(|asking| !has_answered(asking.device) && asking.put < *taken)
                .filter(|asking| is_there(asking.device, asking.put))
                .peekable();
            if others.peek().is_none() {
                continue;
            }
            findings.met(Rule::Q07);
            // What was lost with an older store is not known to have been asked.
            let is_known = |put| view.life.lost_since(*device, put).is_none();
            let untold = others.find(|asking| !asking.cancelled && is_known(asking.put));
            if let (Some(untold), false) = (untold, excused) {
                let witnesses = [Some(untold.put), Some(*taken)];
                findings.raise(Rule::Q07, Party::Device(*device), witnesses);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{A2, B1, B2, HOME, R, Story, device, rules, s};
    use crate::ids::DeviceId;
    use crate::protocol::to_device::KeyRequestAction;
    use crate::rulebook::reading::{Reading, ReadingName, Severity};
    use crate::rulebook::rule::Rule;
    use crate::time::SimTime;
    use crate::trace::fact::FactKind;

    /// B1 asked these, and B2 forwarded the key; A2 is there, too.
    fn served(asked: &[DeviceId]) -> Story {
        served_among(&[B2, A2], asked)
    }

    fn served_among(there: &[DeviceId], asked: &[DeviceId]) -> Story {
        let mut story = Story::with_olm();
        for device in there {
            story.up(*device);
        }
        for device in asked {
            let action = KeyRequestAction::Request { room: R, session: s(0) };
            story.request((B1, *device), 1, action);
        }
        let sent = story.forward((B2, B1), s(0), 0);
        story.take_forward(sent, None);
        story
    }

    fn lenient_of_others(story: &Story) -> Vec<(Rule, Severity)> {
        let strict = Reading::named(ReadingName::Strict);
        let outcome = story.judge_by(Reading { may_ask_others: true, ..strict });
        let found = outcome.violations.iter();
        let found = found.filter(|found| found.party == device(B1) && found.rule == Rule::Q07);
        found.map(|found| (found.rule, found.severity)).collect()
    }

    #[test]
    fn the_others_are_told() {
        let mut story = served(&[B2, A2]);
        story.request((B1, A2), 1, KeyRequestAction::Cancel);
        assert_eq!(lenient_of_others(&story), []);
        assert_eq!(story.judge().marks.of(Rule::Q07), 1);
    }

    #[test]
    fn who_does_not_tell_them_is_warned_at_rest() {
        let story = served(&[B2, A2]);
        assert_eq!(lenient_of_others(&story), [(Rule::Q07, Severity::Warning)]);
        assert!(!rules(&story.judge_cut()).contains(&(Rule::Q07, device(B1))));
    }

    #[test]
    fn where_nobody_else_was_asked_or_is_left_there_is_nobody_to_tell() {
        assert_eq!(served(&[B2]).judge().marks.of(Rule::Q07), 0);
        let mut story = served(&[B2, A2]);
        story.at(HOME, FactKind::DeviceDeleted { device: A2 });
        assert_eq!(lenient_of_others(&story), []);
    }

    #[test]
    fn who_is_to_come_later_is_not_told() {
        let mut story = served_among(&[B2], &[B2, A2]);
        assert_eq!(lenient_of_others(&story), []);
        assert_eq!(story.judge().marks.of(Rule::Q07), 0);
        story.up(A2);
        assert_eq!(lenient_of_others(&story), [], "it was not there to be asked");
        assert_eq!(story.judge().marks.of(Rule::Q07), 0);
    }

    #[test]
    fn who_sent_a_key_that_was_of_no_use_is_not_waited_for() {
        let mut story = served(&[B2, A2]);
        let useless = story.forward((A2, B1), s(0), 0);
        story.opened(useless);
        assert_eq!(lenient_of_others(&story), []);
        assert_eq!(story.judge().marks.of(Rule::Q07), 0);
    }

    #[test]
    fn a_device_that_is_asked_between_two_keys_is_told_after_the_second() {
        let mut story = served(&[B2]);
        let action = KeyRequestAction::Request { room: R, session: s(0) };
        story.request((B1, A2), 2, action);
        assert_eq!(lenient_of_others(&story), [], "nothing came since");
        let better = story.forward((B2, B1), s(0), 0);
        story.take_forward(better, None);
        assert_eq!(lenient_of_others(&story), [(Rule::Q07, Severity::Warning)]);
    }

    #[test]
    fn who_has_gone_or_whose_store_went_back_is_excused() {
        let mut gone = served(&[B2, A2]);
        gone.at(HOME, FactKind::LoggedOut { device: B1 });
        let mut restored = served(&[B2, A2]);
        let snapshot = SimTime::from_ms(1);
        restored.by(B1, FactKind::StoreRestored { device: B1, snapshot });
        for story in [gone, restored] {
            assert_eq!(lenient_of_others(&story), []);
            assert_eq!(story.judge().marks.of(Rule::Q07), 1, "the occasion is there");
        }
    }
}
