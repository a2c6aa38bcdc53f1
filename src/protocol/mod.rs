//! The nouns of Matrix that the room-key story needs: codes, payloads, requests, room state, Olm and Megolm.
//! Nothing here knows what time it is, who is faulty, or how any of it travels.

pub mod api;
pub mod bundle;
pub mod bytes;
pub mod entropy;
pub mod json;
pub mod megolm;
pub mod olm;
pub mod provenance;
pub mod room;
pub mod spelling;
pub mod to_device;
pub mod withheld;
