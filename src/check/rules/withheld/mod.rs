//! Rules W: the withheld notice, its form and its truth.
//! It does not know the other families; each rule has a file of its own, unless the first lines of another name it.

#[cfg(test)]
mod permitted;
pub(crate) mod w02;
pub(crate) mod w03;
pub(crate) mod w04;
mod w05;
mod w06;
mod w07;
pub(crate) mod w08;
mod w09;
mod w10;
mod w11;
pub(crate) mod w12;
pub(crate) mod w13;
pub(crate) mod w14;
mod w15;
mod w16;
mod w17;
mod w18;
pub(crate) mod w20;
pub(crate) mod w21;
mod w22;

use crate::check::findings::Findings;
use crate::check::rules::notice::{Accepted, NoticeJudge, TELL_OF_NOTICES};
use crate::check::rules::{Case, Judge, family};
use crate::trace::kind::Kinds;

family! {
    /// The rules of this family.
    pub(crate) struct Withheld {
        notices: OfNotices,
        claims: w21::NoClaim,
    }
}

/// The rules that are judged at notices.
#[derive(Debug, Clone, Default)]
pub(crate) struct OfNotices {
    event_type: w02::EventType,
    session: w09::OncePerSession,
    requests: w11::OncePerRequest,
}

impl Judge for OfNotices {
    const HEARS: Kinds = TELL_OF_NOTICES;

    fn hear(&mut self, case: Case<'_>, findings: &mut Findings) {
        let Case { view, fact } = case;
        for notice in view.notices.fresh() {
            let message = view.transport.get(notice.number);
            let accepted = Accepted { view, notice, message, fact: fact.id };
            self.judge(&accepted, findings);
        }
    }
}

impl OfNotices {
    fn judge(&mut self, accepted: &Accepted<'_>, findings: &mut Findings) {
        self.event_type.accepted(accepted, findings);
        // What no recipient takes for a notice breaks no other rule on notices.
        if !accepted.notice.recognised {
            return;
        }
        let of_any: &mut [&mut dyn NoticeJudge] = &mut [
            &mut w03::Required,
            &mut w06::KnownCode,
            &mut w07::MegolmAlgorithm,
            &mut w14::BundlesOnly,
            &mut w15::ReasonFits,
            &mut w16::OwnKey,
            &mut w18::InClear,
            &mut w22::NotToItself,
        ];
        for judge in of_any {
            judge.accepted(accepted, findings);
        }
        if accepted.notice.is_no_olm() {
            w05::NamesNothing.accepted(accepted, findings);
            w21::PolicyFirst.accepted(accepted, findings);
            return;
        }
        let of_session: &mut [&mut dyn NoticeJudge] = &mut [
            &mut w04::NamesSession,
            &mut w08::TrueReason,
            &mut self.session,
            &mut w10::NotGiven,
            &mut self.requests,
            &mut w12::LacksKey,
            &mut w13::NotAllowed,
            &mut w17::InSight,
            &mut w20::RealSession,
        ];
        for judge in of_session {
            judge.accepted(accepted, findings);
        }
    }
}
