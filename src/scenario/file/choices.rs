//! The choices of the format: the names of memberships, policies and the like, and what each means.
//! It does not know where they are used.

use super::record::choice;
use crate::protocol::api::Endpoint;
use crate::protocol::room::{HistoryVisibility, Membership, RoomAlgorithm};
use crate::protocol::withheld::WithheldCode;
use crate::scenario::fault::ClaimFailure;
use crate::scenario::model::PublishedKeys;
use crate::scenario::policy::{
    AfterNoOlm, AnswerRequests, AskFor, OnNoOlm, OnProblem, SharePolicy,
};

choice! {
    /// a membership
    Membership {
        Self::Join = Self::Join => "join" "In the room.",
        Self::Invite = Self::Invite => "invite" "Invited and not yet joined.",
        Self::Leave = Self::Leave => "leave" "Never there, or left, or removed without a ban.",
        Self::Ban = Self::Ban => "ban" "Banned.",
    }
}

choice! {
    /// a history visibility
    HistoryVisibility {
        Self::Shared = Self::Shared => "shared" "Members may read all of the past.",
        Self::Invited = Self::Invited => "invited" "Members may read from their invite on.",
        Self::Joined = Self::Joined => "joined" "Members may read from their join on.",
        Self::WorldReadable = Self::WorldReadable => "world_readable" "Everyone may read all of the past.",
    }
}

choice! {
    /// a history visibility
    Option<HistoryVisibility> {
        None = None => "unset" "No event has set it.",
        Some(HistoryVisibility::Shared) = Some(HistoryVisibility::Shared) =>
            "shared" "Members may read all of the past.",
        Some(HistoryVisibility::Invited) = Some(HistoryVisibility::Invited) =>
            "invited" "Members may read from their invite on.",
        Some(HistoryVisibility::Joined) = Some(HistoryVisibility::Joined) =>
            "joined" "Members may read from their join on.",
        Some(HistoryVisibility::WorldReadable) = Some(HistoryVisibility::WorldReadable) =>
            "world_readable" "Everyone may read all of the past.",
    }
}

choice! {
    /// an algorithm
    RoomAlgorithm {
        Self::MegolmV1 = Self::MegolmV1 => "m.megolm.v1.aes-sha2" "Megolm.",
        Self::Other = Self::Other => "other" "One that no client here knows: nobody can send.",
    }
}

choice! {
    /// a set of published keys
    PublishedKeys {
        Self::Full = Self::Full => "full" "Identity keys, with Olm and Megolm among the algorithms.",
        Self::UnknownAlgorithms = Self::UnknownAlgorithms =>
            "unknown_algorithms" "Identity keys, but only algorithms that nobody knows.",
        Self::None = Self::None => "none" "No identity keys: a client without encryption.",
    }
}

choice! {
    /// a share policy
    SharePolicy {
        Self::Everyone = Self::Everyone => "everyone" "Every device that is not blocked gets keys.",
        Self::CrossSigned = Self::CrossSigned =>
            "cross_signed" "Devices that their owner has cross-signed get keys.",
        Self::Verified = Self::Verified => "verified" "Devices that are verified get keys.",
    }
}

choice! {
    /// what happens to a message that leaves somebody out
    OnProblem {
        Self::Withhold = Self::Withhold => "withhold" "The message is sent and the key withheld.",
        Self::Refuse = Self::Refuse => "refuse" "The message is refused, and nothing is sent.",
    }
}

choice! {
    /// how key requests are answered
    AnswerRequests {
        Self::ForwardAndTell = Self::ForwardAndTell =>
            "forward_and_tell" "Own verified devices get keys; a refusal is told with a withheld notice.",
        Self::Forward = Self::Forward => "forward" "Own verified devices get keys; everybody else silence.",
        Self::Ignore = Self::Ignore => "ignore" "Never.",
    }
}

choice! {
    /// who is asked for keys
    AskFor {
        Self::Nobody = Self::Nobody => "nobody" "Nobody.",
        Self::OwnDevices = Self::OwnDevices => "own_devices" "Own verified devices.",
        Self::OwnDevicesAndSender = Self::OwnDevicesAndSender =>
            "own_devices_and_sender" "Own verified devices and those of the sender of the message.",
    }
}

choice! {
    /// what follows on m.no_olm
    OnNoOlm {
        Self::OpenSession = Self::OpenSession =>
            "open_session" "Opens an Olm session to the sender and sends m.dummy on it.",
        Self::Nothing = Self::Nothing => "nothing" "Nothing.",
    }
}

choice! {
    /// where a key starts after m.no_olm
    AfterNoOlm {
        Self::FirstOwed = Self::FirstOwed =>
            "first_owed" "At the first index that was owed, so that what was missed can be read.",
        Self::Next = Self::Next => "next" "At the next index.",
    }
}

choice! {
    /// a way for a claim to fail
    ClaimFailure {
        Self::Unreachable = Self::Unreachable => "unreachable" "The server is listed among the failures.",
        Self::Timeout = Self::Timeout => "timeout" "No answer comes.",
        Self::ServerError = Self::ServerError => "server_error" "An answer with a status of 500 or above comes.",
        Self::BadSignature = Self::BadSignature => "bad_signature" "A key comes that the device did not sign.",
    }
}

choice! {
    /// an endpoint
    Endpoint {
        Self::UploadKeys = Self::UploadKeys => "keys/upload" "Upload of device, one-time and fallback keys.",
        Self::QueryKeys = Self::QueryKeys => "keys/query" "Query of device lists.",
        Self::ClaimKeys = Self::ClaimKeys => "keys/claim" "Claim of one-time keys.",
        Self::KeyChanges = Self::KeyChanges => "keys/changes" "Changes of device lists since a sync token.",
        Self::Signing = Self::Signing => "keys/signatures" "Upload of cross-signing keys and of signatures.",
        Self::SendToDevice = Self::SendToDevice => "sendToDevice" "Sending of to-device messages.",
        Self::SendMessage = Self::SendMessage => "send" "Sending of room messages.",
        Self::SendState = Self::SendState => "state" "Sending of room state.",
        Self::Members = Self::Members => "members" "The members of a room.",
        Self::Sync = Self::Sync => "sync" "The sync.",
        Self::Backup = Self::Backup => "room_keys" "The key backup.",
        Self::Logout = Self::Logout => "logout" "The logout.",
    }
}

choice! {
    /// a code
    WithheldCode {
        Self::Blacklisted = Self::Blacklisted => "m.blacklisted" "The sender has blocked the user or the device.",
        Self::Unverified = Self::Unverified =>
            "m.unverified" "The device is not verified, and the sender shares with verified ones only.",
        Self::Unauthorised = Self::Unauthorised => "m.unauthorised" "The requester may not have the key.",
        Self::Unavailable = Self::Unavailable => "m.unavailable" "The device that was asked has no such key.",
        Self::NoOlm = Self::NoOlm => "m.no_olm" "No Olm session could be set up.",
        Self::HistoryNotShared = Self::HistoryNotShared =>
            "m.history_not_shared" "The session was not shared with the history of the room.",
    }
}

#[cfg(test)]
mod tests {
    use crate::protocol::api::Endpoint;
    use crate::protocol::withheld::WithheldCode;
    use crate::scenario::file::choice::Choice;

    #[test]
    fn endpoints_and_codes_have_the_names_that_they_have_elsewhere() {
        assert_eq!(<Endpoint as Choice>::ALL.len(), Endpoint::ALL.len());
        for (endpoint, name) in Endpoint::ALL {
            assert_eq!(Choice::name(&endpoint), name);
        }
        assert_eq!(<WithheldCode as Choice>::ALL.len(), WithheldCode::ALL.len());
        for code in WithheldCode::ALL {
            assert_eq!(Choice::name(&code), code.as_str());
        }
    }
}
