//! The ways in which devices with matrix-sdk-crypto broke rules in a run: each breach with what makes it the same in another room.
//! It does not know which of them are known.

use withheld::check::outcome::{Outcome, Violation};
use withheld::ids::DeviceId;
use withheld::run::signature::Signature;
use withheld::scenario::fault::Party;
use withheld::scenario::file::known_profile;
use withheld::scenario::model::Scenario;
use withheld::scenario::profile::ProfileName;
use withheld::trace::fact::Fact;

/// How these devices broke rules in a run with these facts, without an excuse.
#[must_use]
pub fn ways(
    scenario: &Scenario,
    (outcome, facts): (&Outcome, &[Fact]),
    devices: &[DeviceId],
) -> Vec<(Violation, Signature)> {
    let bare = without_habits(scenario, devices);
    let own = outcome.violations.iter().filter(|one| one.injected.is_none());
    let own =
        own.filter(|one| matches!(one.party, Party::Device(device) if devices.contains(&device)));
    own.map(|one| (*one, Signature::of(&bare, outcome, facts, one))).collect()
}

/// A scenario where these devices have no habits: whatever a file says of them, a real client has its own.
#[must_use]
pub fn without_habits(scenario: &Scenario, devices: &[DeviceId]) -> Scenario {
    let mut bare = scenario.clone();
    for device in devices {
        bare.devices[device.index()].habits = known_profile(ProfileName::Specification).habits;
    }
    bare
}

/// A way in words, for a reader who wants to know what is new in it.
#[must_use]
pub fn words(way: &Signature) -> String {
    let leaf = way.leaf.map(|leaf| format!("{}, ", leaf.name())).unwrap_or_default();
    let kinds: Vec<&str> = way.kinds.iter().map(String::as_str).collect();
    format!("{}, {leaf}after {}", severity(way), kinds.join(", "))
}

const fn severity(way: &Signature) -> &'static str {
    match way.severity {
        withheld::rulebook::reading::Severity::Violation => "violation",
        withheld::rulebook::reading::Severity::Warning => "warning",
    }
}
