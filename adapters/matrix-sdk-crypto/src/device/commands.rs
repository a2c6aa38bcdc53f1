//! What users do with the device, and the requests that come of it directly.
//! It does not know how anything is carried out further on.

use withheld::client::Command;
use withheld::ids::{DeviceId, FactId};
use withheld::protocol::api::{CrossSigningKeys, Request};
use withheld::protocol::withheld::{CodeSet, WithheldCode};
use withheld::scenario::policy::Target;
use withheld::trace::fact::{Causes, FactKind, LossCause, Refusal};

use crate::store::Stored;

use super::outgoing::Purpose;
use super::{App, Hands, Live, SdkDevice};

/// What the machine reports; there is no setting for it.
const REPORTED: [WithheldCode; 3] =
    [WithheldCode::Blacklisted, WithheldCode::Unverified, WithheldCode::NoOlm];

impl SdkDevice {
    /// Does what the user wants.
    pub(super) fn command(&mut self, command: &Command, hands: &mut Hands<'_, '_>) {
        match *command {
            Command::Login { identity, publish_identity, sign } => {
                self.log_in(identity, (publish_identity, sign), hands);
            }
            Command::Logout => self.log_out(hands),
            Command::Send { room, message } => {
                if self.app.is_logged_in {
                    self.enqueue(room, message, hands);
                } else {
                    let (device, why) = (self.me, Refusal::NotLoggedIn);
                    hands.fact_of_input(FactKind::SendRefused { device, room, message, why });
                }
            }
            Command::SetMembership { room, user, membership } => {
                let by = Some(self.my_user());
                let event = withheld::protocol::room::RoomEvent::Member { user, membership, by };
                self.errand(Request::SendState { room, event }, hands.given.cause);
            }
            Command::SetRoomState { room, event } => {
                self.errand(Request::SendState { room, event }, hands.given.cause);
            }
            Command::CrossSign(keys) => self.take_over(keys, hands),
            Command::ResetIdentity(keys) => {
                let kind = FactKind::IdentityMade { device: self.me, master: keys.master };
                hands.fact_of_input(kind);
                self.make_identity(keys, (true, true), hands);
            }
            Command::Verify(Target::User(user)) => self.verify_user(user, hands),
            Command::Verify(Target::Device(device)) => self.verify_device(device, hands),
            Command::Unverify(Target::Device(device)) => self.unverify_device(device, hands),
            Command::Block(target) => self.block(target, hands),
            Command::Unblock(target) => self.unblock(target, hands),
            Command::AcknowledgeIdentity(user) => self.acknowledge(user, hands),
            Command::SetSharing { share, on_problem } => {
                self.app.policy.share = share;
                self.app.policy.on_problem = on_problem;
                self.record_sharing(hands);
            }
            Command::DiscardSession(room) => self.discard(room, hands),
            Command::LoseOlm(peer) => self.lose_olm(peer, hands),
            // A scenario in which these occur is not given to such a device.
            Command::Unverify(Target::User(_))
            | Command::SetReporting { .. }
            | Command::RequestKey { .. }
            | Command::CancelRequest(_)
            | Command::RestoreBackup
            | Command::LoseOneTimeKeys => {}
        }
    }

    fn log_in(
        &mut self,
        identity: Option<CrossSigningKeys>,
        (publish, sign): (bool, bool),
        hands: &mut Hands<'_, '_>,
    ) {
        self.app.is_logged_in = true;
        self.record_sharing(hands);
        let codes: CodeSet = REPORTED.into_iter().collect();
        let (device, strangers) = (self.me, codes);
        hands.fact_of_input(FactKind::ReportingSet { device, target: None, codes, strangers });
        self.start_machine(&Stored::empty(self.around.store));
        // `Encryption::ensure_device_keys_upload`: keys go up with the login, everything else waits for the first sync.
        if let Some(machine) = self.machine()
            && let Ok(Some((id, upload))) = self.wait(machine.olm.upload_device_keys())
        {
            self.live.batch += 1;
            self.upload(id, &upload, hands);
        }
        match identity {
            Some(keys) if publish => self.make_identity(keys, (false, sign), hands),
            Some(keys) if sign => self.take_over(keys, hands),
            Some(_) | None => {}
        }
    }

    fn record_sharing(&mut self, hands: &mut Hands<'_, '_>) {
        let (device, share) = (self.me, self.app.policy.share);
        // `BaseClient::share_room_key` counts invited users in wherever the history visibility allows it.
        let kind = FactKind::SharingSet { device, share, with_invited: true };
        self.app.known.sharing = Some(hands.fact_of_input(kind));
        self.live.changes += 1;
    }

    fn log_out(&mut self, hands: &mut Hands<'_, '_>) {
        let next_request = self.live.next_request;
        self.app = App::new(self.app.policy.clone());
        self.live = Live { next_request, ..Live::default() };
        self.machine = None;
        self.errand(Request::Logout, hands.given.cause);
    }

    fn discard(&mut self, room: withheld::ids::RoomId, hands: &mut Hands<'_, '_>) {
        let fact = hands.fact_of_input(FactKind::SessionDiscarded { device: self.me, room });
        self.app.known.discarded.insert(room, fact);
        self.live.changes += 1;
        self.throw_session_away(room);
    }

    /// Has the machine use another session for the next message.
    pub(super) fn throw_session_away(&self, room: withheld::ids::RoomId) {
        if let Some(machine) = self.machine() {
            let room = self.room_id(room);
            let _ = self.wait(machine.olm.discard_room_key(&room));
        }
    }

    /// A fault: the database loses its rows for a device.
    fn lose_olm(&mut self, peer: DeviceId, hands: &mut Hands<'_, '_>) {
        let Some(machine) = self.machine() else { return };
        let key = self.wire().key_of_device(peer).map(str::to_owned);
        for session in key.map(|key| machine.store.lose_olm(&key)).unwrap_or_default() {
            let session = self.wire().olm_session(&session, hands.given.entropy);
            let (device, why) = (self.me, LossCause::Wiped);
            let kind = FactKind::OlmDropped { device, peer, session, why };
            hands.fact(kind, Causes::of([hands.given.cause]));
        }
        // What the machine had read into its caches goes with it.
        let stored = machine.store.stored();
        drop(machine);
        self.start_machine(&stored);
    }

    /// Something that must be done, and is sent again until it is.
    pub(super) fn errand(&mut self, request: Request, cause: Option<FactId>) {
        self.app.errands.insert(self.app.errands_made, (request, cause));
        self.app.errands_made += 1;
    }

    /// Sends what must be done. Own keys and signatures go one after the other: a signature may rest on the keys before it.
    pub(super) fn run_errands(&mut self, hands: &mut Hands<'_, '_>) {
        let mut is_free = true;
        for (number, (request, cause)) in self.app.errands.clone() {
            let in_turn =
                matches!(request, Request::UploadSigningKeys(_) | Request::UploadSignature(_));
            if (is_free || !in_turn) && self.live.errands_begun.insert(number) {
                self.send(Purpose::Errand(number), request, cause, hands);
            }
            is_free &= !in_turn;
        }
    }

    /// An errand is done, or was refused for good.
    pub(super) fn errand_done(&mut self, number: u32) {
        self.live.errands_begun.remove(&number);
        if let Some((Request::Logout, _)) = self.app.errands.remove(&number) {
            self.wire().log_out(self.me);
        }
    }
}
