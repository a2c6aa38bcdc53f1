//! Explanations as text: a head, and under it a line for each fact with its time and its number.
//! It does not know how facts were found.

use crate::explain::slice::{Link, Slice};
use crate::report::difference::differences;
use crate::report::narrate;
use crate::report::paint::Tone;
use crate::report::restless::sentence;
use crate::report::room::{Layout, indented, push_remarks};
use crate::report::text::{count, fill, safe, width};
use crate::run::why::{Answer, Subject};

use super::{Explained, Head, Statement, Teller, references};

/// What is said where there is nothing to explain.
const NOTHING: &str =
    "Every message was read by every device that it was meant for, and no rule was broken.";
/// What is said in its place where the run was cut.
const NOTHING_YET: &str = "As far as the run went, every message was read by every device that it was meant for, and no rule was broken.";

/// The explanations as text.
#[must_use]
pub fn text(explained: &Explained<'_>, layout: Layout) -> String {
    let teller = Teller::new(explained);
    let report = &explained.why.report;
    let mut text = format!(
        "{}: {} reading, seed {}, {}, digest {:016x}\n",
        safe(explained.path),
        report.outcome.reading.name.as_str(),
        report.seed,
        count(report.facts, "fact"),
        report.digest,
    );
    if let Some(restless) = &report.restless {
        let said = sentence(&teller.names, restless, report.actions);
        text.push_str(&indented(&said, layout));
    }
    if explained.why.answers.is_empty() {
        let said = if report.restless.is_some() { NOTHING_YET } else { NOTHING };
        text.push_str(&format!("\n{said}\n"));
    }
    for answer in &explained.why.answers {
        text.push('\n');
        text.push_str(&one(&teller, answer, layout));
    }
    let differences = differences(&teller.names, &report.mismatches);
    if !differences.is_empty() {
        text.push_str("\nNot as the file expects:\n");
        for difference in differences {
            text.push_str(&indented(&difference, layout));
        }
    }
    push_remarks(&mut text, report, layout);
    let others = explained.why.others as u64;
    if others > 0 || explained.why.answers.is_empty() {
        let more =
            if others > 0 { format!("{} more; ", count(others, "case")) } else { String::new() };
        text.push_str(&format!("\n{more}for another: {}\n", explained.more));
    }
    text
}

fn one(teller: &Teller<'_>, answer: &Answer, layout: Layout) -> String {
    let Head { title, summary, shown, asides } = teller.head(answer);
    let tone = match &answer.subject {
        Subject::Cell(cell) => Tone::of_leaf(cell.leaf),
        Subject::Broken(_) => Tone::Bad,
        Subject::Unsent(_) => Tone::Noted,
    };
    let mut text = layout.paint.text(tone, &title) + "\n";
    for Statement { text: said, facts } in
        [Some(summary), shown].into_iter().flatten().chain(asides)
    {
        text.push_str(&indented(&format!("{said}{}", references(&facts)), layout));
    }
    for line in teller.rule_lines(answer) {
        text.push_str(&indented(&line, layout));
    }
    text.push('\n');
    text.push_str(&story(teller, &answer.slice, layout));
    text
}

/// A line for each fact, times and numbers in columns; in brackets what it came from.
fn story(teller: &Teller<'_>, slice: &Slice, layout: Layout) -> String {
    let times: Vec<String> = slice.links.iter().map(|link| link.fact.at.to_string()).collect();
    let numbers: Vec<String> =
        slice.links.iter().map(|link| format!("#{}", link.fact.id.raw())).collect();
    let widest = |texts: &[String]| texts.iter().map(|text| width(text)).max().unwrap_or(0);
    let (time_columns, number_columns) = (widest(&times), widest(&numbers));
    let mut text = String::new();
    for ((link, time), number) in slice.links.iter().zip(&times).zip(&numbers) {
        let margin = format!(
            "  {}{time}  {number}{}  ",
            fill(time, time_columns),
            fill(number, number_columns)
        );
        let said = format!("{}{}", narrate::clause(&teller.names, &link.fact), because(link));
        let columns = layout.columns.saturating_sub(width(&margin)).max(MIN_COLUMNS);
        let wrapped = crate::report::text::wrap(&said, columns, 2);
        let blank = " ".repeat(width(&margin));
        for (position, line) in wrapped.lines().enumerate() {
            text.push_str(if position == 0 { &margin } else { &blank });
            text.push_str(line);
            text.push('\n');
        }
    }
    if slice.left_out > 0 {
        let more = count(slice.left_out as u64, "fact");
        text.push_str(&format!("  ({more} more, further away, left out)\n"));
    }
    text
}

/// Sentences are not squeezed into less than this.
const MIN_COLUMNS: usize = 24;

fn because(link: &Link) -> String {
    match references(&link.causes) {
        none if none.is_empty() => none,
        known => format!(" <-{}", known.replace(['(', ')'], "")),
    }
}
