//! Key requests as those who were asked saw them: which are open, and which notice answers which.
//! It does not know whether an answer was due or right.

use crate::check::view::life::{Life, Moment};
use crate::check::view::pairs::Pairs;
use crate::ids::{DeviceId, FactId, MegolmSessionId, RequestId};
use crate::protocol::to_device::{KeyRequest, KeyRequestAction};
use crate::protocol::withheld::WithheldCode;

/// A request that a device has processed.
#[derive(Debug, Clone, Copy)]
struct Asked {
    request: RequestId,
    session: MegolmSessionId,
    /// Processed, not cancelled and not answered since.
    waiting: bool,
    /// What the last notice that answered it said, and when, if one did.
    told: Option<(Option<WithheldCode>, Moment)>,
    /// When it was processed last.
    since: FactId,
    /// When it was taken back, if it was since.
    cancelled: Option<FactId>,
}

/// Whether a notice answers a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// It was sent of the sender's own accord.
    Proactive,
    /// It answers this request.
    Reply {
        /// The request.
        request: RequestId,
        /// Whether the request had been processed since the last answer to it.
        waited_for: bool,
        /// When it was processed last.
        since: FactId,
    },
}

/// A notice that may be an answer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Told {
    /// The session that it is about.
    pub(crate) session: MegolmSessionId,
    /// What it says.
    pub(crate) code: Option<WithheldCode>,
    /// Whether it can be the one word that is due with a message of the session.
    pub(crate) is_due: bool,
    /// Whether it may be forged: then whatever it answers still waits.
    pub(crate) may_be_forged: bool,
}

/// All requests, by who was asked and who asks.
#[derive(Debug, Clone, Default)]
pub(crate) struct Requests {
    asked: Pairs<Vec<Asked>>,
}

impl Requests {
    /// `device` processed a request or a cancellation.
    pub(crate) fn processed(&mut self, device: DeviceId, asked: KeyRequest, fact: FactId) {
        let list = self.asked.entry(device.raw(), asked.requester.raw());
        // The id of a request may be used again for another session.
        let known = list.iter_mut().rev().find(|known| known.request == asked.request);
        match (asked.action, known) {
            (KeyRequestAction::Request { session, .. }, Some(known))
                if known.session == session =>
            {
                (known.waiting, known.since, known.cancelled) = (true, fact, None);
            }
            (KeyRequestAction::Request { session, .. }, Some(_) | None) => {
                let (request, since) = (asked.request, fact);
                let asked =
                    Asked { request, session, waiting: true, told: None, since, cancelled: None };
                list.push(asked);
            }
            (KeyRequestAction::Cancel, Some(known)) => {
                (known.waiting, known.cancelled) = (false, Some(fact));
            }
            (KeyRequestAction::Cancel, None) => {}
        }
    }

    /// `device` answers whatever `requester` asked about the session.
    pub(crate) fn answered(
        &mut self,
        device: DeviceId,
        requester: DeviceId,
        session: MegolmSessionId,
    ) {
        if let Some(list) = self.asked.get_mut(device.raw(), requester.raw()) {
            for asked in list.iter_mut().filter(|asked| asked.session == session) {
                asked.waiting = false;
            }
        }
    }

    /// The cancellation that `device` processed last of a request of `requester` for the session, if no request for it is
    /// left that was not taken back.
    pub(crate) fn cancelled(
        &self,
        device: DeviceId,
        requester: DeviceId,
        session: MegolmSessionId,
    ) -> Option<FactId> {
        let list = self.asked.get(device.raw(), requester.raw())?;
        let mut about = list.iter().filter(|asked| asked.session == session);
        about.try_fold(None, |last, asked| Some(last.max(Some(asked.cancelled?))))?
    }

    /// *Reply-class*: what a notice of `device` to `requester` about the session is, which answers the request.
    ///
    /// A notice with a code that occurs in answers only is taken for one more answer to the last request, even if
    /// that was answered already; any other notice is then the sender's own. Of a request that was answered and came again, only
    /// what repeats that answer is taken for another: a new reason may have come up by itself. And not even that is if it can be the
    /// one word that is due with a message of the session.
    pub(crate) fn class_of(
        &mut self,
        (device, requester): (DeviceId, DeviceId),
        notice: Told,
        now: Moment,
        life: &Life,
    ) -> Class {
        let Told { session, code, is_due, may_be_forged } = notice;
        let Some(list) = self.asked.get_mut(device.raw(), requester.raw()) else {
            return Class::Proactive;
        };
        let mut about = list.iter_mut().rev().filter(|asked| asked.session == session);
        // What an older store has forgotten was never said.
        let is_told = |(_, at): &(_, Moment)| life.forgiven(device, *at).is_none();
        let is_answer = |asked: &Asked| {
            asked.told.filter(is_told).is_none_or(|(told, _)| told == code && !is_due)
                || occurs_in_answers_only(code)
        };
        if let Some(asked) = about.find(|asked| asked.waiting && is_answer(asked)) {
            if !may_be_forged {
                (asked.waiting, asked.told) = (false, Some((code, now)));
            }
            let (request, since) = (asked.request, asked.since);
            return Class::Reply { request, waited_for: true, since };
        }
        let last = list.iter().rev().find(|asked| asked.session == session);
        match last {
            Some(asked) if occurs_in_answers_only(code) => {
                let (request, since) = (asked.request, asked.since);
                Class::Reply { request, waited_for: false, since }
            }
            Some(_) | None => Class::Proactive,
        }
    }
}

/// Whether a notice with this code makes sense as an answer only.
fn occurs_in_answers_only(code: Option<WithheldCode>) -> bool {
    match code {
        Some(WithheldCode::Unavailable | WithheldCode::Unauthorised) => true,
        Some(
            WithheldCode::Blacklisted
            | WithheldCode::Unverified
            | WithheldCode::NoOlm
            | WithheldCode::HistoryNotShared,
        )
        | None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{Class, Requests, Told};
    use crate::check::view::life::{Life, Moment};
    use crate::ids::{DeviceId, FactId, MegolmSessionId, RequestId, RoomId};
    use crate::protocol::to_device::{KeyRequest, KeyRequestAction};
    use crate::protocol::withheld::WithheldCode;
    use crate::time::SimTime;

    const A: DeviceId = DeviceId::new(0);
    const B: DeviceId = DeviceId::new(1);
    const S: MegolmSessionId = MegolmSessionId::new(4);

    fn ask(requests: &mut Requests, request: u32) {
        let action = KeyRequestAction::Request { room: RoomId::new(0), session: S };
        let asked = KeyRequest { request: RequestId::new(request), requester: B, action };
        requests.processed(A, asked, FactId::new(5));
    }

    fn cancel(requests: &mut Requests, request: u32) {
        let action = KeyRequestAction::Cancel;
        let asked = KeyRequest { request: RequestId::new(request), requester: B, action };
        requests.processed(A, asked, FactId::new(6));
    }

    fn class(requests: &mut Requests, code: WithheldCode) -> Class {
        class_where(requests, code, false)
    }

    fn class_where(requests: &mut Requests, code: WithheldCode, is_due: bool) -> Class {
        let now = Moment { fact: FactId::new(7), at: SimTime::from_ms(7) };
        let told = Told { session: S, code: Some(code), is_due, may_be_forged: false };
        requests.class_of((A, B), told, now, &Life::default())
    }

    #[test]
    fn the_first_notice_after_a_request_answers_it_and_the_next_does_not() {
        let mut requests = Requests::default();
        assert_eq!(class(&mut requests, WithheldCode::Blacklisted), Class::Proactive);
        ask(&mut requests, 1);
        let reply =
            Class::Reply { request: RequestId::new(1), waited_for: true, since: FactId::new(5) };
        assert_eq!(class(&mut requests, WithheldCode::Blacklisted), reply);
        assert_eq!(class(&mut requests, WithheldCode::Blacklisted), Class::Proactive);
        let again =
            Class::Reply { request: RequestId::new(1), waited_for: false, since: FactId::new(5) };
        assert_eq!(class(&mut requests, WithheldCode::Unavailable), again);
        ask(&mut requests, 1);
        assert_eq!(class(&mut requests, WithheldCode::Unavailable), reply);
    }

    #[test]
    fn a_new_reason_does_not_answer_a_request_that_was_answered_and_came_again() {
        let mut requests = Requests::default();
        ask(&mut requests, 1);
        let reply =
            Class::Reply { request: RequestId::new(1), waited_for: true, since: FactId::new(5) };
        assert_eq!(class(&mut requests, WithheldCode::Unverified), reply);
        ask(&mut requests, 1);
        assert_eq!(class(&mut requests, WithheldCode::Blacklisted), Class::Proactive);
        assert_eq!(class(&mut requests, WithheldCode::Unverified), reply, "it is told once more");
    }

    #[test]
    fn what_may_be_due_with_a_message_does_not_answer_a_request_that_was_answered_and_came_again() {
        let mut requests = Requests::default();
        ask(&mut requests, 1);
        let reply =
            Class::Reply { request: RequestId::new(1), waited_for: true, since: FactId::new(5) };
        assert_eq!(class_where(&mut requests, WithheldCode::Blacklisted, true), reply);
        ask(&mut requests, 1);
        assert_eq!(class_where(&mut requests, WithheldCode::Blacklisted, true), Class::Proactive);
        assert_eq!(class_where(&mut requests, WithheldCode::Unavailable, true), reply);
        ask(&mut requests, 1);
        assert_eq!(class_where(&mut requests, WithheldCode::Unavailable, false), reply);
    }

    #[test]
    fn a_cancelled_or_answered_request_waits_for_nothing() {
        let mut requests = Requests::default();
        ask(&mut requests, 1);
        cancel(&mut requests, 1);
        assert_eq!(class(&mut requests, WithheldCode::Unverified), Class::Proactive);
        ask(&mut requests, 2);
        requests.answered(A, B, S);
        assert_eq!(class(&mut requests, WithheldCode::Unverified), Class::Proactive);
        cancel(&mut requests, 9);
    }

    #[test]
    fn a_session_is_not_wanted_any_more_once_every_request_for_it_was_taken_back() {
        let mut requests = Requests::default();
        assert_eq!(requests.cancelled(A, B, S), None);
        ask(&mut requests, 1);
        ask(&mut requests, 2);
        cancel(&mut requests, 1);
        assert_eq!(requests.cancelled(A, B, S), None);
        cancel(&mut requests, 2);
        assert_eq!(requests.cancelled(A, B, S), Some(FactId::new(6)));
        ask(&mut requests, 2);
        assert_eq!(requests.cancelled(A, B, S), None);
    }

    #[test]
    fn of_two_requests_the_one_that_waits_is_answered() {
        let mut requests = Requests::default();
        ask(&mut requests, 1);
        ask(&mut requests, 2);
        cancel(&mut requests, 2);
        let reply =
            Class::Reply { request: RequestId::new(1), waited_for: true, since: FactId::new(5) };
        assert_eq!(class(&mut requests, WithheldCode::Unverified), reply);
    }
}
