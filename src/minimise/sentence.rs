//! What was tried, in words, with the names of the scenario that it was tried on.
//! It does not know what came of it.

use crate::ids::{DeviceId, MessageId, RoomId, ServerId, UserId};
use crate::scenario::fault::name_of;
use crate::scenario::file::{habit_deviations, policy_deviations, server_habit_deviations};
use crate::scenario::model::Scenario;
use crate::scenario::policy::Target;
use crate::scenario::step::Step;

use super::edit::{Edit, Extent, Less, Merge, Part};
use super::reset::Reset;
use super::times::Times;

impl Edit {
    /// What this does to `scenario`.
    pub(super) fn sentence(&self, scenario: &Scenario) -> String {
        let names = Names(scenario);
        match self {
            Self::Keep(Extent::Barest) => {
                "keep what led to it, on one server, at even times, all else as usual".to_owned()
            }
            Self::Keep(Extent::Bare) => "keep what led to it, all else as usual".to_owned(),
            Self::Keep(Extent::Relevant) => "keep what led to it".to_owned(),
            Self::Remove(parts) => {
                let parts: Vec<String> = parts.iter().map(|part| names.part(*part)).collect();
                format!("remove {}", parts.join(", "))
            }
            Self::Merge(merge) => names.merge(*merge),
            Self::Reset(what) => names.reset(*what),
            Self::OneTimeKeys(device, number) => {
                format!("{number} one-time keys for {}", names.device(*device))
            }
            Self::RotationMessages(room, number) => {
                format!("a session of {} is for {number} messages", names.room(*room))
            }
            Self::RotationPeriod(room, period) => {
                format!("a session of {} is for {period}", names.room(*room))
            }
            Self::Join(room, user) => {
                format!("{} is in {} from the start", names.user(*user), names.room(*room))
            }
            Self::Shorten(fault, less) => {
                let fault = name_of(&scenario.faults[fault.index()].kind);
                match less {
                    Less::Until(time) => format!("{fault} ends at {time}"),
                    Less::From(time) => format!("{fault} begins at {time}"),
                    Less::Number(_, value) => format!("{fault} with {value}"),
                    Less::Span(value) => format!("{fault} by {value}"),
                    Less::Condition(_) => format!("{fault} with a condition less"),
                }
            }
            Self::ShortenAll => "every fault as short as can be".to_owned(),
            Self::Times(Times::Even) => "even times".to_owned(),
            Self::Times(Times::Round) => "round times".to_owned(),
            Self::Times(Times::RoundLong) => "long times become round ones".to_owned(),
            Self::Times(Times::Gap(place) | Times::Shorter(place)) => {
                format!("less time before instant {}", place + 1)
            }
            Self::Names => "plain names".to_owned(),
        }
    }
}

/// The names of a scenario.
struct Names<'s>(&'s Scenario);

impl Names<'_> {
    fn device(&self, device: DeviceId) -> &str {
        self.0.device_name(device)
    }

    fn user(&self, user: UserId) -> &str {
        self.0.user_name(user)
    }

    fn server(&self, server: ServerId) -> &str {
        self.0.server_name(server)
    }

    fn room(&self, room: RoomId) -> &str {
        self.0.room_name(room)
    }

    fn message(&self, message: MessageId) -> &str {
        self.0.message_name(message)
    }

    fn part(&self, part: Part) -> String {
        match part {
            Part::User(user) => self.user(user).to_owned(),
            Part::Device(device) => self.device(device).to_owned(),
            Part::DeviceAlone(device) => format!("{} alone", self.device(device)),
            Part::Room(room) => self.room(room).to_owned(),
            Part::Step(place) => {
                let timed = &self.0.timeline[place];
                format!("{} at {}", self.step(&timed.step), timed.at)
            }
            Part::Fault(fault) => {
                let fault = &self.0.faults[fault.index()];
                format!("{} at {}", name_of(&fault.kind), fault.from)
            }
            Part::Heal => "the heal phase".to_owned(),
            Part::Cell(place) => {
                let cell = &self.0.expect.cells[place];
                let (message, device) = (self.message(cell.message), self.device(cell.device));
                format!("what is expected of {message} at {device}")
            }
            Part::Violation(place) => {
                format!("that {} is expected", self.0.expect.violations[place].rule.id())
            }
            Part::Notices(place) => {
                let notices = &self.0.expect.notices[place];
                let (from, to) = (self.device(notices.sender), self.device(notices.recipient));
                format!("how many {} are expected from {from} to {to}", notices.code.as_str())
            }
            Part::Override(device, _) => format!("a report setting of {}", self.device(device)),
            Part::Asked(step, place) => {
                let asked = if let Step::RequestKey { of, .. } = &self.0.timeline[step].step {
                    of.get(place)
                } else {
                    None
                };
                let whom = asked.map_or("nobody", |device| self.device(*device));
                format!("{whom} among those that are asked for a key")
            }
        }
    }

    fn step(&self, step: &Step) -> String {
        let target = |target: &Target| match target {
            Target::User(user) => self.user(*user).to_owned(),
            Target::Device(device) => self.device(*device).to_owned(),
        };
        match step {
            Step::Send { message, .. } => format!("send {}", self.message(*message)),
            Step::Login(device) => format!("login {}", self.device(*device)),
            Step::Logout(device) => format!("logout {}", self.device(*device)),
            Step::Member { user, room, .. } => {
                format!("member {} in {}", self.user(*user), self.room(*room))
            }
            Step::HistoryVisibility { room, .. } => {
                format!("history visibility of {}", self.room(*room))
            }
            Step::Encryption { room, .. } => format!("encryption of {}", self.room(*room)),
            Step::CrossSign(device) => format!("cross-sign {}", self.device(*device)),
            Step::ResetIdentity(device) => format!("reset identity on {}", self.device(*device)),
            Step::Verify { target: whom, .. } => format!("verify {}", target(whom)),
            Step::Unverify { target: whom, .. } => format!("unverify {}", target(whom)),
            Step::Block { target: whom, .. } => format!("block {}", target(whom)),
            Step::Unblock { target: whom, .. } => format!("unblock {}", target(whom)),
            Step::AcknowledgeIdentity { user, .. } => {
                format!("acknowledge identity of {}", self.user(*user))
            }
            Step::SetSharing { device, .. } => format!("sharing of {}", self.device(*device)),
            Step::SetReporting { device, .. } => format!("reporting of {}", self.device(*device)),
            Step::RequestKey { message, .. } => {
                format!("request key of {}", self.message(*message))
            }
            Step::CancelRequest { message, .. } => {
                format!("cancel request for {}", self.message(*message))
            }
            Step::DiscardSession { device, .. } => {
                format!("discard session of {}", self.device(*device))
            }
            Step::RestoreBackup(device) => format!("restore backup on {}", self.device(*device)),
        }
    }

    fn merge(&self, merge: Merge) -> String {
        match merge {
            Merge::Users(from, into) => {
                format!("the devices of {} belong to {}", self.user(from), self.user(into))
            }
            Merge::Servers(from, into) => {
                format!("the users of {} are on {}", self.server(from), self.server(into))
            }
            Merge::AllServers => "one server".to_owned(),
            Merge::Rooms(from, into) => {
                format!("what happens in {} happens in {}", self.room(from), self.room(into))
            }
        }
    }

    fn reset(&self, what: Reset) -> String {
        let usual = |what: &str| format!("the usual {what}");
        let of = |what: &str, who: &str| format!("the usual {what} of {who}");
        match what {
            Reset::All => "everything as usual".to_owned(),
            Reset::Chance => usual("network and seed"),
            Reset::Expectations => "nothing is expected".to_owned(),
            Reset::OtherCells => "nothing is expected of other verdicts".to_owned(),
            Reset::Unsent => "nothing is expected of messages that are not sent".to_owned(),
            Reset::OtherNotices => "nothing is expected of other notices".to_owned(),
            Reset::RequestTimeout => usual("request timeout"),
            Reset::ClientDelay => usual("delay to a server"),
            Reset::FederationDelay => usual("delay between servers"),
            Reset::FixedDelays => "fixed delays".to_owned(),
            Reset::Seed => usual("seed"),
            Reset::Horizon => usual("horizon"),
            Reset::BatchLimit(id) => of("batch_limit", self.server(id)),
            Reset::TimelineLimit(id) => of("timeline_limit", self.server(id)),
            Reset::EduLimit(id) => of("edu_limit", self.server(id)),
            Reset::ServerHabit(id, place) => {
                let all = server_habit_deviations(&self.0.servers[id.index()].habits);
                of(all.get(place).map_or("habits", |one| one.name), self.server(id))
            }
            Reset::CrossSigning(id) => of("cross_signing", self.user(id)),
            Reset::Settings(id) => of("settings", self.device(id)),
            Reset::Policy(id, place) => {
                let all = policy_deviations(&self.0.devices[id.index()].policy);
                of(all.get(place).map_or("policy", |one| one.name), self.device(id))
            }
            Reset::Habit(id, place) => {
                let all = habit_deviations(&self.0.devices[id.index()].habits);
                of(all.get(place).map_or("habits", |one| one.name), self.device(id))
            }
            Reset::Keys(id) => of("keys", self.device(id)),
            Reset::CrossSigned(id) => of("cross_signed", self.device(id)),
            Reset::FallbackKey(id) => of("fallback_key", self.device(id)),
            Reset::OneTimeKeys(id) => of("one_time_keys", self.device(id)),
            Reset::Present(id) => format!("{} is logged in from the start", self.device(id)),
            Reset::DeviceId(id) => format!("a device id of its own for {}", self.device(id)),
            Reset::Visibility(id) => of("history_visibility", self.room(id)),
            Reset::RotationPeriod(id) => of("rotation period", self.room(id)),
            Reset::RotationMessages(id) => of("rotation messages", self.room(id)),
            Reset::StepRotation(place) => of("rotation", &self.step(&self.0.timeline[place].step)),
        }
    }
}
