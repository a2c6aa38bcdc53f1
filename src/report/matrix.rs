//! What comes of pairs of clients, as a table, as JSON and as CSV.
//! It does not run anything.

use serde::Serialize;

use crate::run::matrix::{Counts, Pair};

use super::paint::{Paint, Tone};
use super::text::{fill, grouped, width};

/// The columns with their names in CSV and JSON, and over the table.
const COLUMNS: [(&str, &str); 8] = [
    ("delivered", "delivered"),
    ("explained", "explained"),
    ("wire_only", "on wire only"),
    ("unexplained", "unexplained"),
    ("excused", "excused"),
    ("faulty", "faulty"),
    ("notices", "notices"),
    ("spam", "spam"),
];

/// What each column counts, for the foot of the table.
const LEGEND: &str = "\
delivered    messages at devices that could be read
explained    not readable, and the user is told why
on wire only not readable; the device was told why and makes nothing of it
unexplained  not readable, and nothing, or nothing true, was said though it was due
excused      not readable, and by the specification no explanation is due
faulty       not readable, because somebody broke another rule
notices      withheld notices that servers accepted from the sender; spam: those that repeat what was told before
";

const fn figures(counts: &Counts) -> [u64; 8] {
    [
        counts.delivered,
        counts.explained,
        counts.wire_only,
        counts.unexplained,
        counts.excused,
        counts.faulty,
        counts.notices,
        counts.spam,
    ]
}

/// The table for people, grouped by sender.
#[must_use]
pub fn matrix_view(pairs: &[Pair], rooms: usize, paint: Paint) -> String {
    let names = pairs.iter().flat_map(|pair| [width(&pair.sender), width(&pair.recipient)]);
    let wide = names.chain(["recipient".len()]).max().unwrap_or_default() + 2;
    let mut text =
        format!("Each pair in {rooms} rooms: the sender's client, then the recipients'.\n");
    let mut last = None;
    for pair in pairs {
        if last != Some(&pair.sender) {
            text.push('\n');
            heading(&pair.sender, wide, paint, &mut text);
            last = Some(&pair.sender);
        }
        text.push_str(&format!("  {}{}", pair.recipient, fill(&pair.recipient, wide)));
        for ((name, head), figure) in COLUMNS.iter().zip(figures(&pair.counts)) {
            let shown = grouped(figure);
            text.push_str(&fill(&shown, head.len() + 2));
            let bad = figure > 0 && matches!(*name, "unexplained" | "faulty" | "spam");
            paint.push(if bad { Tone::Bad } else { Tone::Good }, &shown, &mut text);
        }
        text.push('\n');
    }
    text.push('\n');
    paint.push(Tone::Dim, LEGEND, &mut text);
    text
}

fn heading(sender: &str, wide: usize, paint: Paint, text: &mut String) {
    paint.push(Tone::Heading, sender, text);
    text.push_str(&fill(sender, wide + 2));
    for (_, head) in COLUMNS {
        text.push_str("  ");
        paint.push(Tone::Dim, head, text);
    }
    text.push('\n');
}

/// The table as CSV with a line of names (RFC 4180; names of profiles hold no comma and no quote).
#[must_use]
pub fn matrix_csv(pairs: &[Pair]) -> String {
    let head: Vec<&str> = COLUMNS.iter().map(|(name, _)| *name).collect();
    let mut text = format!("sender,recipient,{}\n", head.join(","));
    for pair in pairs {
        let figures: Vec<String> = figures(&pair.counts).iter().map(u64::to_string).collect();
        text.push_str(&format!("{},{},{}\n", pair.sender, pair.recipient, figures.join(",")));
    }
    text
}

/// The table as data.
#[derive(Debug, Serialize)]
pub struct MatrixDocument<'a> {
    format_version: u32,
    rooms: Vec<&'static str>,
    pairs: Vec<PairEntry<'a>>,
}

#[derive(Debug, Serialize)]
struct PairEntry<'a> {
    sender: &'a str,
    recipient: &'a str,
    delivered: u64,
    explained: u64,
    wire_only: u64,
    unexplained: u64,
    excused: u64,
    faulty: u64,
    notices: u64,
    spam: u64,
}

/// The table as data, for a JSON writer.
#[must_use]
pub fn matrix_document<'a>(pairs: &'a [Pair], rooms: Vec<&'static str>) -> MatrixDocument<'a> {
    let entry = |pair: &'a Pair| {
        let [delivered, explained, wire_only, unexplained, excused, faulty, notices, spam] =
            figures(&pair.counts);
        PairEntry {
            sender: &pair.sender,
            recipient: &pair.recipient,
            delivered,
            explained,
            wire_only,
            unexplained,
            excused,
            faulty,
            notices,
            spam,
        }
    };
    MatrixDocument { format_version: 1, rooms, pairs: pairs.iter().map(entry).collect() }
}

#[cfg(test)]
mod tests {
    use super::{matrix_csv, matrix_document, matrix_view};
    use crate::report::paint::Paint;
    use crate::run::matrix::{Counts, Pair};

    fn pairs() -> Vec<Pair> {
        let counts = Counts { delivered: 1_234, spam: 2, ..Counts::default() };
        let pair = |recipient: &str| Pair {
            sender: "one".to_owned(),
            recipient: recipient.to_owned(),
            counts,
        };
        vec![pair("one"), pair("another")]
    }

    #[test]
    fn the_table_has_a_line_for_each_pair_under_its_sender() {
        let text = matrix_view(&pairs(), 3, Paint::Plain);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines[2],
            "one            delivered  explained  on wire only  unexplained  excused  faulty  notices  spam"
        );
        assert_eq!(
            lines[4],
            "  another          1,234          0             0            0        0       0        0     2"
        );
    }

    #[test]
    fn csv_and_json_say_the_same() {
        assert_eq!(matrix_csv(&pairs()).lines().nth(1), Some("one,one,1234,0,0,0,0,0,0,2"));
        let json = serde_json::to_value(matrix_document(&pairs(), vec!["a_room"])).unwrap();
        assert_eq!(json["pairs"][1]["recipient"], "another");
        assert_eq!(json["pairs"][1]["spam"], 2);
        assert_eq!(json["rooms"][0], "a_room");
    }
}
