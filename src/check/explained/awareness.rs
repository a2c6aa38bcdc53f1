//! Stage 2: why the sender did not know the device when it encrypted the message.
//! It does not know what would have been due if it had.

use crate::check::explained::{Blame, Cell, Finding, Scope};
use crate::check::view::lists::{Gap, Telling};
use crate::ids::FactId;
use crate::rulebook::leaf::Leaf;
use crate::rulebook::rule::Rule;
use crate::scenario::fault::Party;

/// The sender had not seen that the user is a member.
pub(super) fn membership_not_seen(cell: &Cell<'_>) -> Finding {
    let Cell { view, encrypted, accepted, device, .. } = *cell;
    let user = view.cast.user(device);
    let servers = [view.cast.server_of(cell.sender()), view.cast.server(user)];
    // What it had not seen may not even have come to its own server.
    let truth = view.rooms.membership_of(servers, (encrypted.room, user), accepted);
    let because = truth.map(|member| member.fact);
    Finding::of(Leaf::MembershipNotSeen, [because, Some(encrypted.fact), None])
}

/// The sender learnt that the device is a recipient when it was already sending.
pub(super) fn learnt_late(cell: &Cell<'_>) -> Finding {
    let [prepared, encrypted] = [cell.encrypted.prepared_from, cell.encrypted.fact];
    Finding::of(Leaf::StaleList, [Some(encrypted), Some(prepared), None])
}

/// The list of the sender did not hold the device.
pub(super) fn unlisted(cell: &Cell<'_>, gap: Gap) -> Finding {
    let Cell { view, encrypted, device, .. } = *cell;
    let user = view.cast.user(device);
    let sender = cell.sender();
    let Gap::Settled { start, end, newer } = gap else {
        let because = if let Gap::Outdated(because) = gap { because } else { None };
        return Finding::of(Leaf::StaleList, [because, Some(encrypted.fact), None]);
    };
    let Some(up) = view.life.crypto(device) else {
        return Finding::of(Leaf::Unaware, [Some(encrypted.fact), None, None]);
    };
    let wrong = |party| {
        let blame = Blame { rule: Rule::D04, party, scope: Scope::Fact(end) };
        Finding::fault(Leaf::WrongList, blame, [Some(end), Some(up.fact), Some(encrypted.fact)])
    };
    if newer.is_some_and(|newer| newer > up.fact) && start < up.fact {
        return wrong(Party::Device(sender));
    }
    if start > up.fact {
        return wrong(Party::Server(view.cast.server(user)));
    }
    let server = view.cast.server_of(sender);
    let Some(news) = view.lists.change_known(server, user, up) else {
        return Finding::of(Leaf::Unaware, [Some(up.fact), Some(encrypted.fact), None]);
    };
    if news > encrypted.fact {
        return Finding::of(Leaf::Unaware, [Some(up.fact), Some(encrypted.fact), None]);
    }
    // Changes are told to those who are joined in one room with the user; an invite is not enough.
    let share = |at| view.rooms.share_as_joined(server, [view.cast.user(sender), user], at);
    if !share(encrypted.fact) {
        return Finding::of(Leaf::Unaware, [Some(news), Some(encrypted.fact), None]);
    }
    // A note that comes later was on its way; that none ever came can be said only of a sender that was there to
    // get it until the end.
    let unaware = |note| Finding::of(Leaf::Unaware, [Some(note), Some(encrypted.fact), None]);
    let is_out_of_reach =
        view.life.ended(sender).is_some() || view.outages.hinders(&view.cast, sender);
    match view.lists.telling(sender, user, news) {
        Telling::Told(note) => return unaware(note),
        // Who was only invited by then was rightly left out of the answers; the join is what is told.
        Telling::PassedOver { by, note } if !share(by) => return unaware(note),
        Telling::Untold if !cell.quiescent || is_out_of_reach => return unaware(news),
        Telling::PassedOver { .. } | Telling::Untold => {}
    }
    let party = Party::Server(server);
    let blame = Blame { rule: Rule::D07, party, scope: Scope::Fact(news) };
    Finding::fault(Leaf::NoteNeverSent, blame, [Some(news), Some(encrypted.fact), None])
}

/// The device was listed when the message was encrypted, setting up Olm failed in passing, and when that was to be tried again the list
/// did not hold the device any more. So the list is not why it has no key; whoever is to blame for the list is to blame that nothing was
/// said.
pub(super) fn dropped_since(cell: &Cell<'_>, failure: FactId) -> Finding {
    let Cell { view, device, .. } = *cell;
    let (sender, user) = (cell.sender(), view.cast.user(device));
    let finding = unlisted(cell, view.lists.gap(sender, user));
    if finding.leaf != Leaf::WrongList {
        return finding;
    }
    let [last, up, _] = finding.witnesses;
    let answer = view.lists.answers_without(sender, user, device).map(|[first, _]| first.fact);
    Finding { leaf: Leaf::Unexplained, witnesses: [answer.or(last), Some(failure), up], ..finding }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{
        A1, ALICE, AWAY, B1, B2, BOB, C1, CAROL, HOME, R, Story, device, leaf, rules, s,
    };
    use crate::ids::ServerId;
    use crate::protocol::api::ListChange;
    use crate::protocol::room::Membership;
    use crate::rulebook::leaf::Leaf;
    use crate::rulebook::rule::Rule;
    use crate::scenario::fault::{Fault, FaultKind, Party};
    use crate::time::SimTime;
    use crate::trace::fact::{ClaimFailed, ClaimOutcome, FactKind, QueryOutcome};

    const fn server(server: ServerId) -> Party {
        Party::Server(server)
    }

    /// B2 comes up and A1's server learns of it.
    fn second_device() -> Story {
        let mut story = Story::with_olm();
        story.deliver((A1, B1), s(0), 0);
        story.wait(10_000);
        story.up(B2);
        story.list_changed(HOME, BOB);
        story
    }

    fn b2(story: &Story) -> Leaf {
        leaf(&story.judge(), 0, B2)
    }

    #[test]
    fn an_event_that_a_log_tells_late_was_known_to_whoever_had_seen_it() {
        let mut story = Story::with_olm();
        story.seen(A1, 4);
        story.message(s(0), 0, 0);
        story.member(BOB, Membership::Leave, 4);
        story.message(s(0), 1, 1);
        story.message(s(0), 2, 2);
        let outcome = story.judge();
        let told = [0, 1, 2].map(|message| leaf(&outcome, message, B1));
        assert_eq!(told, [Leaf::Unexplained, Leaf::NotAMember, Leaf::NotAMember]);
    }

    #[test]
    fn a_join_that_the_sender_has_not_seen_excuses_it() {
        let mut story = Story::with_olm();
        story.member(CAROL, Membership::Join, 3);
        story.at(AWAY, FactKind::DeviceUp { device: C1, crypto: true });
        let mut seen = story.clone();
        story.message(s(0), 0, 0);
        assert_eq!(leaf(&story.judge(), 0, C1), Leaf::MembershipNotSeen);
        seen.seen(A1, 3);
        seen.message(s(0), 0, 0);
        assert_eq!(leaf(&seen.judge(), 0, C1), Leaf::StaleList, "no list has been asked for");
    }

    #[test]
    fn a_member_that_the_server_left_out_was_not_seen() {
        let mut story = Story::with_olm();
        story.member(CAROL, Membership::Join, 3);
        story.at(AWAY, FactKind::DeviceUp { device: C1, crypto: true });
        story.at(HOME, FactKind::MemberNotTold { device: A1, room: R, user: CAROL });
        story.seen(A1, 3);
        story.message(s(0), 0, 0);
        assert_eq!(leaf(&story.judge(), 0, C1), Leaf::MembershipNotSeen);
    }

    #[test]
    fn a_sender_whose_server_did_not_know_of_the_device_was_unaware_of_it() {
        let mut story = Story::with_olm();
        story.up(B2);
        story.message(s(0), 0, 0);
        assert_eq!(b2(&story), Leaf::Unaware);
        story.list_changed(HOME, BOB);
        story.noted(A1, BOB);
        assert_eq!(b2(&story), Leaf::Unaware);
        let found = rules(&story.judge());
        assert!(found.contains(&(Rule::D02, device(A1))), "A1 has not asked for the list");
        assert_eq!(found.len(), 2, "B1 got no key and that is another matter");
    }

    #[test]
    fn a_sender_that_was_told_too_late_was_unaware_and_one_that_was_never_told_was_let_down() {
        let mut story = second_device();
        story.message(s(0), 0, 0);
        assert_eq!(b2(&story), Leaf::NoteNeverSent);
        assert_eq!(story.rules(), [(Rule::D07, server(HOME))]);
        assert_eq!(leaf(&story.judge_cut(), 0, B2), Leaf::Unaware, "the note may still come");
        let mut gone = story.clone();
        gone.crash(A1);
        assert_eq!(b2(&gone), Leaf::Unaware, "nobody was there to be told");
        story.noted(A1, BOB);
        assert_eq!(b2(&story), Leaf::Unaware);
        assert_eq!(story.rules(), [(Rule::D02, device(A1))], "A1 has not asked for the list");
    }

    #[test]
    fn many_messages_that_one_missing_note_spoils_are_one_breach_and_the_fault_excuses_it() {
        let mut story = Story::with_olm();
        let kind = FaultKind::ListNoticeLost { user: BOB, server: HOME };
        let [from, until] = [SimTime::from_ms(1), SimTime::MAX];
        let fault = story.fault(Fault { from, until, kind });
        story.deliver((A1, B1), s(0), 0);
        story.up(B2);
        story.list_changed(HOME, BOB);
        story.came_of(fault);
        for message in 0..3 {
            story.message(s(0), message, message);
        }
        let outcome = story.judge();
        assert_eq!(rules(&outcome), [(Rule::D07, server(HOME))]);
        assert_eq!(outcome.counted().count(), 0);
    }

    #[test]
    fn a_server_that_learns_of_a_change_after_the_message_could_not_have_told() {
        let mut story = Story::with_olm();
        story.deliver((A1, B1), s(0), 0);
        story.wait(10_000);
        story.up(B2);
        story.message(s(0), 0, 0);
        story.list_changed(HOME, BOB);
        assert_eq!(b2(&story), Leaf::Unaware);
        let never = [(Rule::D07, server(HOME))];
        assert_eq!(story.rules(), never, "that it never did is another matter");
    }

    #[test]
    fn a_list_that_is_known_to_be_outdated_is_stale() {
        let mut story = second_device();
        story.noted(A1, BOB);
        let mut asking = story.clone();
        story.message(s(0), 0, 0);
        assert_eq!(b2(&story), Leaf::StaleList);
        let query = asking.ask(A1, BOB);
        let mut failing = asking.clone();
        asking.message(s(0), 0, 0);
        asking.answer((A1, BOB), query, &[B1, B2]);
        assert_eq!(b2(&asking), Leaf::StaleList);
        let (device, user, outcome) = (A1, BOB, QueryOutcome::Failed);
        failing.by(A1, FactKind::QueryEnd { device, user, query, outcome });
        failing.message(s(0), 0, 0);
        assert_eq!(b2(&failing), Leaf::StaleList);
        assert_eq!(failing.rules(), []);
    }

    #[test]
    fn once_the_list_holds_the_device_the_key_is_owed() {
        let mut story = second_device();
        story.noted(A1, BOB);
        story.learn(A1, BOB, &[B1, B2]);
        story.olm(A1, B2);
        story.message(s(0), 0, 0);
        assert_eq!(b2(&story), Leaf::Unexplained);
        assert_eq!(story.rules(), [(Rule::K03, device(A1))]);
    }

    #[test]
    fn a_device_that_became_known_while_the_message_was_under_way_is_not_owed_it() {
        let mut story = second_device();
        story.noted(A1, BOB);
        let query = story.ask(A1, BOB);
        let mut early = story.clone();
        let again = story.give((A1, B1), s(0), 0);
        story.hear(again);
        story.answer((A1, BOB), query, &[B1, B2]);
        story.olm(A1, B2);
        story.message(s(0), 0, 0);
        assert_eq!(b2(&story), Leaf::StaleList);
        assert_eq!(story.rules(), [(Rule::U13, device(A1))], "B1 had the key");
        early.answer((A1, BOB), query, &[B1, B2]);
        early.olm(A1, B2);
        let again = early.give((A1, B1), s(0), 0);
        early.hear(again);
        early.message(s(0), 0, 0);
        assert_eq!(b2(&early), Leaf::Unexplained);
    }

    #[test]
    fn an_answer_that_leaves_out_a_device_which_was_there_is_the_fault_of_its_server() {
        let mut story = second_device();
        story.noted(A1, BOB);
        story.learn(A1, BOB, &[B1]);
        story.message(s(0), 0, 0);
        assert_eq!(b2(&story), Leaf::WrongList);
        assert_eq!(story.rules(), [(Rule::D04, server(HOME))]);
    }

    #[test]
    fn what_a_list_loses_after_the_message_is_no_reason_that_it_has_no_key() {
        let mut story = second_device();
        story.noted(A1, BOB);
        story.learn(A1, BOB, &[B1, B2]);
        story.claim_unreachable(A1, B2);
        story.message(s(0), 0, 0);
        story.learn(A1, BOB, &[B1]);
        assert_eq!(b2(&story), Leaf::Unexplained);
        assert_eq!(story.rules(), [(Rule::D04, server(HOME))]);
        story.message(s(0), 1, 1);
        assert_eq!(leaf(&story.judge(), 1, B2), Leaf::WrongList, "by then it was lost");
    }

    #[test]
    fn a_list_that_went_while_setting_up_olm_was_tried_again_is_no_reason_either() {
        let change = ListChange::Left;
        for is_gone in [true, false] {
            let mut story = second_device();
            story.noted(A1, BOB);
            story.learn(A1, BOB, &[B1, B2]);
            story.claim_unreachable(A1, B2);
            story.message(s(0), 0, 0);
            let claim = story.claim(A1, B2);
            story.by(A1, FactKind::ListNote { device: A1, user: BOB, change });
            story.learn(A1, BOB, if is_gone { &[B1] } else { &[B1, B2] });
            let outcome = ClaimOutcome::Failed(ClaimFailed::Timeout);
            story.by(A1, FactKind::ClaimEnd { device: A1, target: B2, claim, outcome });
            assert_eq!(b2(&story), Leaf::Unexplained);
            let broken = if is_gone { (Rule::D04, server(HOME)) } else { (Rule::N01, device(A1)) };
            assert_eq!(story.rules(), [broken]);
        }
    }

    #[test]
    fn a_query_that_began_before_the_device_came_up_may_leave_it_out() {
        let mut story = Story::with_olm();
        story.deliver((A1, B1), s(0), 0);
        let query = story.ask(A1, BOB);
        story.up(B2);
        story.answer((A1, BOB), query, &[B1]);
        story.message(s(0), 0, 0);
        assert_eq!(b2(&story), Leaf::Unaware);
        assert_eq!(story.rules(), []);
    }

    #[test]
    fn an_older_answer_that_takes_the_place_of_a_newer_is_the_fault_of_the_sender() {
        let mut story = Story::with_olm();
        story.deliver((A1, B1), s(0), 0);
        let older = story.ask(A1, BOB);
        story.up(B2);
        let newer = story.ask(A1, BOB);
        story.answer((A1, BOB), newer, &[B1, B2]);
        let mut right = story.clone();
        story.answer((A1, BOB), older, &[B1]);
        story.message(s(0), 0, 0);
        assert_eq!(b2(&story), Leaf::WrongList);
        assert_eq!(story.rules(), [(Rule::D04, device(A1))]);
        let (device, user, outcome) = (A1, BOB, QueryOutcome::Overtaken);
        right.by(A1, FactKind::QueryEnd { device, user, query: older, outcome });
        right.deliver((A1, B2), s(0), 0);
        right.message(s(0), 0, 0);
        assert_eq!(b2(&right), Leaf::Delivered);
    }

    #[test]
    fn own_other_devices_are_recipients_like_any_other() {
        let mut story = Story::with_olm();
        story.deliver((A1, B1), s(0), 0);
        story.wait(10_000);
        story.up(crate::check::testing::A2);
        story.learn(A1, ALICE, &[A1, crate::check::testing::A2]);
        story.message(s(0), 0, 0);
        let outcome = story.judge();
        assert_eq!(leaf(&outcome, 0, crate::check::testing::A2), Leaf::Unexplained);
        assert!(outcome.verdicts.iter().all(|verdict| verdict.device != A1));
    }

    #[test]
    fn nobody_is_told_of_the_list_of_a_user_who_is_only_invited() {
        let mut story = Story::with_olm();
        let with_invited = true;
        let share = crate::scenario::policy::SharePolicy::Everyone;
        story.by(A1, FactKind::SharingSet { device: A1, share, with_invited });
        story.member(CAROL, Membership::Invite, 3);
        story.seen(A1, 3);
        story.learn(A1, CAROL, &[]);
        story.wait(1_000);
        story.at(AWAY, FactKind::DeviceUp { device: C1, crypto: true });
        story.list_changed(HOME, CAROL);
        story.deliver((A1, B1), s(0), 0);
        let mut joined = story.clone();
        story.message(s(0), 0, 0);
        assert_eq!(leaf(&story.judge(), 0, C1), Leaf::Unaware);
        assert_eq!(story.rules(), []);
        joined.member(CAROL, Membership::Join, 4);
        joined.seen(A1, 4);
        joined.message(s(0), 0, 0);
        assert_eq!(joined.rules(), [(Rule::D07, server(HOME))]);
    }
}
