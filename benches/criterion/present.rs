//! Proving and verifying.

use criterion::{BatchSize, BenchmarkGroup, Criterion, Throughput, measurement::WallTime};
use glimpse_benches::cases::{
    Answered, Case, age_and_region, age_over_18, age_over_18_keyed, cross_credential, equal, flags_any,
    groups, intervals, member, not_member, range,
};
use glimpse_benches::subject::Subject;
use glimpse_circuits::relation::Profile;
use glimpse_fixtures::NOW;
use glimpse_verifier::Verifier;

/// What is asked most, in both modes, and with a set.
fn main_cases() -> [Case; 3] {
    [age_over_18(), age_over_18_keyed(), age_and_region(100)]
}

/// Making a presentation with a token in stock.
pub(crate) fn prove(c: &mut Criterion) {
    let mut group = c.benchmark_group("prove");
    main_cases().iter().for_each(|case| prove_one(&mut group, &Ready::new(case, 1), &case.name));
}

/// Verifying one: from the request, and with its relation compiled beforehand.
pub(crate) fn verify(c: &mut Criterion) {
    let mut group = c.benchmark_group("verify");
    for case in main_cases() {
        let ready = Ready::new(&case, 1);
        verify_one(&mut group, &ready, &case.name);
        let Answered { relation, presentation, .. } = &ready.answered[0];
        group.bench_function(format!("{}/compiled", case.name), |b| {
            b.iter(|| ready.verifier.verify_compiled(relation, presentation, NOW).unwrap());
        });
    }
}

/// Verifying 1 to 1,024 together; the throughput is in presentations.
pub(crate) fn verify_batch(c: &mut Criterion) {
    let mut group = c.benchmark_group("verify_batch");
    group.sample_size(10);
    for case in [age_over_18(), age_and_region(100)] {
        let ready = Ready::new(&case, 1024);
        let items = Answered::items(&ready.answered);
        for size in (0..=10).map(|power| 1usize << power) {
            group.throughput(Throughput::Elements(size as u64));
            group.bench_function(format!("{}/{size}", case.name), |b| {
                b.iter(|| {
                    let results = ready.verifier.verify_batch(&items[..size], NOW).unwrap();
                    assert!(results.iter().all(Result::is_ok));
                });
            });
        }
    }
}

/// Each statement alone: proving, and verifying one.
pub(crate) fn predicates(c: &mut Criterion) {
    let mut cases: Vec<Case> = [8, 16, 24, 32, 48, 63].map(range).into();
    cases.extend([10, 100, 1000, 4096].map(member));
    cases.extend([not_member(10), intervals(2), intervals(12), flags_any(), equal(), cross_credential()]);
    let names: Vec<_> = cases.iter().map(|case| case.name.clone()).collect();
    let report = groups().into_iter().flat_map(|(_, cases)| cases);
    let others = report.filter(|case| case.profile == Profile::Fast && !case.name.starts_with("age"));
    cases.extend(others.filter(|case| !names.contains(&case.name)));

    let mut group = c.benchmark_group("predicate");
    group.sample_size(20);
    for case in cases {
        let ready = Ready::new(&case, 1);
        prove_one(&mut group, &ready, &format!("{}/prove", case.name));
        verify_one(&mut group, &ready, &format!("{}/verify", case.name));
    }
}

/// The same statements in both profiles.
pub(crate) fn profiles(c: &mut Criterion) {
    let mut group = c.benchmark_group("profile");
    for case in [age_over_18(), range(32), range(63)] {
        for case in [case.clone(), case.compact()] {
            let ready = Ready::new(&case, 1);
            prove_one(&mut group, &ready, &format!("{}/prove", case.name));
            verify_one(&mut group, &ready, &format!("{}/verify", case.name));
        }
    }
}

fn prove_one(group: &mut BenchmarkGroup<'_, WallTime>, ready: &Ready, name: &str) {
    let mut rng = glimpse_fixtures::rng(13);
    let relation = &ready.answered[0].shown;
    group.bench_function(name, |b| {
        b.iter_batched(
            || ready.subject.holdings(relation, 0),
            |holdings| ready.subject.present(relation, holdings, &mut rng),
            BatchSize::SmallInput,
        );
    });
}

fn verify_one(group: &mut BenchmarkGroup<'_, WallTime>, ready: &Ready, name: &str) {
    let Answered { request, presentation, .. } = &ready.answered[0];
    group.bench_function(name, |b| b.iter(|| ready.verifier.verify(request, presentation, NOW).unwrap()));
}

/// A case with a holder and presentations.
struct Ready {
    subject: Subject,
    verifier: Verifier,
    answered: Vec<Answered>,
}

impl Ready {
    fn new(case: &Case, count: usize) -> Self {
        let mut subject = Subject::new(case.licences);
        let answered = Answered::several(&mut subject, case, count);
        Self { verifier: case.verifier(&subject), subject, answered }
    }
}
