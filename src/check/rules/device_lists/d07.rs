//! D-07 (server, MUST; extensions to `/sync`): a server tells its devices that a list which they follow has changed. A violation in every
//! reading. It does not know of messages that a missing note has spoiled: of those `explained` speaks.

use crate::check::findings::Findings;
use crate::check::rules::{AtRest, Case, Judge};
use crate::check::view::View;
use crate::check::view::lists::{Gap, Telling};
use crate::ids::{DeviceId, FactId, ServerId, UserId};
use crate::rulebook::rule::Rule;
use crate::scenario::fault::Party;
use crate::trace::fact::{FactKind, Observer};
use crate::trace::kind::{Kind, Kinds};

/// A server learnt of a change.
#[derive(Debug, Clone, Copy)]
struct News {
    server: ServerId,
    user: UserId,
    fact: FactId,
}

/// The judge of D-07: news of a list that a device follows, has not asked for since, and has heard nothing of when the run comes to rest.
#[derive(Debug, Clone, Default)]
pub(crate) struct ToldOfChanges {
    /// Of other users than those whose devices are told, ascending.
    news: Vec<News>,
}

/// The answer by which the device still follows the list, if it was never told the news and was there to be told.
fn left_with(view: &View, device: DeviceId, news: News) -> Option<FactId> {
    let News { server, user, fact } = news;
    // A list of which an older answer has taken the place is another rule's (D-04).
    let Gap::Settled { start, end, newer: None } = view.lists.gap(device, user) else {
        return None;
    };
    let asked_since = start > fact;
    if asked_since || view.lists.telling(device, user, fact) != Telling::Untold {
        return None;
    }
    let absent = view.life.ended(device).is_some()
        || view.outages.hinders(&view.cast, device)
        || view.life.lost_since(device, start).is_some();
    // Who joins a room is told of with the join, whatever changed before; and who has left is told of as left.
    let users = [view.cast.user(device), user];
    let share = |at| view.rooms.share_as_joined(server, users, at);
    (!absent && share(fact) && share(FactId::new(u32::MAX))).then_some(end)
}

impl Judge for ToldOfChanges {
    const HEARS: Kinds = Kinds::of(&[Kind::ListChangedAt]);

    fn hear(&mut self, case: Case<'_>, _: &mut Findings) {
        let (FactKind::ListChangedAt { user }, Observer::Server(server)) =
            (&case.fact.kind, case.fact.observer)
        else {
            return;
        };
        self.news.push(News { server, user: *user, fact: case.fact.id });
    }

    fn rest(&mut self, at_rest: AtRest<'_>, findings: &mut Findings) {
        let view = at_rest.view;
        for &news in &self.news {
            let told = |device: &&DeviceId| {
                view.cast.server_of(**device) == news.server
                    && view.cast.user(**device) != news.user
            };
            for &device in view.lists.followers(news.user).iter().filter(told) {
                if let Some(list) = left_with(view, device, news) {
                    let party = Party::Server(news.server);
                    findings.raise_unless_shown(Rule::D07, party, (list, news.fact));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{A1, ALICE, AWAY, B1, B2, BOB, HOME, R, R2, Story};
    use crate::protocol::room::Membership;
    use crate::rulebook::rule::Rule;
    use crate::scenario::fault::{Fault, FaultKind, Party};
    use crate::time::SimTime;
    use crate::trace::fact::FactKind;

    const BROKEN: [(Rule, Party); 1] = [(Rule::D07, Party::Server(HOME))];

    /// A second device of Bob comes up, and the server that A1 and B1 are on learns of it.
    fn changed() -> Story {
        let mut story = Story::begin();
        story.up(B2);
        story.list_changed(HOME, BOB);
        story
    }

    #[test]
    fn a_change_that_no_follower_is_told_of_is_a_breach_without_a_message() {
        let story = changed();
        assert_eq!(story.broken_of(&[Rule::D07]), BROKEN);
        assert_eq!(story.judge_cut().violations, [], "the note may still come");
    }

    #[test]
    fn each_change_is_a_breach_of_its_own_and_a_note_tells_all_before_it() {
        let mut story = changed();
        story.list_changed(HOME, BOB);
        assert_eq!(story.broken_of(&[Rule::D07]).len(), 2);
        story.noted(A1, BOB);
        assert_eq!(story.broken_of(&[Rule::D07]), []);
        story.learn(A1, BOB, &[B1, B2]);
        story.list_changed(HOME, BOB);
        assert_eq!(story.broken_of(&[Rule::D07]), BROKEN, "but none after it");
    }

    #[test]
    fn who_has_asked_since_has_missed_nothing() {
        let mut story = changed();
        story.learn(A1, BOB, &[B1, B2]);
        assert_eq!(story.broken_of(&[Rule::D07]), []);
    }

    #[test]
    fn who_does_not_follow_and_whose_server_does_not_know_are_not_told() {
        let mut story = Story::begin();
        story.list_changed(AWAY, BOB);
        story.up(B2);
        story.learn(B2, BOB, &[B1, B2]);
        story.list_changed(HOME, ALICE);
        story.noted(B1, ALICE);
        assert_eq!(story.broken_of(&[Rule::D07]), [], "B2 never asked for the list of Alice");
        story.learn(A1, ALICE, &[A1]);
        story.list_changed(HOME, ALICE);
        story.noted(B1, ALICE);
        assert_eq!(story.broken_of(&[Rule::D07]), [], "what is of one's own is no room's");
    }

    #[test]
    fn who_shares_no_room_then_or_at_the_end_need_not_be_told() {
        let mut story = changed();
        for (room, seq) in [(R, 5), (R2, 5)] {
            let (user, membership) = (BOB, Membership::Leave);
            story.at(HOME, FactKind::Member { room, user, membership, seq });
        }
        assert_eq!(story.broken_of(&[Rule::D07]), [], "Bob has left");
        story.list_changed(HOME, BOB);
        story.member(BOB, Membership::Join, 6);
        assert_eq!(story.broken_of(&[Rule::D07]), BROKEN, "of the first change A1 was to be told");
    }

    #[test]
    fn who_is_not_there_or_has_lost_the_list_cannot_be_told() {
        let mut crashed = changed();
        crashed.crash(A1);
        assert_eq!(crashed.broken_of(&[Rule::D07]), []);
        let mut offline = changed();
        let kind = FaultKind::ClientOffline { device: A1 };
        offline.fault(Fault { from: SimTime::from_ms(1), until: SimTime::MAX, kind });
        assert_eq!(offline.broken_of(&[Rule::D07]), []);
        let mut restored = changed();
        let snapshot = SimTime::ZERO;
        restored.by(A1, FactKind::StoreRestored { device: A1, snapshot });
        assert_eq!(restored.broken_of(&[Rule::D07]), []);
    }
}
