//! A look into one breach of one room: the smallest room that shows it, as a finding.
//! It does not know which breaches are looked into.

use crate::check::outcome::Violation;
use crate::minimise::Minimiser;
use crate::rulebook::leaf::Leaf;
use crate::rulebook::reading::Severity;
use crate::run::RunReport;
use crate::run::judged::{DigestCheck, Judging, run_one};
use crate::run::kept::Kept;
use crate::scenario::fault::Party;
use crate::scenario::file;
use crate::scenario::model::Scenario;

use super::finding::{Bound, Finding, Problem, Size, Verdict, Weight};
use super::lane::Bench;

/// A room with something wrong in it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Inquiry<'a> {
    pub(super) bench: Bench<'a>,
    pub(super) scenario: &'a Scenario,
    pub(super) report: &'a RunReport,
}

/// What a breach is at first sight: the rule, how much it counts, who is bound, and what became of the message.
pub(super) fn coarse(violation: &Violation, report: &RunReport) -> String {
    let verdict = leaf_of(violation, report).map_or("-", Leaf::name);
    let (weight, bound) = (weight(violation.severity), bound(violation.party));
    format!("{} {weight:?} {bound:?} {verdict}", violation.rule.id())
}

fn leaf_of(violation: &Violation, report: &RunReport) -> Option<Leaf> {
    let (message, device) = violation.cell?;
    let mut verdicts = report.outcome.verdicts.iter();
    verdicts.find(|one| one.message == message && one.device == device).map(|one| one.leaf)
}

const fn weight(severity: Severity) -> Weight {
    match severity {
        Severity::Violation => Weight::Violation,
        Severity::Warning => Weight::Warning,
    }
}

const fn bound(party: Party) -> Bound {
    match party {
        Party::Device(_) => Bound::Device,
        Party::Server(_) => Bound::Server,
        Party::World => Bound::World,
    }
}

impl Inquiry<'_> {
    /// Makes the room small and says what is left of it.
    pub(super) fn look_into(&self, violation: &Violation, found: (u32, u64)) -> Finding {
        let wanted = coarse(violation, self.report);
        let mut minimiser = Minimiser::new(self.scenario.clone());
        let mut candidates = 0;
        while let Some(candidate) = minimiser.propose() {
            candidates += 1;
            minimiser.answer(self.run(&candidate, &wanted).is_some());
        }
        let best = minimiser.best();
        let left = self.run(best, &wanted).unwrap_or(*violation);
        let report = self.report;
        let _ = Scenario::clone(best);
        Finding {
            problem: Problem::Rule {
                rule: left.rule,
                severity: weight(left.severity),
                party: format!("{:?}", left.party),
                party_kind: bound(left.party),
                verdict: leaf_of(&left, report).map(Verdict),
                kinds: Vec::new(),
            },
            rooms: 1,
            found,
            before: Size::of(self.scenario),
            after: Size::of(best),
            candidates,
            history: Vec::new(),
            room: Some(file::write(best)),
        }
    }

    fn run(&self, scenario: &Scenario, wanted: &str) -> Option<Violation> {
        let Bench { simulator, setup } = self.bench;
        let judging = Judging { reading: setup.reading, digest: DigestCheck::Free };
        let report = run_one(simulator, scenario, judging, &mut Kept::default());
        let found = report.outcome.violations.iter().find(|one| {
            one.injected.is_none()
                && setup.plan.subject.is_on_trial(scenario, one.party)
                && coarse(one, &report) == wanted
        });
        found.copied()
    }
}
