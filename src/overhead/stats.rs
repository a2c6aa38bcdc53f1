//! Paired differences with their intervals: the one place in which figures are not whole numbers.
//! It does not know what is compared.

#![expect(
    clippy::disallowed_types,
    clippy::float_arithmetic,
    reason = "an interval needs a root; only sums, products and roots are used, which are the same on every machine"
)]

/// A mean with its 95 % interval, in thousandths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Estimate {
    /// How many pairs there are.
    pub pairs: u32,
    /// The mean.
    pub mean_milli: i64,
    /// Half of the width of the interval around it; `None` if one pair is all there is.
    pub half_milli: Option<i64>,
    /// Whether all pairs are without any difference.
    pub same: bool,
}

impl Estimate {
    /// Whether 0 lies outside of the interval.
    #[must_use]
    pub const fn is_clear(&self) -> bool {
        match self.half_milli {
            Some(half) => self.mean_milli.abs() > half,
            None => false,
        }
    }
}

/// Mean, squared error of the mean, and degrees of freedom of some values.
struct Moments {
    mean: f64,
    error_squared: Option<f64>,
    freedom: u32,
}

impl Moments {
    fn of(values: &[f64]) -> Option<Self> {
        let count = u32::try_from(values.len()).ok().filter(|count| *count > 0)?;
        let n = f64::from(count);
        let mean = values.iter().sum::<f64>() / n;
        let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
        let error_squared = (count > 1).then(|| squares / (n - 1.0) / n);
        Some(Self { mean, error_squared, freedom: count.saturating_sub(1) })
    }
}

/// The mean of paired differences, with the interval of Student's t.
#[must_use]
pub fn mean(differences: &[i64]) -> Option<Estimate> {
    let values: Vec<f64> = differences.iter().map(|one| whole(*one)).collect();
    let Moments { mean, error_squared, freedom } = Moments::of(&values)?;
    let half = error_squared.map(|squared| quantile(freedom) * squared.sqrt());
    Some(Estimate {
        pairs: u32::try_from(differences.len()).unwrap_or(u32::MAX),
        mean_milli: milli(mean),
        half_milli: half.map(milli),
        same: differences.iter().all(|one| *one == 0),
    })
}

/// By how many per cent values are above their baselines: the mean of the means of the groups, each of which counts the
/// same whatever its size. Every pair is a baseline and a value. A group with a baseline of 0 is passed over; `None` if
/// none is left.
#[must_use]
pub fn relative(groups: &[Vec<(u64, u64)>]) -> Option<Estimate> {
    let fit = groups.iter().filter(|group| group.iter().all(|(base, _)| *base > 0));
    let fit: Vec<&Vec<(u64, u64)>> = fit.filter(|group| !group.is_empty()).collect();
    let per_cent = |(base, value): &(u64, u64)| {
        let (base, value) = (positive(*base), positive(*value));
        (value - base) / base * 100.0
    };
    let moments: Vec<Moments> = fit
        .iter()
        .filter_map(|group| Moments::of(&group.iter().map(per_cent).collect::<Vec<f64>>()))
        .collect();
    let count = f64::from(u32::try_from(moments.len()).ok().filter(|count| *count > 0)?);
    let mean = moments.iter().map(|one| one.mean).sum::<f64>() / count;
    let errors: Option<Vec<f64>> = moments.iter().map(|one| one.error_squared).collect();
    let half = errors.map(|errors| {
        let sum: f64 = errors.iter().sum();
        quantile(joint_freedom(&moments, sum)) * (sum / (count * count)).sqrt()
    });
    Some(Estimate {
        pairs: u32::try_from(fit.iter().map(|group| group.len()).sum::<usize>())
            .unwrap_or(u32::MAX),
        mean_milli: milli(mean),
        half_milli: half.map(milli),
        same: fit.iter().copied().flatten().all(|(base, value)| base == value),
    })
}

/// The degrees of freedom of a sum of means with different errors (Welch and Satterthwaite), rounded down.
fn joint_freedom(moments: &[Moments], sum: f64) -> u32 {
    let parts = moments.iter().map(|one| {
        let squared = one.error_squared.unwrap_or(0.0);
        squared * squared / f64::from(one.freedom.max(1))
    });
    let below: f64 = parts.sum();
    let fits = |freedom: &u32| f64::from(*freedom) * below <= sum * sum;
    (1..=1_000).take_while(fits).last().unwrap_or(1)
}

/// The 97.5 % quantiles of Student's t for 1 to 30 degrees of freedom.
const QUANTILES: [f64; 30] = [
    12.706_205, 4.302_653, 3.182_446, 2.776_445, 2.570_582, 2.446_912, 2.364_624, 2.306_004,
    2.262_157, 2.228_139, 2.200_985, 2.178_813, 2.160_369, 2.144_787, 2.131_450, 2.119_905,
    2.109_816, 2.100_922, 2.093_024, 2.085_963, 2.079_614, 2.073_873, 2.068_658, 2.063_899,
    2.059_539, 2.055_529, 2.051_831, 2.048_407, 2.045_230, 2.042_272,
];

/// The 97.5 % quantile of Student's t: the table, and beyond it the first terms of its expansion around the normal one
/// (Abramowitz and Stegun 26.7.5).
fn quantile(freedom: u32) -> f64 {
    const Z: f64 = 1.959_963_985;
    let index = freedom.max(1) as usize - 1;
    QUANTILES.get(index).copied().unwrap_or_else(|| {
        let n = f64::from(freedom);
        let (cube, fifth) = (Z * Z * Z, Z * Z * Z * Z * Z);
        Z + (cube + Z) / (4.0 * n) + (5.0 * fifth + 16.0 * cube + 3.0 * Z) / (96.0 * n * n)
    })
}

const fn whole(value: i64) -> f64 {
    value as f64
}

const fn positive(value: u64) -> f64 {
    value as f64
}

#[expect(clippy::cast_possible_truncation, reason = "what does not fit is cut to what does")]
fn milli(value: f64) -> i64 {
    (value * 1_000.0).round() as i64
}

#[cfg(test)]
mod tests {
    use super::{Estimate, mean, quantile, relative};

    #[test]
    fn the_interval_of_known_differences_is_known() {
        // Mean 3, variance 2.5, standard error 0.7071, t(4) = 2.7764.
        let estimate = mean(&[1, 2, 3, 4, 5]).unwrap();
        let expected =
            Estimate { pairs: 5, mean_milli: 3_000, half_milli: Some(1_963), same: false };
        assert_eq!(estimate, expected);
        assert!(estimate.is_clear());
        // Sleep gained with one drug and the other, Student 1908: 1.58 hours, 0.70 to 2.46, from ten pairs in tenths.
        let sleep = mean(&[12, 24, 13, 13, 0, 10, 18, 8, 46, 14]).unwrap();
        assert_eq!((sleep.mean_milli, sleep.half_milli), (15_800, Some(8_799)));
    }

    #[test]
    fn no_difference_at_all_is_told_apart_from_one_that_is_nought_on_average() {
        let same = mean(&[0, 0, 0]).unwrap();
        assert!(same.same && same.half_milli == Some(0) && !same.is_clear());
        let balanced = mean(&[-1, 1]).unwrap();
        assert!(!balanced.same && balanced.mean_milli == 0 && !balanced.is_clear());
        assert_eq!(balanced.half_milli, Some(12_706));
    }

    #[test]
    fn one_pair_has_no_interval_and_none_has_no_mean() {
        let one = mean(&[7]).unwrap();
        assert_eq!((one.mean_milli, one.half_milli, one.is_clear()), (7_000, None, false));
        assert_eq!(mean(&[]), None);
    }

    #[test]
    fn groups_count_the_same_whatever_their_size() {
        let steady = vec![(100, 110); 10];
        let wild = vec![(1_000, 1_100), (1_000, 1_500)];
        let estimate = relative(&[steady.clone(), wild.clone()]).unwrap();
        // 10 % and 30 %; errors 0 and 20 points with one degree of freedom: 12.706 times 20 halves.
        assert_eq!((estimate.mean_milli, estimate.pairs), (20_000, 12));
        assert_eq!(estimate.half_milli, Some(127_062));
        let alone = relative(&[steady.clone(), vec![(0, 5)]]).unwrap();
        assert_eq!((alone.mean_milli, alone.half_milli, alone.pairs), (10_000, Some(0), 10));
        assert_eq!(relative(&[vec![(0, 5)]]), None);
        assert!(relative(&[vec![(3, 3)]]).unwrap().same);
    }

    #[test]
    fn quantiles_fall_towards_the_normal_one_without_a_step() {
        for (freedom, known) in [(1, 12.706), (10, 2.228), (40, 2.021), (60, 2.000), (120, 1.980)] {
            assert!((quantile(freedom) - known).abs() < 0.001, "{freedom}");
        }
        for freedom in 1..200 {
            assert!(quantile(freedom) > quantile(freedom + 1), "{freedom}");
        }
    }
}
