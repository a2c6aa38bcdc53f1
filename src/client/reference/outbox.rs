//! Requests that must be done: kept in the store until they are answered, sent again with the same content and the
//! same transaction id when they fail (T-10).
//! It does not know what follows when one is done.

use std::collections::BTreeMap;

use smallvec::SmallVec;

use crate::client::{Because, RequestNo};
use crate::ids::{FactId, MessageId};
use crate::protocol::api::{Failure, Request};
use crate::protocol::provenance::Provenance;
use crate::scenario::habits::Habits;
use crate::time::{SimDuration, SimTime};

/// The place of a request in the outbox; later ones are greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct OutboxNo(u32);

/// Places of a few requests: most of what is sent at once is one or two.
pub(super) type Places = SmallVec<[OutboxNo; 2]>;

/// No wait is shorter, whatever a server says.
pub(super) const SHORTEST_WAIT: SimDuration = SimDuration::from_ms(100);

/// How long it is waited after failures in a row.
#[derive(Debug, Clone, Copy)]
pub(super) struct Waits {
    /// The first wait; doubled with each further failure.
    first: SimDuration,
    /// The longest wait.
    longest: SimDuration,
    /// After so many a request waits for the network to come back instead of for a time, as an application does that the system
    /// tells about its network.
    pub(super) failures_max: u32,
}

impl Waits {
    /// Those of a client that is not told otherwise.
    const USUAL: Self = Self {
        first: SimDuration::from_secs(2),
        longest: SimDuration::from_secs(300),
        failures_max: 12,
    };

    /// The waits of a client that is written like this.
    pub(super) const fn of(habits: &Habits) -> Self {
        if habits.patient_requests { PATIENT } else { Self::USUAL }
    }

    /// How long to wait after so many failures in a row.
    pub(super) fn after(self, failures: u32) -> SimDuration {
        self.first.times(1 << failures.saturating_sub(1).min(16)).min(self.longest)
    }
}

/// The waits of an HTTP client that makes a request again for a quarter of an hour by itself.
///
/// Source: `HttpClient::send_request` in `http_client/native.rs` of matrix-sdk: waits of half a second, doubled up to a minute.
pub(super) const PATIENT: Waits = Waits {
    first: SimDuration::from_ms(500),
    longest: SimDuration::from_secs(60),
    failures_max: 21,
};

#[derive(Debug, Clone)]
struct Entry {
    request: Request,
    cause: Provenance,
    /// The fact that made it fail last.
    held_up: Provenance,
    /// It is not sent before this one is done.
    after: Option<OutboxNo>,
    /// It leaves with a batch.
    in_batch: bool,
}

/// The durable part: what is to be done.
#[derive(Debug, Clone, Default)]
pub(super) struct Outbox {
    entries: BTreeMap<OutboxNo, Entry>,
    next: u32,
}

/// The volatile part: what is on its way, and when the rest is tried again.
#[derive(Debug, Clone, Default)]
pub(super) struct Sending {
    running: BTreeMap<RequestNo, OutboxNo>,
    waiting: BTreeMap<OutboxNo, Wait>,
}

#[derive(Debug, Clone, Copy)]
struct Wait {
    failures: u32,
    state: WaitState,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum WaitState {
    /// On its way.
    Running,
    /// Tried again at this time.
    Until(SimTime),
    /// Tried again when the network is back.
    Stalled,
}

impl Outbox {
    /// Puts a request in.
    pub(super) fn push(&mut self, request: Request, cause: Option<FactId>) -> OutboxNo {
        let number = OutboxNo(self.next);
        self.next += 1;
        self.entries.insert(
            number,
            Entry {
                request,
                cause: Provenance(cause),
                held_up: Provenance::UNKNOWN,
                after: None,
                in_batch: false,
            },
        );
        number
    }

    /// Has each of these requests wait until the one before it is done.
    pub(super) fn put_in_turn(&mut self, numbers: &[OutboxNo]) {
        for pair in numbers.windows(2) {
            if let Some(entry) = self.entries.get_mut(&pair[1]) {
                entry.after = Some(pair[0]);
            }
        }
    }

    /// Has a request wait until the last one before it is done that is about the user's own keys or signatures.
    pub(super) fn put_behind_identity(&mut self, number: OutboxNo) {
        let is_about_identity = |request: &Request| {
            matches!(request, Request::UploadSigningKeys(_) | Request::UploadSignature(_))
        };
        let mut before = self.entries.range(..number);
        let last = before.rfind(|(_, entry)| is_about_identity(&entry.request));
        let last = last.map(|(number, _)| *number);
        if let Some(entry) = self.entries.get_mut(&number) {
            entry.after = last;
        }
    }

    /// Has these requests leave with the next batch.
    pub(super) fn put_in_batch(&mut self, numbers: &[OutboxNo]) {
        for number in numbers {
            if let Some(entry) = self.entries.get_mut(number) {
                entry.in_batch = true;
            }
        }
    }

    /// Takes a request out, because it is done or given up.
    pub(super) fn take(&mut self, number: OutboxNo) -> Option<Request> {
        self.entries.remove(&number).map(|entry| entry.request)
    }

    /// The request at a place, to change it.
    pub(super) fn request_mut(&mut self, number: OutboxNo) -> Option<&mut Request> {
        self.entries.get_mut(&number).map(|entry| &mut entry.request)
    }

    /// The request failed because of this.
    pub(super) fn hold_up(&mut self, number: OutboxNo, by: Option<FactId>) {
        if let Some(entry) = self.entries.get_mut(&number) {
            entry.held_up = Provenance(by);
        }
    }

    /// Whether the request is still to be done.
    pub(super) fn holds(&self, number: OutboxNo) -> bool {
        self.entries.contains_key(&number)
    }

    /// Where the request stands that sends a message.
    pub(super) fn place_of(&self, message: MessageId) -> Option<OutboxNo> {
        let sends = |request: &Request| matches!(request, Request::SendMessage(put) if put.message == message);
        self.entries.iter().find(|(_, entry)| sends(&entry.request)).map(|(number, _)| *number)
    }

    /// The requests still to be done, in order.
    pub(super) fn requests(&self) -> impl Iterator<Item = &Request> {
        self.entries.values().map(|entry| &entry.request)
    }
}

impl Sending {
    /// Whether a request of the last batch is on its way or is to be sent again, or keys are uploaded.
    pub(super) fn has_batch(&self, outbox: &Outbox) -> bool {
        let under_way = self.waiting.iter().filter(|(_, wait)| wait.state != WaitState::Stalled);
        let mut entries = under_way.filter_map(|(number, _)| outbox.entries.get(number));
        entries.any(|entry| entry.in_batch || matches!(entry.request, Request::UploadKeys(_)))
    }

    /// The requests that are due, wait for no other and are not on their way, in order; those of a batch that was not sent yet if it leaves now.
    pub(super) fn due(
        &self,
        outbox: &Outbox,
        (clock, with_batch): (SimTime, bool),
    ) -> SmallVec<[(OutboxNo, Request, Because); 2]> {
        let is_due = |number: &OutboxNo| match self.waiting.get(number).map(|wait| wait.state) {
            None => true,
            Some(WaitState::Until(until)) => until <= clock,
            Some(WaitState::Running | WaitState::Stalled) => false,
        };
        outbox
            .entries
            .iter()
            .filter(|(number, _)| is_due(number))
            .filter(|(_, entry)| entry.after.is_none_or(|before| !outbox.holds(before)))
            .filter(|(number, entry)| {
                with_batch || !entry.in_batch || self.waiting.contains_key(number)
            })
            .map(|(number, entry)| {
                let because = Because { cause: entry.cause.0, held_up: entry.held_up.0 };
                (*number, entry.request.clone(), because)
            })
            .collect()
    }

    /// The request is on its way under this number.
    pub(super) fn sent(&mut self, number: OutboxNo, request: RequestNo) {
        self.running.insert(request, number);
        let wait = self.waiting.entry(number);
        wait.or_insert(Wait { failures: 0, state: WaitState::Running }).state = WaitState::Running;
    }

    /// Which entry was sent under this number; it is not on its way any more.
    pub(super) fn answered(&mut self, request: RequestNo) -> Option<OutboxNo> {
        self.running.remove(&request)
    }

    /// The entry is done.
    pub(super) fn done(&mut self, number: OutboxNo) {
        self.waiting.remove(&number);
    }

    /// The entry failed: it is tried again after a wait, as the server says or twice as long as the last time.
    pub(super) fn failed(
        &mut self,
        number: OutboxNo,
        failure: Failure,
        (clock, waits): (SimTime, Waits),
    ) {
        let fresh = Wait { failures: 0, state: WaitState::Running };
        let wait = self.waiting.entry(number).or_insert(fresh);
        wait.failures += 1;
        wait.state = if let Failure::RateLimited(told) = failure {
            WaitState::Until(clock + told.max(SHORTEST_WAIT))
        } else if wait.failures >= waits.failures_max {
            WaitState::Stalled
        } else {
            WaitState::Until(clock + waits.after(wait.failures))
        };
    }

    /// The network may be back: what waits is due now. What is on its way may still be lost to the network as it was, and is
    /// tried again then as after a first failure.
    pub(super) fn revive(&mut self) {
        for wait in self.waiting.values_mut() {
            wait.failures = 0;
            if wait.state != WaitState::Running {
                wait.state = WaitState::Until(SimTime::ZERO);
            }
        }
    }

    /// The earliest time at which something is tried again.
    pub(super) fn next_retry(&self) -> Option<SimTime> {
        self.waiting
            .values()
            .filter_map(|wait| match wait.state {
                WaitState::Until(until) => Some(until),
                WaitState::Running | WaitState::Stalled => None,
            })
            .min()
    }
}

#[cfg(test)]
mod tests {
    use super::{Outbox, PATIENT, Sending, Waits};
    use crate::client::RequestNo;
    use crate::protocol::api::{Failure, Request};
    use crate::scenario::habits::Habits;
    use crate::time::{SimDuration, SimTime};

    const FAILURES_MAX: u32 = Waits::USUAL.failures_max;

    const fn at(seconds: u64) -> SimTime {
        SimTime::from_ms(seconds * 1_000)
    }

    #[test]
    fn a_failed_request_is_tried_again_after_a_wait_that_doubles_up_to_five_minutes() {
        let (mut outbox, mut sending) = (Outbox::default(), Sending::default());
        let number = outbox.push(Request::Logout, None);
        let mut clock = at(0);
        for expected in [2, 4, 8, 16, 32, 64, 128, 256, 300, 300] {
            assert_eq!(sending.due(&outbox, (clock, true)).len(), 1);
            sending.sent(number, RequestNo(0));
            assert!(
                sending.due(&outbox, (at(100_000), true)).is_empty(),
                "on its way and sent again"
            );
            assert_eq!(sending.answered(RequestNo(0)), Some(number));
            sending.failed(number, Failure::Timeout, (clock, Waits::USUAL));
            assert_eq!(sending.next_retry(), Some(clock + SimDuration::from_secs(expected)));
            assert!(sending.due(&outbox, (clock, true)).is_empty());
            clock += SimDuration::from_secs(expected);
        }
    }

    #[test]
    fn a_patient_client_waits_for_shorter_times_and_more_often() {
        let (mut outbox, mut sending) = (Outbox::default(), Sending::default());
        let number = outbox.push(Request::Logout, None);
        let mut waits = Vec::new();
        for _ in 0..PATIENT.failures_max {
            sending.failed(number, Failure::Timeout, (at(0), PATIENT));
            waits.extend(sending.next_retry().map(|until| until.as_ms()));
        }
        assert_eq!(waits[..8], [500, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000]);
        assert_eq!(waits.len(), 20, "it waits for the network in the end");
        let habits = Habits { patient_requests: true, ..Habits::specification() };
        assert_eq!(Waits::of(&habits).failures_max, PATIENT.failures_max);
        assert_eq!(Waits::of(&Habits::specification()).failures_max, FAILURES_MAX);
    }

    #[test]
    fn after_many_failures_a_request_waits_for_the_network_and_not_for_a_time() {
        let (mut outbox, mut sending) = (Outbox::default(), Sending::default());
        let number = outbox.push(Request::Logout, None);
        for _ in 0..FAILURES_MAX {
            sending.failed(number, Failure::Unreachable, (at(0), Waits::USUAL));
        }
        assert_eq!(sending.next_retry(), None);
        assert!(sending.due(&outbox, (at(1_000_000), true)).is_empty());
        sending.revive();
        assert_eq!(sending.due(&outbox, (at(0), true)).len(), 1);
    }

    #[test]
    fn a_request_that_is_on_its_way_when_the_network_comes_back_is_tried_again_if_its_answer_is_lost()
     {
        let (mut outbox, mut sending) = (Outbox::default(), Sending::default());
        let number = outbox.push(Request::Logout, None);
        for _ in 1..FAILURES_MAX {
            sending.failed(number, Failure::Timeout, (at(0), Waits::USUAL));
        }
        sending.sent(number, RequestNo(0));
        sending.revive();
        assert!(sending.due(&outbox, (at(1), true)).is_empty(), "on its way and sent again");
        assert_eq!(sending.answered(RequestNo(0)), Some(number));
        sending.failed(number, Failure::Timeout, (at(1), Waits::USUAL));
        assert_eq!(sending.next_retry(), Some(at(3)));
    }

    #[test]
    fn a_server_that_says_how_long_to_wait_is_believed() {
        let (mut outbox, mut sending) = (Outbox::default(), Sending::default());
        let number = outbox.push(Request::Logout, None);
        let told = Failure::RateLimited(SimDuration::from_secs(7));
        sending.failed(number, told, (at(1), Waits::USUAL));
        assert_eq!(sending.next_retry(), Some(at(8)));
    }

    #[test]
    fn who_waits_for_a_turn_is_due_when_the_one_before_is_done() {
        let (mut outbox, mut sending) = (Outbox::default(), Sending::default());
        let turns = [(); 3].map(|()| outbox.push(Request::Logout, None));
        outbox.put_in_turn(&turns);
        for number in turns {
            let due = sending.due(&outbox, (at(0), true));
            assert_eq!(due.iter().map(|(due, ..)| *due).collect::<Vec<_>>(), [number]);
            sending.sent(number, RequestNo(0));
            assert!(sending.due(&outbox, (at(0), true)).is_empty(), "it is on its way");
            outbox.take(number);
            sending.done(number);
        }
    }

    #[test]
    fn what_leaves_in_a_batch_waits_for_it_once() {
        let (mut outbox, mut sending) = (Outbox::default(), Sending::default());
        let number = outbox.push(Request::Logout, None);
        outbox.put_in_batch(&[number]);
        assert!(sending.due(&outbox, (at(0), false)).is_empty());
        assert_eq!(sending.due(&outbox, (at(0), true)).len(), 1);
        assert!(!sending.has_batch(&outbox));
        sending.sent(number, RequestNo(0));
        assert!(sending.has_batch(&outbox));
        sending.failed(number, Failure::Timeout, (at(0), Waits::USUAL));
        assert!(sending.has_batch(&outbox), "it is to be sent again");
        assert_eq!(sending.due(&outbox, (at(2), false)).len(), 1);
        outbox.take(number);
        sending.done(number);
        assert!(!sending.has_batch(&outbox));
    }

    #[test]
    fn what_is_done_is_gone() {
        let (mut outbox, mut sending) = (Outbox::default(), Sending::default());
        let number = outbox.push(Request::Logout, None);
        sending.sent(number, RequestNo(3));
        assert_eq!(outbox.take(number), Some(Request::Logout));
        sending.done(number);
        assert!(sending.due(&outbox, (at(9), true)).is_empty());
        assert!(!outbox.holds(number));
    }
}
