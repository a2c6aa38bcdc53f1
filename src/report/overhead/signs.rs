//! The signs of lines: a shape for each, set where no other line has its own, so that lines are told apart without colours
//! and where they coincide. It does not know what the lines stand for.

use super::geometry::pixels;

/// Shapes around their middle, in pixels.
const SHAPES: [&str; 10] = [
    "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0Z",
    "M-4-4H4V4H-4Z",
    "M0-5.5L5.5 0 0 5.5-5.5 0Z",
    "M0-5L5 4H-5Z",
    "M0 5L5-4H-5Z",
    "M-5-1.5H-1.5V-5H1.5V-1.5H5V1.5H1.5V5H-1.5V1.5H-5Z",
    "M-4.5-2.5L-2.5-4.5 0-2 2.5-4.5 4.5-2.5 2 0 4.5 2.5 2.5 4.5 0 2-2.5 4.5-4.5 2.5-2 0Z",
    "M5 0L-4 5V-5Z",
    "M-5 0L4 5V-5Z",
    "M-4.5-5H4.5L-4.5 5H4.5Z",
];

/// A line bears its sign so many times.
const TIMES: i64 = 2;

/// The sign of the line at `place`, at a point in tenths of a pixel.
pub(super) fn sign(place: usize, (right, up): (i64, i64), fill: &str) -> String {
    let shape = SHAPES[place % SHAPES.len()];
    let (x, y) = (pixels(right), pixels(up));
    format!("<path class=\"sign\" fill=\"{fill}\" transform=\"translate({x} {y})\" d=\"{shape}\"/>")
}

/// Where the line at `place` of `all` bears its sign, along points that go to the right.
pub(super) fn places(points: &[(i64, i64)], place: usize, all: usize) -> Vec<(i64, i64)> {
    let (Some(first), Some(last)) = (points.first(), points.last()) else { return Vec::new() };
    let whole = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    let (place, all) = (whole(place), whole(all).max(1));
    let along = |turn: i64| {
        let right =
            first.0 + (last.0 - first.0) * (2 * (turn * all + place) + 1) / (2 * TIMES * all);
        let next =
            points.partition_point(|point| point.0 < right).clamp(1, points.len().max(2) - 1);
        let (from, to) = (points[next - 1], points.get(next).copied().unwrap_or(*last));
        let up = from.1 + (to.1 - from.1) * (right - from.0) / (to.0 - from.0).max(1);
        (right, up)
    };
    (0..TIMES).map(along).collect()
}

#[cfg(test)]
mod tests {
    use super::{SHAPES, places};

    #[test]
    fn a_sign_stands_on_its_line_and_on_no_other_sign() {
        let points = [(0, 0), (1_000, 1_000), (4_000, 1_000)];
        let mut taken = Vec::new();
        for place in 0..SHAPES.len() {
            for (right, up) in places(&points, place, SHAPES.len()) {
                assert_eq!(up, right.min(1_000), "on the line");
                assert!(taken.iter().all(|other: &i64| (right - other).abs() >= 190), "{taken:?}");
                taken.push(right);
            }
        }
        assert_eq!(taken.len(), 2 * SHAPES.len());
        assert!(places(&[], 0, 3).is_empty());
        assert_eq!(places(&[(7, 9)], 0, 1), [(7, 9), (7, 9)]);
    }

    #[test]
    fn no_two_shapes_are_the_same() {
        let mut shapes = SHAPES.to_vec();
        shapes.sort_unstable();
        shapes.dedup();
        assert_eq!(shapes.len(), SHAPES.len());
    }
}
