//! Key requests as those who made them sent them: who was asked for which session under which id, and who was told that
//! the key is not wanted any more. It does not know how those who were asked see it; `requests` does.

use crate::check::view::pairs::Pairs;
use crate::ids::{DeviceId, FactId, MegolmSessionId, RequestId};
use crate::protocol::to_device::{KeyRequest, KeyRequestAction};

/// A device that was asked for a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Asking {
    /// The request.
    pub(crate) request: RequestId,
    /// Who was asked.
    pub(crate) device: DeviceId,
    /// When that was put together, the last time.
    pub(crate) put: FactId,
    /// Whether the device was told since that the key is not wanted any more.
    pub(crate) cancelled: bool,
}

/// All that was asked.
#[derive(Debug, Clone, Default)]
pub(crate) struct Askings {
    asked: Pairs<Vec<Asking>>,
    sessions: Pairs<MegolmSessionId>,
}

impl Askings {
    /// A request or a cancellation was put together for `device`.
    pub(crate) fn sent(&mut self, device: DeviceId, asked: KeyRequest, put: FactId) {
        let KeyRequest { request, requester, action } = asked;
        match action {
            KeyRequestAction::Request { session, .. } => {
                self.sessions.insert(requester.raw(), request.raw(), session);
                let list = self.asked.entry(session.raw(), requester.raw());
                let fresh = Asking { request, device, put, cancelled: false };
                let same = |known: &&mut Asking| (known.request, known.device) == (request, device);
                match list.iter_mut().find(same) {
                    Some(known) => *known = fresh,
                    None => list.push(fresh),
                }
            }
            KeyRequestAction::Cancel => {
                let session = self.sessions.get(requester.raw(), request.raw()).copied();
                let list =
                    session.and_then(|session| self.asked.get_mut(session.raw(), requester.raw()));
                let same = |known: &&mut Asking| (known.request, known.device) == (request, device);
                if let Some(known) = list.and_then(|list| list.iter_mut().find(same)) {
                    known.cancelled = true;
                }
            }
        }
    }

    /// Whom the device asked for the session, in the order of time.
    pub(crate) fn of(&self, requester: DeviceId, session: MegolmSessionId) -> &[Asking] {
        self.asked.get(session.raw(), requester.raw()).map_or(&[], Vec::as_slice)
    }

    /// The session that a request of the device is for.
    pub(crate) fn session(
        &self,
        requester: DeviceId,
        request: RequestId,
    ) -> Option<MegolmSessionId> {
        self.sessions.get(requester.raw(), request.raw()).copied()
    }

    /// Whether the device ever asked another for the session.
    pub(crate) fn was_asked(
        &self,
        requester: DeviceId,
        session: MegolmSessionId,
        device: DeviceId,
    ) -> bool {
        self.of(requester, session).iter().any(|asking| asking.device == device)
    }
}

#[cfg(test)]
mod tests {
    use super::Askings;
    use crate::ids::{DeviceId, FactId, MegolmSessionId, RequestId, RoomId};
    use crate::protocol::to_device::{KeyRequest, KeyRequestAction};

    const ME: DeviceId = DeviceId::new(0);
    const S: MegolmSessionId = MegolmSessionId::new(3);

    fn send(askings: &mut Askings, device: u32, action: KeyRequestAction) {
        let asked = KeyRequest { request: RequestId::new(7), requester: ME, action };
        askings.sent(DeviceId::new(device), asked, FactId::new(device));
    }

    #[test]
    fn each_device_that_was_asked_is_told_for_itself_that_it_is_over() {
        let mut askings = Askings::default();
        let ask = KeyRequestAction::Request { room: RoomId::new(0), session: S };
        for device in [1, 2, 1] {
            send(&mut askings, device, ask);
        }
        assert!(askings.was_asked(ME, S, DeviceId::new(2)));
        assert!(!askings.was_asked(ME, S, DeviceId::new(3)));
        assert_eq!(askings.session(ME, RequestId::new(7)), Some(S));
        send(&mut askings, 1, KeyRequestAction::Cancel);
        let cancelled: Vec<bool> = askings.of(ME, S).iter().map(|one| one.cancelled).collect();
        assert_eq!(cancelled, [true, false]);
    }
}
