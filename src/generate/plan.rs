//! What kind of rooms are wanted: how large, and who is in them.
//! It does not know how they are made.

use crate::scenario::fault::Party;
use crate::scenario::file::known_profile;
use crate::scenario::habits::{Habits, ServerHabits};
use crate::scenario::model::Scenario;
use crate::scenario::mutant::Mutant;
use crate::scenario::profile::ProfileName;

/// What kind of rooms are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// How large they are.
    pub sizes: Sizes,
    /// How those clients and servers are written that are on trial.
    pub subject: Subject,
    /// Whether there may be others beside them that are written in other ways, good and bad.
    pub neighbours: bool,
}

/// The largest numbers; the least is one of each, and none of faults.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sizes {
    /// Homeservers.
    pub servers: u32,
    /// Users.
    pub users: u32,
    /// Devices of one user.
    pub devices_per_user: u32,
    /// Rooms.
    pub rooms: u32,
    /// What users do, messages included.
    pub steps: u32,
    /// Faults.
    pub faults: u32,
}

/// How the clients on trial are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// As the specification wants it, servers too.
    Specification,
    /// Like this program, habits and policies.
    Program(ProfileName),
    /// As the specification wants it, but for one device that sends (or its server), which is this mutant in this of
    /// its variants.
    Mutant(Mutant, usize),
}

impl Default for Sizes {
    /// 1 to 4 servers, 1 to 6 users with 1 to 4 devices, 1 to 3 rooms.
    fn default() -> Self {
        Self { servers: 4, users: 6, devices_per_user: 4, rooms: 3, steps: 40, faults: 6 }
    }
}

impl Sizes {
    /// Whether a room is no larger than that.
    #[must_use]
    pub fn hold(&self, scenario: &Scenario) -> bool {
        let fits = |number: usize, most: u32| number <= most as usize;
        let mut of_users = vec![0; scenario.users.len()];
        for device in &scenario.devices {
            of_users[device.user.index()] += 1;
        }
        fits(scenario.servers.len(), self.servers)
            && fits(scenario.users.len(), self.users)
            && of_users.into_iter().all(|devices| fits(devices, self.devices_per_user))
            && fits(scenario.rooms.len(), self.rooms)
            && fits(scenario.timeline.len(), self.steps)
            && fits(scenario.faults.len(), self.faults)
    }
}

impl Default for Plan {
    /// Clients as the specification wants them, with neighbours.
    fn default() -> Self {
        Self { sizes: Sizes::default(), subject: Subject::Specification, neighbours: true }
    }
}

impl Subject {
    /// Whether a party of a scenario that was made for this subject is on trial: what it breaks is a finding, and what others
    /// break is not.
    #[must_use]
    pub fn is_on_trial(self, scenario: &Scenario, party: Party) -> bool {
        match party {
            Party::World => false,
            Party::Device(device) => {
                Some(scenario.devices[device.index()].habits) == self.client_habits()
            }
            Party::Server(server) => {
                Some(scenario.servers[server.index()].habits) == self.server_habits()
            }
        }
    }

    /// How clients on trial are written, if any are.
    fn client_habits(self) -> Option<Habits> {
        match self {
            Self::Specification => Some(Habits::specification()),
            Self::Program(name) => Some(known_profile(name).habits),
            Self::Mutant(mutant, variant) => mutant.variants().get(variant)?.client(),
        }
    }

    /// How servers on trial are written, if any are: a program is none.
    fn server_habits(self) -> Option<ServerHabits> {
        match self {
            Self::Specification => Some(ServerHabits::specification()),
            Self::Program(_) => None,
            Self::Mutant(mutant, variant) => mutant.variants().get(variant)?.server(),
        }
    }
}
