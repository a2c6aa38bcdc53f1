//! Axes in whole numbers: round ticks, and where a value lies on the paper, in tenths of a pixel.
//! It does not know what is drawn on it.

/// An axis from a value to a value, laid over tenths of a pixel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Axis {
    /// The least value.
    pub(super) from: i64,
    /// The greatest.
    pub(super) to: i64,
    /// Where the least one lies.
    pub(super) start: i64,
    /// Where the greatest one lies.
    pub(super) end: i64,
    /// From one tick to the next.
    pub(super) step: i64,
}

impl Axis {
    /// An axis that begins and ends with a tick, has at the most `ticks` steps between them and holds all of these values.
    pub(super) fn over(
        values: impl Iterator<Item = i64>,
        ticks: i64,
        (start, end): (i64, i64),
    ) -> Self {
        let (mut least, mut most) = (i64::MAX, i64::MIN);
        for value in values {
            (least, most) = (least.min(value), most.max(value));
        }
        if least > most {
            (least, most) = (0, 1);
        }
        // What is far from nought in proportion need not begin there.
        if least > 0 {
            least = 0;
        }
        let step = round_step((most - least).max(1), ticks);
        let from = least.div_euclid(step) * step;
        let to = (most + step - 1).div_euclid(step).max(from / step + 1) * step;
        Self { from, to, start, end, step }
    }

    /// The same axis for values of which `unit` are one of those that it was made for.
    pub(super) const fn in_parts(self, unit: i64) -> Self {
        Self { from: self.from * unit, to: self.to * unit, step: self.step * unit, ..self }
    }

    /// Where a value lies.
    pub(super) fn at(self, value: i64) -> i64 {
        let (span, length) = (i128::from(self.to - self.from), i128::from(self.end - self.start));
        let along = i128::from(value - self.from) * length / span.max(1);
        self.start + i64::try_from(along).unwrap_or(0)
    }

    /// The values of the ticks.
    pub(super) fn ticks(self) -> impl Iterator<Item = i64> {
        (0..)
            .map(move |number| self.from + number * self.step)
            .take_while(move |one| *one <= self.to)
    }
}

/// 1, 2 or 5 with noughts: the least of which `ticks` cover `span`.
fn round_step(span: i64, ticks: i64) -> i64 {
    let mut size = 1_i64;
    loop {
        for digit in [1, 2, 5] {
            let step = digit * size;
            if step.saturating_mul(ticks) >= span {
                return step;
            }
        }
        match size.checked_mul(10) {
            Some(larger) => size = larger,
            None => return size,
        }
    }
}

/// Tenths of a pixel as a number of pixels.
pub(super) fn pixels(tenths: i64) -> String {
    let sign = if tenths < 0 { "-" } else { "" };
    let (whole, rest) = (tenths.abs() / 10, tenths.abs() % 10);
    if rest == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{rest}") }
}

#[cfg(test)]
mod tests {
    use super::{Axis, pixels};

    #[test]
    fn axes_have_round_ticks_and_hold_every_value() {
        let axis = Axis::over([3, 87].into_iter(), 5, (0, 1_000));
        assert_eq!((axis.from, axis.to, axis.step), (0, 100, 20));
        assert_eq!(axis.ticks().collect::<Vec<_>>(), [0, 20, 40, 60, 80, 100]);
        assert_eq!([0, 50, 100].map(|value| axis.at(value)), [0, 500, 1_000]);
        let below = Axis::over([-30, 410].into_iter(), 5, (1_000, 0));
        assert_eq!((below.from, below.to), (-100, 500));
        assert_eq!([-100, 500].map(|value| below.at(value)), [1_000, 0]);
        let none = Axis::over([].into_iter(), 5, (0, 10));
        assert_eq!((none.from, none.to), (0, 1));
        let one = Axis::over([0].into_iter(), 5, (0, 10));
        assert!(one.to > one.from);
    }

    #[test]
    fn tenths_of_a_pixel_are_written_as_pixels() {
        assert_eq!([120, 125, -5, 0].map(pixels), ["12", "12.5", "-0.5", "0"]);
    }
}
