//! Megolm sessions and messages: who made which, when each was encrypted and accepted, and who could read it.
//! It does not know to whom the keys went.

use crate::check::view::life::Moment;
use crate::check::view::pairs::{Pairs, row};
use crate::ids::{BitSet, DeviceId, FactId, MegolmSessionId, MessageId, RoomId};
use crate::time::{SimDuration, SimTime};
use crate::trace::fact::{Shown, TryResult};

/// An outbound session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Session {
    /// Who made it.
    pub(crate) creator: DeviceId,
    /// For which room.
    pub(crate) room: RoomId,
    /// When.
    pub(crate) new: FactId,
}

/// A message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Encrypted {
    /// Who sent it.
    pub(crate) sender: DeviceId,
    /// Where.
    pub(crate) room: RoomId,
    /// With which session.
    pub(crate) session: MegolmSessionId,
    /// At which index.
    pub(crate) index: u32,
    /// When it was encrypted.
    pub(crate) fact: FactId,
    /// The virtual time of that.
    pub(crate) at: SimTime,
    /// The first thing that the sender did for it: a share, a notice, a claim.
    pub(crate) prepared_from: FactId,
    /// When the sender's message in this room before this one was encrypted.
    pub(crate) previous: Option<FactId>,
    /// The number of the sender's view of everybody, as it was then.
    pub(crate) snapshot: u32,
}

/// The last attempt of a device to read a message, if it did not work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failed {
    /// Decrypted and hidden.
    Hidden(FactId),
    /// The message itself is no good.
    Invalid(FactId),
    /// No key, and this is shown.
    Undecryptable(Shown, FactId),
}

/// One message.
#[derive(Debug, Clone, Default)]
struct Message {
    encrypted: Option<Encrypted>,
    accepted: Option<FactId>,
    /// When its sender was told of it in the room.
    echoed: Option<FactId>,
    /// When its sender was first told of the room by a sync that leaves events out, since the message was accepted.
    left_out: Option<FactId>,
    room: Option<RoomId>,
    read: BitSet,
    /// It was encrypted once more, as a client with an older store does, or one that crashed.
    repeated: bool,
}

/// What a sender does for one message comes without longer pauses than this. It leaves time for an answer of the
/// server, and none for a user.
const PAUSE_MAX: SimDuration = SimDuration::from_secs(2);

/// What a sender is doing for its next message in a room.
#[derive(Debug, Clone, Copy, Default)]
struct Preparation {
    from: Option<FactId>,
    last: SimTime,
    previous: Option<FactId>,
}

impl Preparation {
    /// Since when it has been going on without a pause.
    fn since(&self, now: SimTime) -> Option<FactId> {
        self.from.filter(|_| now.since(self.last) <= PAUSE_MAX)
    }
}

/// All sessions and messages.
#[derive(Debug, Clone, Default)]
pub(crate) struct Messages {
    sessions: Vec<Option<Session>>,
    current: Pairs<MegolmSessionId>,
    latest: Vec<Option<(RoomId, MegolmSessionId)>>,
    preparations: Pairs<Preparation>,
    messages: Vec<Message>,
    failed: Pairs<Failed>,
    /// The last message of each device that its server accepted, unless the device was told of it before.
    unechoed: Vec<Option<MessageId>>,
    /// The last time that a device read a message after it had once stopped.
    read_again: Pairs<FactId>,
}

impl Messages {
    /// The device made a session.
    pub(crate) fn session_made(
        &mut self,
        creator: DeviceId,
        room: RoomId,
        session: MegolmSessionId,
        fact: FactId,
    ) {
        *row(&mut self.sessions, session.index()) = Some(Session { creator, room, new: fact });
        self.current.insert(creator.raw(), room.raw(), session);
        *row(&mut self.latest, creator.index()) = Some((room, session));
    }

    /// The device did something for its next message in the room; it may have been claiming keys for it `since`.
    pub(crate) fn prepares(
        &mut self,
        device: DeviceId,
        room: RoomId,
        now: Moment,
        since: Option<FactId>,
    ) {
        let preparation = self.preparations.entry(device.raw(), room.raw());
        let since = since.filter(|since| Some(*since) > preparation.previous).unwrap_or(now.fact);
        let from = preparation.since(now.at).unwrap_or(since.min(now.fact));
        *preparation = Preparation { from: Some(from), last: now.at, ..*preparation };
    }

    /// What the sender has done for its next message in the room, and when the last one was: the message that is
    /// encrypted now has both.
    pub(crate) fn prepared(
        &self,
        device: DeviceId,
        room: RoomId,
        now: Moment,
    ) -> (FactId, Option<FactId>) {
        let preparation =
            self.preparations.get(device.raw(), room.raw()).copied().unwrap_or_default();
        (preparation.since(now.at).unwrap_or(now.fact), preparation.previous)
    }

    /// The message was encrypted; if it was before, and not accepted yet, this takes the place of that.
    pub(crate) fn encrypted(&mut self, message: MessageId, encrypted: Encrypted) {
        let Encrypted { sender, room, session, fact, .. } = encrypted;
        let preparation = self.preparations.entry(sender.raw(), room.raw());
        *preparation = Preparation { previous: Some(fact), ..Preparation::default() };
        *row(&mut self.latest, sender.index()) = Some((room, session));
        let message = row(&mut self.messages, message.index());
        // What was encrypted before may be on its way, and may come to be accepted as well.
        message.repeated |= message.encrypted.is_some();
        if message.accepted.is_none() {
            message.encrypted = Some(encrypted);
        }
    }

    /// The sender's server accepted the message.
    pub(crate) fn accepted(&mut self, message: MessageId, room: RoomId, fact: FactId) {
        let known = row(&mut self.messages, message.index());
        known.accepted.get_or_insert(fact);
        known.room.get_or_insert(room);
        if let (Some(encrypted), None) = (known.encrypted, known.echoed) {
            *row(&mut self.unechoed, encrypted.sender.index()) = Some(message);
        }
    }

    /// The device was told of the room by a sync that leaves events out. Returns the last message that it sent, if it is one of this room
    /// that was accepted and that it was not told of.
    pub(crate) fn left_out(
        &mut self,
        device: DeviceId,
        room: RoomId,
        fact: FactId,
    ) -> Option<Encrypted> {
        let message = (*self.unechoed.get(device.index())?)?;
        let message = row(&mut self.messages, message.index());
        let sent = message.encrypted.filter(|sent| (sent.sender, sent.room) == (device, room))?;
        let is_first = message.echoed.is_none() && message.left_out.is_none();
        message.left_out.get_or_insert(fact);
        is_first.then_some(sent)
    }

    /// The device was told of the message. If that is its sender, for the first time: how it was encrypted.
    pub(crate) fn came(
        &mut self,
        message: MessageId,
        device: DeviceId,
        fact: FactId,
    ) -> Option<Encrypted> {
        let message = row(&mut self.messages, message.index());
        let sent = message.encrypted.filter(|encrypted| encrypted.sender == device)?;
        let is_first = message.echoed.is_none();
        message.echoed.get_or_insert(fact);
        is_first.then_some(sent)
    }

    /// When the message's sender knew at the latest that it was sent.
    pub(crate) fn echoed(&self, message: MessageId) -> Option<FactId> {
        let message = self.messages.get(message.index())?;
        message.echoed.or(message.left_out)
    }

    /// The device tried to read the message.
    pub(crate) fn tried(
        &mut self,
        device: DeviceId,
        message: MessageId,
        result: TryResult,
        fact: FactId,
    ) {
        let read = &mut row(&mut self.messages, message.index()).read;
        let failed = match result {
            TryResult::Decrypted => {
                if read.insert(device.index()) {
                    self.failed.remove(message.raw(), device.raw());
                }
                return;
            }
            TryResult::Hidden => Failed::Hidden(fact),
            TryResult::Invalid => Failed::Invalid(fact),
            TryResult::Undecryptable(shown) => Failed::Undecryptable(shown, fact),
        };
        read.remove(device.index());
        self.failed.insert(message.raw(), device.raw(), failed);
    }

    /// The device, which has stopped before, read the message.
    pub(crate) fn read_after_crash(&mut self, message: MessageId, device: DeviceId, fact: FactId) {
        self.read_again.insert(message.raw(), device.raw(), fact);
    }

    /// Whether the device read the message after this crash, be it only one of its copies: a key that it had then was not swept away.
    pub(crate) fn was_read_since(
        &self,
        message: MessageId,
        device: DeviceId,
        crash: FactId,
    ) -> bool {
        self.read_again.get(message.raw(), device.raw()).is_some_and(|read| *read > crash)
    }

    /// A session, if its making was observed.
    pub(crate) fn session(&self, session: MegolmSessionId) -> Option<Session> {
        self.sessions.get(session.index()).copied().flatten()
    }

    /// The session that the device uses now in the room, or in the room where it was busy last.
    pub(crate) fn current(
        &self,
        device: DeviceId,
        room: Option<RoomId>,
    ) -> Option<MegolmSessionId> {
        let latest = self.latest.get(device.index()).copied().flatten();
        match room {
            Some(room) => self.current.get(device.raw(), room.raw()).copied(),
            None => latest.map(|(_, session)| session),
        }
    }

    /// The room in which the device last made a session or encrypted.
    pub(crate) fn busy_in(&self, device: DeviceId) -> Option<RoomId> {
        self.latest.get(device.index()).copied().flatten().map(|(room, _)| room)
    }

    /// The messages that were accepted, ascending, with the fact and the room.
    pub(crate) fn all_accepted(&self) -> impl Iterator<Item = (MessageId, FactId, RoomId)> + '_ {
        self.messages.iter().enumerate().filter_map(|(index, message)| {
            Some((MessageId::at(index), message.accepted?, message.room?))
        })
    }

    /// How the message was encrypted, if that was observed.
    pub(crate) fn encryption(&self, message: MessageId) -> Option<&Encrypted> {
        self.messages.get(message.index())?.encrypted.as_ref()
    }

    /// Whether the message was encrypted again: it may stand in the room twice, and an attempt to read it does not tell which of
    /// the two it is about.
    pub(crate) fn is_repeated(&self, message: MessageId) -> bool {
        self.messages.get(message.index()).is_some_and(|message| message.repeated)
    }

    /// The messages that the device encrypted since `since`, in the order of their names.
    pub(crate) fn encrypted_by(
        &self,
        device: DeviceId,
        since: Option<FactId>,
    ) -> impl Iterator<Item = &Encrypted> {
        let all = self.messages.iter().filter_map(|message| message.encrypted.as_ref());
        all.filter(move |encrypted| encrypted.sender == device && Some(encrypted.fact) > since)
    }

    /// Whether the device's last attempt to read the message worked.
    pub(crate) fn was_read(&self, message: MessageId, device: DeviceId) -> bool {
        self.messages
            .get(message.index())
            .is_some_and(|message| message.read.contains(device.index()))
    }

    /// The device's last attempt to read the message, if it did not work.
    pub(crate) fn failure(&self, message: MessageId, device: DeviceId) -> Option<Failed> {
        self.failed.get(message.raw(), device.raw()).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::{Encrypted, Failed, Messages};
    use crate::check::view::life::Moment;
    use crate::ids::{DeviceId, FactId, MegolmSessionId, MessageId, RoomId};
    use crate::time::SimTime;
    use crate::trace::fact::{Shown, TryResult};

    const A: DeviceId = DeviceId::new(0);
    const B: DeviceId = DeviceId::new(1);
    const R: RoomId = RoomId::new(0);
    const M: MessageId = MessageId::new(0);

    fn moment(fact: u32) -> Moment {
        Moment { fact: FactId::new(fact), at: SimTime::from_ms(u64::from(fact)) }
    }

    fn encrypted(messages: &Messages, index: u32, fact: u32) -> Encrypted {
        let now = moment(fact);
        let (prepared_from, previous) = messages.prepared(A, R, now);
        let fact = now.fact;
        Encrypted {
            sender: A,
            room: R,
            session: MegolmSessionId::new(0),
            index,
            fact,
            at: now.at,
            prepared_from,
            previous,
            snapshot: 0,
        }
    }

    #[test]
    fn a_message_that_is_encrypted_again_before_it_is_accepted_counts_as_the_last() {
        let mut messages = Messages::default();
        messages.encrypted(M, encrypted(&messages, 0, 1));
        messages.encrypted(M, encrypted(&messages, 1, 2));
        messages.accepted(M, R, FactId::new(3));
        messages.encrypted(M, encrypted(&messages, 2, 4));
        assert_eq!(messages.encryption(M).unwrap().index, 1);
        assert_eq!(messages.all_accepted().collect::<Vec<_>>(), [(M, FactId::new(3), R)]);
    }

    #[test]
    fn the_last_attempt_to_read_counts() {
        let mut messages = Messages::default();
        messages.tried(B, M, TryResult::Undecryptable(Shown::Unexplained), FactId::new(1));
        let failed = Failed::Undecryptable(Shown::Unexplained, FactId::new(1));
        assert_eq!(messages.failure(M, B), Some(failed));
        messages.tried(B, M, TryResult::Decrypted, FactId::new(2));
        assert!(messages.was_read(M, B));
        assert_eq!(messages.failure(M, B), None);
        messages.tried(B, M, TryResult::Invalid, FactId::new(3));
        assert!(!messages.was_read(M, B));
        assert_eq!(messages.failure(M, B), Some(Failed::Invalid(FactId::new(3))));
    }

    #[test]
    fn preparation_begins_with_the_claim_or_with_the_share_and_ends_with_the_message() {
        let mut messages = Messages::default();
        messages.prepares(A, R, moment(5), Some(FactId::new(3)));
        messages.prepares(A, R, moment(6), None);
        assert_eq!(messages.prepared(A, R, moment(7)), (FactId::new(3), None));
        messages.encrypted(M, encrypted(&messages, 0, 7));
        assert_eq!(messages.prepared(A, R, moment(9)), (FactId::new(9), Some(FactId::new(7))));
        messages.prepares(A, R, moment(10), Some(FactId::new(4)));
        assert_eq!(messages.prepared(A, R, moment(11)).0, FactId::new(10));
    }

    #[test]
    fn what_was_done_long_before_is_no_preparation() {
        let mut messages = Messages::default();
        let later = |ms| Moment { fact: FactId::new(9), at: SimTime::from_ms(ms) };
        messages.prepares(A, R, moment(5), None);
        assert_eq!(messages.prepared(A, R, later(2_005)).0, FactId::new(5));
        assert_eq!(messages.prepared(A, R, later(2_006)).0, FactId::new(9));
        messages.prepares(A, R, later(2_006), None);
        assert_eq!(messages.prepared(A, R, later(2_007)).0, FactId::new(9));
    }

    #[test]
    fn a_device_is_busy_where_it_made_a_session_or_encrypted_last() {
        let other = (RoomId::new(1), MegolmSessionId::new(1));
        let mut messages = Messages::default();
        assert_eq!((messages.busy_in(A), messages.current(A, None)), (None, None));
        let first = MegolmSessionId::new(0);
        messages.session_made(A, R, first, FactId::new(1));
        messages.session_made(A, other.0, other.1, FactId::new(2));
        assert_eq!(messages.busy_in(A), Some(other.0));
        assert_eq!(messages.current(A, None), Some(other.1));
        messages.encrypted(M, encrypted(&messages, 0, 3));
        assert_eq!(messages.busy_in(A), Some(R));
        assert_eq!(messages.current(A, None), Some(first));
        assert_eq!(messages.current(A, Some(other.0)), Some(other.1));
    }
}
