//! Which policies are worth their traffic: those of which no other explains more for less.
//! It does not know how they are drawn.

use crate::overhead::comparison::Comparison;
use crate::overhead::measure::Measure;

/// A policy between what it costs and what it explains, over all worlds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The policy.
    pub policy: String,
    /// To-device messages above those of the baseline, in thousandths of a per cent; each world counts the same.
    pub traffic_milli: i64,
    /// Explained among the cells that could not be read, in a thousand; `None` if all could.
    pub explained_permille: Option<u64>,
    /// Whether no other policy explains as much with less, or more with as little.
    pub is_best: bool,
}

/// Where every policy stands; one without traffic to compare is left out.
#[must_use]
pub fn standings(comparison: &Comparison) -> Vec<Standing> {
    let one = |(contender, (name, _)): (usize, &(String, String))| {
        let traffic = comparison.relative(contender, Measure::Messages)?;
        Some(Standing {
            policy: name.clone(),
            traffic_milli: traffic.mean_milli,
            explained_permille: explained(comparison, contender),
            is_best: false,
        })
    };
    let mut all: Vec<Standing> = comparison.contenders.iter().enumerate().filter_map(one).collect();
    mark_best(&mut all);
    all
}

/// Explained among the cells of a contender that could not be read, in a thousand.
pub(super) fn explained(comparison: &Comparison, contender: usize) -> Option<u64> {
    let [explained, dark] =
        [Measure::Explained, Measure::Unexplained].map(|one| comparison.sum(contender, one));
    (explained * 1_000).checked_div(explained + dark)
}

fn mark_best(all: &mut [Standing]) {
    let figures: Vec<(i64, u64)> = all
        .iter()
        .map(|one| (one.traffic_milli, one.explained_permille.unwrap_or(1_000)))
        .collect();
    for (one, (traffic, explained)) in all.iter_mut().zip(&figures) {
        let beats = |(less, more): &(i64, u64)| {
            less <= traffic && more >= explained && (less, more) != (traffic, explained)
        };
        one.is_best = !figures.iter().any(beats);
    }
}

#[cfg(test)]
mod tests {
    use super::{Standing, mark_best};

    #[test]
    fn what_explains_less_for_more_is_not_among_the_best() {
        let standing = |traffic_milli, explained| Standing {
            policy: String::new(),
            traffic_milli,
            explained_permille: Some(explained),
            is_best: false,
        };
        let mut all = [
            standing(0, 990),
            standing(-5_000, 0),
            standing(-3_000, 500),
            standing(9_000, 990),
            standing(-1_000, 400),
            standing(0, 990),
        ];
        mark_best(&mut all);
        let best = all.map(|one| one.is_best);
        assert_eq!(best, [true, true, true, false, false, true]);
    }
}
