//! The names of habits of receiving.
//! They do not know what a setting does.

use crate::scenario::file::record::choice;
use crate::scenario::habits::{
    KeyReplacement, NoOlmFiled, NoOlmScope, NoticeConflict, NoticeScope, NoticeSender, OnWithheld,
    Unavailable,
};

choice! {
    /// what a recipient makes of a session notice
    OnWithheld {
        Self::Remember = Self::Remember =>
            "remember" "Remembers it, shows its code for what no key covers, takes keys later.",
        Self::RefuseKeys = Self::RefuseKeys =>
            "refuse_keys" "Remembers it and refuses a key that comes later.",
        Self::DropKey = Self::DropKey => "drop_key" "Remembers it and drops a key that it has.",
        Self::BlameAlways = Self::BlameAlways =>
            "blame_always" "Remembers it and shows its code even for what a key covers.",
        Self::ForgetWithKey = Self::ForgetWithKey =>
            "forget_with_key" "Remembers it until a key for the session comes.",
        Self::Ignore = Self::Ignore => "ignore" "Makes nothing of it.",
    }
}

choice! {
    /// which notice wins
    NoticeConflict {
        Self::Creator = Self::Creator =>
            "creator" "That of the session's creator; a reply of another device never replaces it.",
        Self::Last = Self::Last => "last" "The last one.",
        Self::First = Self::First => "first" "The first one.",
    }
}

choice! {
    /// what a session notice explains
    NoticeScope {
        Self::Session = Self::Session => "session" "Those of its session.",
        Self::Sender = Self::Sender => "sender" "Those of any session of its sender.",
    }
}

choice! {
    /// whose messages m.no_olm explains
    NoOlmScope {
        Self::Device = Self::Device => "device" "Those of the device that it names.",
        Self::User = Self::User => "user" "Those of the user who sent it.",
        Self::Everyone = Self::Everyone => "everyone" "Those of anybody.",
    }
}

choice! {
    /// how m.no_olm is filed
    NoOlmFiled {
        Self::ByDevice = Self::ByDevice => "by_device" "By its sender.",
        Self::BySession = Self::BySession =>
            "by_session" "By the session that it names, as other notices; without one it is dropped.",
    }
}

choice! {
    /// from whom a notice is believed
    NoticeSender {
        Self::CreatorOrAsked = Self::CreatorOrAsked =>
            "creator_or_asked" "From the message's sender, and from devices that were asked for the key.",
        Self::KeyOwner = Self::KeyOwner =>
            "key_owner" "From the user whose device owns the sender_key in it.",
        Self::Anyone = Self::Anyone => "anyone" "From anybody.",
    }
}

choice! {
    /// what becomes of m.unavailable
    Unavailable {
        Self::Kept = Self::Kept => "kept" "It is kept like other notices.",
        Self::KeptFromOthers = Self::KeptFromOthers =>
            "kept_from_others" "It is kept unless an own device sent it.",
        Self::Dropped = Self::Dropped => "dropped" "It is dropped.",
    }
}

choice! {
    /// which key replaces another
    KeyReplacement {
        Self::Earlier = Self::Earlier => "earlier" "One that reaches further back.",
        Self::Later = Self::Later => "later" "Any that comes later, even if it reaches less far.",
    }
}
