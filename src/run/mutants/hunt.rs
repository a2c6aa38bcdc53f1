//! One mutant in one generated room after the other: what it breaks there, and the first room in which a rule catches it that is
//! named for it. It does not make rooms small.

use std::collections::{BTreeMap, BTreeSet};

use crate::check::outcome::{Outcome, Violation};
use crate::engine::choices::Seeded;
use crate::generate;
use crate::generate::plan::{Plan, Subject};
use crate::rulebook::reading::{Reading, ReadingName, Severity};
use crate::rulebook::rule::Rule;
use crate::run::judged::{Judging, run_one};
use crate::run::kept::Kept;
use crate::run::simulator::Simulator;
use crate::scenario::fault::Party;
use crate::scenario::habits::{Habits, ServerHabits};
use crate::scenario::model::Scenario;

use super::{Written, catchers};

/// Mutants are judged to the letter.
pub(super) const READING: ReadingName = ReadingName::Strict;

/// The most actions of a run: fifty times what a generated room takes on average. Two mutants may write to each other
/// without end.
pub const ACTIONS: u64 = 40_000;

/// How many rooms there are for each mutant, and which.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// How many rooms.
    pub cases: u64,
    /// What they are drawn from.
    pub seed: u64,
}

impl Budget {
    /// What a room is drawn from, by its number from 0: those of neighbouring seeds have none in common.
    const fn seed_of(self, case: u64) -> u64 {
        self.seed.wrapping_mul(1 << 32).wrapping_add(case)
    }
}

/// The first room in which a mutant was caught by a rule that is named for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kill {
    /// How many rooms it took, this one included.
    pub cases: u64,
    /// The rule.
    pub rule: Rule,
    /// The room.
    pub room: Scenario,
}

/// A mutant, and what became of it in the rooms so far.
#[derive(Debug, Clone)]
pub struct Hunt {
    /// The mutant.
    pub written: Written,
    /// The room in which it was caught, if it was.
    pub kill: Option<Kill>,
    /// In how many rooms it broke each rule that it would have kept if it were written as the specification wants it, warnings
    /// included.
    pub broken: BTreeMap<Rule, u64>,
    /// Rules that it breaks even then, each with the first room: there the judge or the reference client is wrong.
    pub usual: BTreeMap<Rule, u64>,
    /// The first rule besides those that are named for it that it was seen to break before it was caught, and after how many
    /// rooms.
    pub first_other: Option<(Rule, u64)>,
    budget: Budget,
    cases: u64,
    plan: Plan,
    catchers: BTreeSet<Rule>,
}

impl Hunt {
    /// A mutant that has not been tried.
    #[must_use]
    pub fn new(written: Written, budget: Budget) -> Self {
        let subject = Subject::Mutant(written.mutant, written.variant);
        Self {
            written,
            kill: None,
            broken: BTreeMap::new(),
            usual: BTreeMap::new(),
            first_other: None,
            budget,
            cases: 0,
            plan: Plan { subject, neighbours: false, ..Plan::default() },
            catchers: catchers(written.mutant),
        }
    }

    /// How many rooms there were.
    #[must_use]
    pub const fn cases(&self) -> u64 {
        self.cases
    }

    /// Whether a party of a room is the mutant.
    #[must_use]
    pub fn is_on_trial(&self, room: &Scenario, party: Party) -> bool {
        self.plan.subject.is_on_trial(room, party)
    }

    /// Room after room until the mutant is caught, or there are no more.
    pub fn until_caught(&mut self, simulator: &dyn Simulator) {
        while self.kill.is_none() && self.next(simulator) {}
    }

    /// All rooms that are left.
    pub fn to_the_end(&mut self, simulator: &dyn Simulator) {
        while self.next(simulator) {}
    }

    /// The next room; false if there is none.
    fn next(&mut self, simulator: &dyn Simulator) -> bool {
        if self.cases >= self.budget.cases {
            return false;
        }
        let mut choices = Seeded::new(self.budget.seed_of(self.cases));
        self.cases += 1;
        let room = generate::scenario(&self.plan, &mut choices);
        let outcome = run(simulator, &room);
        let own = |one: &&Violation| one.injected.is_none() && self.is_on_trial(&room, one.party);
        let mut own: Vec<Violation> = outcome.violations.iter().filter(own).copied().collect();
        self.leave_out_usual(simulator, &room, &mut own);
        let rules: BTreeSet<Rule> = own.iter().map(|one| one.rule).collect();
        for rule in &rules {
            *self.broken.entry(*rule).or_default() += 1;
        }
        if self.kill.is_some() {
            return true;
        }
        let caught = own.iter().find(|one| self.catchers.contains(&one.rule) && counts(one));
        if let Some(rule) = caught.map(|one| one.rule) {
            self.kill = Some(Kill { cases: self.cases, rule, room });
        } else if let Some(other) = rules.difference(&self.catchers).next() {
            self.first_other.get_or_insert((*other, self.cases));
        }
        true
    }

    /// Takes out what the same party breaks in the same room if it is written as the specification wants it: that does not
    /// show that a mutant was caught.
    fn leave_out_usual(
        &mut self,
        simulator: &dyn Simulator,
        room: &Scenario,
        own: &mut Vec<Violation>,
    ) {
        if own.is_empty() {
            return;
        }
        let usual = run(simulator, &as_specified(room)).violations;
        let is_same = |one: &Violation, other: &Violation| {
            (one.rule, one.party) == (other.rule, other.party) && other.injected.is_none()
        };
        own.retain(|one| {
            let same = usual.iter().find(|other| is_same(one, other));
            if same.is_some_and(|same| same.severity == Severity::Violation) {
                self.usual.entry(one.rule).or_insert(self.cases);
            }
            same.is_none()
        });
    }
}

fn run(simulator: &dyn Simulator, room: &Scenario) -> Outcome {
    let judging = Judging::of(READING);
    run_one(simulator, room, judging, &mut Kept::default()).outcome
}

/// Whether a rule never says more than a warning.
pub(super) fn only_warns(rule: Rule) -> bool {
    Reading::named(READING).severity(rule) == Severity::Warning
}

/// Whether a breach is as bad as its rule gets: a warning of a rule that can say more catches nothing.
fn counts(violation: &Violation) -> bool {
    violation.severity == Severity::Violation || only_warns(violation.rule)
}

/// The room with clients and servers that are all written as the specification wants it.
#[must_use]
pub fn as_specified(room: &Scenario) -> Scenario {
    let mut room = room.clone();
    room.devices.iter_mut().for_each(|device| device.habits = Habits::specification());
    room.servers.iter_mut().for_each(|server| server.habits = ServerHabits::specification());
    room
}

#[cfg(test)]
mod tests {
    use super::{Budget, only_warns};
    use crate::rulebook::rule::Rule;

    #[test]
    fn rooms_of_neighbouring_seeds_are_others() {
        let of = |seed, case| Budget { cases: 1_000_000, seed }.seed_of(case);
        assert_eq!(of(0, 5), 5);
        assert_ne!(of(1, 0), of(0, 1));
        assert_ne!(of(1, 0), of(0, 999_999));
    }

    #[test]
    fn a_warning_counts_only_of_a_rule_that_says_no_more() {
        let warn: Vec<Rule> = Rule::ALL.iter().copied().filter(|rule| only_warns(*rule)).collect();
        assert!(!warn.is_empty() && warn.len() < Rule::ALL.len() / 2, "{warn:?}");
        assert!(!only_warns(Rule::W09));
    }
}
