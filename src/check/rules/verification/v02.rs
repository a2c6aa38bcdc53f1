//! V-02 (sender, MUST; specification, "Key and signature security"): once an answer showed that the identity of another user of
//! the room has changed, nothing is sent there before the own user has accepted it. Strict: a violation, lenient: a warning.
//! It does not know who the user is to be trusted as.

use crate::check::findings::Findings;
use crate::check::rules::{Case, Judge};
use crate::rulebook::rule::Rule;
use crate::scenario::fault::Party;
use crate::trace::fact::FactKind;
use crate::trace::kind::{Kind, Kinds};

/// The judge of V-02.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct IdentityAccepted;

impl Judge for IdentityAccepted {
    const HEARS: Kinds = Kinds::of(&[Kind::MegolmEncrypted, Kind::IdentityAcknowledged]);

    fn hear(&mut self, case: Case<'_>, findings: &mut Findings) {
        let FactKind::MegolmEncrypted { device, room, .. } = case.fact.kind else {
            return findings.met(Rule::V02);
        };
        let view = case.view;
        for (user, since) in view.identities.changed(device) {
            let seen = view.member_seen(device, room, user);
            let is_other = user != view.cast.user(device);
            if is_other && view.is_eligible(device, room, seen) && view.remembers(device, since) {
                findings.met(Rule::V02);
                let witnesses = [Some(since.fact), Some(case.fact.id)];
                findings.raise(Rule::V02, Party::Device(device), witnesses);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{A1, ALICE, B1, BOB, CAROL, Story, device, s};
    use crate::ids::{SigningKey, UserId};
    use crate::protocol::room::Membership;
    use crate::rulebook::reading::{ReadingName, Severity};
    use crate::rulebook::rule::Rule;
    use crate::scenario::policy::Target;
    use crate::time::SimTime;
    use crate::trace::fact::{FactKind, QueryOutcome};

    fn shown(story: &mut Story, user: UserId, master: u32) {
        let query = story.ask(A1, user);
        let listed = if user == BOB { B1 } else { A1 };
        story.by(A1, FactKind::QueryListed { device: A1, query, listed, cross_signed: false });
        let master = Some(SigningKey::new(master));
        let outcome = QueryOutcome::Applied { master, verified: false };
        story.by(A1, FactKind::QueryEnd { device: A1, user, query, outcome });
    }

    /// A1 has given session 0 to B1 and has seen these master keys of the user.
    fn story(user: UserId, masters: &[u32]) -> Story {
        let mut story = Story::with_olm();
        story.deliver((A1, B1), s(0), 0);
        masters.iter().for_each(|master| shown(&mut story, user, *master));
        story
    }

    fn rules(mut story: Story) -> Vec<Rule> {
        story.message(s(0), 0, 0);
        story.rules().into_iter().map(|(rule, _)| rule).collect()
    }

    #[test]
    fn nothing_is_sent_to_a_user_whose_identity_changed() {
        let mut story = story(BOB, &[1, 2]);
        story.message(s(0), 0, 0);
        assert_eq!(story.rules(), [(Rule::V02, device(A1))]);
        let lenient = story.judge_as(ReadingName::Lenient);
        assert_eq!(lenient.violations[0].severity, Severity::Warning);
    }

    #[test]
    fn a_first_identity_an_old_one_and_the_own_one_are_no_change() {
        for (user, masters) in
            [(BOB, &[1][..]), (BOB, &[1, 2, 1]), (BOB, &[1, 1]), (ALICE, &[1, 2])]
        {
            assert_eq!(rules(story(user, masters)), []);
        }
    }

    #[test]
    fn once_the_user_accepts_or_verifies_the_new_identity_messages_go_on() {
        let mut accepted = story(BOB, &[1, 2]);
        accepted.by(A1, FactKind::IdentityAcknowledged { device: A1, user: BOB });
        assert_eq!(accepted.judge().marks.of(Rule::V02), 1);
        let mut verified = story(BOB, &[1, 2]);
        let target = Target::User(BOB);
        verified.by(A1, FactKind::VerifiedSet { device: A1, target, verified: true });
        let mut again = accepted.clone();
        shown(&mut again, BOB, 3);
        assert_eq!(rules(accepted), []);
        assert_eq!(rules(verified), []);
        assert_eq!(rules(again), [Rule::V02]);
    }

    #[test]
    fn a_user_who_is_not_in_the_room_does_not_matter() {
        assert_eq!(rules(story(CAROL, &[1, 2])), []);
        let mut left = story(BOB, &[1, 2]);
        left.member(BOB, Membership::Leave, 3);
        left.seen(A1, 3);
        left.session(A1, s(1));
        left.message(s(1), 0, 0);
        assert_eq!(left.rules(), []);
    }

    #[test]
    fn a_change_that_the_sender_forgot_is_not_held_against_it() {
        let mut story = story(BOB, &[1, 2]);
        let mut crashed = story.clone();
        crashed.crash(A1);
        story.by(A1, FactKind::StoreRestored { device: A1, snapshot: SimTime::from_ms(1) });
        assert_eq!(rules(story), []);
        assert_eq!(rules(crashed), []);
    }
}
