//! The checks of faults: windows that are some, copies that were taken before they are used, pairs that are two.
//! It does not know how a fault is carried out.

use super::cast::Cast;
use super::codec::{Reader, Slot};
use super::container::At;
use super::fault::FaultEntry;
use super::problem::quoted;
use crate::ids::ServerId;
use crate::scenario::fault::{Fault, FaultKind, ToDeviceFilter};
use crate::time::SimTime;

impl Reader<'_> {
    /// The faults of the file, checked.
    pub(super) fn injuries(
        &mut self,
        entries: &[At<Slot<FaultEntry>>],
        horizon: SimTime,
        cast: &Cast,
    ) -> Vec<Fault> {
        for (index, entry) in entries.iter().enumerate() {
            if !self.room_for("faults", index, self.limits.faults, entry.span.head()) {
                return Vec::new();
            }
            if let Some(entry) = entry.value.get() {
                self.window(entry, horizon);
                self.sense(entry, cast);
            }
        }
        entries.iter().filter_map(|entry| entry.value.get()).map(|e| e.fault.clone()).collect()
    }

    fn window(&mut self, entry: &FaultEntry, horizon: SimTime) {
        let Fault { from, until, .. } = entry.fault;
        self.within(from, horizon, entry.place("from"));
        if until <= from {
            let found = format!("a window from {from} until {until}");
            self.problems.report(entry.place("until"), found, "an \"until\" after \"from\"");
        } else if until > horizon && until != SimTime::MAX {
            let found = format!("the time {until}");
            let expected = format!("a time up to the horizon, {horizon}, or \"end\"");
            self.problems.report(entry.place("until"), found, expected);
        }
    }

    fn sense(&mut self, entry: &FaultEntry, cast: &Cast) {
        let from = entry.fault.from;
        match entry.fault.kind {
            FaultKind::ServerRestored { snapshot, .. }
            | FaultKind::StoreRolledBack { snapshot, .. } => {
                self.copy(entry, "snapshot", snapshot, from);
            }
            FaultKind::StaleQueryAnswer { as_of, .. } => self.copy(entry, "as_of", as_of, from),
            FaultKind::FederationDown { between, and } => {
                self.differ(entry, "and", (between, and), "another server");
            }
            FaultKind::OlmSessionsLost { device, peer } => {
                self.differ(entry, "peer", (device, peer), "another device");
            }
            FaultKind::ForgedWithheld { sender, recipient, .. } => {
                self.differ(entry, "recipient", (sender, recipient), "another device");
            }
            FaultKind::PoisonedEdu { device, at } => {
                let own: ServerId = cast.users[cast.devices[device.index()].user.index()].server;
                self.differ(entry, "at", (own, at), "a server that is not the device's own");
            }
            FaultKind::ToDeviceDelayed { which, .. }
            | FaultKind::ToDeviceDuplicated { which }
            | FaultKind::ToDeviceDropped { which }
            | FaultKind::OlmCorrupted { which } => self.filter(entry, which),
            FaultKind::OneTimeKeysRunOut { .. }
            | FaultKind::NoFallbackKey { .. }
            | FaultKind::KeysClaimedByStranger { .. }
            | FaultKind::ClaimFails { .. }
            | FaultKind::KeyHandedOutTwice { .. }
            | FaultKind::KeysOutOfOrder { .. }
            | FaultKind::CountsOmitted { .. }
            | FaultKind::UploadRejected { .. }
            | FaultKind::ServerUnreachable { .. }
            | FaultKind::ToDeviceReordered { .. }
            | FaultKind::BatchLimit { .. }
            | FaultKind::EduLimit { .. }
            | FaultKind::ListNoticeLost { .. }
            | FaultKind::QuerySlow { .. }
            | FaultKind::IncompleteMembers { .. }
            | FaultKind::ResponseLost { .. }
            | FaultKind::RateLimited { .. }
            | FaultKind::ClientOffline { .. }
            | FaultKind::Crash { .. }
            | FaultKind::OneTimeKeysForgotten { .. }
            | FaultKind::SecondReader { .. }
            | FaultKind::SecondProcess { .. }
            | FaultKind::ClockAhead { .. }
            | FaultKind::ClockBehind { .. }
            | FaultKind::MembershipLate { .. }
            | FaultKind::LimitedSync { .. } => {}
        }
    }

    /// A copy cannot be used before it was taken.
    fn copy(&mut self, entry: &FaultEntry, field: &str, taken: SimTime, from: SimTime) {
        if taken > from {
            let found = format!("a copy of {taken} for a fault at {from}");
            self.problems.report(entry.place(field), found, "a time not after the fault");
        }
    }

    /// Some faults are about two things.
    fn differ<T: PartialEq>(&mut self, entry: &FaultEntry, field: &str, both: (T, T), what: &str) {
        if both.0 == both.1 {
            self.problems.report(entry.place(field), "the same one twice", what);
        }
    }

    /// No device sends to-device messages to itself.
    fn filter(&mut self, entry: &FaultEntry, which: ToDeviceFilter) {
        if let (Some(sender), Some(recipient)) = (which.sender, which.recipient)
            && sender == recipient
        {
            let name = quoted(self.names.device_name(sender));
            let found = format!("messages from {name} to itself");
            self.problems.report(entry.place("which"), found, "a filter that something fits");
        }
    }
}
