//! A step of the timeline in words.
//! It does not know whether it was ever carried out.

use crate::ids::DeviceId;
use crate::protocol::room::Membership;
use crate::scenario::policy::OnProblem;
use crate::scenario::step::Step;

use super::names::Names;
use super::text::list;
use super::words::Word;

/// What a user does in this step.
pub(super) fn step(names: &Names<'_>, step: &Step) -> String {
    let by = |device: &DeviceId| format!("the user of {}", device.word(names));
    match step {
        Step::Send { device, room, message } => {
            format!("{} sends {} into {}", by(device), message.word(names), room.word(names))
        }
        Step::Login(device) => format!("{} logs in", device.word(names)),
        Step::Logout(device) => format!("{} logs out", device.word(names)),
        Step::Member { device, room, user, membership } => {
            let (user, room) = (user.word(names), room.word(names));
            let does = match membership {
                Membership::Leave => format!("takes {user} out of {room}"),
                Membership::Invite => format!("invites {user} to {room}"),
                Membership::Join => format!("lets {user} join {room}"),
                Membership::Ban => format!("bans {user} from {room}"),
            };
            format!("{} {does}", by(device))
        }
        Step::HistoryVisibility { device, room, value } => {
            let (room, value) = (room.word(names), value.word(names));
            format!("{} makes the history of {room} {value}", by(device))
        }
        Step::Encryption { device, room, rotation } => {
            let (room, rotation) = (room.word(names), rotation.word(names));
            format!("{} lets sessions of {room} rotate {rotation}", by(device))
        }
        Step::CrossSign(device) => format!("{} cross-signs it", by(device)),
        Step::ResetIdentity(device) => format!("{} makes new cross-signing keys", by(device)),
        Step::Verify { device, target } => {
            format!("{} verifies {}", by(device), target.word(names))
        }
        Step::Unverify { device, target } => {
            format!("{} takes the verification of {} back", by(device), target.word(names))
        }
        Step::Block { device, target } => format!("{} blocks {}", by(device), target.word(names)),
        Step::Unblock { device, target } => {
            format!("{} unblocks {}", by(device), target.word(names))
        }
        Step::AcknowledgeIdentity { device, user } => {
            format!("{} accepts the new identity of {}", by(device), user.word(names))
        }
        Step::SetSharing { device, share, on_problem } => {
            let otherwise = match on_problem {
                OnProblem::Withhold => "withholds them from others",
                OnProblem::Refuse => "sends nothing rather than leave others out",
            };
            format!("{} shares keys with {} and {otherwise}", by(device), share.word(names))
        }
        Step::SetReporting { device, target, codes } => {
            let (target, codes) = (target.word(names), codes.word(names));
            format!("{} reports {codes} to {target} from here on", by(device))
        }
        Step::RequestKey { device, message, of } if of.is_empty() => {
            format!("{} asks for the key of {}", by(device), message.word(names))
        }
        Step::RequestKey { device, message, of } => {
            let asked: Vec<String> = of.iter().map(|one| one.word(names)).collect();
            format!("{} asks {} for the key of {}", by(device), list(&asked), message.word(names))
        }
        Step::CancelRequest { device, message } => {
            format!("{} takes the request for the key of {} back", by(device), message.word(names))
        }
        Step::DiscardSession { device, room } => {
            format!("{} throws the session of {} away", by(device), room.word(names))
        }
        Step::RestoreBackup(device) => format!("{} restores the key backup", by(device)),
    }
}

#[cfg(test)]
mod tests {
    use super::step;
    use crate::ids::{DeviceId, MessageId, RoomId, UserId};
    use crate::protocol::room::{HistoryVisibility, Membership, Rotation};
    use crate::protocol::withheld::{CodeSet, WithheldCode};
    use crate::report::names::Names;
    use crate::scenario::policy::{OnProblem, SharePolicy, Target};
    use crate::scenario::sample::room_of;
    use crate::scenario::step::Step;
    use crate::time::SimDuration;

    const A1: DeviceId = DeviceId::new(0);
    const B1: DeviceId = DeviceId::new(1);
    const BOB: UserId = UserId::new(1);
    const ROOM: RoomId = RoomId::new(0);
    const M1: MessageId = MessageId::new(0);

    fn check(cases: Vec<(Step, &str)>) {
        let scenario = room_of(1, 1);
        let names = Names::of(&scenario);
        for (what, words) in cases {
            assert_eq!(step(&names, &what), words);
        }
    }

    #[test]
    fn messages_logins_and_rooms_are_told() {
        let member = |membership| Step::Member { device: A1, room: ROOM, user: BOB, membership };
        let rotation = Rotation::megolm(SimDuration::from_hours(1), 1);
        check(vec![
            (
                Step::Send { device: A1, room: ROOM, message: M1 },
                "the user of A1 sends m1 into room",
            ),
            (Step::Login(B1), "B1 logs in"),
            (Step::Logout(B1), "B1 logs out"),
            (member(Membership::Leave), "the user of A1 takes bob out of room"),
            (member(Membership::Invite), "the user of A1 invites bob to room"),
            (member(Membership::Join), "the user of A1 lets bob join room"),
            (member(Membership::Ban), "the user of A1 bans bob from room"),
            (
                Step::HistoryVisibility {
                    device: A1,
                    room: ROOM,
                    value: HistoryVisibility::WorldReadable,
                },
                "the user of A1 makes the history of room world_readable",
            ),
            (
                Step::Encryption { device: A1, room: ROOM, rotation },
                "the user of A1 lets sessions of room rotate after 1h or 1 message",
            ),
            (
                Step::DiscardSession { device: A1, room: ROOM },
                "the user of A1 throws the session of room away",
            ),
            (Step::RestoreBackup(B1), "the user of B1 restores the key backup"),
        ]);
    }

    #[test]
    fn trust_and_settings_are_told() {
        let target = Target::Device(B1);
        let no_olm = CodeSet::NONE.with(WithheldCode::NoOlm);
        check(vec![
            (Step::CrossSign(A1), "the user of A1 cross-signs it"),
            (Step::ResetIdentity(A1), "the user of A1 makes new cross-signing keys"),
            (Step::Verify { device: A1, target: Target::User(BOB) }, "the user of A1 verifies bob"),
            (
                Step::Unverify { device: A1, target },
                "the user of A1 takes the verification of B1 back",
            ),
            (Step::Block { device: A1, target }, "the user of A1 blocks B1"),
            (Step::Unblock { device: A1, target }, "the user of A1 unblocks B1"),
            (
                Step::AcknowledgeIdentity { device: A1, user: BOB },
                "the user of A1 accepts the new identity of bob",
            ),
            (
                Step::SetSharing {
                    device: A1,
                    share: SharePolicy::CrossSigned,
                    on_problem: OnProblem::Withhold,
                },
                "the user of A1 shares keys with cross-signed devices only and withholds them from others",
            ),
            (
                Step::SetSharing {
                    device: A1,
                    share: SharePolicy::Verified,
                    on_problem: OnProblem::Refuse,
                },
                "the user of A1 shares keys with verified devices only and sends nothing rather than leave others out",
            ),
            (
                Step::SetReporting { device: A1, target: None, codes: no_olm },
                "the user of A1 reports m.no_olm to everybody from here on",
            ),
        ]);
    }

    #[test]
    fn key_requests_are_told_with_those_who_are_asked() {
        let request = |of| Step::RequestKey { device: B1, message: M1, of };
        check(vec![
            (request(Vec::new()), "the user of B1 asks for the key of m1"),
            (request(vec![A1, B1]), "the user of B1 asks A1 and B1 for the key of m1"),
            (
                Step::CancelRequest { device: B1, message: M1 },
                "the user of B1 takes the request for the key of m1 back",
            ),
        ]);
    }
}
