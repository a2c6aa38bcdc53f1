//! R-08 (sender, implied; specification, the closed list in "m.megolm.v1.aes-sha2"): a session is replaced only where a
//! rule says so, where its user threw it away, or where something was unblocked. Strict: a violation, lenient: a
//! warning. What a limited sync may have told counts as a reason.
//! It does not know which of the reasons its creator had.

use crate::check::findings::Findings;
use crate::check::rules::rotation::r05::barred_holders;
use crate::check::rules::{Case, Judge};
use crate::check::view::View;
use crate::check::view::expiry::InUse;
use crate::ids::{DeviceId, MegolmSessionId, RoomId};
use crate::protocol::room::Rotation;
use crate::rulebook::rule::Rule;
use crate::scenario::fault::Party;
use crate::trace::fact::FactKind;
use crate::trace::kind::{Kind, Kinds};

/// The judge of R-08.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct ReplacedWithReason;

impl Judge for ReplacedWithReason {
    const HEARS: Kinds = Kinds::of(&[Kind::MegolmNew]);

    fn hear(&mut self, case: Case<'_>, findings: &mut Findings) {
        let FactKind::MegolmNew { device, room, session } = case.fact.kind else { return };
        let expiries = &case.view.expiries;
        let Some(replaced) = expiries.of(session).and_then(|new| new.replaced) else { return };
        let Some(old) = expiries.of(replaced) else { return };
        findings.met(Rule::R08);
        let has_reason = !old.must.is_empty()
            || old.may.is_some()
            || is_used_up(case, (device, room), old)
            || barred_holders(case.view, device, replaced).next().is_some()
            || has_barred_receiver(case.view, device, replaced);
        let is_lost = case.view.doubts.of(device) || !case.view.remembers(device, old.made);
        if !has_reason && !is_lost {
            let witnesses = [Some(old.made.fact), Some(case.fact.id)];
            findings.raise(Rule::R08, Party::Device(device), witnesses);
        }
    }
}

/// Whether a device that is barred now may have the key by a history bundle of the session's creator.
fn has_barred_receiver(view: &View, device: DeviceId, session: MegolmSessionId) -> bool {
    let is_barred = |other: &DeviceId| view.bar(device, *other).is_some();
    let mut receivers = view.bundles.receivers(device, session);
    receivers.any(|user| view.cast.devices(user).iter().any(is_barred))
}

/// Whether the session's age or number was reached, by the settings that its creator has seen.
fn is_used_up(case: Case<'_>, (device, room): (DeviceId, RoomId), old: &InUse) -> bool {
    let server = case.view.cast.server_of(device);
    let settings = case.view.rooms.settings_seen(server, device, room).unwrap_or(Rotation::DEFAULT);
    let messages = old.last.map_or(0, |(index, _)| index + 1);
    messages >= settings.messages || case.fact.clock.since(old.made_clock) > settings.period
}

#[cfg(test)]
mod tests {
    use crate::check::testing::bundles;
    use crate::check::testing::{A1, B1, BOB, C1, CAROL, HOME, R, R2, Story, device, s};
    use crate::ids::FactId;
    use crate::protocol::room::{Membership, Rotation};
    use crate::rulebook::reading::{ReadingName, Severity};
    use crate::rulebook::rule::Rule;
    use crate::scenario::policy::{SharePolicy, Target};
    use crate::time::SimDuration;
    use crate::trace::fact::FactKind;

    fn in_use() -> Story {
        let mut story = Story::with_olm();
        story.deliver((A1, B1), s(0), 0);
        story.message(s(0), 0, 0);
        story.wait(10_000);
        story
    }

    fn replaced(story: &Story) -> Vec<Rule> {
        let mut story = story.clone();
        story.session(A1, s(1));
        let outcome = story.judge();
        let found = outcome.violations.iter().map(|violation| violation.rule);
        // That a list leaves out a device which is there is another's fault (D-04).
        found.filter(|rule| *rule != Rule::D04).collect()
    }

    #[test]
    fn a_session_without_reason_is_a_breach() {
        let mut story = in_use();
        let new = story.session(A1, s(1));
        let outcome = story.judge();
        assert_eq!(story.rules(), [(Rule::R08, device(A1))]);
        assert_eq!(outcome.violations[0].witnesses[1], Some(new));
        assert_eq!(outcome.marks.of(Rule::R08), 1);
        let lenient = story.judge_as(ReadingName::Lenient);
        assert_eq!(lenient.violations[0].severity, Severity::Warning);
    }

    #[test]
    fn new_members_devices_and_restarts_are_no_reason() {
        type Change = fn(&mut Story) -> FactId;
        let changes: [Change; 4] = [
            |story| {
                story.member(CAROL, Membership::Join, 3);
                story.seen(A1, 3)
            },
            |story| story.learn(A1, BOB, &[B1, crate::check::testing::B2]),
            |story| {
                story.by(A1, FactKind::Crashed { device: A1 });
                story.by(A1, FactKind::Restarted { device: A1 })
            },
            |story| story.block(A1, Target::Device(crate::check::testing::B2)),
        ];
        for change in changes {
            let mut story = in_use();
            change(&mut story);
            assert_eq!(replaced(&story), [Rule::R08]);
        }
    }

    #[test]
    fn each_rule_that_ends_a_session_is_a_reason() {
        type Change = fn(&mut Story) -> FactId;
        let changes: [Change; 6] = [
            |story| {
                story.member(BOB, Membership::Leave, 3);
                story.seen(A1, 3)
            },
            |story| story.learn(A1, BOB, &[]),
            |story| story.block(A1, Target::Device(B1)),
            |story| story.share_with(A1, SharePolicy::CrossSigned),
            |story| story.by(A1, FactKind::SessionDiscarded { device: A1, room: R }),
            |story| {
                let rotation = Rotation::megolm(SimDuration::from_hours(2), 1);
                story.at(HOME, FactKind::Encryption { room: R, rotation, seq: 3 });
                story.seen(A1, 3)
            },
        ];
        for change in changes {
            let mut story = in_use();
            change(&mut story);
            assert_eq!(replaced(&story), []);
        }
        let mut aged = in_use();
        aged.wait(7 * 24 * 3_600_000);
        assert_eq!(replaced(&aged), []);
    }

    #[test]
    fn blocking_a_device_that_has_the_key_by_a_bundle_is_a_reason() {
        let mut story = in_use();
        bundles::unprepared(&mut story, A1);
        let mut other = story.clone();
        bundles::lists(&mut story, A1, s(0));
        story.block(A1, Target::Device(C1));
        assert_eq!(replaced(&story), []);
        bundles::lists(&mut other, A1, s(7));
        other.block(A1, Target::Device(C1));
        assert_eq!(replaced(&other), [Rule::R08], "the bundle holds another session");
    }

    #[test]
    fn throwing_away_the_session_of_another_room_is_no_reason() {
        let mut story = in_use();
        story.by(A1, FactKind::SessionDiscarded { device: A1, room: R2 });
        assert_eq!(replaced(&story), [Rule::R08]);
        let mut first = in_use();
        first.session_in(A1, R2, s(1));
        assert_eq!(first.rules(), [], "the first one of a room takes nobody's place");
    }

    #[test]
    fn who_lost_its_session_with_its_store_makes_another() {
        let mut story = Story::begin();
        let snapshot = story.now();
        story.wait(1);
        story.session(A1, s(0));
        let mut crashed = story.clone();
        crashed.crash(A1);
        story.by(A1, FactKind::StoreRestored { device: A1, snapshot });
        assert_eq!(replaced(&story), []);
        assert_eq!(replaced(&crashed), []);
    }

    #[test]
    fn a_change_of_whom_to_trust_is_a_reason_though_it_bars_nobody() {
        type Change = fn(&mut Story) -> FactId;
        let changes: [Change; 3] = [
            |story| story.share_with(A1, SharePolicy::Everyone),
            |story| {
                let (device, target) = (A1, Target::User(BOB));
                story.by(A1, FactKind::VerifiedSet { device, target, verified: true })
            },
            |story| {
                let user = CAROL;
                story.by(A1, FactKind::MemberNotTold { device: A1, room: R, user })
            },
        ];
        for change in changes {
            let mut story = in_use();
            change(&mut story);
            assert_eq!(replaced(&story), []);
        }
    }
}
