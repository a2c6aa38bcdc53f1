//! Queries and claims that fail as a whole and are made again, as by an HTTP client that does so for a quarter of an hour by itself.
//! It does not know what waits for them.

use std::collections::BTreeMap;

use crate::client::reference::Reference;
use crate::client::reference::io::Io;
use crate::client::reference::outbox::{PATIENT, SHORTEST_WAIT};
use crate::client::{Because, RequestNo};
use crate::ids::FactId;
use crate::protocol::api::{Failure, Request, Response};
use crate::time::SimTime;
use crate::trace::fact::OlmCause;

/// After so many failures in a row, a quarter of an hour, a request is given up, or waits for the network if a message needs it.
const FAILURES_MAX: u32 = PATIENT.failures_max;

/// A request with how often it failed.
#[derive(Debug, Clone)]
struct Asked {
    request: Request,
    because: Because,
    failures: u32,
}

/// What is on its way, and what waits, and until when; for the network if not for a time.
#[derive(Debug, Clone, Default)]
pub(super) struct Patience {
    running: BTreeMap<RequestNo, Asked>,
    waiting: BTreeMap<RequestNo, (Asked, Option<SimTime>)>,
}

impl Patience {
    /// The network may be back: what waits is due now, and begins anew.
    pub(super) fn revive(&mut self) {
        for (asked, until) in self.waiting.values_mut() {
            asked.failures = 0;
            *until = Some(SimTime::ZERO);
        }
    }

    /// When something is made again.
    pub(super) fn next(&self) -> Option<SimTime> {
        self.waiting.values().filter_map(|(_, until)| *until).min()
    }

    /// A request failed. False if that counts: it has failed too often, or will always.
    fn holds_back(
        &mut self,
        number: RequestNo,
        failure: Failure,
        clock: SimTime,
        (by, stays): (Option<FactId>, bool),
    ) -> bool {
        let Some(mut asked) = self.running.remove(&number) else { return false };
        asked.because.held_up = by;
        let until = match failure {
            Failure::Rejected | Failure::Forbidden => return false,
            Failure::RateLimited(told) => Some(clock + told.max(SHORTEST_WAIT)),
            Failure::Unreachable | Failure::Timeout | Failure::ServerError => {
                asked.failures += 1;
                (asked.failures < FAILURES_MAX).then(|| clock + PATIENT.after(asked.failures))
            }
        };
        if until.is_some() || stays {
            self.waiting.insert(number, (asked, until));
        }
        until.is_some() || stays
    }
}

impl Reference {
    /// Asks for lists or keys, once or until there is an answer.
    pub(super) fn ask(
        &mut self,
        number: RequestNo,
        request: Request,
        cause: Option<FactId>,
        io: &mut Io<'_, '_>,
    ) {
        if self.habits().patient_requests {
            let because = Because { cause, held_up: None };
            let asked = Asked { request: request.clone(), because, failures: 0 };
            self.live.patience.running.insert(number, asked);
        }
        io.request(number, request, cause);
    }

    /// Whether the answer to a query or a claim is a failure that does not count yet.
    pub(super) fn is_asked_again(
        &mut self,
        number: RequestNo,
        answer: Result<&Response, Failure>,
        io: &Io<'_, '_>,
    ) -> bool {
        let stays = self.live.claims.is_for(number, OlmCause::Share);
        let patience = &mut self.live.patience;
        match answer {
            Ok(_) => {
                patience.running.remove(&number);
                false
            }
            Err(failure) => {
                patience.holds_back(number, failure, io.given.clock, (io.given.cause, stays))
            }
        }
    }

    /// Makes queries and claims again when it is time.
    pub(super) fn ask_again(&mut self, io: &mut Io<'_, '_>) {
        if self.live.patience.waiting.is_empty() {
            return;
        }
        let clock = io.given.clock;
        let is_due = |until: &Option<SimTime>| until.is_some_and(|until| until <= clock);
        let waiting = self.live.patience.waiting.iter();
        let due: Vec<RequestNo> =
            waiting.filter(|(_, (_, until))| is_due(until)).map(|(number, _)| *number).collect();
        for before in due {
            let Some((asked, _)) = self.live.patience.waiting.remove(&before) else { continue };
            let number = self.request_number();
            if let Some(queries) = self.live.query_requests.remove(&before) {
                self.live.query_requests.insert(number, queries);
            }
            if let Some(claims) = self.live.claims.answered(before) {
                self.live.claims.sent(number, claims);
            }
            io.request(number, asked.request.clone(), asked.because);
            self.live.patience.running.insert(number, asked);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Asked, FAILURES_MAX, Patience};
    use crate::client::{Because, RequestNo};
    use crate::ids::FactId;
    use crate::protocol::api::{Failure, Request};
    use crate::time::{SimDuration, SimTime};

    fn patience() -> Patience {
        let because = Because { cause: None, held_up: None };
        let asked = Asked { request: Request::QueryKeys(Vec::new()), because, failures: 0 };
        Patience { running: [(RequestNo(0), asked)].into(), ..Patience::default() }
    }

    /// Fails so often in a row, and tells how long each wait is; `None` at the end if it is given up.
    fn waits(patience: &mut Patience, failures: u32, stays: bool) -> Vec<Option<SimDuration>> {
        let at = SimTime::from_ms(1_000_000);
        let mut waits = Vec::new();
        for _ in 0..failures {
            let held = patience.holds_back(RequestNo(0), Failure::Timeout, at, (None, stays));
            waits.push(patience.next().map(|until| until.since(at)));
            if let Some((asked, _)) = patience.waiting.remove(&RequestNo(0)) {
                assert!(held);
                patience.running.insert(RequestNo(0), asked);
            }
        }
        waits
    }

    #[test]
    fn a_request_that_fails_is_made_again_for_a_quarter_of_an_hour() {
        let waits = waits(&mut patience(), FAILURES_MAX, false);
        let told: Vec<u64> = waits.iter().flatten().map(|wait| wait.as_ms()).collect();
        assert_eq!(told[..8], [500, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000]);
        let sum: u64 = told.iter().sum();
        assert!((14 * 60_000..16 * 60_000).contains(&sum), "{sum}");
        assert_eq!(waits.last(), Some(&None), "it is given up");
    }

    #[test]
    fn what_a_message_needs_waits_for_the_network_in_the_end() {
        let mut patience = patience();
        waits(&mut patience, FAILURES_MAX - 1, true);
        let at = SimTime::from_ms(9);
        assert!(patience.holds_back(RequestNo(0), Failure::Timeout, at, (None, true)));
        assert_eq!(patience.next(), None);
        patience.revive();
        assert_eq!(patience.next(), Some(SimTime::ZERO));
    }

    #[test]
    fn what_is_asked_again_names_what_held_it_up() {
        let (mut patience, by) = (patience(), Some(FactId::new(7)));
        assert!(patience.holds_back(RequestNo(0), Failure::Timeout, SimTime::ZERO, (by, false)));
        let (asked, _) = &patience.waiting[&RequestNo(0)];
        assert_eq!(asked.because, Because { cause: None, held_up: by });
    }

    #[test]
    fn a_refusal_counts_at_once_and_a_limit_is_believed() {
        let at = SimTime::from_ms(9);
        let refused = patience().holds_back(RequestNo(0), Failure::Rejected, at, (None, true));
        assert!(!refused);
        let mut limited = patience();
        let told = Failure::RateLimited(SimDuration::from_secs(7));
        assert!(limited.holds_back(RequestNo(0), told, at, (None, false)));
        assert_eq!(limited.next(), Some(at + SimDuration::from_secs(7)));
    }
}
