//! One bare range proof, for comparison.

use criterion::Criterion;
use glimpse_benches::baseline::Baseline;

pub(crate) fn baseline(c: &mut Criterion) {
    let mut group = c.benchmark_group("baseline");
    for bits in [16, 64] {
        let baseline = Baseline::new(bits);
        group.bench_function(format!("prove/{}", baseline.name()), |b| b.iter(|| baseline.prove()));
        group.bench_function(format!("verify/{}", baseline.name()), |b| b.iter(|| baseline.verify()));
    }
}
