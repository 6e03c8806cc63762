//! Whether two classes of durations differ: Welch's t-test as in "dude, is my code constant time?" (Reparaz, Balasch and
//! Verbauwhede, DATE 2017).
//!
//! Interrupts make a few durations so long that they drown a small difference, so the test is repeated on what lies below
//! each of several percentiles of all durations together. The test of second order compares variances: a routine may take
//! as long in the mean and differ in how its time is spread.

/// |t| above which the classes differ.
pub const FINDING: f64 = 4.5;
/// |t| above which they differ beyond doubt.
pub const CERTAIN: f64 = 10.0;
/// Crops of which nothing is left out but what lies above them.
const CROPS: i32 = 20;
/// Fewest durations of each class that a crop is tested with.
const ENOUGH: usize = 500;

/// What an input belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// The secret is the same every time.
    Fixed,
    /// The secret is drawn anew every time.
    Random,
}

/// One duration.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// What the input belonged to.
    pub class: Class,
    /// In nanoseconds.
    pub ns: f64,
}

/// The test on all durations below one percentile.
#[derive(Clone, Copy, Debug)]
pub struct Crop {
    /// The part of all durations that is left, at most 1.
    pub part: f64,
    /// How many are left of each class, fixed first.
    pub counts: [usize; 2],
    /// Mean of what is left of the fixed class less that of the random one, in nanoseconds.
    pub difference_ns: f64,
    /// Standard error of that difference.
    pub error_ns: f64,
    /// Welch's t of the durations.
    pub t: f64,
    /// Welch's t of their squared distances from the mean of their class.
    pub t_second: f64,
}

/// The test on everything, then on what lies below 1 − 2^(−10·i/20) for i = 20 … 1. Crops with too few durations are
/// left out; what is left out of all is that there is nothing to say.
pub fn crops(samples: &[Sample]) -> Vec<Crop> {
    let mut sorted = samples.to_vec();
    sorted.sort_by(|a, b| a.ns.total_cmp(&b.ns));
    let parts = (1..=CROPS).rev().map(|i| 1.0 - 0.5f64.powf(10.0 * f64::from(i) / f64::from(CROPS)));
    std::iter::once(1.0).chain(parts).filter_map(|part| crop(&sorted, part)).collect()
}

/// `sorted` by duration. Equal durations are on one side together: which class stands first among them says nothing.
fn crop(sorted: &[Sample], part: f64) -> Option<Crop> {
    let kept = match sorted.get((sorted.len() as f64 * part) as usize) {
        Some(first_left_out) => &sorted[..sorted.partition_point(|sample| sample.ns < first_left_out.ns)],
        None => sorted,
    };
    let of = |class| kept.iter().filter(move |sample| sample.class == class).map(|sample| sample.ns);
    let [fixed, random] = [Class::Fixed, Class::Random].map(|class| Moments::of(of(class)));
    if fixed.count < ENOUGH || random.count < ENOUGH {
        return None;
    }
    let squares = |class, mean: f64| Moments::of(of(class).map(|ns| (ns - mean).powi(2)));
    let second = (squares(Class::Fixed, fixed.mean), squares(Class::Random, random.mean));
    Some(Crop {
        part,
        counts: [fixed.count, random.count],
        difference_ns: fixed.mean - random.mean,
        error_ns: error(&fixed, &random),
        t: t(&fixed, &random),
        t_second: t(&second.0, &second.1),
    })
}

/// The crop with the greatest |t|, of first or of second order.
pub fn greatest(crops: &[Crop], t: impl Fn(&Crop) -> f64) -> Option<&Crop> {
    crops.iter().max_by(|a, b| t(a).abs().total_cmp(&t(b).abs()))
}

struct Moments {
    count: usize,
    mean: f64,
    /// Unbiased.
    variance: f64,
}

impl Moments {
    /// By Welford's method: sums of squares of large numbers would lose what matters.
    fn of(values: impl Iterator<Item = f64>) -> Self {
        let (mut count, mut mean, mut squares) = (0usize, 0.0, 0.0);
        for value in values {
            count += 1;
            let before = value - mean;
            mean += before / count as f64;
            squares += before * (value - mean);
        }
        Self { count, mean, variance: squares / count.saturating_sub(1).max(1) as f64 }
    }
}

fn error(a: &Moments, b: &Moments) -> f64 {
    (a.variance / a.count as f64 + b.variance / b.count as f64).sqrt()
}

/// 0 where nothing varies and nothing differs.
fn t(a: &Moments, b: &Moments) -> f64 {
    let difference = a.mean - b.mean;
    if difference == 0.0 { 0.0 } else { difference / error(a, b) }
}

#[cfg(test)]
mod tests {
    use rand_chacha::rand_core::RngCore;

    use super::*;

    fn uniform(rng: &mut impl RngCore) -> f64 {
        rng.next_u32() as f64 / f64::from(u32::MAX)
    }

    /// About normal: mean 0, variance 1.
    fn normal(rng: &mut impl RngCore) -> f64 {
        (0..12).map(|_| uniform(rng)).sum::<f64>() - 6.0
    }

    fn samples(count: usize, mut ns: impl FnMut(Class, f64, f64) -> f64) -> Vec<Sample> {
        let mut rng = glimpse_fixtures::rng(3);
        let mut sample = || {
            let class = if rng.next_u32() & 1 == 0 { Class::Fixed } else { Class::Random };
            Sample { class, ns: ns(class, normal(&mut rng), uniform(&mut rng)) }
        };
        (0..count).map(|_| sample()).collect()
    }

    fn most(samples: &[Sample]) -> (f64, f64) {
        let crops = crops(samples);
        let most = |t: fn(&Crop) -> f64| t(greatest(&crops, t).unwrap()).abs();
        (most(|crop| crop.t), most(|crop| crop.t_second))
    }

    #[test]
    fn t_is_welchs() {
        // Means 2 and 4, variances 1 and 4, of 3 and 5.
        let a = Moments::of([1.0, 2.0, 3.0].into_iter());
        let b = Moments::of([2.0, 2.0, 4.0, 6.0, 6.0].into_iter());
        assert_eq!((a.mean, a.variance, b.mean, b.variance), (2.0, 1.0, 4.0, 4.0));
        assert!((t(&a, &b) + 2.0 / (1.0f64 / 3.0 + 4.0 / 5.0).sqrt()).abs() < 1e-12);
        assert_eq!(t(&a, &a), 0.0);
    }

    #[test]
    fn equal_classes_are_not_told_apart() {
        let (first, second) = most(&samples(100_000, |_, noise, _| 1_000.0 + 10.0 * noise));
        assert!(first < FINDING && second < FINDING, "{first} {second}");
    }

    #[test]
    fn a_difference_of_a_tenth_of_the_spread_is_found() {
        let shift = |class| if class == Class::Fixed { 1.0 } else { 0.0 };
        let (first, _) = most(&samples(100_000, |class, noise, _| 1_000.0 + 10.0 * noise + shift(class)));
        assert!(first > CERTAIN, "{first}");
    }

    #[test]
    fn a_difference_of_spread_alone_is_found_in_second_order() {
        let spread = |class| if class == Class::Fixed { 11.0 } else { 10.0 };
        let all = samples(100_000, |class, noise, _| 1_000.0 + spread(class) * noise);
        let whole = crop(&all, 1.0).unwrap();
        assert!(whole.t.abs() < FINDING && whole.t_second > CERTAIN, "{whole:?}");
    }

    /// One in fifty is interrupted for a thousand times as long as the classes differ.
    #[test]
    fn cropping_finds_what_interrupts_hide() {
        let interrupt = |chance: f64| if chance < 0.02 { 50_000.0 * chance * 50.0 } else { 0.0 };
        let shift = |class| if class == Class::Fixed { 1.0 } else { 0.0 };
        let all = samples(100_000, |class, noise, chance| {
            1_000.0 + 10.0 * noise + shift(class) + interrupt(chance)
        });
        let crops = crops(&all);
        assert_eq!(crops[0].part, 1.0);
        assert!(crops[0].t.abs() < FINDING, "{:?}", crops[0]);
        assert!(most(&all).0 > CERTAIN);
        // Each leaves less than the one before, and what it says.
        assert!(crops.windows(2).all(|pair| pair[1].counts < pair[0].counts && pair[1].part < pair[0].part));
        let half = crops.iter().find(|crop| crop.part == 0.5).unwrap();
        assert!(half.counts.iter().sum::<usize>().abs_diff(50_000) <= 1);
    }

    #[test]
    fn of_too_few_nothing_is_said() {
        assert!(crops(&samples(900, |_, noise, _| noise)).is_empty());
        assert!(crops(&[]).is_empty());
        // All as long: the clock is too coarse, and nothing lies below.
        let coarse = crops(&samples(10_000, |_, _, _| 25.0));
        assert_eq!(coarse.len(), 1);
        assert_eq!((coarse[0].t, coarse[0].t_second), (0.0, 0.0));
    }

    /// The controls of the program, with steps in the place of time.
    #[test]
    fn a_comparison_that_stops_early_is_told_from_one_that_does_not() {
        let secret = [7u8; 32];
        let steps = |early: bool| {
            samples(10_000, |class, _, draw| {
                let guess = if class == Class::Fixed { secret } else { [(draw * 255.0) as u8; 32] };
                let equal = secret.iter().zip(&guess).take_while(|(a, b)| a == b).count();
                if early { equal as f64 } else { 32.0 }
            })
        };
        assert!(most(&steps(true)).0 > CERTAIN);
        assert_eq!(most(&steps(false)), (0.0, 0.0));
    }
}
