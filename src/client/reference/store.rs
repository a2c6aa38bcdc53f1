//! The store of the reference client: everything that survives a restart.
//! It does not know how any of it is used.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use hashbrown::HashSet;

use crate::client::reference::few::Few;
use crate::client::reference::history::ToldBundle;
use crate::client::reference::inbound::Inbound;
use crate::client::reference::invites::Invite;
use crate::client::reference::jobs::Job;
use crate::client::reference::keys::Told;
use crate::client::reference::lists::DeviceLists;
use crate::client::reference::no_olm::NoOlmMarks;
use crate::client::reference::notices::Notices;
use crate::client::reference::olm_sessions::OlmSessions;
use crate::client::reference::outbound::Outbound;
use crate::client::reference::outbox::Outbox;
use crate::client::reference::requests::KeyRequests;
use crate::client::reference::rooms::SeenRooms;
use crate::engine::hash::FixedState;
use crate::ids::{DeviceId, MegolmSessionId, RoomId, UserId};
use crate::protocol::api::{CrossSigningKeys, SyncToken};
use crate::protocol::olm::OlmAccount;
use crate::protocol::provenance::Provenance;
use crate::scenario::policy::{Policy, Target};
use crate::time::SimTime;

/// Where a client is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Life {
    /// Not logged in yet.
    Before,
    /// Logged in.
    LoggedIn,
    /// Logged out for good.
    LoggedOut,
}

/// Everything durable. What every input looks at comes first.
#[derive(Debug, Clone)]
#[repr(C)]
pub struct Store {
    pub(super) life: Life,
    /// Counts changes of what decisions rest on, so that an unchanged view need not be looked at again.
    pub(super) view: u64,
    pub(super) token: SyncToken,
    /// When the fallback key was made.
    pub(super) fallback_made: Option<SimTime>,
    /// When the previous fallback key was replaced.
    pub(super) fallback_replaced: Option<SimTime>,
    pub(super) outbox: Outbox,
    pub(super) rooms: SeenRooms,
    pub(super) inbound: Inbound,
    /// When each room was seen to be joined, by the own clock.
    pub(super) joined_at: Few<RoomId, SimTime>,
    /// History bundles that this device was told of and has not taken in.
    pub(super) bundles: Vec<ToldBundle>,
    pub(super) outbound: BTreeMap<RoomId, Outbound>,
    pub(super) jobs: BTreeMap<RoomId, VecDeque<Job>>,
    /// Invites that wait for their history bundle.
    pub(super) invites: BTreeMap<(RoomId, UserId), Invite>,
    pub(super) lists: DeviceLists,
    pub(super) policy: Policy,
    pub(super) notices: Notices,
    pub(super) account: OlmAccount,
    /// The user's cross-signing keys, if this device has them.
    pub(super) identity: Option<CrossSigningKeys>,
    /// The user's cross-signing keys that this device takes over as soon as it sees that they are published.
    pub(super) takes_over: Option<CrossSigningKeys>,
    pub(super) blocked: BTreeMap<Target, Provenance>,
    /// The facts that users and devices were last unblocked or verified.
    pub(super) allowed: BTreeMap<Target, Provenance>,
    /// The facts that verifications were last taken back.
    pub(super) withdrawn: BTreeMap<Target, Provenance>,
    /// The fact that set the share policy.
    pub(super) sharing_set: Provenance,
    pub(super) verified_by_hand: BTreeSet<DeviceId>,
    /// Users to be verified as soon as their list is known.
    pub(super) verify_later: BTreeSet<Target>,
    pub(super) olm: OlmSessions,
    /// Digests of Olm ciphertexts that were decrypted (P-12).
    pub(super) decrypted: HashSet<u64, FixedState>,
    /// Sessions that were replaced while devices were owed their keys and had not been told why they have none.
    pub(super) debts: Vec<(RoomId, Outbound)>,
    /// For the habit of counting notices by room: who was told anything in a room.
    pub(super) told_in_room: BTreeSet<(RoomId, DeviceId)>,
    pub(super) no_olm: NoOlmMarks,
    pub(super) requests: KeyRequests,
    /// Sessions to be asked for as soon as the own user's list is known.
    pub(super) ask_later: BTreeSet<MegolmSessionId>,
    /// What a sync said of the one-time keys and the fallback key while an upload was on its way, if one came.
    pub(super) told_while_uploading: Option<Told>,
}

impl Store {
    /// The store of a device that was never logged in.
    pub(super) fn new(device: DeviceId, policy: Policy) -> Self {
        Self {
            life: Life::Before,
            view: 0,
            policy,
            account: OlmAccount::new(device),
            fallback_made: None,
            fallback_replaced: None,
            told_while_uploading: None,
            identity: None,
            takes_over: None,
            lists: DeviceLists::default(),
            blocked: BTreeMap::new(),
            allowed: BTreeMap::new(),
            withdrawn: BTreeMap::new(),
            sharing_set: Provenance::UNKNOWN,
            verified_by_hand: BTreeSet::new(),
            verify_later: BTreeSet::new(),
            rooms: SeenRooms::default(),
            olm: OlmSessions::default(),
            decrypted: HashSet::with_hasher(FixedState),
            outbound: BTreeMap::new(),
            debts: Vec::new(),
            told_in_room: BTreeSet::new(),
            no_olm: NoOlmMarks::default(),
            jobs: BTreeMap::new(),
            inbound: Inbound::default(),
            notices: Notices::default(),
            requests: KeyRequests::default(),
            ask_later: BTreeSet::new(),
            invites: BTreeMap::new(),
            bundles: Vec::new(),
            joined_at: Few::default(),
            outbox: Outbox::default(),
            token: SyncToken::default(),
        }
    }
}
