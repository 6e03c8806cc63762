//! Issuing, and tokens.

use criterion::{BatchSize, Criterion, Throughput};
use glimpse_benches::operations::Desk;
use glimpse_benches::subject::TOKEN_BATCH;

/// A licence: the wallet's request, the issuer's answer, the wallet's check.
pub(crate) fn issue(c: &mut Criterion) {
    let desk = Desk::default();
    let mut group = c.benchmark_group("issue");
    group.bench_function("wallet_asks", |b| b.iter(|| desk.request()));
    group.bench_function("issuer_issues", |b| {
        b.iter_batched_ref(|| desk.request(), |pending| desk.issue(pending), BatchSize::SmallInput);
    });
    let issued = || {
        let pending = desk.request();
        let issued = desk.issue(&pending);
        (pending, issued)
    };
    group.bench_function("wallet_accepts", |b| {
        b.iter_batched(issued, |(pending, issued)| desk.accept(pending, issued), BatchSize::SmallInput);
    });
}

/// 64 tokens; the throughput is in tokens.
pub(crate) fn tokens(c: &mut Criterion) {
    let desk = Desk::default();
    let mut group = c.benchmark_group("token");
    group.sample_size(20).throughput(Throughput::Elements(TOKEN_BATCH as u64));
    group.bench_function("issuer_answers", |b| {
        b.iter_batched_ref(
            || desk.begin_tokens(),
            |pending| desk.answer_tokens(pending),
            BatchSize::SmallInput,
        );
    });
    group.bench_function("wallet_blinds", |b| b.iter(|| desk.begin_tokens()));
    let committed = || {
        let pending = desk.begin_tokens();
        let (exchange, commitments) = desk.commit_tokens(&pending);
        (pending, exchange, commitments)
    };
    group.bench_function("wallet_blinds_commitments", |b| {
        b.iter_batched(
            committed,
            |(pending, _, commitments)| desk.challenge_tokens(pending, &commitments),
            BatchSize::SmallInput,
        );
    });
    let answered = || {
        let (pending, exchange, commitments) = committed();
        let (blinded, challenges) = desk.challenge_tokens(pending, &commitments);
        (blinded, desk.respond_tokens(exchange, &challenges))
    };
    group.bench_function("wallet_checks", |b| {
        b.iter_batched(
            answered,
            |(blinded, responses)| desk.finish_tokens(blinded, &responses),
            BatchSize::SmallInput,
        );
    });
}
