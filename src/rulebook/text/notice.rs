//! What the rules W and N ask for: the withheld notice, and `m.no_olm`.
//! It does not know how a rule is judged beyond the kind of judgement.

use crate::rulebook::rule::Rule;
use crate::rulebook::text::judgement::Judgement::{AtTheFacts, InVerdicts, Permits, Through};
use crate::rulebook::text::{Entry, texts};

texts! {
    /// The texts of the rules W and N.
    pub(super) const NOTICE:
    W01 "a device from which a key is withheld is told, if the sender reports"
        [Msc2399 "Proposal", EndToEnd "Reporting that decryption keys are withheld"] InVerdicts,
    W02 "a notice has the type m.room_key.withheld, to the letter"
        [Events "m.room_key.withheld", Msc2399 "Proposal"] AtTheFacts,
    W03 "a notice has an algorithm, a sender_key and a code, each of them a string"
        [Events "room_key_withheld_content", Msc2399 "Proposal"] AtTheFacts,
    W04 "a notice names its room and its session, unless its code is m.no_olm"
        [Events "room_key_withheld_content", Msc2399 "Proposal"] AtTheFacts,
    W05 "a notice with the code m.no_olm names neither room nor session"
        [Events "m.room_key.withheld", Msc2399 "Proposal"] AtTheFacts,
    W06 "a code is one of those that are defined, or has a name of its own under a reversed domain"
        [Events "room_key_withheld_content"] AtTheFacts,
    W07 "a notice is about a key for m.megolm.v1.aes-sha2" [Events "room_key_withheld_content"] AtTheFacts,
    W08 "the code of a notice is the sender's true reason to give no key"
        [Events "m.room_key.withheld", Msc2399 "Proposal"] AtTheFacts,
    W09 "a sender tells a device once that a session is withheld, unless the device asks"
        [Msc2399 "Proposal"] AtTheFacts,
    W10 "a device that was given a key is not told afterwards that its session is withheld"
        [Msc2399 "Proposal"] AtTheFacts,
    W11 "a key request is answered by one notice at the most"
        [Msc2399 "Proposal", EndToEnd "Key requests", EndToEnd "Reporting that decryption keys are withheld"] AtTheFacts,
    W12 "only a device that was asked for a key and does not have it says m.unavailable"
        [Events "m.room_key.withheld", Msc2399 "Proposal"] AtTheFacts,
    W13 "the code m.unauthorised refuses a key that the sender has to a device with no right to it"
        [Events "m.room_key.withheld", Msc2399 "Proposal"] AtTheFacts,
    W14 "the code m.history_not_shared stands in a key bundle and never in a notice to a device"
        [Events "m.room_key.withheld", Msc4268 "New \"withheld\" code"] AtTheFacts,
    W15 "the reason of a notice, if there is one, is a string that fits the code"
        [Events "room_key_withheld_content", Msc2399 "Proposal"] AtTheFacts,
    W16 "the sender_key of a notice is its sender's key, or in an answer that of the session's creator"
        [Events "room_key_withheld_content", Msc2399 "Proposal"] AtTheFacts,
    W17 "a notice that nobody asked for goes only to devices of users who could see the message"
        [EndToEnd "Reporting that decryption keys are withheld"] AtTheFacts,
    W18 "a notice is sent in clear, so that it can be read without an Olm session"
        [Events "m.room_key.withheld"] AtTheFacts,
    W19 "the code m.unverified may also stand for a device that is not cross-signed"
        [EndToEnd "Recommended client behaviour",
         Msc4153 "Encrypted to-device messages SHOULD NOT be sent to non-cross-signed devices"] Permits,
    W20 "a notice names a session that its sender made in that room"
        [Msc2399 "Proposal", Events "room_key_withheld_content"] AtTheFacts,
    W21 "a device that the policy excludes hears of the policy, never of m.no_olm, and no key of it is claimed"
        [Events "m.room_key.withheld"] AtTheFacts,
    W22 "no device sends a notice to itself" [EndToEnd "Reporting that decryption keys are withheld"] AtTheFacts,
    W23 "a notice may have its unstable type during development only" [Msc2399 "Unstable prefix"] Through(&[Rule::W02]),
    N01 "a device with which Olm cannot be set up is told m.no_olm, if the sender reports"
        [Events "m.room_key.withheld", Msc2399 "Proposal"] InVerdicts,
    N02 "a device is told m.no_olm once, until there is an Olm session with it again"
        [Events "m.room_key.withheld", Msc2399 "Proposal"] AtTheFacts,
    N03 "one m.no_olm stands for all rooms and all sessions of its sender"
        [Events "m.room_key.withheld", Msc2399 "Proposal"] AtTheFacts,
    N04 "a sender may claim a key again after a failure, if it pauses in between"
        [Events "m.room_key.withheld", Msc2399 "Proposal"] AtTheFacts,
    N05 "a new Olm session, opened by either side, makes room for another m.no_olm"
        [Events "m.room_key.withheld", Olm "Sending normal messages"] Through(&[Rule::N01, Rule::N02]),
    N06 "a sender that has an Olm session with a device does not tell it m.no_olm"
        [Events "m.room_key.withheld", Msc2399 "Proposal"] AtTheFacts,
    N07 "a device is given keys again from the first message after Olm with it has recovered"
        [EndToEnd "m.megolm.v1.aes-sha2", Events "m.dummy"] InVerdicts,
    N08 "m.no_olm is counted for each pair of sending and receiving device"
        [Msc2399 "Proposal"] Through(&[Rule::N01, Rule::N02]),
    N09 "an unreachable server may count as a failed attempt, after another try"
        [Msc2399 "Proposal", KeysApi "POST /keys/claim"] AtTheFacts,
    N10 "a sender that was handed a fallback key does not report m.no_olm"
        [Msc2732 "Proposal", KeysApi "POST /keys/claim"] AtTheFacts,
    N11 "a sender remembers through restarts and rotations whom it has told m.no_olm"
        [Events "m.room_key.withheld"] Through(&[Rule::N02]),
}
