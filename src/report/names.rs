//! What things are called in a report: parties, verdicts, and which device sent which message where.
//! It does not know what happened to any of them.

use crate::ids::{DeviceId, FaultId, MessageId, RoomId, ServerId, UserId};
use crate::protocol::withheld::WithheldCode;
use crate::rulebook::leaf::Leaf;
use crate::scenario::expect::ExpectedVerdict;
use crate::scenario::fault::{Party, name_of};
use crate::scenario::model::Scenario;
use crate::scenario::step::Step;
use crate::trace::jsonl::{Numbered, OwnIds};

use super::text::safe;

/// Where a message comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Origin {
    /// The device that sends it.
    pub(super) sender: DeviceId,
    /// The room that it is sent into.
    pub(super) room: RoomId,
}

/// The names of a scenario, safe to print.
#[derive(Debug, Clone)]
pub(super) struct Names<'a> {
    pub(super) scenario: &'a Scenario,
    ids: Option<&'a OwnIds>,
    origins: Vec<Option<Origin>>,
}

impl<'a> Names<'a> {
    pub(super) fn of(scenario: &'a Scenario) -> Self {
        let mut origins = vec![None; scenario.messages.len()];
        for timed in &scenario.timeline {
            if let Step::Send { device, room, message } = timed.step {
                origins[message.index()] = Some(Origin { sender: device, room });
            }
        }
        Self { scenario, ids: None, origins }
    }

    /// With what logs themselves call what has no name.
    pub(super) fn with_ids(self, ids: &'a OwnIds) -> Self {
        Self { ids: Some(ids), ..self }
    }

    /// What a log calls the thing with this id, if it is a log that has names for such things.
    pub(super) fn own(&self, kind: Numbered, id: u32) -> Option<String> {
        self.ids?.get(kind, id).map(safe)
    }

    /// Where a message comes from; `None` if no step sends it.
    pub(super) fn origin(&self, message: MessageId) -> Option<Origin> {
        self.origins.get(message.index()).copied().flatten()
    }

    pub(super) fn device(&self, device: DeviceId) -> String {
        safe(self.scenario.device_name(device))
    }

    pub(super) fn message(&self, message: MessageId) -> String {
        safe(self.scenario.message_name(message))
    }

    pub(super) fn room(&self, room: RoomId) -> String {
        safe(self.scenario.room_name(room))
    }

    pub(super) fn user(&self, user: UserId) -> String {
        safe(self.scenario.user_name(user))
    }

    pub(super) fn server(&self, server: ServerId) -> String {
        safe(&self.scenario.servers[server.index()].name)
    }

    /// A fault by its place in the file, counted from 1, and its kind as files spell it.
    pub(super) fn fault(&self, fault: FaultId) -> String {
        let number = fault.index() + 1;
        match self.scenario.faults.get(fault.index()) {
            Some(fault) => format!("fault {number} ({})", name_of(&fault.kind)),
            None => format!("fault {number}"),
        }
    }

    pub(super) fn party(&self, party: Party) -> String {
        match party {
            Party::Device(device) => self.device(device),
            Party::Server(server) => self.server(server),
            Party::World => "the network".to_owned(),
        }
    }
}

/// A verdict as scenario files spell it: `delivered`, `withheld(m.blacklisted)`.
pub(super) fn verdict(leaf: Leaf, code: Option<WithheldCode>) -> String {
    match code {
        Some(code) => format!("{}({})", leaf.name(), code.as_str()),
        None => leaf.name().to_owned(),
    }
}

/// An expected verdict as scenario files spell it.
pub(super) fn expected(expected: ExpectedVerdict) -> String {
    verdict(expected.leaf, expected.code)
}

#[cfg(test)]
mod tests {
    use super::{Names, Origin, verdict};
    use crate::ids::{DeviceId, MessageId, RoomId, ServerId};
    use crate::protocol::withheld::WithheldCode;
    use crate::rulebook::leaf::Leaf;
    use crate::scenario::fault::Party;
    use crate::scenario::sample::room_of;

    #[test]
    fn a_message_comes_from_the_step_that_sends_it() {
        let mut scenario = room_of(1, 2);
        scenario.timeline.pop();
        let names = Names::of(&scenario);
        let origin = Origin { sender: DeviceId::new(0), room: RoomId::new(0) };
        assert_eq!(names.origin(MessageId::new(0)), Some(origin));
        assert_eq!(names.origin(MessageId::new(1)), None);
    }

    #[test]
    fn names_are_safe_and_verdicts_are_spelled_as_in_files() {
        let mut scenario = room_of(1, 1);
        scenario.devices[1].name = "B\u{7}1".to_owned();
        scenario.messages[0] = "m\n1".to_owned();
        let names = Names::of(&scenario);
        assert_eq!(names.device(DeviceId::new(1)), "B\\u{7}1");
        assert_eq!(names.message(MessageId::new(0)), "m\\u{a}1");
        assert_eq!(names.room(RoomId::new(0)), "room");
        assert_eq!(names.party(Party::Server(ServerId::new(0))), "s1");
        assert_eq!(names.party(Party::World), "the network");
        assert_eq!(verdict(Leaf::Delivered, None), "delivered");
        assert_eq!(verdict(Leaf::Withheld, Some(WithheldCode::NoOlm)), "withheld(m.no_olm)");
    }
}
