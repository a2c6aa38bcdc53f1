//! What is broken in a way that no finding shows, each in a room that is made as small as it can be, on all cores.
//! It does not know how a room is made smaller.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use withheld::report::shrunk::titled;
use withheld::rulebook::reading::{ReadingName, Severity};
use withheld::run::failure::{Found, Trial, Tried, try_out};
use withheld::run::shrunk::{Shrunk, shrink};
use withheld::run::why::Subject;
use withheld::scenario::fault::Party;
use withheld::scenario::model::Scenario;

use crate::known::Known;
use crate::needed::{Breach, needed};
use crate::simulator::SdkRooms;
use crate::ways::{Way, without_habits};

use super::memo::Memo;
use super::report::{Effort, Finding};
use super::survey::{Case, Rooms, Standing, Survey};

/// How much is tried.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// How many smaller rooms for each thing that is broken; with 0 the smallest room is shown as it is.
    pub candidates: usize,
    /// On how many threads.
    pub threads: usize,
}

/// What is worth a small room: broken or warned of, and new.
pub fn new_breaches(survey: &Survey) -> impl Iterator<Item = (Breach, &Rooms)> {
    let judged = |standing| matches!(standing, Standing::Broken | Standing::Warned);
    let new = survey.new.iter().filter(move |(breach, _)| judged(survey.standing(breach.rule)));
    new.map(|(breach, rooms)| (*breach, rooms))
}

fn wanted(survey: &Survey) -> Vec<(Breach, &Rooms, &Case)> {
    let smallest = |(breach, rooms): (Breach, _)| {
        let rooms: &Rooms = rooms;
        Some((breach, rooms, &rooms.smallest.as_ref()?.1))
    };
    new_breaches(survey).filter_map(smallest).collect()
}

/// How many findings there will be.
#[must_use]
pub fn count(survey: &Survey) -> usize {
    wanted(survey).len()
}

/// The smallest room for each thing that devices have broken in a new way, in the order of the rules. `told` hears of each as soon as it is there.
/// The result does not depend on the number of threads.
#[must_use]
pub fn findings(
    survey: &Survey,
    known: &Known,
    bounds: Bounds,
    told: &(dyn Fn(&Finding, [usize; 2]) + Sync),
) -> Vec<Finding> {
    // Those with large rooms first: whoever is left alone at the end has little to do.
    let mut tasks = wanted(survey);
    tasks.sort_by_key(|(breach, rooms, _)| {
        (std::cmp::Reverse(rooms.smallest.as_ref().map(|(size, _)| *size)), *breach)
    });
    let (queue, memo) = (Mutex::new(VecDeque::from(tasks)), Memo::default());
    let done = Mutex::new(Vec::new());
    let work = || {
        loop {
            let next = queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
            let Some((breach, rooms, case)) = next else { return };
            let finding = finding((breach, rooms), case, (known, &memo), bounds.candidates);
            let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
            told(&finding, memo.counts());
            done.push(finding);
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..bounds.threads.max(1) {
            scope.spawn(work);
        }
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|finding| finding.breach);
    done
}

fn finding(
    (breach, rooms): (Breach, &Rooms),
    case: &Case,
    (known, memo): (&Known, &Memo),
    candidates: usize,
) -> Finding {
    let shrunk = (candidates > 0).then(|| made_small(&breach, case, (known, memo), candidates));
    let shrunk = shrunk.flatten();
    let effort = shrunk
        .as_ref()
        .map(|shrunk| Effort { candidates: shrunk.simulated, is_minimal: shrunk.is_minimal });
    let (first, casting) = (case.name(), case.casting());
    let scenario = shrunk.as_ref().map_or_else(|| case.room.scenario.clone(), titled);
    let careful = |casting| memo.of(SdkRooms::careful().cast(casting));
    let devices = needed(careful, (&scenario, ReadingName::Strict), &casting, breach);
    let (count, roles) = (rooms.count, rooms.roles.clone());
    let (role, store) = (case.role, case.store);
    Finding { breach, count, roles, first, scenario, role, store, devices, effort }
}

/// Makes the smallest room for a breach as small as it can be; `None` if it is not broken there again in a way that is new.
#[must_use]
pub fn made_small(
    breach: &Breach,
    case: &Case,
    (known, memo): (&Known, &Memo),
    candidates: usize,
) -> Option<Shrunk> {
    let casting = case.casting();
    let is_real = |scenario: &Scenario, party: Party| matches!(party, Party::Device(device) if casting.real(scenario).contains(&device));
    let trial = Trial {
        reading: ReadingName::Strict,
        warnings: breach.severity == Severity::Warning,
        expected: true,
        repeat: false,
        is_on_trial: &is_real,
    };
    let simulator = memo.of(SdkRooms::careful().cast(casting.clone()));
    let is_it = |tried: &Tried, found: &Found| {
        let (Some(signature), Some(Subject::Broken(violation))) =
            (found.failure.signature(), &found.subject)
        else {
            return false;
        };
        (signature.rule, signature.severity) == (breach.rule, breach.severity)
            && !known.knows(&Way::of(tried.trace.facts(), violation, signature.clone()))
    };
    let room = &case.room.scenario;
    // Whatever a file says of the habits of real devices, they have their own: trying each of them would be in vain.
    let bare = without_habits(room, &casting.real(room));
    let broken = |scenario: &Scenario| {
        let tried = try_out(&simulator, scenario, &trial);
        let found = tried.found.iter().find(|found| is_it(&tried, found)).cloned();
        found.map(|found| (tried, found))
    };
    let shrunk = [&bare, room].into_iter().find_map(|scenario| {
        let (tried, found) = broken(scenario)?;
        Some(shrink(&simulator, scenario, &trial, (&tried, &found), candidates))
    });
    // On the way to a small room one mistake may become another one that is shown otherwise: then the room is told as it was.
    shrunk.filter(|shrunk| broken(&shrunk.scenario).is_some())
}
