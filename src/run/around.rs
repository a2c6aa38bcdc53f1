//! What was so around an answer that no recorded cause leads to, and that a reader asks for all the same: who was cut off, why nobody
//! answered a key request, whose clock was wrong, who had left. It does not put any of it into words.

use std::collections::BTreeMap;

use crate::check::outcome::{Verdict, Violation};
use crate::ids::{
    DeviceId, FactId, FaultId, MegolmSessionId, MessageId, RequestId, RoomId, ToDeviceId, TxnId,
    UserId,
};
use crate::protocol::room::Membership;
use crate::protocol::to_device::{KeyRequestAction, OlmEvent};
use crate::rulebook::leaf::Leaf;
use crate::rulebook::rule::Rule;
use crate::scenario::fault::{FaultKind, Party};
use crate::scenario::model::Scenario;
use crate::scenario::policy::Target;
use crate::time::SimDuration;
use crate::trace::announced::Announced;
use crate::trace::fact::{Direction, Fact, FactKind, SentContent};

use super::why::Subject;

/// So long a device waits after it has opened an Olm session before it opens another one to recover.
const PAUSE: SimDuration = SimDuration::from_hours(1);

/// So many devices are told that did not answer a request.
const ASKED: usize = 4;

/// Something that was so around an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Aside {
    /// What.
    pub kind: AsideKind,
    /// The fact that shows it.
    pub shown_by: FactId,
    /// The fact that it began with, if that is another one.
    pub began: Option<FactId>,
}

impl Aside {
    const fn new(kind: AsideKind, shown_by: FactId) -> Self {
        Self { kind, shown_by, began: None }
    }

    /// The facts behind it, in their order.
    pub fn facts(&self) -> impl Iterator<Item = FactId> + use<> {
        self.began.filter(|began| *began != self.shown_by).into_iter().chain([self.shown_by])
    }
}

/// What was so around an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AsideKind {
    /// The user had this membership when the message that was read was sent, which entitles nobody to a key.
    Departed {
        /// The user.
        user: UserId,
        /// The room.
        room: RoomId,
        /// What the user was.
        membership: Membership,
    },
    /// The fault kept somebody from being reached, and was in force when the run ended.
    CutOff(FaultId),
    /// After an Olm message that could not be decrypted there came a new session of the device with its sender.
    Repaired(DeviceId),
    /// None was due then, as the device had opened one with the sender less than an hour before, by its own clock.
    RepairedBefore(DeviceId),
    /// The clock of this device was wrong by this fault.
    Clock(FaultId, DeviceId),
    /// A request of the device for the key was not answered by this other one.
    Unanswered {
        /// The request.
        request: RequestId,
        /// Who was asked.
        asked: DeviceId,
        /// Why no answer came.
        why: Silence,
    },
}

/// Why a key request got no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Silence {
    /// The request was not accepted by the server of the device that asked.
    NotSent,
    /// The request was lost by a server.
    Lost,
    /// A server lost the answer.
    AnswerLost,
    /// Who was asked had gone before the request came.
    Gone,
    /// The request is on its way, or in the mailbox of who was asked.
    Waits,
    /// Who was asked does not have the key.
    NoKey,
    /// Who was asked belongs to another user, to whom keys are not forwarded.
    OtherUser,
    /// Who was asked has blocked the device that asked.
    Blocked,
    /// Nothing says that the device that asked is verified, by itself or by its user's signature.
    NotVerified,
    /// It could have answered, and need not.
    Chose,
}

/// Everything of this kind around an answer, in the order of the facts that show it.
#[must_use]
pub fn around(subject: &Subject, scenario: &Scenario, facts: &[Fact]) -> Vec<Aside> {
    let mut asides = match subject {
        Subject::Cell(cell) => of_cell(cell, scenario, facts),
        Subject::Broken(one) => of_violation(one, scenario, facts),
        Subject::Unsent(_) => Vec::new(),
    };
    asides.sort_by_key(|aside| aside.shown_by);
    asides
}

fn of_cell(cell: &Verdict, scenario: &Scenario, facts: &[Fact]) -> Vec<Aside> {
    let Verdict { message, device, leaf, .. } = *cell;
    if leaf == Leaf::Delivered {
        return departed(scenario, facts, (message, device)).into_iter().collect();
    }
    let Some((sender, session)) = encryption(facts, message) else { return Vec::new() };
    let mut asides = unanswered(scenario, facts, (device, session));
    if matches!(leaf, Leaf::Pending | Leaf::SenderGone) {
        asides.extend(cut_off(scenario, facts, [sender, device]));
    }
    if leaf == Leaf::Wedged {
        asides.extend(repaired(facts, (device, sender), cell.witnesses[0]));
    }
    // What a wait, an age or a time of arrival decides.
    let timed = [
        Leaf::Wedged,
        Leaf::NotUnwedged,
        Leaf::KeyExpired,
        Leaf::StandingNoOlm,
        Leaf::NoOlmNotUsed,
        Leaf::Unexplained,
    ];
    if timed.contains(&leaf) {
        asides.extend(clocks(scenario, facts, &[sender, device], last_try(facts, cell)));
    }
    asides
}

fn of_violation(one: &Violation, scenario: &Scenario, facts: &[Fact]) -> Vec<Aside> {
    const TIMED: [Rule; 6] = [Rule::R01, Rule::R08, Rule::U01, Rule::U02, Rule::U09, Rule::U10];
    let Party::Device(device) = one.party else { return Vec::new() };
    let last = one.witnesses.into_iter().flatten().max();
    if TIMED.contains(&one.rule) { clocks(scenario, facts, &[device], last) } else { Vec::new() }
}

/// Why no new Olm session is missing after the failure: there came one, or one was opened too short a time before.
fn repaired(
    facts: &[Fact],
    (device, sender): (DeviceId, DeviceId),
    failure: Option<FactId>,
) -> Option<Aside> {
    let failure = facts.iter().find(|fact| Some(fact.id) == failure)?;
    let made = |fact: &&Fact| matches!(fact.kind, FactKind::OlmNew { device: by, peer, .. } if (by, peer) == (device, sender));
    let later = facts.iter().filter(|fact| fact.id > failure.id).find(made);
    if let Some(later) = later {
        return Some(Aside::new(AsideKind::Repaired(device), later.id));
    }
    let opened = |fact: &&Fact| {
        matches!(fact.kind, FactKind::OlmNew { direction: Direction::Outbound, .. }) && made(fact)
    };
    let earlier = facts.iter().take_while(|fact| fact.id < failure.id).filter(opened).last()?;
    let is_recent = earlier.clock + PAUSE > failure.clock;
    let kind = AsideKind::RepairedBefore(device);
    is_recent.then_some(Aside::new(kind, earlier.id))
}

/// The last attempt to read the message.
fn last_try(facts: &[Fact], cell: &Verdict) -> Option<FactId> {
    let is_try = |fact: &&Fact| matches!(fact.kind, FactKind::Try { device, message, .. } if (message, device) == (cell.message, cell.device));
    facts.iter().rfind(is_try).map(|fact| fact.id)
}

/// Who encrypted the message, with which session.
fn encryption(facts: &[Fact], wanted: MessageId) -> Option<(DeviceId, MegolmSessionId)> {
    facts.iter().find_map(|fact| {
        let FactKind::MegolmEncrypted { device, session, message, .. } = fact.kind else {
            return None;
        };
        (message == wanted).then_some((device, session))
    })
}

/// Whether the user of the device had left, or was banned, when the message was sent, as any server knew by then.
fn departed(
    scenario: &Scenario,
    facts: &[Fact],
    (message, device): (MessageId, DeviceId),
) -> Option<Aside> {
    let accepted = |fact: &Fact| {
        let FactKind::MessageAccepted { message: of, room } = fact.kind else { return None };
        (of == message).then_some((fact.id, room))
    };
    let (accepted, room) = facts.iter().find_map(accepted)?;
    let user = scenario.user_of(device);
    let change = |fact: &Fact| {
        let FactKind::Member { room: place, user: who, membership, seq } = fact.kind else {
            return None;
        };
        ((place, who) == (room, user)).then_some((seq, fact.id, membership))
    };
    let before = facts.iter().take_while(|fact| fact.id < accepted);
    // Of one event that several servers told of, the first fact.
    let last =
        before.filter_map(change).reduce(|one, other| if other.0 > one.0 { other } else { one });
    let (_, shown_by, membership) = last?;
    let kind = AsideKind::Departed { user, room, membership };
    match membership {
        Membership::Leave | Membership::Ban => Some(Aside::new(kind, shown_by)),
        Membership::Join | Membership::Invite => None,
    }
}

/// The faults that kept one of the two from being reached, or their servers from one another, and had not ended when the run did.
fn cut_off(scenario: &Scenario, facts: &[Fact], ends: [DeviceId; 2]) -> Vec<Aside> {
    let homes = ends.map(|device| Party::Server(scenario.server_of(device)));
    let is_end = |party: &Party| homes.contains(party) || ends.map(Party::Device).contains(party);
    let announced = Announced::all(scenario);
    let concerns = |fault: FaultId| {
        announced.get(fault.index()).is_some_and(|known| {
            known.cuts_off.iter().any(is_end)
                || !known.parts.is_empty()
                    && homes[0] != homes[1]
                    && homes.iter().all(|home| known.parts.contains(home))
        })
    };
    in_force(facts, None)
        .into_iter()
        .filter(|(fault, _)| concerns(*fault))
        .map(|(fault, shown_by)| Aside::new(AsideKind::CutOff(fault), shown_by))
        .collect()
}

/// The faults that had begun and not ended at a fact, or at the end, each with the fact of its beginning.
fn in_force(facts: &[Fact], at: Option<FactId>) -> Vec<(FaultId, FactId)> {
    let mut open: Vec<(FaultId, FactId)> = Vec::new();
    for fact in facts.iter().take_while(|fact| at.is_none_or(|at| fact.id <= at)) {
        if let FactKind::FaultStart(fault) = fact.kind {
            open.push((fault, fact.id));
        } else if let FactKind::FaultEnd(fault) = fact.kind {
            open.retain(|(other, _)| *other != fault);
        }
    }
    open
}

/// The faults by which the clocks of these devices were wrong before a fact.
fn clocks(
    scenario: &Scenario,
    facts: &[Fact],
    devices: &[DeviceId],
    last: Option<FactId>,
) -> Vec<Aside> {
    let aside = |fact: &Fact| {
        let FactKind::FaultStart(fault) = fact.kind else { return None };
        let (FaultKind::ClockAhead { device, .. } | FaultKind::ClockBehind { device, .. }) =
            scenario.faults.get(fault.index())?.kind
        else {
            return None;
        };
        let kind = AsideKind::Clock(fault, device);
        devices.contains(&device).then_some(Aside::new(kind, fact.id))
    };
    let before = facts.iter().take_while(|fact| last.is_none_or(|last| fact.id <= last));
    before.filter_map(aside).collect()
}

/// A part of a transaction with a key request for one device.
#[derive(Debug, Clone, Copy)]
struct Asked {
    request: RequestId,
    by: DeviceId,
    of: DeviceId,
    session: MegolmSessionId,
    txn: TxnId,
    put: FactId,
    /// When it was asked first under this id.
    first: FactId,
}

/// The devices that were asked for the key last, and did not answer, if the request is still open.
fn unanswered(
    scenario: &Scenario,
    facts: &[Fact],
    (device, session): (DeviceId, MegolmSessionId),
) -> Vec<Aside> {
    let request = facts.iter().rev().find_map(|fact| {
        let FactKind::KeyRequested { device: by, session: of, request } = fact.kind else {
            return None;
        };
        ((by, of) == (device, session)).then_some(request)
    });
    let is_taken_back = |request| {
        let taken_back = |fact: &Fact| matches!(fact.kind, FactKind::RequestCancelled { device: by, request: of } if (by, of) == (device, request));
        facts.iter().any(taken_back)
    };
    let Some(request) = request.filter(|request| !is_taken_back(*request)) else {
        return Vec::new();
    };
    let asked = facts.iter().filter_map(|fact| {
        let FactKind::PutTarget { device: by, txn, recipient, content } = fact.kind else {
            return None;
        };
        let SentContent::KeyRequest(sent) = content else { return None };
        let asks = matches!(sent.action, KeyRequestAction::Request { .. });
        let (put, first) = (fact.id, fact.id);
        let put = Asked { request, by, of: recipient, session, txn, put, first };
        (asks && (by, sent.request) == (device, request)).then_some(put)
    });
    // Of a request that was repeated the last one.
    let mut last: BTreeMap<DeviceId, Asked> = BTreeMap::new();
    for again in asked {
        let first = last.get(&again.of).map_or(again.first, |known| known.first);
        last.insert(again.of, Asked { first, ..again });
    }
    last.values().take(ASKED).filter_map(|asked| silence(scenario, facts, asked)).collect()
}

/// Why the device did not answer; nothing if it did.
fn silence(scenario: &Scenario, facts: &[Fact], asked: &Asked) -> Option<Aside> {
    let aside = |why, shown_by| {
        let kind = AsideKind::Unanswered { request: asked.request, asked: asked.of, why };
        Some(Aside { kind, shown_by, began: Some(asked.put) })
    };
    let later = || facts.iter().filter(|fact| fact.id > asked.put);
    let lost = |txn: TxnId, whom: DeviceId| {
        later().find(|fact| matches!(fact.kind, FactKind::Lost { txn: of, recipient, .. } if (of, recipient) == (txn, whom)))
    };
    if let Some(answer) = answer(facts, asked) {
        return lost(answer, asked.by).and_then(|lost| aside(Silence::AnswerLost, lost.id));
    }
    if let Some(lost) = lost(asked.txn, asked.of) {
        return aside(Silence::Lost, lost.id);
    }
    let accepted =
        |fact: &&Fact| matches!(fact.kind, FactKind::PutAccepted { txn, .. } if txn == asked.txn);
    if later().find(accepted).is_none() {
        return aside(Silence::NotSent, asked.put);
    }
    let Some(processed) = processed(facts, asked) else {
        let gone = later().find(|fact| matches!(fact.kind, FactKind::LoggedOut { device } | FactKind::DeviceDeleted { device } if device == asked.of));
        return gone.map_or_else(
            || aside(Silence::Waits, asked.put),
            |gone| aside(Silence::Gone, gone.id),
        );
    };
    let (why, shown_by) = refusal(scenario, facts, asked, processed);
    aside(why, shown_by)
}

/// When the device handled the request.
fn processed(facts: &[Fact], asked: &Asked) -> Option<FactId> {
    let row: ToDeviceId = facts.iter().find_map(|fact| {
        let FactKind::Enqueued { message, recipient, txn, .. } = fact.kind else { return None };
        ((txn, recipient) == (asked.txn, asked.of)).then_some(message)
    })?;
    let handled = |fact: &&Fact| matches!(fact.kind, FactKind::Processed { device, message, .. } if (device, message) == (asked.of, row));
    facts.iter().find(handled).map(|fact| fact.id)
}

/// The transaction with what the device sent since it was asked: the key, or why it does not give it.
fn answer(facts: &[Fact], asked: &Asked) -> Option<TxnId> {
    facts.iter().filter(|fact| fact.id > asked.first).find_map(|fact| {
        let FactKind::PutTarget { device, txn, recipient, content } = fact.kind else {
            return None;
        };
        let is_about = match content {
            SentContent::Olm(OlmEvent::ForwardedRoomKey(sent)) => sent.key.session == asked.session,
            SentContent::Olm(OlmEvent::RoomKey(key)) => key.session == asked.session,
            SentContent::Withheld(notice) => notice.session_id.value() == Some(asked.session),
            SentContent::Olm(
                OlmEvent::Dummy { .. } | OlmEvent::Withheld(_) | OlmEvent::RoomKeyBundle(_),
            )
            | SentContent::Sealed
            | SentContent::Clear(_)
            | SentContent::KeyRequest(_) => false,
        };
        ((device, recipient) == (asked.of, asked.by) && is_about).then_some(txn)
    })
}

/// Why the device may have kept silent about a request that it handled, with what shows that.
fn refusal(
    scenario: &Scenario,
    facts: &[Fact],
    asked: &Asked,
    processed: FactId,
) -> (Silence, FactId) {
    let before = || facts.iter().rev().filter(|fact| fact.id < processed);
    let has_key = before().find_map(|fact| {
        let (FactKind::KeyIn { device, session, .. } | FactKind::KeyLost { device, session, .. }) =
            fact.kind
        else {
            return None;
        };
        let is_it = (device, session) == (asked.of, asked.session);
        is_it.then_some(matches!(fact.kind, FactKind::KeyIn { .. }))
    });
    if has_key != Some(true) {
        return (Silence::NoKey, processed);
    }
    let owner = scenario.user_of(asked.by);
    let targets = [Target::Device(asked.by), Target::User(owner)];
    let blocked = before().find_map(|fact| {
        let FactKind::BlockedSet { device, target, blocked } = fact.kind else { return None };
        (device == asked.of && targets.contains(&target)).then_some((blocked, fact.id))
    });
    if let Some((true, shown_by)) = blocked {
        return (Silence::Blocked, shown_by);
    }
    if owner != scenario.user_of(asked.of) {
        return (Silence::OtherUser, processed);
    }
    let is_verified = before().any(|fact| {
        if let FactKind::VerifiedSet { device, target, verified } = fact.kind {
            return verified && device == asked.of && targets.contains(&target);
        }
        matches!(fact.kind, FactKind::CrossSigned { device } if device == asked.by)
    });
    (if is_verified { Silence::Chose } else { Silence::NotVerified }, processed)
}
