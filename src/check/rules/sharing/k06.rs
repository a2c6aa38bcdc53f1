//! K-06 (sender, implied, as good as stated; specification, device verification): no key is encrypted for a device that is
//! blocked. K-08 (sender, implied, as good as stated; "m.unverified"): nor for one that the share policy leaves out, by the chain
//! of trust of V-01. Every reading agrees; what counts is the instant of the encryption.
//! It does not know what the device is told instead; W-08 does. A key that was rightly kept back is counted by `explained`.

use crate::check::findings::Findings;
use crate::check::rules::sharing::{Sealing, sealing_of};
use crate::check::rules::{Case, Judge};
use crate::protocol::withheld::WithheldCode;
use crate::rulebook::rule::Rule;
use crate::scenario::fault::Party;
use crate::trace::kind::{Kind, Kinds};

/// The judge of K-06 and K-08.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct NoKeyForTheBarred;

impl Judge for NoKeyForTheBarred {
    const HEARS: Kinds = Kinds::of(&[Kind::OlmEncrypted]);

    fn hear(&mut self, case: Case<'_>, findings: &mut Findings) {
        let Some(Sealing { sender, recipient }) = sealing_of(case.fact) else { return };
        let Some(bar) = case.view.bar(sender, recipient) else { return };
        if case.view.may_have_forgotten_of(sender, recipient, &bar) {
            return;
        }
        let rule = if bar.code == WithheldCode::Blacklisted { Rule::K06 } else { Rule::K08 };
        findings.met(rule);
        findings.raise(rule, Party::Device(sender), [bar.why, Some(case.fact.id)]);
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{A1, A2, ALICE, B1, BOB, HOME, Story, device, s};
    use crate::ids::SigningKey;
    use crate::rulebook::reading::{ReadingName, Severity};
    use crate::rulebook::rule::Rule;
    use crate::scenario::policy::{SharePolicy, Target};
    use crate::time::SimTime;
    use crate::trace::fact::{FactKind, QueryOutcome};

    fn first(mut story: Story) -> Option<Rule> {
        story.give((A1, B1), s(0), 0);
        story.judge().violations.first().map(|violation| violation.rule)
    }

    #[test]
    fn a_key_for_a_device_that_is_blocked_is_a_breach() {
        for target in [Target::Device(B1), Target::User(BOB)] {
            let mut story = Story::with_olm();
            story.block(A1, target);
            story.give((A1, B1), s(0), 0);
            assert_eq!(story.rules(), [(Rule::K06, device(A1))]);
            let lenient = story.judge_as(ReadingName::Lenient);
            assert_eq!(lenient.violations[0].severity, Severity::Violation);
        }
    }

    #[test]
    fn a_block_after_the_encryption_is_no_breach() {
        let mut story = Story::with_olm();
        story.give((A1, B1), s(0), 0);
        story.block(A1, Target::Device(B1));
        assert_eq!(story.rules(), []);
        story.unblock(A1, Target::Device(B1));
        story.olm(A1, B1);
        assert_eq!(first(story), None);
    }

    #[test]
    fn a_key_for_a_device_that_the_policy_leaves_out_is_a_breach() {
        for share in [SharePolicy::Verified, SharePolicy::CrossSigned] {
            let mut story = Story::with_olm();
            story.share_with(A1, share);
            assert_eq!(first(story), Some(Rule::K08));
        }
        let mut trusted = Story::with_olm();
        trusted.share_with(A1, SharePolicy::Verified);
        let target = Target::Device(B1);
        trusted.by(A1, FactKind::VerifiedSet { device: A1, target, verified: true });
        assert_eq!(first(trusted), None);
    }

    #[test]
    fn a_block_that_the_sender_forgot_is_not_held_against_it() {
        let mut story = Story::with_olm();
        story.block(A1, Target::Device(B1));
        let mut crashed = story.clone();
        crashed.crash(A1);
        let snapshot = SimTime::from_ms(1);
        story.by(A1, FactKind::StoreRestored { device: A1, snapshot });
        assert_eq!(first(story), None);
        let mut later = crashed.clone();
        assert_eq!(first(crashed), None);
        later.wait(1);
        later.unblock(A1, Target::Device(B1));
        later.block(A1, Target::Device(B1));
        assert_eq!(first(later), Some(Rule::K06), "a block after the crash is not forgotten");
    }

    #[test]
    fn what_an_older_store_lost_of_a_list_it_knows_again_once_it_is_told_again() {
        for share in [SharePolicy::Verified, SharePolicy::CrossSigned] {
            let mut story = Story::with_olm();
            story.share_with(A1, share);
            story.wait(1);
            let snapshot = story.now();
            story.learn(A1, BOB, &[B1]);
            story.by(A1, FactKind::StoreRestored { device: A1, snapshot });
            assert_eq!(first(story.clone()), None);
            story.learn(A1, BOB, &[B1]);
            assert_eq!(first(story.clone()), None, "its own list is not known");
            story.learn(A1, ALICE, &[A1]);
            assert_eq!(first(story.clone()), Some(Rule::K08));
            story.share_with(A1, share);
            story.by(A1, FactKind::StoreRestored { device: A1, snapshot });
            story.learn(A1, BOB, &[B1]);
            story.learn(A1, ALICE, &[A1]);
            assert_eq!(first(story), None, "the policy is lost");
        }
    }

    #[test]
    fn who_makes_new_cross_signing_keys_trusts_the_own_other_devices_no_more_at_once() {
        let mut story = Story::with_olm();
        story.up(A2);
        story.share_with(A1, SharePolicy::Verified);
        let query = story.ask(A1, ALICE);
        let (device, user) = (A1, ALICE);
        let listed = FactKind::QueryListed { device, query, listed: A2, cross_signed: true };
        story.by(A1, listed);
        let outcome = QueryOutcome::Applied { master: Some(SigningKey::new(1)), verified: true };
        story.by(A1, FactKind::QueryEnd { device, user, query, outcome });
        story.olm(A1, A2);
        let mut before = story.clone();
        before.give((A1, A2), s(0), 0);
        assert_eq!(before.broken_of(&[Rule::K08]), []);
        story.by(A1, FactKind::IdentityMade { device, master: SigningKey::new(7) });
        story.give((A1, A2), s(0), 0);
        assert_eq!(story.broken_of(&[Rule::K08]), [(Rule::K08, crate::check::testing::device(A1))]);
    }

    #[test]
    fn who_is_given_new_keys_verifies_by_them_before_a_server_has_the_signature() {
        let mut story = Story::with_olm();
        story.share_with(A1, SharePolicy::Verified);
        let device = A1;
        let query = story.ask(A1, BOB);
        story.by(A1, FactKind::QueryListed { device, query, listed: B1, cross_signed: true });
        let outcome = QueryOutcome::Applied { master: Some(SigningKey::new(3)), verified: false };
        story.by(A1, FactKind::QueryEnd { device, user: BOB, query, outcome });
        let verified = FactKind::VerifiedSet { device, target: Target::User(BOB), verified: true };
        for master in [SigningKey::new(1), SigningKey::new(7)] {
            story.at(HOME, FactKind::IdentitySet { user: ALICE, master });
            let mut after = story.clone();
            after.by(A1, verified);
            after.by(A1, FactKind::IdentityReceived { device, master });
            after.at(HOME, FactKind::CrossSigned { device });
            assert_eq!(first(after), Some(Rule::K08), "what was verified by other keys is past");
            story.by(A1, FactKind::IdentityReceived { device, master });
            story.by(A1, verified);
            story.at(HOME, FactKind::CrossSigned { device });
            assert_eq!(first(story.clone()), None);
        }
    }
}
