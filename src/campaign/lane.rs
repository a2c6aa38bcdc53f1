//! One lane: a sequence of cases with choices, a corpus, a map of what it has seen, and findings of its own.
//! It does not know which thread runs it, nor how many other lanes there are.

use std::collections::{BTreeMap, BTreeSet};

use crate::check::outcome::Violation;
use crate::engine::choices::{Choices, Label};
use crate::generate::{self, mutate};
use crate::run::RunReport;
use crate::run::judged::{Judging, run_one};
use crate::run::kept::Kept;
use crate::run::panic::{Panic, caught};
use crate::run::simulator::Simulator;
use crate::run::status::Status;
use crate::run::twice::run_again;
use crate::scenario::file;
use crate::scenario::model::Scenario;

use super::LANES;
use super::corpus::{Corpus, Origin, Source};
use super::finding::{Finding, Findings, Problem, Size};
use super::inquiry::{coarse, look_into, look_into_panic};
use super::novelty::Novelty;
use super::setup::{Purpose, Setup, Steering};
use super::tally::Tally;
use super::watch::Watch;

/// How a file stands whose run a client does not survive.
const PANICKED: &str = "panicked";

/// One case in so many is run twice.
const TWICE: u64 = 20;

/// The share of the last cases that showed something new is kept in parts of this.
pub(super) const WHOLE: u64 = 1 << 20;
/// Of fresh and of mutated cases about so many count for what they have brought lately.
const RECENT: u64 = 32;
/// One case in so many is fresh whatever has come of such, and one is mutated.
const TRIALS: u64 = 8;
/// One case in so many is made of a scenario file, if rooms are made of such.
const FILES: u64 = 4;
/// About so many cases are the last ones.
const LAST: u64 = 128;
/// A lane stands on a plateau if that share is below one part of this.
const PLATEAU: u64 = 50;

/// What a lane works with.
#[derive(Clone, Copy)]
pub struct Bench<'a> {
    /// Runs scenarios.
    pub simulator: &'a dyn Simulator,
    /// What the campaign is.
    pub setup: &'a Setup,
}

impl std::fmt::Debug for Bench<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bench").field("setup", self.setup).finish_non_exhaustive()
    }
}

/// A lane.
#[derive(Debug, Clone, Default)]
pub struct Lane {
    pub(super) number: u32,
    /// How many cases are done.
    pub(super) cases: u64,
    /// Whether its scenario files were run.
    pub(super) replayed: bool,
    /// How many new features fresh and mutated cases have shown lately, each the mean of about [`RECENT`] in parts of [`WHOLE`].
    pub(super) yields: [u64; 2],
    /// The share of the last cases that did not show something new, in parts of [`WHOLE`]: older cases weigh less and less.
    pub(super) dullness: u64,
    pub(super) novelty: Novelty,
    pub(super) corpus: Corpus,
    pub(super) tally: Tally,
    pub(super) findings: Findings,
    /// How often each coarse kind of breach was seen; not every occurrence is looked into.
    pub(super) occurrences: BTreeMap<String, u64>,
}

impl Lane {
    /// A lane that has done nothing.
    #[must_use]
    pub fn new(number: u32) -> Self {
        Self { number, ..Self::default() }
    }

    /// How many cases are done.
    #[must_use]
    pub const fn cases(&self) -> u64 {
        self.cases
    }

    /// What its cases came to.
    #[must_use]
    pub const fn tally(&self) -> &Tally {
        &self.tally
    }

    /// What it found.
    #[must_use]
    pub const fn findings(&self) -> &Findings {
        &self.findings
    }

    /// What it has seen.
    #[must_use]
    pub const fn novelty(&self) -> &Novelty {
        &self.novelty
    }

    /// Whether hardly anything new comes any more.
    #[must_use]
    pub fn is_on_plateau(&self) -> bool {
        self.dullness > WHOLE - WHOLE / PLATEAU
    }

    /// Runs its share of the scenario files, if it has not done so.
    pub fn replay(&mut self, bench: Bench<'_>) {
        if self.replayed {
            return;
        }
        self.replayed = true;
        let judging = Judging::of(bench.setup.reading);
        for file in bench.setup.files.iter().skip(self.number as usize).step_by(LANES as usize) {
            let ran = caught(|| {
                let mut report =
                    run_one(bench.simulator, &file.scenario, judging, &mut Kept::default());
                run_again(bench.simulator, &file.scenario, judging.reading, &mut report);
                report
            });
            let Some(problem) = problem_of_file(&file.name, ran) else { continue };
            let size = Size::of(&file.scenario);
            self.findings.add(Finding {
                problem,
                rooms: 1,
                found: (self.number, 0),
                before: size,
                after: size,
                candidates: 0,
                history: Vec::new(),
                room: None,
            });
        }
    }

    /// Does the next case.
    pub fn next_case(&mut self, bench: Bench<'_>, watch: &mut Watch) {
        let case = self.cases;
        let (origin, scenario) = self.make(bench.setup, case);
        let judging = Judging::of(bench.setup.reading);
        watch.begin(&scenario);
        let is_twice = (case + u64::from(self.number)).is_multiple_of(TWICE);
        let ran = caught(|| {
            let mut report = run_one(bench.simulator, &scenario, judging, watch);
            if is_twice {
                run_again(bench.simulator, &scenario, judging.reading, &mut report);
            }
            report
        });
        self.tally.twice += u64::from(is_twice);
        self.count(bench.setup, origin, (&scenario, ran.as_ref().ok()), watch);
        match ran {
            Ok(report) => self.inquire(bench, &scenario, &report),
            Err(panic) => self.inquire_panic(bench, &scenario, &panic),
        }
        let news = self.novelty.add(case, watch.features());
        self.cases += 1;
        let arm = match origin {
            Origin::Fresh => Some(0),
            Origin::Mutated { .. } => Some(1),
            // However little new such a room shows, it is near where something was wrong once.
            Origin::File { .. } => None,
        };
        if let Some(recent) = arm.and_then(|arm| self.yields.get_mut(arm)) {
            *recent -= *recent / RECENT;
            *recent += u64::from(news) * WHOLE / RECENT;
        }
        self.dullness -= self.dullness / LAST;
        if news == 0 {
            self.dullness = (self.dullness + WHOLE / LAST).min(WHOLE);
        } else if bench.setup.steering == Steering::Novelty {
            self.corpus.add(case, origin, news, scenario);
        }
    }

    /// The room of a case: generated, or made of earlier ones or of a scenario file.
    fn make(&mut self, setup: &Setup, case: u64) -> (Origin, Scenario) {
        let mut choices = setup.choices(self.number, case, Purpose::Origin);
        let parents = setup.parents.len() as u64;
        if parents > 0 && choices.draw(FILES, Label(2)) == 0 {
            let file = choices.draw(parents, Label(3));
            if let Some(scenario) = make(setup, self.number, case, Source::File(file)) {
                return (Origin::File { file }, scenario);
            }
        }
        let [fresh, mutated] = self.yields;
        let is_fresh = match choices.draw(TRIALS, Label(0)) {
            0 => true,
            1 => false,
            _ => fresh >= mutated,
        };
        let is_fresh = is_fresh || self.corpus.is_empty();
        if is_fresh {
            return (Origin::Fresh, generated(setup, self.number, case));
        }
        let (origin, parent, donor) = self.corpus.choose(&mut choices, Label(1));
        (origin, mutated_of(setup, (self.number, case), parent, donor))
    }

    fn count(
        &mut self,
        setup: &Setup,
        origin: Origin,
        (scenario, report): (&Scenario, Option<&RunReport>),
        watch: &Watch,
    ) {
        match origin {
            Origin::Fresh => self.tally.fresh += 1,
            Origin::Mutated { .. } => self.tally.mutated += 1,
            Origin::File { .. } => self.tally.of_files += 1,
        }
        let subject = setup.plan.subject;
        self.tally.add_habits(scenario);
        match report {
            Some(report) => {
                self.tally.add(report, watch, |one| subject.is_on_trial(scenario, one.party));
            }
            None => self.tally.panicked += 1,
        }
    }

    /// Looks into what is wrong with a run. Of a kind of breach that comes again and again the first is looked into, the second,
    /// the fourth, the eighth and so on: making rooms small takes longer than running them.
    fn inquire(&mut self, bench: Bench<'_>, scenario: &Scenario, report: &RunReport) {
        let found = (self.number, self.cases);
        if report.status == Status::NotDeterministic {
            let size = Size::of(scenario);
            let fact = report.divergence.and_then(|one| one.one.or(one.other));
            let first_fact = fact.map(|fact| u64::from(fact.id.raw()));
            self.findings.add(Finding {
                problem: Problem::NotDeterministic { first_fact },
                rooms: 1,
                found,
                before: size,
                after: size,
                candidates: 0,
                history: Vec::new(),
                room: Some(file::write_brief(scenario)),
            });
            // A room that runs another way every time cannot be made small.
            return;
        }
        let subject = bench.setup.plan.subject;
        let on_trial =
            |one: &&Violation| one.injected.is_none() && subject.is_on_trial(scenario, one.party);
        let broken = report.outcome.violations.iter().filter(on_trial);
        let kinds: BTreeSet<String> = broken.map(|one| coarse(&report.outcome, one)).collect();
        for kind in kinds {
            if self.is_looked_into(&kind)
                && let Some(finding) = look_into(bench, scenario, &kind, found)
            {
                self.tally.candidates += finding.candidates;
                self.findings.add(finding);
            }
        }
    }

    /// Looks into a panic, of the same one as often as into the same breach.
    fn inquire_panic(&mut self, bench: Bench<'_>, scenario: &Scenario, panic: &Panic) {
        if self.is_looked_into(&format!("panic {}", panic.kind())) {
            let found = (self.number, self.cases);
            let finding = look_into_panic(bench, scenario, panic, found);
            self.tally.candidates += finding.candidates;
            self.findings.add(finding);
        }
    }

    /// Counts an occurrence of a kind. Whether it is one of those that are looked into.
    fn is_looked_into(&mut self, kind: &str) -> bool {
        let seen = self.occurrences.entry(kind.to_owned()).or_insert(0);
        *seen += 1;
        seen.is_power_of_two()
    }
}

/// The room of a case of a lane, made of this; `None` if there is no such file.
pub(super) fn make(setup: &Setup, lane: u32, case: u64, of: Source<'_>) -> Option<Scenario> {
    match of {
        Source::Choices => Some(generated(setup, lane, case)),
        Source::Rooms(parent, donor) => Some(mutated_of(setup, (lane, case), parent, donor)),
        Source::File(file) => {
            let parent = setup.parents.get(usize::try_from(file).ok()?)?;
            Some(mutated_of(setup, (lane, case), parent, &generated(setup, lane, case)))
        }
    }
}

fn generated(setup: &Setup, lane: u32, case: u64) -> Scenario {
    generate::scenario(&setup.plan, &mut setup.choices(lane, case, Purpose::Generate))
}

fn mutated_of(
    setup: &Setup,
    (lane, case): (u32, u64),
    parent: &Scenario,
    donor: &Scenario,
) -> Scenario {
    let mut choices = setup.choices(lane, case, Purpose::Mutate);
    mutate::mutated(&setup.plan, parent, donor, &mut choices)
}

/// What is wrong with a file that was run; `None` if nothing is.
fn problem_of_file(path: &str, ran: Result<RunReport, Panic>) -> Option<Problem> {
    let path = path.to_owned();
    let report = match ran {
        Ok(report) => report,
        Err(panic) => {
            let details = vec![format!("a client panics {}", panic.told())];
            return Some(Problem::File { path, status: PANICKED.to_owned(), details });
        }
    };
    match report.status {
        Status::Holds | Status::Inconclusive => return None,
        Status::Differs | Status::Violated | Status::NotDeterministic => {}
    }
    let broken = report.outcome.counted().map(|violation| violation.rule.id().to_owned());
    let mut details: Vec<String> = broken.collect();
    details.dedup();
    Some(Problem::File { path, status: report.status.as_str().to_owned(), details })
}
