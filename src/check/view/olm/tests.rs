//! Olm sessions, claims and epochs, told fact by fact.
//! They do not know what rules make of them.

use super::{Epoch, Failed, Made, Olm, Stamp};
use crate::check::view::life::{Life, Moment};
use crate::ids::{DeviceId, FactId, OlmSessionId};
use crate::time::SimTime;
use crate::trace::fact::{Direction, LossCause};

const A: DeviceId = DeviceId::new(0);
const B: DeviceId = DeviceId::new(1);

fn moment(fact: u32) -> Moment {
    Moment { fact: FactId::new(fact), at: SimTime::from_ms(u64::from(fact)) }
}

fn stamp(fact: u32) -> Stamp {
    Stamp { moment: moment(fact), clock: SimTime::from_ms(u64::from(fact)) }
}

fn make(olm: &mut Olm, session: u32, fact: u32) {
    let made = Made {
        session: OlmSessionId::new(session),
        direction: Direction::Outbound,
        moment: moment(fact),
        clock: SimTime::from_ms(u64::from(fact)),
        barred: false,
    };
    olm.made(A, B, made);
}

fn for_good(epoch: Epoch) -> Option<Failed> {
    Some(Failed { epoch, for_good: true })
}

#[test]
fn a_session_is_held_until_it_is_dropped_and_again_if_that_is_undone() {
    let (mut olm, mut life) = (Olm::default(), Life::default());
    assert!(!olm.has_session(A, B, &life));
    make(&mut olm, 0, 10);
    assert!(olm.has_session(A, B, &life));
    assert!(!olm.has_session(B, A, &life));
    olm.dropped((A, B), OlmSessionId::new(0), (LossCause::Wiped, moment(20)), &life);
    assert!(!olm.has_session(A, B, &life));
    life.restored(A, FactId::new(30), SimTime::from_ms(15));
    assert!(olm.has_session(A, B, &life));
    life.restored(A, FactId::new(40), SimTime::from_ms(5));
    assert!(!olm.has_session(A, B, &life));
}

#[test]
fn a_failed_attempt_belongs_to_its_epoch() {
    let (mut olm, life) = (Olm::default(), Life::default());
    olm.claim_ended(A, B, for_good(None), (moment(1), &life));
    olm.claim_ended(A, B, for_good(None), (moment(2), &life));
    assert_eq!(olm.failure(A, B, None), Some(FactId::new(1)));
    let epoch = Some(FactId::new(3));
    olm.claim_ended(A, B, None, (moment(4), &life));
    assert_eq!(olm.failure(A, B, epoch), None);
    olm.claim_ended(A, B, for_good(epoch), (moment(5), &life));
    assert_eq!(olm.failure(A, B, epoch), Some(FactId::new(5)));
}

#[test]
fn of_two_failures_in_passing_the_second_is_to_be_told_unless_the_client_was_started_anew_between()
{
    let (mut olm, mut life) = (Olm::default(), Life::default());
    let passing = Some(Failed { epoch: None, for_good: false });
    assert!(!olm.claim_ended(A, B, passing, (moment(1), &life)));
    life.crashed(A, moment(2));
    assert!(!olm.claim_ended(A, B, passing, (moment(3), &life)));
    life.restored(A, FactId::new(4), SimTime::ZERO);
    assert!(!olm.claim_ended(A, B, passing, (moment(5), &life)));
    assert_eq!(olm.settled(A, B, None), None);
    assert!(olm.claim_ended(A, B, passing, (moment(6), &life)));
    assert_eq!(olm.settled(A, B, None), Some(FactId::new(6)));
}

#[test]
fn an_epoch_begins_with_a_session_unless_the_store_forgot_it() {
    let (mut olm, mut life) = (Olm::default(), Life::default());
    assert_eq!(olm.epoch(A, B, &life), None);
    make(&mut olm, 0, 10);
    make(&mut olm, 1, 20);
    assert_eq!(olm.epoch(A, B, &life), Some(FactId::new(20)));
    olm.used((A, B), OlmSessionId::new(0), stamp(25), true);
    assert_eq!(olm.epoch(A, B, &life), Some(FactId::new(20)), "to use a session changes nothing");
    life.restored(A, FactId::new(30), SimTime::from_ms(15));
    assert_eq!(olm.epoch(A, B, &life), Some(FactId::new(10)));
}

#[test]
fn a_session_that_a_crash_may_have_cut_off_counts_once_it_is_used() {
    let (mut olm, mut life) = (Olm::default(), Life::default());
    make(&mut olm, 0, 10);
    life.crashed(A, Moment { fact: FactId::new(11), at: SimTime::from_ms(10) });
    assert!(!olm.has_session(A, B, &life));
    olm.used((A, B), OlmSessionId::new(0), stamp(12), false);
    assert!(olm.has_session(A, B, &life));
}

#[test]
fn recovery_is_forbidden_for_less_than_an_hour() {
    let mut olm = Olm::default();
    assert!(!olm.recovery_forbidden(A, B, SimTime::from_ms(0)));
    make(&mut olm, 0, 10);
    assert!(olm.recovery_forbidden(A, B, SimTime::from_ms(3_600_009)));
    assert!(!olm.recovery_forbidden(A, B, SimTime::from_ms(3_600_010)));
}

#[test]
fn a_drop_that_leaves_fewer_than_four_sessions_is_noticed() {
    let (mut olm, life) = (Olm::default(), Life::default());
    for session in 0..5 {
        make(&mut olm, session, 10 + session);
    }
    olm.dropped((A, B), OlmSessionId::new(0), (LossCause::Expired, moment(20)), &life);
    olm.dropped((A, B), OlmSessionId::new(1), (LossCause::Expired, moment(21)), &life);
    assert!(!olm.drop_of(A, B, OlmSessionId::new(0)).unwrap().too_few_left);
    assert!(olm.drop_of(A, B, OlmSessionId::new(1)).unwrap().too_few_left);
    assert_eq!(olm.drop_of(A, B, OlmSessionId::new(2)), None);
}

#[test]
fn claims_that_run_or_ended_just_now_say_since_when() {
    let (mut olm, life) = (Olm::default(), Life::default());
    olm.claimed(A, B, FactId::new(1));
    olm.claimed(A, A, FactId::new(2));
    let now = SimTime::from_ms(9);
    assert_eq!(olm.claiming_since(A, now), Some(FactId::new(1)));
    olm.claim_ended(A, B, None, (moment(8), &life));
    olm.claim_ended(A, A, None, (moment(9), &life));
    assert_eq!(olm.claiming_since(A, now), Some(FactId::new(1)));
    assert_eq!(olm.claiming_since(A, SimTime::from_ms(10)), None);
    assert!(olm.claimed_after(A, B, FactId::new(0)));
    assert!(!olm.claimed_after(A, B, FactId::new(1)));
    olm.claimed(A, B, FactId::new(11));
    olm.crashed(A);
    assert_eq!(olm.claiming_since(A, SimTime::from_ms(12)), None);
}
