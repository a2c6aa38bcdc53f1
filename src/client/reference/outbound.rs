//! Outbound Megolm sessions: who was given the key from where on, who was told that it is withheld, and when the
//! session has to be replaced.
//! It does not know why a device is due what it is due, nor how anything is sent.

use std::collections::{BTreeMap, BTreeSet};

use crate::ids::{DeviceId, MegolmSessionId, UserId};
use crate::protocol::megolm::OutboundSession;
use crate::protocol::provenance::Provenance;
use crate::protocol::room::{HistoryVisibility, Rotation};
use crate::protocol::to_device::SharedHistory;
use crate::protocol::withheld::SessionCode;
use crate::scenario::habits::{Habits, NoticeSession, ReshareIndex, WithheldDedup};
use crate::time::SimTime;

/// The session that a client encrypts a room's messages with.
#[derive(Debug, Clone)]
pub(super) struct Outbound {
    /// The ratchet.
    pub(super) megolm: OutboundSession,
    /// When it was made, by the own clock.
    pub(super) created: SimTime,
    /// The fact that made the clock wrong that `created` is of.
    pub(super) clock_set: Provenance,
    /// The fact that it was made.
    pub(super) made_by: Provenance,
    /// `shared_history` of its keys, as it is written.
    pub(super) flag: SharedHistory,
    /// The history visibility and the settings that the room had when it was made.
    pub(super) made_under: Option<(HistoryVisibility, Rotation)>,
    /// The fact that the room was seen last, if that was after it was made.
    pub(super) room_seen: Provenance,
    /// Why it must not be used any more, if so.
    pub(super) invalid: Option<Provenance>,
    /// The first index that each device was given; queued keys count as given.
    pub(super) shared: BTreeMap<DeviceId, u32>,
    /// Devices that were sent the key in a history bundle.
    pub(super) bundled: BTreeSet<DeviceId>,
    /// The code that each device was told (or is being told).
    pub(super) told: BTreeMap<DeviceId, SessionCode>,
    /// Devices whose key was given up on its way while a message waits for it: once that is out they count as not having it.
    pub(super) unserved: BTreeSet<DeviceId>,
    /// The first index that each device without an Olm session was owed.
    pub(super) owed_from: BTreeMap<DeviceId, u32>,
    /// Devices that were left out for want of an Olm session and are not looked at again, by a bad habit.
    pub(super) given_up: BTreeSet<DeviceId>,
    /// Devices that are barred and were looked for an Olm session all the same, by a bad habit, and had none.
    pub(super) barred_without_olm: BTreeSet<DeviceId>,
    /// The session before this one.
    pub(super) previous: Option<MegolmSessionId>,
    /// The session that was made together with this one and not kept, by a bad habit.
    pub(super) discarded: Option<MegolmSessionId>,
    /// Devices that have opened a new Olm session since they were given the key.
    pub(super) reshare: BTreeMap<DeviceId, Provenance>,
    /// The number of the view at which every device had what it is due, but for these, which had no Olm session.
    pub(super) settled_at: Option<(u64, Vec<DeviceId>)>,
}

/// What a session notice is compared with to see whether it is a repetition.
#[derive(Debug, Clone, Copy)]
pub(super) struct NoticeKey {
    /// The target.
    pub(super) device: DeviceId,
    /// Its user.
    pub(super) user: UserId,
    /// The code.
    pub(super) code: SessionCode,
}

impl Outbound {
    /// A new session.
    pub(super) const fn new(
        megolm: OutboundSession,
        created: SimTime,
        flag: SharedHistory,
    ) -> Self {
        Self {
            megolm,
            created,
            clock_set: Provenance::UNKNOWN,
            made_by: Provenance::UNKNOWN,
            flag,
            made_under: None,
            room_seen: Provenance::UNKNOWN,
            invalid: None,
            shared: BTreeMap::new(),
            bundled: BTreeSet::new(),
            told: BTreeMap::new(),
            unserved: BTreeSet::new(),
            owed_from: BTreeMap::new(),
            given_up: BTreeSet::new(),
            barred_without_olm: BTreeSet::new(),
            previous: None,
            discarded: None,
            reshare: BTreeMap::new(),
            settled_at: None,
        }
    }

    /// The session's id.
    pub(super) const fn session(&self) -> MegolmSessionId {
        self.megolm.id()
    }

    /// The session that notices name.
    pub(super) fn named(&self, habit: NoticeSession) -> MegolmSessionId {
        let other = match habit {
            NoticeSession::InUse => None,
            NoticeSession::Previous => self.previous,
            NoticeSession::Discarded => self.discarded,
        };
        other.unwrap_or_else(|| self.session())
    }

    /// The index at which a key is given once more that was first given at `given`.
    pub(super) const fn again_from(&self, given: u32, habit: ReshareIndex) -> u32 {
        match habit {
            ReshareIndex::Given => given,
            ReshareIndex::Next => self.next(),
        }
    }

    /// The index of the next message.
    pub(super) const fn next(&self) -> u32 {
        self.megolm.message_index()
    }

    /// Whether it is too old or has been used too often. Its full age is allowed.
    pub(super) fn is_used_up(&self, rotation: Rotation, clock: SimTime) -> bool {
        self.next() >= rotation.messages || clock.since(self.created) > rotation.period
    }

    /// What a client that is written like this makes of a room's settings.
    pub(super) fn as_read(rotation: Rotation, habits: &Habits) -> Rotation {
        Rotation {
            period: rotation.period.max(habits.rotation_period_min),
            messages: rotation.messages.saturating_add(habits.messages_over_limit),
            algorithm: rotation.algorithm,
        }
    }

    /// The session must not be used any more.
    pub(super) fn invalidate(&mut self, by: Provenance) {
        self.invalid.get_or_insert(by);
    }

    /// Whether a notice would repeat one that was sent for this session.
    pub(super) fn was_told(
        &self,
        key: NoticeKey,
        dedup: WithheldDedup,
        user_of: impl Fn(DeviceId) -> UserId,
    ) -> bool {
        match dedup {
            WithheldDedup::SessionDevice | WithheldDedup::RoomDevice => {
                self.told.contains_key(&key.device)
            }
            WithheldDedup::SessionDeviceCode => self.told.get(&key.device) == Some(&key.code),
            WithheldDedup::SessionUser => {
                self.told.keys().any(|device| user_of(*device) == key.user)
            }
            WithheldDedup::None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{NoticeKey, Outbound};
    use crate::ids::{DeviceId, MegolmSessionId, UserId};
    use crate::protocol::entropy::Entropy;
    use crate::protocol::megolm::OutboundSession;
    use crate::protocol::room::Rotation;
    use crate::protocol::to_device::SharedHistory;
    use crate::protocol::withheld::SessionCode;
    use crate::scenario::habits::{Habits, NoticeSession, WithheldDedup};
    use crate::time::{SimDuration, SimTime};

    fn session() -> Outbound {
        let megolm = OutboundSession::new(&mut Entropy::default());
        Outbound::new(megolm, SimTime::from_ms(1_000), SharedHistory::No)
    }

    #[test]
    fn a_session_may_reach_its_age_and_not_pass_it() {
        let rotation = Rotation::megolm(SimDuration::from_secs(10), 100);
        assert!(!session().is_used_up(rotation, SimTime::from_ms(11_000)));
        assert!(session().is_used_up(rotation, SimTime::from_ms(11_001)));
    }

    #[test]
    fn a_session_encrypts_as_many_messages_as_the_room_allows() {
        let rotation = Rotation::megolm(SimDuration::from_hours(1), 3);
        let mut session = session();
        for _ in 0..3 {
            assert!(!session.is_used_up(rotation, SimTime::ZERO));
            session.megolm.encrypt();
        }
        assert!(session.is_used_up(rotation, SimTime::ZERO));
    }

    #[test]
    fn a_client_may_read_the_settings_of_a_room_in_its_own_way() {
        let told = Rotation::megolm(SimDuration::from_secs(10), u32::MAX - 1);
        let usual = Habits::specification();
        assert_eq!(Outbound::as_read(told, &usual), told);
        let hour = SimDuration::from_hours(1);
        let own = Habits { rotation_period_min: hour, messages_over_limit: 2, ..usual };
        let read = Outbound::as_read(told, &own);
        assert_eq!((read.period, read.messages), (hour, u32::MAX));
    }

    #[test]
    fn a_notice_names_another_session_only_if_there_is_one() {
        let mut session = session();
        let named = |session: &Outbound| {
            [NoticeSession::InUse, NoticeSession::Previous, NoticeSession::Discarded]
                .map(|habit| session.named(habit))
        };
        assert_eq!(named(&session), [session.session(); 3]);
        let [previous, discarded] = [8, 9].map(MegolmSessionId::new);
        (session.previous, session.discarded) = (Some(previous), Some(discarded));
        assert_eq!(named(&session), [session.session(), previous, discarded]);
    }

    #[test]
    fn each_way_of_counting_repetitions_tells_its_own_cases_apart() {
        let mut session = session();
        session.told.insert(DeviceId::new(1), SessionCode::Unverified);
        let user_of = |device: DeviceId| UserId::new(device.raw() / 10);
        let repeated = |device, code, dedup| {
            let device = DeviceId::new(device);
            session.was_told(NoticeKey { device, user: user_of(device), code }, dedup, user_of)
        };
        let same = (1, SessionCode::Unverified);
        let other_code = (1, SessionCode::Blacklisted);
        let same_user = (2, SessionCode::Unverified);
        let table = [
            (WithheldDedup::SessionDevice, [true, true, false]),
            (WithheldDedup::SessionDeviceCode, [true, false, false]),
            (WithheldDedup::SessionUser, [true, true, true]),
            (WithheldDedup::None, [false, false, false]),
        ];
        for (dedup, expected) in table {
            let found =
                [same, other_code, same_user].map(|(device, code)| repeated(device, code, dedup));
            assert_eq!(found, expected, "{dedup:?}");
        }
    }
}
