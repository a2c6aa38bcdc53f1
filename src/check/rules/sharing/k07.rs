//! K-07 (sender, SHOULD NOT; specification, "Recommended client behaviour"; MSC4153): under a share policy that leaves unsigned
//! devices out, no encrypted message goes to a device that its owner has not signed, `m.dummy` included. A warning in the strict
//! reading; the lenient one allows the dummy. A key is the matter of K-08, and a device that the user verified itself is an
//! exception.
//! It does not know who needs the message.

use crate::check::findings::Findings;
use crate::check::rules::{Case, Judge};
use crate::protocol::to_device::OlmEvent;
use crate::rulebook::rule::Rule;
use crate::scenario::fault::Party;
use crate::scenario::policy::SharePolicy;
use crate::trace::fact::FactKind;
use crate::trace::kind::{Kind, Kinds};

/// The judge of K-07.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct NothingForTheUnsigned;

impl Judge for NothingForTheUnsigned {
    const HEARS: Kinds = Kinds::of(&[Kind::OlmEncrypted]);

    fn hear(&mut self, case: Case<'_>, findings: &mut Findings) {
        let FactKind::OlmEncrypted { device, peer, event: OlmEvent::Dummy { .. }, .. } =
            case.fact.kind
        else {
            return;
        };
        let view = case.view;
        let (share, why) = view.policies.sharing(device);
        if share == SharePolicy::Everyone || !view.reading.unsigned_dummy_warns {
            return;
        }
        findings.met(Rule::K07);
        let entry = view.lists.last_entry(device, view.cast.user(peer), peer);
        let is_signed = entry.is_some_and(|entry| entry.cross_signed);
        if !is_signed && !view.policies.trusts_device(device, peer) && !view.doubts.of(device) {
            findings.raise(Rule::K07, Party::Device(device), [why, Some(case.fact.id)]);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{A1, B1, Story, device};
    use crate::protocol::to_device::{OlmEvent, ToDeviceType};
    use crate::rulebook::reading::{ReadingName, Severity};
    use crate::rulebook::rule::Rule;
    use crate::scenario::policy::{SharePolicy, Target};
    use crate::trace::fact::{FactKind, SentContent};

    fn dummy(story: &mut Story) {
        let content = SentContent::Olm(OlmEvent::Dummy { empty: true });
        story.send((A1, B1), ToDeviceType::Encrypted, content);
    }

    #[test]
    fn a_dummy_for_an_unsigned_device_is_worth_a_warning() {
        let mut story = Story::with_olm();
        story.share_with(A1, SharePolicy::CrossSigned);
        dummy(&mut story);
        assert_eq!(story.rules(), [(Rule::K07, device(A1))]);
        assert_eq!(story.judge().violations[0].severity, Severity::Warning);
        assert_eq!(story.judge_as(ReadingName::Lenient).violations, []);
    }

    #[test]
    fn who_shares_with_everyone_or_verified_the_device_may_send_it() {
        let mut story = Story::with_olm();
        dummy(&mut story);
        assert_eq!(story.judge().marks.of(Rule::K07), 0);
        story.share_with(A1, SharePolicy::Verified);
        let target = Target::Device(B1);
        story.by(A1, FactKind::VerifiedSet { device: A1, target, verified: true });
        dummy(&mut story);
        assert_eq!(story.rules(), []);
        assert_eq!(story.judge().marks.of(Rule::K07), 1);
    }
}
