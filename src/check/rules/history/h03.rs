//! H-03 (sender, MUST; specification, "Construction and sharing of the key bundle"; MSC4268): `room_keys` of a bundle hold
//! shareable sessions only; others that the sender knows should be listed as withheld, and one in neither list is worth a
//! warning. Every reading agrees. It does not know to whom the bundle goes.

use std::collections::BTreeMap;

use crate::check::findings::Findings;
use crate::check::rules::history::sending;
use crate::check::rules::{Case, Judge};
use crate::ids::{BundleId, FactId, MegolmSessionId};
use crate::rulebook::reading::Severity;
use crate::rulebook::rule::Rule;
use crate::scenario::fault::Party;
use crate::trace::fact::FactKind;
use crate::trace::kind::{Kind, Kinds};

/// The judge of H-03: each key that may not be shared is a breach, and the first session of a bundle that is left out a
/// warning.
#[derive(Debug, Clone, Default)]
pub(crate) struct ShareableOnly {
    /// The sessions that the maker held when it began a bundle, as long as the bundle has not been sent.
    known: BTreeMap<BundleId, Vec<MegolmSessionId>>,
}

impl Judge for ShareableOnly {
    const HEARS: Kinds = Kinds::of(&[Kind::BundleMade, Kind::BundleKey, Kind::OlmEncrypted]);

    fn hear(&mut self, case: Case<'_>, findings: &mut Findings) {
        let view = case.view;
        if let FactKind::BundleMade { device, room, bundle, .. } = case.fact.kind {
            let sessions = view.bundles.sessions_of(room);
            let held = sessions.filter(|session| view.holds(device, *session)).collect();
            self.known.insert(bundle, held);
        } else if let FactKind::BundleKey { device, session, .. } = case.fact.kind {
            let Some(shareable) = view.may_share(device, session) else { return };
            findings.met(Rule::H03);
            if !shareable {
                let held = view.holdings.of(device, session).map(|held| held.taken.fact);
                findings.raise(Rule::H03, Party::Device(device), [held, Some(case.fact.id)]);
            }
        } else {
            self.sent(case, findings);
        }
    }
}

impl ShareableOnly {
    /// A bundle is sent for the first time: it is complete.
    fn sent(&mut self, case: Case<'_>, findings: &mut Findings) {
        let Some(sending) = sending(&case.fact.kind) else { return };
        let Some(known) = self.known.remove(&sending.bundle) else { return };
        let Some(made) = case.view.bundles.made(sending.bundle) else { return };
        findings.met(Rule::H03);
        let listed = |session: &MegolmSessionId| {
            made.keys.iter().any(|(key, _)| key.session == *session)
                || made
                    .withheld
                    .iter()
                    .any(|(content, _)| content.session_id.value() == Some(*session))
        };
        let (view, device) = (case.view, made.device);
        let is_held = |session: &&MegolmSessionId| {
            let held = view.holdings.of(device, **session);
            held.is_none_or(|held| view.remembers(device, held.taken))
        };
        if let Some(left_out) = known.iter().filter(is_held).find(|session| !listed(session)) {
            let held: Option<FactId> =
                case.view.holdings.of(made.device, *left_out).map(|held| held.taken.fact);
            let witnesses = [held, Some(made.fact), Some(case.fact.id)];
            let party = Party::Device(made.device);
            findings.raise_as(Severity::Warning, Rule::H03, party, witnesses);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::bundles::{
        lists, made, not_shared, own, received, send, shared, signed,
    };
    use crate::check::testing::{A1, A2, B1, C1, Story, device, s};
    use crate::protocol::room::HistoryVisibility;
    use crate::protocol::to_device::SharedHistory;
    use crate::rulebook::reading::Severity;
    use crate::rulebook::rule::Rule;
    use crate::trace::fact::KeySource;

    fn breaches(story: &Story) -> Vec<Severity> {
        let outcome = story.judge();
        let ours = outcome.violations.iter().filter(|found| found.rule == Rule::H03);
        ours.map(|found| found.severity).collect()
    }

    #[test]
    fn shareable_sessions_with_keys_and_others_as_withheld_are_right() {
        let mut story = shared(HistoryVisibility::Shared);
        own(&mut story, A1, s(0));
        received(&mut story, A1, s(1), SharedHistory::Yes);
        received(&mut story, A1, s(2), SharedHistory::No);
        story.key_in(A1, s(3), 0, KeySource::Bundle { from: None });
        signed(&mut story, A1);
        made(&mut story, A1);
        for session in [0, 1, 3] {
            lists(&mut story, A1, s(session));
        }
        not_shared(&mut story, A1, s(2));
        send(&mut story, (A1, C1));
        assert_eq!(breaches(&story), []);
        assert_eq!(story.judge().marks.of(Rule::H03), 4);
    }

    #[test]
    fn the_key_of_a_session_that_may_not_be_shared_is_a_breach() {
        for source in
            [Some(KeySource::RoomKey), Some(KeySource::Forwarded { withheld: None }), None]
        {
            let mut story = shared(HistoryVisibility::Joined);
            match source {
                Some(KeySource::RoomKey) => received(&mut story, A1, s(0), SharedHistory::No),
                Some(source) => {
                    story.key_in(A1, s(0), 0, source);
                }
                None => own(&mut story, A1, s(0)),
            }
            made(&mut story, A1);
            lists(&mut story, A1, s(0));
            assert_eq!(breaches(&story), [Severity::Violation], "{source:?}");
            assert!(story.rules().contains(&(Rule::H03, device(A1))));
        }
    }

    #[test]
    fn a_key_from_the_backup_is_worth_what_it_was_to_who_put_it_there() {
        for (flag, expected) in [
            (Some(SharedHistory::Yes), &[][..]),
            (Some(SharedHistory::No), &[Severity::Violation]),
            (None, &[]),
        ] {
            let mut story = shared(HistoryVisibility::Shared);
            if let Some(flag) = flag {
                received(&mut story, A2, s(0), flag);
            }
            story.key_in(A1, s(0), 0, KeySource::Backup);
            made(&mut story, A1);
            lists(&mut story, A1, s(0));
            assert_eq!(breaches(&story), expected, "{flag:?}");
            let decided = u32::from(flag.is_some());
            assert_eq!(u32::try_from(story.judge().marks.of(Rule::H03)).unwrap(), decided);
        }
    }

    #[test]
    fn a_known_session_in_neither_list_is_worth_a_warning() {
        let mut story = shared(HistoryVisibility::Shared);
        own(&mut story, A1, s(0));
        received(&mut story, A1, s(1), SharedHistory::No);
        signed(&mut story, A1);
        made(&mut story, A1);
        lists(&mut story, A1, s(0));
        assert_eq!(breaches(&story), [], "it may still be completed");
        send(&mut story, (A1, C1));
        send(&mut story, (A1, C1));
        assert_eq!(breaches(&story), [Severity::Warning]);
    }

    #[test]
    fn sessions_of_other_devices_and_later_ones_need_not_be_listed() {
        let mut story = shared(HistoryVisibility::Shared);
        received(&mut story, B1, s(1), SharedHistory::No);
        signed(&mut story, A1);
        made(&mut story, A1);
        received(&mut story, A1, s(2), SharedHistory::No);
        send(&mut story, (A1, C1));
        assert_eq!(breaches(&story), []);
    }
}
