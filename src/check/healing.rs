//! What is still broken when everything is good again: devices that are owed a key and cannot read the second probe of a sender.
//! It does not know how anything broke, nor what the scenario had planned.

use std::collections::BTreeMap;

use crate::check::breaches::Breach;
use crate::check::findings::Findings;
use crate::check::outcome::{Unhealed, Verdict, WayBack};
use crate::check::view::View;
use crate::check::view::duties::Duty;
use crate::check::view::messages::Encrypted;
use crate::ids::{DeviceId, FactId, MessageId, RoomId};
use crate::rulebook::leaf::Leaf;
use crate::rulebook::rule::Rule;
use crate::scenario::fault::Party;

/// The cells of second probes that did not come out right, in the order of `verdicts`. One for which the specification has a
/// way back is a breach.
pub(crate) fn judge(
    view: &View,
    first_probe: MessageId,
    verdicts: &[Verdict],
    findings: &mut Findings,
) -> Vec<Unhealed> {
    let second = second_probes(view, first_probe);
    let mut unhealed = Vec::new();
    let cells = verdicts.iter().filter(|verdict| second.contains(&verdict.message));
    for verdict in cells {
        let Some(mut way_back) = way_back(verdict.leaf) else { continue };
        if is_barred(view, verdict) {
            continue;
        }
        if let WayBack::Due(rule) = way_back
            && let Some(encrypted) = view.messages.encryption(verdict.message)
        {
            let cell = (verdict.message, verdict.device);
            match who_failed(view, verdict, encrypted) {
                Some((party, because)) => {
                    findings.confirm(Breach {
                        rule,
                        party,
                        severity: view.reading.severity(rule),
                        cell: Some(cell),
                        witnesses: [because, Some(encrypted.fact), None],
                    });
                }
                None => way_back = WayBack::NotInTheSpecification,
            }
        }
        let Verdict { message, device, leaf, .. } = *verdict;
        unhealed.push(Unhealed { message, device, leaf, way_back });
    }
    unhealed
}

/// Whether the device is kept from the key on purpose: then there is nothing to heal.
fn is_barred(view: &View, verdict: &Verdict) -> bool {
    let Some(encrypted) = view.messages.encryption(verdict.message) else { return false };
    let place = view.rooms.place(encrypted.room, verdict.device);
    let duty = place.and_then(|place| view.duties.get(encrypted.snapshot, place));
    matches!(duty, Some(Duty::Barred { .. }))
}

/// Who did not do what would have healed a cell, with the fact that shows it; `None` if everybody did what is asked.
fn who_failed(
    view: &View,
    verdict: &Verdict,
    encrypted: &Encrypted,
) -> Option<(Party, Option<FactId>)> {
    let (sender, user) = (encrypted.sender, view.cast.user(verdict.device));
    let server = view.cast.server_of(sender);
    let [first, ..] = verdict.witnesses;
    if verdict.leaf == Leaf::MembershipNotSeen
        && let Some(left_out) = view.rooms.left_out((sender, encrypted.room), user, encrypted.fact)
    {
        return Some((Party::Server(server), Some(left_out)));
    }
    // A query that was made for this message and came to nothing is all that a sender can do.
    let is_tried = verdict.leaf == Leaf::StaleList
        && view.lists.tried_in_vain((sender, user), (encrypted.previous, encrypted.fact));
    // Nor does a sender know of a note or a query that its store has forgotten since (0.3): nobody tells of that once more.
    let is_forgotten = verdict.leaf == Leaf::StaleList
        && first.is_some_and(|first| view.life.restored_since(sender, first).is_some());
    // Who is only invited shares no room in which changes would be told.
    let is_untold = verdict.leaf == Leaf::Unaware
        && !view.rooms.share_as_joined(server, [view.cast.user(sender), user], encrypted.fact);
    (!is_tried && !is_forgotten && !is_untold).then_some((Party::Device(sender), first))
}

/// The second message that each sender encrypted in each room from the first probe on, ascending.
fn second_probes(view: &View, first_probe: MessageId) -> Vec<MessageId> {
    let mut sent: BTreeMap<(DeviceId, RoomId), Vec<MessageId>> = BTreeMap::new();
    for (message, _, _) in view.messages.all_accepted() {
        if message >= first_probe
            && let Some(encrypted) = view.messages.encryption(message)
        {
            sent.entry((encrypted.sender, encrypted.room)).or_default().push(message);
        }
    }
    let mut second: Vec<_> = sent.into_values().filter_map(|sent| sent.get(1).copied()).collect();
    second.sort_unstable();
    second
}

/// Whether a device that a second probe comes to in this way could have been helped; `None` if there is nothing to help, or if
/// the verdict itself blames somebody or waits for something.
const fn way_back(leaf: Leaf) -> Option<WayBack> {
    match leaf {
        // It reads the message; or is not meant to; or the verdict is a breach or undecided by itself.
        Leaf::Delivered
        | Leaf::NotDisplayed
        | Leaf::NotAMember
        | Leaf::InvitedOnly
        | Leaf::DeviceNewer
        | Leaf::NonCryptographic
        | Leaf::Gone
        | Leaf::Withheld
        | Leaf::ExplanationLost
        | Leaf::NoteNeverSent
        | Leaf::WrongList
        | Leaf::Unexplained
        | Leaf::FalseExplanation
        | Leaf::LostAtRecipient
        | Leaf::NoticeNotUsed
        | Leaf::SharedTooLate
        | Leaf::NotUnwedged
        | Leaf::KeyHandedOutTwice
        | Leaf::DroppedEarly
        | Leaf::Overwritten
        | Leaf::Pending
        | Leaf::Unknown => None,
        // Nobody need claim again (N-04), and nothing repairs a key that was lost on a broken channel before the session is
        // replaced. What was left out of a key stays left out.
        Leaf::OptedOut
        | Leaf::NoOlm
        | Leaf::StandingNoOlm
        | Leaf::NoOlmNotUsed
        | Leaf::Wedged
        | Leaf::KeyExpired
        | Leaf::Rejected
        | Leaf::StorageLoss
        | Leaf::PartialRestore
        | Leaf::ForwardedWithheld
        | Leaf::HistoryNotShared
        | Leaf::InvalidMessage
        | Leaf::SenderGone => Some(WayBack::NotInTheSpecification),
        Leaf::MembershipNotSeen => Some(WayBack::Due(Rule::K01)),
        Leaf::Unaware | Leaf::StaleList => Some(WayBack::Due(Rule::D02)),
    }
}

#[cfg(test)]
mod tests {
    use crate::check::outcome::WayBack;
    use crate::check::testing::{A1, AWAY, B1, B2, BOB, C1, CAROL, HOME, R, Story, device, m, s};
    use crate::protocol::room::Membership;
    use crate::protocol::withheld::CodeSet;
    use crate::rulebook::leaf::Leaf;
    use crate::rulebook::rule::Rule;
    use crate::scenario::fault::Party;
    use crate::scenario::policy::Target;
    use crate::trace::fact::{FactKind, KeySource, Observer, QueryOutcome, TryResult};

    /// B1 reads message 0 of session 0; then everything heals.
    fn healed() -> Story {
        let mut story = Story::with_olm();
        story.key_in(B1, s(0), 0, KeySource::RoomKey);
        story.message(s(0), 0, 0);
        story.tries(B1, 0, TryResult::Decrypted);
        story.fact(Observer::World, FactKind::HealStart { first_probe: m(1) });
        story
    }

    #[test]
    fn a_room_in_which_both_probes_are_read_has_healed() {
        let mut story = healed();
        for probe in [1, 2] {
            story.message(s(0), probe, probe);
            story.tries(B1, probe, TryResult::Decrypted);
        }
        let outcome = story.judge();
        assert_eq!(outcome.unhealed, []);
        assert_eq!(outcome.violations, []);
    }

    #[test]
    fn only_the_second_probe_must_be_read() {
        let mut story = healed();
        story.message(s(1), 0, 1);
        story.message(s(0), 1, 2);
        story.tries(B1, 2, TryResult::Decrypted);
        assert_eq!(story.judge().unhealed, []);
    }

    #[test]
    fn a_device_that_can_never_be_reached_is_no_breach_but_is_told() {
        let mut story = Story::begin();
        story.session(A1, s(1));
        story.claim_fails(A1, B1);
        let notice = story.no_olm(A1, B1);
        story.hear(notice);
        story.fact(Observer::World, FactKind::HealStart { first_probe: m(1) });
        for probe in [1, 2] {
            story.message(s(1), probe - 1, probe);
            story.shows_nothing(B1, probe);
        }
        let outcome = story.judge();
        let unhealed = outcome.unhealed[0];
        assert_eq!((unhealed.message, unhealed.device), (m(2), B1));
        assert_eq!(unhealed.way_back, WayBack::NotInTheSpecification);
        assert_eq!(outcome.unhealed.len(), 1);
        assert!(outcome.violations.iter().all(|violation| violation.cell != Some((m(2), B1))));
    }

    #[test]
    fn a_device_that_the_sender_still_does_not_know_is_a_breach() {
        let mut story = healed();
        story.up(B2);
        story.list_changed(HOME, BOB);
        story.noted(A1, BOB);
        let query = story.ask(A1, BOB);
        for probe in [1, 2] {
            story.message(s(0), probe, probe);
            story.tries(B1, probe, TryResult::Decrypted);
        }
        story.answer((A1, BOB), query, &[B1, B2]);
        let outcome = story.judge();
        let unhealed: Vec<_> =
            outcome.unhealed.iter().map(|cell| (cell.device, cell.leaf)).collect();
        assert_eq!(unhealed, [(B2, Leaf::StaleList)]);
        let breach = outcome.violations.iter().find(|breach| breach.cell == Some((m(2), B2)));
        let breach = breach.expect("the second probe left B2 out");
        assert_eq!((breach.rule, breach.party), (Rule::D02, device(A1)));
    }

    #[test]
    fn a_note_that_the_store_of_the_sender_has_forgotten_is_not_held_against_it() {
        let mut story = healed();
        story.wait(10_000);
        story.up(B2);
        story.list_changed(HOME, BOB);
        story.noted(A1, BOB);
        let snapshot = crate::time::SimTime::from_ms(9_000);
        story.by(A1, FactKind::StoreRestored { device: A1, snapshot });
        for probe in [1, 2] {
            story.message(s(0), probe, probe);
            story.tries(B1, probe, TryResult::Decrypted);
        }
        let outcome = story.judge();
        let unhealed: Vec<_> =
            outcome.unhealed.iter().map(|cell| (cell.leaf, cell.way_back)).collect();
        assert_eq!(unhealed, [(Leaf::StaleList, WayBack::NotInTheSpecification)]);
        assert!(outcome.violations.iter().all(|breach| breach.cell != Some((m(2), B2))));
    }

    #[test]
    fn a_query_that_came_to_nothing_for_the_second_probe_is_nobodys_breach() {
        let probes = |fails: [bool; 2]| {
            let mut story = healed();
            story.up(B2);
            story.list_changed(HOME, BOB);
            story.noted(A1, BOB);
            for (probe, fails) in [1, 2].into_iter().zip(fails) {
                if fails {
                    let (device, user, outcome) = (A1, BOB, QueryOutcome::Failed);
                    let query = story.ask(A1, BOB);
                    story.by(A1, FactKind::QueryEnd { device, user, query, outcome });
                }
                story.message(s(0), probe, probe);
                story.tries(B1, probe, TryResult::Decrypted);
            }
            let outcome = story.judge();
            assert_eq!(outcome.unhealed.len(), 1);
            let d02 = outcome.violations.iter().any(|breach| breach.cell == Some((m(2), B2)));
            (outcome.unhealed[0].way_back, d02)
        };
        assert_eq!(probes([true, true]), (WayBack::NotInTheSpecification, false));
        assert_eq!(probes([false, true]), (WayBack::NotInTheSpecification, false));
        assert_eq!(probes([true, false]), (WayBack::Due(Rule::D02), true));
    }

    #[test]
    fn a_member_whom_the_server_never_told_is_the_servers_breach() {
        let mut story = healed();
        story.member(CAROL, Membership::Join, 3);
        story.at(AWAY, FactKind::DeviceUp { device: C1, crypto: true });
        let mut late = story.clone();
        story.at(HOME, FactKind::MemberNotTold { device: A1, room: R, user: CAROL });
        story.seen(A1, 3);
        for (story, party) in [(&mut story, Party::Server(HOME)), (&mut late, device(A1))] {
            for probe in [1, 2] {
                story.message(s(0), probe, probe);
                story.tries(B1, probe, TryResult::Decrypted);
            }
            let outcome = story.judge();
            let breach = outcome.violations.iter().find(|breach| breach.cell == Some((m(2), C1)));
            let breach = breach.expect("the second probe left C1 out");
            assert_eq!((breach.rule, breach.party), (Rule::K01, party));
        }
    }

    #[test]
    fn a_device_that_is_blocked_has_nothing_to_heal_from() {
        let mut story = healed();
        story.block(A1, Target::Device(B1));
        story.report(A1, None, CodeSet::NONE);
        story.session(A1, s(1));
        for probe in [1, 2] {
            story.message(s(1), probe - 1, probe);
            story.shows_nothing(B1, probe);
        }
        let outcome = story.judge();
        assert_eq!(crate::check::testing::leaf(&outcome, 2, B1), Leaf::OptedOut);
        assert_eq!(outcome.unhealed, []);
    }

    #[test]
    fn without_a_heal_phase_nothing_is_a_probe() {
        let mut story = Story::with_olm();
        for message in [0, 1] {
            story.message(s(0), message, message);
        }
        assert_eq!(story.judge().unhealed, []);
    }
}
