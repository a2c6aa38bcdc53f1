//! Requests on their way: sent again while they fail for a reason that may pass, as the HTTP client of `matrix-sdk` does
//! (`HttpClient::send_request` of its `http_client/native.rs`: waits of half a second, doubled up to a minute, for a quarter of an hour).
//! It does not know what a request is for.

use withheld::client::{Because, RequestNo, WakeAt};
use withheld::ids::FactId;
use withheld::protocol::api::{Failure, Request, Response};
use withheld::time::{SimDuration, SimTime};

use super::outgoing::Purpose;
use super::{Hands, SdkDevice};

const FIRST_WAIT: SimDuration = SimDuration::from_ms(500);
const SHORTEST_WAIT: SimDuration = SimDuration::from_ms(100);
const LONGEST_WAIT: SimDuration = SimDuration::from_secs(60);
/// After so many failures in a row, a quarter of an hour, a request is given up, or waits until the system says that the network is back.
const FAILURES_MAX: u32 = 21;

/// How often something failed in a row, and when it is tried again; never, if only the network can help.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Backoff {
    failures: u32,
    until: Option<SimTime>,
    by: Option<FactId>,
}

impl Backoff {
    fn fail(&mut self, failure: Failure, clock: SimTime, by: Option<FactId>) {
        self.by = by;
        if let Failure::RateLimited(told) = failure {
            self.until = Some(clock + told.max(SHORTEST_WAIT));
            return;
        }
        self.failures += 1;
        let wait = FIRST_WAIT.times(1 << self.failures.saturating_sub(1).min(16));
        self.until = (!self.is_stalled()).then(|| clock + wait.min(LONGEST_WAIT));
    }

    const fn is_stalled(&self) -> bool {
        self.failures >= FAILURES_MAX
    }

    const fn is_idle(&self) -> bool {
        self.failures == 0 && self.until.is_none()
    }
}

/// A request with what it is for.
#[derive(Debug, Clone)]
pub(super) struct Exchange {
    pub(super) purpose: Purpose,
    request: Request,
    cause: Option<FactId>,
    backoff: Backoff,
}

impl Exchange {
    /// Whether it has failed for so long that nobody waits for it any more: the machine makes such a request again when it is asked after the
    /// next sync (`Client::send_outgoing_requests` logs the error), and a message goes on without a list that it asked for. What else a message or
    /// the user needs waits for the network, as the send queue does.
    const fn is_given_up(&self) -> bool {
        let nobody_waits = match &self.purpose {
            Purpose::Upload(_) | Purpose::Query(_) | Purpose::Put(_, None) => true,
            Purpose::Claim(claim) => claim.room.is_none(),
            Purpose::Sync
            | Purpose::Put(_, Some(_))
            | Purpose::Message(..)
            | Purpose::Errand(_) => false,
        };
        nobody_waits && self.backoff.is_stalled()
    }
}

impl SdkDevice {
    /// Sends a request.
    pub(super) fn send(
        &mut self,
        purpose: Purpose,
        request: Request,
        cause: Option<FactId>,
        hands: &mut Hands<'_, '_>,
    ) {
        let backoff = Backoff::default();
        self.dispatch(Exchange { purpose, request, cause, backoff }, hands);
    }

    /// What the requests that are on their way, or that wait to be sent again, are for.
    pub(super) fn exchanges(&self) -> impl Iterator<Item = &Purpose> {
        self.live.running.values().chain(&self.live.waiting).map(|exchange| &exchange.purpose)
    }

    fn dispatch(&mut self, exchange: Exchange, hands: &mut Hands<'_, '_>) {
        let number = RequestNo(self.live.next_request);
        self.live.next_request += 1;
        let because = Because { cause: exchange.cause, held_up: exchange.backoff.by };
        hands.requests.push((number, exchange.request.clone(), because));
        self.live.running.insert(number, exchange);
    }

    /// A request was answered, or failed. One that is not awaited (it was sent before a restart) is passed over.
    pub(super) fn answered(
        &mut self,
        number: RequestNo,
        answer: Result<&Response, Failure>,
        hands: &mut Hands<'_, '_>,
    ) {
        let Some(mut exchange) = self.live.running.remove(&number) else { return };
        let passing = match answer {
            Ok(_) | Err(Failure::Rejected | Failure::Forbidden) => None,
            Err(
                failure @ (Failure::Unreachable
                | Failure::Timeout
                | Failure::RateLimited(_)
                | Failure::ServerError),
            ) => Some(failure),
        };
        if let (Purpose::Sync, Err(failure)) = (&exchange.purpose, answer) {
            self.live.syncing = false;
            self.live.sync_backoff.fail(failure, hands.given.clock, hands.given.cause);
        } else if let Some(failure) = passing {
            exchange.backoff.fail(failure, hands.given.clock, hands.given.cause);
            if exchange.is_given_up() {
                self.done(exchange.purpose, answer, hands);
            } else {
                self.live.waiting.push(exchange);
            }
        } else {
            self.done(exchange.purpose, answer, hands);
        }
    }

    /// Sends again what has waited long enough.
    pub(super) fn retry(&mut self, hands: &mut Hands<'_, '_>) {
        let clock = hands.given.clock;
        let is_due =
            |exchange: &mut Exchange| exchange.backoff.until.is_some_and(|until| until <= clock);
        let due: Vec<Exchange> = self.live.waiting.extract_if(.., is_due).collect();
        for exchange in due {
            self.dispatch(exchange, hands);
        }
    }

    /// The system says that the network may be back.
    pub(super) fn network_back(&mut self) {
        for exchange in &mut self.live.waiting {
            let by = exchange.backoff.by;
            exchange.backoff = Backoff { failures: 0, until: Some(SimTime::ZERO), by };
        }
        self.live.sync_backoff = Backoff { by: self.live.sync_backoff.by, ..Backoff::default() };
        self.live.poll.count = 0;
    }

    /// Asks for the next sync, if none is on its way.
    pub(super) fn sync_on(&mut self, hands: &mut Hands<'_, '_>) {
        let backoff = self.live.sync_backoff;
        let may =
            backoff.is_idle() || backoff.until.is_some_and(|until| until <= hands.given.clock);
        if !self.live.syncing && may {
            self.live.syncing = true;
            let (request, cause) = (Request::Sync(self.app.token), hands.given.cause);
            let exchange = Exchange { purpose: Purpose::Sync, request, cause, backoff };
            self.dispatch(exchange, hands);
        }
    }

    /// A sync succeeded; tells what made it late.
    pub(super) fn sync_succeeded(&mut self) -> Option<FactId> {
        self.live.syncing = false;
        std::mem::take(&mut self.live.sync_backoff).by
    }

    /// When something is tried again.
    pub(super) fn wake_at(&self, clock: SimTime) -> WakeAt {
        let again = self.live.waiting.iter().filter_map(|exchange| exchange.backoff.until);
        let sync =
            self.live.sync_backoff.until.filter(|_| !self.live.syncing && self.app.is_logged_in);
        let poll = self.live.poll.at.filter(|_| self.app.is_logged_in);
        let upload = self.live.upload_at.filter(|_| self.app.is_logged_in);
        again
            .chain(sync)
            .chain(poll)
            .chain(upload)
            .min()
            .map_or(WakeAt::Never, |at| WakeAt::At(at.max(clock)))
    }
}
