//! What the rules Q, F and H ask for: key requests, forwarded keys, history bundles.
//! It does not know how a rule is judged beyond the kind of judgement.

use crate::rulebook::rule::Rule;
use crate::rulebook::text::judgement::Judgement::{
    AtRest, AtTheFacts, Permits, Through, Undecidable,
};
use crate::rulebook::text::{Entry, texts};

texts! {
    /// The texts of the rules Q, F and H.
    pub(super) const ASKING:
    Q01 "a device without a key may ask other devices for it, in clear"
        [EndToEnd "Key requests", Events "m.room_key_request"] Permits,
    Q02 "a key request has an id of its own, which is kept when it is repeated or taken back"
        [Events "m.room_key_request"] AtTheFacts,
    Q03 "a key request says what it wants, who asks, its id and which session it is about"
        [Events "m.room_key_request"]
        Undecidable("a fact records a key request with all of its fields, so that one without them cannot be told"),
    Q04 "a key request goes to verified devices of the own user only"
        [EndToEnd "Key requests", EndToEnd "Recovering from undecryptable messages"] AtTheFacts,
    Q05 "a key is forwarded only to verified devices of the forwarder's own user" [EndToEnd "Key requests"] AtTheFacts,
    Q06 "a key request may be refused by a notice, or in silence"
        [EndToEnd "Key requests", EndToEnd "Reporting that decryption keys are withheld"] Permits,
    Q07 "a device that got the key takes its request back at the others it asked" [EndToEnd "Key requests"] AtRest,
    Q08 "a key request that was taken back is not answered any more" [EndToEnd "Key requests"] AtTheFacts,
    Q09 "a device may leave key requests unanswered" [EndToEnd "Key requests"] Permits,
    Q10 "a refusal by one device leaves a key request open at the others" [Msc2399 "Proposal"] AtTheFacts,
    F01 "a forwarded key travels inside an Olm message" [Events "m.forwarded_room_key"] AtTheFacts,
    F02 "a forwarded key says whose session it is, where it belongs and by which devices it came"
        [Events "m.forwarded_room_key"]
        Undecidable("a fact records a forwarded key with all of its fields, so that one without them cannot be told"),
    F03 "a forwarded key is taken only from a verified device of the own user that was asked for it"
        [EndToEnd "Key requests", EndToEnd "m.megolm.v1.aes-sha2"] AtTheFacts,
    F04 "a forwarder may add why a part of the session was withheld from it"
        [Msc2399 "Interaction with key sharing", EndToEnd "Reporting that decryption keys are withheld"] Permits,
    F05 "the code and the reason that go with a forwarded key are those that its forwarder was told"
        [Events "m.forwarded_room_key", EndToEnd "Reporting that decryption keys are withheld"] AtTheFacts,
    F06 "a forwarded key comes with a reason only if it lacks the start of its session"
        [Events "m.forwarded_room_key"] AtTheFacts,
    F07 "a device that passes on a forwarded key adds the identity key of the device it came from to the chain"
        [Events "m.forwarded_room_key"] AtTheFacts,
    F08 "a forwarded key reaches no further back than the key of its forwarder"
        [Megolm "Overview"] AtTheFacts,
    F09 "the reason that came with a forwarded key explains the messages before its first index"
        [Msc2399 "Interaction with key sharing", EndToEnd "Reporting that decryption keys are withheld"] AtRest,
    F10 "a key backup has no place for the reason of a gap" [Msc2399 "Potential issues"] Permits,
    H01 "a key is marked as shared history exactly if the room's history is shared or world-readable"
        [EndToEnd "Shareable encryption sessions",
         Msc4268 "`shared_history` property in `m.room_key` messages",
         Visibility "introduction"] AtTheFacts,
    H02 "a shared_history mark that is absent or no boolean counts as false"
        [Msc4268 "`shared_history` property in `m.room_key` messages", Events "m.room_key"] Through(&[Rule::H03]),
    H03 "a bundle has keys of shareable sessions only, and lists the others as withheld"
        [EndToEnd "Construction and sharing of the key bundle",
         Bundle "RoomKeyBundle",
         Msc4268 "Room key bundle format"] AtTheFacts,
    H04 "no session stands in a bundle both with its key and as withheld"
        [Bundle "RoomKeyBundle", Msc4268 "Room key bundle format"] AtTheFacts,
    H05 "a bundle goes only to devices that are correctly cross-signed"
        [EndToEnd "Construction and sharing of the key bundle", Msc4268 "`m.room_key_bundle` to-device message"] AtTheFacts,
    H06 "the message that announces a bundle has the sender's device keys, or is ignored"
        [Events "m.room_key_bundle", Msc4268 "`m.room_key_bundle` to-device message"] AtTheFacts,
    H07 "a bundle is made after the device list was refreshed and the keys of the backup were fetched"
        [EndToEnd "Construction and sharing of the key bundle"] AtTheFacts,
    H08 "a bundle is opened after its sender's invite was accepted, for keys of that room alone"
        [EndToEnd "Receiving a key bundle event", Msc4268 "Actions as a receiving client"] AtTheFacts,
    H09 "a recipient remembers who gave it the keys of a bundle" [EndToEnd "Receiving a key bundle event"] AtTheFacts,
    H10 "what a bundle lists as withheld names its room and its session, and is never m.no_olm"
        [Bundle "RoomKeyBundle", Events "room_key_withheld_content"] AtTheFacts,
}
