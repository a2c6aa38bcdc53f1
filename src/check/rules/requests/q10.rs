//! Q-10 (recipient, implied; MSC2399): a refusal by one device does not end a request that is open at others. Judged
//! where the cause of a cancellation is recorded: a refusal that was processed. It does not know why a user takes a
//! request back.

use crate::check::findings::Findings;
use crate::check::rules::{Case, Judge};
use crate::rulebook::rule::Rule;
use crate::scenario::fault::Party;
use crate::trace::fact::FactKind;
use crate::trace::kind::{Kind, Kinds};

/// The judge of Q-10.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct OthersMayAnswer;

impl Judge for OthersMayAnswer {
    const HEARS: Kinds = Kinds::of(&[Kind::RequestCancelled]);

    fn hear(&mut self, case: Case<'_>, findings: &mut Findings) {
        let FactKind::RequestCancelled { device, request } = case.fact.kind else { return };
        let view = case.view;
        let Some(session) = view.askings.session(device, request) else { return };
        let asked = view.askings.of(device, session).iter();
        let open = asked.filter(|asking| asking.request == request);
        findings.met(Rule::Q10);
        let refusal = view
            .heard_about(device, session)
            .find(|heard| case.fact.causes.iter().any(|cause| cause == heard.moment.fact));
        let Some(refusal) = refusal else { return };
        let silent = open.clone().find(|asking| {
            let mut heard = view.heard_about(device, session);
            let refused = heard.any(|heard| {
                heard.message.sender == asking.device && heard.moment.fact > asking.put
            });
            !refused && view.life.gone(asking.device).is_none()
        });
        if let Some(silent) = silent {
            let witnesses = [Some(silent.put), Some(refusal.moment.fact), Some(case.fact.id)];
            findings.raise(Rule::Q10, Party::Device(device), witnesses);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{A2, B1, B2, R, Story, about, device, rules, s};
    use crate::ids::{DeviceId, FactId, RequestId};
    use crate::protocol::to_device::KeyRequestAction;
    use crate::protocol::withheld::SessionCode;
    use crate::rulebook::reading::{ReadingName, Severity};
    use crate::rulebook::rule::Rule;
    use crate::trace::fact::FactKind;

    /// A1 asks B2 and A2, and these refuse.
    fn refused_by(refusing: &[DeviceId]) -> (Story, FactId) {
        let mut story = Story::with_olm();
        for device in [B2, A2] {
            story.up(device);
            let action = KeyRequestAction::Request { room: R, session: s(0) };
            story.request((B1, device), 1, action);
        }
        let mut last = FactId::new(0);
        for device in refusing {
            let sent = story.tell((*device, B1), about(*device, s(0), SessionCode::Unavailable));
            story.listed(sent);
            last = story.processed(sent, crate::trace::fact::ProcessOutcome::Handled);
        }
        (story, last)
    }

    fn give_up(story: &mut Story, cause: Option<FactId>) {
        let request = RequestId::new(1);
        story.by(B1, FactKind::RequestCancelled { device: B1, request });
        if let Some(cause) = cause {
            story.came_of(cause);
        }
    }

    #[test]
    fn a_request_that_everybody_refused_may_end() {
        let (mut story, last) = refused_by(&[B2, A2]);
        give_up(&mut story, Some(last));
        assert!(!story.rules().contains(&(Rule::Q10, device(B1))));
        assert_eq!(story.judge().marks.of(Rule::Q10), 1);
    }

    #[test]
    fn one_refusal_does_not_end_it() {
        let (mut story, last) = refused_by(&[B2]);
        give_up(&mut story, Some(last));
        assert!(story.rules().contains(&(Rule::Q10, device(B1))));
        let lenient = story.judge_as(ReadingName::Lenient);
        assert!(rules(&lenient).contains(&(Rule::Q10, device(B1))));
        assert!(lenient.violations.iter().all(|found| found.severity == Severity::Warning));
    }

    #[test]
    fn a_user_may_take_it_back_and_where_no_cause_was_recorded_nothing_is_said() {
        let (mut story, _) = refused_by(&[B2]);
        give_up(&mut story, None);
        assert!(!story.rules().contains(&(Rule::Q10, device(B1))));
    }
}
