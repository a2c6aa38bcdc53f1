//! Q-05 (sender, SHOULD; specification, key requests): keys are forwarded to verified devices of the same user only.
//! The lenient reading lets pass that a sender repeats its own session to a device from the index that it was given. It
//! does not know whether anybody asked. The sender's view when it encrypts counts.

use crate::check::findings::Findings;
use crate::check::rules::{Case, Judge};
use crate::check::view::View;
use crate::check::view::transport::{Content, ToDevice};
use crate::protocol::to_device::ForwardedRoomKey;
use crate::rulebook::reading::Severity;
use crate::rulebook::rule::Rule;
use crate::scenario::fault::Party;
use crate::trace::fact::FactKind;
use crate::trace::kind::{Kind, Kinds};

/// The judge of Q-05.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct OwnVerified;

/// Whether a sender gives its own session once more to a device, from no earlier than before.
fn is_repetition(view: &View, message: &ToDevice, forwarded: &ForwardedRoomKey) -> bool {
    let session = forwarded.key.session;
    let own = view.messages.session(session).is_some_and(|made| made.creator == message.sender);
    let mut given = view.transport.keys_to(session, message.recipient);
    own && given.any(|key| match key.content {
        Content::Key { first, .. } => first <= forwarded.key.first && key.sender == message.sender,
        Content::Forwarded(_)
        | Content::Bundle(_)
        | Content::Dummy
        | Content::Notice(_)
        | Content::Request(_)
        | Content::Sealed
        | Content::Clear
        | Content::Stray => false,
    })
}

impl Judge for OwnVerified {
    const HEARS: Kinds = Kinds::of(&[Kind::OlmEncrypted]);

    fn hear(&mut self, case: Case<'_>, findings: &mut Findings) {
        let view = case.view;
        let (FactKind::OlmEncrypted { device, peer, .. }, Some(number)) =
            (case.fact.kind, view.forwards.fresh())
        else {
            return;
        };
        let Some(forwarded) = view.forwards.get(number) else { return };
        findings.met(Rule::Q05);
        let own = view.cast.user(device) == view.cast.user(peer);
        if own && (view.trusts(device, peer) || view.doubts.of(device)) {
            return;
        }
        let lenient = view.reading.implied == Severity::Warning;
        if lenient && is_repetition(view, view.transport.get(number), forwarded) {
            return;
        }
        findings.raise(Rule::Q05, Party::Device(device), [Some(case.fact.id)]);
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{A1, A2, ALICE, B1, Story, device, rules, s};
    use crate::ids::DeviceId;
    use crate::rulebook::reading::ReadingName;
    use crate::rulebook::rule::Rule;
    use crate::scenario::policy::Target;
    use crate::time::SimTime;
    use crate::trace::fact::FactKind;

    fn story(verified: bool) -> Story {
        let mut story = Story::with_olm();
        story.up(A2);
        story.learn(A1, ALICE, &[A1, A2]);
        if verified {
            let (device, target) = (A1, Target::Device(A2));
            story.by(A1, FactKind::VerifiedSet { device, target, verified });
        }
        story
    }

    fn broken(story: &Story, reading: ReadingName, by: DeviceId) -> bool {
        rules(&story.judge_as(reading)).contains(&(Rule::Q05, device(by)))
    }

    #[test]
    fn an_own_verified_device_may_have_the_key() {
        let mut story = story(true);
        story.forward((A1, A2), s(0), 0);
        assert!(!broken(&story, ReadingName::Strict, A1));
        assert_eq!(story.judge().marks.of(Rule::Q05), 1);
    }

    #[test]
    fn a_store_that_has_forgotten_that_a_verification_was_taken_back_gives_it() {
        let mut story = story(false);
        let (device, snapshot) = (A1, SimTime::ZERO);
        let mut knows = story.clone();
        story.by(A1, FactKind::StoreRestored { device, snapshot });
        story.forward((A1, A2), s(0), 0);
        assert!(!broken(&story, ReadingName::Strict, A1));
        knows.goes_back_a_little(A1);
        knows.forward((A1, A2), s(0), 0);
        assert!(broken(&knows, ReadingName::Strict, A1), "nothing of that is lost");
    }

    #[test]
    fn neither_an_own_unverified_one_nor_another_users_may() {
        for peer in [A2, B1] {
            let mut story = story(false);
            story.forward((A1, peer), s(0), 0);
            for reading in ReadingName::ALL {
                assert!(broken(&story, reading, A1), "{peer:?} {reading:?}");
            }
        }
    }

    #[test]
    fn the_lenient_reading_lets_a_sender_repeat_what_it_gave_and_no_more() {
        for (first, allowed) in [(2, true), (1, false)] {
            let mut story = story(false);
            story.give((A1, B1), s(0), 2);
            story.forward((A1, B1), s(0), first);
            assert!(broken(&story, ReadingName::Strict, A1));
            assert_eq!(broken(&story, ReadingName::Lenient, A1), !allowed);
        }
    }
}
