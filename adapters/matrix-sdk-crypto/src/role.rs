//! Which side of a room matrix-sdk-crypto is on: who writes first, everybody else, or all.
//! It does not run anything.

use withheld::ids::{DeviceId, UserId};
use withheld::scenario::model::Scenario;
use withheld::scenario::step::Step;

/// The side of a room on which devices run matrix-sdk-crypto; on the other one they run the reference client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// The devices of the user who sends the first message.
    Sender,
    /// The devices of all others.
    Recipient,
    /// All devices.
    Both,
}

impl Role {
    /// All roles.
    pub const ALL: [Self; 3] = [Self::Sender, Self::Recipient, Self::Both];

    /// The word in reports and on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sender => "sender",
            Self::Recipient => "recipient",
            Self::Both => "both",
        }
    }

    /// The role with this word.
    ///
    /// # Errors
    /// If there is none.
    pub fn read(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|role| role.as_str() == text);
        found.ok_or_else(|| "expected sender, recipient or both".to_owned())
    }

    /// Whether a device runs matrix-sdk-crypto in this role.
    #[must_use]
    pub fn is_real(self, scenario: &Scenario, device: DeviceId) -> bool {
        let is_first = || scenario.devices[device.index()].user == first_sender(scenario);
        match self {
            Self::Sender => is_first(),
            Self::Recipient => !is_first(),
            Self::Both => true,
        }
    }
}

/// The user who sends the first message; the first of all if nobody does.
fn first_sender(scenario: &Scenario) -> UserId {
    let sends = scenario.timeline.iter().find_map(|timed| {
        let Step::Send { device, .. } = timed.step else { return None };
        Some(scenario.user_of(device))
    });
    sends.unwrap_or(UserId::new(0))
}
