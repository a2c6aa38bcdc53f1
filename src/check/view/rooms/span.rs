//! A stretch of one server's events of a room, by their numbers, and what became of a user in it.
//! It does not know how the events are kept.

use crate::ids::UserId;
use crate::protocol::room::Membership;

/// What one answer told a device of a room: the events with numbers after `after`, up to `upto`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    /// The number of the last event that was told before.
    pub(crate) after: u32,
    /// The number of the last event that was told now.
    pub(crate) upto: u32,
}

/// The value before a span, and those within.
pub(super) fn in_span<T: Copy>(values: &[(u32, T)], span: Span) -> (Option<T>, Vec<T>) {
    let start = values.partition_point(|(seq, _)| *seq <= span.after);
    let (before, rest) = values.split_at(start);
    let within = rest.iter().take_while(|(seq, _)| *seq <= span.upto);
    (before.last().map(|(_, value)| *value), within.map(|(_, value)| *value).collect())
}

/// What became of one user's membership in a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Passage {
    /// The user.
    pub(crate) user: UserId,
    /// The membership as it was known before.
    pub(crate) before: Option<Membership>,
    /// The membership after the last event.
    pub(crate) last: Membership,
    /// Whether the user was in the room, or invited, and then not, in between or at the end.
    pub(crate) departed: bool,
    /// Whether one of the events was a leave or a ban.
    pub(crate) was_out: bool,
    /// Whether one of the events was an invite.
    pub(crate) was_invited: bool,
}
