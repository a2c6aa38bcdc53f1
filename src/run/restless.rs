//! Who still writes to whom where a run was cut because it came to no end.
//! It does not know why they do, and not what leaves no fact.

use std::collections::{BTreeMap, VecDeque};

use crate::ids::{DeviceId, UserId};
use crate::protocol::to_device::OlmEvent;
use crate::time::{SimDuration, SimTime};
use crate::trace::fact::{Fact, FactKind, SentContent};
use crate::trace::sink::FactSink;

/// So many facts pass before anything is kept, so that most runs that come to rest need no memory for it. Of a run that is cut they are
/// the beginning: it has 10,000 actions and more.
const UNTIL: u64 = 2_000;
/// So many of the last acts are kept.
const KEPT: usize = 1_000;

/// What a device does again and again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Act {
    /// It writes to another one.
    Sends {
        /// Who writes.
        device: DeviceId,
        /// To whom.
        recipient: DeviceId,
        /// What.
        what: What,
    },
    /// It claims a key of another one.
    Claims {
        /// Who claims.
        device: DeviceId,
        /// Of whom.
        target: DeviceId,
    },
    /// It asks for the devices of a user.
    Queries {
        /// Who asks.
        device: DeviceId,
        /// For whose.
        user: UserId,
    },
    /// It uploads one-time keys.
    Uploads {
        /// Who uploads.
        device: DeviceId,
    },
}

/// What a to-device message is, whatever session it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    /// `m.room_key`
    RoomKey,
    /// `m.forwarded_room_key`
    ForwardedKey,
    /// `m.dummy`
    Dummy,
    /// `m.room_key_bundle`
    Bundle,
    /// `m.room_key.withheld`
    Notice,
    /// `m.room_key_request`
    KeyRequest,
    /// An Olm message that nobody could look into.
    Sealed,
}

impl What {
    const fn of(content: &SentContent) -> Self {
        match content {
            SentContent::Olm(event) | SentContent::Clear(event) => match event {
                OlmEvent::RoomKey(_) => Self::RoomKey,
                OlmEvent::ForwardedRoomKey(_) => Self::ForwardedKey,
                OlmEvent::Dummy { .. } => Self::Dummy,
                OlmEvent::Withheld(_) => Self::Notice,
                OlmEvent::RoomKeyBundle(_) => Self::Bundle,
            },
            SentContent::Sealed => Self::Sealed,
            SentContent::Withheld(_) => Self::Notice,
            SentContent::KeyRequest(_) => Self::KeyRequest,
        }
    }
}

/// What was still done when a run was cut.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restless {
    /// How long before the cut the first of it was done.
    pub within: SimDuration,
    /// What was done since, and how many times: the most frequent first. Empty if it leaves no fact.
    pub acts: Vec<(Act, u32)>,
}

/// A sink that keeps the last acts of a long run.
#[derive(Debug, Clone, Default)]
pub(super) struct Latest {
    passed: u64,
    acts: VecDeque<(SimTime, Act)>,
}

impl Latest {
    /// What was still done when the run was cut at `end`.
    pub(super) fn restless(&self, end: SimTime) -> Restless {
        let mut counts: BTreeMap<Act, u32> = BTreeMap::new();
        for (_, act) in &self.acts {
            *counts.entry(*act).or_default() += 1;
        }
        let mut acts: Vec<(Act, u32)> = counts.into_iter().collect();
        acts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        let first = self.acts.front().map_or(end, |(first, _)| *first);
        Restless { within: end.since(first), acts }
    }
}

impl FactSink for Latest {
    fn record(&mut self, fact: &Fact) {
        self.passed += 1;
        if self.passed <= UNTIL {
            return;
        }
        let act = if let FactKind::PutTarget { device, recipient, content, .. } = &fact.kind {
            Act::Sends { device: *device, recipient: *recipient, what: What::of(content) }
        } else if let FactKind::Claim { device, target, .. } = fact.kind {
            Act::Claims { device, target }
        } else if let FactKind::QueryStart { device, user, .. } = fact.kind {
            Act::Queries { device, user }
        } else if let FactKind::OneTimeKeysUp { device, .. } = fact.kind {
            Act::Uploads { device }
        } else {
            return;
        };
        if self.acts.len() == KEPT {
            self.acts.pop_front();
        }
        self.acts.push_back((fact.at, act));
    }
}
