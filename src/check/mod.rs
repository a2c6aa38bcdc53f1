//! The judge: facts in, verdicts and violations out.
//! It sees facts and the cast of the scenario, and nothing else.

mod breaches;
pub mod cast;
pub mod coverage;
mod dispatch;
mod explained;
mod findings;
mod healing;
mod lineage;
pub mod needs;
pub mod outcome;
mod rules;
#[cfg(test)]
mod testing;
pub mod undecided;
mod view;

use crate::check::cast::Cast;
use crate::check::coverage::Coverage;
use crate::check::findings::Findings;
use crate::check::lineage::Lineage;
use crate::check::outcome::{Outcome, Unhealed};
use crate::check::rules::{AtRest, Case, Judge, Rules};
use crate::check::undecided::{Gaps, Question};
use crate::check::view::View;
use crate::ids::MessageId;
use crate::rulebook::reading::Reading;
use crate::scenario::model::Strings;
use crate::trace::fact::{Fact, FactKind, RunEnd};
use crate::trace::sink::FactSink;

/// Judges facts as they come and keeps none of them.
///
/// Facts must come in the order of their ids, and may name only devices, users and servers of the cast. A notice that
/// repeats another is found when it is accepted; what somebody failed to do is found at the end.
#[derive(Debug, Clone)]
pub struct Checker {
    view: View,
    rules: Rules,
    findings: Findings,
    coverage: Coverage,
    first_probe: Option<MessageId>,
    lineage: Lineage,
    end: Option<RunEnd>,
}

impl Checker {
    /// A judge of a run with this cast, who reads ambiguous points in this way.
    #[must_use]
    pub fn new(cast: Cast, reading: Reading) -> Self {
        Self {
            view: View::new(cast, reading),
            rules: Rules::default(),
            findings: Findings::new(reading),
            coverage: Coverage::everything(),
            first_probe: None,
            lineage: Lineage::default(),
            end: None,
        }
    }

    /// The same judge, who was shown no more than this: what was not recorded is nobody's omission.
    #[must_use]
    pub fn shown(mut self, coverage: Coverage) -> Self {
        self.coverage = coverage;
        self
    }

    /// Takes in texts that facts to come may name, beyond those of the cast; `strings` begin with those that are known.
    pub fn learn_texts(&mut self, strings: &Strings) {
        self.view.cast.learn_texts(strings);
    }

    /// The judgement. Facts that do not end with [`crate::trace::fact::FactKind::RunEnd`] were cut off, which is taken
    /// for the horizon: what could still have come is not held against anybody. A message that was never sent leaves no
    /// fact by itself; who knows the timeline must add those.
    #[must_use]
    pub fn finish(mut self) -> Outcome {
        let end = self.end.unwrap_or(RunEnd::Horizon);
        let mut verdicts = explained::judge(&self.view, end, &mut self.findings);
        let mut unhealed = Vec::new();
        if end == RunEnd::Quiescent {
            if let Some(first_probe) = self.first_probe {
                unhealed = healing::judge(&self.view, first_probe, &verdicts, &mut self.findings);
            }
            let at_rest = AtRest { view: &self.view, verdicts: &verdicts };
            self.rules.rest(at_rest, &mut self.findings);
        }
        let mut violations = self.findings.breaches.finish(&self.view.cast, &self.lineage);
        let question = Question { cast: &self.view.cast, coverage: &self.coverage };
        let gaps = Gaps::take(
            question,
            (&self.view.messages, &self.view.bundles),
            &mut verdicts,
            (&mut violations, &self.findings.breaches),
        );
        if !gaps.is_empty() {
            // Whether a device was healed rests on the same facts as its verdict.
            unhealed.retain(|one: &Unhealed| !gaps.is_open((one.message, one.device)));
        }
        Outcome {
            end,
            reading: self.view.reading,
            verdicts,
            violations,
            gaps,
            notices: self.view.notices.counts(),
            unhealed,
            marks: self.findings.marks,
            unsent: Vec::new(),
        }
    }
}

impl FactSink for Checker {
    fn record(&mut self, fact: &Fact) {
        if let FactKind::FaultStart(fault) = fact.kind
            && self.view.cast.may_excuse(fault)
        {
            self.lineage.fault_started(fault, fact.id);
        }
        self.lineage.add(fact);
        self.dispatch(fact);
        self.rules.hear(Case { view: &self.view, fact }, &mut self.findings);
    }
}
