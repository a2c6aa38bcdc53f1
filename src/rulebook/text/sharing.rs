//! What the rules K, R and V ask for: sharing keys, replacing sessions, trust in devices.
//! It does not know how a rule is judged beyond the kind of judgement.

use crate::rulebook::rule::Rule;
use crate::rulebook::text::judgement::Judgement::{
    AtRest, AtTheFacts, InVerdicts, Permits, Through, Undecidable,
};
use crate::rulebook::text::{Entry, texts};

texts! {
    /// The texts of the rules K, R and V.
    pub(super) const SHARING:
    K01 "a device that is owed a message's key is given it at an index that reads the message"
        [EndToEnd "m.megolm.v1.aes-sha2"] InVerdicts,
    K02 "no message leaves before its key has been sent to the devices that are owed it"
        [EndToEnd "m.megolm.v1.aes-sha2"] AtTheFacts,
    K03 "a device learnt of while a session is in use is given its key for the messages that follow"
        [EndToEnd "Tracking the device list for a user", Megolm "Partial Forward Secrecy"] InVerdicts,
    K04 "a key reaches no further back than its recipient's right to read"
        [Megolm "Partial Forward Secrecy", Msc2399 "Interaction with key sharing", Visibility "introduction"] AtTheFacts,
    K05 "a room key travels inside an Olm message and in no other way"
        [Events "m.room_key", EndToEnd "m.megolm.v1.aes-sha2"] AtTheFacts,
    K06 "a device that the sender has blocked is given no key"
        [EndToEnd "Device verification", Events "m.room_key.withheld"] AtTheFacts,
    K07 "no Olm message goes to a device that lacks its owner's cross-signature, if the policy says so"
        [EndToEnd "Recommended client behaviour",
         Msc4153 "Encrypted to-device messages SHOULD NOT be sent to non-cross-signed devices"] AtTheFacts,
    K08 "a sender that shares with trusted devices only gives no other device a key"
        [Events "m.room_key.withheld",
         Msc4153 "Encrypted to-device messages SHOULD NOT be sent to non-cross-signed devices"] AtTheFacts,
    K09 "a device without identity keys is passed over: it gets no key and no notice, and stops no message"
        [EndToEnd "Recommended client behaviour",
         Msc4153 "Non-cryptographic devices SHOULD NOT impact E2EE behaviour"] AtTheFacts,
    K10 "other devices of the sender's own user are given the key like anybody's, the sending device is not"
        [EndToEnd "m.megolm.v1.aes-sha2", EndToEnd "Sharing keys between devices"] InVerdicts,
    K11 "all that a sender decides about one message rests on one policy and one device list"
        [Msc2399 "Proposal"] AtTheFacts,
    K12 "a recipient stores a room key that it could decrypt" [EndToEnd "m.megolm.v1.aes-sha2"] AtRest,
    R01 "no message is encrypted with a session older than the room's rotation period"
        [EndToEnd "m.megolm.v1.aes-sha2", Events "m.room.encryption"] AtTheFacts,
    R02 "no session encrypts more messages than the room's rotation settings allow"
        [EndToEnd "m.megolm.v1.aes-sha2", Events "m.room.encryption"] AtTheFacts,
    R03 "no session stays in use when a user or device that was given its key is gone"
        [EndToEnd "m.megolm.v1.aes-sha2"] AtTheFacts,
    R04 "no session outlives the departure of a member, even of one that its sender never shared it with"
        [EndToEnd "m.megolm.v1.aes-sha2", Msc4268 "Security considerations"] AtTheFacts,
    R05 "no session stays in use while a device that was given its key is blocked or excluded"
        [EndToEnd "Device verification", Msc2399 "Proposal"] AtTheFacts,
    R06 "no session stays in use when the room's history opens to later members, or closes to them"
        [EndToEnd "Shareable encryption sessions",
         EndToEnd "m.megolm.v1.aes-sha2",
         Msc4268 "`shared_history` property in `m.room_key` messages"] AtTheFacts,
    R07 "in a limited sync any membership but join counts as a departure, and ends the session"
        [EndToEnd "m.megolm.v1.aes-sha2", Msc4268 "Security considerations"] AtTheFacts,
    R08 "a session is not replaced without one of the reasons that call for it"
        [EndToEnd "m.megolm.v1.aes-sha2"] AtTheFacts,
    R09 "a session that replaces another is shared first and encrypts afterwards"
        [EndToEnd "m.megolm.v1.aes-sha2"] AtTheFacts,
    R10 "a sender may begin a new session after it has unblocked a device" [Msc2399 "Proposal"] Permits,
    R11 "a session is given up when the room's encryption algorithm changes" [Events "m.room.encryption"] AtTheFacts,
    V01 "a device is trusted through an unbroken chain of signatures, or because it was itself verified"
        [EndToEnd "Cross-signing", EndToEnd "Recommended client behaviour"] Through(&[Rule::K08, Rule::W08, Rule::Q05]),
    V02 "a user's new master key is accepted before anything more is sent to a room with that user"
        [EndToEnd "Key and signature security", EndToEnd "Recommended client behaviour"] AtTheFacts,
    V03 "a message from a device without its owner's cross-signature is not shown"
        [EndToEnd "Recommended client behaviour",
         Msc4153 "Encrypted messages from non-cross-signed devices SHOULD be ignored"] InVerdicts,
    V04 "a key counts as its sender's only after that sender's signed device keys confirm it"
        [EndToEnd "Verification of the sending user for incoming events", Msc4147 "Proposal"] AtTheFacts,
    V05 "an Olm message that has device keys has its sender's, and one that announces a key bundle has them"
        [EndToEnd "Validation of incoming decrypted events", Msc4147 "Proposal", Events "m.room_key_bundle"] AtTheFacts,
    V06 "a verification names keys by their public part, and no device id passes for a cross-signing key"
        [EndToEnd "Key and signature security"]
        Undecidable("no fact tells the steps of a verification, and no key can have the id of another"),
}
