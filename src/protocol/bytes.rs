//! The binary forms that stand in base64 in a real to-device event: Olm messages and Megolm session keys.
//! It does not know what is inside; where real bytes would be secret, these are noise of the same length.
//!
//! Source: Matrix specification, Olm and Megolm, "Message Format", "Session sharing format", "Session export format".

use crate::ids::MegolmSessionId;
use crate::protocol::spelling::{KeyKind, key_bytes, noise};
use crate::protocol::to_device::OlmCiphertext;

/// The version byte of Olm messages with a truncated code.
const OLM_VERSION: u8 = 3;
/// The block length of AES in bytes.
const BLOCK: usize = 16;
/// The length of a Megolm ratchet in bytes.
const RATCHET: usize = 128;
/// The length of an Ed25519 signature in bytes.
const SIGNATURE: usize = 64;

/// The bytes of an Olm message whose plaintext has `plaintext_len` bytes: a pre-key message (type 0) if the ciphertext
/// names a pre-key, else a normal one (type 1).
#[must_use]
pub fn olm_message(message: &OlmCiphertext, plaintext_len: usize) -> Vec<u8> {
    let mut inner = vec![OLM_VERSION];
    push_bytes(&mut inner, 0x0a, &key_bytes(KeyKind::Ratchet, message.ratchet_key));
    inner.push(0x10);
    push_varint(&mut inner, u64::from(message.index));
    // Padding fills the last block, or adds one if that is full.
    let ciphertext_len = (plaintext_len / BLOCK + 1) * BLOCK;
    let ciphertext: Vec<u8> = noise(message.mac).take(ciphertext_len).collect();
    push_bytes(&mut inner, 0x22, &ciphertext);
    inner.extend(message.mac.to_be_bytes());
    let Some(one_time) = message.pre_key else { return inner };

    let mut outer = vec![OLM_VERSION];
    push_bytes(&mut outer, 0x0a, &key_bytes(KeyKind::OneTime, one_time.raw()));
    push_bytes(&mut outer, 0x12, &key_bytes(KeyKind::Base, message.session.raw()));
    push_bytes(&mut outer, 0x1a, &key_bytes(KeyKind::Curve25519, message.sender_key.raw()));
    push_bytes(&mut outer, 0x22, &inner);
    outer
}

/// `session_key` of an `m.room_key`: the ratchet from `first` on, signed.
#[must_use]
pub fn shared_session_key(session: MegolmSessionId, first: u32) -> Vec<u8> {
    let mut bytes = exported_session_key(session, first);
    bytes[0] = 2;
    let seed = u64::from(session.raw()) << 32 | u64::from(first);
    bytes.extend(noise(!seed).take(SIGNATURE));
    bytes
}

/// `session_key` of an `m.forwarded_room_key`: the ratchet from `first` on, without a signature.
#[must_use]
pub fn exported_session_key(session: MegolmSessionId, first: u32) -> Vec<u8> {
    let mut bytes = vec![1];
    bytes.extend(first.to_be_bytes());
    let seed = u64::from(session.raw()) << 32 | u64::from(first);
    bytes.extend(noise(seed).take(RATCHET));
    bytes.extend(key_bytes(KeyKind::Megolm, session.raw()));
    bytes
}

/// Appends a field of the form tag, length, bytes.
fn push_bytes(to: &mut Vec<u8>, tag: u8, bytes: &[u8]) {
    to.push(tag);
    push_varint(to, bytes.len() as u64);
    to.extend(bytes);
}

/// Appends a number, seven bits a byte, the low ones first; all bytes but the last have their high bit set.
fn push_varint(to: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        let [low, ..] = number.to_le_bytes();
        to.push(low | 0x80);
        number >>= 7;
    }
    let [low, ..] = number.to_le_bytes();
    to.push(low);
}

#[cfg(test)]
mod tests {
    use super::{exported_session_key, push_varint, shared_session_key};
    use crate::ids::MegolmSessionId;

    #[test]
    fn numbers_take_a_byte_for_every_seven_bits() {
        for (number, bytes) in [
            (0, vec![0]),
            (127, vec![0x7f]),
            (128, vec![0x80, 0x01]),
            (300, vec![0xac, 0x02]),
            (u64::from(u32::MAX), vec![0xff, 0xff, 0xff, 0xff, 0x0f]),
        ] {
            let mut written = Vec::new();
            push_varint(&mut written, number);
            assert_eq!(written, bytes);
        }
    }

    #[test]
    fn session_keys_have_their_version_index_and_length() {
        let session = MegolmSessionId::new(3);
        let (shared, exported) =
            (shared_session_key(session, 258), exported_session_key(session, 258));
        assert_eq!((shared.len(), exported.len()), (229, 165));
        assert_eq!(shared[..5], [2, 0, 0, 1, 2]);
        assert_eq!(exported[..5], [1, 0, 0, 1, 2]);
        assert_ne!(exported_session_key(session, 259)[5..133], exported[5..133]);
    }
}
