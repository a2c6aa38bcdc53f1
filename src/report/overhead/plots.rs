//! The lines of a comparison, for pages and pictures: what is sent against how much is withheld, and how full mailboxes
//! are over time. It does not know how lines are drawn.

use crate::overhead::comparison::{Comparison, Played};
use crate::overhead::measure::Measure;
use crate::overhead::sweep::Line;
use crate::report::page::{Marks, Plot, Series};
use crate::report::text::safe;

use super::pareto::Standing;

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
        marks: Marks::Lines,
        series: series.collect(),
    }
}

/// How many messages wait in all mailboxes of one world, over virtual time, with its first seed; `None` without a world.
#[must_use]
pub fn mailbox_plot(comparison: &Comparison) -> Option<Plot> {
    let known = comparison.worlds.iter().find(|world| world.world == SHOWN);
    let shown = known.or_else(|| fullest(comparison))?;
    let seed = shown.seeds.first()?;
    let courses = || shown.runs.iter().filter_map(|runs| Some(&runs.first()?.course));
    let most = courses().flat_map(|course| course.points().map(|(_, milli)| milli)).max();
    // In a family's mailboxes less than one message waits, on average.
    let (divisor, y) = if most.unwrap_or(0) < 10_000 {
        (1, "waiting messages, on average, in thousandths of one")
    } else {
        (1_000, "waiting messages, on average")
    };
    let series = comparison.contenders.iter().zip(courses()).map(|((name, _), course)| {
        let point = |(ms, milli)| (ms / 1_000, (milli + divisor / 2) / divisor);
        Series { name: safe(name), points: course.points().map(point).collect() }
    });
    Some(Plot {
        title: format!("Messages in mailboxes over time ({}, seed {seed})", safe(&shown.world)),
        x: "seconds of virtual time".to_owned(),
        y: y.to_owned(),
        marks: Marks::Lines,
        series: series.collect(),
    })
}

/// What each policy explains, against what it sends; `None` if no policy can be placed.
#[must_use]
pub fn traffic_plot(standings: &[Standing], baseline: &str) -> Option<Plot> {
    // More than nothing cannot be saved: traffic is not below nought.
    let of_baseline = |milli: i64| u64::try_from(milli + 100_000).unwrap_or(0).div_ceil(1_000);
    let series = standings.iter().filter_map(|one| {
        let point = (of_baseline(one.traffic_milli), one.explained_permille? / 10);
        Some(Series { name: safe(&one.policy), points: vec![point] })
    });
    let series: Vec<Series> = series.collect();
    (!series.is_empty()).then(|| Plot {
        title: "What is explained, against what is sent (all worlds)".to_owned(),
        x: format!("to-device messages, in per cent of those of {}", safe(baseline)),
        y: "explained of what cannot be read, per cent".to_owned(),
        marks: Marks::Points,
        series,
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

#[cfg(test)]
mod tests {
    use super::{mailbox_plot, traffic_plot};
    use crate::report::overhead::pareto::{Standing, standings};
    use crate::report::overhead::sample::comparison;
    use crate::report::page::Marks;

    #[test]
    fn the_mailboxes_of_a_family_are_no_flat_line() {
        let plot = mailbox_plot(&comparison()).unwrap();
        assert!(plot.y.ends_with("in thousandths of one"), "{}", plot.y);
        let most = plot.series.iter().flat_map(|one| &one.points).map(|(_, depth)| *depth).max();
        assert!((1..10_000).contains(&most.unwrap()), "{most:?}");
    }

    #[test]
    fn traffic_is_that_of_the_baseline_and_what_is_not_known_has_no_point() {
        let plot = traffic_plot(&standings(&comparison()), "both").unwrap();
        assert_eq!(plot.marks, Marks::Points);
        let place = |name: &str| plot.series.iter().find(|one| one.name == name).unwrap().points[0];
        assert_eq!(place("both").0, 100);
        assert!(place("nothing").0 < 100 && place("per-message").0 > 100);
        assert!(place("nothing").1 < place("both").1);
        let unknown = Standing {
            policy: "all-read".to_owned(),
            traffic_milli: 0,
            explained_permille: None,
            is_best: true,
        };
        assert_eq!(traffic_plot(&[unknown], "both"), None);
    }
}
