//! R-05 (sender, implied; specification, device verification): once a device that was given the key is blocked, or left
//! out by the share policy, a fresh session is used. A key that was put together counts as given, accepted or not. Strict:
//! a violation, lenient: a warning. Blocking again after an unblock is the same case (B-05).
//! It does not know what the device is told; W-09 and W-10 do.

use crate::check::findings::Findings;
use crate::check::rules::rotation::use_of;
use crate::check::rules::{Case, Judge};
use crate::check::view::View;
use crate::check::view::given::Given;
use crate::check::view::pairs::{Pairs, row};
use crate::check::view::trust::Bar;
use crate::ids::{DeviceId, MegolmSessionId};
use crate::rulebook::rule::Rule;
use crate::scenario::fault::Party;
use crate::trace::kind::{Kind, Kinds};

/// A state of affairs in which nobody with the key was barred.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Clean {
    session: MegolmSessionId,
    version: u32,
    given: usize,
}

/// The judge of R-05.
#[derive(Debug, Clone, Default)]
pub(crate) struct ReplacedWhenBarred {
    clean: Vec<Option<Clean>>,
    /// The session that a device used last in a room.
    last: Pairs<MegolmSessionId>,
}

impl Judge for ReplacedWhenBarred {
    const HEARS: Kinds = Kinds::of(&[Kind::MegolmEncrypted]);

    fn hear(&mut self, case: Case<'_>, findings: &mut Findings) {
        let Some(used) = use_of(case) else { return };
        let (view, device, session) = (case.view, used.device, used.session);
        let before = self.last.insert(device.raw(), used.room.raw(), session);
        // The rule is kept by leaving a session that a barred device holds.
        if let Some(before) = before.filter(|before| *before != session)
            && barred_and_known(view, device, before).is_some()
        {
            findings.met(Rule::R05);
        }
        let (version, given) = (view.duties.version(device), view.givens.of(session).len());
        let state = Some(Clean { session, version, given });
        let clean = row(&mut self.clean, device.index());
        if *clean == state {
            return;
        }
        let Some((given, bar)) = barred_and_known(view, device, session) else {
            *clean = state;
            return;
        };
        if view.may_have_forgotten(device, &bar) {
            return;
        }
        findings.met(Rule::R05);
        let witnesses = [Some(given.put.fact), bar.why, Some(case.fact.id)];
        findings.raise(Rule::R05, Party::Device(device), ordered(witnesses));
    }
}

/// Witnesses in the order of time.
fn ordered(mut witnesses: [Option<crate::ids::FactId>; 3]) -> [Option<crate::ids::FactId>; 3] {
    witnesses.sort_by_key(|witness| (witness.is_none(), *witness));
    witnesses
}

/// The first device that its creator knows to have been given the session's key, and that is barred now: listed when its user was
/// followed last, or else R-03 takes the session out of use.
fn barred_and_known(
    view: &View,
    device: DeviceId,
    session: MegolmSessionId,
) -> Option<(Given, Bar)> {
    let is_listed = |other| view.lists.last_entry(device, view.cast.user(other), other).is_some();
    barred_holders(view, device, session)
        .find(|(given, _)| is_listed(given.device) && view.remembers(device, given.put))
}

/// The devices that its creator has given the session's key, and that are barred now.
pub(super) fn barred_holders(
    view: &View,
    device: DeviceId,
    session: MegolmSessionId,
) -> impl Iterator<Item = (Given, Bar)> + '_ {
    let barred = move |given: &Given| Some((*given, view.bar(device, given.device)?));
    view.givens.of(session).iter().filter_map(barred)
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{A1, ALICE, B1, BOB, Story, device, s};
    use crate::protocol::withheld::SessionCode;
    use crate::rulebook::reading::{ReadingName, Severity};
    use crate::rulebook::rule::Rule;
    use crate::scenario::policy::{SharePolicy, Target};
    use crate::time::SimTime;
    use crate::trace::fact::FactKind;

    fn given() -> Story {
        let mut story = Story::with_olm();
        story.deliver((A1, B1), s(0), 0);
        story.message(s(0), 0, 0);
        story.wait(10_000);
        story
    }

    fn broken(story: &Story) -> Vec<Rule> {
        let mut story = story.clone();
        story.encrypt(s(0), 1, 1);
        story.judge().violations.iter().map(|violation| violation.rule).collect()
    }

    #[test]
    fn a_session_is_not_used_after_a_block_of_who_has_its_key() {
        let mut story = given();
        assert_eq!(broken(&story), []);
        let put = story.last_put();
        let block = story.block(A1, Target::User(BOB));
        let used = story.encrypt(s(0), 1, 1);
        let outcome = story.judge();
        assert_eq!(story.rules(), [(Rule::R05, device(A1))]);
        assert_eq!(outcome.violations[0].witnesses, [Some(put), Some(block), Some(used)]);
        let lenient = story.judge_as(ReadingName::Lenient);
        assert_eq!(lenient.violations[0].severity, Severity::Warning);
    }

    #[test]
    fn a_fresh_session_after_the_block_is_right_and_so_is_an_unblock() {
        let mut story = given();
        story.block(A1, Target::Device(B1));
        let mut back = story.clone();
        story.session(A1, s(1));
        story.withhold(s(1), SessionCode::Blacklisted);
        story.message(s(1), 0, 1);
        assert_eq!(story.rules(), []);
        back.unblock(A1, Target::Device(B1));
        assert_eq!(broken(&back), []);
    }

    #[test]
    fn a_key_that_waits_in_the_queue_counts_as_given() {
        let mut story = Story::with_olm();
        story.put(
            (A1, B1),
            crate::protocol::to_device::ToDeviceType::Encrypted,
            Story::key(s(0), 0),
        );
        story.block(A1, Target::Device(B1));
        assert_eq!(broken(&story), [Rule::R05]);
    }

    #[test]
    fn a_tighter_policy_and_a_verification_that_is_taken_back_bar_as_well() {
        let mut story = given();
        story.share_with(A1, SharePolicy::Verified);
        assert_eq!(broken(&story), [Rule::R05]);
        let mut story = given();
        let verified =
            |verified| FactKind::VerifiedSet { device: A1, target: Target::Device(B1), verified };
        story.by(A1, verified(true));
        story.share_with(A1, SharePolicy::Verified);
        assert_eq!(broken(&story), []);
        story.by(A1, verified(false));
        assert_eq!(broken(&story), [Rule::R05]);
    }

    #[test]
    fn who_never_had_the_key_or_is_another_user_does_not_matter() {
        let mut story = given();
        story.block(A1, Target::User(ALICE));
        story.block(A1, Target::Device(crate::check::testing::B2));
        assert_eq!(broken(&story), []);
    }

    #[test]
    fn a_block_or_a_key_that_went_with_a_newer_store_is_not_held_against_the_sender() {
        let mut story = given();
        let snapshot = story.now();
        story.wait(1);
        story.block(A1, Target::Device(B1));
        let mut crashed = story.clone();
        crashed.crash(A1);
        story.by(A1, FactKind::StoreRestored { device: A1, snapshot });
        assert_eq!(broken(&story), []);
        assert_eq!(broken(&crashed), []);
        let mut early = given();
        early.block(A1, Target::Device(B1));
        early.wait(5);
        let snapshot = early.now();
        early.by(A1, FactKind::StoreRestored { device: A1, snapshot });
        assert_eq!(broken(&early), [Rule::R05]);
        let snapshot = SimTime::ZERO;
        early.by(A1, FactKind::StoreRestored { device: A1, snapshot });
        assert_eq!(broken(&early), []);
    }

    #[test]
    fn the_rule_is_met_where_a_session_is_left_and_where_it_is_not() {
        let mut left = given();
        left.block(A1, Target::Device(B1));
        let mut stayed = left.clone();
        left.session(A1, s(1));
        left.message(s(1), 0, 1);
        left.message(s(1), 1, 2);
        assert_eq!(left.judge().marks.of(Rule::R05), 1, "once, with the first message after it");
        stayed.encrypt(s(0), 1, 1);
        assert_eq!(stayed.judge().marks.of(Rule::R05), 1);
        let mut replaced = given();
        replaced.replace(A1, s(1));
        replaced.message(s(1), 0, 1);
        assert_eq!(replaced.judge().marks.of(Rule::R05), 0, "nobody was barred");
    }

    #[test]
    fn who_is_not_listed_any_more_is_left_to_the_rule_on_that() {
        let mut story = given();
        story.block(A1, Target::Device(B1));
        story.learn(A1, BOB, &[]);
        let broken = broken(&story);
        assert!(broken.contains(&Rule::R03) && !broken.contains(&Rule::R05), "{broken:?}");
    }

    #[test]
    fn no_choice_and_no_answer_is_held_against_a_sender_that_forgot_it() {
        type Change = fn(&mut Story);
        let changes: [Change; 3] = [
            |story| {
                story.share_with(A1, SharePolicy::Verified);
            },
            |story| {
                let (device, target) = (A1, Target::User(BOB));
                story.by(A1, FactKind::BlockedSet { device, target, blocked: true });
            },
            |story| {
                story.share_with(A1, SharePolicy::Verified);
                let (device, target) = (A1, Target::Device(B1));
                story.by(A1, FactKind::VerifiedSet { device, target, verified: true });
                story.by(A1, FactKind::VerifiedSet { device, target, verified: false });
            },
        ];
        for change in changes {
            let mut story = given();
            let snapshot = story.now();
            story.wait(10);
            change(&mut story);
            assert_eq!(broken(&story), [Rule::R05]);
            story.by(A1, FactKind::StoreRestored { device: A1, snapshot });
            assert_eq!(broken(&story), []);
        }
        let mut verified = given();
        let (device, target) = (A1, Target::Device(B1));
        verified.by(A1, FactKind::VerifiedSet { device, target, verified: true });
        verified.share_with(A1, SharePolicy::Verified);
        verified.wait(10);
        let snapshot = verified.now();
        verified.wait(10);
        verified.by(A1, FactKind::VerifiedSet { device, target, verified: false });
        assert_eq!(broken(&verified), [Rule::R05]);
        verified.by(A1, FactKind::StoreRestored { device: A1, snapshot });
        assert_eq!(broken(&verified), []);
    }
}
