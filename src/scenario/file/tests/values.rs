//! Scenarios that were never a file: made of arbitrary numbers, they are written, fulfil the schema and read back.
//! Whole files are tested elsewhere.

use proptest::prelude::*;

use super::examples::good;
use crate::ids::{DeviceId, MessageId, RoomId, ServerId, UserId};
use crate::protocol::api::Endpoint;
use crate::protocol::room::{HistoryVisibility, Membership, RoomAlgorithm, Rotation};
use crate::protocol::to_device::ToDeviceType;
use crate::protocol::withheld::{Algorithm, CodeSet, Field, WithheldCode, WithheldContent};
use crate::rulebook::leaf::Leaf;
use crate::rulebook::rule::Rule;
use crate::scenario::expect::{
    Expectations, ExpectedCell, ExpectedNotices, ExpectedVerdict, ExpectedViolation,
};
use crate::scenario::fault::{
    ClaimFailure, CrashPoint, Fault, FaultKind, ForgedContent, Party, ToDeviceFilter,
};
use crate::scenario::file::choice::Choice;
use crate::scenario::file::{schema, write};
use crate::scenario::model::{
    Delay, Device, Network, PublishedKeys, Room, Scenario, Server, Strings, User,
};
use crate::scenario::policy::{Policy, Reporting, Target};
use crate::scenario::step::{Step, TimedStep};
use crate::time::{SimDuration, SimTime};

/// A stream of choices: numbers in turn, zeros when they are used up.
pub(super) struct Source {
    numbers: std::vec::IntoIter<u32>,
}

impl Source {
    /// A number below `bound`.
    fn below(&mut self, bound: usize) -> usize {
        self.numbers.next().unwrap_or(0) as usize % bound
    }

    pub(super) fn number(&mut self, from: u32, to: u32) -> u32 {
        from + u32::try_from(self.below((to - from + 1) as usize)).unwrap()
    }

    pub(super) fn flag(&mut self) -> bool {
        self.below(2) == 1
    }

    fn maybe<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if self.flag() { Some(make(self)) } else { None }
    }

    fn list<T>(&mut self, most: usize, mut make: impl FnMut(&mut Self) -> T) -> Vec<T> {
        (0..self.below(most + 1)).map(|_| make(self)).collect()
    }

    pub(super) fn choice<T: Choice>(&mut self) -> T {
        T::ALL[self.below(T::ALL.len())].0.clone()
    }

    pub(super) fn span(&mut self) -> SimDuration {
        SimDuration::from_ms(u64::from(self.number(1, 200_000_000)))
    }

    pub(super) fn codes(&mut self) -> CodeSet {
        WithheldCode::ALL.into_iter().filter(|_| self.flag()).collect()
    }
}

/// How many of everything there is.
#[derive(Debug, Clone, Copy)]
struct Counts {
    servers: usize,
    users: usize,
    devices: usize,
    rooms: usize,
}

impl Source {
    fn server(&mut self, of: Counts) -> ServerId {
        ServerId::at(self.below(of.servers))
    }

    fn user(&mut self, of: Counts) -> UserId {
        UserId::at(self.below(of.users))
    }

    fn device(&mut self, of: Counts) -> DeviceId {
        DeviceId::at(self.below(of.devices))
    }

    /// Two devices that differ.
    fn pair(&mut self, of: Counts) -> (DeviceId, DeviceId) {
        let one = self.below(of.devices);
        (DeviceId::at(one), DeviceId::at((one + 1 + self.below(of.devices - 1)) % of.devices))
    }

    fn room(&mut self, of: Counts) -> RoomId {
        RoomId::at(self.below(of.rooms))
    }

    fn target(&mut self, of: Counts, not: DeviceId) -> Target {
        match self.device(of) {
            device if device != not && self.flag() => Target::Device(device),
            _ => Target::User(self.user(of)),
        }
    }

    fn policy(&mut self, of: Counts) -> Policy {
        let nobody = DeviceId::new(u32::MAX);
        let codes = self.codes();
        Policy {
            share: self.choice(),
            on_problem: self.choice(),
            share_with_invited: self.flag(),
            report: Reporting {
                codes,
                strangers: if self.flag() { codes } else { self.codes() },
                overrides: self.list(2, |source| (source.target(of, nobody), source.codes())),
            },
            answer_requests: self.choice(),
            ask: self.choice(),
            on_no_olm: self.choice(),
            after_no_olm: self.choice(),
            rotate_on_unblock: self.flag(),
            reshare_after_unwedge: self.flag(),
            show_no_olm: self.flag(),
            hide_unsigned: self.flag(),
            backup: self.flag(),
            share_history: self.flag(),
        }
    }

    fn filter(&mut self, of: Counts, strings: &mut Strings) -> ToDeviceFilter {
        let (sender, recipient) = self.pair(of);
        ToDeviceFilter {
            sender: self.maybe(|_| sender),
            recipient: self.maybe(|_| recipient),
            event_type: self.maybe(|source| source.event_type(strings)),
            first: self.maybe(|source| source.number(1, 9)),
        }
    }

    fn event_type(&mut self, strings: &mut Strings) -> ToDeviceType {
        match self.below(4) {
            0 => ToDeviceType::Encrypted,
            1 => ToDeviceType::Withheld,
            2 => ToDeviceType::KeyRequest,
            _ => ToDeviceType::Other(self.text(strings)),
        }
    }

    fn text(&mut self, strings: &mut Strings) -> crate::ids::Sym {
        strings.intern(["", "a \"b\"", "m.room_kéy\n\u{1b}", "{}"][self.below(4)])
    }

    fn field<T>(
        &mut self,
        strings: &mut Strings,
        is: impl FnOnce(&mut Self, &mut Strings) -> T,
    ) -> Field<T> {
        match self.below(4) {
            0 => Field::Absent,
            1 => Field::NotAString,
            2 => Field::Other(self.text(strings)),
            _ => Field::Is(is(self, strings)),
        }
    }
}

fn step(source: &mut Source, of: Counts, sent: usize) -> Step {
    let device = source.device(of);
    let room = source.room(of);
    let target = source.target(of, device);
    let message = MessageId::at(source.below(sent.max(1)));
    match source.below(if sent == 0 { 15 } else { 17 }) {
        0 => Step::Send { device, room, message: MessageId::at(sent) },
        1 => Step::CrossSign(device),
        2 => Step::ResetIdentity(device),
        3 => Step::RestoreBackup(device),
        4 => {
            let (user, membership) = (source.user(of), source.choice::<Membership>());
            Step::Member { device, room, user, membership }
        }
        5 => Step::HistoryVisibility { device, room, value: source.choice::<HistoryVisibility>() },
        6 => Step::Encryption { device, room, rotation: rotation(source) },
        7 => Step::Verify { device, target },
        8 => Step::Unverify { device, target },
        9 => Step::Block { device, target },
        10 => Step::Unblock { device, target },
        11 => Step::AcknowledgeIdentity { device, user: source.user(of) },
        12 => Step::SetSharing { device, share: source.choice(), on_problem: source.choice() },
        13 => {
            Step::SetReporting { device, target: source.maybe(|_| target), codes: source.codes() }
        }
        14 => Step::DiscardSession { device, room },
        15 => {
            let of = source.list(3, |source| source.device(of));
            let of = of.into_iter().filter(|other| *other != device).collect();
            Step::RequestKey { device, message, of }
        }
        _ => Step::CancelRequest { device, message },
    }
}

fn rotation(source: &mut Source) -> Rotation {
    let algorithm = source.choice::<RoomAlgorithm>();
    Rotation { algorithm, ..Rotation::megolm(source.span(), source.number(1, 1_000)) }
}

/// A fault of any kind but those that need more than two servers or are twins of another.
fn fault(source: &mut Source, of: Counts, strings: &mut Strings, from: SimTime) -> FaultKind {
    let (device, peer) = source.pair(of);
    let server = source.server(of);
    let other = ServerId::at((server.index() + 1) % of.servers);
    let snapshot = from - source.span();
    let by = source.span();
    let user = source.user(of);
    match source.below(37) {
        0 => FaultKind::OneTimeKeysRunOut { device },
        1 => FaultKind::NoFallbackKey { device },
        2 => FaultKind::KeysClaimedByStranger { device, count: source.number(1, 9) },
        3 => FaultKind::ClaimFails { server, failure: source.choice::<ClaimFailure>() },
        4 => FaultKind::KeyHandedOutTwice { server },
        5 => FaultKind::KeysOutOfOrder { server },
        6 => FaultKind::CountsOmitted { server },
        7 => FaultKind::UploadRejected { device },
        8 => FaultKind::ServerRestored { server, snapshot },
        9 => FaultKind::ServerUnreachable { server },
        10 => FaultKind::FederationDown { between: server, and: other },
        11 => FaultKind::ToDeviceDelayed { which: source.filter(of, strings), by },
        12 => FaultKind::ToDeviceDuplicated { which: source.filter(of, strings) },
        13 => FaultKind::ToDeviceReordered { device },
        14 => FaultKind::ToDeviceDropped { which: source.filter(of, strings) },
        15 => FaultKind::BatchLimit { server, limit: source.number(1, 9) },
        16 => FaultKind::EduLimit { server, edus: source.number(1, 9), messages: 1 },
        17 => FaultKind::ListNoticeLost { user, server },
        18 => FaultKind::StaleQueryAnswer { server, as_of: snapshot },
        19 => FaultKind::QuerySlow { device, by },
        20 => FaultKind::IncompleteMembers { server, user },
        21 => {
            let (endpoint, first) = (source.choice::<Endpoint>(), source.maybe(|_| 3));
            FaultKind::ResponseLost { device, endpoint, first }
        }
        22 => FaultKind::RateLimited { device, endpoint: source.choice(), retry_after: by },
        23 => FaultKind::ClientOffline { device },
        24 => FaultKind::Crash { device, point: CrashPoint::BeforeStep },
        25 => FaultKind::Crash { device, point: CrashPoint::AfterPersist(source.number(1, 9)) },
        26 => FaultKind::Crash { device, point: CrashPoint::BeforePersist(source.number(1, 9)) },
        27 => FaultKind::Crash { device, point: CrashPoint::AfterRequest(source.number(1, 9)) },
        28 => FaultKind::StoreRolledBack { device, snapshot },
        29 => FaultKind::OlmSessionsLost { device, peer },
        30 => FaultKind::OneTimeKeysForgotten { device },
        31 => FaultKind::SecondReader { device },
        32 => FaultKind::SecondProcess { device },
        33 => FaultKind::OlmCorrupted { which: source.filter(of, strings) },
        34 => FaultKind::ClockAhead { device, by },
        35 => FaultKind::MembershipLate { server, by },
        _ => forged(source, of, strings, (device, peer)),
    }
}

fn forged(
    source: &mut Source,
    of: Counts,
    strings: &mut Strings,
    (sender, recipient): (DeviceId, DeviceId),
) -> FaultKind {
    FaultKind::ForgedWithheld {
        sender,
        recipient,
        event_type: source.event_type(strings),
        content: ForgedContent {
            fields: WithheldContent {
                algorithm: source.field(strings, |_, _| Algorithm::MegolmV1),
                room_id: source.field(strings, |source, _| source.room(of)),
                session_id: match source.below(3) {
                    0 => Field::Absent,
                    1 => Field::NotAString,
                    _ => Field::Other(source.text(strings)),
                },
                sender_key: source.field(strings, |source, _| source.device(of)),
                code: source.field(strings, |source, _| source.choice::<WithheldCode>()),
                reason: match source.below(3) {
                    0 => Field::Absent,
                    1 => Field::NotAString,
                    _ => Field::Is(source.text(strings)),
                },
            },
            session_of: None,
        },
    }
}

fn faults(source: &mut Source, of: Counts, strings: &mut Strings) -> Vec<Fault> {
    source.list(6, |source| {
        let from = SimTime::ZERO + source.span();
        let kind = fault(source, of, strings, from);
        let strikes_once = matches!(
            kind,
            FaultKind::KeysClaimedByStranger { .. }
                | FaultKind::ServerRestored { .. }
                | FaultKind::StoreRolledBack { .. }
                | FaultKind::OlmSessionsLost { .. }
                | FaultKind::OneTimeKeysForgotten { .. }
                | FaultKind::ForgedWithheld { .. }
        );
        let until = match source.flag() && !strikes_once {
            true => from + source.span(),
            false => SimTime::MAX,
        };
        Fault { from, until, kind }
    })
}

fn timeline(source: &mut Source, of: Counts) -> (Vec<TimedStep>, Vec<String>) {
    let mut messages = Vec::new();
    let mut at = SimTime::ZERO;
    let steps = source.list(20, |source| {
        at += SimDuration::from_ms(u64::from(source.number(0, 10_000)));
        let step = step(source, of, messages.len());
        if matches!(step, Step::Send { .. }) {
            messages.push(format!("m{}", messages.len()));
        }
        TimedStep { at, step }
    });
    (steps, messages)
}

fn expect(source: &mut Source, of: Counts, timeline: &[TimedStep]) -> Expectations {
    let verdict = |source: &mut Source| match source.below(3) {
        0 => ExpectedVerdict { leaf: Leaf::Withheld, code: Some(source.choice()) },
        _ => ExpectedVerdict { leaf: Leaf::ALL[source.below(Leaf::ALL.len())], code: None },
    };
    let mut cells = Vec::new();
    let mut unsent = Vec::new();
    for timed in timeline {
        let Step::Send { device: sender, message, .. } = timed.step else { continue };
        if source.flag() {
            unsent.push(message);
        }
        for device in (0..of.devices).map(DeviceId::at) {
            if device != sender && source.flag() {
                cells.push(ExpectedCell { message, device, verdict: verdict(source) });
            }
        }
    }
    let party = match source.below(3) {
        0 => Party::World,
        1 => Party::Device(source.device(of)),
        _ => Party::Server(source.server(of)),
    };
    let (sender, recipient) = source.pair(of);
    let rule = Rule::ALL[source.below(Rule::ALL.len())];
    Expectations {
        cells,
        others: source.maybe(verdict),
        violations: source.list(1, |_| ExpectedViolation { rule, party }),
        notices: source.list(1, |source| {
            let code = source.choice();
            ExpectedNotices { sender, recipient, code, count: source.number(0, 3) }
        }),
        only_these_notices: source.flag(),
        unsent: source.maybe(|_| unsent),
        reaches: source.list(1, |_| rule),
        digest: source.maybe(|source| u64::from(source.number(0, 1_000))),
    }
}

/// A scenario in which everybody is in every room and logged in, so that every step makes sense.
fn scenario(numbers: Vec<u32>) -> Scenario {
    let mut source = Source { numbers: numbers.into_iter() };
    let users = 2 + source.below(3);
    let of = Counts {
        servers: 2 + source.below(2),
        users,
        devices: users * (1 + source.below(2)),
        rooms: 1 + source.below(2),
    };
    let alike = source.flag();
    let (policy, habits) = (source.policy(of), source.habits());
    let device = |source: &mut Source, index: usize| Device {
        name: format!("D{index}"),
        device_id: format!("!{index}~"),
        user: UserId::at(index * of.users / of.devices),
        present: true,
        keys: source.choice::<PublishedKeys>(),
        cross_signed: source.flag(),
        one_time_keys: source.number(0, 1_000),
        fallback_key: source.flag(),
        policy: if alike { policy.clone() } else { source.policy(of) },
        habits: if alike { habits } else { source.habits() },
    };
    let mut strings = Strings::default();
    let network = Network {
        client: Delay { min: SimDuration::ZERO, max: source.span() },
        federation: Delay { min: SimDuration::from_ms(1), max: SimDuration::from_ms(1) },
        request_timeout: source.span(),
    };
    let devices = (0..of.devices).map(|index| device(&mut source, index)).collect();
    let (timeline, messages) = timeline(&mut source, of);
    Scenario {
        about: "A scenario \"of\" numbers\u{e9}.".to_owned(),
        rules: vec![Rule::W09],
        seed: u64::MAX - u64::from(source.number(0, 9)),
        horizon: SimTime::ZERO + SimDuration::from_hours(24 * 30),
        servers: (0..of.servers).map(|index| server(&mut source, index)).collect(),
        users: (0..of.users).map(|index| user(&mut source, index, of)).collect(),
        devices,
        rooms: (0..of.rooms).map(|index| room(&mut source, index, of)).collect(),
        messages,
        network,
        faults: faults(&mut source, of, &mut strings),
        heal: None,
        strings,
        expect: expect(&mut source, of, &timeline),
        timeline,
    }
}

fn server(source: &mut Source, index: usize) -> Server {
    Server {
        name: format!("server-{index}.example"),
        batch_limit: source.number(1, 100),
        timeline_limit: source.number(1, 100),
        edu_limit: source.number(1, 100),
        habits: source.server_habits(),
    }
}

fn user(source: &mut Source, index: usize, of: Counts) -> User {
    User { name: format!("user{index}"), server: source.server(of), cross_signing: true }
}

fn room(source: &mut Source, index: usize, of: Counts) -> Room {
    Room {
        name: format!("room{index}"),
        members: (0..of.users).map(|user| (UserId::at(user), Membership::Join)).collect(),
        history_visibility: source.choice(),
        rotation: rotation(source),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_scenario_is_written_fulfils_the_schema_and_reads_back(
        numbers in proptest::collection::vec(any::<u32>(), 0..1_500)
    ) {
        let scenario = scenario(numbers);
        let text = write(&scenario);
        prop_assert_eq!(&good(&text), &scenario);
        prop_assert_eq!(write(&good(&text)), text);
    }
}

#[test]
fn arbitrary_scenarios_fulfil_the_schema() {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    let mut digits = 1_u32;
    let mut kinds = std::collections::BTreeSet::new();
    for _ in 0..200 {
        let numbers = (0..1_500).map(|_| {
            digits = digits.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            digits >> 8
        });
        let scenario = scenario(numbers.collect());
        kinds.extend(
            scenario
                .faults
                .iter()
                .map(|fault| std::mem::discriminant(&fault.kind))
                .map(|kind| format!("{kind:?}")),
        );
        let json = serde_json::from_str(&write(&scenario)).unwrap();
        assert!(validator.is_valid(&json), "{}", write(&scenario));
    }
    assert!(kinds.len() > 30, "only {} kinds of faults were tried", kinds.len());
}
