//! P-14 (recipient, MUST; specification, `m.megolm.v1.aes-sha2`): a key that a device has is replaced only by one that
//! reaches further back and that does not come as a room key from another user than the session's. Every reading agrees. It does not
//! know whom a forwarded key may be taken from; the rules on those do.

use crate::check::findings::Findings;
use crate::check::rules::{Case, Judge};
use crate::check::view::View;
use crate::check::view::messages::Session;
use crate::check::view::transport::Content;
use crate::ids::{MegolmSessionId, ToDeviceId};
use crate::rulebook::rule::Rule;
use crate::scenario::fault::Party;
use crate::trace::fact::{FactKind, LossCause};
use crate::trace::kind::{Kind, Kinds};

/// The judge of P-14.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct BetterOnly;

impl Judge for BetterOnly {
    const HEARS: Kinds = Kinds::of(&[Kind::KeyIn]);

    fn hear(&mut self, case: Case<'_>, findings: &mut Findings) {
        let FactKind::KeyIn { device, session, via, .. } = case.fact.kind else { return };
        let Some(held) = case.view.holdings.of(device, session) else { return };
        let now = Some(case.fact.id);
        let overwritten = held.better.filter(|better| {
            better.why == LossCause::Overwritten && held.taken.fact == case.fact.id
        });
        if let Some(better) = overwritten {
            findings.met(Rule::P14);
            findings.raise(Rule::P14, Party::Device(device), [Some(better.fact), now]);
        } else if held.no_better == now {
            // What a crash or an older store swept away is taken again.
            if !case.view.remembers(device, held.taken) {
                return;
            }
            findings.met(Rule::P14);
            findings.raise(Rule::P14, Party::Device(device), [Some(held.taken.fact), now]);
        } else if held.taken.fact == case.fact.id {
            findings.met(Rule::P14);
            if let Some(over) = held.over
                && is_strangers(case.view, via, session)
            {
                findings.raise(Rule::P14, Party::Device(device), [Some(over), now]);
            }
        }
    }
}

/// Whether a room key came from a user who did not make its session: Olm tells a recipient for certain who sent it.
fn is_strangers(view: &View, via: Option<ToDeviceId>, session: MegolmSessionId) -> bool {
    let Some(number) = via.and_then(|via| view.transport.number(via)) else { return false };
    let message = view.transport.get(number);
    let is_room_key = matches!(message.content, Content::Key { .. });
    let made = view.messages.session(session);
    let is_of_maker =
        |made: Session| view.cast.user(made.creator) == view.cast.user(message.sender);
    is_room_key && made.is_some_and(|made| !is_of_maker(made))
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{A1, A2, B1, C1, R, Story, device, rules, s};
    use crate::rulebook::reading::ReadingName;
    use crate::rulebook::rule::Rule;
    use crate::time::SimTime;
    use crate::trace::fact::{FactKind, KeySource, LossCause};

    fn holding(first: u32) -> Story {
        let mut story = Story::with_olm();
        story.wait(100);
        story.key_in(B1, s(0), first, KeySource::RoomKey);
        story
    }

    #[test]
    fn a_key_that_reaches_further_back_may_replace_one() {
        let mut story = holding(5);
        story.key_in(B1, s(0), 4, KeySource::Backup);
        assert_eq!(story.rules(), []);
        assert_eq!(story.judge().marks.of(Rule::P14), 2);
    }

    #[test]
    fn one_that_does_not_may_not_in_any_reading() {
        for first in [5, 6] {
            let mut story = holding(5);
            story.key_in(B1, s(0), first, KeySource::RoomKey);
            for reading in ReadingName::ALL {
                assert_eq!(rules(&story.judge_as(reading)), [(Rule::P14, device(B1))]);
            }
        }
    }

    #[test]
    fn the_loss_may_be_told_before_the_key_or_after_it() {
        for before in [true, false] {
            let mut story = holding(0);
            let (device, session, why) = (B1, s(0), LossCause::Overwritten);
            let lost = FactKind::KeyLost { device, session, why };
            if before {
                story.by(B1, lost);
            }
            story.key_in(B1, s(0), 3, KeySource::RoomKey);
            if !before {
                story.by(B1, lost);
            }
            assert_eq!(story.rules(), [(Rule::P14, crate::check::testing::device(B1))]);
        }
    }

    #[test]
    fn a_key_that_is_gone_may_be_had_again() {
        let mut wiped = holding(0);
        let (device, session, why) = (B1, s(0), LossCause::Wiped);
        wiped.by(B1, FactKind::KeyLost { device, session, why });
        let mut crashed = holding(0);
        crashed.crash(B1);
        crashed.by(B1, FactKind::Restarted { device: B1 });
        let mut rolled_back = holding(0);
        let snapshot = SimTime::from_ms(5);
        rolled_back.by(B1, FactKind::StoreRestored { device: B1, snapshot });
        for mut story in [wiped, crashed, rolled_back] {
            story.key_in(B1, s(0), 3, KeySource::RoomKey);
            assert_eq!(story.rules(), []);
        }
    }

    #[test]
    fn a_room_key_of_another_user_takes_no_keys_place_however_far_back_it_reaches() {
        for (sender, is_broken) in [(A1, false), (A2, false), (C1, true)] {
            let mut story = holding(5);
            story.session(A1, s(0));
            let via = Some(story.give((sender, B1), s(0), 0).row);
            let (device, room, session, first, source) = (B1, R, s(0), 0, KeySource::RoomKey);
            story.by(B1, FactKind::KeyIn { device, room, session, first, source, via });
            let broken = story.rules().contains(&(Rule::P14, crate::check::testing::device(B1)));
            assert_eq!(broken, is_broken, "{sender:?}");
        }
    }
}
