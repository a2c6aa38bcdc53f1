//! Where the names of points stand in a picture: as near as can be, and none on another. In tenths of a pixel.
//! It does not know what the points are, nor how names are drawn.

/// The height of a line of text, and the width of a letter, more or less.
const TEXT_LINE: i64 = 140;
const LETTER: i64 = 66;
/// How far a name stands from the middle of its point, and how far a point reaches.
pub(super) const ASIDE: i64 = 110;
const REACH: i64 = 90;
/// How far a name may stand out on the right.
const MARGIN: i64 = 180;

/// Where a name stands: from here to there on this line, and on which side of its point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Label {
    pub(super) from: i64,
    pub(super) to: i64,
    pub(super) line: i64,
    pub(super) is_left: bool,
}

impl Label {
    fn meets(&self, other: &Self) -> bool {
        self.from < other.to && other.from < self.to && (self.line - other.line).abs() < TEXT_LINE
    }
}

/// Places for the names of points, each as near to its point as can be, and none on a point or on another name.
pub(super) fn labels(
    points: &[(i64, i64)],
    names: &[&str],
    ((left, right), (bottom, top)): ((i64, i64), (i64, i64)),
) -> Vec<Label> {
    let sign = |(x, y): &(i64, i64)| Label {
        from: x - REACH,
        to: x + REACH,
        line: y + 40,
        is_left: false,
    };
    let mut taken: Vec<Label> = points.iter().map(sign).collect();
    for ((x, y), name) in points.iter().zip(names) {
        let width = LETTER * i64::try_from(name.chars().count()).unwrap_or(0);
        let beside = |line: i64, aside: i64, is_left: bool| {
            let from = if is_left { x - aside - width } else { x + aside };
            Label { from, to: from + width, line, is_left }
        };
        let fits = |one: &Label| {
            one.from >= left + 20
                && one.to <= right + MARGIN
                && (top..bottom).contains(&(one.line - 20))
                && !taken.iter().any(|other| one.meets(other))
        };
        // A name that stands farther aside is easier to follow than one that stands as much farther up or down.
        let far = |(down, aside): &(i64, i64)| 2 * down.abs() + aside;
        let mut steps: Vec<(i64, i64)> = (0..(bottom - top) / 10)
            .flat_map(|step| [10 * step, -10 * step])
            .flat_map(|down| (0..8).map(move |step| (down, ASIDE + 200 * step)))
            .collect();
        steps.sort_by_key(far);
        let nearest = steps
            .into_iter()
            .flat_map(|(down, aside)| [false, true].map(|left| beside(y + 40 + down, aside, left)))
            .find(fits);
        taken.push(nearest.unwrap_or_else(|| beside(y + 40, ASIDE, false)));
    }
    taken.split_off(points.len())
}

#[cfg(test)]
mod tests {
    use super::labels;

    #[test]
    fn names_of_points_that_lie_close_stand_apart_and_lines_lead_to_them() {
        let points = [(2_000, 900), (2_010, 900), (2_020, 905), (2_030, 910), (4_600, 3_200)];
        let names = ["both", "share-cross-signed", "retry-patient", "retry-eager", "nothing"];
        let labels = labels(&points, &names, ((620, 4_720), (3_220, 480)));
        for (place, one) in labels.iter().enumerate() {
            assert!(!labels[..place].iter().any(|other| one.meets(other)), "{labels:?}");
            assert!((points[place].1 + 40 - one.line).abs() <= 300, "{labels:?}");
        }
        assert!(labels[4].is_left, "at the edge there is room on the left only");
    }
}
