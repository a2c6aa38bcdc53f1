//! Rules that are not the crate's to keep: those that the glue around it decides, as `matrix-sdk` is written, and those of which the
//! adapter cannot see enough. It does not judge.

use withheld::rulebook::rule::Rule;

/// Why the crate is not judged by a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotTheCrate {
    /// What happens is decided outside of it; where in `matrix-sdk`, or in the adapter.
    Glue(&'static str),
    /// What would decide it is not shown by the public interface; the adapter fills in what it has to assume.
    Hidden(&'static str),
}

/// Rules by which the crate is not judged.
const TABLE: [(Rule, NotTheCrate); 7] = [
    (Rule::K02, NotTheCrate::Glue("Room::preshare_room_key sends a share before the message")),
    (Rule::T10, NotTheCrate::Glue("the adapter's HTTP client sends a request again as it was")),
    (
        Rule::D03,
        NotTheCrate::Glue(
            "Room::query_keys_for_untracked_or_dirty_users asks once for each message, and goes on if that fails",
        ),
    ),
    (Rule::R11, NotTheCrate::Glue("whether a room's algorithm can be used is for Room to look at")),
    (Rule::C05, NotTheCrate::Glue("how long a claim may take is for the HTTP client")),
    (
        Rule::N04,
        NotTheCrate::Glue(
            "when a claim is made again is for Client::claim_one_time_keys, at the next message",
        ),
    ),
    (
        Rule::H02,
        NotTheCrate::Hidden(
            "how shared_history is kept shows in bundles only, which the adapter does not make",
        ),
    ),
];

/// Why the crate is not judged by a rule; `None` if it is.
#[must_use]
pub fn not_the_crate(rule: Rule) -> Option<NotTheCrate> {
    TABLE.into_iter().find(|(one, _)| *one == rule).map(|(_, why)| why)
}
