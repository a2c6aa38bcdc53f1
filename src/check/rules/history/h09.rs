//! H-09 (recipient, MUST; specification, "Receiving a key bundle event"; MSC4268): a device remembers who gave it the keys of
//! a bundle. Every reading agrees. It does not know whether the giver is shown to the user.

use crate::check::findings::Findings;
use crate::check::rules::{Case, Judge};
use crate::rulebook::rule::Rule;
use crate::scenario::fault::Party;
use crate::trace::fact::{FactKind, KeySource};
use crate::trace::kind::{Kind, Kinds};

/// The judge of H-09: each key that is kept under nobody's or another's name is a breach.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct GiverRemembered;

impl Judge for GiverRemembered {
    const HEARS: Kinds = Kinds::of(&[Kind::KeyIn]);

    fn hear(&mut self, case: Case<'_>, findings: &mut Findings) {
        let FactKind::KeyIn { device, source: KeySource::Bundle { from }, via, .. } =
            case.fact.kind
        else {
            return;
        };
        let giver = via.and_then(|via| case.view.bearer(via));
        // Whoever gave it, somebody did.
        let is_wrong = match (from, giver) {
            (None, _) => true,
            (Some(_), None) => return,
            (Some(from), Some(giver)) => from != giver,
        };
        findings.met(Rule::H09);
        if is_wrong {
            findings.raise(Rule::H09, Party::Device(device), [Some(case.fact.id)]);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::bundles::{accepted, made, open, send, shared, signed};
    use crate::check::testing::{A1, ALICE, BOB, C1, R, Story, device, s};
    use crate::ids::{ToDeviceId, UserId};
    use crate::protocol::room::HistoryVisibility;
    use crate::rulebook::rule::Rule;
    use crate::trace::fact::{FactKind, KeySource};

    /// C1 keeps a key of A1's bundle under this name.
    fn kept(from: Option<UserId>, via: Option<ToDeviceId>) -> Story {
        let mut story = shared(HistoryVisibility::Shared);
        signed(&mut story, A1);
        made(&mut story, A1);
        let sent = send(&mut story, (A1, C1));
        accepted(&mut story, ALICE);
        open(&mut story, C1, sent);
        let (device, room, session, source) = (C1, R, s(0), KeySource::Bundle { from });
        let via = Some(via.unwrap_or(sent));
        story.by(C1, FactKind::KeyIn { device, room, session, first: 0, source, via });
        story
    }

    #[test]
    fn a_key_under_the_name_of_its_giver_is_right() {
        let story = kept(Some(ALICE), None);
        assert_eq!(story.rules(), []);
        assert_eq!(story.judge().marks.of(Rule::H09), 1);
    }

    #[test]
    fn a_key_under_no_name_or_another_is_a_breach() {
        for from in [None, Some(BOB)] {
            assert_eq!(kept(from, None).rules(), [(Rule::H09, device(C1))], "{from:?}");
        }
    }

    #[test]
    fn where_the_message_was_not_observed_a_name_cannot_be_judged_and_none_can() {
        let nowhere = Some(ToDeviceId::new(90));
        assert_eq!(kept(Some(BOB), nowhere).judge().marks.of(Rule::H09), 0);
        assert_eq!(kept(None, nowhere).rules(), [(Rule::H09, device(C1))]);
    }

    #[test]
    fn keys_from_elsewhere_have_no_giver_to_remember() {
        let mut story = shared(HistoryVisibility::Shared);
        story.key_in(C1, s(0), 0, KeySource::Backup);
        assert_eq!(story.judge().marks.of(Rule::H09), 0);
    }
}
