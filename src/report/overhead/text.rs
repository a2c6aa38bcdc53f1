//! A comparison of policies as tables for people: one of each world, and one of all worlds together.
//! It shows a dozen of the measures; data have all.

use crate::overhead::comparison::{Comparison, Unplayable, Why};
use crate::overhead::measure::{Measure, Unit};
use crate::overhead::stats::Estimate;
use crate::report::paint::{Paint, Tone};
use crate::report::text::{count, fill, grouped, safe, width, wrap};

use super::figure::{rough, short, signed};
use super::pareto;

/// What the tables of a world show: what is sent, and what comes of it.
const SHEETS: [&[(Measure, &str)]; 2] = [
    &[
        (Measure::Messages, "messages"),
        (Measure::Notices, "notices"),
        (Measure::Bytes, "bytes"),
        (Measure::Requests, "requests"),
        (Measure::Claims, "claims"),
        (Measure::OneTimeKeys, "otk"),
        (Measure::MailboxMax, "mailbox"),
    ],
    &[
        (Measure::Decrypted, "read"),
        (Measure::DecryptP99, "read after"),
        (Measure::Explained, "explained"),
        (Measure::ExplainP99, "expl. after"),
        (Measure::Unexplained, "dark"),
        (Measure::Spam, "spam"),
        (Measure::UnverifiedReaders, "unverified"),
    ],
];

/// What the table of all worlds shows in per cent of the baseline.
const RELATIVE: [(Measure, &str); 4] = [
    (Measure::Messages, "messages"),
    (Measure::Bytes, "bytes"),
    (Measure::Requests, "requests"),
    (Measure::OneTimeKeys, "otk"),
];

/// What the tables mean, under them.
const LEGEND: &str = "\
messages     to-device messages that servers accepted; notices: withheld notices among them
bytes        of the JSON bodies of sendToDevice requests; requests: all but syncs
claims, otk  devices that a one-time key was claimed for; one-time keys that were handed out
mailbox      the most messages that waited in one mailbox
read         messages at devices that decrypted them
read after   99 % of these were decrypted within this time of their arrival
explained    not read, and the device shows why; 99 % of these within expl. after
dark         not read, and the device shows no reason
spam         breaches of W-09, W-11, N-02 and N-03: told what was told before
wrong hands  breaches of the rules on who gets keys, and from where on
unverified   messages read at devices that the sender had not verified
";

/// A cell of a table.
type Cell = (String, Tone);

/// The whole comparison, in at most `columns` columns as far as that is possible.
#[must_use]
pub fn overhead_view(comparison: &Comparison, columns: usize, paint: Paint) -> String {
    let mut text = String::new();
    let base = &comparison.contenders[comparison.baseline].0;
    let of = comparison.contenders.len() as u64;
    let head = format!(
        "{of} policies in {}. The line of {base} has means of a run; in the others stand differences from it in the same rooms \
         with the same faults, with 95 % intervals. \"same\": no difference with any seed.",
        count(comparison.worlds.len() as u64, "world"),
    );
    text.push_str(&wrap(&head, columns, 0));
    text.push('\n');
    for world in 0..comparison.worlds.len() {
        text.push('\n');
        push_world(comparison, world, paint, &mut text);
    }
    text.push('\n');
    push_summary(comparison, paint, &mut text);
    text.push('\n');
    paint.push(Tone::Dim, LEGEND, &mut text);
    text
}

/// The order of the lines: the baseline first.
fn order(comparison: &Comparison) -> impl Iterator<Item = usize> {
    let baseline = comparison.baseline;
    let others = (0..comparison.contenders.len()).filter(move |one| *one != baseline);
    std::iter::once(baseline).chain(others)
}

fn push_world(comparison: &Comparison, world: usize, paint: Paint, text: &mut String) {
    let played = &comparison.worlds[world];
    paint.push(Tone::Heading, &safe(&played.world), text);
    text.push_str(&format!(", {}", count(played.seeds.len() as u64, "seed")));
    let cut = played.runs.iter().flatten().filter(|run| !run.is_whole).count();
    if cut > 0 {
        text.push_str(&format!("; {} had not come to rest when they ended", grouped(cut as u64)));
    }
    text.push('\n');
    for sheet in SHEETS {
        let mut lines = vec![heads(sheet.iter().map(|(_, head)| *head))];
        for contender in order(comparison) {
            let mut line = vec![(safe(&comparison.contenders[contender].0), Tone::Heading)];
            line.extend(
                sheet.iter().map(|(measure, _)| cell(comparison, (world, contender), *measure)),
            );
            lines.push(line);
        }
        push_table(&lines, paint, text);
    }
}

fn heads<'h>(heads: impl Iterator<Item = &'h str>) -> Vec<Cell> {
    let all = std::iter::once("policy").chain(heads);
    all.map(|head| (head.to_owned(), Tone::Dim)).collect()
}

fn cell(comparison: &Comparison, place: (usize, usize), measure: Measure) -> Cell {
    let (world, contender) = place;
    let unit = measure.unit();
    if contender == comparison.baseline {
        let mean = comparison.mean(world, contender, measure);
        return (mean.map_or_else(|| "-".to_owned(), |mean| short(mean, unit)), Tone::Good);
    }
    match comparison.difference(world, contender, measure) {
        Some(difference) => estimate(&difference.by, unit),
        None => ("-".to_owned(), Tone::Dim),
    }
}

fn estimate(by: &Estimate, unit: Unit) -> Cell {
    if by.same {
        return ("same".to_owned(), Tone::Dim);
    }
    let half = by.half_milli.map(|half| format!("±{}", rough(half, unit))).unwrap_or_default();
    let tone = if by.is_clear() { Tone::Heading } else { Tone::Dim };
    (format!("{}{half}", signed(by.mean_milli, unit)), tone)
}

fn push_summary(comparison: &Comparison, paint: Paint, text: &mut String) {
    paint.push(Tone::Heading, "all worlds", text);
    text.push_str(", each counting the same; the last four columns are of all runs together\n");
    let names = RELATIVE.iter().map(|(_, head)| *head);
    let mut lines = vec![heads(names.chain(["explained", "spam", "wrong hands", "unverified"]))];
    for contender in order(comparison) {
        let mut line = vec![(safe(&comparison.contenders[contender].0), Tone::Heading)];
        line.extend(RELATIVE.iter().map(|(measure, _)| relative(comparison, contender, *measure)));
        let share = pareto::explained(comparison, contender);
        let share = share.map(|permille| i64::try_from(permille * 1_000).unwrap_or(i64::MAX));
        let share = share.map_or_else(|| "-".to_owned(), |milli| short(milli, Unit::Permille));
        line.push((share, Tone::Good));
        for measure in [Measure::Spam, Measure::WrongHands] {
            let sum = comparison.sum(contender, measure);
            line.push((grouped(sum), if sum > 0 { Tone::Bad } else { Tone::Good }));
        }
        let readers = comparison.sum(contender, Measure::UnverifiedReaders);
        line.push((grouped(readers), Tone::Good));
        lines.push(line);
    }
    push_table(&lines, paint, text);
}

fn relative(comparison: &Comparison, contender: usize, measure: Measure) -> Cell {
    if contender == comparison.baseline {
        return ("baseline".to_owned(), Tone::Dim);
    }
    match comparison.relative(contender, measure) {
        Some(by) => {
            // One per cent is ten of a thousand.
            let by = Estimate {
                mean_milli: by.mean_milli.saturating_mul(10),
                half_milli: by.half_milli.map(|half| half.saturating_mul(10)),
                ..by
            };
            estimate(&by, Unit::Permille)
        }
        None => ("-".to_owned(), Tone::Dim),
    }
}

fn push_table(lines: &[Vec<Cell>], paint: Paint, text: &mut String) {
    let columns = lines.first().map_or(0, Vec::len);
    let widest = |column: usize| lines.iter().map(|line| width(&line[column].0)).max();
    let widths: Vec<usize> = (0..columns).map(|one| widest(one).unwrap_or(0)).collect();
    for line in lines {
        text.push_str("  ");
        for (column, (cell, tone)) in line.iter().enumerate() {
            if column > 0 {
                text.push_str("  ");
                text.push_str(&fill(cell, widths[column]));
            }
            paint.push(*tone, cell, text);
            if column == 0 {
                text.push_str(&fill(cell, widths[column]));
            }
        }
        text.push('\n');
    }
}

/// Why a room cannot be played, as a clause that names room and policy.
#[must_use]
pub fn unplayable(error: &Unplayable) -> String {
    let why = match &error.why {
        Why::Invalid(problem) => format!("with it the room is no valid one: {problem}"),
        Why::TooLarge { messages, devices } => format!(
            "it is too large: found {} at {}, expected at most {} of both multiplied",
            count(*messages as u64, "message"),
            count(*devices as u64, "device"),
            grouped(crate::overhead::comparison::MOST_CELLS),
        ),
        Why::Endless => "it does not come to an end".to_owned(),
        Why::NothingSent(why) => format!("no message is sent under it: {why}"),
        Why::NoRequests => {
            "the clients of this program do not show their requests, which are to be counted"
                .to_owned()
        }
    };
    format!(
        "{} cannot be played under the policy {}: {}",
        safe(&error.room),
        safe(&error.contender),
        safe(&why)
    )
}

#[cfg(test)]
mod tests {
    use super::{overhead_view, unplayable};
    use crate::overhead::comparison::{Unplayable, Why};
    use crate::overhead::measure::Measure;
    use crate::report::overhead::sample::comparison;
    use crate::report::paint::Paint;
    use crate::report::text::width;

    #[test]
    fn each_world_has_its_tables_with_the_baseline_first_and_everything_fits() {
        let comparison = comparison();
        let text = overhead_view(&comparison, 100, Paint::Plain);
        let lines: Vec<&str> = text.lines().collect();
        for line in &lines {
            assert!(width(line) <= 108, "{line}");
        }
        let at = lines.iter().position(|line| *line == "family-quiet-healthy, 2 seeds").unwrap();
        let heads = lines[at + 1].split_whitespace().collect::<Vec<_>>();
        assert_eq!(heads[..4], ["policy", "messages", "notices", "bytes"]);
        let first = |line: &str| line.split_whitespace().next().unwrap_or_default().to_owned();
        let names: Vec<String> = lines[at + 2..at + 5].iter().map(|line| first(line)).collect();
        assert_eq!(names, ["both", "nothing", "per-message"]);
        let mean = comparison.mean(0, 1, Measure::Messages).unwrap();
        let shown = lines[at + 2].split_whitespace().nth(1).unwrap();
        assert_eq!(shown, super::short(mean, Measure::Messages.unit()));
        assert!(text.contains("\na, \"world\"\\u{1b}, 2 seeds"), "{text}");
        assert!(text.contains("\nall worlds, "), "{text}");
    }

    #[test]
    fn what_does_not_differ_is_called_the_same_and_an_interval_stands_with_what_does() {
        let comparison = comparison();
        let text = overhead_view(&comparison, 100, Paint::Plain);
        let line = |policy: &str| {
            let begins = format!("  {policy} ");
            text.lines().find(|line| line.starts_with(&begins)).unwrap().to_owned()
        };
        assert!(line("nothing").contains('±'), "{text}");
        assert!(line("per-message").contains("same"), "{text}");
    }

    #[test]
    fn a_room_that_cannot_be_played_is_named_with_the_policy_and_the_reason() {
        let error = Unplayable {
            room: "a.json".to_owned(),
            contender: "mine".to_owned(),
            why: Why::TooLarge { messages: 30_000, devices: 1_000 },
        };
        assert_eq!(
            unplayable(&error),
            "a.json cannot be played under the policy mine: it is too large: found 30,000 messages at 1,000 devices, \
             expected at most 20,000,000 of both multiplied"
        );
    }
}
