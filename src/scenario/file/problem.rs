//! A problem of a scenario file: where it is, what was found there and what was expected instead.
//! It does not know the format, only how problems are collected, kept few, and put in order.

use std::fmt;
use std::ops::Range;

use crate::scenario::nearest::by_likeness;

/// How many problems of one file are told; a file with more of them gets one last problem that says so.
const MOST_PROBLEMS: usize = 1_000;
/// How many names are compared for all the hints of one file together.
const MOST_COMPARISONS: usize = 200_000;
/// How many characters of a text from the file a problem quotes.
const QUOTED_CHARS: usize = 60;

/// Something in a scenario file that cannot be read or does not make sense.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Bytes of the file, as an offset from its first byte; empty where something is missing at the very end.
    pub range: Range<usize>,
    /// The line of the first byte, counted from 1.
    pub line: usize,
    /// The column of the first byte in its line, in characters, counted from 1.
    pub column: usize,
    /// What stands there.
    pub found: String,
    /// What should stand there.
    pub expected: String,
    /// What was probably meant, or how to do it right.
    pub hint: Option<String>,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}:{}: found {}, expected {}",
            self.line, self.column, self.found, self.expected
        )?;
        match &self.hint {
            Some(hint) => write!(f, "; {hint}"),
            None => Ok(()),
        }
    }
}

/// A range of bytes of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) struct Span {
    /// The first byte.
    pub(super) start: usize,
    /// The byte after the last one.
    pub(super) end: usize,
}

impl Span {
    /// The span from `start` up to `end`.
    pub(super) const fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }

    /// Its first byte alone: an opening bracket, where the whole would be too much to show.
    pub(super) const fn head(self) -> Self {
        Self {
            start: self.start,
            end: if self.end > self.start { self.start + 1 } else { self.end },
        }
    }
}

/// A problem that has no line and column yet.
#[derive(Debug)]
struct Draft {
    span: Span,
    found: String,
    expected: String,
    hint: Option<String>,
}

/// The problems of one file as they are found.
#[derive(Debug, Default)]
pub(super) struct Problems {
    drafts: Vec<Draft>,
    overflow: Option<Span>,
    comparisons: usize,
}

impl Problems {
    /// Notes a problem.
    pub(super) fn report(
        &mut self,
        span: Span,
        found: impl Into<String>,
        expected: impl Into<String>,
    ) {
        self.report_with_hint(span, found, expected, None);
    }

    /// Notes a problem with a hint, if there is one.
    pub(super) fn report_with_hint(
        &mut self,
        span: Span,
        found: impl Into<String>,
        expected: impl Into<String>,
        hint: Option<String>,
    ) {
        if self.drafts.len() >= MOST_PROBLEMS {
            self.overflow.get_or_insert(span);
            return;
        }
        self.drafts.push(Draft { span, found: found.into(), expected: expected.into(), hint });
    }

    /// Whether nothing was noted.
    pub(super) fn is_empty(&self) -> bool {
        self.drafts.is_empty()
    }

    /// The hint `did you mean "x"?` for the candidate that is nearest to `name`, if one is near.
    pub(super) fn did_you_mean<'n>(
        &mut self,
        name: &str,
        candidates: impl IntoIterator<Item = &'n str>,
    ) -> Option<String> {
        self.nearest(name, candidates).map(|found| format!("did you mean {}?", quoted(found)))
    }

    /// The candidate that is nearest to `name`, if one is near. All comparisons of a file draw on one budget,
    /// because a file with many wrong names among many right ones must not cost their product.
    pub(super) fn nearest<'n>(
        &mut self,
        name: &str,
        candidates: impl IntoIterator<Item = &'n str>,
    ) -> Option<&'n str> {
        let length = name.chars().count();
        if length > QUOTED_CHARS {
            return None;
        }
        let most = (length / 3).max(1);
        let lower = name.to_lowercase();
        let mut best: Option<(usize, &str)> = None;
        for candidate in candidates {
            if candidate.len().abs_diff(name.len()) > 2 * most {
                continue;
            }
            self.comparisons += 1;
            if self.comparisons > MOST_COMPARISONS {
                break;
            }
            let distance = strsim::osa_distance(&lower, &candidate.to_lowercase());
            if distance <= most && best.is_none_or(|(least, _)| distance < least) {
                best = Some((distance, candidate));
            }
        }
        best.map(|(_, candidate)| candidate)
    }

    /// The hint that says which names of these kinds there are, those that are most like `name` first; `None` if there are none, or if
    /// the budget of comparisons is spent.
    pub(super) fn there_are<'n>(
        &mut self,
        name: &str,
        kinds: impl IntoIterator<Item = (&'static str, &'n str)>,
    ) -> Option<String> {
        if self.comparisons > MOST_COMPARISONS {
            return None;
        }
        let mut names: Vec<(&str, Vec<&str>)> = Vec::new();
        for (kind, known) in kinds {
            self.comparisons += 1;
            match names.iter_mut().find(|(other, _)| *other == kind) {
                Some((_, names)) => names.push(known),
                None => names.push((kind, vec![known])),
            }
        }
        let clause = |(kind, known): (&str, Vec<&str>)| match &known[..] {
            [only] => format!("the only {kind} is {}", quoted(only)),
            all => format!("the {kind}s are {}", listed_like(name, all.iter().copied())),
        };
        let clauses: Vec<String> = names.into_iter().map(clause).collect();
        (!clauses.is_empty()).then(|| clauses.join(", "))
    }

    /// The problems in the order of their places in `text`, with lines and columns.
    pub(super) fn finish(mut self, text: &str) -> Vec<Problem> {
        if let Some(span) = self.overflow {
            let found = format!("more than {MOST_PROBLEMS} problems");
            let expected = "fewer; the rest is told when these are gone";
            self.drafts.push(Draft { span, found, expected: expected.into(), hint: None });
        }
        self.drafts.sort_by_key(|draft| draft.span);
        // The walk that finds names and the one that reads values may both meet one thing that is there twice.
        self.drafts.dedup_by(|next, draft| next.span == draft.span && next.found == draft.found);
        let mut places = Places::new(text);
        self.drafts
            .into_iter()
            .map(|draft| {
                let (line, column) = places.of(draft.span.start);
                Problem {
                    range: draft.span.start..draft.span.end,
                    line,
                    column,
                    found: draft.found,
                    expected: draft.expected,
                    hint: draft.hint,
                }
            })
            .collect()
    }
}

/// Lines and columns of ascending offsets, counted in one walk over the text.
struct Places<'t> {
    text: &'t str,
    offset: usize,
    line: usize,
    column: usize,
}

impl<'t> Places<'t> {
    fn new(text: &'t str) -> Self {
        Self { text, offset: 0, line: 1, column: 1 }
    }

    /// Line and column of `offset`, which is not before the last one asked for.
    fn of(&mut self, offset: usize) -> (usize, usize) {
        let end = self.text.floor_char_boundary(offset).max(self.offset);
        for letter in self.text[self.offset..end].chars() {
            match letter {
                '\n' => {
                    self.line += 1;
                    self.column = 1;
                }
                '\u{feff}' => {}
                _ => self.column += 1,
            }
        }
        self.offset = end;
        (self.line, self.column)
    }
}

/// A text of the file in double quotes: on one line, without control characters, and cut if it is long.
pub(super) fn quoted(text: &str) -> String {
    let mut shown = String::from("\"");
    for letter in text.chars().take(QUOTED_CHARS) {
        match letter {
            '\'' => shown.push(letter),
            _ => shown.extend(letter.escape_debug()),
        }
    }
    if text.chars().nth(QUOTED_CHARS).is_some() {
        shown.push('…');
    }
    shown.push('"');
    shown
}

/// How many names a problem lists.
const SHOWN: usize = 12;

/// As [`listed`], but if there are too many to list them all, those that are most like `name`.
pub(super) fn listed_like<'n>(name: &str, names: impl Iterator<Item = &'n str> + Clone) -> String {
    if names.clone().nth(SHOWN).is_none() {
        return listed(names);
    }
    listed(by_likeness(name, names))
}

/// Names in double quotes with commas between; the first dozen if there are more.
pub(super) fn listed<'n>(names: impl IntoIterator<Item = &'n str>) -> String {
    let mut names = names.into_iter();
    let mut text = names.by_ref().take(SHOWN).map(quoted).collect::<Vec<_>>().join(", ");
    let more = names.count();
    if more > 0 {
        text.push_str(&format!(" or {more} others"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{MOST_PROBLEMS, Problems, Span, listed, quoted};

    #[test]
    fn problems_come_out_in_the_order_of_their_places_with_lines_and_columns() {
        let text = "a\nüb\r\nc";
        let mut problems = Problems::default();
        problems.report(Span::new(7, 8), "c", "d");
        problems.report(Span::new(4, 5), "b", "d");
        let told = problems.finish(text);
        assert_eq!((told[0].line, told[0].column, told[0].found.as_str()), (2, 2, "b"));
        assert_eq!((told[1].line, told[1].column, told[1].found.as_str()), (3, 1, "c"));
        assert_eq!(told[0].to_string(), "2:2: found b, expected d");
    }

    #[test]
    fn a_byte_order_mark_takes_no_column() {
        let mut problems = Problems::default();
        problems.report(Span::new(3, 4), "x", "y");
        assert_eq!(problems.finish("\u{feff}x")[0].column, 1);
    }

    #[test]
    fn the_nearest_name_is_offered_and_a_far_one_is_not() {
        let mut problems = Problems::default();
        let known = ["policy", "habits", "present"];
        let hint = problems.did_you_mean("polcy", known);
        assert_eq!(hint.as_deref(), Some("did you mean \"policy\"?"));
        assert_eq!(problems.did_you_mean("B1", ["b1"]).as_deref(), Some("did you mean \"b1\"?"));
        assert_eq!(problems.did_you_mean("colour", known), None);
        assert_eq!(problems.did_you_mean(&"x".repeat(10_000), known), None);
    }

    #[test]
    fn hints_stop_when_their_budget_is_spent() {
        let mut problems = Problems::default();
        let names: Vec<String> = (0..300_000).map(|n| format!("user{n}")).collect();
        assert!(problems.nearest("user299999", names.iter().map(String::as_str)).is_some());
        assert_eq!(problems.nearest("user1", ["user1"]), None);
    }

    #[test]
    fn too_many_problems_end_with_one_that_says_so() {
        let mut problems = Problems::default();
        for place in 0..MOST_PROBLEMS + 7 {
            problems.report(Span::new(place, place), "x", "y");
        }
        let told = problems.finish(&" ".repeat(MOST_PROBLEMS + 7));
        assert_eq!(told.len(), MOST_PROBLEMS + 1);
        assert_eq!(told[MOST_PROBLEMS].found, "more than 1000 problems");
    }

    #[test]
    fn quotes_are_short_and_without_control_characters() {
        assert_eq!(quoted("a\u{1b}[31m\n"), "\"a\\u{1b}[31m\\n\"");
        assert_eq!(quoted(&"x".repeat(61)), format!("\"{}…\"", "x".repeat(60)));
        assert_eq!(listed(["a", "b"]), "\"a\", \"b\"");
        assert!(listed(["a"; 15]).ends_with(" or 3 others"));
    }
}
