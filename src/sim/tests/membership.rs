//! Rooms over several servers: membership, messages, history, and what faults do to them.
//! They do not know what a message says.

use crate::ids::MessageId;
use crate::protocol::api::{Endpoint, Failure, Request, Response, RoomSync};
use crate::protocol::room::{HistoryVisibility, Membership, RoomEvent};
use crate::scenario::fault::FaultKind;
use crate::scenario::heal;
use crate::scenario::step::Step;
use crate::sim::tests::stage::{Played, ROOM, Stage, device, server, stage, user};
use crate::time::{SimDuration, SimTime};
use crate::trace::fact::{FactKind, Observer};

/// Everything that a device was told of the room after its first sync, in order.
fn told(played: &Played, of: u32) -> Vec<RoomSync> {
    let syncs = played.probe(device(of)).syncs();
    syncs.skip(1).flat_map(|sync| sync.rooms.clone()).collect()
}

fn messages(played: &Played, of: u32) -> Vec<u32> {
    let rooms = played.probe(device(of)).syncs().flat_map(|sync| sync.rooms.clone());
    let events = rooms.flat_map(|room| room.timeline.into_iter().map(|(event, _)| event));
    events
        .filter_map(|event| {
            let RoomEvent::Message { message, .. } = event else { return None };
            Some(message.raw())
        })
        .collect()
}

/// When each server wrote the membership of a user down.
fn members(played: &Played, of: u32) -> Vec<(u32, u64)> {
    played
        .facts(|kind| matches!(kind, FactKind::Member { user: who, .. } if *who == user(of)))
        .iter()
        .filter(|fact| fact.at.as_ms() > 0)
        .map(|fact| {
            let Observer::Server(server) = fact.observer else { unreachable!("a server does") };
            (server.raw(), fact.at.as_ms())
        })
        .collect()
}

fn results(played: &Played, of: u32, endpoint: Endpoint) -> Vec<Result<Response, Failure>> {
    played.probe(device(of)).answers(endpoint).map(|heard| heard.result.clone()).collect()
}

#[test]
fn a_message_reaches_all_members_on_all_servers_and_the_sender() {
    let played = stage(&[&[2], &[1]]).send(1_000, device(0)).play();
    for of in [0, 1, 2] {
        assert_eq!(messages(&played, of), [0]);
        let part = &told(&played, of)[0];
        assert_eq!((part.seq, part.limited, part.state.is_none()), (5, false, true));
        let accepted = played.facts(|kind| matches!(kind, FactKind::MessageAccepted { .. }));
        assert_eq!(part.timeline[0].1.0, Some(accepted[0].id));
    }
    assert_eq!(played.count(|kind| matches!(kind, FactKind::MessageAccepted { .. })), 1);
}

#[test]
fn the_same_message_again_is_accepted_once() {
    let body = crate::protocol::to_device::MegolmCiphertext {
        session: crate::ids::MegolmSessionId::new(0),
        index: 0,
        intact: true,
    };
    let put = crate::protocol::api::MessagePut {
        room: ROOM,
        txn: crate::ids::TxnId::new(950),
        message: MessageId::new(0),
        body,
    };
    let again = vec![Request::SendMessage(put), Request::SendMessage(put)];
    let played = stage(&[&[1, 1]]).ask(1_000, device(0), again).play();
    assert_eq!(messages(&played, 1), [0]);
    assert_eq!(
        results(&played, 0, Endpoint::SendMessage),
        [Ok(Response::Done), Ok(Response::Done)]
    );
}

#[test]
fn who_is_not_in_the_room_can_neither_send_nor_invite_nor_list_members() {
    let played = stage(&[&[1, 1, 1]])
        .with(|scenario| scenario.rooms[0].members.truncate(1))
        .send(1_000, device(1))
        .member(1_000, device(1), user(2), Membership::Invite)
        .ask(1_000, device(1), vec![Request::Members(ROOM)])
        .play();
    let forbidden = || Err(Failure::Forbidden);
    assert_eq!(results(&played, 1, Endpoint::SendMessage), [forbidden()]);
    assert_eq!(results(&played, 1, Endpoint::SendState), [forbidden()]);
    assert_eq!(results(&played, 1, Endpoint::Members), [forbidden()]);
}

#[test]
fn membership_goes_through_invite_join_leave_ban_and_back() {
    let (invite, join) = (Membership::Invite, Membership::Join);
    let played = stage(&[&[1, 1]])
        .with(|scenario| scenario.rooms[0].members.truncate(1))
        .member(1_000, device(0), user(1), invite)
        .member(2_000, device(1), user(1), join)
        .member(3_000, device(0), user(1), invite)
        .member(4_000, device(0), user(1), Membership::Ban)
        .member(5_000, device(1), user(1), join)
        .member(6_000, device(0), user(1), Membership::Leave)
        .member(7_000, device(1), user(1), join)
        .member(8_000, device(1), user(1), join)
        .play();
    let done = || Ok(Response::Done);
    let forbidden = || Err(Failure::Forbidden);
    let own = [done(), forbidden(), done(), done()];
    assert_eq!(results(&played, 1, Endpoint::SendState), own);
    let others = [done(), forbidden(), done(), done()];
    assert_eq!(results(&played, 0, Endpoint::SendState), others);
    assert_eq!(members(&played, 1).len(), 5, "a change to what is so already is an event");
}

#[test]
fn other_servers_learn_of_membership_later_and_by_a_fault_much_later() {
    let stage = stage(&[&[1, 1], &[1]])
        .with(|scenario| scenario.rooms[0].members.retain(|member| member.0 != user(1)))
        .member(1_000, device(1), user(1), Membership::Join);
    assert_eq!(members(&stage.clone().play(), 1), [(0, 1_050), (1, 1_150)]);
    let kind = FaultKind::MembershipLate { server: server(1), by: SimDuration::from_secs(60) };
    let played = stage.fault(0, u64::MAX, kind).play();
    assert_eq!(members(&played, 1), [(0, 1_050), (1, 61_150)]);
    let late = played.facts(|kind| matches!(kind, FactKind::Member { .. })).pop().unwrap();
    assert!(played.comes_from_fault(late.id));
    assert_eq!(told(&played, 2).len(), 1);
}

#[test]
fn what_is_held_back_of_a_membership_comes_with_the_heal() {
    let kind = FaultKind::MembershipLate { server: server(1), by: SimDuration::from_hours(4) };
    let played = stage(&[&[1, 1], &[1]])
        .with(|scenario| scenario.rooms[0].members.retain(|member| member.0 != user(1)))
        .member(1_000, device(1), user(1), Membership::Join)
        .fault(0, 2_000, kind)
        .with(|scenario| heal::add(scenario, SimTime::from_ms(60_000)))
        .play();
    assert_eq!(members(&played, 1), [(0, 1_050), (1, 60_000)]);
}

#[test]
fn a_membership_that_is_overtaken_by_a_later_one_changes_nothing() {
    let kind = FaultKind::MembershipLate { server: server(1), by: SimDuration::from_secs(60) };
    let played = stage(&[&[1, 1], &[1]])
        .member(1_000, device(1), user(1), Membership::Leave)
        .member(3_000, device(1), user(1), Membership::Join)
        .fault(0, 2_000, kind)
        .play();
    assert_eq!(played.world.server(server(1)).rooms().membership(ROOM, user(1)), Membership::Join);
    assert_eq!(members(&played, 1), [(0, 1_050), (0, 3_050), (1, 3_150)]);
}

#[test]
fn an_invite_brings_the_room_to_a_server_that_is_new_to_it() {
    let played = stage(&[&[1], &[1]])
        .with(|scenario| scenario.rooms[0].members.truncate(1))
        .member(1_000, device(0), user(1), Membership::Invite)
        .member(2_000, device(1), user(1), Membership::Join)
        .send(3_000, device(0))
        .play();
    assert_eq!(members(&played, 1), [(0, 1_050), (1, 1_150), (1, 2_050), (0, 2_150)]);
    assert_eq!(messages(&played, 1), [0]);
    let first = &told(&played, 1)[0];
    assert!(first.state.is_some());
    let state = played.world.server(server(1)).rooms().get(ROOM).unwrap().state().clone();
    assert_eq!(state.history_visibility, Some(HistoryVisibility::Shared));
    assert_eq!(state.membership(user(0)), Membership::Join);
}

#[test]
fn a_join_without_an_invite_asks_a_server_that_is_in_the_room() {
    let stage = stage(&[&[1, 1], &[1]])
        .with(|scenario| scenario.rooms[0].members.truncate(2))
        .member(1_000, device(2), user(2), Membership::Join)
        .send(1_160, device(0))
        .send(2_000, device(2));
    let played = stage.clone().play();
    assert_eq!(members(&played, 2), [(0, 1_150), (1, 1_250)]);
    assert_eq!(messages(&played, 2), [0, 1], "a message that came before the room was lost");
    assert_eq!(messages(&played, 0), [0, 1]);
    let kind = FaultKind::FederationDown { between: server(0), and: server(1) };
    let played = stage.clone().fault(0, 20_000, kind).play();
    let failed = results(&played, 2, Endpoint::SendState);
    assert_eq!(failed, [Err(Failure::ServerError)]);
    let played = stage.member(500, device(0), user(2), Membership::Ban).play();
    assert_eq!(results(&played, 2, Endpoint::SendState), [Err(Failure::Forbidden)]);
}

#[test]
fn a_room_that_nobody_is_in_begins_anew() {
    let played = stage(&[&[1], &[1]])
        .member(1_000, device(0), user(0), Membership::Leave)
        .member(1_000, device(1), user(1), Membership::Leave)
        .member(5_000, device(1), user(1), Membership::Join)
        .send(6_000, device(1))
        .play();
    assert_eq!(messages(&played, 1), [0]);
    assert_eq!(messages(&played, 0), [] as [u32; 0]);
}

#[test]
fn a_server_that_did_not_know_of_a_newcomer_sends_what_it_missed() {
    // Server 2 sends at 1.16 s, before it learns at 1.25 s that the server of user 1 came in at 1.05 s.
    let played = stage(&[&[1], &[1], &[1]])
        .with(|scenario| scenario.rooms[0].members.retain(|member| member.0 != user(1)))
        .member(1_000, device(0), user(1), Membership::Invite)
        .member(1_300, device(1), user(1), Membership::Join)
        .send(1_050, device(2))
        .play();
    assert_eq!(messages(&played, 1), [0]);
}

#[test]
fn a_user_who_left_is_told_of_it_and_of_nothing_after() {
    let played = stage(&[&[1], &[1]])
        .send(500, device(0))
        .member(1_000, device(0), user(1), Membership::Leave)
        .send(2_000, device(0))
        .play();
    assert_eq!(messages(&played, 1), [0]);
    let last = told(&played, 1).pop().unwrap();
    assert_eq!(last.seq, 6);
    assert!(matches!(last.timeline[0].0, RoomEvent::Member { .. }));
}

#[test]
fn history_is_shown_as_the_visibility_says() {
    let seen = |visibility| {
        let played = stage(&[&[1, 1]])
            .with(|scenario| {
                scenario.rooms[0].members.truncate(1);
                scenario.rooms[0].history_visibility = visibility;
            })
            .send(1_000, device(0))
            .member(2_000, device(0), user(1), Membership::Invite)
            .send(3_000, device(0))
            .member(4_000, device(1), user(1), Membership::Join)
            .send(5_000, device(0))
            .play();
        messages(&played, 1)
    };
    assert_eq!(seen(Some(HistoryVisibility::Shared)), [0, 1, 2]);
    assert_eq!(seen(Some(HistoryVisibility::WorldReadable)), [0, 1, 2]);
    assert_eq!(seen(None), [0, 1, 2]);
    assert_eq!(seen(Some(HistoryVisibility::Invited)), [1, 2]);
    assert_eq!(seen(Some(HistoryVisibility::Joined)), [2]);
}

#[test]
fn settings_of_a_room_change_by_events() {
    let rotation = crate::protocol::room::Rotation::megolm(SimDuration::from_hours(1), 7);
    let played = stage(&[&[1], &[1]])
        .at(1_000, Step::Encryption { device: device(0), room: ROOM, rotation })
        .at(
            2_000,
            Step::HistoryVisibility {
                device: device(0),
                room: ROOM,
                value: HistoryVisibility::Joined,
            },
        )
        .play();
    let state = played.world.server(server(1)).rooms().get(ROOM).unwrap().state().clone();
    assert_eq!(state.rotation, rotation);
    assert_eq!(state.history_visibility, Some(HistoryVisibility::Joined));
    let seqs: Vec<_> = told(&played, 1).iter().map(|part| part.seq).collect();
    assert_eq!(seqs, [5, 6]);
}

/// Device 1 misses ten messages and a leave of user 2 while it is offline.
fn missed() -> Stage {
    let mut stage = stage(&[&[1, 1, 1]])
        .fault(500, 60_000, FaultKind::ClientOffline { device: device(1) })
        .member(1_000, device(2), user(2), Membership::Leave);
    for at in 2..12 {
        stage = stage.send(at * 1_000, device(0));
    }
    stage
}

#[test]
fn a_timeline_that_is_too_long_is_limited_and_brings_the_state_before_it() {
    let last = told(&missed().play(), 1).pop().unwrap();
    assert!(last.limited);
    assert_eq!(last.timeline.len(), 10);
    assert_eq!(last.state.unwrap().membership(user(2)), Membership::Leave);
    let short = missed().with(|scenario| scenario.servers[0].timeline_limit = 11).play();
    let last = told(&short, 1).pop().unwrap();
    assert!(!last.limited);
    assert!(last.state.is_none());
}

#[test]
fn limited_syncs_hold_one_event() {
    let kind = FaultKind::LimitedSync { device: device(1) };
    let played = missed().fault(0, u64::MAX, kind).send(100_000, device(0)).play();
    let parts = told(&played, 1);
    assert_eq!((parts[0].limited, parts[0].timeline.len()), (true, 1));
    assert_eq!((parts[1].limited, parts[1].timeline.len()), (false, 1));
    let heard = &played.probe(device(1)).heard;
    let limited = heard.iter().find(|heard| {
        matches!(&heard.result, Ok(Response::Sync(sync)) if sync.rooms.iter().any(|room| room.limited))
    });
    assert!(played.comes_from_fault(limited.unwrap().cause.unwrap()));
}

#[test]
fn a_user_who_is_left_out_is_missing_in_states_member_lists_and_events() {
    let hidden = || FaultKind::IncompleteMembers { server: server(0), user: user(1) };
    let played = stage(&[&[1, 1]])
        .ask(1_000, device(0), vec![Request::Members(ROOM)])
        .fault(0, u64::MAX, hidden())
        .play();
    let first = played.probe(device(0)).syncs().next().unwrap();
    let state = first.rooms[0].state.as_ref().unwrap();
    assert_eq!(state.membership(user(1)), Membership::Leave);
    let Ok(Response::Members { members, .. }) = &results(&played, 0, Endpoint::Members)[0] else {
        unreachable!("the member list was refused")
    };
    assert_eq!(members.len(), 1);
    let not_told = played.facts(|kind| matches!(kind, FactKind::MemberNotTold { .. }));
    assert!(not_told.len() >= 2);
    assert!(played.comes_from_fault(not_told[0].id));
    let played = stage(&[&[1, 1]])
        .member(1_000, device(1), user(1), Membership::Leave)
        .fault(500, u64::MAX, hidden())
        .play();
    assert!(told(&played, 0)[0].timeline.is_empty());
    assert_eq!(told(&played, 0)[0].seq, 5);
}

#[test]
fn a_user_who_was_away_for_a_while_gets_a_limited_answer_on_return() {
    let played = stage(&[&[1, 1]])
        .with(|scenario| {
            scenario.rooms[0].history_visibility = Some(HistoryVisibility::Joined);
        })
        .member(1_000, device(1), user(1), Membership::Leave)
        .send(2_000, device(0))
        .member(3_000, device(1), user(1), Membership::Join)
        .play();
    let last = told(&played, 1).pop().unwrap();
    assert!(last.limited, "the gap is not shown");
    assert!(last.state.is_some());
    assert_eq!(messages(&played, 1), [] as [u32; 0]);
}
