//! H-05 (sender, MUST NOT; specification, "Construction and sharing of the key bundle"; MSC4268): a bundle message to a device
//! that its owner has not cross-signed, as far as the sender's list of devices tells. Every reading agrees.
//! It does not know what the bundle lists.

use crate::check::findings::Findings;
use crate::check::rules::history::sending;
use crate::check::rules::{Case, Judge};
use crate::rulebook::rule::Rule;
use crate::scenario::fault::Party;
use crate::trace::kind::{Kind, Kinds};

/// The judge of H-05: each bundle message to such a device is a breach.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct CrossSignedOnly;

impl Judge for CrossSignedOnly {
    const HEARS: Kinds = Kinds::of(&[Kind::OlmEncrypted]);

    fn hear(&mut self, case: Case<'_>, findings: &mut Findings) {
        let Some(sending) = sending(&case.fact.kind) else { return };
        let (view, user) = (case.view, case.view.cast.user(sending.peer));
        let entry = view.lists.last_entry(sending.device, user, sending.peer);
        findings.met(Rule::H05);
        // An older store may have forgotten the answer.
        if !entry.is_some_and(|entry| entry.cross_signed) && !view.doubts.of(sending.device) {
            let witnesses = [entry.map(|entry| entry.since), Some(case.fact.id)];
            findings.raise(Rule::H05, Party::Device(sending.device), witnesses);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::bundles::{made, send, shared, signed};
    use crate::check::testing::{A1, B1, C1, CAROL, device};
    use crate::protocol::room::HistoryVisibility;
    use crate::rulebook::rule::Rule;

    #[test]
    fn a_bundle_to_a_cross_signed_device_is_right() {
        let mut story = shared(HistoryVisibility::Shared);
        signed(&mut story, A1);
        made(&mut story, A1);
        send(&mut story, (A1, C1));
        assert_eq!(story.rules(), []);
        assert_eq!(story.judge().marks.of(Rule::H05), 1);
    }

    #[test]
    fn one_to_a_device_that_is_not_cross_signed_or_not_listed_is_a_breach() {
        for listed in [&[C1][..], &[]] {
            let mut story = shared(HistoryVisibility::Shared);
            story.learn(A1, CAROL, listed);
            made(&mut story, A1);
            send(&mut story, (A1, C1));
            assert!(story.rules().contains(&(Rule::H05, device(A1))), "{listed:?}");
        }
    }

    #[test]
    fn a_device_that_was_signed_by_the_last_answer_may_get_one() {
        let mut story = shared(HistoryVisibility::Shared);
        story.learn(A1, CAROL, &[C1]);
        signed(&mut story, A1);
        made(&mut story, A1);
        send(&mut story, (A1, C1));
        assert_eq!(story.rules(), []);
    }

    #[test]
    fn another_message_to_such_a_device_is_no_matter_of_this_rule() {
        let mut story = shared(HistoryVisibility::Shared);
        story.deliver((A1, B1), crate::check::testing::s(0), 0);
        assert_eq!(story.judge().marks.of(Rule::H05), 0);
    }

    #[test]
    fn who_never_asked_who_signed_the_device_is_no_better_off() {
        let mut story = shared(HistoryVisibility::Shared);
        made(&mut story, A1);
        send(&mut story, (A1, C1));
        assert!(story.rules().contains(&(Rule::H05, device(A1))), "{:?}", story.rules());
        assert_eq!(story.judge().marks.of(Rule::H05), 1);
    }
}
