//! Generated rooms in which a mutant fails, made small: every result fails as the room did that it was made of, and withstands every
//! single removal, merge, reset and shortening. How a candidate is made is not known here.

use withheld::engine::choices::Seeded;
use withheld::generate;
use withheld::generate::plan::{Plan, Subject};
use withheld::minimise::smaller_by_one;
use withheld::rulebook::reading::ReadingName;
use withheld::run::clients::{InWorld, References};
use withheld::run::failure::{Failure, Found, Trial, Tried, fails, try_out};
use withheld::run::shrunk::{LIMIT, Shrunk, shrink};
use withheld::scenario::fault::Party;
use withheld::scenario::file;
use withheld::scenario::limits::Limits;
use withheld::scenario::model::Scenario;
use withheld::scenario::mutant::Mutant;

const SIMULATOR: InWorld<References> = InWorld(References);

/// How many rooms are generated for a variant of a mutant before it is given up.
const CASES: u64 = 400;

/// A room in which a mutant breaks a rule.
struct Killed {
    name: String,
    plan: Plan,
    room: Scenario,
    tried: Tried,
    found: Found,
}

fn broken(tried: &Tried) -> Option<&Found> {
    tried.found.iter().find(|one| matches!(one.failure, Failure::Broken(_)))
}

fn on_trial(plan: &Plan) -> impl Fn(&Scenario, Party) -> bool + '_ {
    |scenario, party| plan.subject.is_on_trial(scenario, party)
}

fn trial(is_on_trial: &dyn Fn(&Scenario, Party) -> bool) -> Trial<'_> {
    Trial { is_on_trial, ..Trial::of_everybody(ReadingName::Strict) }
}

/// The first generated room in which the variant of the mutant is caught; how soon that is, other tests measure.
fn killed(mutant: Mutant, variant: usize) -> Option<Killed> {
    let plan = Plan { subject: Subject::Mutant(mutant, variant), ..Plan::default() };
    let name = format!("{} {}", mutant.id(), mutant.variants()[variant].name);
    for case in 0..CASES {
        let mut choices = Seeded::new(1_000_000 + case);
        let room = generate::scenario(&plan, &mut choices);
        let tried = try_out(&SIMULATOR, &room, &trial(&on_trial(&plan)));
        if let Some(found) = broken(&tried).cloned() {
            return Some(Killed { name, plan, room, tried, found });
        }
    }
    None
}

impl Killed {
    fn shrink(&self, limit: usize) -> Shrunk {
        let is_on_trial = on_trial(&self.plan);
        shrink(&SIMULATOR, &self.room, &trial(&is_on_trial), (&self.tried, &self.found), limit)
    }

    fn fails_in(&self, scenario: &Scenario) -> bool {
        fails(&SIMULATOR, scenario, &trial(&on_trial(&self.plan)), &self.found.failure)
    }

    /// What is wrong with what came of it.
    fn wrong(&self, shrunk: &Shrunk) -> Vec<String> {
        let mut wrong = Vec::new();
        let mut say = |what: &str| wrong.push(format!("{}: {what}", self.name));
        let written = file::write(&shrunk.scenario);
        if file::read(&written, &Limits::FILES).as_ref() != Ok(&shrunk.scenario) {
            say("it is not read as it is written");
        }
        if !self.fails_in(&shrunk.scenario) {
            say("it does not fail as the room did");
        }
        if !shrunk.is_minimal {
            say("the limit was reached");
        }
        for (edit, smaller) in smaller_by_one(&shrunk.scenario) {
            if self.fails_in(&smaller) {
                say(&format!("it fails without more than this: {edit:?}"));
            }
        }
        wrong
    }
}

fn all() -> impl Iterator<Item = Killed> {
    let variants = |mutant: &Mutant| 0..mutant.variants().len();
    Mutant::ALL
        .iter()
        .flat_map(move |mutant| variants(mutant).filter_map(|variant| killed(*mutant, variant)))
}

#[test]
fn every_mutant_is_shown_by_a_room_that_cannot_be_smaller_after_few_runs() {
    let (mut wrong, mut runs) = (Vec::new(), Vec::new());
    for killed in all() {
        let shrunk = killed.shrink(LIMIT);
        wrong.extend(killed.wrong(&shrunk));
        runs.push(shrunk.simulated);
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    runs.sort_unstable();
    let median = runs[runs.len() / 2];
    eprintln!("{} rooms, median {median}, most {:?}", runs.len(), runs.last());
    assert!(runs.len() > 70, "only {} rooms are too few to say", runs.len());
    assert!(median < 50, "the median of {runs:?} is {median}");
}
