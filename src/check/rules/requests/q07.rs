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

/// The judge of Q-07: the forwarded keys that were taken, with the devices that sent each.
#[derive(Debug, Clone, Default)]
pub(crate) struct TellTheOthers {
    served: BTreeMap<(DeviceId, MegolmSessionId), (BTreeSet<DeviceId>, FactId)>,
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
        let FactKind::KeyIn { device, session, source, via: Some(via), .. } = case.fact.kind else {
            return;
        };
        match source {
            KeySource::Forwarded { .. } => {}
            KeySource::RoomKey | KeySource::Backup | KeySource::Bundle { .. } | KeySource::Own => {
                return;
            }
        }
        if let Some(number) = case.view.transport.number(via) {
            let sender = case.view.transport.get(number).sender;
            let served = self.served.entry((device, session));
            let (senders, taken) = served.or_insert_with(|| (BTreeSet::new(), case.fact.id));
            senders.insert(sender);
            *taken = case.fact.id;
        }
    }

    fn rest(&mut self, at_rest: AtRest<'_>, findings: &mut Findings) {
        let view = at_rest.view;
        for ((device, session), (senders, taken)) in &self.served {
            let excused = view.life.ended(*device).is_some()
                || view.life.restored_since(*device, FactId::new(0)).is_some();
            let others = view.askings.of(*device, *session).iter();
            let has_answered = |other| self.answered.contains(&(*device, *session, other));
            let mut others = others
                .filter(|asking| !has_answered(asking.device))
                .filter(|asking| !senders.contains(&asking.device) && asking.put < *taken)
                .filter(|asking| view.life.gone(asking.device).is_none())
                .peekable();
            if others.peek().is_none() {
                continue;
            }
            findings.met(Rule::Q07);
            let untold = others.find(|asking| !asking.cancelled);
            if let (Some(untold), false) = (untold, excused) {
                let witnesses = [Some(untold.put), Some(*taken)];
                findings.raise(Rule::Q07, Party::Device(*device), witnesses);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{A2, B1, B2, R, Story, device, rules, s};
    use crate::ids::DeviceId;
    use crate::protocol::to_device::KeyRequestAction;
    use crate::rulebook::reading::{Reading, ReadingName, Severity};
    use crate::rulebook::rule::Rule;

    /// B1 asked B2 and A2, and B2 forwarded the key.
    fn served(asked: &[DeviceId]) -> Story {
        let mut story = Story::with_olm();
        for device in [B2, A2] {
            story.up(device);
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
        let gone = crate::trace::fact::FactKind::DeviceDeleted { device: A2 };
        story.at(crate::check::testing::HOME, gone);
        assert_eq!(lenient_of_others(&story), []);
    }
}
