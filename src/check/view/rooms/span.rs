//! A stretch of one server's events of a room, by their numbers.
//! It does not know what the events are.

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
