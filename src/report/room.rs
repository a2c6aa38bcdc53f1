//! The full view of one run: tables, sentences, broken rules, differences, and the command that shows it again.
//! It does not know which parts of it a reader wants; it shows all that there is and nothing that is empty.

use crate::check::outcome::{Outcome, Unhealed, WayBack};
use crate::ids::{FaultId, RoomId};
use crate::protocol::withheld::WithheldCode;
use crate::run::RunReport;
use crate::run::kept::Kept;
use crate::scenario::fault::FaultKind;
use crate::scenario::model::Scenario;
use crate::scenario::step::Step;

use super::difference::{differences, divergence};
use super::names::Names;
use super::paint::{Paint, Tone};
use super::restless;
use super::sentence::sentences;
use super::steps::step;
use super::table::table;
use super::text::{count, grouped, safe, wrap};
use super::violation::violations;
use super::words::Word;

/// A run with everything that is needed to tell it.
#[derive(Debug, Clone, Copy)]
pub struct Told<'a> {
    /// The file, as the user named it.
    pub path: &'a str,
    /// The scenario in it.
    pub scenario: &'a Scenario,
    /// What came of it.
    pub report: &'a RunReport,
    /// The facts that the outcome rests on; those that are not there are not told.
    pub kept: &'a Kept,
    /// The command that shows the same again.
    pub replay: &'a str,
    /// The command that explains what most wants it, where something does.
    pub why: Option<&'a str>,
}

/// How a text is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    /// How wide tables and sentences may be, in columns of a terminal.
    pub columns: usize,
    /// Colour or none.
    pub paint: Paint,
}

/// How many messages that were never sent have a line of their own.
const UNSENT: usize = 24;

/// The view as text.
#[must_use]
pub fn room_view(told: &Told<'_>, layout: Layout) -> String {
    let names = Names::of(told.scenario);
    let mut text = head(&names, told, layout);
    for room in (0..told.scenario.rooms.len()).map(RoomId::at) {
        text.push_str(&one_room(&names, told, room, layout));
    }
    let Told { report, kept, .. } = told;
    section(&mut text, "rules", violations(&names, &report.outcome, kept), layout);
    section(&mut text, "not healed", unhealed(&names, &report.outcome), layout);
    let divergence = report.divergence.iter().map(|one| divergence(&names, one)).collect();
    section(&mut text, "not deterministic", divergence, layout);
    let differences = differences(&names, &report.mismatches);
    section(&mut text, "not as the file expects", differences, layout);
    section(&mut text, "steps without effect", idle_steps(&names, told), layout);
    section(&mut text, "faults without effect", idle_faults(&names, told), layout);
    push_remarks(&mut text, report, layout);
    text.push_str(&format!("\nagain: {}\n", told.replay));
    if let Some(why) = told.why {
        text.push_str(&format!("why: {why}\n"));
    }
    text
}

/// What the simulator says of its clients, under headings.
pub(super) fn push_remarks(text: &mut String, report: &RunReport, layout: Layout) {
    for remark in &report.remarks {
        let lines = remark.lines.iter().map(|line| safe(line)).collect();
        section(text, remark.about, lines, layout);
    }
}

/// The steps that nothing happened because of, a line each.
pub(super) fn idle_steps(names: &Names<'_>, told: &Told<'_>) -> Vec<String> {
    let timeline = &told.scenario.timeline;
    let idle = told.kept.idle_steps().filter_map(|position| timeline.get(position as usize));
    idle.map(|timed| format!("{}: {}", timed.at, step(names, &timed.step))).collect()
}

/// The faults that met nothing, a line each: those that show in facts if they do anything. Of what works by silence alone, as a server
/// that does not answer, none may tell.
pub(super) fn idle_faults(names: &Names<'_>, told: &Told<'_>) -> Vec<String> {
    let works_by_silence = |fault: &FaultKind| {
        matches!(
            fault,
            FaultKind::ServerUnreachable { .. }
                | FaultKind::FederationDown { .. }
                | FaultKind::ClientOffline { .. }
                | FaultKind::ResponseLost { .. }
                | FaultKind::LimitedSync { .. }
                | FaultKind::ClockAhead { .. }
                | FaultKind::ClockBehind { .. }
        )
    };
    let fault = |id: &FaultId| told.scenario.faults.get(id.index());
    let idle = told.kept.idle_faults();
    idle.filter(|id| fault(id).is_some_and(|fault| !works_by_silence(&fault.kind)))
        .map(|id| names.fault(id))
        .collect()
}

fn head(names: &Names<'_>, told: &Told<'_>, layout: Layout) -> String {
    let Told { path, scenario, report, .. } = told;
    let status = layout.paint.text(Tone::of_status(report.status), report.status.as_str());
    let mut text = format!("{}: {status}\n", safe(path));
    if !scenario.about.is_empty() {
        text.push_str(&indented(&safe(&scenario.about), layout));
    }
    let run = format!(
        "{} reading, seed {}, {}, digest {:016x}; at {} {}",
        report.outcome.reading.name.as_str(),
        report.seed,
        count(report.facts, "fact"),
        report.digest,
        report.ended_at,
        report.outcome.end.word(names),
    );
    layout.paint.push(Tone::Dim, &indented(&run, layout), &mut text);
    if let Some(acts) = &report.restless {
        let said = restless::sentence(names, acts, report.actions);
        text.push_str(&indented(&said, layout));
    }
    if let Some(notices) = notices(&report.outcome) {
        text.push_str(&format!("  notices sent: {notices}\n"));
    }
    text
}

/// How many notices of each code went out, if any did.
fn notices(outcome: &Outcome) -> Option<String> {
    let number = |code: WithheldCode| -> u64 {
        let of_code = outcome.notices.iter().filter(|one| one.code == code);
        of_code.map(|one| u64::from(one.count)).sum()
    };
    let sent = WithheldCode::ALL.into_iter().filter(|code| number(*code) > 0);
    let told: Vec<String> =
        sent.map(|code| format!("{} {}", grouped(number(code)), code.as_str())).collect();
    (!told.is_empty()).then(|| told.join(", "))
}

fn one_room(names: &Names<'_>, told: &Told<'_>, room: RoomId, layout: Layout) -> String {
    let outcome = &told.report.outcome;
    let heading = layout.paint.text(Tone::Heading, &format!("room {}", names.room(room)));
    let table = table(names, outcome, room, layout);
    let unsent = unsent(names, outcome, room);
    if table.is_empty() {
        let mut text = format!("\n{heading}: {}\n", nothing_to_tell(told, room));
        push_lines(&mut text, unsent, layout);
        return text;
    }
    let mut text = format!("\n{heading}\n{table}");
    let mut sentences = sentences(names, outcome, room, told.kept);
    sentences.extend(unsent);
    if !sentences.is_empty() {
        text.push('\n');
        push_lines(&mut text, sentences, layout);
    }
    text
}

/// Why a room has no table: nothing was accepted, or there was nobody to read what was.
fn nothing_to_tell(told: &Told<'_>, room: RoomId) -> &'static str {
    let is_sent =
        |step: &Step| matches!(step, Step::Send { room: its_room, .. } if *its_room == room);
    let sent = told.scenario.timeline.iter().filter(|timed| is_sent(&timed.step)).count();
    let unsent = told.report.outcome.unsent.iter().filter(|one| one.room == room).count();
    if sent > unsent {
        "nobody but the sender was there to read what was accepted"
    } else {
        "no message was accepted"
    }
}

/// A line for each device that cannot read the second probe after the heal.
fn unhealed(names: &Names<'_>, outcome: &Outcome) -> Vec<String> {
    let line = |one: &Unhealed| {
        let (device, message) = (names.device(one.device), names.message(one.message));
        let why = match one.way_back {
            WayBack::NotInTheSpecification => {
                "the specification has no way back from this".to_owned()
            }
            WayBack::Due(rule) => format!("{} asks for a way back", rule.id()),
        };
        format!("{device} cannot read the {message} ({}): {why}", one.leaf.name())
    };
    outcome.unhealed.iter().map(line).collect()
}

/// A line for each message for the room that was never sent; of many, the first and how many more.
fn unsent(names: &Names<'_>, outcome: &Outcome, room: RoomId) -> Vec<String> {
    let in_room: Vec<_> = outcome.unsent.iter().filter(|one| one.room == room).collect();
    let shown = in_room.iter().take(UNSENT);
    let mut lines: Vec<String> = shown.map(|one| format!("{}.", one.word(names))).collect();
    if in_room.len() > UNSENT {
        let more = (in_room.len() - UNSENT) as u64;
        lines.push(format!("({} more not sent)", count(more, "message")));
    }
    lines
}

fn section(text: &mut String, heading: &str, lines: Vec<String>, layout: Layout) {
    if !lines.is_empty() {
        text.push_str(&format!("\n{}\n", layout.paint.text(Tone::Heading, heading)));
        push_lines(text, lines, layout);
    }
}

fn push_lines(text: &mut String, lines: Vec<String>, layout: Layout) {
    for line in lines {
        text.push_str(&indented(&line, layout));
    }
}

/// A line two columns further in than it was, broken between words where it is too long.
pub(super) fn indented(line: &str, layout: Layout) -> String {
    let words = line.trim_start();
    let margin = " ".repeat(line.len() - words.len() + 2);
    let wrapped = wrap(words, layout.columns.saturating_sub(margin.len()), 2);
    wrapped.lines().map(|part| format!("{margin}{part}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::{Layout, Told, room_view};
    use crate::check::outcome::{NoticeCount, Violation};
    use crate::ids::FactId;
    use crate::protocol::withheld::WithheldCode;
    use crate::report::paint::Paint;
    use crate::report::sample::{blocked, kept_of, run_of};
    use crate::rulebook::reading::Severity;
    use crate::rulebook::rule::Rule;
    use crate::run::expectation::Mismatch;
    use crate::run::kept::Kept;
    use crate::run::status::Status;
    use crate::scenario::expect::ExpectedViolation;
    use crate::scenario::fault::Party;
    use crate::scenario::sample::room_of;
    use crate::trace::sample::{A1, B1};

    const LAYOUT: Layout = Layout { columns: 80, paint: Paint::Plain };

    #[test]
    fn a_room_is_shown_with_its_table_and_its_sentences() {
        let scenario = room_of(2, 2);
        let mut report = run_of(&scenario, blocked);
        report.outcome.notices = vec![NoticeCount {
            sender: A1,
            recipient: B1,
            code: WithheldCode::Blacklisted,
            count: 1,
        }];
        let kept = kept_of(&report.outcome);
        let told = Told {
            path: "a b.json",
            scenario: &scenario,
            report: &report,
            kept: &kept,
            replay: "withheld run 'a b.json'",
            why: Some("withheld explain 'a b.json' --message m1 --device B1"),
        };
        let expected = "\
a b.json: ok
  a room for tests
  strict reading, seed 7, 12 facts, digest 00000000000000ab; at 2h everything
    had come to rest
  notices sent: 1 m.blacklisted

room room
  message  from  B1                       B2
  m1       A1    withheld(m.blacklisted)  delivered
  m2       A1    withheld(m.blacklisted)  delivered

  B1 cannot read m1 and m2: A1 told it with m.blacklisted that it withholds the
    key (notice x7, handled at 1s).
  (2 cells not delivered, told in 1 sentence)

again: withheld run 'a b.json'
why: withheld explain 'a b.json' --message m1 --device B1
";
        assert_eq!(room_view(&told, LAYOUT), expected);
    }

    #[test]
    fn broken_rules_and_differences_have_sections_of_their_own() {
        let mut scenario = room_of(1, 0);
        scenario.about = String::new();
        let mut report = run_of(&scenario, blocked);
        report.status = Status::Violated;
        let found = ExpectedViolation { rule: Rule::O04, party: Party::Device(A1) };
        report.mismatches = vec![Mismatch::UnexpectedViolation(found)];
        report.outcome.violations = vec![Violation {
            rule: Rule::O04,
            party: Party::Device(A1),
            severity: Severity::Violation,
            injected: None,
            cell: None,
            witnesses: [Some(FactId::new(1)), None, None],
        }];
        let kept = kept_of(&report.outcome);
        let told = Told {
            path: "x\u{1b}.json",
            scenario: &scenario,
            report: &report,
            kept: &kept,
            replay: "withheld run x",
            why: None,
        };
        let expected = "\
x\\u{1b}.json: violated
  strict reading, seed 7, 12 facts, digest 00000000000000ab; at 2h everything
    had come to rest

room room: no message was accepted

rules
  O-04 by A1 (violation); the rule: a sender that does not report to a target
    sends it no notice
      at 1s: B1 handled x7

not as the file expects
  found a violation of O-04 by A1, expected none

again: withheld run x
";
        assert_eq!(room_view(&told, LAYOUT), expected);
    }

    #[test]
    fn colour_marks_the_status_and_leaves_the_text_as_it_is() {
        let scenario = room_of(1, 1);
        let report = run_of(&scenario, blocked);
        let kept = Kept::default();
        let told = Told {
            path: "x",
            scenario: &scenario,
            report: &report,
            kept: &kept,
            replay: "r",
            why: None,
        };
        let coloured = room_view(&told, Layout { paint: Paint::Colour, ..LAYOUT });
        assert!(coloured.starts_with("x: \u{1b}[32mok\u{1b}[0m\n"), "{coloured:?}");
    }
}
