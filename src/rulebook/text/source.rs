//! Where a rule comes from: places in documents.
//! It does not know what the rule says.

use std::fmt;

use crate::rulebook::text::document::Document;

/// A place in a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The document.
    pub document: Document,
    /// Its section by its heading; of schemas the event or the object, of endpoints the request.
    pub section: &'static str,
}

/// Where a rule comes from: one to a few places, the most direct one first.
///
/// Printed as `spec, end-to-end encryption: Key requests; MSC2399: Proposal`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Source {
    places: &'static [Place],
}

impl Source {
    /// These places.
    pub(super) const fn of(places: &'static [Place]) -> Self {
        Self { places }
    }

    /// The places, the most direct one first; there is at least one.
    #[must_use]
    pub const fn places(self) -> &'static [Place] {
        self.places
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.document.short(), self.section)
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, place) in self.places.iter().enumerate() {
            if position > 0 {
                f.write_str("; ")?;
            }
            place.fmt(f)?;
        }
        Ok(())
    }
}
