//! Every single thing that can be taken out of a scenario, put together, made usual or made less: what a smallest scenario
//! withstands. It does not know what is wanted.

use crate::ids::{DeviceId, FaultId, RoomId, ServerId, UserId};
use crate::protocol::room::Membership;
use crate::protocol::room::Rotation;
use crate::scenario::model::Scenario;
use crate::scenario::step::Step;

use super::edit::{Edit, Less, Merge, Part};
use super::reset;
use super::shorten::{lasts, numbers, shorter, smaller, span, with_fewer_conditions};
use super::size::Size;
use super::times::{self, Times, earlier_ends, later_starts};

/// All of them, those first of which most can be hoped.
pub(super) fn all(scenario: &Scenario) -> Vec<Edit> {
    let mut edits = removals(scenario);
    edits.extend(merges(scenario));
    edits.extend(reset::single(scenario).into_iter().map(Edit::Reset));
    for (index, device) in scenario.devices.iter().enumerate() {
        let fewer = smaller(device.one_time_keys).into_iter();
        // As many as usual are not worth a word.
        if device.one_time_keys != reset::ONE_TIME_KEYS {
            edits.extend(fewer.map(|number| Edit::OneTimeKeys(DeviceId::at(index), number)));
        }
    }
    for (index, room) in scenario.rooms.iter().enumerate() {
        let fewer = smaller(room.rotation.messages).into_iter();
        if room.rotation.messages != Rotation::DEFAULT.messages {
            let id = RoomId::at(index);
            edits.extend(fewer.map(|number| Edit::RotationMessages(id, number)));
        }
        if room.rotation.period != Rotation::DEFAULT.period {
            let id = RoomId::at(index);
            let periods = shorter(room.rotation.period).into_iter();
            edits.extend(periods.map(|period| Edit::RotationPeriod(id, period)));
        }
        let others = room.members.iter().filter(|(_, membership)| *membership != Membership::Join);
        edits.extend(others.map(|(user, _)| Edit::Join(RoomId::at(index), *user)));
    }
    edits.extend(shortenings(scenario));
    edits.extend([Times::Even, Times::Round, Times::RoundLong].map(Edit::Times));
    edits.extend(times::shorter(scenario).into_iter().map(Edit::Times));
    edits
}

/// Every removal of one part.
pub(super) fn removals(scenario: &Scenario) -> Vec<Edit> {
    let mut parts = Vec::new();
    parts.extend((0..scenario.faults.len()).map(|index| Part::Fault(FaultId::at(index))));
    parts.extend((0..Size::of(scenario).steps).map(Part::Step));
    if scenario.rooms.len() > 1 {
        parts.extend((0..scenario.rooms.len()).map(|index| Part::Room(RoomId::at(index))));
    }
    parts.extend((0..scenario.users.len()).map(|index| Part::User(UserId::at(index))));
    parts.extend((0..scenario.devices.len()).map(|index| Part::Device(DeviceId::at(index))));
    parts.extend((0..scenario.devices.len()).map(|index| Part::DeviceAlone(DeviceId::at(index))));
    parts.extend(scenario.heal.map(|_| Part::Heal));
    parts.extend((0..scenario.expect.cells.len()).map(Part::Cell));
    parts.extend((0..scenario.expect.violations.len()).map(Part::Violation));
    parts.extend((0..scenario.expect.notices.len()).map(Part::Notices));
    for (index, device) in scenario.devices.iter().enumerate() {
        let overrides = 0..device.policy.report.overrides.len();
        parts.extend(overrides.map(|place| Part::Override(DeviceId::at(index), place)));
    }
    for (index, timed) in scenario.timeline.iter().enumerate() {
        if let Step::RequestKey { of, .. } = &timed.step
            && of.len() > 1
        {
            parts.extend((0..of.len()).map(|place| Part::Asked(index, place)));
        }
    }
    parts.into_iter().map(|part| Edit::Remove(vec![part])).collect()
}

fn merges(scenario: &Scenario) -> Vec<Edit> {
    let pairs = |count: usize| {
        (0..count).flat_map(move |into| (into + 1..count).map(move |from| (from, into)))
    };
    let servers = pairs(scenario.servers.len())
        .map(|(from, into)| Merge::Servers(ServerId::at(from), ServerId::at(into)));
    let rooms = pairs(scenario.rooms.len())
        .map(|(from, into)| Merge::Rooms(RoomId::at(from), RoomId::at(into)));
    let users = pairs(scenario.users.len())
        .map(|(from, into)| Merge::Users(UserId::at(from), UserId::at(into)));
    servers.chain(rooms).chain(users).map(Edit::Merge).collect()
}

/// Every way to make one fault less.
pub(super) fn shortenings(scenario: &Scenario) -> Vec<Edit> {
    let mut edits = Vec::new();
    for (index, fault) in scenario.faults.iter().enumerate() {
        let id = FaultId::at(index);
        let mut kind = fault.kind.clone();
        let mut ways = Vec::new();
        if lasts(&fault.kind) {
            let ends = earlier_ends(scenario, id);
            ways.extend(ends.first().copied().map(Less::Until));
            ways.extend(ends.get(ends.len() / 2).copied().map(Less::Until));
            ways.extend(ends.last().copied().map(Less::Until));
            let starts = later_starts(scenario, id);
            ways.extend(starts.first().copied().map(Less::From));
            ways.extend(starts.last().copied().map(Less::From));
        }
        for (place, number) in numbers(&mut kind).into_iter().enumerate() {
            ways.extend(smaller(*number).into_iter().map(|value| Less::Number(place, value)));
        }
        if let Some(span) = span(&mut kind) {
            ways.extend(shorter(*span).into_iter().map(Less::Span));
        }
        let fewer = 0..with_fewer_conditions(&fault.kind).len();
        ways.extend(fewer.map(Less::Condition));
        ways.dedup();
        edits.extend(ways.into_iter().map(|way| Edit::Shorten(id, way)));
    }
    edits
}
