//! How the things of a run with real devices are spelled: as these spell them, and where they do not, as the simulator does.
//! It does not know where a spelling stands.

use withheld::ids::{DeviceId, MegolmSessionId, RoomId, Sym, UserId};
use withheld::protocol::spelling::{KeyKind, Lookup, Spelling, spell_key};

use super::Wire;

impl Spelling for Wire {
    fn user(&self, user: UserId) -> String {
        self.names.user(user).to_string()
    }

    fn owner(&self, device: DeviceId) -> UserId {
        self.names.owner(device)
    }

    fn device_id(&self, device: DeviceId) -> String {
        self.names.device(device).to_string()
    }

    fn room(&self, room: RoomId) -> String {
        self.names.room(room).to_string()
    }

    fn text(&self, text: Sym) -> String {
        self.texts.text(text).to_owned()
    }

    fn curve25519(&self, device: DeviceId) -> String {
        let known = self.key_of_device(device).map(str::to_owned);
        known.unwrap_or_else(|| spell_key(KeyKind::Curve25519, device.raw()))
    }

    fn ed25519(&self, device: DeviceId) -> String {
        let id = format!("ed25519:{}", self.names.device(device));
        let published = self.device_keys.get(&device).and_then(|keys| keys["keys"][id].as_str());
        published.map_or_else(|| spell_key(KeyKind::Ed25519, device.raw()), str::to_owned)
    }

    fn session(&self, session: MegolmSessionId) -> String {
        let known = self.room_keys.id(session).map(str::to_owned);
        known.unwrap_or_else(|| spell_key(KeyKind::Megolm, session.raw()))
    }
}

impl Lookup for Wire {
    fn room_named(&self, text: &str) -> Option<RoomId> {
        self.names.room_named(&ruma::OwnedRoomId::try_from(text).ok()?)
    }

    fn has_device(&self, device: DeviceId) -> bool {
        device.index() < self.names.device_count()
    }

    fn has_session(&self, session: MegolmSessionId) -> bool {
        self.room_keys.id(session).is_some()
    }

    fn intern(&mut self, text: &str) -> Sym {
        self.texts.intern(text)
    }

    fn device_with_key(&self, text: &str) -> Option<DeviceId> {
        self.device_of_key(text)
    }

    fn session_named(&self, text: &str) -> Option<MegolmSessionId> {
        self.room_keys.named(text)
    }
}
