//! Colour, or none: what stands out in a report and how.
//! It does not know whether there is a terminal; it is told.

use anstyle::{AnsiColor, Style};

use crate::rulebook::leaf::{Leaf, LeafClass};
use crate::run::status::Status;

/// Paints text if colour is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paint {
    /// No escape sequence at all.
    Plain,
    /// ANSI colours.
    Colour,
}

/// What a text is, which decides its colour; what stands out most comes last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tone {
    /// Of less weight.
    Dim,
    /// A heading.
    Heading,
    /// As it should be.
    Good,
    /// Not as wished, and nobody's fault.
    Noted,
    /// Open.
    Open,
    /// Wrong.
    Bad,
}

impl Tone {
    const fn style(self) -> Style {
        match self {
            Self::Good => AnsiColor::Green.on_default(),
            Self::Noted => AnsiColor::Cyan.on_default(),
            Self::Open => AnsiColor::Yellow.on_default(),
            Self::Bad => AnsiColor::Red.on_default().bold(),
            Self::Heading => Style::new().bold(),
            Self::Dim => Style::new().dimmed(),
        }
    }

    /// The tone of a leaf.
    #[must_use]
    pub const fn of_leaf(leaf: Leaf) -> Self {
        match leaf.class() {
            LeafClass::Ok => Self::Good,
            LeafClass::Explained | LeafClass::Excused => Self::Noted,
            LeafClass::Pending | LeafClass::SpecGap => Self::Open,
            LeafClass::Fault => Self::Bad,
        }
    }

    /// The tone of a status.
    #[must_use]
    pub const fn of_status(status: Status) -> Self {
        match status {
            Status::Holds => Self::Good,
            Status::Inconclusive => Self::Open,
            Status::Differs | Status::Violated | Status::NotDeterministic => Self::Bad,
        }
    }
}

impl Paint {
    /// Appends `text` in the colour of `tone`.
    pub fn push(self, tone: Tone, text: &str, to: &mut String) {
        match self {
            Self::Plain => to.push_str(text),
            Self::Colour => {
                let style = tone.style();
                to.push_str(&format!("{style}{text}{style:#}"));
            }
        }
    }

    /// `text` in the colour of `tone`.
    #[must_use]
    pub fn text(self, tone: Tone, text: &str) -> String {
        let mut painted = String::new();
        self.push(tone, text, &mut painted);
        painted
    }
}

#[cfg(test)]
mod tests {
    use super::{Paint, Tone};

    #[test]
    fn plain_text_has_no_escape_and_coloured_text_ends_its_colour() {
        for tone in [Tone::Good, Tone::Noted, Tone::Open, Tone::Bad, Tone::Heading, Tone::Dim] {
            assert_eq!(Paint::Plain.text(tone, "x"), "x");
            let coloured = Paint::Colour.text(tone, "x");
            assert!(coloured.starts_with("\u{1b}["), "{coloured:?}");
            assert!(coloured.ends_with("x\u{1b}[0m"), "{coloured:?}");
        }
    }
}
