//! What makes two failures the same: the rule, who broke it, what became of the message, and what kinds of things led there.
//! It does not know which runs are compared.

use std::collections::BTreeSet;

use crate::check::outcome::{Outcome, Violation};
use crate::explain::slice::behind;
use crate::ids::{DeviceId, RoomId, ServerId, UserId};
use crate::minimise::relevant::Relevant;
use crate::rulebook::leaf::Leaf;
use crate::rulebook::reading::Severity;
use crate::rulebook::rule::Rule;
use crate::scenario::fault::{Party, name_of};
use crate::scenario::file::{settings_of, settings_of_server};
use crate::scenario::model::Scenario;
use crate::scenario::step::Step;
use crate::trace::fact::{Fact, FactKind, Observer};

use super::why::{Subject, question};

/// What is wrong with a run.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Signature {
    /// The rule that was broken.
    pub rule: Rule,
    /// Who broke it.
    pub party: PartyKind,
    /// How bad that is in the reading of the run.
    pub severity: Severity,
    /// Whether a fault excuses it.
    pub injected: bool,
    /// What became of the message at the device that the violation is about, where it is about one.
    pub leaf: Option<Leaf>,
    /// The kinds of faults, habits and steps in the slice of the violation, by their names in files: faults that came into
    /// force and steps that were taken among all that led there, and the habits of whoever observed something of it that are not
    /// as the specification wants them.
    pub kinds: BTreeSet<String>,
}

/// What kind of a party it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PartyKind {
    /// A device.
    Device,
    /// A homeserver.
    Server,
    /// Nobody in particular.
    World,
}

impl PartyKind {
    /// The kind of a party.
    #[must_use]
    pub const fn of(party: Party) -> Self {
        match party {
            Party::Device(_) => Self::Device,
            Party::Server(_) => Self::Server,
            Party::World => Self::World,
        }
    }

    /// The word in reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Device => "device",
            Self::Server => "server",
            Self::World => "world",
        }
    }
}

impl Signature {
    /// The signature of a violation in a run with these facts.
    #[must_use]
    pub fn of(
        scenario: &Scenario,
        outcome: &Outcome,
        facts: &[Fact],
        violation: &Violation,
    ) -> Self {
        let behind = behind(facts, &question(&Subject::Broken(*violation), scenario));
        Self {
            kinds: kinds(scenario, &behind, violation.party),
            ..Self::outline(outcome, violation)
        }
    }

    /// The signature but for its kinds, which need facts.
    #[must_use]
    pub fn outline(outcome: &Outcome, violation: &Violation) -> Self {
        let leaf = violation.cell.and_then(|cell| {
            let mut verdicts = outcome.verdicts.iter();
            verdicts.find(|one| (one.message, one.device) == cell).map(|one| one.leaf)
        });
        Self {
            rule: violation.rule,
            party: PartyKind::of(violation.party),
            severity: violation.severity,
            injected: violation.injected.is_some(),
            leaf,
            kinds: BTreeSet::new(),
        }
    }

    /// Whether a violation with the signature `other` in a smaller room is still the same failure. A smaller room may need
    /// fewer kinds of things to get there, because the larger one took detours; it must not need others, or it would be another way to
    /// fail.
    #[must_use]
    pub fn is_kept_by(&self, other: &Self) -> bool {
        self.has_outline_of(other) && other.kinds.is_subset(&self.kinds)
    }

    /// Whether everything but the kinds is equal.
    #[must_use]
    pub fn has_outline_of(&self, other: &Self) -> bool {
        let outline = |one: &Self| (one.rule, one.party, one.severity, one.injected, one.leaf);
        outline(self) == outline(other)
    }
}

/// The kinds of things among `behind`, the facts that led to what `party` did.
fn kinds(scenario: &Scenario, behind: &[&Fact], party: Party) -> BTreeSet<String> {
    let mut kinds = BTreeSet::new();
    let mut devices: BTreeSet<DeviceId> = BTreeSet::new();
    let mut servers: BTreeSet<ServerId> = BTreeSet::new();
    match party {
        Party::Device(device) => {
            devices.insert(device);
        }
        Party::Server(server) => {
            servers.insert(server);
        }
        Party::World => {}
    }
    for fact in behind {
        if let FactKind::UserStep(step) = fact.kind {
            kinds.extend(step_at(scenario, step).map(step_name).map(str::to_owned));
        } else if let FactKind::FaultStart(fault) = fact.kind {
            kinds.extend(scenario.faults.get(fault.index()).map(|fault| name_of(&fault.kind)));
        }
        match fact.observer {
            Observer::Device(device) => {
                devices.insert(device);
            }
            Observer::Server(server) => {
                servers.insert(server);
            }
            Observer::World => {}
        }
    }
    for device in devices.iter().filter_map(|device| scenario.devices.get(device.index())) {
        kinds.extend(settings_of(&device.habits));
    }
    for server in servers.iter().filter_map(|server| scenario.servers.get(server.index())) {
        kinds.extend(settings_of_server(&server.habits));
    }
    kinds
}

fn step_at(scenario: &Scenario, step: u32) -> Option<&Step> {
    let place = usize::try_from(step).ok()?;
    scenario.timeline.get(place).map(|timed| &timed.step)
}

/// The name of a kind of step in files.
#[must_use]
pub const fn step_name(step: &Step) -> &'static str {
    match step {
        Step::Send { .. } => "send",
        Step::Login(_) => "login",
        Step::Logout(_) => "logout",
        Step::Member { .. } => "member",
        Step::HistoryVisibility { .. } => "history_visibility",
        Step::Encryption { .. } => "encryption",
        Step::CrossSign(_) => "cross_sign",
        Step::ResetIdentity(_) => "reset_identity",
        Step::Verify { .. } => "verify",
        Step::Unverify { .. } => "unverify",
        Step::Block { .. } => "block",
        Step::Unblock { .. } => "unblock",
        Step::AcknowledgeIdentity { .. } => "acknowledge_identity",
        Step::SetSharing { .. } => "set_sharing",
        Step::SetReporting { .. } => "set_reporting",
        Step::RequestKey { .. } => "request_key",
        Step::CancelRequest { .. } => "cancel_request",
        Step::DiscardSession { .. } => "discard_session",
        Step::RestoreBackup(_) => "restore_backup",
    }
}

/// What of the scenario led to something that these facts are behind of, and that `subject` is about.
#[must_use]
pub fn relevant(scenario: &Scenario, facts: &[Fact], subject: &Subject) -> Relevant {
    let behind = behind(facts, &question(subject, scenario));
    let heals = |fact: &&Fact| matches!(fact.kind, FactKind::HealStart { .. });
    let mut relevant = Relevant {
        before_heal: !behind
            .iter()
            .any(|fact| heals(fact) || scenario.heal.is_some_and(|heal| fact.at >= heal.from)),
        ..Relevant::default()
    };
    for fact in &behind {
        if let Observer::Device(device) = fact.observer {
            relevant.devices.insert(device);
        }
        if let FactKind::UserStep(step) = fact.kind {
            relevant.steps.extend(usize::try_from(step).ok());
        } else if let FactKind::FaultStart(fault) = fact.kind {
            relevant.faults.insert(fault);
        }
    }
    let (cell, party) = match *subject {
        Subject::Broken(violation) => (violation.cell, Some(violation.party)),
        Subject::Cell(cell) => (Some((cell.message, cell.device)), cell.party),
        Subject::Unsent(unsent) => (Some((unsent.message, unsent.device)), None),
    };
    relevant.devices.extend(cell.map(|(_, device)| device));
    match party {
        Some(Party::Device(device)) => {
            relevant.devices.insert(device);
            relevant.suspects.insert(device);
        }
        Some(Party::Server(server)) => {
            let homes = (0..scenario.devices.len()).map(DeviceId::at);
            relevant.suspects.extend(homes.filter(|one| scenario.server_of(*one) == server));
        }
        Some(Party::World) | None => {}
    }
    add_story(scenario, cell.map(|(message, _)| message.index()), &mut relevant);
    relevant
}

/// What the steps that are relevant cannot do without: who does them, whom they are about, and the rooms. Sends stand for
/// their messages.
fn add_story(scenario: &Scenario, message: Option<usize>, relevant: &mut Relevant) {
    for (place, timed) in scenario.timeline.iter().enumerate() {
        let is_send_of = |step: &Step| matches!(step, Step::Send { message: sent, .. } if Some(sent.index()) == message);
        if is_send_of(&timed.step) {
            relevant.steps.insert(place);
        }
        if relevant.steps.contains(&place) {
            add_step(&timed.step, relevant);
        }
    }
    if relevant.rooms.is_empty() {
        relevant.rooms.extend((0..scenario.rooms.len()).map(RoomId::at));
    }
}

fn add_step(step: &Step, relevant: &mut Relevant) {
    use crate::scenario::policy::Target;
    let (device, room, user, target): (DeviceId, Option<RoomId>, Option<UserId>, Option<Target>) =
        match *step {
            Step::Send { device, room, .. }
            | Step::HistoryVisibility { device, room, .. }
            | Step::Encryption { device, room, .. }
            | Step::DiscardSession { device, room } => (device, Some(room), None, None),
            Step::Member { device, room, user, .. } => (device, Some(room), Some(user), None),
            Step::Login(device)
            | Step::Logout(device)
            | Step::CrossSign(device)
            | Step::ResetIdentity(device)
            | Step::RestoreBackup(device)
            | Step::SetSharing { device, .. }
            | Step::RequestKey { device, .. }
            | Step::CancelRequest { device, .. } => (device, None, None, None),
            Step::Verify { device, target }
            | Step::Unverify { device, target }
            | Step::Block { device, target }
            | Step::Unblock { device, target } => (device, None, None, Some(target)),
            Step::AcknowledgeIdentity { device, user } => (device, None, Some(user), None),
            Step::SetReporting { device, target, .. } => (device, None, None, target),
        };
    relevant.devices.insert(device);
    relevant.rooms.extend(room);
    relevant.users.extend(user);
    match target {
        Some(Target::User(user)) => {
            relevant.users.insert(user);
        }
        Some(Target::Device(device)) => {
            relevant.devices.insert(device);
        }
        None => {}
    }
}
