//! Q-04 (recipient, SHOULD; specification, key requests): a client asks devices of its own user. Asking others is a
//! warning, unless the reading lets that pass. It does not know whether the devices asked are verified.

use crate::check::findings::Findings;
use crate::check::rules::{Case, Judge};
use crate::protocol::to_device::KeyRequestAction;
use crate::rulebook::rule::Rule;
use crate::scenario::fault::Party;
use crate::trace::fact::{FactKind, SentContent};
use crate::trace::kind::{Kind, Kinds};

/// The judge of Q-04.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct OwnDevices;

impl Judge for OwnDevices {
    const HEARS: Kinds = Kinds::of(&[Kind::PutTarget]);

    fn hear(&mut self, case: Case<'_>, findings: &mut Findings) {
        let FactKind::PutTarget { device, recipient, content, .. } = case.fact.kind else { return };
        let SentContent::KeyRequest(request) = content else { return };
        match request.action {
            KeyRequestAction::Request { .. } => {}
            KeyRequestAction::Cancel => return,
        }
        findings.met(Rule::Q04);
        let cast = &case.view.cast;
        if cast.user(device) != cast.user(recipient) && !case.view.reading.may_ask_others {
            findings.raise(Rule::Q04, Party::Device(device), [Some(case.fact.id)]);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{A1, B1, B2, R, Story, device, rules, s};
    use crate::ids::{DeviceId, RequestId};
    use crate::protocol::to_device::{KeyRequest, KeyRequestAction, ToDeviceType};
    use crate::rulebook::reading::{ReadingName, Severity};
    use crate::rulebook::rule::Rule;
    use crate::trace::fact::SentContent;

    fn asking(whom: DeviceId) -> Story {
        let mut story = Story::with_olm();
        story.up(B2);
        for action in
            [KeyRequestAction::Request { room: R, session: s(0) }, KeyRequestAction::Cancel]
        {
            let (request, requester) = (RequestId::new(1), B1);
            let content = SentContent::KeyRequest(KeyRequest { request, requester, action });
            story.send((B1, whom), ToDeviceType::KeyRequest, content);
        }
        story
    }

    #[test]
    fn own_devices_may_be_asked() {
        let story = asking(B2);
        assert_eq!(story.rules(), []);
        assert_eq!(story.judge().marks.of(Rule::Q04), 1);
    }

    #[test]
    fn asking_another_user_is_a_warning_that_the_lenient_reading_does_not_give() {
        let strict = asking(A1).judge();
        assert_eq!(rules(&strict), [(Rule::Q04, device(B1))]);
        assert_eq!(strict.violations[0].severity, Severity::Warning);
        assert_eq!(rules(&asking(A1).judge_as(ReadingName::Lenient)), []);
    }
}
