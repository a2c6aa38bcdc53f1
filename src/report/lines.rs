//! Many runs as a list: a line for each file, what is wrong under it, and a summary at the end.
//! It does not show verdicts; the view of one room does.

use crate::run::RunReport;
use crate::run::status::{Exit, Status};
use crate::time::SimDuration;

use super::difference::differences;
use super::names::Names;
use super::paint::{Paint, Tone};
use super::room::Told;
use super::text::{count, fill, grouped, safe};

/// How many differences are shown under the line of a file.
const DIFFERENCES: usize = 5;
/// The width of the column of statuses: that of the longest.
const STATUS_COLUMNS: usize = Status::NotDeterministic.as_str().len();

/// The line of one file, with what is not as expected under it.
#[must_use]
pub fn line(told: &Told<'_>, paint: Paint) -> String {
    let status = told.report.status;
    let mut text = paint.text(Tone::of_status(status), status.as_str());
    text.push_str(&fill(status.as_str(), STATUS_COLUMNS));
    text.push_str(&format!("  {}\n", safe(told.path)));
    let names = Names::of(told.scenario);
    let differences = differences(&names, &told.report.mismatches);
    for one in differences.iter().take(DIFFERENCES) {
        text.push_str(&format!("    {one}\n"));
    }
    if differences.len() > DIFFERENCES {
        let more = (differences.len() - DIFFERENCES) as u64;
        text.push_str(&format!("    and {} more\n", grouped(more)));
    }
    if status != Status::Holds {
        text.push_str(&format!("    see: {}\n", told.replay));
    }
    text
}

/// What came of several runs together.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Summary {
    statuses: Vec<Status>,
    simulated: u64,
    actions: u64,
    facts: u64,
    unlocked: u64,
}

impl Summary {
    /// Counts one more run.
    pub fn add(&mut self, report: &RunReport) {
        self.statuses.push(report.status);
        self.simulated += report.ended_at.as_ms();
        self.actions += report.actions;
        self.facts += report.facts;
    }

    /// Counts a run whose digest was to be compared, though its file has none.
    pub const fn add_unlocked(&mut self) {
        self.unlocked += 1;
    }

    /// How many runs there were whose digest was to be compared, though their files have none.
    #[must_use]
    pub const fn unlocked(&self) -> u64 {
        self.unlocked
    }

    /// How many runs have this status.
    #[must_use]
    pub fn number(&self, status: Status) -> u64 {
        self.statuses.iter().filter(|one| **one == status).count() as u64
    }

    /// How many runs there were.
    #[must_use]
    pub fn runs(&self) -> u64 {
        self.statuses.len() as u64
    }

    /// The virtual time of all runs.
    #[must_use]
    pub const fn simulated(&self) -> SimDuration {
        SimDuration::from_ms(self.simulated)
    }

    /// The actions of all runs.
    #[must_use]
    pub const fn actions(&self) -> u64 {
        self.actions
    }

    /// The facts of all runs.
    #[must_use]
    pub const fn facts(&self) -> u64 {
        self.facts
    }

    /// The exit code of all runs.
    #[must_use]
    pub fn exit(&self) -> Exit {
        self.statuses.iter().map(|status| status.exit()).max().unwrap_or(Exit::Holds)
    }

    /// The line at the end: how many runs of which status, and how fast time went. `real_us` is the time that the runs
    /// took, in microseconds.
    #[must_use]
    pub fn line(&self, real_us: u64) -> String {
        let statuses = [
            Status::Holds,
            Status::Violated,
            Status::Differs,
            Status::Inconclusive,
            Status::NotDeterministic,
        ];
        let numbers = statuses.into_iter().filter(|status| self.number(*status) > 0);
        let numbers: Vec<String> = numbers
            .map(|status| format!("{} {}", grouped(self.number(status)), status.as_str()))
            .collect();
        let unlocked = match self.unlocked {
            0 => String::new(),
            files => format!("; {} not locked: no digest", count(files, "file")),
        };
        format!(
            "{}: {}; {} of virtual time in {} ({}), {}{unlocked}\n",
            count(self.runs(), "run"),
            numbers.join(", "),
            self.simulated(),
            real(real_us),
            ratio(self.simulated, real_us),
            count(self.facts, "fact"),
        )
    }
}

/// How many times faster than a clock the runs were, rounded down.
#[must_use]
pub fn compression(virtual_ms: u64, real_us: u64) -> u64 {
    virtual_ms.saturating_mul(1_000) / real_us.max(1)
}

/// The ratio of virtual to real time with a 1 on the slower side.
fn ratio(virtual_ms: u64, real_us: u64) -> String {
    let virtual_us = virtual_ms.saturating_mul(1_000);
    if virtual_us >= real_us {
        format!("{} : 1", grouped(compression(virtual_ms, real_us)))
    } else {
        format!("1 : {}", grouped(real_us / virtual_us.max(1)))
    }
}

/// A span of real time with the unit that shows it in a few digits.
fn real(us: u64) -> String {
    match us {
        0..10_000 => format!("{} us", grouped(us)),
        10_000..10_000_000 => format!("{} ms", grouped(us / 1_000)),
        _ => format!("{} s", grouped(us / 1_000_000)),
    }
}

#[cfg(test)]
mod tests {
    use super::{Summary, compression, line, ratio, real};
    use crate::report::paint::Paint;
    use crate::report::room::Told;
    use crate::report::sample::{blocked, run_of};
    use crate::rulebook::rule::Rule;
    use crate::run::RunReport;
    use crate::run::expectation::Mismatch;
    use crate::run::kept::Kept;
    use crate::run::status::{Exit, Status};
    use crate::scenario::expect::ExpectedViolation;
    use crate::scenario::fault::Party;
    use crate::scenario::sample::room_of;

    fn line_of(report: &RunReport) -> String {
        let scenario = room_of(1, 1);
        let kept = Kept::default();
        let (path, replay) = ("dir/x\n.json", "withheld run x");
        line(
            &Told { path, scenario: &scenario, report, kept: &kept, replay, why: None },
            Paint::Plain,
        )
    }

    fn report(status: Status, differences: usize) -> RunReport {
        let expected = ExpectedViolation { rule: Rule::W09, party: Party::World };
        let mismatches = vec![Mismatch::MissingViolation(expected); differences];
        RunReport { status, mismatches, ..run_of(&room_of(1, 1), blocked) }
    }

    #[test]
    fn a_file_that_holds_is_one_line() {
        assert_eq!(line_of(&report(Status::Holds, 0)), "ok                 dir/x\\u{a}.json\n");
    }

    #[test]
    fn what_differs_stands_under_the_line_up_to_five_of_them() {
        let text = line_of(&report(Status::Differs, 7));
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 8, "{text}");
        assert!(lines[0].starts_with("differs   "));
        assert_eq!(lines[1], "    found no violation of W-09 by the network, expected one");
        assert_eq!(lines[6], "    and 2 more");
        assert_eq!(lines[7], "    see: withheld run x");
    }

    #[test]
    fn the_summary_counts_and_gives_the_worst_exit_code() {
        let mut summary = Summary::default();
        assert_eq!(summary.exit(), Exit::Holds);
        for status in [Status::Holds, Status::Inconclusive, Status::Holds, Status::Differs] {
            summary.add(&report(status, 0));
        }
        assert_eq!(summary.exit(), Exit::Broken);
        assert_eq!(summary.number(Status::Holds), 2);
        assert_eq!((summary.runs(), summary.actions(), summary.facts()), (4, 136, 48));
        assert_eq!(
            summary.line(14_400_000),
            "4 runs: 2 ok, 1 differs, 1 inconclusive; 8h of virtual time in 14 s (2,000 : 1), 48 facts\n"
        );
    }

    #[test]
    fn the_summary_says_how_many_files_have_no_digest_to_be_held() {
        let mut summary = Summary::default();
        summary.add(&report(Status::Holds, 0));
        summary.add_unlocked();
        assert!(summary.line(5).ends_with("facts; 1 file not locked: no digest\n"));
        assert_eq!((summary.unlocked(), summary.exit()), (1, Exit::Holds));
    }

    #[test]
    fn compression_survives_no_time_at_all() {
        assert_eq!(compression(7_200_000, 0), 7_200_000_000);
        assert_eq!(compression(0, 5), 0);
        assert_eq!(compression(u64::MAX, 1), u64::MAX);
        assert_eq!(ratio(7_200_000, 0), "7,200,000,000 : 1");
        assert_eq!(ratio(6_000, 6_000_000), "1 : 1");
        assert_eq!(ratio(6_000, 17_000_000), "1 : 2");
        assert_eq!(ratio(0, 5), "1 : 5");
    }

    #[test]
    fn real_time_has_a_unit_that_fits() {
        assert_eq!(real(999), "999 us");
        assert_eq!(real(41_300), "41 ms");
        assert_eq!(real(12_000_000), "12 s");
    }
}
