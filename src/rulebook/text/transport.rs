//! What the rules C, T and D ask for: one-time keys, to-device messages, device lists.
//! It does not know how a rule is judged beyond the kind of judgement.

use crate::rulebook::rule::Rule;
use crate::rulebook::text::judgement::Judgement::{
    AtRest, AtTheFacts, InVerdicts, Permits, Undecidable,
};
use crate::rulebook::text::{Entry, texts};

texts! {
    /// The texts of the rules C, T and D.
    pub(super) const TRANSPORT:
    C01 "a server hands out a one-time key once"
        [EndToEnd "One-time and fallback keys", KeysApi "POST /keys/claim"] AtTheFacts,
    C02 "a server hands out the one-time keys of an earlier upload before those of a later one"
        [KeysApi "POST /keys/claim", Federation "End-to-End Encryption", Msc4225 "Proposal"] AtTheFacts,
    C03 "a server hands out a fallback key if no one-time key is left, and only then"
        [KeysApi "POST /keys/claim", Msc2732 "Proposal"] AtTheFacts,
    C04 "a fallback key stays until it is replaced, and counts as used once it was handed out"
        [EndToEnd "One-time and fallback keys", Msc2732 "Proposal"] AtTheFacts,
    C05 "a claim reports a server as failed if it cannot be reached, and leaves out devices without a key"
        [KeysApi "POST /keys/claim"] AtTheFacts,
    C06 "a sync answer counts the unclaimed one-time keys as long as there are any"
        [EndToEnd "Extensions to /sync"] AtTheFacts,
    C07 "a sync answer lists the unused fallback keys, even if there are none"
        [EndToEnd "Extensions to /sync", Msc2732 "Proposal"] AtTheFacts,
    C08 "a device that is online keeps one-time keys on its server, and replaces a used fallback key soon"
        [EndToEnd "One-time and fallback keys", Msc2732 "Proposal"] AtRest,
    C09 "no Olm session is made from a claimed key whose signature does not hold"
        [EndToEnd "Key algorithms", EndToEnd "Device keys"] AtTheFacts,
    C10 "a claimed key makes one Olm session and no more" [EndToEnd "One-time and fallback keys"] AtTheFacts,
    T01 "a to-device message reaches each of its recipients exactly once" [SendToDevice "introduction"] AtRest,
    T02 "a device's to-device messages are listed in the order in which they came in"
        [SendToDevice "Server behaviour"] AtTheFacts,
    T03 "a to-device message is kept until its recipient has it" [SendToDevice "Server behaviour"] AtTheFacts,
    T04 "a to-device message is listed until a sync acknowledges it, and deleted then"
        [SendToDevice "Server behaviour"] AtTheFacts,
    T05 "a sync answer lists no more than 100 to-device messages" [SendToDevice "Server behaviour"] AtTheFacts,
    T06 "a transaction has one message for each device, and all of them are of one type"
        [SendToDevice "Client behaviour"] AtTheFacts,
    T07 "a transaction that is sent again has no second effect"
        [ClientServer "Transaction identifiers", ToDeviceApi "PUT /sendToDevice"] AtTheFacts,
    T08 "a message to all devices of a user reaches every device that the server knows then"
        [SendToDevice "Client behaviour",
         ToDeviceApi "PUT /sendToDevice"]
        Undecidable("no client here addresses all devices at once, and no fact could tell such a message from single ones"),
    T09 "a to-device message that comes twice over federation is stored once"
        [Federation "Send-to-device messaging"] AtTheFacts,
    T10 "a transaction without an answer is sent again under its own id until it has one"
        [ClientServer "Transaction identifiers"] AtTheFacts,
    T11 "a device stores what a sync brought before it acknowledges it" [SendToDevice "Server behaviour"] AtRest,
    T12 "no order is promised between to-device and room messages, nor between different senders"
        [SendToDevice "Server behaviour"] Permits,
    D01 "nothing is encrypted in a room before its members' devices have been asked for"
        [EndToEnd "Tracking the device list for a user"] AtTheFacts,
    D02 "a note that a user's devices changed leads to a new query"
        [EndToEnd "Tracking the device list for a user"] AtRest,
    D03 "an outdated device list is refreshed before a message is encrypted"
        [EndToEnd "Tracking the device list for a user"] AtTheFacts,
    D04 "an older answer about a device list undoes neither a newer answer nor a newer note"
        [EndToEnd "Tracking the device list for a user"] AtTheFacts,
    D05 "a restart makes no device forget which lists are outdated"
        [EndToEnd "Tracking the device list for a user"] AtRest,
    D06 "a device list that is no longer followed is not used without a new query"
        [EndToEnd "Tracking the device list for a user"] AtTheFacts,
    D07 "a server tells devices of each change to a list that they have to follow"
        [EndToEnd "Extensions to /sync"] InVerdicts,
    D08 "a device that is gone from its user's list is given no more keys"
        [EndToEnd "m.megolm.v1.aes-sha2", EndToEnd "Tracking the device list for a user"] AtTheFacts,
}
