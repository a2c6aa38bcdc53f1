//! Habits of sending notices: when one is a repetition, what it says and who gets it.
//! They do not know when a notice is due.

use super::habit;

habit! {
    /// What makes two session notices "the same", so that the second is not sent (W-09).
    WithheldDedup {
        /// Session and device.
        SessionDevice "session_and_device",
        /// Session, device and code: told again when the reason changes (A-04; matrix-rust-sdk).
        SessionDeviceCode "session_device_and_code",
        /// Room and device: silent after a rotation (X03).
        RoomDevice "room_and_device",
        /// Session and user: only the first device of a user is told (X04).
        SessionUser "session_and_user",
        /// Nothing: a notice with every message (X01; Element Android legacy).
        None "none",
    }
}

habit! {
    /// When a notice or a share counts as done.
    MarkWhen {
        /// When the server has accepted it.
        Accepted "accepted",
        /// Before it is sent and for ever: a failed request silences it (X31; matrix-js-sdk legacy).
        BeforeSend "before_send",
    }
}

habit! {
    /// What makes two `m.no_olm` notices "the same" (N-02, N-03).
    NoOlmDedup {
        /// The device.
        Device "device",
        /// Room and device (X05).
        RoomDevice "room_and_device",
        /// Session and device (X05; Element Android legacy, Hydrogen).
        SessionDevice "session_and_device",
        /// Nothing: one for each failed attempt (X06).
        None "none",
        /// None is ever sent (mautrix-go, mautrix-python).
        NeverSent "never_sent",
    }
}

habit! {
    /// What clears the mark that `m.no_olm` was sent.
    NoOlmReset {
        /// A new Olm session with the device, in either direction.
        OlmSession "olm_session",
        /// Nothing (X07; matrix-rust-sdk, matrix-js-sdk legacy).
        Never "never",
        /// Any answer to a claim (X08).
        AnyClaim "any_claim",
        /// A new Megolm session (X09).
        Rotation "rotation",
    }
}

habit! {
    /// Under which type notices go out (W-02).
    NoticeType {
        /// `m.room_key.withheld`
        Stable "stable",
        /// org.matrix.room_key.withheld, from before the event was accepted (X13; Hydrogen).
        Unstable "unstable",
        /// org.matrix.room_key.witheld, as the first draft has it in one place (X13).
        Misspelt "misspelt",
        /// m.room.no_key, as the first draft has it in another place (X13).
        NoKey "no_key",
    }
}

habit! {
    /// Which session a session notice names (W-04).
    NoticeNames {
        /// Its room and its session.
        RoomAndSession "room_and_session",
        /// The session without its room (X12).
        Session "session",
        /// The room without the session (X12).
        Room "room",
        /// Neither (X12).
        Neither "neither",
    }
}

habit! {
    /// Which code a notice that nobody asked for bears (W-03, W-08).
    NoticeCode {
        /// That of the reason.
        Actual "actual",
        /// None; the reason stands in the text for people only (X14).
        LeftOut "left_out",
        /// m.unverified, whatever the reason (X15).
        Unverified "unverified",
        /// m.unavailable, which is a reply, for every session notice (X37).
        Unavailable "unavailable",
        /// m.history_not_shared, which has its place in bundles, for every session notice (X61).
        HistoryNotShared "history_not_shared",
    }
}

habit! {
    /// What `reason` says, the text for people (W-15).
    NoticeReason {
        /// There is none.
        Absent "absent",
        /// The code once more (matrix-rust-sdk).
        Code "code",
    }
}

habit! {
    /// Which session a notice names as the one that is withheld (W-20).
    NoticeSession {
        /// The one that the message is encrypted with.
        InUse "in_use",
        /// The one before that, if there was one (X64).
        Previous "previous",
        /// One that lost a race with it and was never kept (X64).
        Discarded "discarded",
    }
}

habit! {
    /// Of the devices that are due no key, which are told (W-17).
    NoticeTargets {
        /// Those of users that the message is meant for.
        Recipients "recipients",
        /// Also those of users who are only invited, or have left (X35).
        Everyone "everyone",
    }
}

habit! {
    /// What it means that a code is not to be reported to a device (O-03, O-04).
    OptOut {
        /// It is not told that code.
        Silence "silence",
        /// Nothing: it is told all the same (X59).
        Ignored "ignored",
        /// A device that is told nothing at all gets no keys either (X59).
        NoKeys "no_keys",
    }
}

habit! {
    /// By what a device is known that was told something.
    MarksBy {
        /// Its identity key: another device under the same id is told anew.
        IdentityKey "identity_key",
        /// Its device id, whoever has that now (X62).
        DeviceId "device_id",
    }
}
