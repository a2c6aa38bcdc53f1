//! Scenarios for these clients: what they cannot do is left out, and told.
//! It does not run anything.

use std::collections::{BTreeMap, BTreeSet};

use withheld::ids::DeviceId;
use withheld::scenario::expect::Expectations;
use withheld::scenario::fault::FaultKind;
use withheld::scenario::file::{known_profile, read, write};
use withheld::scenario::habits::ServerHabits;
use withheld::scenario::limits::Limits;
use withheld::scenario::model::Scenario;
use withheld::scenario::policy::{OnProblem, SharePolicy, Target};
use withheld::scenario::profile::ProfileName;
use withheld::scenario::step::Step;

use crate::casting::{Casting, ClientKind};

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

/// What of a fault cannot be done to this client, and to which device it would be.
const fn inexpressible_fault(fault: &FaultKind) -> Option<(DeviceId, &'static str)> {
    if let FaultKind::OneTimeKeysForgotten { device, .. } = fault {
        let why = "the private parts of one-time keys cannot be taken out of an account";
        return Some((*device, why));
    }
    None
}

/// What of a step a device cannot do with the client that it has.
fn omitted_step(scenario: &Scenario, casting: &Casting, step: &Step) -> Option<&'static str> {
    match casting.of(scenario, step.actor()) {
        ClientKind::MatrixSdkCrypto => inexpressible_step(step),
        ClientKind::Reference => None,
    }
}

/// What of a fault cannot be done to a device with the client that it has.
fn omitted_fault(
    scenario: &Scenario,
    casting: &Casting,
    fault: &FaultKind,
) -> Option<&'static str> {
    let (device, why) = inexpressible_fault(fault)?;
    match casting.of(scenario, device) {
        ClientKind::MatrixSdkCrypto => Some(why),
        ClientKind::Reference => None,
    }
}

/// What is not asked of a machine: it publishes as many one-time keys as it wants, and a fallback key.
const OWN_SUPPLY: &str = "how many keys a device publishes is for the machine to say";

/// How many one-time keys a machine publishes.
const ONE_TIME_KEYS: u32 = 50;

/// How many a device of a file has if nothing is said: who has fewer is meant to run out of them.
const USUAL_ONE_TIME_KEYS: u32 = 10;

/// Whether a file wants a smaller supply of keys than a machine has.
fn wants_smaller_supply(scenario: &Scenario, casting: &Casting, device: DeviceId) -> bool {
    let described = &scenario.devices[device.index()];
    casting.of(scenario, device) == ClientKind::MatrixSdkCrypto
        && (described.one_time_keys < USUAL_ONE_TIME_KEYS || !described.fallback_key)
}

/// What strategies that leave devices out do not know.
const NO_REFUSAL: &str = "who leaves devices out cannot have the message refused instead: the strategies have no such setting";

/// Whether a policy wants a message refused where the machine leaves devices out and sends it.
fn wants_refusal(share: SharePolicy, on_problem: OnProblem) -> bool {
    let leaves_out = matches!(share, SharePolicy::CrossSigned | SharePolicy::Verified);
    leaves_out && on_problem == OnProblem::Refuse
}

/// The policies of machines in a scenario, those that they begin with and those that they are given later.
fn policies<'s>(
    scenario: &'s Scenario,
    casting: &'s Casting,
) -> impl Iterator<Item = (SharePolicy, OnProblem)> + 's {
    let first = casting.real(scenario).into_iter().map(|device| {
        let policy = &scenario.devices[device.index()].policy;
        (policy.share, policy.on_problem)
    });
    let later = scenario.timeline.iter().filter_map(|timed| {
        if let Step::SetSharing { device, share, on_problem } = timed.step
            && casting.of(scenario, device) == ClientKind::MatrixSdkCrypto
        {
            return Some((share, on_problem));
        }
        None
    });
    first.chain(later)
}

/// What of a scenario its clients pass over, and how often.
#[must_use]
pub fn omitted(scenario: &Scenario, casting: &Casting) -> BTreeMap<&'static str, usize> {
    let steps = scenario.timeline.iter();
    let steps = steps.filter_map(|timed| omitted_step(scenario, casting, &timed.step));
    let faults = scenario.faults.iter();
    let faults = faults.filter_map(|fault| omitted_fault(scenario, casting, &fault.kind));
    let mut counts = BTreeMap::new();
    let devices = (0..scenario.devices.len()).map(DeviceId::at);
    let devices = devices.filter(|device| wants_smaller_supply(scenario, casting, *device));
    let refusals = policies(scenario, casting);
    let refusals = refusals.filter(|(share, on_problem)| wants_refusal(*share, *on_problem));
    let refusals = refusals.map(|_| NO_REFUSAL);
    for why in steps.chain(faults).chain(devices.map(|_| OWN_SUPPLY)).chain(refusals) {
        *counts.entry(why).or_default() += 1;
    }
    counts
}

/// Makes a scenario playable with these clients. The reference client keeps the specification, and shares keys as the scenario says.
///
/// # Errors
/// If what is left is no scenario any more, with the reason.
pub fn prepare(scenario: &Scenario, casting: &Casting) -> Result<Prepared, String> {
    let mut prepared = scenario.clone();
    for (index, device) in prepared.devices.iter_mut().enumerate() {
        let profile = known_profile(match casting.of(scenario, DeviceId::at(index)) {
            ClientKind::MatrixSdkCrypto => ProfileName::MatrixRustSdk,
            ClientKind::Reference => ProfileName::Specification,
        });
        let (share, on_problem) = (device.policy.share, device.policy.on_problem);
        device.habits = profile.habits;
        device.policy = profile.policy.clone();
        (device.policy.share, device.policy.on_problem) = (share, on_problem);
        if casting.of(scenario, DeviceId::at(index)) == ClientKind::MatrixSdkCrypto {
            (device.one_time_keys, device.fallback_key) = (ONE_TIME_KEYS, true);
            if wants_refusal(share, on_problem) {
                device.policy.on_problem = OnProblem::Withhold;
            }
        }
    }
    for timed in &mut prepared.timeline {
        if let Step::SetSharing { device, share, on_problem } = &mut timed.step
            && casting.of(scenario, *device) == ClientKind::MatrixSdkCrypto
            && wants_refusal(*share, *on_problem)
        {
            *on_problem = OnProblem::Withhold;
        }
    }
    for server in &mut prepared.servers {
        server.habits = ServerHabits::specification();
    }
    prepared.timeline.retain(|timed| omitted_step(scenario, casting, &timed.step).is_none());
    prepared.faults.retain(|fault| omitted_fault(scenario, casting, &fault.kind).is_none());
    prepared.expect = Expectations::default();
    // The reader decides whether that is still a scenario.
    let text = write(&prepared);
    let playable = read(&text, &Limits::FILES).map_err(|problems| {
        let first = problems.first().map(ToString::to_string);
        first.unwrap_or_else(|| "nothing is left of it".to_owned())
    })?;
    let left_out = omitted(scenario, casting).into_keys().collect();
    Ok(Prepared { scenario: playable, left_out })
}
