//! Key requests: those that this client has made, and those that it has been asked.
//! It does not know whether a request is granted, nor what travels.

use std::collections::{BTreeMap, BTreeSet};

use crate::ids::{DeviceId, MegolmSessionId, RequestId};

/// A request that is open.
#[derive(Debug, Clone)]
pub(super) struct OpenRequest {
    /// Its id, the same when it is repeated or cancelled.
    pub(super) request: RequestId,
    /// Who was asked.
    pub(super) asked: Vec<DeviceId>,
}

/// All requests.
#[derive(Debug, Clone, Default)]
pub(super) struct KeyRequests {
    open: BTreeMap<MegolmSessionId, OpenRequest>,
    asked_ever: BTreeSet<(MegolmSessionId, DeviceId)>,
    answered: BTreeSet<(DeviceId, RequestId)>,
    cancelled: BTreeSet<(DeviceId, RequestId)>,
    /// Those of other devices that were met with silence.
    passed_over: BTreeSet<(DeviceId, MegolmSessionId, RequestId)>,
}

impl KeyRequests {
    /// The open request for a session.
    pub(super) fn open(&self, session: MegolmSessionId) -> Option<&OpenRequest> {
        self.open.get(&session)
    }

    /// Opens a request.
    pub(super) fn begin(&mut self, session: MegolmSessionId, request: OpenRequest) {
        self.asked_ever.extend(request.asked.iter().map(|device| (session, *device)));
        self.open.insert(session, request);
    }

    /// Closes the request for a session, because the key came or nobody wants it any more.
    pub(super) fn close(&mut self, session: MegolmSessionId) -> Option<OpenRequest> {
        self.open.remove(&session)
    }

    /// Whether a device was ever asked for a session.
    pub(super) fn was_asked(&self, session: MegolmSessionId, device: DeviceId) -> bool {
        self.asked_ever.contains(&(session, device))
    }

    /// Notes that another device's request was answered. False if it was before (W-11), or was cancelled.
    pub(super) fn answer(&mut self, requester: DeviceId, request: RequestId) -> bool {
        !self.cancelled.contains(&(requester, request))
            && self.answered.insert((requester, request))
    }

    /// Nothing was said to another device's request.
    pub(super) fn pass_over(
        &mut self,
        requester: DeviceId,
        session: MegolmSessionId,
        request: RequestId,
    ) {
        self.passed_over.insert((requester, session, request));
    }

    /// A device is told that it does not get a session's key. Whatever it asked before about that session is answered by it: when it
    /// asks again under the same id, it hears nothing new (W-11).
    pub(super) fn told(&mut self, device: DeviceId, session: MegolmSessionId) {
        let [first, last] = [u32::MIN, u32::MAX].map(|id| (device, session, RequestId::new(id)));
        let about = self.passed_over.range(first..=last);
        self.answered.extend(about.map(|(.., request)| (device, *request)));
    }

    /// Another device took its request back.
    pub(super) fn cancel(&mut self, requester: DeviceId, request: RequestId) {
        self.cancelled.insert((requester, request));
    }

    /// Whether another device's request is still wanted.
    pub(super) fn is_cancelled(&self, requester: DeviceId, request: RequestId) -> bool {
        self.cancelled.contains(&(requester, request))
    }
}

#[cfg(test)]
mod tests {
    use super::{KeyRequests, OpenRequest};
    use crate::ids::{DeviceId, MegolmSessionId, RequestId};

    const THEM: DeviceId = DeviceId::new(1);

    #[test]
    fn a_request_is_answered_once_and_not_after_its_cancellation() {
        let mut requests = KeyRequests::default();
        assert!(requests.answer(THEM, RequestId::new(0)));
        assert!(!requests.answer(THEM, RequestId::new(0)));
        requests.cancel(THEM, RequestId::new(1));
        assert!(!requests.answer(THEM, RequestId::new(1)));
        assert!(requests.is_cancelled(THEM, RequestId::new(1)));
    }

    #[test]
    fn a_word_about_a_session_answers_what_was_asked_about_it_and_met_with_silence() {
        let [session, other] = [3, 4].map(MegolmSessionId::new);
        let [about, elsewhere] = [0, 1].map(RequestId::new);
        let mut requests = KeyRequests::default();
        requests.pass_over(THEM, session, about);
        requests.pass_over(THEM, other, elsewhere);
        requests.told(DeviceId::new(2), session);
        requests.told(THEM, session);
        assert!(!requests.answer(THEM, about));
        assert!(requests.answer(THEM, elsewhere));
    }

    #[test]
    fn who_was_asked_is_remembered_after_the_request_is_closed() {
        let (mut requests, session) = (KeyRequests::default(), MegolmSessionId::new(3));
        requests.begin(session, OpenRequest { request: RequestId::new(0), asked: vec![THEM] });
        assert!(requests.close(session).is_some());
        assert!(requests.open(session).is_none());
        assert!(requests.was_asked(session, THEM));
        assert!(!requests.was_asked(session, DeviceId::new(2)));
    }
}
