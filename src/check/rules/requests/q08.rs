//! Q-08 (sender, SHOULD; specification, key requests): a request that was taken back is neither served nor answered.
//! What was put together before the cancellation was processed is let pass. It does not know requests that are still
//! open; a notice that a sender owes of its own accord is no answer.

use crate::check::findings::Findings;
use crate::check::rules::notice::TELL_OF_NOTICES;
use crate::check::rules::{Case, Judge};
use crate::check::view::View;
use crate::check::view::notices::Notice;
use crate::ids::FactId;
use crate::protocol::withheld::WithheldCode;
use crate::rulebook::rule::Rule;
use crate::scenario::fault::Party;
use crate::trace::kind::{Kind, Kinds};

/// The judge of Q-08.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct NotWanted;

/// The cancellation after which the notice answers, if it can be nothing but an answer.
pub(crate) fn answered_after(view: &View, notice: &Notice) -> Option<FactId> {
    let cancelled = notice.circumstances.cancelled?;
    let sender = view.transport.get(notice.number).sender;
    let made = notice.session.and_then(|session| view.messages.session(session));
    let of_other = made.is_some_and(|made| made.creator != sender);
    let answer =
        matches!(notice.code.known(), Some(WithheldCode::Unavailable | WithheldCode::Unauthorised));
    (of_other || answer).then_some(cancelled)
}

impl Judge for NotWanted {
    const HEARS: Kinds = TELL_OF_NOTICES.or(Kinds::of(&[Kind::OlmEncrypted]));

    fn hear(&mut self, case: Case<'_>, findings: &mut Findings) {
        let (view, fact) = (case.view, case.fact.id);
        for notice in view.notices.fresh() {
            let Some(cancelled) = answered_after(view, notice) else { continue };
            let message = view.transport.get(notice.number);
            findings.met(Rule::Q08);
            let witnesses = [Some(cancelled), Some(message.put.fact), Some(fact)];
            findings.raise(Rule::Q08, Party::Device(message.sender), witnesses);
        }
        let Some(number) = view.forwards.fresh() else { return };
        let message = view.transport.get(number);
        let Some(forwarded) = view.forwards.get(number) else { return };
        // Of a key whose forwarding was not seen when it was encrypted, the order is not known.
        if message.put.fact != fact {
            return;
        }
        findings.met(Rule::Q08);
        let (sender, recipient) = (message.sender, message.recipient);
        let cancelled = view.requests.cancelled(sender, recipient, forwarded.key.session);
        if let Some(cancelled) = cancelled {
            let witnesses = [Some(cancelled), Some(fact)];
            findings.raise(Rule::Q08, Party::Device(sender), witnesses);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{A1, B1, B2, R, Story, about, device, s};
    use crate::ids::RequestId;
    use crate::protocol::to_device::{KeyRequest, KeyRequestAction, ToDeviceType};
    use crate::protocol::withheld::SessionCode;
    use crate::rulebook::rule::Rule;
    use crate::trace::fact::SentContent;

    const ASK: KeyRequestAction = KeyRequestAction::Request { room: R, session: s(0) };

    fn taken_back() -> Story {
        let mut story = Story::blocked();
        story.up(B2);
        story.request((B1, B2), 1, ASK);
        story.request((B1, B2), 1, KeyRequestAction::Cancel);
        story
    }

    fn broken(story: &Story) -> bool {
        story.rules().contains(&(Rule::Q08, device(B2)))
    }

    #[test]
    fn an_open_request_may_be_served_or_answered_also_one_that_was_made_anew() {
        let mut story = taken_back();
        story.request((B1, B2), 2, ASK);
        story.forward((B2, B1), s(0), 0);
        assert!(!broken(&story));
        assert_eq!(story.judge().marks.of(Rule::Q08), 1);
    }

    #[test]
    fn one_that_was_taken_back_may_not() {
        let mut forwarding = taken_back();
        forwarding.forward((B2, B1), s(0), 0);
        assert!(broken(&forwarding));
        for code in [SessionCode::Unavailable, SessionCode::Blacklisted] {
            let mut answering = taken_back();
            answering.tell((B2, B1), about(B2, s(0), code));
            assert!(broken(&answering), "{code:?}");
        }
    }

    #[test]
    fn another_user_takes_nothing_back() {
        let mut story = Story::blocked();
        story.up(B2);
        story.request((B1, B2), 1, ASK);
        let action = KeyRequestAction::Cancel;
        let cancel = KeyRequest { request: RequestId::new(1), requester: B1, action };
        let content = SentContent::KeyRequest(cancel);
        let sent = story.put((A1, B2), ToDeviceType::KeyRequest, content);
        story.accepted(sent);
        story.stored(sent);
        story.hear(sent);
        story.forward((B2, B1), s(0), 0);
        assert!(!broken(&story));
    }

    #[test]
    fn what_was_put_together_before_is_let_pass() {
        let mut story = Story::blocked();
        story.up(B2);
        story.request((B1, B2), 1, ASK);
        let content = SentContent::Withheld(about(B2, s(0), SessionCode::Unavailable));
        let sent = story.put((B2, B1), ToDeviceType::Withheld, content);
        story.request((B1, B2), 1, KeyRequestAction::Cancel);
        story.accepted(sent);
        story.stored(sent);
        assert!(!broken(&story));
    }

    #[test]
    fn what_a_sender_tells_of_its_own_accord_is_no_answer() {
        let mut story = Story::blocked();
        story.request((B1, A1), 1, ASK);
        story.request((B1, A1), 1, KeyRequestAction::Cancel);
        story.withhold(s(0), SessionCode::Blacklisted);
        assert!(!story.rules().contains(&(Rule::Q08, device(A1))));
    }

    #[test]
    fn an_answer_that_comes_too_late_is_that_and_no_made_up_session() {
        let mut story = taken_back();
        story.report(B2, None, crate::protocol::withheld::CodeSet::ALL);
        story.tell((B2, B1), about(B2, s(0), SessionCode::Unavailable));
        assert_eq!(story.broken_of(&[Rule::Q08, Rule::W20]), [(Rule::Q08, device(B2))]);
    }
}
