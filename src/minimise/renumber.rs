//! Ids after something was left out or put together: the one place where everything that names something is renamed.
//! It does not know why something goes.

use crate::ids::{DeviceId, MessageId, RoomId, ServerId, UserId};
use crate::protocol::withheld::Field;
use crate::scenario::expect::{Expectations, ExpectedCell, ExpectedNotices, ExpectedViolation};
use crate::scenario::fault::{Fault, FaultKind, ForgedContent, Party, ToDeviceFilter};
use crate::scenario::policy::{Reporting, Target};
use crate::scenario::step::Step;

/// The new id of everything; `None` for what goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Renumber {
    pub(super) servers: Vec<Option<ServerId>>,
    pub(super) users: Vec<Option<UserId>>,
    pub(super) devices: Vec<Option<DeviceId>>,
    pub(super) rooms: Vec<Option<RoomId>>,
    pub(super) messages: Vec<Option<MessageId>>,
}

/// Ids for what stays, in its old order.
pub(super) fn ranks<I>(stays: &[bool], at: impl Fn(usize) -> I) -> Vec<Option<I>> {
    let mut next = 0;
    let mut rank = |stays: &bool| {
        stays.then(|| {
            next += 1;
            at(next - 1)
        })
    };
    stays.iter().map(&mut rank).collect()
}

impl Renumber {
    pub(super) fn server(&self, id: ServerId) -> Option<ServerId> {
        self.servers[id.index()]
    }

    pub(super) fn user(&self, id: UserId) -> Option<UserId> {
        self.users[id.index()]
    }

    pub(super) fn device(&self, id: DeviceId) -> Option<DeviceId> {
        self.devices[id.index()]
    }

    pub(super) fn room(&self, id: RoomId) -> Option<RoomId> {
        self.rooms[id.index()]
    }

    /// Probes have ids that are not in the table: they come anew with the heal phase.
    pub(super) fn message(&self, id: MessageId) -> Option<MessageId> {
        self.messages.get(id.index()).copied().flatten()
    }

    pub(super) fn target(&self, target: Target) -> Option<Target> {
        match target {
            Target::User(user) => self.user(user).map(Target::User),
            Target::Device(device) => self.device(device).map(Target::Device),
        }
    }

    fn party(&self, party: Party) -> Option<Party> {
        match party {
            Party::Device(device) => self.device(device).map(Party::Device),
            Party::Server(server) => self.server(server).map(Party::Server),
            Party::World => Some(Party::World),
        }
    }

    pub(super) fn reporting(&self, reporting: &Reporting) -> Reporting {
        let overrides = reporting.overrides.iter();
        let overrides =
            overrides.filter_map(|(target, codes)| Some((self.target(*target)?, *codes)));
        Reporting { overrides: overrides.collect(), ..reporting.clone() }
    }

    /// A step; `None` if somebody or something in it goes.
    pub(super) fn step(&self, step: &Step) -> Option<Step> {
        Some(match *step {
            Step::Send { device, room, message } => Step::Send {
                device: self.device(device)?,
                room: self.room(room)?,
                message: self.message(message)?,
            },
            Step::Login(device) => Step::Login(self.device(device)?),
            Step::Logout(device) => Step::Logout(self.device(device)?),
            Step::Member { device, room, user, membership } => Step::Member {
                device: self.device(device)?,
                room: self.room(room)?,
                user: self.user(user)?,
                membership,
            },
            Step::HistoryVisibility { device, room, value } => Step::HistoryVisibility {
                device: self.device(device)?,
                room: self.room(room)?,
                value,
            },
            Step::Encryption { device, room, rotation } => {
                Step::Encryption { device: self.device(device)?, room: self.room(room)?, rotation }
            }
            Step::CrossSign(device) => Step::CrossSign(self.device(device)?),
            Step::ResetIdentity(device) => Step::ResetIdentity(self.device(device)?),
            Step::Verify { device, target } => {
                Step::Verify { device: self.device(device)?, target: self.target(target)? }
            }
            Step::Unverify { device, target } => {
                Step::Unverify { device: self.device(device)?, target: self.target(target)? }
            }
            Step::Block { device, target } => {
                Step::Block { device: self.device(device)?, target: self.target(target)? }
            }
            Step::Unblock { device, target } => {
                Step::Unblock { device: self.device(device)?, target: self.target(target)? }
            }
            Step::AcknowledgeIdentity { device, user } => {
                Step::AcknowledgeIdentity { device: self.device(device)?, user: self.user(user)? }
            }
            Step::SetSharing { device, share, on_problem } => {
                Step::SetSharing { device: self.device(device)?, share, on_problem }
            }
            Step::SetReporting { device, target, codes } => {
                let target = match target {
                    Some(target) => Some(self.target(target)?),
                    None => None,
                };
                Step::SetReporting { device: self.device(device)?, target, codes }
            }
            Step::RequestKey { device, message, ref of } => {
                let asked: Vec<DeviceId> = of.iter().filter_map(|one| self.device(*one)).collect();
                // Nobody in particular is not the same as nobody who is left.
                if asked.is_empty() && !of.is_empty() {
                    return None;
                }
                let (device, message) = (self.device(device)?, self.message(message)?);
                Step::RequestKey { device, message, of: asked }
            }
            Step::CancelRequest { device, message } => Step::CancelRequest {
                device: self.device(device)?,
                message: self.message(message)?,
            },
            Step::DiscardSession { device, room } => {
                Step::DiscardSession { device: self.device(device)?, room: self.room(room)? }
            }
            Step::RestoreBackup(device) => Step::RestoreBackup(self.device(device)?),
        })
    }

    /// A fault; `None` if what it strikes goes.
    pub(super) fn fault(&self, fault: &Fault) -> Option<Fault> {
        Some(Fault { kind: self.fault_kind(&fault.kind)?, ..fault.clone() })
    }

    fn fault_kind(&self, kind: &FaultKind) -> Option<FaultKind> {
        use FaultKind as Kind;
        let mut kind = kind.clone();
        match &mut kind {
            Kind::OneTimeKeysRunOut { device }
            | Kind::NoFallbackKey { device }
            | Kind::KeysClaimedByStranger { device, .. }
            | Kind::UploadRejected { device }
            | Kind::ToDeviceReordered { device }
            | Kind::QuerySlow { device, .. }
            | Kind::ResponseLost { device, .. }
            | Kind::RateLimited { device, .. }
            | Kind::ClientOffline { device }
            | Kind::Crash { device, .. }
            | Kind::StoreRolledBack { device, .. }
            | Kind::OneTimeKeysForgotten { device }
            | Kind::SecondReader { device }
            | Kind::SecondProcess { device }
            | Kind::ClockAhead { device, .. }
            | Kind::ClockBehind { device, .. }
            | Kind::LimitedSync { device } => *device = self.device(*device)?,
            Kind::ClaimFails { server, .. }
            | Kind::KeyHandedOutTwice { server }
            | Kind::KeysOutOfOrder { server }
            | Kind::CountsOmitted { server }
            | Kind::ServerRestored { server, .. }
            | Kind::ServerUnreachable { server }
            | Kind::BatchLimit { server, .. }
            | Kind::EduLimit { server, .. }
            | Kind::StaleQueryAnswer { server, .. }
            | Kind::MembershipLate { server, .. } => *server = self.server(*server)?,
            Kind::FederationDown { between, and } => {
                (*between, *and) = (self.server(*between)?, self.server(*and)?);
            }
            Kind::ToDeviceDelayed { which, .. }
            | Kind::ToDeviceDuplicated { which }
            | Kind::ToDeviceDropped { which }
            | Kind::OlmCorrupted { which } => *which = self.filter(*which)?,
            Kind::PoisonedEdu { device, at } => {
                (*device, *at) = (self.device(*device)?, self.server(*at)?);
            }
            Kind::ListNoticeLost { user, server } | Kind::IncompleteMembers { server, user } => {
                (*user, *server) = (self.user(*user)?, self.server(*server)?);
            }
            Kind::OlmSessionsLost { device, peer } => {
                (*device, *peer) = (self.device(*device)?, self.device(*peer)?);
            }
            Kind::ForgedWithheld { sender, recipient, content, .. } => {
                (*sender, *recipient) = (self.device(*sender)?, self.device(*recipient)?);
                *content = self.forged(*content);
            }
        }
        Some(kind)
    }

    /// A filter; `None` if nothing is left that fits it.
    fn filter(&self, which: ToDeviceFilter) -> Option<ToDeviceFilter> {
        let end = |end: Option<DeviceId>| match end {
            Some(device) => self.device(device).map(Some),
            None => Some(None),
        };
        Some(ToDeviceFilter {
            sender: end(which.sender)?,
            recipient: end(which.recipient)?,
            ..which
        })
    }

    /// What a forged notice names and what is gone is not named any more.
    fn forged(&self, content: ForgedContent) -> ForgedContent {
        fn field<I: Copy>(field: Field<I>, new: impl Fn(I) -> Option<I>) -> Field<I> {
            match field {
                Field::Is(id) => new(id).map_or(Field::Absent, Field::Is),
                Field::Absent | Field::NotAString | Field::Other(_) => field,
            }
        }
        let mut content = content;
        content.fields.room_id = field(content.fields.room_id, |room| self.room(room));
        content.fields.sender_key = field(content.fields.sender_key, |device| self.device(device));
        content.session_of = content.session_of.and_then(|message| self.message(message));
        content
    }

    /// What can still be expected. A digest cannot: it is one of the whole.
    pub(super) fn expectations(&self, expect: &Expectations) -> Expectations {
        let cell = |cell: &ExpectedCell| {
            let (message, device) = (self.message(cell.message)?, self.device(cell.device)?);
            Some(ExpectedCell { message, device, verdict: cell.verdict })
        };
        let violation = |one: &ExpectedViolation| {
            Some(ExpectedViolation { rule: one.rule, party: self.party(one.party)? })
        };
        let notices = |one: &ExpectedNotices| {
            let (sender, recipient) = (self.device(one.sender)?, self.device(one.recipient)?);
            Some(ExpectedNotices { sender, recipient, ..*one })
        };
        let mut cells: Vec<ExpectedCell> = expect.cells.iter().filter_map(cell).collect();
        cells.sort_by_key(|cell| (cell.message, cell.device));
        let mut violations: Vec<ExpectedViolation> = Vec::new();
        for one in expect.violations.iter().filter_map(violation) {
            // Two servers that became one break a rule once.
            if !violations.contains(&one) {
                violations.push(one);
            }
        }
        let unsent = expect.unsent.as_ref();
        Expectations {
            cells,
            violations,
            notices: expect.notices.iter().filter_map(notices).collect(),
            unsent: unsent
                .map(|listed| listed.iter().filter_map(|message| self.message(*message)).collect()),
            digest: None,
            ..expect.clone()
        }
    }
}

/// The faults that stay, with their new ids.
pub(super) fn faults(faults: &[Fault], stays: &[bool], renumber: &Renumber) -> Vec<Fault> {
    let kept = faults.iter().zip(stays).filter(|(_, stays)| **stays);
    kept.filter_map(|(fault, _)| renumber.fault(fault)).collect()
}
