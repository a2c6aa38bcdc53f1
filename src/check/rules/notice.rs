//! A withheld notice at the moment when it is known that it was sent: what the rules on notices judge.
//! It does not know what is asked of a notice.

use crate::check::findings::Findings;
use crate::check::view::View;
use crate::check::view::life::Moment;
use crate::check::view::notices::Notice;
use crate::check::view::requests::Class;
use crate::check::view::transport::ToDevice;
use crate::ids::FactId;
use crate::rulebook::reading::Severity;
use crate::rulebook::rule::Rule;
use crate::scenario::fault::Party;
use crate::trace::kind::{Kind, Kinds};

/// The kinds of fact that may make known that a notice was sent: acceptance, arrival, and what was inside.
pub(crate) const TELL_OF_NOTICES: Kinds =
    Kinds::of(&[Kind::PutAccepted, Kind::Enqueued, Kind::OlmDecrypt]);

/// A notice that was accepted, with what there is to know about it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Accepted<'a> {
    /// Everything else.
    pub(crate) view: &'a View,
    /// The notice.
    pub(crate) notice: &'a Notice,
    /// What carries it.
    pub(crate) message: &'a ToDevice,
    /// The fact that made known that it was sent.
    pub(crate) fact: FactId,
}

impl Accepted<'_> {
    /// Whether an earlier notice counts against its sender: not if the sender's store forgot it since, nor if it forgot this one,
    /// which was on its way then.
    pub(crate) fn counts(&self, earlier: Moment) -> bool {
        let forgiven = |put| self.view.life.forgiven(self.message.sender, put).is_some();
        !forgiven(earlier) && !forgiven(self.message.put)
    }

    /// Whether it was sent of the sender's own accord.
    pub(crate) fn is_proactive(&self) -> bool {
        self.notice.class == Class::Proactive
    }

    /// Who sent it.
    pub(crate) fn party(&self) -> Party {
        Party::Device(self.message.sender)
    }

    /// The notice breaks a rule.
    pub(crate) fn raise(&self, rule: Rule, findings: &mut Findings) {
        findings.raise(rule, self.party(), self.witnesses(None));
    }

    /// As [`Accepted::raise`], where the case itself decides how bad it is.
    pub(crate) fn raise_as(&self, severity: Severity, rule: Rule, findings: &mut Findings) {
        findings.raise_as(severity, rule, self.party(), self.witnesses(None));
    }

    /// The notice breaks a rule because of something earlier.
    pub(crate) fn raise_after(&self, earlier: FactId, rule: Rule, findings: &mut Findings) {
        findings.raise(rule, self.party(), self.witnesses(Some(earlier)));
    }

    /// What shows the breach: something earlier, how the notice was put together, how it was accepted.
    pub(crate) fn witnesses(&self, earlier: Option<FactId>) -> [Option<FactId>; 3] {
        let put = self.message.put.fact;
        [earlier, (put != self.fact).then_some(put), Some(self.fact)]
    }
}

/// A rule that is judged when a notice is known to have been sent. Notices of a type that is none are not asked after,
/// except by the rule on types.
pub(crate) trait NoticeJudge {
    /// A notice was accepted by its sender's server.
    fn accepted(&mut self, accepted: &Accepted<'_>, findings: &mut Findings);
}
