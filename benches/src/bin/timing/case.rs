//! One case: how its inputs are made and timed.

use std::hint::black_box;
use std::time::{Duration, Instant};

use glimpse_benches::welch::{Class, Sample};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::RngCore;

/// What a case is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Its classes must not be told apart.
    Subject,
    /// Its classes differ in what the answer says anyway: measured, not judged.
    Told,
    /// Its classes must be told apart, or the run proves nothing.
    Positive,
    /// Its classes are no classes: if they are told apart, the measurement is wrong.
    Negative,
}

impl Role {
    pub(crate) fn is_control(self) -> bool {
        matches!(self, Self::Positive | Self::Negative)
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Subject => "subject",
            Self::Told => "told by the answer",
            Self::Positive => "positive control",
            Self::Negative => "negative control",
        }
    }
}

/// What is to be measured.
pub(crate) struct Plan {
    pub(crate) name: &'static str,
    pub(crate) role: Role,
    /// The secret of the fixed class.
    pub(crate) fixed: &'static str,
    /// What is drawn for the random class.
    pub(crate) random: &'static str,
    /// Sets it up, which may take a while.
    pub(crate) make: Box<dyn Fn() -> Case>,
}

/// How long a case may take and how much it may gather.
pub(crate) struct Limits {
    pub(crate) time: Duration,
    pub(crate) samples: usize,
}

/// What a batch of classes took, in nanoseconds each.
type Batch = Box<dyn FnMut(&[Class], &mut Vec<f64>)>;

/// A case that is set up.
pub(crate) struct Case {
    /// How many inputs are prepared before the first of them is timed.
    batch: usize,
    run: Batch,
}

impl Case {
    /// `prepare` makes an input of a class, by the same steps whichever it is; `routine` is timed on it. What it returns
    /// is dropped after the clock has stopped.
    pub(crate) fn new<I: 'static, T>(
        batch: usize,
        mut prepare: impl FnMut(Class) -> I + 'static,
        mut routine: impl FnMut(I) -> T + 'static,
    ) -> Self {
        let run = move |classes: &[Class], taken: &mut Vec<f64>| {
            let inputs: Vec<I> = classes.iter().map(|class| prepare(*class)).collect();
            for input in inputs {
                let start = Instant::now();
                let output = black_box(routine(black_box(input)));
                let elapsed = start.elapsed();
                drop(output);
                taken.push(elapsed.as_nanos() as f64);
            }
        };
        Self { batch, run: Box::new(run) }
    }

    /// Measures until a limit is reached. The first batch only warms up.
    pub(crate) fn measure(
        &mut self,
        limits: &Limits,
        seed: u64,
        mut progress: impl FnMut(f64),
    ) -> Vec<Sample> {
        let mut rng = glimpse_fixtures::rng(seed ^ 0x636c_6173);
        let mut samples = Vec::new();
        let mut taken = Vec::with_capacity(self.batch);
        self.one_batch(&mut rng, &mut taken);
        let start = Instant::now();
        while start.elapsed() < limits.time && samples.len() < limits.samples {
            taken.clear();
            let classes = self.one_batch(&mut rng, &mut taken);
            let pairs = classes.into_iter().zip(&taken);
            samples.extend(pairs.map(|(class, ns)| Sample { class, ns: *ns }));
            let part = start.elapsed().as_secs_f64() / limits.time.as_secs_f64();
            progress(part.max(samples.len() as f64 / limits.samples as f64).min(0.999));
        }
        progress(1.0);
        samples
    }

    fn one_batch(&mut self, rng: &mut ChaCha20Rng, taken: &mut Vec<f64>) -> Vec<Class> {
        let draw = |_| if rng.next_u32() & 1 == 0 { Class::Fixed } else { Class::Random };
        let classes: Vec<Class> = (0..self.batch).map(draw).collect();
        (self.run)(&classes, taken);
        classes
    }
}

/// Draws for both classes, so that both take the same steps, and takes the drawn one for the random class.
pub(crate) fn either<T>(class: Class, fixed: T, drawn: T) -> T {
    match class {
        Class::Fixed => fixed,
        Class::Random => drawn,
    }
}
