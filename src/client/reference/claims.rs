//! Key claims of one client: which are on their way, which failed, and when the next may be tried.
//! It does not know what a claimed key is used for in the end.

use std::collections::BTreeMap;

use crate::client::RequestNo;
use crate::ids::{ClaimId, DeviceId};
use crate::protocol::provenance::Provenance;
use crate::scenario::habits::Habits;
use crate::time::{SimDuration, SimTime};
use crate::trace::fact::OlmCause;

/// No wait is shorter, whatever the habit: or a claim that fails would be made again at once, for ever.
const SHORTEST_WAIT: SimDuration = SimDuration::from_secs(1);

/// A claim on its way.
#[derive(Debug, Clone, Copy)]
pub(super) struct RunningClaim {
    /// What the session is wanted for first of all.
    pub(super) why: OlmCause,
    /// The fact that it began.
    pub(super) began: Provenance,
}

/// What a device's last claims came to.
#[derive(Debug, Clone, Copy)]
pub(super) struct FailedClaim {
    failures: u32,
    /// Whether the second try is under way.
    retrying: bool,
    /// Whether the device was told of this failure.
    pub(super) was_told: bool,
    /// No other claim before this, by the own clock.
    pub(super) retry_at: SimTime,
    /// Whether the failure may be reported: the device has no usable key, or a second try failed as well.
    pub(super) reportable: bool,
    /// The fact that it failed.
    pub(super) by: Provenance,
}

/// Whether a session can be had with a device.
#[derive(Debug, Clone, Copy)]
pub(super) enum ClaimState {
    /// Nothing speaks against a claim now.
    Open,
    /// One is on its way.
    Running,
    /// The last one failed, and it is too early for another.
    BackingOff(FailedClaim),
}

/// All claims. Volatile: after a restart nothing speaks against a claim.
#[derive(Debug, Clone, Default)]
pub(super) struct Claims {
    running: BTreeMap<DeviceId, RunningClaim>,
    requests: BTreeMap<RequestNo, Vec<(DeviceId, ClaimId)>>,
    failed: BTreeMap<DeviceId, FailedClaim>,
}

impl Claims {
    /// Whether a session can be had with a device.
    pub(super) fn state(&self, device: DeviceId, clock: SimTime) -> ClaimState {
        if self.running.contains_key(&device) {
            return ClaimState::Running;
        }
        match self.failed.get(&device) {
            // The time for a second try that is under way has come, also if the clock was set back since.
            Some(failed) if clock < failed.retry_at && !failed.retrying => {
                ClaimState::BackingOff(*failed)
            }
            Some(_) | None => ClaimState::Open,
        }
    }

    /// A claim begins.
    pub(super) fn begin(&mut self, device: DeviceId, claim: RunningClaim) {
        self.running.insert(device, claim);
    }

    /// The claims that go out in one request.
    pub(super) fn sent(&mut self, request: RequestNo, claims: Vec<(DeviceId, ClaimId)>) {
        self.requests.insert(request, claims);
    }

    /// Whether a claim for any device is on its way.
    pub(super) fn is_any_running(&self) -> bool {
        !self.running.is_empty()
    }

    /// Whether a claim that is on its way is for this.
    pub(super) fn is_any_for(&self, why: OlmCause) -> bool {
        self.running.values().any(|claim| claim.why == why)
    }

    /// Whether one of the claims that went out under this number is for this.
    pub(super) fn is_for(&self, request: RequestNo, why: OlmCause) -> bool {
        let claims = self.requests.get(&request).into_iter().flatten();
        let mut running = claims.filter_map(|(device, _)| self.running.get(device));
        running.any(|claim| claim.why == why)
    }

    /// The claims that went out under this number.
    pub(super) fn answered(&mut self, request: RequestNo) -> Option<Vec<(DeviceId, ClaimId)>> {
        self.requests.remove(&request)
    }

    /// The claim for a device ended.
    pub(super) fn end(&mut self, device: DeviceId) -> Option<RunningClaim> {
        self.running.remove(&device)
    }

    /// A claim failed: the next one waits twice as long as the last. `for_good` if another try will not help soon.
    pub(super) fn failed(
        &mut self,
        device: DeviceId,
        for_good: bool,
        clock: SimTime,
        (habits, by): (&Habits, Provenance),
    ) {
        let failures = self.failed.get(&device).map_or(0, |failed| failed.failures);
        let wait = habits.claim_backoff_first.times(1 << failures.min(16));
        self.failed.insert(
            device,
            FailedClaim {
                failures: failures + 1,
                retrying: false,
                was_told: false,
                retry_at: clock + wait.min(habits.claim_backoff_max).max(SHORTEST_WAIT),
                reportable: for_good || failures > 0 || habits.reports_first_failure,
                by,
            },
        );
    }

    /// The device was told of its last failure.
    pub(super) fn told(&mut self, device: DeviceId) {
        if let Some(failed) = self.failed.get_mut(&device) {
            failed.was_told = true;
        }
    }

    /// There is a session with the device: earlier failures are forgotten.
    pub(super) fn succeeded(&mut self, device: DeviceId) {
        self.failed.remove(&device);
    }

    /// Devices whose first claim failed for a passing reason, so that a second is to be made before anything is
    /// reported, with the time for it.
    pub(super) fn to_retry(&self) -> impl Iterator<Item = (DeviceId, SimTime)> + '_ {
        self.failed
            .iter()
            .filter(|(_, failed)| !failed.reportable && !failed.retrying)
            .map(|(device, failed)| (*device, failed.retry_at))
    }

    /// Whether anything speaks against a claim.
    pub(super) fn has_failed(&self) -> bool {
        !self.failed.is_empty()
    }

    /// Whether it is open if a session can be had: nothing was tried since the start, or the second try whose time has come was not
    /// made.
    pub(super) fn is_open(&self, device: DeviceId) -> bool {
        !self.running.contains_key(&device)
            && self.failed.get(&device).is_none_or(|failed| failed.retrying && !failed.reportable)
    }

    /// The second try is under way: it is not to be made again.
    pub(super) fn retrying(&mut self, device: DeviceId) {
        if let Some(failed) = self.failed.get_mut(&device) {
            failed.retrying = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{ClaimState, Claims};
    use crate::ids::DeviceId;
    use crate::protocol::provenance::Provenance;
    use crate::scenario::habits::Habits;
    use crate::time::{SimDuration, SimTime};

    const DEVICE: DeviceId = DeviceId::new(0);
    const HABITS: Habits = Habits::specification();

    #[test]
    fn failures_wait_longer_each_time_up_to_a_quarter_of_an_hour() {
        let (mut claims, mut clock) = (Claims::default(), SimTime::ZERO);
        for expected in [15, 30, 60, 120, 240, 480, 900, 900] {
            assert!(matches!(claims.state(DEVICE, clock), ClaimState::Open));
            claims.failed(DEVICE, true, clock, (&HABITS, Provenance::UNKNOWN));
            let ClaimState::BackingOff(failed) = claims.state(DEVICE, clock) else {
                panic!("a claim right after a failure was allowed")
            };
            assert_eq!(failed.retry_at, clock + SimDuration::from_secs(expected));
            clock = failed.retry_at;
        }
        claims.succeeded(DEVICE);
        claims.failed(DEVICE, true, clock, (&HABITS, Provenance::UNKNOWN));
        assert!(matches!(
            claims.state(DEVICE, clock + SimDuration::from_secs(15)),
            ClaimState::Open
        ));
    }

    #[test]
    fn a_second_try_that_is_under_way_is_made_though_the_clock_was_set_back() {
        let mut claims = Claims::default();
        claims.failed(DEVICE, false, SimTime::from_ms(60_000), (&HABITS, Provenance::UNKNOWN));
        claims.retrying(DEVICE);
        assert!(matches!(claims.state(DEVICE, SimTime::from_ms(30_000)), ClaimState::Open));
        claims.failed(DEVICE, false, SimTime::from_ms(30_000), (&HABITS, Provenance::UNKNOWN));
        assert!(matches!(
            claims.state(DEVICE, SimTime::from_ms(30_000)),
            ClaimState::BackingOff(_)
        ));
    }

    #[test]
    fn a_passing_failure_is_reported_only_when_a_second_try_fails_as_well() {
        let mut claims = Claims::default();
        claims.failed(DEVICE, false, SimTime::ZERO, (&HABITS, Provenance::UNKNOWN));
        assert_eq!(claims.to_retry().count(), 1);
        claims.failed(DEVICE, false, SimTime::from_ms(15_000), (&HABITS, Provenance::UNKNOWN));
        assert_eq!(claims.to_retry().count(), 0);
        let hasty = Habits { reports_first_failure: true, ..HABITS };
        let mut claims = Claims::default();
        claims.failed(DEVICE, false, SimTime::ZERO, (&hasty, Provenance::UNKNOWN));
        assert_eq!(claims.to_retry().count(), 0);
    }
}
