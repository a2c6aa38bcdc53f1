//! The form of choices and outcomes: what was set, how something ended, why something went away.
//! It does not know which fact they occur in.

use serde_json::{Value as Json, json};

use crate::ids::{DeviceId, KeyValue, OlmSessionId, SigningKey, Sym, ToDeviceId, UserId};
use crate::protocol::api::ListChange;
use crate::protocol::room::{HistoryVisibility, Membership, RoomAlgorithm, Rotation};
use crate::protocol::to_device::{OlmEvent, SenderKeys};
use crate::protocol::withheld::{CodeSet, WithheldCode};
use crate::scenario::policy::SharePolicy;
use crate::time::SimDuration;
use crate::trace::fact::{
    BackupRead, ClaimFailed, ClaimOutcome, Direction, KeySource, LossCause, OlmCause, OlmError,
    OlmResult, ProcessOutcome, QueryOutcome, Refusal, RunEnd, Shown, TryResult,
};

use super::cursor::{Reading, Value};
use super::form::{
    Definitions, Form, defined, either, field, object_schema, property, shape_described,
    shape_pattern, shape_put, shape_read, shapes, words,
};
use super::line::{Line, Term};
use super::names::Names;

words! {
    Membership in "membership" { Leave "leave", Invite "invite", Join "join", Ban "ban", }
    HistoryVisibility in "history_visibility" {
        Invited "invited", Joined "joined", Shared "shared", WorldReadable "world_readable",
    }
    ListChange in "list_change" { Changed "changed", Left "left", }
    SharePolicy in "share_policy" {
        Everyone "everyone", CrossSigned "cross_signed", Verified "verified",
    }
    RunEnd in "run_end" { Quiescent "quiescent", Horizon "horizon", ActionLimit "action_limit", }
    SenderKeys in "sender_keys" { Absent "absent", Agree "agree", Differ "differ", }
    ClaimFailed in "claim_failed" {
        Unreachable "unreachable", Timeout "timeout", Http "http", BadSignature "bad_signature",
    }
    Direction in "direction" { Outbound "outbound", Inbound "inbound", }
    OlmCause in "olm_cause" {
        Share "share", Reply "reply", Unwedge "unwedge", NoOlm "no_olm", Received "received",
    }
    LossCause in "loss_cause" {
        Rollback "rollback", Wiped "wiped", Notice "notice", Overwritten "overwritten", Used "used",
        FailedMessage "failed_message", Expired "expired",
    }
    BackupRead in "backup_read" {
        NoBackup "no_backup", Read "read", Failed "failed", NotRead "not_read",
    }
    RoomAlgorithm in "room_algorithm" { MegolmV1 "m.megolm.v1.aes-sha2", Other "other", }
    ProcessOutcome in "process_outcome" {
        Handled "handled", Duplicate "duplicate", Discarded "discarded", Ignored "ignored",
    }
    WithheldCode in "code" {
        Blacklisted "m.blacklisted", Unverified "m.unverified", Unauthorised "m.unauthorised",
        Unavailable "m.unavailable", NoOlm "m.no_olm", HistoryNotShared "m.history_not_shared",
    }
}

shapes! {
    QueryOutcome in "query_outcome" {
        Applied [under "applied" master "master" Option<SigningKey>, verified "verified" bool];
        Overtaken [word "overtaken"];
        Failed [word "failed"];
    }
    ClaimOutcome in "claim_outcome" {
        Key [flat key "key" KeyValue, fallback "fallback" bool];
        NoKey [word "no_key"];
        Failed [holds why "failed" ClaimFailed];
    }
    OlmError in "olm_error" {
        NoSession [word "no_session"];
        MissingKey [holds key "missing_key" KeyValue];
        MissingMessageKey [word "missing_message_key"];
        BadMac [word "bad_mac"];
        Mismatch [word "mismatch"];
    }
    OlmResult in "olm_result" {
        Decrypted [under "decrypted"
            session "session" OlmSessionId, event "event" OlmEvent, sender_keys "sender_keys" SenderKeys];
        Duplicate [word "duplicate"];
        Failed [holds why "failed" OlmError];
    }
    KeySource in "key_source" {
        RoomKey [word "room_key"];
        Forwarded [under "forwarded" withheld "withheld" Option<WithheldCode>];
        Backup [word "backup"];
        Own [word "own"];
        Bundle [under "bundle" from "from" Option<UserId>];
    }
    TryResult in "try_result" {
        Decrypted [word "decrypted"];
        Hidden [word "hidden"];
        Invalid [word "invalid"];
        Undecryptable [holds shown "undecryptable" Shown];
    }
    Shown in "shown" {
        Unexplained [word "unexplained"];
        Code [flat code "code" WithheldCode, notice "notice" Option<ToDeviceId>];
        Reason [flat text "reason" Option<Sym>, notice "notice" ToDeviceId];
    }
    Refusal in "refusal" {
        IdentityChanged [holds user "identity_changed" UserId];
        WouldWithhold [holds device "would_withhold" DeviceId];
        NotInRoom [word "not_in_room"];
        NotLoggedIn [word "not_logged_in"];
        NoEncryption [word "no_encryption"];
    }
}

impl Term for Rotation {
    fn put(&self, line: &mut Line<'_>) {
        line.object(|object| {
            object.field("period_ms", &self.period.as_ms());
            object.field("messages", &self.messages);
            match self.algorithm {
                RoomAlgorithm::MegolmV1 => {}
                RoomAlgorithm::Other => object.field("algorithm", &self.algorithm),
            }
        });
    }
}

impl Form for Rotation {
    fn read(value: Value<'_>, names: &mut Names) -> Reading<Self> {
        let mut fields = value.object("an object with `period_ms` and `messages`")?;
        let period = fields.need("period_ms")?.number("a time in whole milliseconds")?;
        Ok(Self {
            period: SimDuration::from_ms(period),
            messages: field(&mut fields, "messages", names)?,
            algorithm: field::<Option<RoomAlgorithm>>(&mut fields, "algorithm", names)?
                .unwrap_or(RoomAlgorithm::MegolmV1),
        })
    }

    fn schema(definitions: &mut Definitions) -> Json {
        defined("rotation", definitions, |definitions| {
            let period = json!({ "type": "integer", "minimum": 0 });
            object_schema(vec![
                ("period_ms", period, true),
                property::<u32>("messages", definitions),
                property::<Option<RoomAlgorithm>>("algorithm", definitions),
            ])
        })
    }
}

impl Term for CodeSet {
    fn put(&self, line: &mut Line<'_>) {
        line.array(self.iter());
    }
}

impl Form for CodeSet {
    fn read(value: Value<'_>, names: &mut Names) -> Reading<Self> {
        let codes = value.array("a list of codes")?;
        codes.into_iter().map(|code| WithheldCode::read(code, names)).collect()
    }

    fn schema(definitions: &mut Definitions) -> Json {
        json!({ "type": "array", "items": WithheldCode::schema(definitions) })
    }
}
