//! What the rules P and U ask for: what a recipient concludes, and how it keeps Olm working.
//! It does not know how a rule is judged beyond the kind of judgement.

use crate::rulebook::rule::Rule;
use crate::rulebook::text::judgement::Judgement::{
    AtRest, AtTheFacts, InVerdicts, Permits, Through, Undecidable,
};
use crate::rulebook::text::{Entry, texts};

texts! {
    /// The texts of the rules P and U.
    pub(super) const RECIPIENT:
    P01 "a to-device message of an unknown type changes nothing" [SendToDevice "Client behaviour"] AtTheFacts,
    P02 "a notice explains every message of its session for which no key is held" [Msc2399 "Proposal"] InVerdicts,
    P03 "a notice explains no message from the first held index on, as the key reads these"
        [Msc2399 "Proposal"] AtTheFacts,
    P04 "a recipient may explain by m.no_olm what was sent before the notice came"
        [Events "m.room_key.withheld", Msc2399 "Proposal"] Permits,
    P05 "an m.no_olm explains no message of another sender, and none whose key is held"
        [Events "m.room_key.withheld", Msc2399 "Proposal"] AtTheFacts,
    P06 "a recipient may answer m.no_olm with a new Olm session and m.dummy"
        [Events "m.room_key.withheld", Msc2399 "Proposal"] Permits,
    P07 "the reason of a notice is shown only in place of a code that is unknown"
        [Events "room_key_withheld_content", Msc2399 "Proposal"] AtTheFacts,
    P08 "a notice takes no key away and keeps no later key out" [Msc2399 "Proposal"] AtTheFacts,
    P09 "a notice that comes after a message explains it just as one that came before"
        [EndToEnd "Reporting that decryption keys are withheld"] AtRest,
    P10 "an answer to a key request does not displace the reason that the session's creator gave"
        [Msc2399 "Proposal"] AtTheFacts,
    P11 "a notice about one session explains no message of another" [Msc2399 "Proposal"] AtTheFacts,
    P12 "a to-device message that is listed again has no second effect" [SendToDevice "Server behaviour"] AtTheFacts,
    P13 "a recipient finds sessions by room and session id, never by sender_key or device_id"
        [EndToEnd "m.megolm.v1.aes-sha2"] InVerdicts,
    P14 "a stored key is replaced only by one from a trusted source that starts earlier"
        [EndToEnd "m.megolm.v1.aes-sha2"] AtTheFacts,
    P15 "no two messages with the same session and index are both accepted"
        [EndToEnd "m.megolm.v1.aes-sha2", Megolm "Message Replays"] AtTheFacts,
    P16 "a room key that came in clear is not stored" [EndToEnd "m.megolm.v1.aes-sha2"] AtTheFacts,
    P17 "a notice explains nothing unless its sender made the session or was asked for the key"
        [EndToEnd "m.megolm.v1.aes-sha2"] AtTheFacts,
    U01 "an undecryptable Olm message is followed by a new session and m.dummy on it"
        [EndToEnd "Recovering from undecryptable messages", Msc1719 "Proposal"] AtRest,
    U02 "a device that recovers opens no second Olm session with the same device within an hour"
        [EndToEnd "Recovering from undecryptable messages", Msc1719 "Proposal"] AtTheFacts,
    U03 "a device whose Olm session broke asks for the keys that it may have missed"
        [EndToEnd "Recovering from undecryptable messages", Msc1719 "Proposal", Events "m.dummy"]
        Undecidable("whether a user lets the client ask other devices for keys is a choice that no fact tells"),
    U04 "an Olm message is encrypted with the session that was the last to decrypt one"
        [EndToEnd "m.olm.v1.curve25519-aes-sha2", Msc1719 "Proposal"] AtTheFacts,
    U05 "no one-time key is removed and no session stored before a message on it was decrypted"
        [EndToEnd "m.olm.v1.curve25519-aes-sha2", Olm "Creating an inbound session from a pre-key message"] AtTheFacts,
    U06 "an Olm message without a session is invalid, and a pre-key message is first tried with the sessions it fits"
        [EndToEnd "m.olm.v1.curve25519-aes-sha2"] AtTheFacts,
    U07 "at least four Olm sessions with a device are kept, and the one longest unused goes first"
        [EndToEnd "m.olm.v1.curve25519-aes-sha2"] AtTheFacts,
    U08 "the content of m.dummy is empty and inside an Olm message" [Events "m.dummy", Msc1719 "Proposal"] AtTheFacts,
    U09 "a device may throw away private one-time keys that were not used, the oldest first"
        [EndToEnd "Uploading keys", Msc4225 "Implementation note"] AtTheFacts,
    U10 "a device holds the private parts of two fallback keys at the most"
        [EndToEnd "Uploading keys", Msc2732 "Proposal"] AtTheFacts,
    U11 "an Olm message whose sender, recipient or keys are not those of its envelope is thrown away"
        [EndToEnd "Validation of incoming decrypted events"] AtTheFacts,
    U12 "a recovery that fails is not tried again faster than recoveries are allowed"
        [Msc1719 "Proposal"] Through(&[Rule::U02]),
    U13 "a sender may repeat a share after a new Olm session, and does not without one"
        [EndToEnd "Recovering from undecryptable messages"] AtTheFacts,
}
