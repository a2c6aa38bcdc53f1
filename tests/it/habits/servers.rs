//! Every habit of servers, set to each of its other settings in a room where that shows.
//! What a habit is for is not known here.

use withheld::rulebook::rule::Rule;
use withheld::scenario::habits::{MailboxOrder, OneTimeKeyOrder, OneTimeKeyUse, ServerHabits};
use withheld::scenario::model::Scenario;

use crate::room::{Room, in_file};
use crate::settings::{check_complete, counted, few};

few! {
    MailboxOrder: InOrder NewestFirst DropsRest;
    OneTimeKeyOrder: OldestFirst NewestFirst;
    OneTimeKeyUse: Once Again;
}

/// A room without a broken rule, one of its servers, a habit of that, and a rule that it breaks then.
struct Row {
    file: &'static str,
    server: &'static str,
    change: fn(&mut ServerHabits),
    breaks: Option<Rule>,
}

fn check(row: &Row) {
    let usual = in_file(row.file);
    let mut changed: Scenario = usual.clone();
    let mut servers = changed.servers.iter_mut();
    let server = servers.find(|one| one.name == row.server).expect("a server of the room");
    (row.change)(&mut server.habits);
    assert_ne!(usual, changed, "the habit is another one");
    let [usual, changed] = [usual, changed].map(Room::run);
    assert_ne!(usual.digest, changed.digest, "the habit changes facts");
    assert_eq!(counted(&usual), [], "with the usual habit");
    let found = counted(&changed);
    assert!(found.iter().all(|(_, party)| party == row.server), "others are blamed: {found:?}");
    if let Some(rule) = row.breaks {
        assert!(found.contains(&(rule, row.server.to_owned())), "{} is not broken", rule.id());
    }
}

#[test]
fn every_field_has_rows() {
    let ServerHabits { one_time_keys, one_time_key_order, gives_fallback_keys, mailbox } =
        ServerHabits::specification();
    check_complete(&one_time_keys, &[OneTimeKeyUse::Again]);
    check_complete(&one_time_key_order, &[OneTimeKeyOrder::NewestFirst]);
    check_complete(&gives_fallback_keys, &[false]);
    check_complete(&mailbox, &[MailboxOrder::NewestFirst, MailboxOrder::DropsRest]);
}

#[test]
fn a_server_that_hands_keys_out_again_breaks_the_rule_that_it_does_so_once() {
    check(&Row {
        file: "no_olm/a_badly_signed_key_counts_as_none",
        server: "s2",
        change: |habits| habits.one_time_keys = OneTimeKeyUse::Again,
        breaks: Some(Rule::C01),
    });
}

#[test]
fn a_server_may_hand_the_newest_key_out_first() {
    check(&Row {
        file: "incidents/a_second_reader_takes_the_keys_away",
        server: "s1",
        change: |habits| habits.one_time_key_order = OneTimeKeyOrder::NewestFirst,
        breaks: None,
    });
}

#[test]
fn a_server_may_keep_fallback_keys_to_itself() {
    check(&Row {
        file: "no_olm/a_fallback_key_stays_until_it_is_replaced",
        server: "s1",
        change: |habits| habits.gives_fallback_keys = false,
        breaks: None,
    });
}

#[test]
fn a_server_may_list_a_mailbox_backwards() {
    check(&Row {
        file: "transport/a_copy_of_a_notice_changes_nothing",
        server: "s1",
        change: |habits| habits.mailbox = MailboxOrder::NewestFirst,
        breaks: None,
    });
}

#[test]
fn a_server_that_throws_away_what_exceeds_the_limit_loses_messages() {
    check(&Row {
        file: "transport/a_server_may_send_the_mailbox_in_smaller_batches_for_a_while",
        server: "s1",
        change: |habits| habits.mailbox = MailboxOrder::DropsRest,
        breaks: Some(Rule::T01),
    });
}
