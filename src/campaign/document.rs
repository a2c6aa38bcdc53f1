//! What a campaign came to, as data (`docs/campaign-format.md`): the same bytes for the same cases, however they were distributed.
//! It does not know how long anything took.

use serde::Serialize;

use crate::rulebook::leaf::Leaf;
use crate::rulebook::rule::Rule;
use crate::scenario::kinds::{FaultName, StepKind};

use super::LANES;
use super::finding::{Finding, Findings, Problem, Size};
use super::novelty::{Estimate, Union};
use super::setup::Identity;
use super::spelled::{ByName, Spelled};
use super::state::{LaneState, StateError};
use super::tally::{RuleTally, Tally};

/// The version of this form.
const FORMAT_VERSION: u32 = 1;

/// What a campaign came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Document {
    format_version: u32,
    /// What it is.
    pub campaign: Identity,
    /// How many cases there were.
    pub cases: Cases,
    /// Actions of all runs, without second runs and those of making rooms small.
    pub actions: u64,
    /// Facts of these runs.
    pub facts: u64,
    /// What was seen, and what that says of the rest.
    pub novelty: Novelty,
    /// What was reached.
    pub reached: Reached,
    /// What is wrong.
    pub findings: Vec<Entry>,
}

/// How many cases there were.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cases {
    /// All.
    pub all: u64,
    /// Those that were generated afresh.
    pub fresh: u64,
    /// Those that were made of earlier ones.
    pub mutated: u64,
    /// Those that were made of scenario files.
    pub of_files: u64,
    /// Those that were run twice.
    pub twice: u64,
    /// Those in which a client panicked.
    pub panicked: u64,
    /// Those whose runs were cut, or came to rest with something undecided.
    pub inconclusive: u64,
    /// By lane; those that are not run here have none.
    pub lanes: Vec<u64>,
}

/// What was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Novelty {
    /// Features, and an estimate of those not seen.
    #[serde(flatten)]
    pub estimate: Estimate,
    /// After how many cases of each lane how many features had been seen.
    pub growth: Vec<(u64, u64)>,
}

/// What was reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reached {
    /// What became of each rule whose condition was met, or that was broken.
    pub rules: ByName<Rule, RuleTally>,
    /// Rules that facts can show to be broken and whose condition was never met.
    pub rules_never: Vec<&'static str>,
    /// In how many cells each verdict stood.
    pub verdicts: ByName<Leaf, u64>,
    /// Verdicts that stood nowhere.
    pub verdicts_never: Vec<&'static str>,
    /// In how many cases each kind of step was taken.
    pub steps: ByName<StepKind, u64>,
    /// Kinds of steps that were never taken.
    pub steps_never: Vec<&'static str>,
    /// In how many cases each kind of fault came into force.
    pub faults: ByName<FaultName, u64>,
    /// Kinds of faults that never came into force.
    pub faults_never: Vec<&'static str>,
    /// In how many cases somebody had each setting that the specification does not have.
    pub habits: std::collections::BTreeMap<String, u64>,
}

/// A finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// Its name.
    pub id: String,
    /// What is wrong.
    #[serde(flatten)]
    pub problem: Problem,
    /// How many rooms came down to it. Not every room that shows it is made small.
    pub rooms: u64,
    /// The lane in which the smallest was found.
    pub lane: u32,
    /// The case of the lane.
    pub case: u64,
    /// The size of the room in which it was found.
    pub size_before: Size,
    /// The size of the smallest room.
    pub size: Size,
    /// How many candidates were run to make it small.
    pub candidates: u64,
    /// What was done to make it small, in order.
    pub history: Vec<String>,
    /// The file with the smallest room, from the folder of the campaign.
    pub file: Option<String>,
}

impl Entry {
    fn of(finding: &Finding) -> Self {
        let id = finding.problem.id();
        Self {
            file: finding.room.is_some().then(|| format!("findings/{id}.json")),
            id,
            problem: finding.problem.clone(),
            rooms: finding.rooms,
            lane: finding.found.0,
            case: finding.found.1,
            size_before: finding.before,
            size: finding.after,
            candidates: finding.candidates,
            history: finding.history.clone(),
        }
    }
}

/// What lanes came to together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sum {
    /// In numbers.
    pub tally: Tally,
    /// What they found.
    pub findings: Findings,
    /// What they have seen.
    pub union: Union,
    /// Cases by lane.
    pub lanes: Vec<u64>,
}

impl Sum {
    /// The sum of these lanes.
    ///
    /// # Errors
    /// If the numbers of one contradict each other.
    pub fn of(lanes: &[LaneState]) -> Result<Self, (u32, StateError)> {
        let mut sum = Self {
            tally: Tally::default(),
            findings: Findings::default(),
            union: Union::default(),
            lanes: vec![0; LANES as usize],
        };
        for lane in lanes {
            let novelty = lane.novelty().map_err(|error| (lane.lane, error))?;
            sum.tally.merge(&lane.tally);
            sum.findings.merge(&lane.findings);
            sum.union.add(lane.lane, &novelty);
            sum.lanes[lane.lane as usize] = lane.cases;
        }
        Ok(sum)
    }
}

impl Document {
    /// What a campaign came to whose lanes have this sum.
    #[must_use]
    pub fn of(campaign: Identity, sum: &Sum) -> Self {
        let Sum { tally, findings, union, lanes } = sum;
        let all = lanes.iter().sum();
        let rounds = lanes.iter().copied().max().unwrap_or(0);
        let never_met = tally.never_met().map(Rule::id).collect();
        Self {
            format_version: FORMAT_VERSION,
            campaign,
            cases: Cases {
                all,
                fresh: tally.fresh,
                mutated: tally.mutated,
                of_files: tally.of_files,
                twice: tally.twice,
                panicked: tally.panicked,
                inconclusive: tally.inconclusive,
                lanes: lanes.clone(),
            },
            actions: tally.actions,
            facts: tally.facts,
            novelty: Novelty { estimate: union.estimate(all), growth: union.growth(rounds) },
            reached: Reached {
                rules: tally.rules.clone(),
                rules_never: never_met,
                verdicts: tally.verdicts.clone(),
                verdicts_never: never(&tally.verdicts),
                steps: tally.steps.clone(),
                steps_never: never(&tally.steps),
                faults: tally.faults.clone(),
                faults_never: never(&tally.faults),
                habits: tally.habits.clone(),
            },
            findings: findings.ranked().into_iter().map(Entry::of).collect(),
        }
    }
}

fn never<K: Spelled>(counts: &ByName<K, u64>) -> Vec<&'static str> {
    counts.missing().map(Spelled::spelling).collect()
}
