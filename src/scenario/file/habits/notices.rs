//! The names of habits of sending notices.
//! They do not know what a setting does.

use crate::scenario::file::record::choice;
use crate::scenario::habits::{
    MarkWhen, MarksBy, NoOlmDedup, NoOlmReset, NoticeCode, NoticeNames, NoticeReason,
    NoticeSession, NoticeTargets, NoticeType, OptOut, WithheldDedup,
};

choice! {
    /// what makes two session notices the same
    WithheldDedup {
        Self::SessionDevice = Self::SessionDevice => "session_and_device" "Session and device.",
        Self::SessionDeviceCode = Self::SessionDeviceCode =>
            "session_device_and_code" "Session, device and code: told again when the reason changes.",
        Self::RoomDevice = Self::RoomDevice => "room_and_device" "Room and device: silent after a rotation.",
        Self::SessionUser = Self::SessionUser =>
            "session_and_user" "Session and user: only the first device of a user is told.",
        Self::None = Self::None => "none" "Nothing: a notice with every message.",
    }
}

choice! {
    /// when a notice counts as done
    MarkWhen {
        Self::Accepted = Self::Accepted => "accepted" "When the server has accepted it.",
        Self::BeforeSend = Self::BeforeSend =>
            "before_send" "Before it is sent and for ever: a failed request silences it.",
    }
}

choice! {
    /// what makes two m.no_olm notices the same
    NoOlmDedup {
        Self::Device = Self::Device => "device" "The device.",
        Self::RoomDevice = Self::RoomDevice => "room_and_device" "Room and device.",
        Self::SessionDevice = Self::SessionDevice => "session_and_device" "Session and device.",
        Self::None = Self::None => "none" "Nothing: one for each failed attempt.",
        Self::NeverSent = Self::NeverSent => "never_sent" "None is ever sent.",
    }
}

choice! {
    /// what allows m.no_olm again
    NoOlmReset {
        Self::OlmSession = Self::OlmSession =>
            "olm_session" "A new Olm session with the device, in either direction.",
        Self::Never = Self::Never => "never" "Nothing.",
        Self::AnyClaim = Self::AnyClaim => "any_claim" "Any answer to a claim.",
        Self::Rotation = Self::Rotation => "rotation" "A new Megolm session.",
    }
}

choice! {
    /// a type of notices
    NoticeType {
        Self::Stable = Self::Stable => "stable" "m.room_key.withheld",
        Self::Unstable = Self::Unstable =>
            "unstable" "org.matrix.room_key.withheld, from before the event was accepted.",
        Self::Misspelt = Self::Misspelt =>
            "misspelt" "org.matrix.room_key.witheld, as the first draft has it in one place.",
        Self::NoKey = Self::NoKey => "no_key" "m.room.no_key, as the first draft has it in another place.",
    }
}

choice! {
    /// what a session notice names
    NoticeNames {
        Self::RoomAndSession = Self::RoomAndSession => "room_and_session" "Its room and its session.",
        Self::Session = Self::Session => "session" "The session without its room.",
        Self::Room = Self::Room => "room" "The room without the session.",
        Self::Neither = Self::Neither => "neither" "Neither.",
    }
}

choice! {
    /// the code of a notice
    NoticeCode {
        Self::Actual = Self::Actual => "actual" "That of the reason.",
        Self::LeftOut = Self::LeftOut => "left_out" "None; the reason stands in the text for people only.",
        Self::Unverified = Self::Unverified => "unverified" "m.unverified, whatever the reason.",
        Self::Unavailable = Self::Unavailable =>
            "unavailable" "m.unavailable, which is a reply, for every session notice.",
        Self::HistoryNotShared = Self::HistoryNotShared =>
            "history_not_shared" "m.history_not_shared, which has its place in bundles, for every session notice.",
    }
}

choice! {
    /// the text of a notice
    NoticeReason {
        Self::Absent = Self::Absent => "absent" "There is none.",
        Self::Code = Self::Code => "code" "The code once more.",
    }
}

choice! {
    /// the session of a notice
    NoticeSession {
        Self::InUse = Self::InUse => "in_use" "The one that the message is encrypted with.",
        Self::Previous = Self::Previous => "previous" "The one before that, if there was one.",
        Self::Discarded = Self::Discarded => "discarded" "One that lost a race with it and was never kept.",
    }
}

choice! {
    /// the targets of notices
    NoticeTargets {
        Self::Recipients = Self::Recipients => "recipients" "Those of users that the message is meant for.",
        Self::Everyone = Self::Everyone =>
            "everyone" "Also those of users who are only invited, or have left.",
    }
}

choice! {
    /// what follows from not reporting
    OptOut {
        Self::Silence = Self::Silence => "silence" "It is not told that code.",
        Self::Ignored = Self::Ignored => "ignored" "Nothing: it is told all the same.",
        Self::NoKeys = Self::NoKeys => "no_keys" "A device that is told nothing at all gets no keys either.",
    }
}

choice! {
    /// how a device is known that was told
    MarksBy {
        Self::IdentityKey = Self::IdentityKey =>
            "identity_key" "Its identity key: another device under the same id is told anew.",
        Self::DeviceId = Self::DeviceId => "device_id" "Its device id, whoever has that now.",
    }
}
