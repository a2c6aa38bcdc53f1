//! Problems as text for people: each with its line of the file and a mark under what is meant.
//! It does not know whether it is read on a terminal; the caller asks for colour.

use annotate_snippets::{AnnotationKind, Element, Group, Level, Origin, Renderer, Snippet};

use super::problem::Problem;

/// How many characters of a line are shown after what is meant, and before it if the line is very long.
const MARGIN: usize = 60;
/// How many bytes of a line before what is meant are given to the renderer, which shows as many as fit.
const LONG: usize = 4_096;

/// The problems as plain text, one after the other, with `path` and line and column.
#[must_use]
pub fn render(problems: &[Problem], path: &str, text: &str) -> String {
    render_all(&Renderer::plain(), problems, path, text)
}

/// As [`render`], with colours in the escape codes of terminals.
#[must_use]
pub fn render_coloured(problems: &[Problem], path: &str, text: &str) -> String {
    render_all(&Renderer::styled(), problems, path, text)
}

fn render_all(renderer: &Renderer, problems: &[Problem], path: &str, text: &str) -> String {
    let mut rendered = String::new();
    for problem in problems {
        rendered.push_str(&render_one(renderer, problem, path, text));
        rendered.push_str("\n\n");
    }
    let count = problems.len();
    let noun = if count == 1 { "problem" } else { "problems" };
    rendered.push_str(&format!("{path}: {count} {noun}\n"));
    rendered
}

fn render_one(renderer: &Renderer, problem: &Problem, path: &str, text: &str) -> String {
    let title = Level::ERROR.primary_title(format!("found {}", problem.found));
    let window = Window::around(problem, text);
    let mark = AnnotationKind::Primary
        .span(window.start..window.end)
        .label(format!("expected {}", problem.expected));
    let snippet = Snippet::source(window.line).line_start(problem.line).annotation(mark);
    let group: Group<'_> = if window.is_cut {
        // The renderer would count columns from where the line was cut.
        let origin = Origin::path(path).line(problem.line).char_column(problem.column);
        title.element(Element::from(origin)).element(snippet)
    } else {
        title.element(snippet.path(path))
    };
    let hint = problem.hint.iter().map(|hint| Level::HELP.message(hint.clone()));
    renderer.render(&[group.elements(hint)])
}

/// The part of a line that is shown, and what is marked in it, in bytes.
struct Window {
    line: String,
    start: usize,
    end: usize,
    is_cut: bool,
}

impl Window {
    /// The window around a problem: a file may be one line of megabytes, so that no more than a part can be shown.
    fn around(problem: &Problem, text: &str) -> Self {
        let start = text.floor_char_boundary(problem.range.start);
        let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let line_end = text[start..].find('\n').map_or(text.len(), |at| start + at);
        let end = text.floor_char_boundary(problem.range.end).clamp(start, line_end);
        let is_cut = start - line_start > LONG;
        let left = text[line_start..start].char_indices().rev().nth(MARGIN - 1);
        let left = left.filter(|_| is_cut).map_or(line_start, |(at, _)| line_start + at);
        let end = text[start..end].char_indices().nth(2 * MARGIN).map_or(end, |(at, _)| start + at);
        let right = text[end..line_end].char_indices().nth(MARGIN);
        let right = right.map_or(line_end, |(at, _)| end + at);
        let before = visible(&text[left..start]);
        let marked = visible(&text[start..end]);
        let after = visible(text[end..right].trim_end());
        let cut_before = if is_cut { "…" } else { "" };
        let cut_after = if right < line_end { "…" } else { "" };
        let start = cut_before.len() + before.len();
        Self {
            end: start + marked.len(),
            start,
            is_cut,
            line: format!("{cut_before}{before}{marked}{after}{cut_after}"),
        }
    }
}

/// The text with a space for every control character and without byte order marks.
fn visible(text: &str) -> String {
    let shown = text.chars().filter(|letter| *letter != '\u{feff}');
    shown.map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}
