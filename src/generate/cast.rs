//! Who is in a generated room: servers, users, devices, rooms and the network between them.
//! It does not know what they will do.

use super::dice::{Dice, HABITS, POLICIES};
use super::habits;
use super::plan::{Plan, Sizes, Subject};
use super::policies::{self, Setting};
use super::swarm::Swarm;
use crate::ids::{ServerId, UserId};
use crate::protocol::room::{HistoryVisibility, Membership, Rotation};
use crate::scenario::file::{default_network, known_profile};
use crate::scenario::habits::{Habits, ServerHabits};
use crate::scenario::model::{Delay, Device, Network, PublishedKeys, Room, Scenario, Server, User};
use crate::scenario::policy::Policy;
use crate::time::SimDuration;

/// Names of users; who comes after them is called by a number.
const NAMES: [&str; 20] = [
    "alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi", "ivan", "judy", "kevin",
    "laura", "mike", "nina", "olga", "peggy", "quinn", "rupert", "sybil", "trent",
];

/// Servers, users, devices and rooms, and nothing that happens.
pub(super) fn make(dice: &mut Dice<'_>, plan: &Plan, swarm: &Swarm) -> Scenario {
    let sizes = plan.sizes;
    let mut scenario = Scenario::empty(default_network());
    let servers = dice.count(1, sizes.servers.max(1));
    scenario.servers = (1..=servers).map(|number| server(dice, number)).collect();
    users(dice, sizes, &mut scenario);
    let rooms = rooms(dice, sizes);
    for number in 1..=rooms {
        let name = if rooms == 1 { "room".to_owned() } else { format!("r{number}") };
        scenario.rooms.push(room(dice, name, scenario.users.len(), number == 1));
    }
    scenario.network = network(dice);
    dice.set_purpose(POLICIES);
    choose_policies(dice, plan.subject, swarm, &mut scenario);
    dice.set_purpose(HABITS);
    if plan.neighbours {
        add_neighbours(dice, &mut scenario);
    }
    scenario
}

/// The usual limits, or such small ones that something exceeds them.
fn server(dice: &mut Dice<'_>, number: u32) -> Server {
    let mut limit = |usual, least, most| {
        if dice.chance(1, 5) { dice.count(least, most) } else { usual }
    };
    Server {
        name: format!("s{number}"),
        batch_limit: limit(100, 1, 6),
        timeline_limit: limit(20, 1, 4),
        edu_limit: limit(100, 1, 4),
        habits: ServerHabits::specification(),
    }
}

/// A size from 1 to `most`: large ones are a little more frequent than small ones.
fn size(dice: &mut Dice<'_>, most: u32) -> u32 {
    let most = most.max(1);
    let size = dice.count(1, most);
    if dice.chance(2, 5) { size.max(dice.count(1, most)) } else { size }
}

fn rooms(dice: &mut Dice<'_>, sizes: Sizes) -> u32 {
    if dice.chance(1, 3) { 1 } else { dice.count(1, sizes.rooms.max(1)) }
}

fn users(dice: &mut Dice<'_>, sizes: Sizes, scenario: &mut Scenario) {
    let count = size(dice, sizes.users).max(2.min(sizes.users.max(1)));
    for index in 0..count as usize {
        let server = ServerId::at(dice.index(scenario.servers.len()));
        let name = NAMES
            .get(index)
            .map_or_else(|| format!("user{}", index + 1), |name| (*name).to_owned());
        let cross_signing = !dice.chance(1, 8);
        scenario.users.push(User { name, server, cross_signing });
        for number in 1..=size(dice, sizes.devices_per_user) {
            let device = device(dice, scenario, UserId::at(index), number);
            scenario.devices.push(device);
        }
    }
}

/// The name of a device: the first letter of its user, or more of it where that is not unique.
fn name_of(user: &User, index: usize, number: u32) -> String {
    match user.name.chars().next() {
        Some(letter) if index < NAMES.len() => format!("{}{number}", letter.to_ascii_uppercase()),
        Some(_) | None => format!("{}.{number}", user.name),
    }
}

fn device(dice: &mut Dice<'_>, scenario: &Scenario, user: UserId, number: u32) -> Device {
    let owner = &scenario.users[user.index()];
    let name = name_of(owner, user.index(), number);
    let is_first = scenario.devices.is_empty();
    let present = is_first || !dice.chance(1, if number == 1 { 12 } else { 4 });
    let mut device_id = name.clone();
    if !present && number > 1 && dice.chance(1, 2) {
        let earlier = name_of(owner, user.index(), dice.count(1, number - 1));
        device_id = earlier;
    }
    let keys = match dice.number(16) {
        14 if !is_first => PublishedKeys::UnknownAlgorithms,
        15 if !is_first => PublishedKeys::None,
        _ => PublishedKeys::Full,
    };
    let supply = dice.pick(&[10, 10, 10, 5, 2, 1, 0, 20]);
    Device {
        device_id,
        user,
        present,
        keys,
        cross_signed: owner.cross_signing && !dice.chance(1, 5),
        one_time_keys: supply.unwrap_or(10),
        fallback_key: !dice.chance(1, 6),
        policy: Policy::standard(),
        habits: Habits::specification(),
        name,
    }
}

/// A room with members, of which the first user is always one if it is the first room.
fn room(dice: &mut Dice<'_>, name: String, users: usize, is_first: bool) -> Room {
    let mut members = Vec::new();
    for user in 0..users {
        let membership = match dice.number(16) {
            _ if user == 0 && is_first => Membership::Join,
            0..=11 => Membership::Join,
            12 => Membership::Invite,
            13 => Membership::Leave,
            14 if dice.chance(1, 3) => Membership::Ban,
            _ if is_first => Membership::Join,
            _ => continue,
        };
        members.push((UserId::at(user), membership));
    }
    Room { name, members, history_visibility: visibility(dice), rotation: rotation(dice) }
}

fn visibility(dice: &mut Dice<'_>) -> Option<HistoryVisibility> {
    let values = [
        Some(HistoryVisibility::Shared),
        Some(HistoryVisibility::Shared),
        Some(HistoryVisibility::Joined),
        Some(HistoryVisibility::Invited),
        Some(HistoryVisibility::WorldReadable),
        None,
    ];
    dice.pick(&values).unwrap_or(values[0])
}

/// Settings of rotation: those of the specification, or small ones that are reached.
pub(super) fn rotation(dice: &mut Dice<'_>) -> Rotation {
    let usual = Rotation::DEFAULT;
    match dice.number(6) {
        0..=2 => usual,
        3 => Rotation { messages: dice.count(1, 5), ..usual },
        4 => {
            let periods = [1_000, 60_000, 3_600_000, 86_400_000];
            let period = SimDuration::from_ms(dice.pick(&periods).unwrap_or(60_000));
            Rotation { period, ..usual }
        }
        _ => Rotation::megolm(SimDuration::from_secs(dice.between(1, 120)), dice.count(1, 8)),
    }
}

/// Delays that are fixed in half of the rooms, so that several things happen at one instant.
fn network(dice: &mut Dice<'_>) -> Network {
    let between =
        |min, max| Delay { min: SimDuration::from_ms(min), max: SimDuration::from_ms(max) };
    let client =
        [between(10, 10), between(10, 10), between(5, 90), between(1, 1), between(20, 900)];
    let federation = [
        between(50, 50),
        between(50, 50),
        between(20, 300),
        between(10, 10),
        between(100, 1_500),
        between(2_000, 2_000),
    ];
    let timeouts = [10, 10, 30, 60];
    Network {
        client: dice.pick(&client).unwrap_or(client[0]),
        federation: dice.pick(&federation).unwrap_or(federation[0]),
        request_timeout: SimDuration::from_secs(dice.pick(&timeouts).unwrap_or(10)),
    }
}

/// Most devices keep the standard; in each room a few settings vary.
fn choose_policies(dice: &mut Dice<'_>, subject: Subject, swarm: &Swarm, scenario: &mut Scenario) {
    let varies: Vec<Setting> = swarm.settings().collect();
    for index in 0..scenario.devices.len() {
        let mut policy = Policy::standard();
        if let Subject::Program(name) = subject {
            let profile = known_profile(name);
            policy = profile.policy.clone();
            scenario.devices[index].habits = profile.habits;
        }
        let changes = match subject {
            Subject::Program(_) => u64::from(dice.chance(1, 4)),
            Subject::Specification | Subject::Mutant(..) => [0, 0, 1, 2, 4][dice.index(5)],
        };
        for _ in 0..changes {
            if let Some(setting) = dice.pick(&varies) {
                policies::change(dice, scenario, &mut policy, setting);
            }
        }
        scenario.devices[index].policy = policy;
    }
}

/// In half of the rooms some clients, and rarely a server, are written in other ways. The first device never is.
fn add_neighbours(dice: &mut Dice<'_>, scenario: &mut Scenario) {
    if !dice.chance(1, 2) {
        return;
    }
    for device in scenario.devices.iter_mut().skip(1) {
        if dice.chance(1, 4) {
            habits::neighbour(dice, device);
            habits::leaves_flag_out(dice, device);
        }
    }
    for server in &mut scenario.servers {
        if dice.chance(1, 10) {
            habits::other_server(dice, server);
        }
    }
}
