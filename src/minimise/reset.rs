//! Settings made usual again, one or many at once.
//! It does not know whether a setting matters.

use crate::ids::{DeviceId, RoomId, ServerId, UserId};
use crate::protocol::room::{HistoryVisibility, Rotation};
use crate::scenario::expect::Expectations;
use crate::scenario::file::{
    DEFAULT_HORIZON, default_network, habit_deviations, policy_deviations, server_habit_deviations,
};
use crate::scenario::habits::{Habits, ServerHabits};
use crate::scenario::model::{Delay, Device, PublishedKeys, Scenario, Server};
use crate::scenario::policy::Policy;
use crate::scenario::step::{Step, TimedStep};

use super::cut::told;
use super::relevant::Relevant;

/// How many one-time keys a device keeps of which nothing is said.
pub(super) const ONE_TIME_KEYS: u32 = 10;
const BATCH_LIMIT: u32 = 100;
const TIMELINE_LIMIT: u32 = 20;
const EDU_LIMIT: u32 = 100;

/// A setting that becomes usual.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reset {
    /// Everything that can be, but for devices that are suspected.
    All,
    /// What is left to chance is left to no other chance, and the network is as usual.
    Chance,
    /// Everything that is expected is not looked at.
    Expectations,
    /// What became of messages that are not listed is not looked at.
    OtherCells,
    /// Messages that are not sent are not looked at.
    Unsent,
    /// Notices that are not listed are not looked at.
    OtherNotices,
    /// The time after which a request has failed.
    RequestTimeout,
    /// The delays between clients and servers.
    ClientDelay,
    /// The delays between servers.
    FederationDelay,
    /// The delays vary no more.
    FixedDelays,
    /// The seed.
    Seed,
    /// The horizon.
    Horizon,
    /// How many to-device messages a sync answer of a server holds.
    BatchLimit(ServerId),
    /// How many events of a room a sync answer of a server holds.
    TimelineLimit(ServerId),
    /// How many EDUs a transaction of a server holds.
    EduLimit(ServerId),
    /// The habit of a server with this place among those that are not usual.
    ServerHabit(ServerId, usize),
    /// A user has cross-signing keys.
    CrossSigning(UserId),
    /// Policy and habits of a device.
    Settings(DeviceId),
    /// The policy of a device with this place among those that are not usual.
    Policy(DeviceId, usize),
    /// The habit of a device with this place among those that are not usual.
    Habit(DeviceId, usize),
    /// What keys a device publishes.
    Keys(DeviceId),
    /// A device is cross-signed.
    CrossSigned(DeviceId),
    /// A device has a fallback key.
    FallbackKey(DeviceId),
    /// How many one-time keys a device keeps.
    OneTimeKeys(DeviceId),
    /// A device is logged in from the start and not later.
    Present(DeviceId),
    /// A device has a device id of its own.
    DeviceId(DeviceId),
    /// The history visibility of a room.
    Visibility(RoomId),
    /// How old a session of a room may become.
    RotationPeriod(RoomId),
    /// How many messages a session of a room may encrypt.
    RotationMessages(RoomId),
    /// The rotation settings that a step of the timeline, by its place, gives a room.
    StepRotation(usize),
}

/// The resets that change one thing and may change something here.
pub(super) fn single(scenario: &Scenario) -> Vec<Reset> {
    let mut all = vec![
        Reset::Expectations,
        Reset::OtherCells,
        Reset::Unsent,
        Reset::OtherNotices,
        Reset::RequestTimeout,
        Reset::ClientDelay,
        Reset::FederationDelay,
        Reset::FixedDelays,
        Reset::Seed,
        Reset::Horizon,
    ];
    for (index, server) in scenario.servers.iter().enumerate() {
        let id = ServerId::at(index);
        all.extend([Reset::BatchLimit(id), Reset::TimelineLimit(id), Reset::EduLimit(id)]);
        let habits = server_habit_deviations(&server.habits).len();
        all.extend((0..habits).map(|place| Reset::ServerHabit(id, place)));
    }
    all.extend((0..scenario.users.len()).map(|index| Reset::CrossSigning(UserId::at(index))));
    for (index, device) in scenario.devices.iter().enumerate() {
        let id = DeviceId::at(index);
        all.extend([Reset::Keys(id), Reset::CrossSigned(id), Reset::FallbackKey(id)]);
        all.extend([Reset::OneTimeKeys(id), Reset::Present(id), Reset::DeviceId(id)]);
        let policies = policy_deviations(&device.policy).len();
        let habits = habit_deviations(&device.habits).len();
        if policies + habits > 1 {
            all.push(Reset::Settings(id));
        }
        all.extend((0..policies).map(|place| Reset::Policy(id, place)));
        all.extend((0..habits).map(|place| Reset::Habit(id, place)));
    }
    for index in 0..scenario.rooms.len() {
        let id = RoomId::at(index);
        all.extend([Reset::Visibility(id), Reset::RotationPeriod(id), Reset::RotationMessages(id)]);
    }
    let rotates = |timed: &TimedStep| matches!(timed.step, Step::Encryption { .. });
    let steps = told(scenario).timeline.into_iter().enumerate();
    all.extend(steps.filter(|(_, timed)| rotates(timed)).map(|(at, _)| Reset::StepRotation(at)));
    all
}

/// The scenario, which has no probes, with the setting as usual. It may be as it was.
pub(super) fn reset(scenario: &Scenario, what: Reset, relevant: &Relevant) -> Scenario {
    let mut new = scenario.clone();
    match what {
        Reset::All => all(&mut new, relevant),
        Reset::Chance => {
            new.seed = 0;
            new.network = default_network();
        }
        Reset::Expectations => new.expect = Expectations::default(),
        Reset::OtherCells => new.expect.others = None,
        Reset::Unsent => new.expect.unsent = None,
        Reset::OtherNotices => new.expect.only_these_notices = false,
        Reset::RequestTimeout => new.network.request_timeout = default_network().request_timeout,
        Reset::ClientDelay => new.network.client = default_network().client,
        Reset::FederationDelay => new.network.federation = default_network().federation,
        Reset::FixedDelays => {
            for delay in [&mut new.network.client, &mut new.network.federation] {
                *delay = Delay { min: delay.min, max: delay.min };
            }
        }
        Reset::Seed => new.seed = 0,
        Reset::Horizon => horizon(&mut new),
        Reset::BatchLimit(id) => new.servers[id.index()].batch_limit = BATCH_LIMIT,
        Reset::TimelineLimit(id) => new.servers[id.index()].timeline_limit = TIMELINE_LIMIT,
        Reset::EduLimit(id) => new.servers[id.index()].edu_limit = EDU_LIMIT,
        Reset::ServerHabit(id, place) => {
            let server = &mut new.servers[id.index()];
            if let Some(deviation) = server_habit_deviations(&server.habits).get(place) {
                server.habits = deviation.without;
            }
        }
        Reset::CrossSigning(id) => new.users[id.index()].cross_signing = true,
        Reset::Settings(id) => usual(&mut new.devices[id.index()]),
        Reset::Policy(id, place) => {
            let device = &mut new.devices[id.index()];
            if let Some(deviation) = policy_deviations(&device.policy).get(place) {
                device.policy = deviation.without.clone();
            }
        }
        Reset::Habit(id, place) => {
            let device = &mut new.devices[id.index()];
            if let Some(deviation) = habit_deviations(&device.habits).get(place) {
                device.habits = deviation.without;
            }
        }
        Reset::Keys(id) => new.devices[id.index()].keys = PublishedKeys::Full,
        Reset::CrossSigned(id) => cross_signed(&mut new, id),
        Reset::FallbackKey(id) => new.devices[id.index()].fallback_key = true,
        Reset::OneTimeKeys(id) => new.devices[id.index()].one_time_keys = ONE_TIME_KEYS,
        Reset::Present(id) => present(&mut new, id),
        Reset::DeviceId(id) => own_device_id(&mut new, id),
        Reset::Visibility(id) => {
            new.rooms[id.index()].history_visibility = Some(HistoryVisibility::Shared);
        }
        Reset::RotationPeriod(id) => {
            new.rooms[id.index()].rotation.period = Rotation::DEFAULT.period;
        }
        Reset::RotationMessages(id) => {
            new.rooms[id.index()].rotation.messages = Rotation::DEFAULT.messages;
        }
        Reset::StepRotation(place) => {
            if let Step::Encryption { rotation, .. } = &mut new.timeline[place].step {
                *rotation = Rotation::DEFAULT;
            }
        }
    }
    new
}

fn all(new: &mut Scenario, relevant: &Relevant) {
    new.seed = 0;
    new.network = default_network();
    new.expect = Expectations::default();
    horizon(new);
    new.servers.iter_mut().for_each(limits);
    for server in 0..new.servers.len() {
        let suspected = relevant.suspects.iter().any(|device| {
            device.index() < new.devices.len() && new.server_of(*device).index() == server
        });
        if !suspected {
            new.servers[server].habits = ServerHabits::specification();
        }
    }
    for (index, device) in new.devices.iter_mut().enumerate() {
        device.fallback_key = true;
        device.one_time_keys = ONE_TIME_KEYS;
        if !relevant.suspects.contains(&DeviceId::at(index)) {
            usual(device);
        }
    }
    for room in &mut new.rooms {
        room.history_visibility = Some(HistoryVisibility::Shared);
        room.rotation = Rotation::DEFAULT;
    }
}

/// As early as a run may be cut that has all it needs.
fn horizon(new: &mut Scenario) {
    let last = super::times::instants(new).last().copied();
    let healed = new.heal.map(|heal| heal.horizon());
    let needed = last.into_iter().chain(healed).max().unwrap_or(DEFAULT_HORIZON);
    new.horizon = needed.max(DEFAULT_HORIZON);
}

fn limits(server: &mut Server) {
    server.batch_limit = BATCH_LIMIT;
    server.timeline_limit = TIMELINE_LIMIT;
    server.edu_limit = EDU_LIMIT;
}

fn usual(device: &mut Device) {
    device.policy = Policy::standard();
    device.habits = Habits::specification();
}

fn cross_signed(new: &mut Scenario, id: DeviceId) {
    let user = new.devices[id.index()].user;
    if new.users[user.index()].cross_signing {
        new.devices[id.index()].cross_signed = true;
    }
}

fn present(new: &mut Scenario, id: DeviceId) {
    let device = &mut new.devices[id.index()];
    if !device.present {
        device.present = true;
        new.timeline.retain(|timed| timed.step != Step::Login(id));
    }
}

fn own_device_id(new: &mut Scenario, id: DeviceId) {
    let device = &new.devices[id.index()];
    let same = |other: &&Device| other.user == device.user && other.device_id == device.device_id;
    if new.devices.iter().filter(same).count() > 1 {
        let own = device.name.clone();
        new.devices[id.index()].device_id = own;
    }
}
