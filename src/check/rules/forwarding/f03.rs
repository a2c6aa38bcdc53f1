//! F-03 (recipient, SHOULD; specification, key requests): a forwarded key is taken only from an own verified device
//! that was asked for it. It does not know where a key came from if nobody told.

use crate::check::findings::Findings;
use crate::check::rules::{Case, Judge};
use crate::rulebook::rule::Rule;
use crate::scenario::fault::Party;
use crate::trace::fact::{FactKind, KeySource};
use crate::trace::kind::{Kind, Kinds};

/// The judge of F-03.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct AskedAndTrusted;

impl Judge for AskedAndTrusted {
    const HEARS: Kinds = Kinds::of(&[Kind::KeyIn]);

    fn hear(&mut self, case: Case<'_>, findings: &mut Findings) {
        let FactKind::KeyIn { device, session, source, via: Some(via), .. } = case.fact.kind else {
            return;
        };
        match source {
            KeySource::Forwarded { .. } => {}
            KeySource::RoomKey | KeySource::Backup | KeySource::Bundle { .. } | KeySource::Own => {
                return;
            }
        }
        let view = case.view;
        let Some(number) = view.transport.number(via) else { return };
        findings.met(Rule::F03);
        let message = view.transport.get(number);
        let own = view.cast.user(message.sender) == view.cast.user(device);
        let asked = view.askings.was_asked(device, session, message.sender);
        let trusted = view.trusts(device, message.sender) || view.doubts.of(device);
        if !own || !asked || !trusted {
            let witnesses = [Some(message.put.fact), Some(case.fact.id)];
            findings.raise(Rule::F03, Party::Device(device), witnesses);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{A1, B1, B2, BOB, R, Story, device, s};
    use crate::ids::DeviceId;
    use crate::protocol::to_device::KeyRequestAction;
    use crate::rulebook::rule::Rule;
    use crate::scenario::policy::Target;
    use crate::trace::fact::{FactKind, KeySource};

    /// B1 takes a forwarded key of this device.
    fn taken(from: DeviceId, asked: bool, verified: bool) -> Story {
        let mut story = Story::with_olm();
        story.up(B2);
        story.learn(B1, BOB, &[B1, B2]);
        let (device, target) = (B1, Target::Device(from));
        story.by(B1, FactKind::VerifiedSet { device, target, verified });
        if asked {
            story.request((B1, from), 1, KeyRequestAction::Request { room: R, session: s(0) });
        }
        let sent = story.forward((from, B1), s(0), 0);
        story.take_forward(sent, None);
        story
    }

    fn broken(story: &Story) -> bool {
        story.rules().contains(&(Rule::F03, device(B1)))
    }

    #[test]
    fn an_own_verified_device_that_was_asked_may_be_believed() {
        let story = taken(B2, true, true);
        assert!(!broken(&story));
        assert_eq!(story.judge().marks.of(Rule::F03), 1);
    }

    #[test]
    fn one_that_was_not_asked_or_is_not_verified_or_not_the_users_own_may_not() {
        assert!(broken(&taken(B2, false, true)));
        assert!(broken(&taken(B2, true, false)));
        assert!(broken(&taken(A1, true, true)));
    }

    #[test]
    fn a_store_that_has_forgotten_that_a_verification_was_taken_back_believes_it() {
        let mut story = Story::with_olm();
        story.up(B2);
        story.learn(B1, BOB, &[B1, B2]);
        let snapshot = story.now();
        let (device, target) = (B1, Target::Device(B2));
        story.by(B1, FactKind::VerifiedSet { device, target, verified: false });
        story.by(B1, FactKind::StoreRestored { device, snapshot });
        story.request((B1, B2), 1, KeyRequestAction::Request { room: R, session: s(0) });
        let sent = story.forward((B2, B1), s(0), 0);
        story.take_forward(sent, None);
        assert!(!broken(&story));
    }

    #[test]
    fn where_nobody_told_where_the_key_came_from_nothing_is_said() {
        let mut story = Story::with_olm();
        story.key_in(B1, s(0), 0, KeySource::Forwarded { withheld: None });
        assert_eq!(story.judge().marks.of(Rule::F03), 0);
    }
}
