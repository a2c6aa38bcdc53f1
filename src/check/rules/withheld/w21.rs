//! W-21 (sender, implied; specification, `m.room_key.withheld`): policy comes before Olm. A device that was barred from
//! every message of the epoch is not told `m.no_olm`, which is a breach; that a key is claimed for it is a warning. It
//! does not know whether it was told its reason; W-01 asks for that.

use crate::check::findings::Findings;
use crate::check::rules::notice::{Accepted, NoticeJudge};
use crate::check::rules::{Case, Judge};
use crate::check::view::View;
use crate::check::view::notices::Notice;
use crate::check::view::trust::Bar;
use crate::protocol::withheld::WithheldCode;
use crate::rulebook::reading::Severity;
use crate::rulebook::rule::Rule;
use crate::scenario::fault::Party;
use crate::trace::fact::FactKind;
use crate::trace::kind::{Kind, Kinds};

/// The judge of W-21 at reports.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct PolicyFirst;

/// The judge of W-21 at claims.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct NoClaim;

/// Whether the recipient was barred when the report was put together.
pub(crate) fn is_barred(_: &View, notice: &Notice) -> bool {
    notice.circumstances.bar.is_some()
}

impl NoticeJudge for PolicyFirst {
    fn accepted(&mut self, accepted: &Accepted<'_>, findings: &mut Findings) {
        findings.met(Rule::W21);
        let (view, notice, message) = (accepted.view, accepted.notice, accepted.message);
        let so = &notice.circumstances;
        let barred = is_barred(view, notice) && so.bar_accepted.is_some() && so.settled;
        if barred && !view.was_owed_since(message.sender, message.recipient, notice.epoch) {
            accepted.raise(Rule::W21, findings);
        }
    }
}

impl Judge for NoClaim {
    const HEARS: Kinds = Kinds::of(&[Kind::Claim]);

    fn hear(&mut self, case: Case<'_>, findings: &mut Findings) {
        let FactKind::Claim { device, target, .. } = case.fact.kind else { return };
        let view = case.view;
        let Some(bar) = view.bar(device, target) else { return };
        findings.met(Rule::W21);
        let now = case.now();
        let knows = match bar {
            Bar { code: WithheldCode::Blacklisted, why: Some(block) } => {
                view.life.unsettled_since(device, block, now).is_none()
            }
            Bar { .. } => view.life.unsettled_by(device, now).is_none() || !view.doubts.of(device),
        };
        if knows && !view.was_owed_since(device, target, view.epoch(device, target)) {
            let witnesses = [bar.why, Some(case.fact.id)];
            findings.raise_as(Severity::Warning, Rule::W21, Party::Device(device), witnesses);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{A1, B1, Story, device, s};
    use crate::protocol::to_device::ToDeviceType;
    use crate::protocol::withheld::WithheldNotice;
    use crate::rulebook::reading::{ReadingName, Severity};
    use crate::rulebook::rule::Rule;
    use crate::scenario::policy::{SharePolicy, Target};
    use crate::trace::fact::{FactKind, SentContent};

    fn severities(story: &Story) -> Vec<Severity> {
        let found = story.judge().violations.into_iter();
        let found = found.filter(|found| (found.rule, found.party) == (Rule::W21, device(A1)));
        found.map(|found| found.severity).collect()
    }

    #[test]
    fn a_device_that_is_owed_the_key_may_be_claimed_for_and_told() {
        let mut story = Story::begin();
        story.claim_fails(A1, B1);
        story.no_olm(A1, B1);
        assert_eq!(story.rules(), []);
        assert_eq!(story.judge().marks.of(Rule::W21), 1);
    }

    #[test]
    fn a_device_that_was_only_ever_barred_is_not_claimed_for_and_not_told_of_olm() {
        let mut story = Story::blocked();
        story.claim_fails(A1, B1);
        assert_eq!(severities(&story), [Severity::Warning]);
        story.no_olm(A1, B1);
        assert_eq!(severities(&story), [Severity::Warning, Severity::Violation]);
        let lenient = story.judge_as(ReadingName::Lenient);
        assert!(lenient.violations.iter().all(|found| found.severity == Severity::Warning));
    }

    #[test]
    fn a_share_policy_that_an_older_store_still_has_leaves_out_whom_it_left_out() {
        let mut story = Story::begin();
        story.share_with(A1, SharePolicy::CrossSigned);
        let mut lost = story.clone();
        story.goes_back_a_little(A1);
        story.claim_fails(A1, B1);
        assert_eq!(severities(&story), [Severity::Warning]);
        let snapshot = lost.now();
        lost.by(A1, FactKind::StoreRestored { device: A1, snapshot });
        lost.claim_fails(A1, B1);
        assert_eq!(severities(&lost), []);
    }

    #[test]
    fn a_device_that_was_owed_an_earlier_message_of_the_epoch_may_still_be_told() {
        let mut story = Story::begin();
        story.session(A1, s(0));
        story.message(s(0), 0, 0);
        story.block(A1, Target::Device(B1));
        story.wait(5_000);
        story.claim_fails(A1, B1);
        story.no_olm(A1, B1);
        assert_eq!(severities(&story), []);
        let mut next = story.clone();
        next.olm(A1, B1);
        next.claim_fails(A1, B1);
        assert_eq!(severities(&next), [Severity::Warning], "a new epoch");
    }

    #[test]
    fn a_block_between_the_attempt_and_the_report_leaves_it_open() {
        let mut story = Story::begin();
        story.session(A1, s(0));
        story.claim_fails(A1, B1);
        story.claim(A1, B1);
        story.block(A1, Target::Device(B1));
        story.no_olm(A1, B1);
        assert_eq!(severities(&story), []);
    }

    #[test]
    fn who_is_barred_while_the_report_is_on_its_way_was_rightly_told() {
        let mut story = Story::begin();
        story.claim_fails(A1, B1);
        story.wait(10_000);
        let report = SentContent::Withheld(WithheldNotice::NoOlm.content(A1));
        let sent = story.put((A1, B1), ToDeviceType::Withheld, report);
        let mut back = Story::blocked();
        back.wait(10_000);
        let other = back.put((A1, B1), ToDeviceType::Withheld, report);
        story.block(A1, Target::Device(B1));
        story.accepted(sent);
        back.unblock(A1, Target::Device(B1));
        back.accepted(other);
        for story in [story, back] {
            assert_eq!(severities(&story), []);
        }
    }
}
