//! How the numbers of a run are spelled on the wire, and how a spelling is read back.
//! It does not know the names that a scenario gives; who does implements [`Spelling`] and [`Lookup`].
//!
//! Keys and session ids are 32 bytes in unpadded base64, as real ones are. The bytes look random, are the same in every
//! run, differ for every kind and number, and tell their number back.

use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::ids::{DeviceId, MegolmSessionId, RoomId, Sym, UserId};

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// A kind of key that is 32 bytes on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyKind {
    /// The Curve25519 identity key of a device.
    Curve25519,
    /// The Ed25519 key of a device.
    Ed25519,
    /// The Ed25519 key of a Megolm session, which is its id.
    Megolm,
    /// A one-time or fallback key.
    OneTime,
    /// The base key of an Olm session.
    Base,
    /// An Olm ratchet key.
    Ratchet,
    /// The Curve25519 key of some device that forwarded a room key, of which only its place in the chain is known.
    Forwarder,
    /// The media id of a history bundle.
    Media,
}

/// An endless sequence of bytes that look random and depend on `seed` only.
pub(super) fn noise(seed: u64) -> impl Iterator<Item = u8> {
    (0_u64..).flat_map(move |block| xxh3_64_with_seed(&block.to_le_bytes(), seed).to_le_bytes())
}

/// The 32 bytes of a key.
#[must_use]
pub fn key_bytes(kind: KeyKind, number: u32) -> [u8; 32] {
    // The last 28 bytes are noise from kind and number. The first four are the number under a mask made of that noise, so
    // that no two keys of a kind are equal and the number can be read back.
    let mut bytes = [0; 32];
    let seed = (kind as u64) << 32 | u64::from(number);
    for (byte, noise) in bytes[4..].iter_mut().zip(noise(seed)) {
        *byte = noise;
    }
    let masked = number ^ mask(kind, &bytes);
    bytes[..4].copy_from_slice(&masked.to_le_bytes());
    bytes
}

fn mask(kind: KeyKind, bytes: &[u8; 32]) -> u32 {
    let [a, b, c, d, ..] = xxh3_64_with_seed(&bytes[4..], kind as u64).to_le_bytes();
    u32::from_le_bytes([a, b, c, d])
}

/// The spelling of a key: 43 characters.
#[must_use]
pub fn spell_key(kind: KeyKind, number: u32) -> String {
    base64(&key_bytes(kind, number))
}

/// The number of the key of this kind with this spelling.
#[must_use]
pub fn read_key(kind: KeyKind, text: &str) -> Option<u32> {
    let bytes = read_base64(text)?;
    let [a, b, c, d, ..] = bytes;
    let number = u32::from_le_bytes([a, b, c, d]) ^ mask(kind, &bytes);
    (bytes == key_bytes(kind, number)).then_some(number)
}

/// The unpadded base64 of some bytes.
#[must_use]
pub fn base64(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let at = |index: usize| u32::from(group.get(index).copied().unwrap_or(0));
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        for digit in 0..=group.len() {
            text.push(char::from(ALPHABET[(bits >> (18 - 6 * digit) & 63) as usize]));
        }
    }
    text
}

/// The 32 bytes of 43 characters of unpadded base64; `None` for anything else.
fn read_base64(text: &str) -> Option<[u8; 32]> {
    if text.len() != 43 {
        return None;
    }
    let mut bytes = [0; 32];
    let mut bits = 0_u32;
    let mut filled = 0;
    let mut next = bytes.iter_mut();
    for character in text.bytes() {
        let digit = ALPHABET.iter().position(|known| *known == character)?;
        bits = bits << 6 | u32::try_from(digit).ok()?;
        filled += 6;
        if filled >= 8 {
            filled -= 8;
            let [.., low] = (bits >> filled).to_be_bytes();
            *next.next()? = low;
            bits &= (1 << filled) - 1;
        }
    }
    // 43 digits are 258 bits; the last two are unused and must be zero, or two texts would mean the same key.
    (bits == 0).then_some(bytes)
}

/// How things of a run are spelled.
pub trait Spelling {
    /// `@name:server`
    fn user(&self, user: UserId) -> String;

    /// The user of a device.
    fn owner(&self, device: DeviceId) -> UserId;

    /// `device_id`
    fn device_id(&self, device: DeviceId) -> String;

    /// `!name:server`
    fn room(&self, room: RoomId) -> String;

    /// An interned text.
    fn text(&self, text: Sym) -> String;

    /// The Curve25519 identity key of a device.
    fn curve25519(&self, device: DeviceId) -> String {
        spell_key(KeyKind::Curve25519, device.raw())
    }

    /// The Ed25519 key of a device.
    fn ed25519(&self, device: DeviceId) -> String {
        spell_key(KeyKind::Ed25519, device.raw())
    }

    /// `session_id` of a Megolm session.
    fn session(&self, session: MegolmSessionId) -> String {
        spell_key(KeyKind::Megolm, session.raw())
    }
}

/// What spellings mean in a run. What means nothing is interned as it stands.
pub trait Lookup {
    /// The room with this id.
    fn room_named(&self, text: &str) -> Option<RoomId>;

    /// Whether the run has this device.
    fn has_device(&self, device: DeviceId) -> bool;

    /// Whether the run has this Megolm session.
    fn has_session(&self, session: MegolmSessionId) -> bool;

    /// The id of a text, the same for equal texts.
    fn intern(&mut self, text: &str) -> Sym;

    /// The device with this Curve25519 key.
    fn device_with_key(&self, text: &str) -> Option<DeviceId> {
        let device = DeviceId::new(read_key(KeyKind::Curve25519, text)?);
        self.has_device(device).then_some(device)
    }

    /// The Megolm session with this `session_id`.
    fn session_named(&self, text: &str) -> Option<MegolmSessionId> {
        let session = MegolmSessionId::new(read_key(KeyKind::Megolm, text)?);
        self.has_session(session).then_some(session)
    }
}

#[cfg(test)]
mod tests {
    use super::{KeyKind, Lookup, Spelling, base64, key_bytes, read_base64, read_key, spell_key};
    use crate::ids::{DeviceId, MegolmSessionId, RoomId, Sym, UserId};
    use std::collections::BTreeSet;

    const KINDS: [KeyKind; 8] = [
        KeyKind::Curve25519,
        KeyKind::Ed25519,
        KeyKind::Megolm,
        KeyKind::OneTime,
        KeyKind::Base,
        KeyKind::Ratchet,
        KeyKind::Forwarder,
        KeyKind::Media,
    ];

    #[test]
    fn base64_is_that_of_rfc_4648_without_padding() {
        for (bytes, text) in [
            ("", ""),
            ("f", "Zg"),
            ("fo", "Zm8"),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg"),
            ("fooba", "Zm9vYmE"),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(base64(bytes.as_bytes()), text);
        }
    }

    #[test]
    fn keys_differ_and_are_read_back() {
        let mut seen = BTreeSet::new();
        for kind in KINDS {
            for number in (0..500).chain(u32::MAX - 3..=u32::MAX) {
                let text = spell_key(kind, number);
                assert_eq!(text.len(), 43);
                assert_eq!(read_base64(&text), Some(key_bytes(kind, number)));
                assert_eq!(read_key(kind, &text), Some(number));
                for other in KINDS.into_iter().filter(|other| *other != kind) {
                    assert_eq!(read_key(other, &text), None);
                }
                assert!(seen.insert(text));
            }
        }
    }

    #[test]
    fn keys_are_the_same_in_every_version() {
        assert_eq!(
            spell_key(KeyKind::Curve25519, 0),
            "UD0eFdmsh2+7OnvHLnnbZDVZvC9D4u6RXMaGIH0u9ME"
        );
        assert_eq!(spell_key(KeyKind::Megolm, 1), "9jqYrzmWcpiAhHt0ELVhYD3KCaSjT7C1/pcTLrLyXXk");
    }

    /// A run with three devices, three sessions and no other names.
    struct Nameless;

    impl Spelling for Nameless {
        fn user(&self, user: UserId) -> String {
            format!("@{}:example.org", user.raw())
        }

        fn owner(&self, device: DeviceId) -> UserId {
            UserId::new(device.raw())
        }

        fn device_id(&self, device: DeviceId) -> String {
            device.raw().to_string()
        }

        fn room(&self, room: RoomId) -> String {
            format!("!{}:example.org", room.raw())
        }

        fn text(&self, _: Sym) -> String {
            String::new()
        }
    }

    impl Lookup for Nameless {
        fn room_named(&self, _: &str) -> Option<RoomId> {
            None
        }

        fn has_device(&self, device: DeviceId) -> bool {
            device.raw() < 3
        }

        fn has_session(&self, session: MegolmSessionId) -> bool {
            session.raw() < 3
        }

        fn intern(&mut self, _: &str) -> Sym {
            Sym::new(0)
        }
    }

    #[test]
    fn keys_and_sessions_of_the_run_are_found_by_their_spelling_and_no_others() {
        for number in 0..5 {
            let (device, session) = (DeviceId::new(number), MegolmSessionId::new(number));
            let known = number < 3;
            let (key, id) = (Nameless.curve25519(device), Nameless.session(session));
            assert_eq!(Nameless.device_with_key(&key), known.then_some(device));
            assert_eq!(Nameless.session_named(&id), known.then_some(session));
            assert_eq!(Nameless.device_with_key(&id), None);
            assert_eq!(Nameless.session_named(&key), None);
            assert_eq!(Nameless.device_with_key(&Nameless.ed25519(device)), None);
        }
    }

    #[test]
    fn what_is_not_a_key_of_ours_is_not_read_as_one() {
        let text = spell_key(KeyKind::Megolm, 7);
        let padded = format!("{text}=");
        let short = &text[..42];
        let loose_end = format!("{}B", &text[..42]);
        let foreign = "RF3s+E7RkTQTGF2d8Deol0FkQvgII2aJDf3/Jp5mxVU";
        let not_ascii = format!("{}é", &text[..41]);
        for wrong in
            ["", &padded, short, &loose_end, foreign, &not_ascii, &text.replace(short, "A")]
        {
            assert_eq!(read_key(KeyKind::Megolm, wrong), None, "{wrong}");
        }
    }
}
