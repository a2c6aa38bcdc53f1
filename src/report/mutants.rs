//! The table of mutants: what caught each, after how much, in how small a room; and all of it as data.
//! It does not run anything.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::minimise::size::Size;
use crate::rulebook::rule::Rule;
use crate::run::mutants::catchers;
use crate::run::mutants::hunt::Budget;
use crate::run::mutants::summary::{Entry, Summary};

use super::paint::{Paint, Tone};
use super::text::{count, fill, grouped, width};

/// A mutant with the real time that it took to catch it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timed {
    /// The mutant.
    pub entry: Entry,
    /// Microseconds on one core until it was caught, or until the rooms were used up.
    pub micros: u64,
}

/// What is shown of mutants.
#[derive(Debug, Clone, Copy)]
pub struct Told<'a> {
    /// The mutants.
    pub mutants: &'a [Timed],
    /// The figures.
    pub summary: &'a Summary,
    /// Which rooms they were tried in.
    pub budget: Budget,
}

const COLUMNS: [&str; 9] = [
    "mutant",
    "setting",
    "caught by",
    "rooms",
    "seconds",
    "devices",
    "steps",
    "faults",
    "also broken",
];

/// How wide a column of the matrix is.
const CELL: usize = 6;

/// How many other rules a line names.
const OTHERS: usize = 5;

/// The table for people, with its figures under it.
#[must_use]
pub fn mutants_view(told: &Told<'_>, paint: Paint) -> String {
    let heading = COLUMNS.map(|name| (name.to_owned(), Tone::Heading));
    let mut lines = vec![heading];
    lines.extend(told.mutants.iter().map(line));
    let mut text = sheet(&lines, paint);
    text.push('\n');
    text.push_str(&figures(told, paint));
    text
}

fn line(timed: &Timed) -> [(String, Tone); 9] {
    let entry = &timed.entry;
    let (rule, rooms, tone) = match entry.caught {
        Some((rooms, rule)) => (rule.id().to_owned(), grouped(rooms), Tone::Good),
        None => ("survives".to_owned(), format!("> {}", grouped(entry.cases)), Tone::Bad),
    };
    let of_size = |figure: fn(&Size) -> usize| {
        let shown = entry.small.as_ref().map(|small| figure(&small.size).to_string());
        (shown.unwrap_or_default(), Tone::Dim)
    };
    [
        (entry.written.mutant.id().to_owned(), Tone::Heading),
        (entry.written.setting().to_owned(), Tone::Dim),
        (rule, tone),
        (rooms, tone),
        (seconds(timed.micros), Tone::Dim),
        of_size(|size| size.devices),
        of_size(|size| size.steps),
        of_size(|size| size.faults),
        (others(entry), Tone::Dim),
    ]
}

/// The other rules that it broke, the most frequent first, with the number of rooms; one that it broke before it was caught
/// stands in front.
fn others(entry: &Entry) -> String {
    let own = entry.caught.map(|(_, rule)| rule);
    let mut others: Vec<(Rule, u64)> = entry
        .broken
        .iter()
        .filter(|(rule, _)| Some(**rule) != own)
        .map(|(r, n)| (*r, *n))
        .collect();
    others.sort_by_key(|(rule, rooms)| (std::cmp::Reverse(*rooms), *rule));
    let mut parts: Vec<String> = Vec::new();
    if let Some((rule, rooms)) = entry.first_other {
        parts.push(format!("{} first, in room {}", rule.id(), grouped(rooms)));
        others.retain(|(other, _)| *other != rule);
    }
    parts.extend(
        others.iter().take(OTHERS).map(|(rule, n)| format!("{} {}", rule.id(), grouped(*n))),
    );
    if others.len() > OTHERS {
        parts.push(format!("and {}", count((others.len() - OTHERS) as u64, "more rule")));
    }
    parts.join(", ")
}

/// `0.012` of 12,345 microseconds.
fn seconds(micros: u64) -> String {
    let thousandths = micros.div_ceil(1_000);
    format!("{}.{:03}", grouped(thousandths / 1_000), thousandths % 1_000)
}

/// A table whose columns line up: texts to the left, numbers to the right.
fn sheet<const N: usize>(lines: &[[(String, Tone); N]], paint: Paint) -> String {
    let wide: Vec<usize> = (0..N)
        .map(|column| lines.iter().map(|line| width(&line[column].0)).max().unwrap_or_default())
        .collect();
    let is_number = |column: usize| {
        let mut cells = lines.iter().skip(1).map(|line| line[column].0.trim_start_matches("> "));
        cells.all(|cell| cell.chars().all(|c| c.is_ascii_digit() || matches!(c, ',' | '.')))
    };
    let mut text = String::new();
    for line in lines {
        let mut shown = String::new();
        for (column, (cell, tone)) in line.iter().enumerate() {
            let filled = fill(cell, wide[column]);
            let right = is_number(column);
            if right {
                shown.push_str(&filled);
            }
            paint.push(*tone, cell, &mut shown);
            if !right && column + 1 < N {
                shown.push_str(&filled);
            }
            shown.push_str("  ");
        }
        text.push_str(shown.trim_end());
        text.push('\n');
    }
    text
}

/// The last lines: what the table comes to.
fn figures(told: &Told<'_>, paint: Paint) -> String {
    let Summary { mutants, caught, variants, caught_variants, .. } = *told.summary;
    let mut text = String::new();
    let all = caught == mutants;
    let first = format!(
        "{caught} of {} caught ({caught_variants} of {variants} ways to write them), each tried in {} of seed {}",
        count(mutants, "mutant"),
        count(told.budget.cases, "generated room"),
        told.budget.seed
    );
    paint.push(if all { Tone::Good } else { Tone::Bad }, &first, &mut text);
    text.push('\n');
    if !told.summary.survivors.is_empty() {
        let names: Vec<String> = told
            .summary
            .survivors
            .iter()
            .map(|one| format!("{} {}", one.mutant.id(), one.setting()))
            .collect();
        paint.push(Tone::Bad, &format!("not caught: {}", names.join(", ")), &mut text);
        text.push('\n');
    }
    if let Some((one, (rule, room))) =
        told.mutants.iter().find_map(|one| Some((one, one.entry.usual.first_key_value()?)))
    {
        let (id, setting) = (one.entry.written.mutant.id(), one.entry.written.setting());
        let (rule, room) = (rule.id(), grouped(*room));
        let line = format!("wrong without a mutant: {rule} in room {room} of {id} {setting}\n");
        paint.push(Tone::Bad, &line, &mut text);
    }
    if let (Some(median), Some(most)) = (told.summary.median_cases, told.summary.most_cases) {
        text.push_str(&format!(
            "rooms until one is caught: median {}, at most {}\n",
            grouped(median),
            grouped(most)
        ));
    }
    if let Some(simulated) = told.summary.median_simulated {
        text.push_str(&format!(
            "made small: {} of {} cannot be smaller by one step; median {}\n",
            told.summary.minimal,
            count(told.summary.small, "room"),
            count(simulated, "candidate run")
        ));
    }
    if let Some((size, of)) = &told.summary.largest {
        text.push_str(&format!(
            "largest room made small: {}, {}, {} ({} {})\n",
            count(size.devices as u64, "device"),
            count(size.steps as u64, "step"),
            count(size.faults as u64, "fault"),
            of.mutant.id(),
            of.setting()
        ));
    }
    text
}

/// Every mutant against every rule that one of them broke or should break: in how many rooms it broke it. A rule that is named
/// for the mutant is marked.
#[must_use]
pub fn kill_matrix(mutants: &[Timed], paint: Paint) -> String {
    let named = |timed: &Timed| catchers(timed.entry.written.mutant);
    let rules: BTreeSet<Rule> = mutants
        .iter()
        .flat_map(|timed| timed.entry.broken.keys().copied().chain(named(timed)))
        .collect();
    let names: Vec<String> = mutants
        .iter()
        .map(|one| format!("{} {}", one.entry.written.mutant.id(), one.entry.written.setting()))
        .collect();
    let wide = names.iter().map(|name| width(name)).max().unwrap_or_default();
    let mut text = " ".repeat(wide);
    for rule in &rules {
        text.push_str("  ");
        paint.push(Tone::Heading, &format!("{:>CELL$}", rule.id()), &mut text);
    }
    text.push('\n');
    for (timed, name) in mutants.iter().zip(&names) {
        let catchers = named(timed);
        text.push_str(name);
        text.push_str(&fill(name, wide));
        for rule in &rules {
            let rooms = timed.entry.broken.get(rule).copied().unwrap_or_default();
            let (shown, tone) = match (rooms, catchers.contains(rule)) {
                (0, false) => (".".to_owned(), Tone::Dim),
                (0, true) => ("*0".to_owned(), Tone::Open),
                (rooms, false) => (grouped(rooms), Tone::Noted),
                (rooms, true) => (format!("*{}", grouped(rooms)), Tone::Good),
            };
            text.push_str("  ");
            text.push_str(&fill(&shown, CELL));
            paint.push(tone, &shown, &mut text);
        }
        text.push('\n');
    }
    text.push('\n');
    let legend = "Numbers are rooms in which the mutant broke the rule; * stands at the rules that are named for it.\n";
    paint.push(Tone::Dim, legend, &mut text);
    text
}

/// The table as data.
#[derive(Debug, Serialize)]
pub struct MutantsDocument {
    format_version: u32,
    seed: u64,
    cases: u64,
    mutants: Vec<MutantEntry>,
    summary: Figures,
}

#[derive(Debug, Serialize)]
struct MutantEntry {
    mutant: &'static str,
    setting: &'static str,
    what: &'static str,
    named: Vec<&'static str>,
    caught_by: Option<&'static str>,
    cases: u64,
    microseconds: u64,
    first_other: Option<&'static str>,
    broken: BTreeMap<&'static str, u64>,
    usual: BTreeMap<&'static str, u64>,
    small: Option<SmallEntry>,
}

#[derive(Debug, Serialize)]
struct SmallEntry {
    devices: usize,
    steps: usize,
    faults: usize,
    simulated: u64,
    minimal: bool,
}

#[derive(Debug, Serialize)]
struct Figures {
    mutants: u64,
    caught: u64,
    variants: u64,
    caught_variants: u64,
    median_cases: Option<u64>,
    most_cases: Option<u64>,
    small: u64,
    minimal: u64,
    median_simulated: Option<u64>,
}

/// The table as data, for a JSON writer. Times are the only thing in it that differs from run to run.
#[must_use]
pub fn mutants_document(told: &Told<'_>) -> MutantsDocument {
    let entry = |timed: &Timed| {
        let Timed { entry, micros } = timed;
        MutantEntry {
            mutant: entry.written.mutant.id(),
            setting: entry.written.setting(),
            what: entry.written.mutant.what(),
            named: catchers(entry.written.mutant).into_iter().map(Rule::id).collect(),
            caught_by: entry.caught.map(|(_, rule)| rule.id()),
            cases: entry.caught.map_or(entry.cases, |(cases, _)| cases),
            microseconds: *micros,
            first_other: entry.first_other.map(|(rule, _)| rule.id()),
            broken: entry.broken.iter().map(|(rule, rooms)| (rule.id(), *rooms)).collect(),
            usual: entry.usual.iter().map(|(rule, room)| (rule.id(), *room)).collect(),
            small: entry.small.as_ref().map(|small| SmallEntry {
                devices: small.size.devices,
                steps: small.size.steps,
                faults: small.size.faults,
                simulated: small.simulated,
                minimal: small.is_minimal,
            }),
        }
    };
    let summary = told.summary;
    MutantsDocument {
        format_version: 1,
        seed: told.budget.seed,
        cases: told.budget.cases,
        mutants: told.mutants.iter().map(entry).collect(),
        summary: Figures {
            mutants: summary.mutants,
            caught: summary.caught,
            variants: summary.variants,
            caught_variants: summary.caught_variants,
            median_cases: summary.median_cases,
            most_cases: summary.most_cases,
            small: summary.small,
            minimal: summary.minimal,
            median_simulated: summary.median_simulated,
        },
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{Timed, Told, kill_matrix, mutants_document, mutants_view};
    use crate::minimise::size::Size;
    use crate::report::paint::Paint;
    use crate::rulebook::rule::Rule;
    use crate::run::mutants::Written;
    use crate::run::mutants::hunt::Budget;
    use crate::run::mutants::small::Small;
    use crate::run::mutants::summary::{Entry, Summary};
    use crate::scenario::mutant::Mutant;
    use crate::scenario::sample::room_of;

    fn entries() -> Vec<Timed> {
        let size = Size { devices: 2, steps: 1, faults: 1, ..Size::default() };
        let small =
            Small { room: room_of(1, 1), before: size, size, simulated: 30, is_minimal: true };
        let caught = Entry {
            written: Written { mutant: Mutant::X01, variant: 0 },
            cases: 2_000,
            caught: Some((3, Rule::W09)),
            first_other: Some((Rule::W10, 2)),
            broken: BTreeMap::from([(Rule::W09, 1_500), (Rule::W10, 4), (Rule::N02, 9)]),
            usual: BTreeMap::from([(Rule::K02, 17)]),
            small: Some(small),
        };
        let survivor = Entry {
            written: Written { mutant: Mutant::X05, variant: 1 },
            cases: 2_000,
            caught: None,
            first_other: None,
            broken: BTreeMap::new(),
            usual: BTreeMap::new(),
            small: None,
        };
        vec![Timed { entry: caught, micros: 12_345 }, Timed { entry: survivor, micros: 1_000_000 }]
    }

    fn told<R>(then: impl FnOnce(&Told<'_>) -> R) -> R {
        let mutants = entries();
        let bare: Vec<Entry> = mutants.iter().map(|timed| timed.entry.clone()).collect();
        let summary = Summary::of(&bare);
        then(&Told {
            mutants: &mutants,
            summary: &summary,
            budget: Budget { cases: 2_000, seed: 7 },
        })
    }

    #[test]
    fn the_table_has_a_line_for_each_and_its_figures_under_it() {
        let text = told(|told| mutants_view(told, Paint::Plain));
        let expected = "\
mutant  setting                          caught by    rooms  seconds  devices  steps  faults  also broken
X01     withheld_dedup=none              W-09             3    0.013        2      1       1  W-10 first, in room 2, N-02 9
X05     no_olm_dedup=session_and_device  survives   > 2,000    1.000

1 of 2 mutants caught (1 of 2 ways to write them), each tried in 2,000 generated rooms of seed 7
not caught: X05 no_olm_dedup=session_and_device
wrong without a mutant: K-02 in room 17 of X01 withheld_dedup=none
rooms until one is caught: median 3, at most 3
made small: 1 of 1 room cannot be smaller by one step; median 30 candidate runs
largest room made small: 2 devices, 1 step, 1 fault (X01 withheld_dedup=none)
";
        assert_eq!(text, expected, "\n{text}");
    }

    #[test]
    fn the_matrix_marks_the_rules_that_are_named() {
        let text = kill_matrix(&entries(), Paint::Plain);
        let lines: Vec<&str> = text.lines().collect();
        let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(words(lines[0]), ["W-09", "W-10", "N-02", "N-03"]);
        assert_eq!(words(lines[1]), ["X01", "withheld_dedup=none", "*1,500", "4", "9", "."]);
        assert_eq!(words(lines[2])[2..], [".", ".", "*0", "*0"]);
        assert!(lines[..3].iter().all(|line| line.len() == lines[0].len()), "{text}");
    }

    #[test]
    fn the_data_hold_what_the_table_shows() {
        let json = told(|told| serde_json::to_value(mutants_document(told)).unwrap());
        assert_eq!(json["summary"]["caught"], 1);
        assert_eq!(json["mutants"][0]["caught_by"], "W-09");
        assert_eq!(json["mutants"][0]["broken"]["N-02"], 9);
        assert_eq!(json["mutants"][1]["caught_by"], serde_json::Value::Null);
        assert_eq!(json["mutants"][1]["cases"], 2_000);
        assert_eq!(json["mutants"][0]["small"]["minimal"], true);
    }
}
