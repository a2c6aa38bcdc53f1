//! What the rules B and O ask for: unblocking, and the freedom not to report.
//! It does not know how a rule is judged beyond the kind of judgement.

use crate::rulebook::rule::Rule;
use crate::rulebook::text::judgement::Judgement::{AtTheFacts, InVerdicts, Permits, Through};
use crate::rulebook::text::{Entry, texts};

texts! {
    /// The texts of the rules B and O.
    pub(super) const PERMISSION:
    B01 "a sender may give a device that it unblocks the session that it withheld from it"
        [Msc2399 "Proposal"] Through(&[Rule::K06, Rule::K08]),
    B02 "a key that an unblocked device is given starts no earlier than the unblocking"
        [Msc2399 "Interaction with key sharing", EndToEnd "Reporting that decryption keys are withheld"] AtTheFacts,
    B03 "what was sent before the unblocking stays explained by the notice of that time"
        [Msc2399 "Proposal"] Through(&[Rule::P02, Rule::P03, Rule::W09]),
    B04 "an unblocked device is given the key in time for the next message"
        [Msc2399 "Proposal", EndToEnd "m.megolm.v1.aes-sha2"] InVerdicts,
    B05 "a device that is blocked again is told of a new session if it has a key, and not again if it has none"
        [Msc2399 "Proposal", EndToEnd "Device verification"] Through(&[Rule::R05, Rule::W01, Rule::W09]),
    B06 "no event takes a notice back, and the key itself says that it is over" [Msc2399 "Proposal"] Permits,
    O01 "a user may have no notices sent, to everybody or to some"
        [EndToEnd "Reporting that decryption keys are withheld", Msc2399 "Security considerations"] Permits,
    O02 "a sender that does not like to say why still puts a code into each notice"
        [Events "room_key_withheld_content", Msc2399 "Proposal"] Through(&[Rule::W03]),
    O03 "who is given keys does not depend on what is reported"
        [Msc2399 "Security considerations"] Through(&[Rule::K01, Rule::K06, Rule::K08, Rule::R08]),
    O04 "a sender that does not report to a target sends it no notice" [Msc2399 "Security considerations"] AtTheFacts,
}
