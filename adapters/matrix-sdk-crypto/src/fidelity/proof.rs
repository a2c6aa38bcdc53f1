//! Whether what is named as the cause of a difference is one: the room without it is run again, and both write the same.
//! It does not know how rooms are compared.

use std::collections::BTreeSet;

use withheld::ids::{DeviceId, FaultId};
use withheld::minimise::edit::{Edit, Part};
use withheld::minimise::edited;
use withheld::minimise::reset::Reset;
use withheld::scenario::fault::FaultKind;
use withheld::scenario::model::{Delay, PublishedKeys, Scenario};
use withheld::scenario::policy::SharePolicy;
use withheld::scenario::step::Step;
use withheld::time::SimDuration;

use super::causes::{Cause, REFUSALS, STORES, changes_room, has_twin, is_one_of};

/// Faults by which claims and queries fail.
const FAILURES: [&str; 7] = [
    "claim_fails",
    "query_slow",
    "server_unreachable",
    "federation_down",
    "response_lost",
    "rate_limited",
    "client_offline",
];

/// The causes that can be taken out of a room.
const CAN_GO: [Cause; 9] = [
    Cause::NoAlgorithms,
    Cause::SameId,
    Cause::Failed,
    Cause::Store,
    Cause::NewDevice,
    Cause::Strategy,
    Cause::Sessions,
    Cause::Refused,
    Cause::Faults,
];

/// The causes that are proved in a room in which both write something else: without them nothing differs, and without all of them but one something
/// does. What is named is tried first, then all that there is. Empty if something differs whatever is taken away. `differs` tells whether both write something else in a room; `None` if that cannot be said.
pub(super) fn proved(
    scenario: &Scenario,
    named: &BTreeSet<Cause>,
    differs: &dyn Fn(&Scenario) -> Option<bool>,
) -> BTreeSet<Cause> {
    let is_equal = |gone: &BTreeSet<Cause>| {
        without(scenario, gone).and_then(|room| differs(&room)).is_some_and(|differs| !differs)
    };
    // What is not in the room need not be taken out of it.
    let is_there = |cause: &Cause| {
        without(scenario, &BTreeSet::from([*cause])).is_none_or(|room| room != *scenario)
    };
    let there: BTreeSet<Cause> = CAN_GO.into_iter().filter(is_there).collect();
    let named: BTreeSet<Cause> = named.intersection(&there).copied().collect();
    let mut tried = [named, there].into_iter().filter(|causes| !causes.is_empty());
    let Some(mut gone) = tried.find(is_equal) else { return BTreeSet::new() };
    for cause in CAN_GO.into_iter().rev() {
        let fewer: BTreeSet<Cause> = gone.iter().copied().filter(|one| *one != cause).collect();
        if fewer.len() < gone.len() && !fewer.is_empty() && is_equal(&fewer) {
            gone = fewer;
        }
    }
    gone
}

/// A room in which nothing is left to chance on the way: each delay is what it is on average.
#[must_use]
pub fn even(scenario: &Scenario) -> Scenario {
    let mut scenario = scenario.clone();
    for delay in [&mut scenario.network.client, &mut scenario.network.federation] {
        let mean = SimDuration::from_ms(u64::midpoint(delay.min.as_ms(), delay.max.as_ms()));
        *delay = Delay { min: mean, max: mean };
    }
    scenario
}

/// What is said of a message whose cause was named so, in a room in which these are proved: what cannot be taken away has followed from them, and
/// what makes no difference was not it.
pub(super) fn corrected(named: Cause, proved: &BTreeSet<Cause>) -> Cause {
    match named {
        Cause::Requests | Cause::Again | Cause::Follows | Cause::Unknown => named,
        Cause::Delays
        | Cause::NoAlgorithms
        | Cause::SameId
        | Cause::Failed
        | Cause::Store
        | Cause::NewDevice
        | Cause::Strategy
        | Cause::Sessions
        | Cause::Refused
        | Cause::Faults => {
            if proved.contains(&named) {
                named
            } else {
                proved.first().copied().unwrap_or(named)
            }
        }
    }
}

/// A room without these causes; `None` if there would be no such room.
#[must_use]
pub fn without(scenario: &Scenario, causes: &BTreeSet<Cause>) -> Option<Scenario> {
    let mut scenario = scenario.clone();
    if causes.contains(&Cause::Strategy) {
        for device in &mut scenario.devices {
            device.policy.share = SharePolicy::Everyone;
        }
    }
    let goes = |step: &Step| {
        causes.contains(&Cause::Strategy) && matches!(step, Step::SetSharing { .. })
            || causes.contains(&Cause::Sessions) && changes_room(step)
    };
    let before_heal = |at| scenario.heal.is_none_or(|heal| at < heal.from);
    let steps = scenario.timeline.iter().enumerate();
    let steps = steps.filter(|(_, timed)| before_heal(timed.at) && goes(&timed.step));
    let is_gone = |fault: &FaultKind| {
        let lists: [(Cause, &[&str]); 3] =
            [(Cause::Failed, &FAILURES), (Cause::Store, &STORES), (Cause::Refused, &REFUSALS)];
        let named = |names: &[&str]| is_one_of(names, fault);
        lists.iter().any(|(cause, names)| causes.contains(cause) && named(names))
            || causes.contains(&Cause::Faults) && !lists.iter().any(|(_, names)| named(names))
    };
    let faults = scenario.faults.iter().enumerate().filter(|(_, fault)| is_gone(&fault.kind));
    let parts: Vec<Part> = steps
        .map(|(place, _)| Part::Step(place))
        .chain(faults.map(|(place, _)| Part::Fault(FaultId::at(place))))
        .collect();
    let mut edits = Vec::new();
    if !parts.is_empty() {
        edits.push(Edit::Remove(parts));
    }
    for (index, described) in scenario.devices.iter().enumerate() {
        let device = DeviceId::at(index);
        let resets = [
            (Cause::NoAlgorithms, described.keys != PublishedKeys::Full, Reset::Keys(device)),
            (Cause::SameId, has_twin(&scenario, device), Reset::DeviceId(device)),
            (Cause::NewDevice, !described.present, Reset::Present(device)),
        ];
        let wanted = resets.into_iter().filter(|(cause, fits, _)| *fits && causes.contains(cause));
        edits.extend(wanted.map(|(.., reset)| Edit::Reset(reset)));
    }
    edited(&scenario, &edits)
}
