//! The instants of a scenario: when something is done, begins or ends, in their order, and how far they lie apart.
//! It does not know what happens at any of them.

use std::collections::BTreeMap;

use crate::ids::FaultId;
use crate::scenario::fault::FaultKind;
use crate::scenario::file::DEFAULT_HORIZON;
use crate::scenario::model::Scenario;
use crate::time::{SimDuration, SimTime};

/// What lies between two instants where nothing speaks for another time: long enough for whatever a step leads to on a
/// good network.
pub(super) const USUAL: SimDuration = SimDuration::from_secs(10);

/// Times that are round to a reader, for where the usual distance is too short.
const ROUND: [SimDuration; 7] = [
    USUAL,
    SimDuration::from_secs(60),
    SimDuration::from_secs(600),
    SimDuration::from_hours(1),
    SimDuration::from_hours(6),
    SimDuration::from_hours(24),
    SimDuration::from_hours(24 * 7),
];

/// How times are told anew; their order stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Times {
    /// All instants lie equally far apart.
    Even,
    /// What is longer than usual becomes a round time that is at least as long, what is shorter becomes as usual.
    Round,
    /// What is longer than usual becomes a round time that is at least as long, what is shorter stays.
    RoundLong,
    /// What lies before this instant (by its place) is as usual.
    Gap(usize),
    /// What lies before this instant becomes the next shorter round time.
    Shorter(usize),
}

/// The instants, ascending, the start of the run not among them.
pub(super) fn instants(scenario: &Scenario) -> Vec<SimTime> {
    let mut all: Vec<SimTime> = Vec::new();
    let mut scenario = scenario.clone();
    for_each(&mut scenario, |time| all.push(*time));
    all.retain(|time| *time != SimTime::ZERO && *time != SimTime::MAX);
    all.sort_unstable();
    all.dedup();
    all
}

/// Every time that stands in a scenario but its horizon.
fn for_each(scenario: &mut Scenario, mut each: impl FnMut(&mut SimTime)) {
    scenario.timeline.iter_mut().for_each(|timed| each(&mut timed.at));
    for fault in &mut scenario.faults {
        each(&mut fault.from);
        each(&mut fault.until);
        if let FaultKind::ServerRestored { snapshot: taken, .. }
        | FaultKind::StoreRolledBack { snapshot: taken, .. }
        | FaultKind::StaleQueryAnswer { as_of: taken, .. } = &mut fault.kind
        {
            each(taken);
        }
    }
    if let Some(heal) = &mut scenario.heal {
        each(&mut heal.from);
    }
}

/// The distance of each instant from the one before it, the first from the start.
fn gaps(instants: &[SimTime]) -> Vec<SimDuration> {
    let before = std::iter::once(SimTime::ZERO).chain(instants.iter().copied());
    instants.iter().zip(before).map(|(time, before)| time.since(before)).collect()
}

fn round_up(gap: SimDuration) -> SimDuration {
    ROUND.iter().copied().find(|round| *round >= gap).unwrap_or(gap)
}

fn round_down(gap: SimDuration) -> Option<SimDuration> {
    ROUND.iter().rev().copied().find(|round| *round < gap)
}

/// The ways in which one distance can be made shorter: those to the usual one, and the next round time if that is
/// another.
pub(super) fn shorter(scenario: &Scenario) -> Vec<Times> {
    let mut ways = Vec::new();
    for (place, gap) in gaps(&instants(scenario)).into_iter().enumerate() {
        if gap > USUAL {
            ways.push(Times::Gap(place));
        }
        if round_down(gap).is_some_and(|round| round > USUAL) {
            ways.push(Times::Shorter(place));
        }
    }
    ways
}

/// The scenario, which has no probes, with other times; `None` if they are like that already.
pub(super) fn retold(scenario: &Scenario, times: Times) -> Option<Scenario> {
    let old = instants(scenario);
    let old_gaps = gaps(&old);
    let new_gap = |(place, gap): (usize, SimDuration)| match times {
        Times::Even => USUAL,
        Times::Round => round_up(gap),
        Times::RoundLong if gap > USUAL => round_up(gap),
        Times::Gap(at) if at == place => USUAL,
        Times::Shorter(at) if at == place => round_down(gap).unwrap_or(gap),
        Times::RoundLong | Times::Gap(_) | Times::Shorter(_) => gap,
    };
    let new_gaps: Vec<SimDuration> = old_gaps.iter().copied().enumerate().map(new_gap).collect();
    if new_gaps == old_gaps {
        return None;
    }
    let mut now = SimTime::ZERO;
    let mut new: BTreeMap<SimTime, SimTime> = BTreeMap::new();
    for (instant, gap) in old.iter().zip(new_gaps) {
        now += gap;
        new.insert(*instant, now);
    }
    let mut retold = scenario.clone();
    for_each(&mut retold, |time| *time = new.get(time).copied().unwrap_or(*time));
    let end = now + DEFAULT_HORIZON.since(SimTime::ZERO);
    retold.horizon =
        if now < DEFAULT_HORIZON { retold.horizon.max(now) } else { retold.horizon.max(end) };
    Some(retold)
}

/// The ends that a fault could have before its own, ascending: instants of the scenario inside its window, and for one that
/// lasts to the end a time after everything else.
pub(super) fn earlier_ends(scenario: &Scenario, fault: FaultId) -> Vec<SimTime> {
    let window = &scenario.faults[fault.index()];
    let all = instants(scenario);
    let last = all.last().copied().unwrap_or(SimTime::ZERO).max(window.from);
    let mut ends: Vec<SimTime> =
        all.into_iter().filter(|time| window.from < *time && *time < window.until).collect();
    if window.until == SimTime::MAX {
        ends.push(last + USUAL);
    }
    ends
}

/// The beginnings that a fault could have after its own and before its end, descending: the shortest window first.
pub(super) fn later_starts(scenario: &Scenario, fault: FaultId) -> Vec<SimTime> {
    let window = &scenario.faults[fault.index()];
    let inside = |time: &SimTime| window.from < *time && *time < window.until;
    let mut starts: Vec<SimTime> = instants(scenario).into_iter().filter(inside).collect();
    starts.reverse();
    starts
}
