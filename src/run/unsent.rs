//! A sink that learns which messages of the timeline were never sent, and why.
//! It does not know whether that was expected.

use std::collections::{BTreeMap, BTreeSet};

use crate::check::outcome::{NotSent, Unsent};
use crate::ids::{DeviceId, FactId, MessageId};
use crate::scenario::model::Scenario;
use crate::scenario::step::Step;
use crate::time::SimTime;
use crate::trace::fact::{Fact, FactKind, Refusal};
use crate::trace::sink::FactSink;

/// What became of the sends.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sends {
    accepted: BTreeSet<MessageId>,
    refused: BTreeMap<MessageId, (Refusal, SimTime)>,
    stopped: BTreeSet<DeviceId>,
    /// When each step was due, by its position.
    steps: BTreeMap<u32, FactId>,
    /// When each device crashed last.
    crashed: BTreeMap<DeviceId, FactId>,
}

impl Sends {
    /// The messages of the scenario that no server accepted, ascending.
    #[must_use]
    pub fn unsent(&self, scenario: &Scenario) -> Vec<Unsent> {
        let mut unsent: Vec<Unsent> = Vec::new();
        for (position, timed) in (0..).zip(&scenario.timeline) {
            let Step::Send { device, room, message } = timed.step else { continue };
            if self.accepted.contains(&message) {
                continue;
            }
            let due = self.steps.get(&position);
            let is_cut_off = due.is_some_and(|due| self.crashed.get(&device) > Some(due));
            let why = match self.refused.get(&message) {
                Some((why, at)) => NotSent::Refused(*why, *at),
                None if is_cut_off || self.stopped.contains(&device) => NotSent::SenderStopped,
                None => NotSent::Waiting,
            };
            unsent.push(Unsent { message, device, room, why });
        }
        unsent.sort_by_key(|one| one.message);
        unsent
    }
}

impl FactSink for Sends {
    fn record(&mut self, fact: &Fact) {
        if let FactKind::MessageAccepted { message, .. } = fact.kind {
            self.accepted.insert(message);
        } else if let FactKind::SendRefused { message, why, .. } = fact.kind {
            self.refused.insert(message, (why, fact.at));
        } else if let FactKind::UserStep(step) = fact.kind {
            self.steps.insert(step, fact.id);
        } else if let FactKind::Crashed { device }
        | FactKind::LoggedOut { device }
        | FactKind::DeviceDeleted { device } = fact.kind
        {
            self.stopped.insert(device);
            self.crashed.insert(device, fact.id);
        } else if let FactKind::Restarted { device } = fact.kind {
            self.stopped.remove(&device);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Sends;
    use crate::check::outcome::NotSent;
    use crate::ids::MessageId;
    use crate::scenario::sample::room_of;
    use crate::time::SimTime;
    use crate::trace::fact::{FactKind, Refusal};
    use crate::trace::sample::{A1, ROOM, fact_of};
    use crate::trace::sink::FactSink;

    fn why(kinds: &[FactKind]) -> Vec<(u32, NotSent)> {
        let mut sends = Sends::default();
        for kind in kinds {
            sends.record(&fact_of(0, 30_000, *kind));
        }
        let unsent = sends.unsent(&room_of(1, 2));
        unsent.iter().map(|one| (one.message.raw(), one.why)).collect()
    }

    fn refused(message: u32) -> FactKind {
        let message = MessageId::new(message);
        FactKind::SendRefused { device: A1, room: ROOM, message, why: Refusal::NotInRoom }
    }

    fn accepted(message: u32) -> FactKind {
        FactKind::MessageAccepted { room: ROOM, message: MessageId::new(message) }
    }

    #[test]
    fn a_message_is_sent_once_a_server_accepted_it() {
        assert_eq!(why(&[accepted(0), accepted(1)]), []);
        assert_eq!(why(&[accepted(0)]), [(1, NotSent::Waiting)]);
    }

    #[test]
    fn a_refusal_says_why_and_when() {
        let at = SimTime::from_ms(30_000);
        let because = NotSent::Refused(Refusal::NotInRoom, at);
        assert_eq!(why(&[accepted(0), refused(1)]), [(1, because)]);
        assert_eq!(
            why(&[accepted(0), refused(1), FactKind::Crashed { device: A1 }]),
            [(1, because)]
        );
    }

    #[test]
    fn a_sender_that_stopped_and_did_not_start_again_is_the_reason() {
        let crashed = FactKind::Crashed { device: A1 };
        assert_eq!(why(&[accepted(0), crashed]), [(1, NotSent::SenderStopped)]);
        let again = FactKind::Restarted { device: A1 };
        assert_eq!(why(&[accepted(0), crashed, again]), [(1, NotSent::Waiting)]);
        assert_eq!(
            why(&[accepted(0), FactKind::LoggedOut { device: A1 }]),
            [(1, NotSent::SenderStopped)]
        );
    }
}
