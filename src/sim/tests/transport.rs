//! To-device messages: how they travel, and what faults do to them.
//! They do not know what a message is for.

use crate::ids::{MessageId, TxnId};
use crate::protocol::api::{Endpoint, Failure};
use crate::protocol::to_device::{ToDeviceBody, ToDeviceType};
use crate::protocol::withheld::{SessionCode, WithheldNotice};
use crate::scenario::fault::{FaultKind, ForgedContent, ToDeviceFilter};
use crate::sim::tests::stage::{Stage, device, put, put_olm, server, stage};
use crate::time::SimDuration;
use crate::trace::fact::{FactKind, RunEnd, SentContent};

fn from_first() -> ToDeviceFilter {
    ToDeviceFilter { sender: Some(device(0)), ..ToDeviceFilter::default() }
}

/// Two servers; device 0 sends to device 1 beside it and to device 2 on the other one.
fn posted() -> Stage {
    stage(&[&[1, 1], &[1]]).ask(1_000, device(0), vec![put(901, &[1, 2])])
}

#[test]
fn a_message_is_stored_listed_handled_and_acknowledged_once() {
    let played = posted().play();
    assert_eq!(played.end, RunEnd::Quiescent);
    // To the own server 50 ms, between servers 100 ms, to the client 50 ms, the acknowledgement 50 ms.
    assert_eq!(played.stored(device(1), 901), [1_050]);
    assert_eq!(played.processed(device(1), 901), [1_100]);
    assert_eq!(played.stored(device(2), 901), [1_150]);
    assert_eq!(played.processed(device(2), 901), [1_200]);
    let acknowledged = played.facts(|kind| matches!(kind, FactKind::Acknowledged { .. }));
    let at: Vec<_> = acknowledged.iter().map(|fact| fact.at.as_ms()).collect();
    assert_eq!(at, [1_150, 1_250]);
    assert_eq!(played.count(|kind| matches!(kind, FactKind::PutAccepted { .. })), 1);
    assert_eq!(played.count(|kind| matches!(kind, FactKind::Listed { .. })), 2);
}

#[test]
fn the_same_transaction_again_has_no_second_effect() {
    let played = posted().ask(5_000, device(0), vec![put(901, &[1, 2])]).play();
    assert_eq!(played.count(|kind| matches!(kind, FactKind::PutAccepted { .. })), 1);
    assert_eq!(played.stored(device(1), 901).len(), 1);
    assert_eq!(played.stored(device(2), 901).len(), 1);
    assert_eq!(played.probe(device(0)).answers(Endpoint::SendToDevice).count(), 2);
}

#[test]
fn delayed_messages_reach_the_mailbox_later() {
    let by = SimDuration::from_secs(10);
    let played =
        posted().fault(0, u64::MAX, FaultKind::ToDeviceDelayed { which: from_first(), by }).play();
    assert_eq!(played.stored(device(1), 901), [11_050]);
    assert_eq!(played.stored(device(2), 901), [11_150]);
    assert_eq!(played.end, RunEnd::Quiescent);
}

#[test]
fn a_filter_hits_only_what_fits_and_only_so_often() {
    let which = ToDeviceFilter {
        recipient: Some(device(1)),
        event_type: Some(ToDeviceType::KeyRequest),
        first: Some(1),
        ..from_first()
    };
    let played = posted()
        .ask(2_000, device(0), vec![put(902, &[1])])
        .ask(500, device(0), vec![put_olm(900, &[1])])
        .fault(0, u64::MAX, FaultKind::ToDeviceDropped { which })
        .play();
    assert_eq!(played.stored(device(1), 900).len(), 1);
    assert_eq!(played.stored(device(1), 901).len(), 0);
    assert_eq!(played.stored(device(2), 901).len(), 1);
    assert_eq!(played.stored(device(1), 902).len(), 1);
    let lost = played.facts(|kind| matches!(kind, FactKind::Lost { message: None, .. }));
    assert_eq!(lost.len(), 1);
    assert!(played.comes_from_fault(lost[0].id));
}

#[test]
fn duplicated_messages_are_two_rows_of_the_mailbox() {
    let played =
        posted().fault(0, u64::MAX, FaultKind::ToDeviceDuplicated { which: from_first() }).play();
    assert_eq!(played.stored(device(1), 901).len(), 2);
    assert_eq!(played.processed(device(1), 901).len(), 2);
}

#[test]
fn corrupted_olm_messages_arrive_with_another_mac_and_other_contents_as_they_are() {
    let played = posted()
        .ask(2_000, device(0), vec![put_olm(902, &[1])])
        .fault(0, u64::MAX, FaultKind::OlmCorrupted { which: from_first() })
        .play();
    let messages: Vec<_> =
        played.probe(device(1)).syncs().flat_map(|sync| sync.to_device.clone()).collect();
    assert!(matches!(messages[0].1.body, ToDeviceBody::KeyRequest(_)));
    assert!(matches!(messages[1].1.body, ToDeviceBody::Olm(text) if text.mac == !7));
}

fn three_waiting() -> Stage {
    stage(&[&[1, 1]])
        .ask(1_000, device(0), vec![put(901, &[1]), put(902, &[1]), put(903, &[1])])
        .fault(500, 2_000, FaultKind::ClientOffline { device: device(1) })
}

#[test]
fn a_mailbox_is_listed_in_the_order_of_arrival_and_newest_first_by_a_fault() {
    let order = |played: &crate::sim::tests::stage::Played| {
        [901, 902, 903].map(|txn| played.processed(device(1), txn).len())
    };
    let inbox = |stage: Stage| {
        let played = stage.play();
        assert_eq!(order(&played), [1, 1, 1]);
        played.probe(device(1)).store.inbox.iter().map(|row| row.raw()).collect::<Vec<_>>()
    };
    assert_eq!(inbox(three_waiting()), [0, 1, 2]);
    let kind = FaultKind::ToDeviceReordered { device: device(1) };
    assert_eq!(inbox(three_waiting().fault(0, u64::MAX, kind)), [2, 1, 0]);
}

#[test]
fn a_batch_limit_makes_more_answers_of_the_same_messages() {
    let kind = FaultKind::BatchLimit { server: server(0), limit: 1 };
    let played = three_waiting().fault(0, u64::MAX, kind).play();
    let sizes: Vec<_> = played
        .probe(device(1))
        .syncs()
        .map(|sync| sync.to_device.len())
        .filter(|size| *size > 0)
        .collect();
    assert_eq!(sizes, [1, 1, 1]);
    let inbox: Vec<_> = played.probe(device(1)).store.inbox.iter().map(|row| row.raw()).collect();
    assert_eq!(inbox, [0, 1, 2]);
}

#[test]
fn a_second_reader_takes_what_is_there_and_what_comes() {
    let played = posted()
        .ask(3_000, device(0), vec![put(902, &[1])])
        .ask(9_000, device(0), vec![put(903, &[1])])
        .fault(1_060, 5_000, FaultKind::SecondReader { device: device(1) })
        .fault(500, 2_000, FaultKind::ClientOffline { device: device(1) })
        .play();
    assert_eq!(played.processed(device(1), 901).len(), 0);
    assert_eq!(played.processed(device(1), 902).len(), 0);
    assert_eq!(played.processed(device(1), 903).len(), 1);
    let lost = played.facts(|kind| matches!(kind, FactKind::Lost { message: Some(_), .. }));
    assert_eq!(lost.len(), 2);
    assert!(lost.iter().all(|fact| played.comes_from_fault(fact.id)));
}

#[test]
fn a_poisoned_edu_holds_up_all_that_is_queued_behind_it() {
    let poison = |until| FaultKind::PoisonedEdu { device: device(until), at: server(1) };
    let stage = stage(&[&[1, 1], &[1]]).ask(1_000, device(0), vec![put(901, &[2])]).ask(
        2_000,
        device(1),
        vec![put(902, &[2])],
    );
    let played = stage.clone().fault(0, 60_000, poison(0)).play();
    assert!(played.stored(device(2), 902)[0] > 60_000);
    assert!(played.stored(device(2), 901)[0] > 60_000);
    let played = stage.clone().fault(0, 60_000, poison(1)).play();
    assert_eq!(played.stored(device(2), 901), [1_150]);
    let played = stage.fault(0, u64::MAX, poison(0)).play();
    assert_eq!(played.stored(device(2), 902).len(), 0);
    assert_eq!(played.end, RunEnd::Quiescent, "nothing can come of trying for ever");
}

#[test]
fn edu_limits_make_more_transactions_of_the_same_messages() {
    let stage =
        stage(&[&[1], &[3]]).ask(1_000, device(0), vec![put(901, &[1, 2, 3]), put(902, &[1])]);
    let played = stage.clone().play();
    assert_eq!([1, 2, 3].map(|to| played.stored(device(to), 901)[0]), [1_150; 3]);
    let kind = FaultKind::EduLimit { server: server(0), edus: 1, messages: 2 };
    let played = stage.fault(0, u64::MAX, kind).play();
    // Each transaction waits for the confirmation of the one before it: 200 ms.
    let times = [1, 2, 3].map(|to| played.stored(device(to), 901)[0]);
    assert_eq!(times, [1_150, 1_150, 1_350]);
    assert_eq!(played.stored(device(1), 902), [1_550]);
}

#[test]
fn an_edu_whose_confirmation_is_lost_is_sent_again_and_stored_once() {
    let kind = FaultKind::FederationDown { between: server(1), and: server(0) };
    let played = posted().fault(1_200, 3_000, kind).play();
    assert_eq!(played.stored(device(2), 901), [1_150]);
    assert_eq!(played.end, RunEnd::Quiescent);
    assert!(played.world.now() > crate::time::SimTime::from_ms(3_000));
}

#[test]
fn servers_that_cannot_reach_each_other_try_again_until_they_do() {
    let kind = FaultKind::FederationDown { between: server(0), and: server(1) };
    let played = posted().fault(0, 20_000, kind.clone()).play();
    // Tried at 1.05, 2.05, 4.05, 8.05, 16.05 and 32.05 seconds.
    assert_eq!(played.stored(device(2), 901), [32_150]);
    assert_eq!(played.stored(device(1), 901), [1_050]);
    let played = posted().fault(0, u64::MAX, kind).play();
    assert_eq!(played.stored(device(2), 901).len(), 0);
    assert_eq!(played.end, RunEnd::Quiescent);
}

#[test]
fn a_restored_server_has_old_messages_again_and_has_lost_newer_ones() {
    let kind = FaultKind::ServerRestored {
        server: server(0),
        snapshot: crate::time::SimTime::from_ms(1_060),
    };
    let played = posted()
        .ask(5_000, device(0), vec![put(902, &[1])])
        .fault(4_000, 6_000, FaultKind::ClientOffline { device: device(1) })
        .fault(5_500, 5_501, kind)
        .play();
    // 901 was on its way to the client when the copy was taken: it comes twice. 902 came later and is lost.
    assert_eq!(played.processed(device(1), 901).len(), 2);
    assert_eq!(played.processed(device(1), 902).len(), 0);
    let lost = |kind: &FactKind| matches!(kind, FactKind::Lost { txn, message: Some(_), .. } if *txn == TxnId::new(902));
    assert_eq!(played.count(lost), 1);
}

#[test]
fn a_forged_notice_is_in_the_mailbox_though_nobody_sent_it() {
    let notice = WithheldNotice::Session {
        room: crate::sim::tests::stage::ROOM,
        session: crate::ids::MegolmSessionId::new(77),
        code: SessionCode::Blacklisted,
    };
    let fields = notice.content(device(0));
    let forged = |session_of| FaultKind::ForgedWithheld {
        sender: device(0),
        recipient: device(1),
        event_type: ToDeviceType::Withheld,
        content: ForgedContent { fields, session_of },
    };
    let session = |kind: FaultKind| {
        let played = stage(&[&[1, 1]]).send(1_000, device(0)).fault(2_000, 2_000, kind).play();
        assert_eq!(played.count(|kind| matches!(kind, FactKind::PutAccepted { .. })), 0);
        let contents: Vec<_> = played
            .trace
            .pick(|kind| {
                let FactKind::Enqueued { content: SentContent::Withheld(content), .. } = kind
                else {
                    return None;
                };
                Some(content.session_id.value().unwrap().raw())
            })
            .collect();
        contents
    };
    assert_eq!(session(forged(None)), [77]);
    assert_eq!(session(forged(Some(MessageId::new(0)))), [0]);
}

#[test]
fn what_is_sent_to_a_device_that_is_gone_goes_nowhere() {
    let played = stage(&[&[1, 1]])
        .at(500, crate::scenario::step::Step::Logout(device(1)))
        .ask(1_000, device(0), vec![put(901, &[1])])
        .ask(2_000, device(1), vec![put(902, &[0])])
        .play();
    assert_eq!(played.stored(device(1), 901).len(), 0);
    assert_eq!(played.count(|kind| matches!(kind, FactKind::DeviceDeleted { .. })), 1);
    assert_eq!(played.count(|kind| matches!(kind, FactKind::LoggedOut { .. })), 1);
    // A client that is gone sends nothing.
    assert_eq!(played.stored(device(0), 902).len(), 0);
    let failures = played.probe(device(1)).answers(Endpoint::Sync);
    assert!(failures.into_iter().all(|heard| heard.result != Err(Failure::Forbidden)));
}
