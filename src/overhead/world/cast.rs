//! Who is in a world: servers, users and devices, the network between them, and who plays which part.
//! It does not know what they do, and draws the same people for a size and a seed whatever else the plan says.

use std::collections::BTreeSet;

use super::lot::{For, Lot};
use super::{Numbers, Plan};
use crate::ids::{DeviceId, ServerId, UserId};
use crate::scenario::habits::{Habits, ServerHabits};
use crate::scenario::model::{Delay, Device, Network, PublishedKeys, Server, User};
use crate::scenario::policy::Policy;
use crate::time::SimDuration;

/// Users of a thousand who have cross-signing keys.
const CROSS_SIGNING_PERMILLE: u64 = 920;
/// So many letters has a device id.
const DEVICE_ID_LETTERS: u32 = 10;

/// Everybody, and the parts they play.
#[derive(Debug)]
pub(super) struct Cast {
    pub(super) servers: Vec<Server>,
    pub(super) users: Vec<User>,
    pub(super) devices: Vec<Device>,
    pub(super) members: Vec<UserId>,
    pub(super) senders: Vec<DeviceId>,
    pub(super) newcomers: Vec<UserId>,
    pub(super) new_devices: Vec<DeviceId>,
    pub(super) network: Network,
}

/// Casts a world.
pub(super) fn make(plan: Plan, numbers: Numbers, lot: &mut Lot) -> Cast {
    let members: Vec<UserId> = (0..numbers.users).map(UserId::new).collect();
    let newcomers: Vec<UserId> =
        (numbers.users..numbers.users + numbers.churn).map(UserId::new).collect();
    let sending: BTreeSet<UserId> =
        lot.some(numbers.senders, &members, For::Cast).into_iter().collect();
    let others: Vec<UserId> =
        members.iter().copied().filter(|user| !sending.contains(user)).collect();
    let expecting: BTreeSet<UserId> =
        lot.some(numbers.churn as usize, &others, For::Cast).into_iter().collect();
    let mut cast = Cast {
        servers: (1..=numbers.servers).map(server).collect(),
        users: Vec::new(),
        devices: Vec::new(),
        members: members.clone(),
        senders: Vec::new(),
        newcomers: newcomers.clone(),
        new_devices: Vec::new(),
        network: network(lot),
    };
    for user in members.into_iter().chain(newcomers) {
        let sends = sending.contains(&user);
        let home = ServerId::new(user.raw() % numbers.servers);
        let cross_signing = sends || lot.chance(CROSS_SIGNING_PERMILLE, For::Cast);
        cast.users.push(User {
            name: format!("member{:04}", user.raw() + 1),
            server: home,
            cross_signing,
        });
        let second = lot.chance(numbers.second_permille, For::Cast);
        let third = second && lot.chance(numbers.second_permille, For::Cast);
        for number in 0..1 + usize::from(second) + usize::from(third) {
            let is_sender = sends && number == 0;
            let device = device(user, &cast, (plan, numbers, is_sender), lot);
            if is_sender {
                cast.senders.push(DeviceId::at(cast.devices.len()));
            }
            cast.devices.push(device);
        }
        if expecting.contains(&user) {
            let device = device(user, &cast, (plan, numbers, false), lot);
            cast.new_devices.push(DeviceId::at(cast.devices.len()));
            cast.devices.push(Device { present: false, ..device });
        }
    }
    cast
}

fn server(number: u32) -> Server {
    Server {
        name: format!("s{number}.example.org"),
        batch_limit: 100,
        timeline_limit: 20,
        edu_limit: 100,
        habits: ServerHabits::specification(),
    }
}

/// Everything takes the same time within a room: what a policy sends more would otherwise draw more, and all that comes after
/// it would travel differently than under another policy.
fn network(lot: &mut Lot) -> Network {
    let mut fixed = |least, most| {
        let time = SimDuration::from_ms(lot.between(least, most, For::Network));
        Delay { min: time, max: time }
    };
    Network {
        client: fixed(20, 120),
        federation: fixed(50, 400),
        request_timeout: SimDuration::from_secs(10),
    }
}

/// The next device of a user. A sender has everything that a device may have.
fn device(
    user: UserId,
    cast: &Cast,
    (plan, numbers, is_sender): (Plan, Numbers, bool),
    lot: &mut Lot,
) -> Device {
    let unsigned = lot.chance(numbers.unsigned_permille, For::Cast);
    let keyless = lot.chance(numbers.keyless_permille, For::Cast);
    let has_all = is_sender || plan.withheld_permille.is_some();
    let can_sign = cast.users.get(user.index()).is_some_and(|user| user.cross_signing);
    let number = cast.devices.len();
    Device {
        name: format!("d{}", number + 1),
        device_id: device_id(number),
        user,
        present: true,
        keys: PublishedKeys::Full,
        cross_signed: can_sign && (has_all || !unsigned),
        one_time_keys: if has_all || !keyless { 10 } else { 0 },
        fallback_key: has_all || !keyless,
        policy: Policy::standard(),
        habits: Habits::specification(),
    }
}

/// A device id as servers make them up: letters that say nothing.
fn device_id(number: usize) -> String {
    // An odd multiplier without a factor in common with 26^10 gives every number letters of its own.
    const MULTIPLIER: u64 = 65_432_193_437;
    let space = 26_u64.pow(DEVICE_ID_LETTERS);
    let mixed = u128::from(number as u64 + 1) * u128::from(MULTIPLIER) % u128::from(space);
    let mut left = u64::try_from(mixed).unwrap_or(0);
    let mut letters = String::new();
    for _ in 0..DEVICE_ID_LETTERS {
        letters.push(char::from(b'A' + u8::try_from(left % 26).unwrap_or(0)));
        left /= 26;
    }
    letters
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::device_id;

    #[test]
    fn device_ids_are_ten_letters_that_no_other_device_has() {
        let all: BTreeSet<String> = (0..20_000).map(device_id).collect();
        assert_eq!(all.len(), 20_000);
        assert!(all.iter().all(|id| id.len() == 10));
    }
}
