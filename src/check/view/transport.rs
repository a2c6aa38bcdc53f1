//! To-device messages on their way: put together, accepted, stored, listed, acknowledged, processed, or lost.
//! It does not know whether they were due, and looks into them only as far as facts tell their payload.

use crate::check::view::life::{Life, Moment};
use crate::check::view::pairs::{Pairs, row};
use crate::ids::{DeviceId, FactId, MegolmSessionId, OlmSessionId, ServerId, ToDeviceId, TxnId};
use crate::protocol::to_device::{KeyRequest, RoomKeyBundle, ToDeviceType};
use crate::trace::fact::{OlmError, ProcessOutcome};

/// No message: the end of a chain.
const END: u32 = u32::MAX;

/// What a to-device message is, as far as it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Content {
    /// A room key of a session, from an index on.
    Key {
        /// The session.
        session: MegolmSessionId,
        /// The first index.
        first: u32,
    },
    /// A forwarded room key of a session.
    Forwarded(MegolmSessionId),
    /// `m.dummy`
    Dummy,
    /// `m.room_key_bundle`
    Bundle(RoomKeyBundle),
    /// A withheld notice, by its number among the notices.
    Notice(u32),
    /// A key request or its cancellation.
    Request(KeyRequest),
    /// An Olm message that nobody opened yet.
    Sealed,
    /// What belongs into an Olm message, in clear: it counts for nothing.
    Clear,
    /// Something that was meant for another device, or a key for another room than that of its session.
    Stray,
}

/// How an attempt to decrypt an Olm message ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Opened {
    /// It worked.
    Decrypted,
    /// It failed.
    Failed {
        /// Why.
        error: OlmError,
        /// The attempt.
        fact: FactId,
        /// Whether the recipient had to recover then: it trusts the sender enough and the one-hour limit allows it.
        recovery_due: bool,
        /// An earlier failure of a message of this sender whose recovery was due and has not been tried since.
        neglected: Option<FactId>,
    },
}

/// A message that a server lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lost {
    /// The loss.
    pub(crate) fact: FactId,
    /// The server that lost it.
    pub(crate) server: ServerId,
}

/// One target of one transaction.
#[derive(Debug, Clone)]
pub(crate) struct ToDevice {
    /// From.
    pub(crate) sender: DeviceId,
    /// To.
    pub(crate) recipient: DeviceId,
    /// The transaction.
    pub(crate) txn: TxnId,
    /// When it was put together.
    pub(crate) put: Moment,
    /// What it is.
    pub(crate) content: Content,
    /// The Olm session that it was encrypted with.
    pub(crate) olm: Option<OlmSessionId>,
    /// The recipient's server stored it.
    pub(crate) stored: Option<FactId>,
    /// A server lost it.
    pub(crate) lost: Option<Lost>,
    /// The recipient's server deleted it because the recipient's side acknowledged it.
    pub(crate) acknowledged: Option<FactId>,
    /// The recipient processed it.
    pub(crate) processed: Option<(Moment, ProcessOutcome)>,
    /// What came of it as an Olm message.
    pub(crate) opened: Option<Opened>,
    /// How often its transaction names it as a target.
    pub(crate) targeted: u32,
    /// The row that it was first stored as.
    pub(crate) row: Option<ToDeviceId>,
    /// The first sync answer that listed it.
    pub(crate) listed: Option<FactId>,
    next_of_txn: u32,
    next_of_key: u32,
}

/// How far a message came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    /// The sender's server has not accepted it.
    Unaccepted,
    /// On its way, or in the recipient's mailbox.
    InFlight,
    /// A server lost it, or something else took it out of the mailbox.
    Lost(Lost),
    /// Acknowledged, and gone with a crash before it was made use of.
    Dropped(FactId),
    /// The recipient dealt with it.
    Processed(Moment, ProcessOutcome),
}

/// One transaction.
#[derive(Debug, Clone)]
struct Put {
    event_type: Option<ToDeviceType>,
    observed: bool,
    accepted: Option<FactId>,
    first: u32,
    last: u32,
}

/// All messages.
#[derive(Debug, Clone, Default)]
pub(crate) struct Transport {
    messages: Vec<ToDevice>,
    puts: Vec<Option<Put>>,
    stored: Vec<u32>,
    keys: Pairs<u32>,
    targets: Pairs<u32>,
}

impl Transport {
    /// Its sender put a transaction of this type together.
    pub(crate) fn put(&mut self, txn: TxnId, event_type: ToDeviceType) {
        let put = self.txn(txn);
        put.event_type = Some(event_type);
        put.observed = true;
    }

    /// The type of a transaction became known where it arrived.
    pub(crate) fn learn_type(&mut self, txn: TxnId, event_type: ToDeviceType) {
        self.txn(txn).event_type.get_or_insert(event_type);
    }

    fn txn(&mut self, txn: TxnId) -> &mut Put {
        let put = row(&mut self.puts, txn.index());
        put.get_or_insert(Put {
            event_type: None,
            observed: false,
            accepted: None,
            first: END,
            last: END,
        })
    }

    /// The type of the transaction's messages.
    pub(crate) fn type_of(&self, txn: TxnId) -> Option<ToDeviceType> {
        self.puts.get(txn.index())?.as_ref()?.event_type
    }

    /// When the sender's server accepted the transaction.
    pub(crate) fn accepted(&self, txn: TxnId) -> Option<FactId> {
        self.puts.get(txn.index())?.as_ref()?.accepted
    }

    /// The sender's server accepted the transaction. True if that is news.
    pub(crate) fn accept(&mut self, txn: TxnId, fact: FactId) -> bool {
        let put = self.txn(txn);
        let news = put.accepted.is_none();
        put.accepted.get_or_insert(fact);
        news
    }

    /// The number of the message of `txn` to `recipient`.
    pub(crate) fn find(&self, txn: TxnId, recipient: DeviceId) -> Option<u32> {
        self.targets.get(txn.raw(), recipient.raw()).copied()
    }

    /// Adds a message to its transaction; returns its number.
    pub(crate) fn add(
        &mut self,
        (sender, recipient): (DeviceId, DeviceId),
        txn: TxnId,
        content: Content,
        put: Moment,
    ) -> u32 {
        let number = u32::try_from(self.messages.len()).expect("facts are fewer than 2^32");
        self.messages.push(ToDevice {
            sender,
            recipient,
            txn,
            put,
            content: Content::Sealed,
            olm: None,
            stored: None,
            lost: None,
            acknowledged: None,
            processed: None,
            opened: None,
            targeted: 0,
            row: None,
            listed: None,
            next_of_txn: END,
            next_of_key: END,
        });
        self.targets.insert(txn.raw(), recipient.raw(), number);
        let put = self.txn(txn);
        let last = put.last;
        put.last = number;
        if last == END {
            put.first = number;
        } else {
            self.messages[last as usize].next_of_txn = number;
        }
        self.tell(number, content);
        number
    }

    /// What the message is has become known.
    pub(crate) fn tell(&mut self, number: u32, content: Content) {
        let message = &mut self.messages[number as usize];
        message.content = content;
        if let Content::Key { session, .. } = content {
            let recipient = message.recipient;
            let before = self.keys.insert(session.raw(), recipient.raw(), number);
            self.messages[number as usize].next_of_key = before.unwrap_or(END);
        }
    }

    /// The recipient's server stored the message as `stored`.
    pub(crate) fn store(&mut self, number: u32, stored: ToDeviceId, fact: FactId) {
        if self.stored.len() <= stored.index() {
            self.stored.resize(stored.index() + 1, END);
        }
        self.stored[stored.index()] = number;
        let message = &mut self.messages[number as usize];
        message.stored.get_or_insert(fact);
        message.row.get_or_insert(stored);
    }

    /// The number of what is stored as `stored`.
    pub(crate) fn number(&self, stored: ToDeviceId) -> Option<u32> {
        self.stored.get(stored.index()).copied().filter(|number| *number != END)
    }

    /// The message with this number.
    pub(crate) fn get(&self, number: u32) -> &ToDevice {
        &self.messages[number as usize]
    }

    /// The message with this number, to note what happened to it.
    pub(crate) fn get_mut(&mut self, number: u32) -> &mut ToDevice {
        &mut self.messages[number as usize]
    }

    /// The first sync that listed the message.
    pub(crate) fn list(&mut self, number: u32, fact: FactId) {
        self.get_mut(number).listed.get_or_insert(fact);
    }

    /// All messages, in the order in which they became known.
    pub(crate) fn all(&self) -> impl Iterator<Item = &ToDevice> {
        self.messages.iter()
    }

    /// Whether it was observed how the sender put the transaction together.
    pub(crate) fn is_observed(&self, txn: TxnId) -> bool {
        self.puts.get(txn.index()).and_then(Option::as_ref).is_some_and(|put| put.observed)
    }

    /// The numbers of a transaction's messages.
    pub(crate) fn of_txn(&self, txn: TxnId) -> impl Iterator<Item = u32> + '_ {
        let first =
            self.puts.get(txn.index()).and_then(Option::as_ref).map_or(END, |put| put.first);
        self.chain(first, |message| message.next_of_txn)
    }

    /// `given(a,s,d)` and what is queued: all room keys of the session to the device, the last one first.
    pub(crate) fn keys_to(
        &self,
        session: MegolmSessionId,
        recipient: DeviceId,
    ) -> impl Iterator<Item = &ToDevice> {
        let first = self.keys.get(session.raw(), recipient.raw()).copied().unwrap_or(END);
        self.chain(first, |message| message.next_of_key).map(|number| self.get(number))
    }

    fn chain(&self, first: u32, next: fn(&ToDevice) -> u32) -> impl Iterator<Item = u32> + '_ {
        let some = |number: u32| (number != END).then_some(number);
        std::iter::successors(some(first), move |number| some(next(self.get(*number))))
    }

    /// How far the message came.
    pub(crate) fn progress(&self, message: &ToDevice, life: &Life, home: ServerId) -> Progress {
        if let Some((moment, outcome)) = message.processed {
            return Progress::Processed(moment, outcome);
        }
        if let Some(lost) = message.lost {
            return Progress::Lost(lost);
        }
        if let Some(acknowledged) = message.acknowledged {
            let shown = message.listed.unwrap_or(acknowledged);
            return match life.crash_after(message.recipient, shown) {
                Some(crash) => Progress::Dropped(crash),
                None => Progress::Lost(Lost { fact: acknowledged, server: home }),
            };
        }
        if message.stored.is_some() || self.accepted(message.txn).is_some() {
            Progress::InFlight
        } else {
            Progress::Unaccepted
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Content, Lost, Progress, Transport};
    use crate::check::view::life::{Life, Moment};
    use crate::ids::{DeviceId, FactId, MegolmSessionId, ServerId, ToDeviceId, TxnId};
    use crate::time::SimTime;
    use crate::trace::fact::ProcessOutcome;

    const A: DeviceId = DeviceId::new(0);
    const S: MegolmSessionId = MegolmSessionId::new(0);
    const HOME: ServerId = ServerId::new(0);

    fn moment(fact: u32) -> Moment {
        Moment { fact: FactId::new(fact), at: SimTime::from_ms(u64::from(fact)) }
    }

    fn key(transport: &mut Transport, txn: u32, recipient: u32, first: u32) -> u32 {
        let content = Content::Key { session: S, first };
        let ends = (A, DeviceId::new(recipient));
        transport.add(ends, TxnId::new(txn), content, moment(txn))
    }

    #[test]
    fn messages_are_found_by_recipient_in_any_order() {
        let mut transport = Transport::default();
        let numbers: Vec<u32> = (1..5).map(|device| key(&mut transport, 3, device, 0)).collect();
        for device in [1, 2, 4, 3, 1, 1, 4, 2] {
            let found = transport.find(TxnId::new(3), DeviceId::new(device));
            assert_eq!(found, Some(numbers[device as usize - 1]));
        }
        assert_eq!(transport.find(TxnId::new(3), DeviceId::new(9)), None);
        assert_eq!(transport.find(TxnId::new(3), DeviceId::new(3)), Some(numbers[2]));
        assert_eq!(transport.find(TxnId::new(0), DeviceId::new(1)), None);
        assert_eq!(transport.of_txn(TxnId::new(3)).collect::<Vec<_>>(), numbers);
    }

    #[test]
    fn keys_of_a_session_come_last_first() {
        let mut transport = Transport::default();
        key(&mut transport, 0, 1, 4);
        key(&mut transport, 1, 2, 0);
        key(&mut transport, 2, 1, 6);
        let txns: Vec<u32> =
            transport.keys_to(S, DeviceId::new(1)).map(|message| message.txn.raw()).collect();
        assert_eq!(txns, [2, 0]);
    }

    #[test]
    fn a_message_goes_from_unaccepted_to_processed() {
        let (mut transport, life) = (Transport::default(), Life::default());
        let number = key(&mut transport, 0, 1, 0);
        let progress =
            |transport: &Transport| transport.progress(transport.get(number), &life, HOME);
        assert_eq!(progress(&transport), Progress::Unaccepted);
        assert!(transport.accept(TxnId::new(0), FactId::new(1)));
        assert!(!transport.accept(TxnId::new(0), FactId::new(2)));
        assert_eq!(progress(&transport), Progress::InFlight);
        transport.store(number, ToDeviceId::new(5), FactId::new(3));
        assert_eq!(transport.number(ToDeviceId::new(5)), Some(number));
        assert_eq!(transport.number(ToDeviceId::new(4)), None);
        transport.get_mut(number).processed = Some((moment(4), ProcessOutcome::Handled));
        assert_eq!(progress(&transport), Progress::Processed(moment(4), ProcessOutcome::Handled));
    }

    #[test]
    fn an_acknowledged_message_that_nobody_processed_was_dropped_in_a_crash_or_taken_by_another() {
        let (mut transport, mut life) = (Transport::default(), Life::default());
        let number = key(&mut transport, 0, 1, 0);
        transport.accept(TxnId::new(0), FactId::new(1));
        transport.list(number, FactId::new(2));
        transport.get_mut(number).acknowledged = Some(FactId::new(5));
        let lost = Lost { fact: FactId::new(5), server: HOME };
        let message = transport.get(number);
        assert_eq!(transport.progress(message, &life, HOME), Progress::Lost(lost));
        life.crashed(DeviceId::new(1), moment(4));
        assert_eq!(transport.progress(message, &life, HOME), Progress::Dropped(FactId::new(4)));
    }
}
