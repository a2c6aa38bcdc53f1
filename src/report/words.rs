//! The word or the few words for everything that occurs in a fact, as they stand inside a sentence.
//! It does not know which sentence.

use crate::check::outcome::{NotSent, Unsent};
use crate::ids::{
    BundleId, DeviceId, FaultId, KeyValue, MegolmSessionId, MessageId, OlmSessionId, RequestId,
    RoomId, ServerId, ToDeviceId, TxnId, UserId,
};
use crate::protocol::api::ListChange;
use crate::protocol::room::{HistoryVisibility, Membership, RoomAlgorithm, Rotation};
use crate::protocol::to_device::{OlmEvent, ToDeviceType};
use crate::protocol::withheld::{CodeSet, Field, WithheldCode, WithheldContent};
use crate::scenario::policy::{SharePolicy, Target};
use crate::time::SimTime;
use crate::trace::fact::{
    BackupRead, ClaimFailed, ClaimOutcome, Direction, KeySource, LossCause, Observer, OlmCause,
    OlmError, OlmResult, ProcessOutcome, QueryOutcome, Refusal, RunEnd, SentContent, Shown,
    TryResult,
};
use crate::trace::jsonl::Numbered;

use super::names::Names;
use super::text::{count, safe};

/// Something that has a word in a sentence.
pub(super) trait Word {
    /// The word.
    fn word(&self, names: &Names<'_>) -> String;
}

/// Enums by a phrase each.
macro_rules! phrases {
    ($($name:ident { $($variant:ident $phrase:literal,)* })*) => {$(
        impl Word for $name {
            fn word(&self, _: &Names<'_>) -> String {
                match self { $(Self::$variant => $phrase,)* }.to_owned()
            }
        }
    )*};
}

phrases! {
    Membership { Leave "left", Invite "was invited to", Join "joined", Ban "was banned from", }
    HistoryVisibility {
        Invited "invited", Joined "joined", Shared "shared", WorldReadable "world_readable",
    }
    ListChange { Changed "has changed", Left "need not be followed any more", }
    SharePolicy {
        Everyone "every device that is not blocked", CrossSigned "cross-signed devices only",
        Verified "verified devices only",
    }
    RunEnd {
        Quiescent "everything had come to rest", Horizon "the horizon was reached",
        ActionLimit "the limit of actions was reached",
    }
    ClaimFailed {
        Unreachable "its server could not be reached", Timeout "no answer came in time",
        Http "the server answered with an error", BadSignature "the key was badly signed",
    }
    Direction { Outbound "opened", Inbound "was given", }
    OlmCause {
        Share "to send a key", Reply "to answer a key request",
        Unwedge "after a message that it could not decrypt", NoOlm "after m.no_olm",
        Received "by a pre-key message",
    }
    LossCause {
        Rollback "its store became an older one", Wiped "it was gone from its store",
        Notice "a notice made it drop it", Overwritten "a key with a later index replaced it",
        Used "it was used", FailedMessage "a message that failed used it up",
        Expired "it was retired",
    }
    BackupRead {
        NoBackup "without a key backup", Read "after it had read the key backup",
        Failed "though the key backup could not be reached",
        NotRead "without a look into the key backup",
    }
    ProcessOutcome {
        Handled "handled", Duplicate "had already seen", Discarded "discarded",
        Ignored "ignored",
    }
}

impl Word for u32 {
    fn word(&self, _: &Names<'_>) -> String {
        self.to_string()
    }
}

impl Word for SimTime {
    fn word(&self, _: &Names<'_>) -> String {
        self.to_string()
    }
}

impl Word for DeviceId {
    fn word(&self, names: &Names<'_>) -> String {
        names.device(*self)
    }
}

impl Word for MessageId {
    fn word(&self, names: &Names<'_>) -> String {
        names.message(*self)
    }
}

impl Word for RoomId {
    fn word(&self, names: &Names<'_>) -> String {
        names.room(*self)
    }
}

impl Word for UserId {
    fn word(&self, names: &Names<'_>) -> String {
        names.user(*self)
    }
}

impl Word for ServerId {
    fn word(&self, names: &Names<'_>) -> String {
        names.server(*self)
    }
}

impl Word for FaultId {
    fn word(&self, names: &Names<'_>) -> String {
        names.fault(*self)
    }
}

impl Word for Observer {
    fn word(&self, names: &Names<'_>) -> String {
        match self {
            Self::World => "the simulator".to_owned(),
            Self::Server(server) => server.word(names),
            Self::Device(device) => device.word(names),
        }
    }
}

/// Ids that come up in a run, by a noun, a sign and their number; in a log that has texts for them by these.
macro_rules! numbered {
    ($($id:ident $kind:ident $noun:literal $sign:literal,)*) => {$(
        impl Word for $id {
            fn word(&self, names: &Names<'_>) -> String {
                let own = names.own(Numbered::$kind, self.raw());
                format!("{}{}", $noun, own.unwrap_or_else(|| format!("{}{}", $sign, self.raw())))
            }
        }
    )*};
}

numbered! {
    MegolmSessionId MegolmSession "session " "#",
    BundleId Bundle "bundle " "#",
    OlmSessionId OlmSession "" "o",
    KeyValue Key "" "k",
    RequestId Request "" "r",
    ToDeviceId ToDevice "" "x",
    TxnId Txn "" "t",
}

impl Word for WithheldCode {
    fn word(&self, _: &Names<'_>) -> String {
        self.as_str().to_owned()
    }
}

impl Word for CodeSet {
    fn word(&self, _: &Names<'_>) -> String {
        match *self {
            Self::ALL => "every code".to_owned(),
            Self::NONE => "no code".to_owned(),
            some => some.iter().map(WithheldCode::as_str).collect::<Vec<_>>().join(", "),
        }
    }
}

impl Word for Rotation {
    fn word(&self, _: &Names<'_>) -> String {
        let messages = count(u64::from(self.messages), "message");
        match self.algorithm {
            RoomAlgorithm::MegolmV1 => format!("after {} or {messages}", self.period),
            RoomAlgorithm::Other => {
                format!(
                    "after {} or {messages}, under an algorithm that is not Megolm",
                    self.period
                )
            }
        }
    }
}

impl Word for Target {
    fn word(&self, names: &Names<'_>) -> String {
        match self {
            Self::User(user) => user.word(names),
            Self::Device(device) => device.word(names),
        }
    }
}

impl Word for Option<Target> {
    fn word(&self, names: &Names<'_>) -> String {
        self.map_or_else(|| "everybody".to_owned(), |target| target.word(names))
    }
}

impl Word for ToDeviceType {
    fn word(&self, names: &Names<'_>) -> String {
        match self {
            Self::Other(spelling) => safe(names.scenario.strings.text(*spelling)),
            Self::Encrypted
            | Self::Withheld
            | Self::WithheldUnstable
            | Self::WithheldMisspelt
            | Self::KeyRequest
            | Self::ClearRoomKey
            | Self::ClearForwardedRoomKey
            | Self::ClearDummy
            | Self::NoKey => self.as_str().unwrap_or_default().to_owned(),
        }
    }
}

impl Word for WithheldContent {
    fn word(&self, names: &Names<'_>) -> String {
        match self.code {
            Field::Is(code) => code.as_str().to_owned(),
            Field::Other(text) => {
                format!("the unknown code {}", safe(names.scenario.strings.text(text)))
            }
            Field::Absent => "a notice without a code".to_owned(),
            Field::NotAString => "a notice whose code is not a string".to_owned(),
        }
    }
}

impl Word for OlmEvent {
    fn word(&self, names: &Names<'_>) -> String {
        match self {
            Self::RoomKey(key) => {
                format!("the key of {} from index {} on", key.session.word(names), key.first)
            }
            Self::ForwardedRoomKey(forwarded) => format!(
                "the forwarded key of {} from index {} on",
                forwarded.key.session.word(names),
                forwarded.key.first
            ),
            Self::Dummy { .. } => "m.dummy".to_owned(),
            Self::Withheld(content) => format!("{} (encrypted)", content.word(names)),
            Self::RoomKeyBundle(bundle) => format!("history {}", bundle.bundle.word(names)),
        }
    }
}

impl Word for SentContent {
    fn word(&self, names: &Names<'_>) -> String {
        match self {
            Self::Olm(event) => event.word(names),
            Self::Sealed => "an Olm message".to_owned(),
            Self::Clear(event) => format!("{}, not encrypted", event.word(names)),
            Self::Withheld(content) => content.word(names),
            Self::KeyRequest(request) => format!("key request {}", request.request.word(names)),
        }
    }
}

impl Word for QueryOutcome {
    fn word(&self, _: &Names<'_>) -> String {
        match self {
            Self::Applied { .. } => "was answered",
            Self::Overtaken => "was answered with an older list, which was not used",
            Self::Failed => "failed",
        }
        .to_owned()
    }
}

impl Word for ClaimOutcome {
    fn word(&self, names: &Names<'_>) -> String {
        match self {
            Self::Key { key, fallback: false } => format!("one-time key {}", key.word(names)),
            Self::Key { key, fallback: true } => format!("fallback key {}", key.word(names)),
            Self::NoKey => "nothing: there was no key".to_owned(),
            Self::Failed(why) => format!("nothing: {}", why.word(names)),
        }
    }
}

impl Word for OlmError {
    fn word(&self, names: &Names<'_>) -> String {
        match self {
            Self::NoSession => "it has no session that fits".to_owned(),
            Self::MissingKey(key) => format!("it does not have key {}", key.word(names)),
            Self::MissingMessageKey => "the message key is gone".to_owned(),
            Self::BadMac => "the session is out of step, or the text is damaged".to_owned(),
            Self::Mismatch => "sender, recipient or keys inside do not fit".to_owned(),
        }
    }
}

impl Word for OlmResult {
    fn word(&self, names: &Names<'_>) -> String {
        match self {
            Self::Decrypted { event, .. } => format!("decrypted {}", event.word(names)),
            Self::Duplicate => "had already decrypted it".to_owned(),
            Self::Failed(why) => format!("could not decrypt it: {}", why.word(names)),
        }
    }
}

impl Word for KeySource {
    fn word(&self, names: &Names<'_>) -> String {
        match self {
            Self::RoomKey => "from its creator".to_owned(),
            Self::Forwarded { withheld: None } => "forwarded".to_owned(),
            Self::Forwarded { withheld: Some(code) } => {
                format!("forwarded, with the remark {}", code.as_str())
            }
            Self::Backup => "from the backup".to_owned(),
            Self::Own => "of its own".to_owned(),
            Self::Bundle { from: Some(user) } => {
                format!("from a history bundle of {}", user.word(names))
            }
            Self::Bundle { from: None } => "from a history bundle of nobody it knows".to_owned(),
        }
    }
}

impl Word for Shown {
    fn word(&self, names: &Names<'_>) -> String {
        match self {
            Self::Unexplained => "no explanation".to_owned(),
            Self::Code { code, .. } => code.as_str().to_owned(),
            Self::Reason { text: Some(text), .. } => {
                format!("the text \"{}\"", safe(names.scenario.strings.text(*text)))
            }
            Self::Reason { text: None, .. } => "a notice without a text".to_owned(),
        }
    }
}

impl Word for TryResult {
    fn word(&self, names: &Names<'_>) -> String {
        match self {
            Self::Decrypted => "could read".to_owned(),
            Self::Hidden => "decrypted and hid".to_owned(),
            Self::Invalid => "found no valid message in".to_owned(),
            Self::Undecryptable(shown) => format!("showed {} for", shown.word(names)),
        }
    }
}

/// That a message was not sent, and why.
impl Word for Unsent {
    fn word(&self, names: &Names<'_>) -> String {
        let (device, message) = (self.device.word(names), self.message.word(names));
        match self.why {
            NotSent::Refused(why, at) => {
                format!("{device} did not send {message} at {at}: {}", why.word(names))
            }
            NotSent::SenderStopped => {
                format!("{device} never sent {message}: it stopped before it could")
            }
            NotSent::Waiting => {
                format!("{device} never sent {message}: it was still waiting when the run ended")
            }
        }
    }
}

impl Word for Refusal {
    fn word(&self, names: &Names<'_>) -> String {
        match self {
            Self::IdentityChanged(user) => {
                format!("the identity of {} has changed and was not accepted", user.word(names))
            }
            Self::WouldWithhold(device) => {
                format!("the key would be withheld from {}", device.word(names))
            }
            Self::NotInRoom => "its user is not in the room".to_owned(),
            Self::NotLoggedIn => "the device is not logged in".to_owned(),
            Self::NoEncryption => "the device cannot encrypt for the room".to_owned(),
        }
    }
}
