//! Figures in thousandths as short texts: for tables with three digits, for data with all there are.
//! It does not know what is counted but for its unit.

use crate::overhead::measure::Unit;

/// A figure with at most three digits and the letter of its size: `12.3k`, `340ms`, `97.5%`.
pub(super) fn short(milli: i64, unit: Unit) -> String {
    let sign = if milli < 0 { "-" } else { "" };
    let milli = milli.unsigned_abs();
    let text = match unit {
        Unit::Count | Unit::Bytes | Unit::MessageSeconds => sized(milli),
        Unit::Permille => format!("{}%", three_digits(milli, 10)),
        Unit::Milliseconds => span(milli),
    };
    format!("{sign}{text}")
}

/// A figure that needs no more than two digits: how far another one may be off.
pub(super) fn rough(milli: i64, unit: Unit) -> String {
    let size = milli.unsigned_abs().checked_ilog10().unwrap_or(0).saturating_sub(1);
    let least = 10_i64.pow(size);
    short((milli + least / 2) / least * least, unit)
}

/// A figure with a sign in front, whatever it is.
pub(super) fn signed(milli: i64, unit: Unit) -> String {
    let text = short(milli, unit);
    if milli >= 0 { format!("+{text}") } else { text }
}

/// The figure with all its digits, without zeros at the end.
pub(super) fn exact(milli: i64) -> String {
    let sign = if milli < 0 { "-" } else { "" };
    let (whole, rest) = (milli.unsigned_abs() / 1_000, milli.unsigned_abs() % 1_000);
    let digits = format!("{rest:03}");
    let digits = digits.trim_end_matches('0');
    let point = if digits.is_empty() { "" } else { "." };
    format!("{sign}{whole}{point}{digits}")
}

fn sized(milli: u64) -> String {
    const SIZES: [(u64, &str); 3] = [(1_000_000_000, "G"), (1_000_000, "M"), (1_000, "k")];
    // What would be rounded up to the next size is written in that.
    let size = SIZES.into_iter().find(|(size, _)| milli + milli / 2_000 >= size * 1_000);
    match size {
        Some((size, letter)) => format!("{}{letter}", three_digits(milli, size)),
        None => three_digits(milli, 1),
    }
}

fn span(milli: u64) -> String {
    const SPANS: [(u64, u64, &str); 3] =
        [(7_200_000, 3_600_000, "h"), (120_000, 60_000, "min"), (1_000, 1_000, "s")];
    let found = SPANS.into_iter().find(|(least, ..)| milli >= least * 1_000);
    match found {
        Some((_, of, letter)) => format!("{}{letter}", three_digits(milli, of)),
        None => format!("{}ms", rounded(milli, 1_000)),
    }
}

/// A number of thousandths of `of`, with as many decimals as make three digits.
fn three_digits(milli: u64, of: u64) -> String {
    let hundredths = rounded(milli, 10 * of);
    match hundredths {
        0..1_000 => decimal(hundredths, 100),
        1_000..10_000 => decimal(rounded(milli, 100 * of), 10),
        10_000.. => rounded(milli, 1_000 * of).to_string(),
    }
}

/// A number of parts of one, which are tenths or hundredths, without zeros at the end.
fn decimal(parts: u64, of: u64) -> String {
    let milli = parts.saturating_mul(1_000 / of);
    exact(i64::try_from(milli).unwrap_or(i64::MAX))
}

const fn rounded(value: u64, by: u64) -> u64 {
    (value + by / 2) / by
}

#[cfg(test)]
mod tests {
    use super::{exact, rough, short, signed};
    use crate::overhead::measure::Unit;

    #[test]
    fn figures_have_three_digits_and_the_letter_of_their_size() {
        for (milli, unit, expected) in [
            (0, Unit::Count, "0"),
            (1_234, Unit::Count, "1.23"),
            (12_340, Unit::Count, "12.3"),
            (999_400, Unit::Count, "999"),
            (999_600, Unit::Count, "1k"),
            (-1_234_567, Unit::Bytes, "-1.23k"),
            (98_765_432_000, Unit::Bytes, "98.8M"),
            (975_000, Unit::Permille, "97.5%"),
            (1_000_000, Unit::Permille, "100%"),
            (340_400, Unit::Milliseconds, "340ms"),
            (12_345_000, Unit::Milliseconds, "12.3s"),
            (600_000_000, Unit::Milliseconds, "10min"),
            (9_000_000_000, Unit::Milliseconds, "2.5h"),
        ] {
            assert_eq!(short(milli, unit), expected, "{milli}");
        }
        for (milli, expected) in [(63_800, "64"), (676_000, "680"), (5, "0.01"), (999_000, "1k")] {
            assert_eq!(rough(milli, Unit::Count), expected, "{milli}");
        }
        assert_eq!(signed(1_500, Unit::Count), "+1.5");
        assert_eq!(signed(-1_500, Unit::Count), "-1.5");
    }

    #[test]
    fn data_keep_every_digit() {
        let all = [(1_000, "1"), (1_250, "1.25"), (-7, "-0.007"), (0, "0")];
        for (milli, expected) in all {
            assert_eq!(exact(milli), expected);
        }
    }
}
