//! Facts written by hand, for tests: a small room in which each line of a test is one thing that happens.
//! It does not know what a judge makes of them.

pub(crate) mod bundles;
pub(crate) mod sending;

use std::sync::Arc;

use crate::check::Checker;
use crate::check::cast::Cast;
use crate::check::outcome::Outcome;
use crate::ids::{
    ClaimId, DeviceId, FactId, KeyValue, MegolmSessionId, MessageId, OlmSessionId, QueryId, RoomId,
    ServerId, Sym, UserId,
};
use crate::protocol::api::ListChange;
use crate::protocol::room::Membership;
use crate::protocol::withheld::{
    Algorithm, CodeSet, Field, SessionCode, WithheldCode, WithheldContent, WithheldNotice,
};
use crate::rulebook::leaf::Leaf;
use crate::rulebook::reading::{Reading, ReadingName};
use crate::rulebook::rule::Rule;
use crate::scenario::fault::{Fault, Party};
use crate::scenario::model::Strings;
use crate::scenario::policy::{SharePolicy, Target};
use crate::time::SimTime;
use crate::trace::fact::{
    Causes, ClaimFailed, ClaimOutcome, Direction, Fact, FactKind, Observer, OlmCause, QueryOutcome,
    RunEnd, Shown, TryResult,
};
use crate::trace::sink::FactSink;

pub(crate) const ALICE: UserId = UserId::new(0);
pub(crate) const BOB: UserId = UserId::new(1);
pub(crate) const CAROL: UserId = UserId::new(2);
/// Alice's phone, which sends.
pub(crate) const A1: DeviceId = DeviceId::new(0);
/// Alice's laptop, which is not there at the start.
pub(crate) const A2: DeviceId = DeviceId::new(1);
/// Bob's phone, the usual recipient.
pub(crate) const B1: DeviceId = DeviceId::new(2);
/// Bob's laptop, which is not there at the start.
pub(crate) const B2: DeviceId = DeviceId::new(3);
/// Carol's phone, on the other server; Carol is in no room at the start.
pub(crate) const C1: DeviceId = DeviceId::new(4);
/// The server of Alice and Bob.
pub(crate) const HOME: ServerId = ServerId::new(0);
/// The server of Carol.
pub(crate) const AWAY: ServerId = ServerId::new(1);
/// The room with Alice and Bob.
pub(crate) const R: RoomId = RoomId::new(0);
/// Another room with Alice and Bob.
pub(crate) const R2: RoomId = RoomId::new(1);

/// A session by its number.
pub(crate) const fn s(number: u32) -> MegolmSessionId {
    MegolmSessionId::new(number)
}

/// A message by its number.
pub(crate) const fn m(number: u32) -> MessageId {
    MessageId::new(number)
}

/// The content of a session notice.
pub(crate) fn about(
    sender: DeviceId,
    session: MegolmSessionId,
    code: SessionCode,
) -> WithheldContent {
    WithheldNotice::Session { room: R, session, code }.content(sender)
}

/// A list of facts that grows line by line. Each fact comes a millisecond after the one before.
#[derive(Debug, Clone)]
pub(crate) struct Story {
    facts: Vec<Fact>,
    faults: Vec<Fault>,
    strings: Strings,
    at: u64,
    next: u32,
}

impl Story {
    /// Nothing has happened.
    pub(crate) fn empty() -> Self {
        Self { facts: Vec::new(), faults: Vec::new(), strings: Strings::default(), at: 0, next: 0 }
    }

    /// A1 and B1 are up, both users are joined, A1 knows B1 and B1 knows A1, everybody shares with everyone and
    /// reports everything. A1 has no Olm session with B1.
    pub(crate) fn begin() -> Self {
        let mut story = Self::empty();
        for (room, user, seq) in [(R, ALICE, 1), (R, BOB, 2), (R2, ALICE, 1), (R2, BOB, 2)] {
            let membership = Membership::Join;
            story.at(HOME, FactKind::Member { room, user, membership, seq });
        }
        for device in [A1, B1] {
            story.up(device);
            story.by(device, FactKind::RoomSeen { device, room: R, seq: 2, limited: true });
            story.by(device, FactKind::RoomSeen { device, room: R2, seq: 2, limited: true });
            story.share_with(device, SharePolicy::Everyone);
            story.report(device, None, CodeSet::ALL);
        }
        story.learn(A1, BOB, &[B1]);
        story.learn(B1, ALICE, &[A1]);
        story
    }

    /// As [`Story::begin`], and A1 has an Olm session with B1 and has made session 0.
    pub(crate) fn with_olm() -> Self {
        let mut story = Self::begin();
        story.olm(A1, B1);
        story.session(A1, s(0));
        story
    }

    /// As [`Story::begin`], with session 0 of A1, who has blocked B1.
    pub(crate) fn blocked() -> Self {
        let mut story = Self::begin();
        story.block(A1, Target::Device(B1));
        story.session(A1, s(0));
        story
    }

    /// Announces a fault, which is in force from now on.
    pub(crate) fn fault(&mut self, fault: Fault) -> FactId {
        self.faults.push(fault);
        let id = crate::ids::FaultId::at(self.faults.len() - 1);
        self.fact(Observer::World, FactKind::FaultStart(id))
    }

    /// The next fact comes at the very time of the last one.
    pub(crate) fn at_the_same_time(&mut self) {
        self.at -= 1;
    }

    /// A text that facts may name.
    pub(crate) fn text(&mut self, text: &str) -> Sym {
        self.strings.intern(text)
    }

    fn number(&mut self) -> u32 {
        self.next += 1;
        self.next
    }

    /// Time passes.
    pub(crate) fn wait(&mut self, ms: u64) {
        self.at += ms;
    }

    /// The last fact.
    pub(crate) fn last(&self) -> FactId {
        FactId::at(self.facts.len() - 1)
    }

    /// The last to-device message that was put together.
    pub(crate) fn last_put(&self) -> FactId {
        let is_put = |fact: &&Fact| matches!(fact.kind, FactKind::OlmEncrypted { .. });
        self.facts.iter().rfind(is_put).expect("one was put together").id
    }

    /// The time of the last fact.
    pub(crate) fn now(&self) -> SimTime {
        SimTime::from_ms(self.at)
    }

    /// Time passes so that the next fact comes this long after `fact`.
    pub(crate) fn wait_until(&mut self, fact: FactId, ms: u64) {
        self.at = self.facts[fact.index()].at.as_ms() + ms - 1;
    }

    /// Any fact.
    pub(crate) fn fact(&mut self, observer: Observer, kind: FactKind) -> FactId {
        self.at += 1;
        let id = FactId::at(self.facts.len());
        let at = SimTime::from_ms(self.at);
        self.facts.push(Fact { id, at, clock: at, observer, kind, causes: Causes::NONE });
        id
    }

    /// How many facts there are of the kinds that `counts` picks.
    pub(crate) fn count(&self, counts: impl Fn(&FactKind) -> bool) -> u32 {
        let facts = self.facts.iter().filter(|fact| counts(&fact.kind));
        u32::try_from(facts.count()).expect("a story is short")
    }

    /// A fact that a device observes because of earlier ones.
    pub(crate) fn because(&mut self, device: DeviceId, kind: FactKind, causes: Causes) -> FactId {
        let fact = self.by(device, kind);
        if let Some(last) = self.facts.last_mut() {
            last.causes = causes;
        }
        fact
    }

    /// The last fact came of this one.
    pub(crate) fn came_of(&mut self, cause: FactId) {
        let last = self.facts.last_mut().expect("something has happened");
        last.causes = last.causes.and(cause);
    }

    /// A fact that a device observes.
    pub(crate) fn by(&mut self, device: DeviceId, kind: FactKind) -> FactId {
        self.fact(Observer::Device(device), kind)
    }

    /// A fact that a server observes.
    pub(crate) fn at(&mut self, server: ServerId, kind: FactKind) -> FactId {
        self.fact(Observer::Server(server), kind)
    }

    /// The next fact comes at the time of the last one.
    pub(crate) fn same_instant(&mut self) {
        self.at -= 1;
    }

    /// A client stops in the very instant of the last fact.
    pub(crate) fn crash(&mut self, device: DeviceId) -> FactId {
        self.at -= 1;
        self.by(device, FactKind::Crashed { device })
    }

    /// The device's store goes back, to a copy that has all that has happened so far.
    pub(crate) fn goes_back_a_little(&mut self, device: DeviceId) -> FactId {
        self.wait(2);
        let snapshot = SimTime::from_ms(self.at - 1);
        self.by(device, FactKind::StoreRestored { device, snapshot })
    }

    pub(crate) fn up(&mut self, device: DeviceId) -> FactId {
        self.at(HOME, FactKind::DeviceUp { device, crypto: true })
    }

    /// HOME has a membership in R, as its event number `seq` there.
    pub(crate) fn member(&mut self, user: UserId, membership: Membership, seq: u32) -> FactId {
        self.at(HOME, FactKind::Member { room: R, user, membership, seq })
    }

    pub(crate) fn seen(&mut self, device: DeviceId, seq: u32) -> FactId {
        self.by(device, FactKind::RoomSeen { device, room: R, seq, limited: false })
    }

    pub(crate) fn share_with(&mut self, device: DeviceId, share: SharePolicy) -> FactId {
        self.by(device, FactKind::SharingSet { device, share, with_invited: false })
    }

    pub(crate) fn report(
        &mut self,
        device: DeviceId,
        target: Option<Target>,
        codes: CodeSet,
    ) -> FactId {
        self.by(device, FactKind::ReportingSet { device, target, codes, strangers: codes })
    }

    pub(crate) fn block(&mut self, device: DeviceId, target: Target) -> FactId {
        self.by(device, FactKind::BlockedSet { device, target, blocked: true })
    }

    pub(crate) fn unblock(&mut self, device: DeviceId, target: Target) -> FactId {
        self.by(device, FactKind::BlockedSet { device, target, blocked: false })
    }

    /// The device asks for a list.
    pub(crate) fn ask(&mut self, device: DeviceId, user: UserId) -> QueryId {
        let query = QueryId::new(self.number());
        self.by(device, FactKind::QueryStart { device, user, query });
        query
    }

    /// The answer lists these devices, none of them cross-signed.
    pub(crate) fn answer(
        &mut self,
        (device, user): (DeviceId, UserId),
        query: QueryId,
        devices: &[DeviceId],
    ) -> FactId {
        for listed in devices {
            let listed = *listed;
            self.by(device, FactKind::QueryListed { device, query, listed, cross_signed: false });
        }
        let outcome = QueryOutcome::Applied { master: None, verified: false };
        self.by(device, FactKind::QueryEnd { device, user, query, outcome })
    }

    /// The device asks for a list and gets this.
    pub(crate) fn learn(&mut self, device: DeviceId, user: UserId, devices: &[DeviceId]) -> FactId {
        let query = self.ask(device, user);
        self.answer((device, user), query, devices)
    }

    /// The server learns that a list changed.
    pub(crate) fn list_changed(&mut self, server: ServerId, user: UserId) -> FactId {
        self.at(server, FactKind::ListChangedAt { user })
    }

    /// The device is told that a list changed.
    pub(crate) fn noted(&mut self, device: DeviceId, user: UserId) -> FactId {
        self.by(device, FactKind::ListNote { device, user, change: ListChange::Changed })
    }

    /// The device makes an outbound Olm session.
    pub(crate) fn olm(&mut self, device: DeviceId, peer: DeviceId) -> OlmSessionId {
        let session = OlmSessionId::new(self.number());
        let (direction, why) = (Direction::Outbound, OlmCause::Share);
        self.by(device, FactKind::OlmNew { device, peer, session, direction, why, key: None });
        session
    }

    /// The device asks for a key.
    pub(crate) fn claim(&mut self, device: DeviceId, target: DeviceId) -> ClaimId {
        let claim = ClaimId::new(self.number());
        self.by(device, FactKind::Claim { device, target, claim });
        claim
    }

    /// The device asks for a key and there is none.
    pub(crate) fn claim_fails(&mut self, device: DeviceId, target: DeviceId) -> FactId {
        let claim = self.claim(device, target);
        let outcome = ClaimOutcome::NoKey;
        self.by(device, FactKind::ClaimEnd { device, target, claim, outcome })
    }

    /// The device asks for a key and the server cannot be reached.
    pub(crate) fn claim_unreachable(&mut self, device: DeviceId, target: DeviceId) -> FactId {
        let claim = self.claim(device, target);
        let outcome = ClaimOutcome::Failed(ClaimFailed::Unreachable);
        self.by(device, FactKind::ClaimEnd { device, target, claim, outcome })
    }

    /// The user of the device throws the room's session away, and the device makes another.
    pub(crate) fn replace(&mut self, device: DeviceId, session: MegolmSessionId) -> FactId {
        self.by(device, FactKind::SessionDiscarded { device, room: R });
        self.session(device, session)
    }

    pub(crate) fn session(&mut self, device: DeviceId, session: MegolmSessionId) -> FactId {
        self.session_in(device, R, session)
    }

    pub(crate) fn session_in(
        &mut self,
        device: DeviceId,
        room: RoomId,
        session: MegolmSessionId,
    ) -> FactId {
        self.by(device, FactKind::MegolmNew { device, room, session })
    }

    /// A1 encrypts a message.
    pub(crate) fn encrypt(&mut self, session: MegolmSessionId, index: u32, message: u32) -> FactId {
        self.encrypt_in(R, session, index, message)
    }

    pub(crate) fn encrypt_in(
        &mut self,
        room: RoomId,
        session: MegolmSessionId,
        index: u32,
        message: u32,
    ) -> FactId {
        let message = m(message);
        self.by(A1, FactKind::MegolmEncrypted { device: A1, room, session, index, message })
    }

    /// The server accepts a message.
    pub(crate) fn accept(&mut self, message: u32) -> FactId {
        self.at(HOME, FactKind::MessageAccepted { room: R, message: m(message) })
    }

    /// A1 encrypts a message and the server accepts it.
    pub(crate) fn message(&mut self, session: MegolmSessionId, index: u32, message: u32) -> FactId {
        self.encrypt(session, index, message);
        self.accept(message)
    }

    /// A device tries to read a message.
    pub(crate) fn tries(&mut self, device: DeviceId, message: u32, result: TryResult) -> FactId {
        self.by(device, FactKind::Try { device, message: m(message), result })
    }

    /// A device cannot read a message and shows no reason.
    pub(crate) fn shows_nothing(&mut self, device: DeviceId, message: u32) -> FactId {
        self.tries(device, message, TryResult::Undecryptable(Shown::Unexplained))
    }

    /// A device cannot read a message and shows a code.
    pub(crate) fn shows(&mut self, device: DeviceId, message: u32, code: WithheldCode) -> FactId {
        let shown = Shown::Code { code, notice: None };
        self.tries(device, message, TryResult::Undecryptable(shown))
    }

    /// A device cannot read a message and shows the code of a notice.
    pub(crate) fn shows_from(
        &mut self,
        device: DeviceId,
        message: u32,
        (code, notice): (WithheldCode, sending::Sent),
    ) -> FactId {
        let shown = Shown::Code { code, notice: Some(notice.row) };
        self.tries(device, message, TryResult::Undecryptable(shown))
    }

    fn judge_until(&self, end: Option<RunEnd>, reading: Reading) -> Outcome {
        let users = [ALICE, ALICE, BOB, BOB, CAROL].to_vec();
        let cast = Cast::new(users, [HOME, HOME, AWAY].to_vec(), self.faults.clone())
            .with_strings(Arc::new(self.strings.clone()));
        let mut checker = Checker::new(cast, reading);
        let mut story = self.clone();
        if let Some(end) = end {
            story.fact(Observer::World, FactKind::RunEnd(end));
        }
        for fact in &story.facts {
            checker.record(fact);
        }
        checker.finish()
    }

    /// The judgement at rest.
    pub(crate) fn judge(&self) -> Outcome {
        self.judge_as(ReadingName::Strict)
    }

    /// The judgement at rest, in another reading.
    pub(crate) fn judge_as(&self, reading: ReadingName) -> Outcome {
        self.judge_by(Reading::named(reading))
    }

    /// The judgement at rest, in a reading of one's own.
    pub(crate) fn judge_by(&self, reading: Reading) -> Outcome {
        self.judge_until(Some(RunEnd::Quiescent), reading)
    }

    /// The judgement of a run that was cut at the horizon.
    pub(crate) fn judge_cut(&self) -> Outcome {
        self.judge_until(Some(RunEnd::Horizon), Reading::named(ReadingName::Strict))
    }

    /// The judgement of facts without an end.
    pub(crate) fn judge_open(&self) -> Outcome {
        self.judge_until(None, Reading::named(ReadingName::Strict))
    }

    /// The verdict of message 0 at B1, at rest.
    pub(crate) fn leaf(&self) -> Leaf {
        leaf(&self.judge(), 0, B1)
    }

    /// Which of these rules are broken, at rest: a story about one thing leaves out much that others ask for.
    pub(crate) fn broken_of(&self, asked: &[Rule]) -> Vec<(Rule, Party)> {
        self.rules().into_iter().filter(|(rule, _)| asked.contains(rule)).collect()
    }

    /// The rules that are broken, at rest.
    pub(crate) fn rules(&self) -> Vec<(Rule, Party)> {
        rules(&self.judge())
    }
}

/// The verdict of a message at a device.
pub(crate) fn leaf(outcome: &Outcome, message: u32, device: DeviceId) -> Leaf {
    let mut verdicts = outcome.verdicts.iter();
    verdicts
        .find(|verdict| (verdict.message, verdict.device) == (m(message), device))
        .expect("the device is on the room's roster")
        .leaf
}

/// The rules that are broken and by whom, in the order of their witnesses.
pub(crate) fn rules(outcome: &Outcome) -> Vec<(Rule, Party)> {
    outcome.violations.iter().map(|violation| (violation.rule, violation.party)).collect()
}

/// The party that a device is.
pub(crate) const fn device(device: DeviceId) -> Party {
    Party::Device(device)
}

/// A notice content with a code of one's own choice.
pub(crate) const fn odd(session: MegolmSessionId, code: Field<WithheldCode>) -> WithheldContent {
    WithheldContent {
        algorithm: Field::Is(Algorithm::MegolmV1),
        room_id: Field::Is(R),
        session_id: Field::Is(session),
        sender_key: Field::Is(A1),
        code,
        reason: Field::Absent,
    }
}

/// The private part of a key goes.
pub(crate) const fn key_gone(
    device: DeviceId,
    key: u32,
    why: crate::trace::fact::LossCause,
) -> FactKind {
    FactKind::PrivateKeyGone { device, key: KeyValue::new(key), why }
}
