//! What servers have of rooms and what devices were told of them, by hand.
//! They do not know who is owed a key because of that.

use super::{Cast, Life, Moment, Rooms, Span};
use crate::ids::{DeviceId, FactId, RoomId, ServerId, UserId};
use crate::protocol::room::{HistoryVisibility, Membership};
use crate::time::SimTime;

const S: ServerId = ServerId::new(0);
const R: RoomId = RoomId::new(0);
const A: DeviceId = DeviceId::new(0);
const ALICE: UserId = UserId::new(0);
const BOB: UserId = UserId::new(1);

fn cast() -> Cast {
    Cast::new([0, 1, 1].map(UserId::new).to_vec(), vec![S, S], Vec::new())
}

fn moment(fact: u32, ms: u64) -> Moment {
    Moment { fact: FactId::new(fact), at: SimTime::from_ms(ms) }
}

fn member(rooms: &mut Rooms, membership: Membership, seq: u32, fact: u32) {
    rooms.member(&cast(), S, (R, BOB), (membership, seq, FactId::new(fact)));
}

#[test]
fn a_device_sees_what_its_syncs_told_and_the_server_has_what_happened() {
    let mut rooms = Rooms::default();
    member(&mut rooms, Membership::Join, 1, 0);
    assert!(rooms.seen((S, ALICE), (A, R), (1, false), (moment(1, 1), &Life::default())));
    member(&mut rooms, Membership::Leave, 4, 2);
    let seen = rooms.membership_seen(S, (A, R), BOB).unwrap();
    assert_eq!((seen.membership, seen.fact), (Membership::Join, FactId::new(1)));
    let truth = rooms.membership_at(S, (R, BOB), FactId::new(3)).unwrap();
    assert_eq!(truth.membership, Membership::Leave);
    let truth = rooms.membership_at(S, (R, BOB), FactId::new(2)).unwrap();
    assert_eq!(truth.membership, Membership::Join);
    assert!(rooms.seen((S, ALICE), (A, R), (5, false), (moment(4, 2), &Life::default())));
    assert!(
        !rooms.seen((S, ALICE), (A, R), (6, false), (moment(5, 3), &Life::default())),
        "only messages came"
    );
    let seen = rooms.membership_seen(S, (A, R), BOB).unwrap();
    assert_eq!((seen.membership, seen.fact), (Membership::Leave, FactId::new(4)));
}

#[test]
fn everyone_who_was_ever_a_member_stays_on_the_roster() {
    let mut rooms = Rooms::default();
    member(&mut rooms, Membership::Leave, 1, 0);
    assert!(rooms.roster(R).is_empty());
    member(&mut rooms, Membership::Invite, 2, 1);
    member(&mut rooms, Membership::Ban, 3, 2);
    member(&mut rooms, Membership::Join, 4, 3);
    assert_eq!(rooms.roster(R), [DeviceId::new(1), DeviceId::new(2)]);
    let places = [0, 1, 2, 3].map(|device| rooms.place(R, DeviceId::new(device)));
    assert_eq!(places, [None, Some(0), Some(1), None]);
}

#[test]
fn a_membership_that_was_left_out_of_the_next_sync_is_not_seen() {
    let mut rooms = Rooms::default();
    member(&mut rooms, Membership::Join, 1, 0);
    rooms.not_told(A, (R, BOB), false, moment(1, 1));
    let left_out = |before| rooms.left_out((A, R), BOB, FactId::new(before));
    assert_eq!([1, 2].map(left_out), [None, Some(FactId::new(1))]);
    rooms.seen((S, ALICE), (A, R), (1, false), (moment(2, 2), &Life::default()));
    assert_eq!(rooms.membership_seen(S, (A, R), BOB), None);
    member(&mut rooms, Membership::Leave, 2, 3);
    rooms.seen((S, ALICE), (A, R), (2, false), (moment(4, 3), &Life::default()));
    let seen = rooms.membership_seen(S, (A, R), BOB).unwrap();
    assert_eq!(seen.membership, Membership::Leave);
}

#[test]
fn what_an_answer_left_out_that_never_came_the_next_one_tells() {
    for (by_sync, since, is_seen) in
        [(true, 2, true), (true, 1, false), (true, 0, false), (false, 2, false)]
    {
        let mut rooms = Rooms::default();
        member(&mut rooms, Membership::Join, 1, 0);
        rooms.not_told(A, (R, BOB), by_sync, moment(1, 1));
        rooms.answered_anew(A, R, FactId::new(since));
        rooms.seen((S, ALICE), (A, R), (1, false), (moment(3, 3), &Life::default()));
        assert_eq!(rooms.membership_seen(S, (A, R), BOB).is_some(), is_seen, "{by_sync} {since}");
    }
}

#[test]
fn a_membership_that_was_left_out_of_the_sync_of_this_instant_is_not_seen() {
    let mut rooms = Rooms::default();
    rooms.seen((S, ALICE), (A, R), (1, false), (moment(0, 1), &Life::default()));
    member(&mut rooms, Membership::Join, 2, 1);
    rooms.seen((S, ALICE), (A, R), (2, false), (moment(2, 2), &Life::default()));
    rooms.not_told(A, (R, BOB), false, moment(3, 2));
    assert_eq!(rooms.membership_seen(S, (A, R), BOB), None);
}

#[test]
fn who_comes_back_is_told_the_whole_state() {
    let mut rooms = Rooms::default();
    let own = |rooms: &mut Rooms, membership, seq| {
        rooms.member(&cast(), S, (R, ALICE), (membership, seq, FactId::new(seq)));
    };
    own(&mut rooms, Membership::Join, 1);
    member(&mut rooms, Membership::Join, 2, 2);
    rooms.seen((S, ALICE), (A, R), (2, false), (moment(3, 3), &Life::default()));
    own(&mut rooms, Membership::Leave, 3);
    own(&mut rooms, Membership::Join, 4);
    rooms.not_told(A, (R, BOB), false, moment(5, 5));
    rooms.seen((S, ALICE), (A, R), (4, false), (moment(6, 6), &Life::default()));
    assert_eq!(rooms.membership_seen(S, (A, R), BOB), None);
}

#[test]
fn an_older_store_is_told_again() {
    let mut rooms = Rooms::default();
    let seen = |rooms: &Rooms| rooms.membership_seen(S, (A, R), BOB).map(|one| one.membership);
    member(&mut rooms, Membership::Join, 1, 0);
    rooms.seen((S, ALICE), (A, R), (1, false), (moment(1, 5), &Life::default()));
    member(&mut rooms, Membership::Ban, 2, 2);
    rooms.seen((S, ALICE), (A, R), (2, false), (moment(3, 7), &Life::default()));
    assert_eq!(seen(&rooms), Some(Membership::Ban));
    rooms.restored(A, (SimTime::from_ms(7), None), moment(4, 8));
    assert_eq!(seen(&rooms), Some(Membership::Join));
    assert!(
        rooms.seen((S, ALICE), (A, R), (2, false), (moment(4, 9), &Life::default())),
        "the ban is news once more"
    );
    assert_eq!(rooms.last_span(A, R), Some(Span { after: 1, upto: 2 }));
    rooms.restored(A, (SimTime::from_ms(5), None), moment(5, 11));
    assert_eq!(seen(&rooms), Some(Membership::Join), "the first state is what it began with");
    rooms.restored(A, (SimTime::from_ms(4), None), moment(6, 12));
    assert_eq!(seen(&rooms), None);
    rooms.restored(A, (SimTime::from_ms(10), None), moment(7, 13));
    let ban = Some(Membership::Ban);
    assert_eq!(seen(&rooms), ban, "a copy from before the store went back the second time");
    for (cause, known) in [(4, ban), (5, Some(Membership::Join)), (6, Some(Membership::Join))] {
        let mut at_once = rooms.clone();
        let copied = (SimTime::from_ms(11), Some(moment(cause, 11)));
        at_once.restored(A, copied, moment(8, 14));
        assert_eq!(
            seen(&at_once),
            known,
            "what copied it began before the second time or after it"
        );
    }
}

#[test]
fn whom_a_whole_state_leaves_out_is_gone_until_the_next_whole_state_tells() {
    let mut rooms = Rooms::default();
    let seen = |rooms: &Rooms| rooms.membership_seen(S, (A, R), BOB).map(|one| one.membership);
    member(&mut rooms, Membership::Join, 1, 0);
    rooms.seen((S, ALICE), (A, R), (1, false), (moment(1, 1), &Life::default()));
    assert_eq!(seen(&rooms), Some(Membership::Join));
    rooms.not_told(A, (R, BOB), false, moment(2, 2));
    rooms.seen((S, ALICE), (A, R), (5, true), (moment(3, 3), &Life::default()));
    assert_eq!(seen(&rooms), None, "a join that was told before is not in the state");
    rooms.seen((S, ALICE), (A, R), (6, false), (moment(4, 4), &Life::default()));
    assert_eq!(seen(&rooms), None, "and nothing has told of it since");
    rooms.seen((S, ALICE), (A, R), (7, true), (moment(5, 5), &Life::default()));
    assert_eq!(seen(&rooms), Some(Membership::Join));
    let told = rooms.membership_seen(S, (A, R), BOB).map(|one| one.fact);
    assert_eq!(told, Some(FactId::new(5)), "by that state and not before");
}

#[test]
fn visibility_is_seen_up_to_the_last_sync() {
    let mut rooms = Rooms::default();
    rooms.visibility(S, R, (HistoryVisibility::Shared, 1), FactId::new(1));
    rooms.visibility(S, R, (HistoryVisibility::Joined, 3), FactId::new(3));
    assert_eq!(rooms.visibility_seen(S, A, R), None);
    rooms.seen((S, ALICE), (A, R), (2, false), (moment(0, 1), &Life::default()));
    assert_eq!(rooms.visibility_seen(S, A, R), Some(HistoryVisibility::Shared));
    rooms.seen((S, ALICE), (A, R), (3, false), (moment(1, 1), &Life::default()));
    assert_eq!(rooms.visibility_seen(S, A, R), Some(HistoryVisibility::Joined));
}

#[test]
fn of_two_servers_the_one_that_has_heard_of_more_changes_knows_the_truth() {
    const OTHER: ServerId = ServerId::new(1);
    let (room, user, fact) = (RoomId::new(0), UserId::new(1), FactId::new(99));
    let mut rooms = Rooms::default();
    let tell = |rooms: &mut Rooms, server, membership, at| {
        rooms.member(&cast(), server, (room, user), (membership, at, FactId::new(at)));
    };
    let truth = |rooms: &Rooms| {
        rooms.membership_of([S, OTHER], (room, user), fact).map(|member| member.membership)
    };
    tell(&mut rooms, OTHER, Membership::Join, 1);
    assert_eq!(truth(&rooms), Some(Membership::Join), "a join on its way to the first server");
    tell(&mut rooms, S, Membership::Join, 2);
    tell(&mut rooms, S, Membership::Ban, 3);
    assert_eq!(truth(&rooms), Some(Membership::Ban), "a ban on its way to the second");
    tell(&mut rooms, OTHER, Membership::Ban, 4);
    tell(&mut rooms, OTHER, Membership::Leave, 5);
    assert_eq!(truth(&rooms), Some(Membership::Leave));
}
