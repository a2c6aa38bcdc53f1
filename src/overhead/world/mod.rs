//! Worlds: the rooms in which policies are compared, made from a seed, or those of scenario files.
//! They do not know policies: whatever is compared plays in the very same rooms.

mod cast;
mod churn;
mod lot;
mod story;
mod trouble;

use crate::ids::{DeviceId, UserId};
use crate::overhead::world::lot::Lot;
use crate::protocol::room::{HistoryVisibility, Membership, Rotation};
use crate::scenario::file::DEFAULT_HORIZON;
use crate::scenario::model::{Room, Scenario};

/// How large a room is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Size {
    /// A family: 4 users.
    Family,
    /// A team: 30 users.
    Team,
    /// A community: 300 users on 3 servers.
    Community,
    /// A public room: 10,000 users on 5 servers.
    Public,
}

/// Whether people come and go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Activity {
    /// Nobody does.
    Quiet,
    /// Users join and leave, devices are new or logged out, somebody is blocked or unblocked.
    Churning,
}

/// Whether things break.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Health {
    /// Nothing does.
    Healthy,
    /// Devices are offline for a while, keys run out, claims fail, a server cannot be reached.
    Flaky,
}

/// What a room is like that is made from a seed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Plan {
    /// How large it is.
    pub size: Size,
    /// Whether people come and go.
    pub activity: Activity,
    /// Whether things break.
    pub health: Health,
    /// If given, the senders block so many devices of a thousand, all the same, and there is nothing else that keeps
    /// anybody from a key.
    pub withheld_permille: Option<u32>,
}

impl Size {
    /// All sizes, the smallest first.
    pub const ALL: [Self; 4] = [Self::Family, Self::Team, Self::Community, Self::Public];

    /// The name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Family => "family",
            Self::Team => "team",
            Self::Community => "community",
            Self::Public => "public",
        }
    }
}

impl Plan {
    /// All plans of the comparison, the smallest rooms first.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let mut all = Vec::new();
        for size in Size::ALL {
            for health in [Health::Healthy, Health::Flaky] {
                for activity in [Activity::Quiet, Activity::Churning] {
                    all.push(Self { size, activity, health, withheld_permille: None });
                }
            }
        }
        all
    }

    /// A team in which the senders block so many devices of a thousand.
    #[must_use]
    pub const fn sweep(withheld_permille: u32) -> Self {
        Self {
            size: Size::Team,
            activity: Activity::Quiet,
            health: Health::Healthy,
            withheld_permille: Some(withheld_permille),
        }
    }

    /// The name: `team-quiet-healthy`.
    #[must_use]
    pub fn name(self) -> String {
        let activity = match self.activity {
            Activity::Quiet => "quiet",
            Activity::Churning => "churning",
        };
        let health = match self.health {
            Health::Healthy => "healthy",
            Health::Flaky => "flaky",
        };
        format!("{}-{activity}-{health}", self.size.as_str())
    }

    /// How many seeds it is run with if nothing is said: many where a run is cheap.
    #[must_use]
    pub const fn seeds(self) -> u32 {
        match self.size {
            Size::Family => 24,
            Size::Team => 20,
            Size::Community => 6,
            Size::Public => 3,
        }
    }

    /// The room that a seed makes of this plan. Rooms of one size and seed have the same people in them, whatever else
    /// the plans say.
    #[must_use]
    pub fn scenario(self, seed: u64) -> Scenario {
        let numbers = Numbers::of(self.size);
        let mut lot = Lot::new(seed);
        let cast = cast::make(self, numbers, &mut lot);
        let mut scenario = Scenario {
            about: format!("{}, seed {seed}", self.name()),
            seed,
            horizon: DEFAULT_HORIZON,
            servers: cast.servers,
            users: cast.users,
            devices: cast.devices,
            rooms: vec![Room {
                name: "room".to_owned(),
                members: cast.members.iter().map(|user| (*user, Membership::Join)).collect(),
                history_visibility: Some(HistoryVisibility::Shared),
                rotation: Rotation::DEFAULT,
            }],
            ..Scenario::empty(cast.network)
        };
        let people = People {
            senders: &cast.senders,
            newcomers: &cast.newcomers,
            new_devices: &cast.new_devices,
        };
        story::tell(self, numbers, &mut scenario, people, &mut lot);
        if self.activity == Activity::Churning {
            churn::add(numbers, &mut scenario, people, &mut lot);
        }
        if self.health == Health::Flaky {
            trouble::add(numbers, &mut scenario, people, &mut lot);
        }
        scenario.timeline.sort_by_key(|step| step.at);
        story::name_messages(&mut scenario);
        scenario
    }
}

/// Who plays a part that was given out in advance.
#[derive(Debug, Clone, Copy)]
struct People<'c> {
    senders: &'c [DeviceId],
    /// Users who are not members at the start.
    newcomers: &'c [UserId],
    /// Devices that are not there at the start.
    new_devices: &'c [DeviceId],
}

/// How much there is of everything.
#[derive(Debug, Clone, Copy)]
struct Numbers {
    users: u32,
    servers: u32,
    /// How many users of a thousand have a second device, and how many of those a third one.
    second_permille: u64,
    senders: usize,
    messages: u32,
    /// Seconds from one message to the next, more or less.
    pause_s: u64,
    /// Users of a thousand whom each sender has verified, and whom each has blocked.
    verified_permille: u64,
    blocked_permille: u64,
    /// Devices of a thousand that are not signed, and devices without any one-time key.
    unsigned_permille: u64,
    keyless_permille: u64,
    /// Joins, leaves, logins, logouts, blocks and unblocks, so many of each.
    churn: u32,
    /// Devices that are offline for a while, and devices whose keys run out.
    offline: u32,
    run_out: u32,
}

impl Numbers {
    const fn of(size: Size) -> Self {
        match size {
            Size::Family => Self {
                users: 4,
                servers: 1,
                second_permille: 700,
                senders: 2,
                messages: 30,
                pause_s: 240,
                verified_permille: 600,
                blocked_permille: 60,
                unsigned_permille: 150,
                keyless_permille: 80,
                churn: 1,
                offline: 2,
                run_out: 1,
            },
            Size::Team => Self {
                users: 30,
                servers: 1,
                second_permille: 600,
                senders: 6,
                messages: 60,
                pause_s: 120,
                verified_permille: 300,
                blocked_permille: 30,
                unsigned_permille: 150,
                keyless_permille: 50,
                churn: 3,
                offline: 5,
                run_out: 3,
            },
            Size::Community => Self {
                users: 300,
                servers: 3,
                second_permille: 500,
                senders: 6,
                messages: 36,
                pause_s: 120,
                verified_permille: 50,
                blocked_permille: 15,
                unsigned_permille: 200,
                keyless_permille: 50,
                churn: 6,
                offline: 20,
                run_out: 15,
            },
            Size::Public => Self {
                users: 10_000,
                servers: 5,
                second_permille: 50,
                senders: 2,
                messages: 4,
                pause_s: 300,
                verified_permille: 5,
                blocked_permille: 5,
                unsigned_permille: 200,
                keyless_permille: 40,
                churn: 2,
                offline: 40,
                run_out: 40,
            },
        }
    }
}
