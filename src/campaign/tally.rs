//! What the cases of a lane, or of all, came to in numbers.
//! It does not know which of them are findings in the end.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::check::outcome::{Outcome, Violation};
use crate::rulebook::leaf::Leaf;
use crate::rulebook::reading::Severity;
use crate::rulebook::rule::Rule;
use crate::run::RunReport;
use crate::scenario::file::{settings_of, settings_of_server};
use crate::scenario::habits::{Habits, ServerHabits};
use crate::scenario::kinds::{FaultName, StepKind};
use crate::scenario::model::Scenario;

use super::spelled::{ByName, Spelled};
use super::watch::Watch;

/// What cases came to.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Tally {
    /// Cases that were generated afresh.
    pub fresh: u64,
    /// Cases that were made of earlier ones.
    pub mutated: u64,
    /// Cases that were made of scenario files.
    #[serde(default)]
    pub of_files: u64,
    /// Cases that were run a second time and compared.
    pub twice: u64,
    /// Cases in which a client panicked: of those there is nothing else to count.
    #[serde(default)]
    pub panicked: u64,
    /// Runs that were cut before they came to rest, or in which something stayed undecided.
    pub inconclusive: u64,
    /// Actions of all runs, without second runs and those of making rooms small.
    pub actions: u64,
    /// Facts of all runs.
    pub facts: u64,
    /// Candidates that were run to make rooms small.
    pub candidates: u64,
    /// What became of each rule.
    pub rules: ByName<Rule, RuleTally>,
    /// In how many cells of the tables each verdict stood.
    pub verdicts: ByName<Leaf, u64>,
    /// In how many cases each kind of step was taken.
    pub steps: ByName<StepKind, u64>,
    /// In how many cases each kind of fault came into force.
    pub faults: ByName<FaultName, u64>,
    /// In how many cases somebody had each setting that the specification does not have.
    pub habits: BTreeMap<String, u64>,
}

/// What became of one rule.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RuleTally {
    /// How often its condition was met.
    pub met: u64,
    /// In how many cases it was.
    pub cases: u64,
    /// Breaches of those on trial that count.
    pub broken: u64,
    /// Breaches of those on trial that are warnings.
    pub warned: u64,
    /// Breaches that a fault excuses.
    pub injected: u64,
    /// Breaches of others, who are not on trial.
    pub others: u64,
}

impl Tally {
    /// Counts the ways in which clients and servers of a room are not written as the specification wants them.
    pub fn add_habits(&mut self, scenario: &Scenario) {
        let (client, server) = (Habits::specification(), ServerHabits::specification());
        let clients = scenario.devices.iter().map(|device| &device.habits);
        let servers = scenario.servers.iter().map(|server| &server.habits);
        let of_clients = clients.filter(|habits| **habits != client).flat_map(settings_of);
        let of_servers = servers.filter(|habits| **habits != server).flat_map(settings_of_server);
        let settings: BTreeSet<String> = of_clients.chain(of_servers).collect();
        for setting in settings {
            *self.habits.entry(setting).or_default() += 1;
        }
    }

    /// Adds a run, of which `is_on_trial` says whose breaches are findings.
    pub fn add(
        &mut self,
        report: &RunReport,
        watch: &Watch,
        is_on_trial: impl Fn(&Violation) -> bool,
    ) {
        self.actions += report.actions;
        self.facts += report.facts;
        self.inconclusive += u64::from(report.outcome.is_inconclusive());
        watch.step_kinds().for_each(|kind| *self.steps.at(kind) += 1);
        watch.fault_kinds().for_each(|name| *self.faults.at(name) += 1);
        self.add_outcome(&report.outcome, is_on_trial);
    }

    fn add_outcome(&mut self, outcome: &Outcome, is_on_trial: impl Fn(&Violation) -> bool) {
        for rule in Rule::ALL.iter().copied() {
            let met = outcome.marks.of(rule);
            if met > 0 {
                let entry = self.rules.at(rule);
                entry.met += met;
                entry.cases += 1;
            }
        }
        for violation in &outcome.violations {
            let on_trial = is_on_trial(violation);
            let entry = self.rules.at(violation.rule);
            let kind = match (violation.injected, on_trial, violation.severity) {
                (Some(_), _, _) => &mut entry.injected,
                (None, false, _) => &mut entry.others,
                (None, true, Severity::Violation) => &mut entry.broken,
                (None, true, Severity::Warning) => &mut entry.warned,
            };
            *kind += 1;
        }
        for verdict in &outcome.verdicts {
            *self.verdicts.at(verdict.leaf) += 1;
        }
    }

    /// Adds what other cases came to.
    pub fn merge(&mut self, other: &Self) {
        self.fresh += other.fresh;
        self.mutated += other.mutated;
        self.of_files += other.of_files;
        self.twice += other.twice;
        self.panicked += other.panicked;
        self.inconclusive += other.inconclusive;
        self.actions += other.actions;
        self.facts += other.facts;
        self.candidates += other.candidates;
        for (rule, more) in other.rules.iter() {
            let entry = self.rules.at(rule);
            entry.met += more.met;
            entry.cases += more.cases;
            entry.broken += more.broken;
            entry.warned += more.warned;
            entry.injected += more.injected;
            entry.others += more.others;
        }
        merge(&mut self.verdicts, &other.verdicts);
        merge(&mut self.steps, &other.steps);
        merge(&mut self.faults, &other.faults);
        for (habit, cases) in &other.habits {
            *self.habits.entry(habit.clone()).or_default() += cases;
        }
    }

    /// Rules that facts can show to be broken and whose condition was never met.
    pub fn never_met(&self) -> impl Iterator<Item = Rule> {
        let judged = Rule::ALL.iter().copied().filter(|rule| rule.judgement().is_judged());
        judged.filter(|rule| self.rules.get(*rule).is_none_or(|entry| entry.met == 0))
    }
}

fn merge<K: Spelled>(sums: &mut ByName<K, u64>, more: &ByName<K, u64>) {
    more.iter().for_each(|(key, number)| *sums.at(key) += number);
}
