//! H-04 (sender, MUST NOT; `RoomKeyBundle`; MSC4268): one session in both lists of a bundle. Every reading agrees.
//! It does not know which of the two entries is the right one.

use crate::check::findings::Findings;
use crate::check::rules::{Case, Judge};
use crate::check::view::bundles::Made;
use crate::ids::{BundleId, DeviceId, FactId, MegolmSessionId};
use crate::rulebook::rule::Rule;
use crate::scenario::fault::Party;
use crate::trace::fact::FactKind;
use crate::trace::kind::{Kind, Kinds};

/// The judge of H-04: each entry whose session is in the other list already is a breach.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct OneList;

impl Judge for OneList {
    const HEARS: Kinds = Kinds::of(&[Kind::BundleKey, Kind::BundleWithheld]);

    fn hear(&mut self, case: Case<'_>, findings: &mut Findings) {
        let Some((device, bundle, session, with_key)) = entry(&case.fact.kind) else { return };
        let Some(made) = case.view.bundles.made(bundle) else { return };
        findings.met(Rule::H04);
        let other = if with_key { withheld(made, session) } else { key(made, session) };
        if let Some(other) = other {
            let witnesses = [Some(other), Some(case.fact.id)];
            findings.raise(Rule::H04, Party::Device(device), witnesses);
        }
    }
}

fn entry(kind: &FactKind) -> Option<(DeviceId, BundleId, MegolmSessionId, bool)> {
    if let FactKind::BundleKey { device, bundle, session, .. } = *kind {
        Some((device, bundle, session, true))
    } else if let FactKind::BundleWithheld { device, bundle, content } = *kind {
        Some((device, bundle, content.session_id.value()?, false))
    } else {
        None
    }
}

fn key(made: &Made, session: MegolmSessionId) -> Option<FactId> {
    made.keys.iter().find(|(key, _)| key.session == session).map(|(_, fact)| *fact)
}

fn withheld(made: &Made, session: MegolmSessionId) -> Option<FactId> {
    let names = |content: &crate::protocol::withheld::WithheldContent| {
        content.session_id.value() == Some(session)
    };
    made.withheld.iter().find(|(content, _)| names(content)).map(|(_, fact)| *fact)
}

#[cfg(test)]
mod tests {
    use crate::check::testing::bundles::{lists, made, not_shared, shared};
    use crate::check::testing::{A1, Story, device, s};
    use crate::protocol::room::HistoryVisibility;
    use crate::rulebook::rule::Rule;

    fn bundle() -> Story {
        let mut story = shared(HistoryVisibility::Shared);
        made(&mut story, A1);
        story
    }

    #[test]
    fn different_sessions_in_the_two_lists_are_right() {
        let mut story = bundle();
        lists(&mut story, A1, s(0));
        not_shared(&mut story, A1, s(1));
        assert_eq!(story.rules(), []);
        assert_eq!(story.judge().marks.of(Rule::H04), 2);
    }

    #[test]
    fn one_session_in_both_is_a_breach_in_either_order() {
        for key_first in [true, false] {
            let mut story = bundle();
            if key_first {
                lists(&mut story, A1, s(0));
            }
            not_shared(&mut story, A1, s(0));
            if !key_first {
                lists(&mut story, A1, s(0));
            }
            assert_eq!(story.rules(), [(Rule::H04, device(A1))]);
        }
    }

    #[test]
    fn the_lists_of_two_bundles_have_nothing_to_do_with_each_other() {
        let mut story = bundle();
        lists(&mut story, A1, s(0));
        made(&mut story, A1);
        not_shared(&mut story, A1, s(0));
        assert_eq!(story.rules(), []);
    }

    #[test]
    fn of_a_bundle_whose_making_nobody_saw_nothing_is_decided() {
        let mut story = shared(HistoryVisibility::Shared);
        lists(&mut story, A1, s(0));
        not_shared(&mut story, A1, s(0));
        assert_eq!(story.judge().marks.of(Rule::H04), 0);
    }
}
