//! The client, the seam between the simulator and whatever is under test: inputs in, an ordered list of effects out.
//! A client never sees the queue, the network, another's clock or a random generator.

pub mod reference;

use std::collections::BTreeMap;

use crate::ids::{DeviceId, FactId, MessageId, RoomId, ServerId, UserId};
use crate::protocol::api::{CrossSigningKeys, Failure, Request, Response};
use crate::protocol::bundle::Media;
use crate::protocol::entropy::Entropy;
use crate::protocol::room::{Membership, RoomEvent};
use crate::protocol::withheld::CodeSet;
use crate::scenario::policy::{OnProblem, SharePolicy, Target};
use crate::time::SimTime;
use crate::trace::fact::{Causes, Fact, FactKind, Observer};

/// A device's client: sans-IO, deterministic, with a durable part that survives a restart.
pub trait Client {
    /// What survives a restart: the store.
    type Durable: Clone;

    /// Handles one input: changes the client's state and appends effects to `out`, in the order in which they
    /// happen. Time does not pass meanwhile.
    ///
    /// The caller may stop anywhere in that order (a crash): what stands behind the cut never happened, and the
    /// client is made anew from the durable part of the last [`Effect::Persist`] before it.
    fn handle(
        &mut self,
        input: &Input<'_>,
        context: &mut Context<'_>,
        out: &mut Out<Self::Durable>,
    );

    /// A copy of the store as it stands.
    fn snapshot(&self) -> Self::Durable;

    /// Puts a store, this client's own older one, in the place of what the client has; everything volatile is
    /// forgotten. [`Input::Restarted`] follows.
    fn restore(&mut self, durable: Self::Durable);
}

/// What a client is given with every input.
#[derive(Debug)]
pub struct Context<'a> {
    /// The device's own clock.
    pub clock: SimTime,
    /// The fact that made that clock wrong, if it is: a cause of what comes of reading it. No client decides by it.
    pub clock_set: Option<FactId>,
    /// Fresh values, in the place of a random generator.
    pub entropy: &'a mut Entropy,
    /// Where history bundles are kept for others to fetch.
    pub media: &'a mut Media,
    /// The fact that led to this input.
    pub cause: Option<FactId>,
}

/// A number that a client gives a request to know its answer by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestNo(pub u32);

/// What a client has to deal with.
#[derive(Debug, Clone, Copy)]
pub enum Input<'a> {
    /// The user does something.
    Command(&'a Command),
    /// A request was answered or failed. Answers to `/sync` come this way too.
    Answer(RequestNo, Result<&'a Response, Failure>),
    /// A time that the client asked for has come.
    Wake,
    /// The system says that the network may be back.
    NetworkBack,
    /// The client runs again after a crash or a restart; its volatile state is gone.
    Restarted,
}

/// What a user or an application does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Logs in with fresh keys.
    Login {
        /// The user's cross-signing keys, if there are any.
        identity: Option<CrossSigningKeys>,
        /// Whether this device publishes them (the first of its user does).
        publish_identity: bool,
        /// Whether the device signs itself with them.
        sign: bool,
    },
    /// Logs out for good.
    Logout,
    /// Sends a message.
    Send {
        /// Into which room.
        room: RoomId,
        /// Which message.
        message: MessageId,
    },
    /// Changes somebody's membership.
    SetMembership {
        /// The room.
        room: RoomId,
        /// Whose.
        user: UserId,
        /// The new membership.
        membership: Membership,
    },
    /// Sets another room state.
    SetRoomState {
        /// The room.
        room: RoomId,
        /// History visibility or encryption.
        event: RoomEvent,
    },
    /// Signs this device with the user's self-signing key.
    CrossSign(CrossSigningKeys),
    /// Publishes new cross-signing keys and signs this device with them.
    ResetIdentity(CrossSigningKeys),
    /// Verifies.
    Verify(Target),
    /// Takes a verification back.
    Unverify(Target),
    /// Blocks.
    Block(Target),
    /// Takes a block back.
    Unblock(Target),
    /// Accepts a user's changed identity.
    AcknowledgeIdentity(UserId),
    /// Changes whom keys are shared with.
    SetSharing {
        /// The policy.
        share: SharePolicy,
        /// What happens when it leaves somebody out.
        on_problem: OnProblem,
    },
    /// Changes what is reported: to everybody if `target` is `None`.
    SetReporting {
        /// To whom.
        target: Option<Target>,
        /// Which codes.
        codes: CodeSet,
    },
    /// Asks these devices (if none is named: as the policy says, at least own ones) for the key of a message.
    RequestKey {
        /// The message.
        message: MessageId,
        /// Whom.
        of: Vec<DeviceId>,
    },
    /// Takes the request for the key of a message back.
    CancelRequest(MessageId),
    /// Throws the outbound session of a room away.
    DiscardSession(RoomId),
    /// Fetches the key backup.
    RestoreBackup,
    /// A fault: loses all Olm sessions with a device.
    LoseOlm(DeviceId),
    /// A fault: loses the private parts of all published one-time keys.
    LoseOneTimeKeys,
}

/// What everybody knows without being told: whose device is whose, and on which server a user is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directory {
    users: Vec<UserId>,
    servers: Vec<ServerId>,
    addresses: BTreeMap<DeviceId, DeviceId>,
}

impl Directory {
    /// The directory in which device `i` belongs to `users[i]` and user `i` to `servers[i]`.
    #[must_use]
    pub const fn new(users: Vec<UserId>, servers: Vec<ServerId>) -> Self {
        Self { users, servers, addresses: BTreeMap::new() }
    }

    /// The same, where a device has the device id that another one, the second of a pair, had before it.
    #[must_use]
    pub fn with_addresses(mut self, same: impl IntoIterator<Item = (DeviceId, DeviceId)>) -> Self {
        self.addresses.extend(same);
        self
    }

    /// The first device that ever had this one's device id.
    #[must_use]
    pub fn address(&self, device: DeviceId) -> DeviceId {
        self.addresses.get(&device).copied().unwrap_or(device)
    }

    /// The user of a device.
    #[must_use]
    pub fn user(&self, device: DeviceId) -> UserId {
        self.users[device.index()]
    }

    /// The server of a user.
    #[must_use]
    pub fn server(&self, user: UserId) -> ServerId {
        self.servers[user.index()]
    }

    /// How many devices there are.
    #[must_use]
    pub fn device_count(&self) -> usize {
        self.users.len()
    }
}

/// One thing that a client does to the world, in its place in the order.
#[derive(Debug, Clone)]
pub enum Effect<D> {
    /// The store is written; holds a copy if the caller asked for copies.
    Persist(Option<Box<D>>),
    /// A request leaves, because of these facts: the one behind it, and the one that made it fail before, if it did.
    Request(RequestNo, Request, Because),
    /// Something was observed.
    Fact(Fact),
}

/// What all facts of one input have in common, and the number of the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Observation {
    /// The number of the first fact; the others follow.
    pub first: FactId,
    /// Virtual time.
    pub at: SimTime,
    /// The device's own clock.
    pub clock: SimTime,
    /// The device.
    pub device: DeviceId,
}

/// Why a request leaves, and why it leaves no earlier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Because {
    /// The fact behind it.
    pub cause: Option<FactId>,
    /// The fact that made the same request, or the one before it to the same end, fail.
    pub held_up: Option<FactId>,
}

impl From<Option<FactId>> for Because {
    fn from(cause: Option<FactId>) -> Self {
        Self { cause, held_up: None }
    }
}

/// When a client wants to be woken, apart from answers to its requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WakeAt {
    /// At this time of its own clock.
    At(SimTime),
    /// Never: it only waits for answers and commands.
    Never,
}

/// The effects of one input.
#[derive(Debug)]
pub struct Out<D> {
    effects: Vec<Effect<D>>,
    /// The requests that leave behind all other effects.
    last: Vec<(RequestNo, Request, Because)>,
    copies_wanted: bool,
    observation: Observation,
    wake: WakeAt,
}

impl<D> Default for Out<D> {
    fn default() -> Self {
        Self {
            effects: Vec::new(),
            last: Vec::new(),
            copies_wanted: false,
            observation: Observation {
                first: FactId::new(0),
                at: SimTime::ZERO,
                clock: SimTime::ZERO,
                device: DeviceId::new(0),
            },
            wake: WakeAt::Never,
        }
    }
}

impl<D> Out<D> {
    /// Makes the list ready for the next input: empty, its facts made in this way, with copies of the store at each
    /// persist if `copies_wanted`.
    pub fn begin(&mut self, observation: Observation, copies_wanted: bool) {
        self.effects.clear();
        self.last.clear();
        self.observation = observation;
        self.copies_wanted = copies_wanted;
        self.wake = WakeAt::Never;
    }

    /// The store is written here; `copy` is asked for a copy only if the caller may cut the list.
    pub fn persist(&mut self, copy: impl FnOnce() -> D) {
        let copy = self.copies_wanted.then(copy).map(Box::new);
        self.effects.push(Effect::Persist(copy));
    }

    /// A request leaves here.
    pub fn request(&mut self, number: RequestNo, request: Request, because: impl Into<Because>) {
        self.effects.push(Effect::Request(number, request, because.into()));
    }

    /// A request leaves behind everything else that comes of this input, whenever that is put in.
    pub fn request_last(&mut self, number: RequestNo, request: Request, because: Because) {
        self.last.push((number, request, because));
    }

    /// Something was observed here. The id is the fact's, provided that the list is not cut before it.
    pub fn fact(&mut self, kind: FactKind, causes: Causes) -> FactId {
        let Observation { first: id, at, clock, device } = self.observation;
        self.observation.first = FactId::new(id.raw() + 1);
        let observer = Observer::Device(device);
        self.effects.push(Effect::Fact(Fact { id, at, clock, observer, kind, causes }));
        id
    }

    /// The client wants to be woken then, and at no other time: replaces what was asked for before.
    pub fn wake(&mut self, at: WakeAt) {
        self.wake = at;
    }

    /// Lets a client inside of this one fill a list, and takes its effects over: what a client does that hands its inputs on.
    /// `wrap` makes this client's store of the other's.
    pub fn of_inner<E>(&mut self, wrap: impl Fn(E) -> D, fill: impl FnOnce(&mut Out<E>)) {
        let mut inner = Out {
            effects: Vec::new(),
            last: Vec::new(),
            copies_wanted: self.copies_wanted,
            observation: self.observation,
            wake: self.wake,
        };
        fill(&mut inner);
        self.observation = inner.observation;
        self.wake = inner.wake;
        self.effects.extend(inner.effects.into_iter().map(|effect| match effect {
            Effect::Persist(copy) => Effect::Persist(copy.map(|copy| Box::new(wrap(*copy)))),
            Effect::Request(number, request, because) => Effect::Request(number, request, because),
            Effect::Fact(fact) => Effect::Fact(fact),
        }));
        self.last.extend(inner.last);
    }

    /// The requests among the effects, in the order in which they leave.
    pub fn requests(&self) -> impl Iterator<Item = &Request> {
        let among = self.effects.iter().filter_map(|effect| match effect {
            Effect::Request(_, request, _) => Some(request),
            Effect::Persist(_) | Effect::Fact(_) => None,
        });
        among.chain(self.last.iter().map(|(_, request, _)| request))
    }

    /// Whether the store is written among the effects.
    #[must_use]
    pub fn writes(&self) -> bool {
        self.effects.iter().any(|effect| matches!(effect, Effect::Persist(_)))
    }

    /// When the client wants to be woken.
    #[must_use]
    pub const fn wake_at(&self) -> WakeAt {
        self.wake
    }

    /// All effects, in order; the list is empty afterwards and keeps its memory.
    pub fn drain(&mut self) -> impl Iterator<Item = Effect<D>> + '_ {
        let last = self.last.drain(..);
        let last = last.map(|(number, request, because)| Effect::Request(number, request, because));
        self.effects.drain(..).chain(last)
    }

    /// The effects but for the requests that leave behind all others, in order; they are to be given back.
    pub(crate) fn take_first(&mut self) -> Vec<Effect<D>> {
        std::mem::take(&mut self.effects)
    }

    /// Takes the list back, for its memory.
    pub(crate) fn give_back(&mut self, mut effects: Vec<Effect<D>>) {
        effects.clear();
        self.effects = effects;
    }

    /// The requests that leave behind all other effects, in order.
    pub(crate) fn drain_last(
        &mut self,
    ) -> impl Iterator<Item = (RequestNo, Request, Because)> + '_ {
        self.last.drain(..)
    }
}

#[cfg(test)]
mod tests {
    use super::{Because, Directory, Effect, Observation, Out, RequestNo, WakeAt};
    use crate::ids::{DeviceId, FactId, ServerId, UserId};
    use crate::protocol::api::Request;
    use crate::time::SimTime;
    use crate::trace::fact::{Causes, FactKind};

    const OBSERVED: Observation = Observation {
        first: FactId::new(7),
        at: SimTime::from_ms(3),
        clock: SimTime::from_ms(4),
        device: DeviceId::new(0),
    };

    /// One effect of each kind, and a request that leaves behind them.
    fn fill(out: &mut Out<u8>) {
        out.request_last(RequestNo(1), Request::GetBackup, Because::default());
        out.persist(|| 5);
        out.request(RequestNo(0), Request::Logout, None);
        out.fact(FactKind::UserStep(0), Causes::NONE);
        out.wake(WakeAt::At(SimTime::from_ms(9)));
    }

    fn told<D: std::fmt::Debug>(out: &mut Out<D>) -> Vec<String> {
        let told = out.drain().map(|effect| match effect {
            Effect::Persist(copy) => format!("persist {copy:?}"),
            Effect::Request(number, ..) => format!("request {}", number.0),
            Effect::Fact(fact) => format!("fact {}", fact.id.raw()),
        });
        told.collect()
    }

    #[test]
    fn requests_that_leave_last_stand_behind_everything_else() {
        let mut out = Out::default();
        out.begin(OBSERVED, true);
        out.request(RequestNo(2), Request::Logout, None);
        assert!(!out.writes());
        out.begin(OBSERVED, true);
        fill(&mut out);
        assert!(out.writes());
        let requests: Vec<&Request> = out.requests().collect();
        assert!(matches!(requests[..], [Request::Logout, Request::GetBackup]));
        assert_eq!(told(&mut out), ["persist Some(5)", "request 0", "fact 7", "request 1"]);
        assert!(!out.writes());
    }

    #[test]
    fn a_list_that_begins_anew_is_empty_and_asks_for_no_wake() {
        let mut out = Out::default();
        out.begin(OBSERVED, true);
        fill(&mut out);
        out.begin(OBSERVED, false);
        assert_eq!(out.wake_at(), WakeAt::Never);
        assert_eq!(told(&mut out), [""; 0]);
    }

    #[test]
    fn what_a_client_inside_of_another_does_is_what_that_one_does() {
        let mut out = Out::default();
        out.begin(OBSERVED, true);
        out.of_inner(|store| (store, "outer"), fill);
        assert_eq!(out.wake_at(), WakeAt::At(SimTime::from_ms(9)));
        assert_eq!(out.fact(FactKind::UserStep(1), Causes::NONE), FactId::new(8));
        let expected =
            ["persist Some((5, \"outer\"))", "request 0", "fact 7", "fact 8", "request 1"];
        assert_eq!(told(&mut out), expected);
    }

    #[test]
    fn a_directory_counts_its_devices() {
        let directory = Directory::new(vec![UserId::new(0); 3], vec![ServerId::new(0)]);
        assert_eq!(directory.device_count(), 3);
    }
}
