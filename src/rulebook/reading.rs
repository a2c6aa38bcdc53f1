//! Readings: how the points on which the specification is ambiguous are read (docs/ambiguities.md, docs/readings.md).
//! It does not know the facts; `check` and the reference client's display consult it.

/// A named reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReadingName {
    /// The specification to the letter, with what other statements imply. The default.
    Strict,
    /// What the specification leaves room for.
    Lenient,
    /// How the first draft of MSC2399 reads.
    Draft,
}

impl ReadingName {
    /// All readings.
    pub const ALL: [Self; 3] = [Self::Strict, Self::Lenient, Self::Draft];

    /// The name on the command line and in files.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Strict => "strict",
            Self::Lenient => "lenient",
            Self::Draft => "draft",
        }
    }
}

/// How bad it is when a rule is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Shown; changes no exit code.
    Warning,
    /// Exit code 1.
    Violation,
}

/// Which replies to key requests count as allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReplyCount {
    /// One reply a `request_id`.
    PerRequest,
    /// One reply for each time the request was processed.
    PerProcessing,
}

/// Which earlier Olm session forbids a new one for an hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RecoveryCount {
    /// Any that the client opened towards the device.
    AnyOutbound,
    /// One that it opened to recover.
    RecoveryOnly,
}

/// From when a Megolm session is "in use".
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SessionAge {
    /// From its creation.
    FromCreation,
    /// From its first message.
    FromFirstMessage,
}

/// The knobs, one for each point that is read differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reading {
    /// Its name.
    pub name: ReadingName,
    /// "once per session per target" is in the MSC only.
    pub once_per_session: Severity,
    ///
    pub replies: ReplyCount,
    /// a second notice with another code for one session is a second notice.
    pub code_change_counts: bool,
    /// A-06b: a standing `m.no_olm` explains what comes after it.
    pub no_olm_stands: bool,
    /// `m.no_olm` covers messages of the reporting device only, not of the user's others.
    pub no_olm_by_device: bool,
    /// the unstable spellings of the event type are taken for the type.
    pub unstable_types: bool,
    /// S1: `code` may be absent, and `reason` is shown then.
    pub code_optional: bool,
    /// What a rule that the specification does not state, but implies, is worth.
    pub implied: Severity,
    /// a failure in passing is not reported before a second try.
    pub transient_needs_retry: bool,
    /// keys may be asked for at devices of other users.
    pub may_ask_others: bool,
    ///
    pub recovery_count: RecoveryCount,
    /// blocking a device that has the key replaces the session.
    pub block_rotates: Severity,
    ///
    pub session_age: SessionAge,
    /// in a limited sync every membership but `join` counts, not only leaving and bans.
    pub limited_any_membership: bool,
    /// `m.dummy` to a device that is not cross-signed is worth a warning.
    pub unsigned_dummy_warns: bool,
    /// a forwarded key may say that its gap is due to `m.no_olm`.
    pub forwarded_no_olm: bool,
    /// where no event set the history visibility, `shared_history` must be false.
    pub unset_visibility_is_private: bool,
}

impl Reading {
    /// The reading with this name.
    #[must_use]
    pub const fn named(name: ReadingName) -> Self {
        let strict = Self {
            name,
            once_per_session: Severity::Violation,
            replies: ReplyCount::PerRequest,
            code_change_counts: true,
            no_olm_stands: false,
            no_olm_by_device: true,
            unstable_types: false,
            code_optional: false,
            implied: Severity::Violation,
            transient_needs_retry: true,
            may_ask_others: false,
            recovery_count: RecoveryCount::AnyOutbound,
            block_rotates: Severity::Violation,
            session_age: SessionAge::FromCreation,
            limited_any_membership: true,
            unsigned_dummy_warns: true,
            forwarded_no_olm: false,
            unset_visibility_is_private: true,
        };
        match name {
            ReadingName::Strict => strict,
            ReadingName::Lenient => Self {
                once_per_session: Severity::Warning,
                replies: ReplyCount::PerProcessing,
                code_change_counts: false,
                no_olm_stands: true,
                no_olm_by_device: false,
                implied: Severity::Warning,
                transient_needs_retry: false,
                may_ask_others: true,
                recovery_count: RecoveryCount::RecoveryOnly,
                block_rotates: Severity::Warning,
                session_age: SessionAge::FromFirstMessage,
                limited_any_membership: false,
                unsigned_dummy_warns: false,
                forwarded_no_olm: true,
                unset_visibility_is_private: false,
                ..strict
            },
            ReadingName::Draft => Self { unstable_types: true, code_optional: true, ..strict },
        }
    }
}
