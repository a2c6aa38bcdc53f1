//! Rules O: what a user keeps to himself.
//! It does not know the other families; each rule has a file of its own, unless the first lines of another name it.
//!
//! O-01 takes duties away, which `explained` does; O-02 is W-03. O-03, that keys do not depend on reports, holds because K-01 never
//! asks for them.

mod o04;
#[cfg(test)]
mod permitted;

use crate::check::rules::family;

family! {
    /// The rules of this family.
    pub(crate) struct Privacy {
        silent: o04::SilentWhereOptedOut,
    }
}
