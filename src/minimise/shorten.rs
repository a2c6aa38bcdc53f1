//! What of a fault can be less: its window, a number, a span, a condition.
//! It does not know whether the fault matters at all.

use crate::scenario::fault::{CrashPoint, FaultKind, ToDeviceFilter};
use crate::time::SimDuration;

/// Numbers that stand for "a few", "many".
const NUMBERS: [u32; 8] = [1, 2, 3, 5, 10, 100, 1_000, 10_000];
/// Spans of faults that are round to a reader.
const SPANS: [SimDuration; 6] = [
    SimDuration::from_secs(1),
    SimDuration::from_secs(10),
    SimDuration::from_secs(60),
    SimDuration::from_secs(600),
    SimDuration::from_hours(1),
    SimDuration::from_hours(24),
];

/// The smaller numbers that are worth a try: one, and the next smaller one.
pub(super) fn smaller(number: u32) -> Vec<u32> {
    let next = NUMBERS.iter().rev().copied().find(|round| *round < number);
    let mut ways: Vec<u32> = next.map(|_| 1).into_iter().chain(next).collect();
    ways.dedup();
    ways
}

/// The shorter spans that are worth a try: a second, and the next shorter one.
pub(super) fn shorter(span: SimDuration) -> Vec<SimDuration> {
    let next = SPANS.iter().rev().copied().find(|round| *round < span);
    let mut ways: Vec<SimDuration> = next.map(|_| SPANS[0]).into_iter().chain(next).collect();
    ways.dedup();
    ways
}

/// The numbers of a fault.
pub(super) fn numbers(kind: &mut FaultKind) -> Vec<&mut u32> {
    match kind {
        FaultKind::KeysClaimedByStranger { count: number, .. }
        | FaultKind::BatchLimit { limit: number, .. }
        | FaultKind::Crash {
            point:
                CrashPoint::AfterPersist(number)
                | CrashPoint::BeforePersist(number)
                | CrashPoint::AfterRequest(number),
            ..
        } => vec![number],
        FaultKind::EduLimit { edus, messages, .. } => vec![edus, messages],
        FaultKind::ToDeviceDelayed { which, .. }
        | FaultKind::ToDeviceDuplicated { which }
        | FaultKind::ToDeviceDropped { which }
        | FaultKind::OlmCorrupted { which } => which.first.iter_mut().collect(),
        FaultKind::ResponseLost { first, .. } => first.iter_mut().collect(),
        FaultKind::OneTimeKeysRunOut { .. }
        | FaultKind::NoFallbackKey { .. }
        | FaultKind::ClaimFails { .. }
        | FaultKind::KeyHandedOutTwice { .. }
        | FaultKind::KeysOutOfOrder { .. }
        | FaultKind::CountsOmitted { .. }
        | FaultKind::UploadRejected { .. }
        | FaultKind::ServerRestored { .. }
        | FaultKind::ServerUnreachable { .. }
        | FaultKind::FederationDown { .. }
        | FaultKind::ToDeviceReordered { .. }
        | FaultKind::PoisonedEdu { .. }
        | FaultKind::ListNoticeLost { .. }
        | FaultKind::StaleQueryAnswer { .. }
        | FaultKind::QuerySlow { .. }
        | FaultKind::IncompleteMembers { .. }
        | FaultKind::RateLimited { .. }
        | FaultKind::ClientOffline { .. }
        | FaultKind::Crash { point: CrashPoint::BeforeStep, .. }
        | FaultKind::StoreRolledBack { .. }
        | FaultKind::OlmSessionsLost { .. }
        | FaultKind::OneTimeKeysForgotten { .. }
        | FaultKind::SecondReader { .. }
        | FaultKind::SecondProcess { .. }
        | FaultKind::ClockAhead { .. }
        | FaultKind::ClockBehind { .. }
        | FaultKind::MembershipLate { .. }
        | FaultKind::LimitedSync { .. }
        | FaultKind::ForgedWithheld { .. } => Vec::new(),
    }
}

/// The fault without each single condition that it makes on messages: a reader has less to keep in mind, though it may hit more.
pub(super) fn with_fewer_conditions(kind: &FaultKind) -> Vec<FaultKind> {
    let without: [fn(&mut ToDeviceFilter) -> bool; 3] = [
        |which| which.sender.take().is_some(),
        |which| which.recipient.take().is_some(),
        |which| which.event_type.take().is_some(),
    ];
    let ways = without.into_iter().filter_map(|take| {
        let mut kind = kind.clone();
        kind.filter_mut().is_some_and(take).then_some(kind)
    });
    ways.collect()
}

/// The span of a fault, if it has one.
pub(super) const fn span(kind: &mut FaultKind) -> Option<&mut SimDuration> {
    if let FaultKind::ToDeviceDelayed { by, .. }
    | FaultKind::QuerySlow { by, .. }
    | FaultKind::RateLimited { retry_after: by, .. }
    | FaultKind::ClockAhead { by, .. }
    | FaultKind::ClockBehind { by, .. }
    | FaultKind::MembershipLate { by, .. } = kind
    {
        Some(by)
    } else {
        None
    }
}

/// Whether the fault has a window; others strike once.
pub(super) const fn lasts(kind: &FaultKind) -> bool {
    match kind {
        FaultKind::KeysClaimedByStranger { .. }
        | FaultKind::ServerRestored { .. }
        | FaultKind::StoreRolledBack { .. }
        | FaultKind::OlmSessionsLost { .. }
        | FaultKind::OneTimeKeysForgotten { .. }
        | FaultKind::ForgedWithheld { .. } => false,
        FaultKind::OneTimeKeysRunOut { .. }
        | FaultKind::NoFallbackKey { .. }
        | FaultKind::ClaimFails { .. }
        | FaultKind::KeyHandedOutTwice { .. }
        | FaultKind::KeysOutOfOrder { .. }
        | FaultKind::CountsOmitted { .. }
        | FaultKind::UploadRejected { .. }
        | FaultKind::ServerUnreachable { .. }
        | FaultKind::FederationDown { .. }
        | FaultKind::ToDeviceDelayed { .. }
        | FaultKind::ToDeviceDuplicated { .. }
        | FaultKind::ToDeviceReordered { .. }
        | FaultKind::ToDeviceDropped { .. }
        | FaultKind::BatchLimit { .. }
        | FaultKind::EduLimit { .. }
        | FaultKind::PoisonedEdu { .. }
        | FaultKind::ListNoticeLost { .. }
        | FaultKind::StaleQueryAnswer { .. }
        | FaultKind::QuerySlow { .. }
        | FaultKind::IncompleteMembers { .. }
        | FaultKind::ResponseLost { .. }
        | FaultKind::RateLimited { .. }
        | FaultKind::ClientOffline { .. }
        | FaultKind::Crash { .. }
        | FaultKind::SecondReader { .. }
        | FaultKind::SecondProcess { .. }
        | FaultKind::OlmCorrupted { .. }
        | FaultKind::ClockAhead { .. }
        | FaultKind::ClockBehind { .. }
        | FaultKind::MembershipLate { .. }
        | FaultKind::LimitedSync { .. } => true,
    }
}

#[cfg(test)]
mod tests {
    use super::with_fewer_conditions;
    use crate::ids::DeviceId;
    use crate::protocol::to_device::ToDeviceType;
    use crate::scenario::fault::{FaultKind, ToDeviceFilter};

    #[test]
    fn each_condition_on_messages_goes_by_itself() {
        let which = ToDeviceFilter {
            sender: Some(DeviceId::new(1)),
            recipient: None,
            event_type: Some(ToDeviceType::Encrypted),
            first: Some(2),
        };
        let dropped = |which| FaultKind::ToDeviceDropped { which };
        let expected = [
            dropped(ToDeviceFilter { sender: None, ..which }),
            dropped(ToDeviceFilter { event_type: None, ..which }),
        ];
        assert_eq!(with_fewer_conditions(&dropped(which)), expected);
        let offline = FaultKind::ClientOffline { device: DeviceId::new(1) };
        assert_eq!(with_fewer_conditions(&offline), []);
    }
}
