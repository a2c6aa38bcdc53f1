//! Habits of receiving: what becomes of notices and keys.
//! They do not know how either is sent.

use super::habit;

habit! {
    /// What a recipient makes of a session notice.
    OnWithheld {
        /// Remembers it, shows its code for what no key covers, takes keys later.
        Remember "remember",
        /// Remembers it and refuses a key that comes later (X42; mautrix-go before 2026).
        RefuseKeys "refuse_keys",
        /// Remembers it and drops a key that it has (X41).
        DropKey "drop_key",
        /// Remembers it and shows its code even for what a key covers (X43).
        BlameAlways "blame_always",
        /// Remembers it until a key for the session comes (mautrix-go).
        ForgetWithKey "forget_with_key",
        /// Makes nothing of it (matrix-nio, mautrix-python).
        Ignore "ignore",
    }
}

habit! {
    /// Which notice wins where several name one session (P-10).
    NoticeConflict {
        /// That of the session's creator; a reply of another device never replaces it.
        Creator "creator",
        /// The last one (X47; matrix-rust-sdk).
        Last "last",
        /// The first one (mautrix-go).
        First "first",
    }
}

habit! {
    /// Which messages a session notice is taken to explain (P-11).
    NoticeScope {
        /// Those of its session.
        Session "session",
        /// Those of any session of its sender (X44).
        Sender "sender",
    }
}

habit! {
    /// Whose messages a `m.no_olm` is taken to explain (P-05, A-36).
    NoOlmScope {
        /// Those of the device that it names.
        Device "device",
        /// Those of the user who sent it.
        User "user",
        /// Those of anybody (X45).
        Everyone "everyone",
    }
}

habit! {
    /// How a recipient files a `m.no_olm`.
    NoOlmFiled {
        /// By its sender.
        ByDevice "by_device",
        /// By the session that it names, as other notices; without one it is dropped (Element Android legacy,
        /// mautrix-go).
        BySession "by_session",
    }
}

habit! {
    /// From whom a session notice is believed (P-17).
    NoticeSender {
        /// From the message's sender, and from devices that were asked for the key.
        CreatorOrAsked "creator_or_asked",
        /// From the user whose device owns the sender_key in it (Element Android legacy).
        KeyOwner "key_owner",
        /// From anybody (matrix-rust-sdk, matrix-js-sdk legacy, mautrix-go).
        Anyone "anyone",
    }
}

habit! {
    /// What becomes of a `m.unavailable`.
    Unavailable {
        /// It is kept like other notices.
        Kept "kept",
        /// It is kept unless an own device sent it (gomuks).
        KeptFromOthers "kept_from_others",
        /// It is dropped (matrix-js-sdk legacy).
        Dropped "dropped",
    }
}

habit! {
    /// Which key replaces one that is there (P-14).
    KeyReplacement {
        /// One that reaches further back.
        Earlier "earlier",
        /// Any that comes later, even if it reaches less far (X48).
        Later "later",
    }
}
