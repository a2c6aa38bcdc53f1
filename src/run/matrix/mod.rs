//! A fixed set of rooms, run for every pair of a sender's and a recipients' profile, and what comes of each pair.
//! It does not know how the numbers are shown, nor where profiles come from.

use crate::check::outcome::{Outcome, Verdict};
use crate::ids::UserId;
use crate::rulebook::groups::REPEATED;
use crate::rulebook::leaf::{Leaf, LeafClass};
use crate::run::judged::{Judging, run_one};
use crate::run::kept::Kept;
use crate::run::simulator::Simulator;
use crate::scenario::expect::Expectations;
use crate::scenario::file;
use crate::scenario::limits::Limits;
use crate::scenario::model::Scenario;
use crate::scenario::profile::Profile;

/// The rooms. In each the first user's devices send, and everybody else's receive.
const ROOMS: &[(&str, &str)] = &[
    ("a_blocked_device", include_str!("rooms/a_blocked_device.json")),
    ("a_device_blocked_and_unblocked", include_str!("rooms/a_device_blocked_and_unblocked.json")),
    ("a_device_that_ran_out_of_keys", include_str!("rooms/a_device_that_ran_out_of_keys.json")),
    ("a_device_without_keys", include_str!("rooms/a_device_without_keys.json")),
    ("a_request_that_failed", include_str!("rooms/a_request_that_failed.json")),
    ("a_room_that_rotates", include_str!("rooms/a_room_that_rotates.json")),
    ("a_server_that_was_away", include_str!("rooms/a_server_that_was_away.json")),
    ("an_answer_that_was_lost", include_str!("rooms/an_answer_that_was_lost.json")),
    ("an_olm_session_out_of_step", include_str!("rooms/an_olm_session_out_of_step.json")),
    ("keys_and_notices_that_are_late", include_str!("rooms/keys_and_notices_that_are_late.json")),
    ("olm_sessions_lost_by_the_sender", include_str!("rooms/olm_sessions_lost_by_the_sender.json")),
    ("only_verified_devices", include_str!("rooms/only_verified_devices.json")),
];

/// What came of messages and notices, over all rooms of a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Messages at devices that could be read.
    pub delivered: u64,
    /// Not readable, and the user is told why.
    pub explained: u64,
    /// Not readable; the device was told why and makes nothing of it.
    pub wire_only: u64,
    /// Not readable, and nothing (or nothing true) was said though it was due.
    pub unexplained: u64,
    /// Not readable, and by the specification no explanation is due.
    pub excused: u64,
    /// Not readable because somebody broke another rule.
    pub faulty: u64,
    /// Notices that servers accepted from the senders.
    pub notices: u64,
    /// Notices among them that repeat what was told before.
    pub spam: u64,
}

impl Counts {
    fn add(&mut self, scenario: &Scenario, outcome: &Outcome) {
        let receives = |verdict: &&Verdict| scenario.user_of(verdict.device) != SENDER;
        for verdict in outcome.verdicts.iter().filter(receives) {
            *self.column(verdict.leaf) += 1;
        }
        let sends = |device| scenario.user_of(device) == SENDER;
        let notices = outcome.notices.iter().filter(|notices| sends(notices.sender));
        self.notices += notices.map(|notices| u64::from(notices.count)).sum::<u64>();
        let own = outcome.violations.iter().filter(|one| one.injected.is_none());
        let repeated = own.filter(|one| REPEATED.contains(&one.rule)).count();
        self.spam += repeated as u64;
    }

    /// The column that a verdict is counted in.
    const fn column(&mut self, leaf: Leaf) -> &mut u64 {
        match leaf {
            Leaf::NoticeNotUsed | Leaf::NoOlmNotUsed => &mut self.wire_only,
            Leaf::Unexplained | Leaf::FalseExplanation => &mut self.unexplained,
            Leaf::Delivered
            | Leaf::NotAMember
            | Leaf::InvitedOnly
            | Leaf::DeviceNewer
            | Leaf::NonCryptographic
            | Leaf::Gone
            | Leaf::ExplanationLost
            | Leaf::OptedOut
            | Leaf::MembershipNotSeen
            | Leaf::Unaware
            | Leaf::StaleList
            | Leaf::NoteNeverSent
            | Leaf::WrongList
            | Leaf::Withheld
            | Leaf::NoOlm
            | Leaf::StandingNoOlm
            | Leaf::SenderGone
            | Leaf::Wedged
            | Leaf::KeyExpired
            | Leaf::Rejected
            | Leaf::LostAtRecipient
            | Leaf::StorageLoss
            | Leaf::PartialRestore
            | Leaf::ForwardedWithheld
            | Leaf::HistoryNotShared
            | Leaf::NotDisplayed
            | Leaf::InvalidMessage
            | Leaf::SharedTooLate
            | Leaf::NotUnwedged
            | Leaf::KeyHandedOutTwice
            | Leaf::DroppedEarly
            | Leaf::Overwritten
            | Leaf::Pending
            | Leaf::Unknown => match leaf.class() {
                LeafClass::Ok => &mut self.delivered,
                LeafClass::Explained => &mut self.explained,
                LeafClass::Excused | LeafClass::SpecGap | LeafClass::Pending => &mut self.excused,
                LeafClass::Fault => &mut self.faulty,
            },
        }
    }
}

/// One pair of profiles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// The profile of those who send.
    pub sender: String,
    /// The profile of those who receive.
    pub recipient: String,
    /// What came of it.
    pub counts: Counts,
}

/// The user whose devices send, in every room.
const SENDER: UserId = UserId::new(0);

/// The names of the rooms.
pub fn rooms() -> impl Iterator<Item = &'static str> {
    ROOMS.iter().map(|(name, _)| *name)
}

/// The rooms as a pair of profiles plays them, each with its name.
pub fn played(sender: &Profile, recipient: &Profile) -> Vec<(&'static str, Scenario)> {
    let cast = |(name, text): &(&'static str, &str)| {
        let mut scenario = cast(&room(name, text), sender, recipient);
        // What the profiles come to may be anything.
        scenario.expect = Expectations::default();
        (*name, scenario)
    };
    ROOMS.iter().map(cast).collect()
}

/// Runs every room for every pair of these profiles: senders in the order given, for each the recipients in that order.
pub fn matrix(simulator: &dyn Simulator, profiles: &[&Profile]) -> Vec<Pair> {
    let mut pairs = Vec::new();
    for sender in profiles {
        for recipient in profiles {
            let mut counts = Counts::default();
            for (_, scenario) in played(sender, recipient) {
                let judging = Judging::STRICT;
                let report = run_one(simulator, &scenario, judging, &mut Kept::default());
                counts.add(&scenario, &report.outcome);
            }
            let [sender, recipient] = [sender, recipient].map(|profile| profile.name.clone());
            pairs.push(Pair { sender, recipient, counts });
        }
    }
    pairs
}

fn room(name: &str, text: &str) -> Scenario {
    file::read(text, &Limits::FILES)
        .unwrap_or_else(|problems| unreachable!("the room {name} is valid: {problems:?}"))
}

/// The room with the clients of these profiles.
fn cast(room: &Scenario, sender: &Profile, recipient: &Profile) -> Scenario {
    let mut scenario = room.clone();
    for device in &mut scenario.devices {
        let profile = if device.user == SENDER { sender } else { recipient };
        device.policy = profile.policy.clone();
        device.habits = profile.habits;
    }
    scenario
}

#[cfg(test)]
mod tests {
    use super::{Counts, ROOMS, matrix, room};
    use crate::run::clients::{InWorld, References};
    use crate::scenario::file::known_profile;
    use crate::scenario::profile::ProfileName;

    #[test]
    fn every_room_is_a_valid_scenario_and_is_named_by_its_file() {
        for (name, text) in ROOMS {
            let scenario = room(name, text);
            assert!(scenario.users.len() > 1 && !scenario.messages.is_empty(), "{name}");
        }
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/run/matrix/rooms");
        assert_eq!(std::fs::read_dir(folder).unwrap().count(), ROOMS.len());
    }

    #[test]
    fn the_specification_leaves_nothing_unexplained_and_repeats_nothing() {
        let profile = known_profile(ProfileName::Specification);
        let pairs = matrix(&InWorld(References), &[profile]);
        assert_eq!(pairs.len(), 1);
        let Counts { delivered, explained, unexplained, faulty, wire_only, notices, spam, .. } =
            pairs[0].counts;
        assert_eq!((unexplained, faulty, wire_only, spam), (0, 0, 0, 0));
        assert!(delivered > 40 && explained > 10 && notices > 5, "{:?}", pairs[0].counts);
    }

    #[test]
    fn clients_that_are_known_for_it_spam_or_leave_devices_in_the_dark() {
        let of = |name| {
            let specification = known_profile(ProfileName::Specification);
            let profiles = [known_profile(name), specification];
            matrix(&InWorld(References), &profiles).swap_remove(1).counts
        };
        let android = of(ProfileName::ElementAndroidLegacy);
        assert!(android.spam > 0, "a notice with every message: {android:?}");
        let python = of(ProfileName::MautrixPython);
        assert!(python.unexplained > 0, "no m.no_olm is sent: {python:?}");
        let ios = of(ProfileName::ElementIosLegacy);
        assert_eq!(ios.notices, 0, "it sends none: {ios:?}");
    }
}
