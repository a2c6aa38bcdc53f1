//! U-07 (both, SHOULD; `m.olm`): at least four sessions with a device are kept when old ones expire, and the one that was unused for
//! longest goes. Every reading agrees. It does not know sessions that went otherwise than by their age. To decrypt is to use; where
//! it matters whether to encrypt is as well, it decides nothing.

use crate::check::findings::Findings;
use crate::check::rules::{Case, Judge};
use crate::rulebook::rule::Rule;
use crate::scenario::fault::Party;
use crate::trace::fact::{FactKind, LossCause};
use crate::trace::kind::{Kind, Kinds};

/// The judge of U-07: a session that expires and leaves fewer than four, or one that was unused for longer.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct EnoughKept;

impl Judge for EnoughKept {
    const HEARS: Kinds = Kinds::of(&[Kind::OlmDropped]);

    fn hear(&mut self, case: Case<'_>, findings: &mut Findings) {
        let FactKind::OlmDropped { device, peer, session, why: LossCause::Expired } =
            case.fact.kind
        else {
            return;
        };
        let Some(dropped) = case.view.olm.drop_of(device, peer, session) else { return };
        findings.met(Rule::U07);
        if dropped.too_few_left {
            findings.raise(Rule::U07, Party::Device(device), [Some(case.fact.id)]);
        } else if let Some(spared) = dropped.out_of_turn {
            let witnesses = [Some(spared), Some(case.fact.id)];
            findings.raise(Rule::U07, Party::Device(device), witnesses);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{A1, B1, Story, device};
    use crate::ids::{FactId, OlmSessionId, ToDeviceId, TxnId};
    use crate::protocol::to_device::{OlmEvent, SenderKeys};
    use crate::rulebook::rule::Rule;
    use crate::trace::fact::{FactKind, LossCause, OlmResult};

    fn dropped(story: &mut Story, session: OlmSessionId, why: LossCause) -> FactId {
        story.by(A1, FactKind::OlmDropped { device: A1, peer: B1, session, why })
    }

    #[test]
    fn one_of_five_sessions_may_expire_and_one_of_four_may_not() {
        let mut story = Story::begin();
        let sessions: Vec<_> = (0..5).map(|_| story.olm(A1, B1)).collect();
        dropped(&mut story, sessions[0], LossCause::Expired);
        assert_eq!(story.rules(), []);
        let mut lost = story.clone();
        dropped(&mut story, sessions[1], LossCause::Expired);
        assert_eq!(story.rules(), [(Rule::U07, device(A1))]);
        assert_eq!(story.judge().marks.of(Rule::U07), 2);
        dropped(&mut lost, sessions[1], LossCause::Wiped);
        assert_eq!(lost.rules(), []);
    }

    fn uses(story: &mut Story, session: OlmSessionId, decrypts: bool) {
        let (device, peer, event) = (A1, B1, OlmEvent::Dummy { empty: true });
        let (sender_keys, message, txn) = (SenderKeys::Agree, ToDeviceId::new(9), TxnId::new(9));
        let result = OlmResult::Decrypted { session, event, sender_keys };
        story.by(
            A1,
            if decrypts {
                FactKind::OlmDecrypt { device, peer, message, result }
            } else {
                FactKind::OlmEncrypted { device, peer, session, event, sender_keys, txn }
            },
        );
    }

    fn broken(story: &Story) -> bool {
        story.rules().contains(&(Rule::U07, device(A1)))
    }

    #[test]
    fn the_session_that_was_unused_for_longest_goes() {
        let mut story = Story::begin();
        let sessions: Vec<_> = (0..5).map(|_| story.olm(A1, B1)).collect();
        let mut second = story.clone();
        let gone = dropped(&mut second, sessions[1], LossCause::Expired);
        assert!(broken(&second));
        assert_eq!(second.judge().violations[0].witnesses[1], Some(gone));
        uses(&mut story, sessions[0], true);
        dropped(&mut story, sessions[1], LossCause::Expired);
        assert!(!broken(&story));
    }

    #[test]
    fn where_only_encrypting_makes_the_difference_either_may_go() {
        let mut story = Story::begin();
        let sessions: Vec<_> = (0..5).map(|_| story.olm(A1, B1)).collect();
        uses(&mut story, sessions[0], false);
        for session in [0, 1] {
            let mut story = story.clone();
            dropped(&mut story, sessions[session], LossCause::Expired);
            assert!(!broken(&story), "{session}");
        }
        dropped(&mut story, sessions[2], LossCause::Expired);
        assert!(broken(&story));
    }

    #[test]
    fn what_a_store_forgot_was_no_use() {
        let mut story = Story::begin();
        let sessions: Vec<_> = (0..5).map(|_| story.olm(A1, B1)).collect();
        let before = crate::time::SimTime::from_ms(1_000);
        story.wait(2_000);
        uses(&mut story, sessions[1], true);
        story.by(A1, FactKind::StoreRestored { device: A1, snapshot: before });
        dropped(&mut story, sessions[1], LossCause::Expired);
        assert!(!broken(&story));
    }

    #[test]
    fn a_session_that_nobody_saw_made_decides_nothing() {
        let mut story = Story::begin();
        dropped(&mut story, OlmSessionId::new(90), LossCause::Expired);
        assert_eq!(story.judge().marks.of(Rule::U07), 0);
    }
}
