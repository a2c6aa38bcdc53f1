//! Rules N: `m.no_olm`.
//! It does not know the other families; each rule has a file of its own, unless the first lines of another name it.

pub(crate) mod n01;
mod n02;
mod n03;
mod n04;
pub(crate) mod n06;
mod n07;
mod n09;
pub(crate) mod n10;
#[cfg(test)]
mod permitted;

use crate::check::findings::Findings;
use crate::check::rules::notice::{Accepted, NoticeJudge, TELL_OF_NOTICES};
use crate::check::rules::{Case, Judge, family};
use crate::trace::kind::Kinds;

family! {
    /// The rules of this family.
    pub(crate) struct NoOlm {
        reports: OfReports,
        attempts: n09::SecondTry,
        claims: n04::BackOff,
        recovered: n07::RecipientAgain,
        handed: n10::FallbackHanded,
    }
}

/// The rules that are judged at reports.
#[derive(Debug, Clone, Default)]
pub(crate) struct OfReports {
    epoch: n02::OncePerEpoch,
}

impl Judge for OfReports {
    const HEARS: Kinds = TELL_OF_NOTICES;

    fn hear(&mut self, case: Case<'_>, findings: &mut Findings) {
        let Case { view, fact } = case;
        for notice in view.notices.fresh() {
            if !notice.is_no_olm() || !notice.recognised {
                continue;
            }
            let message = view.transport.get(notice.number);
            let accepted = Accepted { view, notice, message, fact: fact.id };
            n01::AttemptFailed.accepted(&accepted, findings);
            n06::NoSession.accepted(&accepted, findings);
            n10::FallbackServes.accepted(&accepted, findings);
            self.epoch.accepted(&accepted, findings);
        }
    }
}
