//! The form in JSON of everything that occurs in a fact: ids by name, enums by a word, contents as objects.
//! It does not know which fact it is for.

use crate::ids::{
    BundleId, ClaimId, DeviceId, FactId, FaultId, KeyValue, MegolmSessionId, MessageId,
    OlmSessionId, QueryId, RequestId, RoomId, ServerId, SigningKey, Sym, ToDeviceId, TxnId, UserId,
};
use crate::protocol::api::ListChange;
use crate::protocol::room::{HistoryVisibility, Membership, RoomAlgorithm, Rotation};
use crate::protocol::to_device::{
    ForwardedRoomKey, ForwardedWithheld, KeyRequest, KeyRequestAction, OlmEvent, RoomKey,
    RoomKeyBundle, SenderKeys, SharedHistory, ToDeviceType,
};
use crate::protocol::withheld::{
    Algorithm, CodeSet, Field, MEGOLM_ALGORITHM, WithheldCode, WithheldContent,
};
use crate::scenario::policy::{SharePolicy, Target};
use crate::time::SimTime;
use crate::trace::fact::{
    BackupRead, ClaimFailed, ClaimOutcome, Direction, KeySource, LossCause, Observer, OlmCause,
    OlmError, OlmResult, ProcessOutcome, QueryOutcome, Refusal, RunEnd, SentContent, Shown,
    TryResult,
};

use super::line::{Line, Object, Term};

/// Ids that a scenario gives a name.
macro_rules! named {
    ($($id:ident $name:ident,)*) => {$(
        impl Term for $id {
            fn put(&self, line: &mut Line<'_>) {
                line.string(line.names().$name(*self));
            }
        }
    )*};
}

named! {
    DeviceId device_name,
    UserId user_name,
    RoomId room_name,
    MessageId message_name,
}

impl Term for ServerId {
    fn put(&self, line: &mut Line<'_>) {
        line.string(&line.names().servers[self.index()].name);
    }
}

impl Term for Sym {
    fn put(&self, line: &mut Line<'_>) {
        line.string(line.names().strings.text(*self));
    }
}

/// Ids that come up in a run and have a number only.
macro_rules! numbered {
    ($($id:ident)*) => {$(
        impl Term for $id {
            fn put(&self, line: &mut Line<'_>) {
                self.raw().put(line);
            }
        }
    )*};
}

numbered! {
    BundleId ClaimId FactId FaultId KeyValue MegolmSessionId OlmSessionId QueryId RequestId SigningKey ToDeviceId TxnId
}

/// Enums without contents, by a word each.
macro_rules! words {
    ($($name:ident { $($variant:ident $word:literal,)* })*) => {$(
        impl Term for $name {
            fn put(&self, line: &mut Line<'_>) {
                line.raw(match self { $(Self::$variant => concat!("\"", $word, "\""),)* });
            }
        }
    )*};
}

words! {
    Membership { Leave "leave", Invite "invite", Join "join", Ban "ban", }
    HistoryVisibility {
        Invited "invited", Joined "joined", Shared "shared", WorldReadable "world_readable",
    }
    ListChange { Changed "changed", Left "left", }
    SharePolicy { Everyone "everyone", CrossSigned "cross_signed", Verified "verified", }
    RunEnd { Quiescent "quiescent", Horizon "horizon", ActionLimit "action_limit", }
    SenderKeys { Absent "absent", Agree "agree", Differ "differ", }
    ClaimFailed {
        Unreachable "unreachable", Timeout "timeout", Http "http", BadSignature "bad_signature",
    }
    Direction { Outbound "outbound", Inbound "inbound", }
    OlmCause {
        Share "share", Reply "reply", Unwedge "unwedge", NoOlm "no_olm", Received "received",
    }
    LossCause {
        Rollback "rollback", Wiped "wiped", Notice "notice", Overwritten "overwritten", Used "used",
        FailedMessage "failed_message", Expired "expired",
    }
    BackupRead { NoBackup "no_backup", Read "read", Failed "failed", NotRead "not_read", }
    ProcessOutcome {
        Handled "handled", Duplicate "duplicate", Discarded "discarded", Ignored "ignored",
    }
}

impl Term for SimTime {
    /// Milliseconds.
    fn put(&self, line: &mut Line<'_>) {
        self.as_ms().put(line);
    }
}

impl Term for Rotation {
    fn put(&self, line: &mut Line<'_>) {
        line.object(|object| {
            object.field("period_ms", &self.period.as_ms());
            object.field("messages", &self.messages);
            match self.algorithm {
                RoomAlgorithm::MegolmV1 => {}
                RoomAlgorithm::Other => object.field("algorithm", &"other"),
            }
        });
    }
}

impl Term for WithheldCode {
    fn put(&self, line: &mut Line<'_>) {
        line.string(self.as_str());
    }
}

impl Term for CodeSet {
    fn put(&self, line: &mut Line<'_>) {
        line.array(self.iter());
    }
}

impl Term for Target {
    fn put(&self, line: &mut Line<'_>) {
        line.object(|object| match self {
            Self::User(user) => object.field("user", user),
            Self::Device(device) => object.field("device", device),
        });
    }
}

impl Term for Observer {
    fn put(&self, line: &mut Line<'_>) {
        match self {
            Self::World => line.raw("\"world\""),
            Self::Server(server) => line.object(|object| object.field("server", server)),
            Self::Device(device) => line.object(|object| object.field("device", device)),
        }
    }
}

impl Term for QueryOutcome {
    fn put(&self, line: &mut Line<'_>) {
        match self {
            Self::Applied { master, verified } => line.object(|object| {
                object.object("applied", |applied| {
                    applied.field("master", master);
                    applied.field("verified", verified);
                });
            }),
            Self::Overtaken => line.raw("\"overtaken\""),
            Self::Failed => line.raw("\"failed\""),
        }
    }
}

impl Term for ClaimOutcome {
    fn put(&self, line: &mut Line<'_>) {
        match self {
            Self::Key { key, fallback } => line.object(|object| {
                object.field("key", key);
                object.field("fallback", fallback);
            }),
            Self::NoKey => line.raw("\"no_key\""),
            Self::Failed(why) => line.object(|object| object.field("failed", why)),
        }
    }
}

impl Term for OlmError {
    fn put(&self, line: &mut Line<'_>) {
        match self {
            Self::NoSession => line.raw("\"no_session\""),
            Self::MissingKey(key) => line.object(|object| object.field("missing_key", key)),
            Self::MissingMessageKey => line.raw("\"missing_message_key\""),
            Self::BadMac => line.raw("\"bad_mac\""),
            Self::Mismatch => line.raw("\"mismatch\""),
        }
    }
}

impl Term for OlmResult {
    fn put(&self, line: &mut Line<'_>) {
        match self {
            Self::Decrypted { session, event, sender_keys } => line.object(|object| {
                object.object("decrypted", |decrypted| {
                    decrypted.field("session", session);
                    decrypted.field("event", event);
                    decrypted.field("sender_keys", sender_keys);
                });
            }),
            Self::Duplicate => line.raw("\"duplicate\""),
            Self::Failed(why) => line.object(|object| object.field("failed", why)),
        }
    }
}

impl Term for KeySource {
    fn put(&self, line: &mut Line<'_>) {
        match self {
            Self::RoomKey => line.raw("\"room_key\""),
            Self::Forwarded { withheld } => line.object(|object| {
                object.object("forwarded", |forwarded| forwarded.field("withheld", withheld));
            }),
            Self::Backup => line.raw("\"backup\""),
            Self::Own => line.raw("\"own\""),
            Self::Bundle { from } => line.object(|object| {
                object.object("bundle", |bundle| bundle.field("from", from));
            }),
        }
    }
}

impl Term for TryResult {
    fn put(&self, line: &mut Line<'_>) {
        match self {
            Self::Decrypted => line.raw("\"decrypted\""),
            Self::Hidden => line.raw("\"hidden\""),
            Self::Invalid => line.raw("\"invalid\""),
            Self::Undecryptable(shown) => {
                line.object(|object| object.field("undecryptable", shown));
            }
        }
    }
}

impl Term for Shown {
    fn put(&self, line: &mut Line<'_>) {
        match self {
            Self::Unexplained => line.raw("\"unexplained\""),
            Self::Code { code, notice } => line.object(|object| {
                object.field("code", code);
                object.field("notice", notice);
            }),
            Self::Reason { text, notice } => line.object(|object| {
                object.field("reason", text);
                object.field("notice", notice);
            }),
        }
    }
}

impl Term for Refusal {
    fn put(&self, line: &mut Line<'_>) {
        match self {
            Self::IdentityChanged(user) => {
                line.object(|object| object.field("identity_changed", user));
            }
            Self::WouldWithhold(device) => {
                line.object(|object| object.field("would_withhold", device));
            }
            Self::NotInRoom => line.raw("\"not_in_room\""),
            Self::NotLoggedIn => line.raw("\"not_logged_in\""),
            Self::NoEncryption => line.raw("\"no_encryption\""),
        }
    }
}

impl Term for ToDeviceType {
    fn put(&self, line: &mut Line<'_>) {
        match self {
            Self::Other(spelling) => spelling.put(line),
            Self::Encrypted
            | Self::Withheld
            | Self::WithheldUnstable
            | Self::WithheldMisspelt
            | Self::KeyRequest
            | Self::ClearRoomKey
            | Self::ClearForwardedRoomKey
            | Self::ClearDummy
            | Self::NoKey => self.as_str().unwrap_or_default().put(line),
        }
    }
}

/// The fields of a key, as they stand in `m.room_key` and `m.forwarded_room_key`.
fn key_fields(object: &mut Object<'_, '_>, key: &RoomKey) {
    object.field("room", &key.room);
    object.field("session", &key.session);
    object.field("first", &key.first);
    shared_history(object, key.shared_history);
}

/// A boolean as it is; what was none in the form of [`wire_field`].
fn shared_history(object: &mut Object<'_, '_>, shared: SharedHistory) {
    match shared {
        SharedHistory::No => object.field("shared_history", &false),
        SharedHistory::Yes => object.field("shared_history", &true),
        SharedHistory::Absent => {}
        SharedHistory::NotABoolean => {
            object.object("shared_history", |inner| inner.field("not_a_boolean", &true));
        }
    }
}

impl Term for OlmEvent {
    fn put(&self, line: &mut Line<'_>) {
        line.object(|object| match self {
            Self::RoomKey(key) => {
                object.field("type", &"m.room_key");
                key_fields(object, key);
            }
            Self::ForwardedRoomKey(ForwardedRoomKey { key, creator, hops, withheld }) => {
                object.field("type", &"m.forwarded_room_key");
                key_fields(object, key);
                object.field("creator", creator);
                object.field("hops", hops);
                object.optional("withheld", withheld.as_ref());
            }
            Self::Dummy { empty } => {
                object.field("type", &"m.dummy");
                object.field("empty", empty);
            }
            Self::Withheld(content) => {
                object.field("type", &"m.room_key.withheld");
                object.field("content", content);
            }
            Self::RoomKeyBundle(RoomKeyBundle { room, bundle }) => {
                object.field("type", &"m.room_key_bundle");
                object.field("room", room);
                object.field("bundle", bundle);
            }
        });
    }
}

impl Term for ForwardedWithheld {
    fn put(&self, line: &mut Line<'_>) {
        line.object(|object| {
            wire_field(object, "code", &self.code);
            wire_field(object, "reason", &self.reason);
        });
    }
}

impl Term for KeyRequest {
    fn put(&self, line: &mut Line<'_>) {
        line.object(|object| {
            object.field("request", &self.request);
            object.field("requester", &self.requester);
            match &self.action {
                KeyRequestAction::Request { room, session } => {
                    object.field("action", &"request");
                    object.field("room", room);
                    object.field("session", session);
                }
                KeyRequestAction::Cancel => object.field("action", &"request_cancellation"),
            }
        });
    }
}

impl Term for SentContent {
    fn put(&self, line: &mut Line<'_>) {
        match self {
            Self::Olm(event) => line.object(|object| object.field("olm", event)),
            Self::Sealed => line.raw("\"sealed\""),
            Self::Clear(event) => line.object(|object| object.field("clear", event)),
            Self::Withheld(content) => line.object(|object| object.field("withheld", content)),
            Self::KeyRequest(request) => line.object(|object| object.field("key_request", request)),
        }
    }
}

impl Term for Algorithm {
    fn put(&self, line: &mut Line<'_>) {
        match self {
            Self::MegolmV1 => line.string(MEGOLM_ALGORITHM),
        }
    }
}

impl Term for WithheldContent {
    fn put(&self, line: &mut Line<'_>) {
        line.object(|object| {
            wire_field(object, "algorithm", &self.algorithm);
            wire_field(object, "room_id", &self.room_id);
            wire_field(object, "session_id", &self.session_id);
            wire_field(object, "sender_key", &self.sender_key);
            wire_field(object, "code", &self.code);
            wire_field(object, "reason", &self.reason);
        });
    }
}

/// A field as it stood on the wire: absent, `{"not_a_string":true}`, `{"other":"text"}`, or its meaning.
fn wire_field<T: Term>(object: &mut Object<'_, '_>, key: &'static str, field: &Field<T>) {
    match field {
        Field::Absent => {}
        Field::NotAString => object.object(key, |inner| inner.field("not_a_string", &true)),
        Field::Other(text) => object.object(key, |inner| inner.field("other", text)),
        Field::Is(value) => object.field(key, value),
    }
}
