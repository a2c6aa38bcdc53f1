//! Forged notices of every shape: true in all but one field, or in none.
//! It does not know who will believe them.

use super::draft::{Couple, Draft};
use crate::ids::MessageId;
use crate::protocol::to_device::ToDeviceType;
use crate::protocol::withheld::{Algorithm, Field, WithheldCode, WithheldContent};
use crate::scenario::fault::{FaultKind, ForgedContent};
use crate::time::SimTime;

/// Types that no client knows.
const OTHER_TYPES: [&str; 2] = ["org.example.ping", "m.secret.request"];
/// Texts that name nothing.
const TEXTS: [&str; 4] = ["nowhere", "m.custom", "I am a teapot", "42"];

/// A type that no client knows.
pub(super) fn other_type(draft: &mut Draft<'_, '_>) -> ToDeviceType {
    let text = draft.dice.pick(&OTHER_TYPES).unwrap_or_default();
    ToDeviceType::Other(draft.scenario.strings.intern(text))
}

/// A field as it should be in most cases, or absent, or no string, or a string without a meaning.
fn field<T>(draft: &mut Draft<'_, '_>, value: T) -> Field<T> {
    match draft.dice.number(12) {
        0..=8 => Field::Is(value),
        9 => Field::Absent,
        10 => Field::NotAString,
        _ => text(draft),
    }
}

fn text<T>(draft: &mut Draft<'_, '_>) -> Field<T> {
    let text = draft.dice.pick(&TEXTS).unwrap_or_default();
    Field::Other(draft.scenario.strings.intern(text))
}

/// A notice of one of the two to the other, or of somebody else, about a message of the draft if there is one.
pub(super) fn forged(draft: &mut Draft<'_, '_>, at: SimTime, couple: Couple) -> FaultKind {
    let stranger = if draft.dice.chance(1, 4) { draft.any_device() } else { couple.sender };
    let sender = if stranger == couple.other { couple.sender } else { stranger };
    let event_type = match draft.dice.number(10) {
        0..=6 => ToDeviceType::Withheld,
        7 | 8 => {
            draft.dice.pick(&ToDeviceType::NAMED).map_or(ToDeviceType::Withheld, |(named, _)| named)
        }
        _ => other_type(draft),
    };
    let message = message(draft, at, couple);
    let room = message.map_or(couple.room, |(_, room)| room);
    let key = if draft.dice.chance(1, 6) { draft.any_device() } else { couple.sender };
    let code = draft.dice.pick(&WithheldCode::ALL).unwrap_or(WithheldCode::Blacklisted);
    let has_no_session = code == WithheldCode::NoOlm && draft.dice.chance(3, 4);
    let session_of = message.map(|(message, _)| message).filter(|_| !has_no_session);
    let session_of = session_of.filter(|_| !draft.dice.chance(1, 6));
    let odd_session = session_of.is_none() && !has_no_session;
    let fields = WithheldContent {
        algorithm: field(draft, Algorithm::MegolmV1),
        room_id: if has_no_session { Field::Absent } else { field(draft, room) },
        session_id: if !odd_session {
            Field::Absent
        } else if draft.dice.chance(1, 2) {
            text(draft)
        } else {
            Field::NotAString
        },
        sender_key: field(draft, key),
        code: field(draft, code),
        reason: match draft.dice.number(4) {
            0 | 1 => Field::Absent,
            2 => Field::Is(code.as_reason()),
            _ => text(draft),
        },
    };
    let content = ForgedContent { fields, session_of };
    FaultKind::ForgedWithheld { sender, recipient: couple.other, event_type, content }
}

/// A message that was sent before, mostly one of the couple's sender.
fn message(
    draft: &mut Draft<'_, '_>,
    at: SimTime,
    couple: Couple,
) -> Option<(MessageId, crate::ids::RoomId)> {
    let any = draft.dice.chance(1, 4);
    let fits = |sending: &super::draft::Sending| {
        sending.at <= at && (any || sending.device == couple.sender)
    };
    let count = draft.sendings.iter().filter(|sending| fits(sending)).count();
    if count == 0 {
        return None;
    }
    let wanted = draft.dice.index(count);
    let all = draft.sendings.iter().enumerate().filter(|(_, sending)| fits(sending));
    all.map(|(index, sending)| (MessageId::at(index), sending.room)).nth(wanted)
}
