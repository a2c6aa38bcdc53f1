//! U-07 (both, SHOULD; `m.olm`): at least four sessions with a device are kept when old ones expire. Every reading agrees. It does
//! not know sessions that went otherwise than by their age, nor which of those that stay was used least.

use crate::check::findings::Findings;
use crate::check::rules::{Case, Judge};
use crate::rulebook::rule::Rule;
use crate::scenario::fault::Party;
use crate::trace::fact::{FactKind, LossCause};
use crate::trace::kind::{Kind, Kinds};

/// The judge of U-07: a session that expires and leaves fewer than four.
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
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{A1, B1, Story, device};
    use crate::ids::{FactId, OlmSessionId};
    use crate::rulebook::rule::Rule;
    use crate::trace::fact::{FactKind, LossCause};

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

    #[test]
    fn a_session_that_nobody_saw_made_decides_nothing() {
        let mut story = Story::begin();
        dropped(&mut story, OlmSessionId::new(90), LossCause::Expired);
        assert_eq!(story.judge().marks.of(Rule::U07), 0);
    }
}
