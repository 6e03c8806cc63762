//! A revocation list of ten million handles: how fast a version is built, in how much memory, whether it says what it
//! should, and what it costs to show and to check that one is not in it.
//!
//! `cargo run --release -p glimpse-benches --bin lists`
#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::expect_used)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Parser;
use comfy_table::Table;
use curve25519_dalek::ristretto::RistrettoPoint;
use curve25519_dalek::scalar::Scalar;
use glimpse_benches::measure::{Effort, Task, Timing, measure};
use glimpse_benches::report::Progress;
use glimpse_circuits::interval::Bucket;
use glimpse_circuits::relation::Relation;
use glimpse_circuits::schema::Schema;
use glimpse_fixtures::schemas::{all_types, all_types_values};
use glimpse_fixtures::{NOW, Wallet, World};
use glimpse_issuer::{IntervalSigner, VersionPlan, build_version};
use glimpse_prover::{Credential, Interval};
use glimpse_trust::Manifest;
use glimpse_trust::manifest::{bucket_of, prefix_bits};
use glimpse_verifier::Item;
use serde_json::{Value as Json, json};

/// Builds a version of a revocation list bucket by bucket, checks samples of it, and measures the statement
/// `not_revoked` with it and with an empty list. Exits with 1 if a sample is wrong.
#[derive(Debug, Parser)]
#[command(name = "lists")]
struct Arguments {
    /// Handles that are given out
    #[arg(long, default_value_t = 10_000_000, value_parser = clap::value_parser!(u64).range(1..=1 << 30))]
    handles: u64,
    /// One in so many of them is revoked
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..))]
    one_in: u64,
    /// Handles that are looked up afterwards, as many revoked ones and as many others
    #[arg(long, default_value_t = 20_000)]
    samples: u64,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Handles of a made-up registry, in rising order: one in each stride of the space, at a place in it that looks random.
#[derive(Clone, Copy)]
struct Handles {
    count: u64,
    one_in: u64,
}

impl Handles {
    fn handle(self, i: u64) -> u32 {
        let stride = (1 << 32) / self.count;
        u32::try_from(i * stride + mixed(i) % stride).unwrap()
    }

    fn is_revoked(self, i: u64) -> bool {
        mixed(!i).is_multiple_of(self.one_in)
    }

    /// As they would be read from a store, one by one.
    fn revoked(self) -> impl Iterator<Item = u32> {
        (0..self.count).filter(move |i| self.is_revoked(*i)).map(move |i| self.handle(i))
    }
}

/// SplitMix64 (Steele, Lea, Flood, OOPSLA 2014).
fn mixed(i: u64) -> u64 {
    let mut z = i.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A version on disk.
struct Built {
    manifest: Manifest,
    folder: PathBuf,
    intervals: u64,
    bytes: u64,
    elapsed: Duration,
}

impl Built {
    fn bucket(&self, bucket: u32) -> Bucket {
        self.manifest.read_bucket(bucket, &fs::read(self.folder.join(bucket.to_string())).unwrap()).unwrap()
    }
}

fn build(
    world: &mut World,
    schema: &Schema,
    handles: Option<Handles>,
    issued_at: u64,
    folder: &Path,
) -> Built {
    let folder = folder.join(issued_at.to_string());
    fs::create_dir(&folder).unwrap();
    let signer =
        IntervalSigner::new(&world.revocation, *world.issuer.public(), schema.digest(), issued_at).unwrap();
    let count = handles.map_or(0, |handles| handles.count);
    let bits = prefix_bits(count);
    let plan = VersionPlan { version: issued_at / 60, next: issued_at + 86_400, prefix_bits: bits };
    let start = Instant::now();
    let mut progress = Progress::new(1.0);
    let (mut intervals, mut bytes_written) = (0, 0);
    let revoked: Box<dyn Iterator<Item = u32>> = match handles {
        Some(handles) => Box::new(handles.revoked()),
        None => Box::new(std::iter::empty()),
    };
    let keep = |bucket: u32, bytes: &[u8]| {
        intervals += (bytes.len() as u64 - 64) / 72;
        bytes_written += bytes.len() as u64;
        let rate = intervals as f64 / start.elapsed().as_secs_f64();
        let part = f64::from(bucket + 1) / f64::from(1u32 << bits);
        progress.tell(&format!("{intervals} intervals, {rate:.0}/s"), 1.0, part.min(0.999));
        fs::write(folder.join(bucket.to_string()), bytes)
    };
    let manifest = build_version(&signer, plan, revoked.map(Ok), &mut world.rng, keep).unwrap();
    progress.finish();
    Built { manifest, folder: folder.clone(), intervals, bytes: bytes_written, elapsed: start.elapsed() }
}

/// Looks handles up in the buckets as they lie on disk. Returns how many were looked up, or what was wrong.
fn check(built: &Built, handles: Handles, samples: u64) -> Result<[u64; 2], String> {
    let bits = built.manifest.document().prefix_bits;
    let (mut found, mut open) = ([0, 0], (u32::MAX, None));
    let step = (handles.count / samples.saturating_mul(handles.one_in).max(1)).max(1);
    for i in (0..handles.count).step_by(usize::try_from(step).unwrap()) {
        let (handle, revoked) = (handles.handle(i), handles.is_revoked(i));
        // Most are not revoked: of these only as many as of the others.
        if !revoked && !mixed(i ^ 0x5a5a).is_multiple_of(handles.one_in) {
            continue;
        }
        let bucket = bucket_of(handle, bits);
        if open.0 != bucket {
            let read = built.bucket(bucket);
            // The proof of one bucket in sixteen: it takes as long as signing.
            if bucket.is_multiple_of(16) && !read.is_signed(&built.manifest.scope()) {
                return Err(format!("bucket {bucket} is not signed"));
            }
            open = (bucket, Some(read));
        }
        let held = open.1.as_ref().unwrap().find(handle).is_some();
        if held == revoked {
            return Err(format!("number {i} is {}", if revoked { "revoked, and held" } else { "not held" }));
        }
        found[usize::from(revoked)] += 1;
    }
    Ok(found)
}

/// The holder whose presentations are measured.
struct Holder {
    wallet: Wallet,
    schema: std::sync::Arc<Schema>,
    credential: Credential,
}

impl Holder {
    fn relation(&self, world: &mut World, statements: &Json) -> Relation {
        let request = world.request_with(&[("l", &self.schema)], statements.clone(), "token");
        world.relation(&request)
    }
}

/// Times without the statement, with an empty list and with the long one; alone and in batches of 64.
fn compare(world: &mut World, holder: &Holder, lists: [&Built; 2]) -> (Vec<Timing>, [usize; 3]) {
    let age = json!({"age": {"of": "l.birth", "at_least": "18"}});
    let asked = json!([age, {"not_revoked": {"credential": "l", "max_age": "86400"}}]);
    let (without, with) = (holder.relation(world, &json!([age])), holder.relation(world, &asked));
    let interval = |built: &Built| {
        let bucket = built.bucket(built.manifest.bucket_of(holder.credential.handle()));
        Interval::find(&holder.credential, built.manifest.scope(), &bucket).unwrap()
    };
    let intervals = lists.map(interval);
    let mut shows: Vec<(&Relation, Vec<u8>)> =
        vec![(&without, world.present(&without, &holder.wallet, &[&holder.credential]))];
    for interval in &intervals {
        let held = [(&holder.credential, Some(interval))];
        shows.push((&with, world.present_with(&with, &holder.wallet, &held).unwrap()));
    }
    let sizes = [0, 1, 2].map(|i| shows[i].1.len());
    let verifier = world.verifier();
    let names = ["without not_revoked", "nothing revoked", "the long list"];
    let mut tasks = Vec::new();
    for (name, (relation, bytes)) in names.iter().zip(&shows) {
        let verifier = &verifier;
        tasks.push(Task::new(format!("verify one: {name}"), 1, move || {
            verifier.verify_compiled(relation, bytes, NOW + 1).unwrap()
        }));
    }
    for (name, (relation, bytes)) in names.iter().zip(&shows) {
        let verifier = &verifier;
        let items = vec![Item { relation, presentation: bytes }; 64];
        tasks.push(Task::new(format!("verify, batch of 64, each: {name}"), 64, move || {
            let verdicts = verifier.verify_batch(&items, NOW + 1).unwrap();
            assert!(verdicts.iter().all(Result::is_ok));
        }));
    }
    let mut progress = Progress::new(1.0);
    let effort = Effort { budget: Duration::from_secs(20), least: 9, most: 400 };
    let timings = measure(&mut tasks, effort, |part| progress.tell("verifying", 1.0, part.min(0.999)));
    progress.finish();
    (timings, sizes)
}

/// A scalar multiplication, to compare with.
fn multiplication() -> f64 {
    let (point, scalar) = (RistrettoPoint::mul_base(&Scalar::from(77u8)), -Scalar::from(5u8));
    let mut tasks = [Task::new("scalar multiplication", 1, || point * scalar)];
    measure(&mut tasks, 30, |_| ())[0].median_us
}

/// Most memory that this process has had, in bytes.
fn peak_memory() -> u64 {
    procfs::process::Process::myself().and_then(|own| own.status()).unwrap().vmhwm.unwrap_or(0) * 1024
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let handles = Handles { count: arguments.handles, one_in: arguments.one_in };
    let folder = tempfile::tempdir().unwrap();
    let schema = all_types();
    let mut world = World::new(1, std::slice::from_ref(&schema));
    let wallet = world.wallet();
    let credential = world.obtain(&wallet, &schema, all_types_values());
    let holder = Holder { wallet, schema, credential };

    let before = multiplication();
    let long = build(&mut world, &holder.schema, Some(handles), NOW - 120, folder.path());
    let memory = peak_memory();
    let per_interval = (before + multiplication()) / 2.0;
    let checked = check(&long, handles, arguments.samples);
    let empty = build(&mut world, &holder.schema, None, NOW - 60, folder.path());
    let (timings, sizes) = compare(&mut world, &holder, [&empty, &long]);

    let each = long.elapsed.as_secs_f64() * 1e6 / long.intervals as f64;
    let revoked = handles.revoked().count();
    let document = long.manifest.document();
    if arguments.json {
        let figures = json!({
            "handles": handles.count, "revoked": revoked, "intervals": long.intervals,
            "buckets": document.buckets.len(), "bytes": long.bytes,
            "seconds": long.elapsed.as_secs_f64(), "peak_memory_bytes": memory,
            "scalar_multiplications_per_interval": each / per_interval,
            "samples_not_revoked": checked.as_ref().ok().map(|found| found[0]),
            "samples_revoked": checked.as_ref().ok().map(|found| found[1]),
            "wrong": checked.as_ref().err(),
            "presentation_bytes": sizes,
            "verify": timings.iter().map(|timing| json!({
                "name": timing.name, "median_us": timing.median_us, "low_us": timing.low_us,
                "high_us": timing.high_us, "samples": timing.samples,
            })).collect::<Vec<_>>(),
        });
        println!("{}", serde_json::to_string_pretty(&figures).unwrap());
    } else {
        println!(
            "{} handles, {revoked} revoked: {} intervals in {} buckets, {:.1} MB\n\
             built in {:.1} s on one thread: {:.0} intervals/s, {:.2} scalar multiplications each\n\
             peak memory {:.0} MB",
            handles.count,
            long.intervals,
            document.buckets.len(),
            long.bytes as f64 / 1e6,
            long.elapsed.as_secs_f64(),
            long.intervals as f64 / long.elapsed.as_secs_f64(),
            each / per_interval,
            memory as f64 / 1e6,
        );
        match &checked {
            Ok([held, not]) => {
                println!("sampled: {held} handles that are held, {not} revoked ones that are not; none wrong")
            }
            Err(wrong) => println!("WRONG: {wrong}"),
        }
        let mut table = Table::new();
        table.set_header(["", "median, µs", "quartiles, µs", "ratio", "bytes"]);
        for (i, timing) in timings.iter().enumerate() {
            let base = timings[i / 3 * 3].median_us;
            table.add_row([
                timing.name.clone(),
                format!("{:.1}", timing.median_us),
                format!("{:.1} – {:.1}", timing.low_us, timing.high_us),
                format!("{:.2}", timing.median_us / base),
                sizes[i % 3].to_string(),
            ]);
        }
        println!("{table}");
    }
    if checked.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
