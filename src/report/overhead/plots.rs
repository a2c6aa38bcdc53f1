//! The lines of a comparison, for pages and pictures: what is sent against how much is withheld, and how full mailboxes
//! are over time. It does not know how lines are drawn.

use crate::overhead::comparison::{Comparison, Played};
use crate::overhead::measure::Measure;
use crate::overhead::sweep::Line;
use crate::report::page::{Plot, Series};
use crate::report::text::safe;

/// The world whose mailboxes are shown, if it was played.
const SHOWN: &str = "community-churning-flaky";

/// What is sent against the share of devices from which it is withheld.
#[must_use]
pub fn sweep_plot(lines: &[Line]) -> Plot {
    let whole = |milli: i64| u64::try_from(milli.max(0)).unwrap_or(0).div_ceil(1_000);
    let series = lines.iter().map(|line| Series {
        name: safe(&line.contender),
        points: line
            .points
            .iter()
            .map(|(permille, mean)| (u64::from(*permille) / 10, whole(*mean)))
            .collect(),
    });
    Plot {
        title: "Messages against the share of devices that senders block (a team)".to_owned(),
        x: "devices blocked, per cent".to_owned(),
        y: "to-device messages".to_owned(),
        series: series.collect(),
    }
}

/// How many messages wait in all mailboxes of one world, over virtual time, with its first seed; `None` without a world.
#[must_use]
pub fn mailbox_plot(comparison: &Comparison) -> Option<Plot> {
    let known = comparison.worlds.iter().find(|world| world.world == SHOWN);
    let shown = known.or_else(|| fullest(comparison))?;
    let seed = shown.seeds.first()?;
    let series = comparison.contenders.iter().zip(&shown.runs).filter_map(|((name, _), runs)| {
        let course = &runs.first()?.course;
        let points = course.points().map(|(ms, depth)| (ms / 1_000, depth)).collect();
        Some(Series { name: safe(name), points })
    });
    Some(Plot {
        title: format!("Messages in mailboxes over time ({}, seed {seed})", safe(&shown.world)),
        x: "seconds of virtual time".to_owned(),
        y: "waiting messages, on average".to_owned(),
        series: series.collect(),
    })
}

/// The world in which messages waited longest under the baseline.
fn fullest(comparison: &Comparison) -> Option<&Played> {
    let waited = |world: &&Played| {
        let run = world.runs.get(comparison.baseline).and_then(|runs| runs.first());
        run.and_then(|run| run.figures.get(Measure::MailboxWait)).unwrap_or(0)
    };
    comparison.worlds.iter().max_by_key(waited)
}
