//! Key requests as those who were asked saw them: which are open, and which notice answers which.
//! It does not know whether an answer was due or right.

use crate::check::view::pairs::Pairs;
use crate::ids::{DeviceId, MegolmSessionId, RequestId};
use crate::protocol::to_device::{KeyRequest, KeyRequestAction};
use crate::protocol::withheld::WithheldCode;

/// A request that a device has processed.
#[derive(Debug, Clone, Copy)]
struct Asked {
    request: RequestId,
    session: MegolmSessionId,
    /// Processed, not cancelled and not answered since.
    waiting: bool,
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
    },
}

/// All requests, by who was asked and who asks.
#[derive(Debug, Clone, Default)]
pub(crate) struct Requests {
    asked: Pairs<Vec<Asked>>,
}

impl Requests {
    /// `device` processed a request or a cancellation.
    pub(crate) fn processed(&mut self, device: DeviceId, asked: KeyRequest) {
        let list = self.asked.entry(device.raw(), asked.requester.raw());
        let known = list.iter_mut().find(|known| known.request == asked.request);
        match (asked.action, known) {
            (KeyRequestAction::Request { .. }, Some(known)) => known.waiting = true,
            (KeyRequestAction::Request { session, .. }, None) => {
                list.push(Asked { request: asked.request, session, waiting: true });
            }
            (KeyRequestAction::Cancel, Some(known)) => known.waiting = false,
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

    /// *Reply-class*: what a notice of `device` to `requester` about the session is, which answers the request.
    ///
    /// A notice with a code that occurs in answers only is taken for one more answer to the last request, even if
    /// that was answered already; any other notice is then the sender's own.
    pub(crate) fn class_of(
        &mut self,
        device: DeviceId,
        requester: DeviceId,
        session: MegolmSessionId,
        code: Option<WithheldCode>,
    ) -> Class {
        let Some(list) = self.asked.get_mut(device.raw(), requester.raw()) else {
            return Class::Proactive;
        };
        let mut about = list.iter_mut().rev().filter(|asked| asked.session == session);
        if let Some(asked) = about.find(|asked| asked.waiting) {
            asked.waiting = false;
            return Class::Reply { request: asked.request, waited_for: true };
        }
        let last = list.iter().rev().find(|asked| asked.session == session);
        match last {
            Some(asked) if occurs_in_answers_only(code) => {
                Class::Reply { request: asked.request, waited_for: false }
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
    use super::{Class, Requests};
    use crate::ids::{DeviceId, MegolmSessionId, RequestId, RoomId};
    use crate::protocol::to_device::{KeyRequest, KeyRequestAction};
    use crate::protocol::withheld::WithheldCode;

    const A: DeviceId = DeviceId::new(0);
    const B: DeviceId = DeviceId::new(1);
    const S: MegolmSessionId = MegolmSessionId::new(4);

    fn ask(requests: &mut Requests, request: u32) {
        let action = KeyRequestAction::Request { room: RoomId::new(0), session: S };
        requests
            .processed(A, KeyRequest { request: RequestId::new(request), requester: B, action });
    }

    fn cancel(requests: &mut Requests, request: u32) {
        let action = KeyRequestAction::Cancel;
        requests
            .processed(A, KeyRequest { request: RequestId::new(request), requester: B, action });
    }

    fn class(requests: &mut Requests, code: WithheldCode) -> Class {
        requests.class_of(A, B, S, Some(code))
    }

    #[test]
    fn the_first_notice_after_a_request_answers_it_and_the_next_does_not() {
        let mut requests = Requests::default();
        assert_eq!(class(&mut requests, WithheldCode::Blacklisted), Class::Proactive);
        ask(&mut requests, 1);
        let reply = Class::Reply { request: RequestId::new(1), waited_for: true };
        assert_eq!(class(&mut requests, WithheldCode::Blacklisted), reply);
        assert_eq!(class(&mut requests, WithheldCode::Blacklisted), Class::Proactive);
        let again = Class::Reply { request: RequestId::new(1), waited_for: false };
        assert_eq!(class(&mut requests, WithheldCode::Unavailable), again);
        ask(&mut requests, 1);
        assert_eq!(class(&mut requests, WithheldCode::Unavailable), reply);
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
    fn of_two_requests_the_one_that_waits_is_answered() {
        let mut requests = Requests::default();
        ask(&mut requests, 1);
        ask(&mut requests, 2);
        cancel(&mut requests, 2);
        let reply = Class::Reply { request: RequestId::new(1), waited_for: true };
        assert_eq!(class(&mut requests, WithheldCode::Unverified), reply);
    }
}
