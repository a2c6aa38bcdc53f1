//! Scenarios for this client: what it cannot do is left out, and told.
//! It does not run anything.

use std::collections::BTreeSet;

use withheld::scenario::expect::Expectations;
use withheld::scenario::fault::FaultKind;
use withheld::scenario::file::{known_profile, read, write};
use withheld::scenario::habits::ServerHabits;
use withheld::scenario::limits::Limits;
use withheld::scenario::model::Scenario;
use withheld::scenario::policy::Target;
use withheld::scenario::profile::ProfileName;
use withheld::scenario::step::Step;

/// A scenario as this client can play it.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// The scenario, without what cannot be done and without expectations, which are those of other clients.
    pub scenario: Scenario,
    /// What was left out, each kind once.
    pub left_out: BTreeSet<&'static str>,
}

/// What of a step this client cannot do; `None` if it can do it.
#[must_use]
pub const fn inexpressible_step(step: &Step) -> Option<&'static str> {
    match step {
        Step::SetReporting { .. } => Some("what is reported cannot be set"),
        Step::RequestKey { .. } => {
            Some("keys are asked for by the machine itself, when it lacks one")
        }
        Step::CancelRequest { .. } => Some("a key request cannot be taken back by the user"),
        Step::RestoreBackup(_) => Some("the adapter has no key backup"),
        Step::Unverify { target: Target::User(_), .. } => {
            Some("a signature on another user's master key cannot be taken back")
        }
        Step::Unverify { target: Target::Device(_), .. }
        | Step::Send { .. }
        | Step::Login(_)
        | Step::Logout(_)
        | Step::Member { .. }
        | Step::HistoryVisibility { .. }
        | Step::Encryption { .. }
        | Step::CrossSign(_)
        | Step::ResetIdentity(_)
        | Step::Verify { .. }
        | Step::Block { .. }
        | Step::Unblock { .. }
        | Step::AcknowledgeIdentity { .. }
        | Step::SetSharing { .. }
        | Step::DiscardSession { .. } => None,
    }
}

/// What of a fault cannot be done to this client.
const fn inexpressible_fault(fault: &FaultKind) -> Option<&'static str> {
    if let FaultKind::OneTimeKeysForgotten { .. } = fault {
        return Some("the private parts of one-time keys cannot be taken out of an account");
    }
    None
}

/// Makes a scenario playable.
///
/// # Errors
/// If what is left is no scenario any more, with the reason.
pub fn prepare(scenario: &Scenario) -> Result<Prepared, String> {
    let mut prepared = scenario.clone();
    let mut left_out = BTreeSet::new();
    let profile = known_profile(ProfileName::MatrixRustSdk);
    for device in &mut prepared.devices {
        let (share, on_problem) = (device.policy.share, device.policy.on_problem);
        device.habits = profile.habits;
        device.policy = profile.policy.clone();
        (device.policy.share, device.policy.on_problem) = (share, on_problem);
    }
    for server in &mut prepared.servers {
        server.habits = ServerHabits::specification();
    }
    prepared.timeline.retain(|step| {
        let cannot = inexpressible_step(&step.step);
        left_out.extend(cannot);
        cannot.is_none()
    });
    prepared.faults.retain(|fault| {
        let cannot = inexpressible_fault(&fault.kind);
        left_out.extend(cannot);
        cannot.is_none()
    });
    prepared.expect = Expectations::default();
    // The reader decides whether that is still a scenario.
    let text = write(&prepared);
    let scenario = read(&text, &Limits::FILES).map_err(|problems| {
        let first = problems.first().map(ToString::to_string);
        first.unwrap_or_else(|| "nothing is left of it".to_owned())
    })?;
    Ok(Prepared { scenario, left_out })
}
