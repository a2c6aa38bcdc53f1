//! H-08 (recipient, SHOULD; specification, "Receiving a key bundle event"; MSC4268): a bundle is taken in only after its
//! user has accepted an invite of the bundle's sender, and only the keys of that room. Every reading agrees.
//! It does not say how long ago the invite may have been accepted: that is advice.

use crate::check::findings::Findings;
use crate::check::rules::{Case, Judge};
use crate::check::view::bundles::Acceptance;
use crate::check::view::transport::Content;
use crate::ids::{DeviceId, RoomId, ToDeviceId, UserId};
use crate::rulebook::rule::Rule;
use crate::scenario::fault::Party;
use crate::trace::fact::{FactKind, KeySource};
use crate::trace::kind::{Kind, Kinds};

/// The judge of H-08: each bundle that is taken in too early, and each key of another room, is a breach.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct AcceptedFirst;

impl Judge for AcceptedFirst {
    const HEARS: Kinds = Kinds::of(&[Kind::BundleOpened, Kind::KeyIn]);

    fn hear(&mut self, case: Case<'_>, findings: &mut Findings) {
        if let FactKind::BundleOpened { device, room, from, .. } = case.fact.kind {
            opened(case, device, (room, from), findings);
        } else if let FactKind::KeyIn {
            device,
            room,
            source: KeySource::Bundle { .. },
            via: Some(via),
            ..
        } = case.fact.kind
        {
            taken(case, device, (room, via), findings);
        }
    }
}

fn opened(
    case: Case<'_>,
    device: DeviceId,
    (room, from): (RoomId, UserId),
    findings: &mut Findings,
) {
    let view = case.view;
    let (server, user) = (view.cast.server_of(device), view.cast.user(device));
    // Where the device's server was not observed, its invites were not either.
    if view.life.up(device).is_none() {
        return;
    }
    match view.bundles.acceptance(server, (room, user), from) {
        Acceptance::Unknown => {}
        Acceptance::Accepted => findings.met(Rule::H08),
        Acceptance::NotAccepted => {
            findings.met(Rule::H08);
            findings.raise(Rule::H08, Party::Device(device), [Some(case.fact.id)]);
        }
    }
}

fn taken(
    case: Case<'_>,
    device: DeviceId,
    (room, via): (RoomId, ToDeviceId),
    findings: &mut Findings,
) {
    let Some(number) = case.view.transport.number(via) else { return };
    let message = case.view.transport.get(number);
    let Content::Bundle(bundle) = message.content else { return };
    findings.met(Rule::H08);
    if bundle.room != room {
        let witnesses = [Some(message.put.fact), Some(case.fact.id)];
        findings.raise(Rule::H08, Party::Device(device), witnesses);
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::bundles::{
        accepted, invited, made, open, opens, send, shared, signed,
    };
    use crate::check::testing::{A1, ALICE, AWAY, BOB, C1, CAROL, R, R2, Story, device, s};
    use crate::ids::ToDeviceId;
    use crate::protocol::room::{HistoryVisibility, Membership};
    use crate::rulebook::rule::Rule;
    use crate::trace::fact::{FactKind, KeySource};

    /// A1 sends C1 a bundle, which C1 reads.
    fn told() -> (Story, ToDeviceId) {
        let mut story = shared(HistoryVisibility::Shared);
        signed(&mut story, A1);
        made(&mut story, A1);
        let via = send(&mut story, (A1, C1));
        (story, via)
    }

    fn key(story: &mut Story, room: crate::ids::RoomId, via: ToDeviceId) {
        let source = KeySource::Bundle { from: Some(ALICE) };
        let (device, session, via) = (C1, s(0), Some(via));
        story.by(C1, FactKind::KeyIn { device, room, session, first: 0, source, via });
    }

    #[test]
    fn a_bundle_of_the_inviter_that_is_taken_in_after_the_join_is_right() {
        let (mut story, via) = told();
        accepted(&mut story, ALICE);
        open(&mut story, C1, via);
        key(&mut story, R, via);
        assert_eq!(story.rules(), []);
        assert_eq!(story.judge().marks.of(Rule::H08), 2);
    }

    #[test]
    fn one_that_is_taken_in_before_the_invite_or_before_the_join_is_a_breach() {
        let (mut early, via) = told();
        let mut waiting = early.clone();
        open(&mut early, C1, via);
        assert_eq!(early.rules(), [(Rule::H08, device(C1))]);
        invited(&mut waiting, ALICE);
        open(&mut waiting, C1, via);
        assert_eq!(waiting.rules(), [(Rule::H08, device(C1))]);
    }

    #[test]
    fn the_bundle_of_another_than_the_inviter_is_not_to_be_taken_in() {
        let (mut story, via) = told();
        accepted(&mut story, BOB);
        open(&mut story, C1, via);
        assert_eq!(story.rules(), [(Rule::H08, device(C1))]);
    }

    #[test]
    fn who_has_accepted_and_left_again_may_still_take_it_in() {
        let (mut story, via) = told();
        accepted(&mut story, ALICE);
        let (room, user, membership) = (R, CAROL, Membership::Leave);
        story.at(AWAY, FactKind::Member { room, user, membership, seq: 6 });
        open(&mut story, C1, via);
        assert_eq!(story.rules(), []);
    }

    #[test]
    fn a_key_of_another_room_is_a_breach() {
        let (mut story, via) = told();
        accepted(&mut story, ALICE);
        open(&mut story, C1, via);
        key(&mut story, R2, via);
        assert_eq!(story.rules(), [(Rule::H08, device(C1))]);
    }

    #[test]
    fn an_invite_of_somebody_unknown_and_an_unobserved_server_leave_it_undecided() {
        let (mut story, via) = told();
        for (membership, seq) in [(Membership::Invite, 4), (Membership::Join, 5)] {
            story.at(AWAY, FactKind::Member { room: R, user: CAROL, membership, seq });
        }
        open(&mut story, C1, via);
        assert_eq!(story.judge().marks.of(Rule::H08), 0);
        let mut nobody = Story::empty();
        opens(&mut nobody, C1, R, ToDeviceId::new(90));
        assert_eq!(nobody.judge().marks.of(Rule::H08), 0);
    }
}
