//! `glimpse licence import` of a generated file into a service with an embedded store, both processes of their own: rows a
//! second, CPU of both, memory, size of the store.
//!
//! `cargo build --release && cargo run --release -p glimpse-benches --bin import`
#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::expect_used)]

use std::fs::{self, File};
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use clap::Parser;
use glimpse_profiles::builtin_by_schema_id;
use glimpse_profiles::sample::Persona;
use procfs::process::Process;
use serde_json::{Value, json};

/// Imports generated licences and says how fast that was. Exits with 1 if they are not all there afterwards.
#[derive(Debug, Parser)]
#[command(name = "import")]
struct Arguments {
    /// Licences in the file
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u64).range(1..))]
    rows: u64,
    /// Profile
    #[arg(long, default_value = "cn.driving_licence")]
    profile: String,
    /// The command
    #[arg(long, default_value = "target/release/glimpse")]
    glimpse: PathBuf,
    /// Batches that are sent at once
    #[arg(long, default_value_t = 4)]
    connections: u8,
    /// Kill the import after so many seconds, again and again
    #[arg(long)]
    kill_every: Option<u64>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let directory = tempfile::tempdir().unwrap();
    let place = directory.path();
    let glimpse =
        fs::canonicalize(&arguments.glimpse).expect("the command is built with cargo build --release");
    let bytes = write_file(&arguments, &place.join("rows.jsonl"));
    secret(&place.join("admin"));
    secret(&place.join("verifier"));
    let (mut service, url) = serve(&glimpse, place);
    let (seconds, importer, kills) = import(&arguments, &glimpse, place, &url);
    let serving = Usage::of(&service);
    let report: Value = serde_json::from_slice(&fs::read(place.join("report.json")).unwrap()).unwrap();
    let store = fs::metadata(place.join("glimpse-data/glimpse.redb")).unwrap().len();
    service.kill().unwrap();
    service.wait().unwrap();

    let whole = report["import"]["complete"] == true;
    let rows = arguments.rows as f64;
    let cpu = importer.cpu + serving.cpu;
    let told = json!({
        "rows": arguments.rows.to_string(), "complete": whole, "kills": kills.to_string(),
        "seconds": format!("{seconds:.1}"), "rows_per_second": format!("{:.0}", rows / seconds),
        "cores": format!("{:.2}", cpu / seconds), "rows_per_core_second": format!("{:.0}", rows / cpu),
        "importer": { "cpu_seconds": format!("{:.1}", importer.cpu), "peak_mb": importer.peak_mb.to_string() },
        "service": { "cpu_seconds": format!("{:.1}", serving.cpu), "peak_mb": serving.peak_mb.to_string() },
        "file_mb": (bytes >> 20).to_string(), "store_mb": (store >> 20).to_string(),
    });
    println!("{}", serde_json::to_string_pretty(&told).unwrap());
    if whole { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Licences of as many people, each with a holder's reference.
fn write_file(arguments: &Arguments, path: &Path) -> u64 {
    let profile = builtin_by_schema_id(&arguments.profile).expect("a built-in profile");
    let mut file = BufWriter::new(File::create(path).unwrap());
    for row in 1..=arguments.rows {
        let mut licence = profile.sample(&Persona::new(row));
        licence.insert("holder".into(), json!(format!("holder-{row}")));
        writeln!(file, "{}", Value::from(licence)).unwrap();
    }
    file.flush().unwrap();
    fs::metadata(path).unwrap().len()
}

fn secret(path: &Path) {
    let mut file = File::options().write(true).create_new(true).mode(0o600).open(path).unwrap();
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    writeln!(file, "{}", name.repeat(8)).unwrap();
}

fn serve(glimpse: &Path, place: &Path) -> (Child, String) {
    let mut service = Command::new(glimpse)
        .args(["serve", "--listen", "127.0.0.1:0", "--issuer-id", "bench", "--issuer-name", "示范机关"])
        .args(["--verifier-name", "示范", "--data", "glimpse-data"])
        .env("GLIMPSE_ADMIN_TOKEN_FILE", "admin")
        .env("GLIMPSE_VERIFIER_TOKEN_FILE", "verifier")
        .current_dir(place)
        .stdout(Stdio::piped())
        .stderr(File::create(place.join("log")).unwrap())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(service.stdout.take().unwrap()).read_line(&mut line).unwrap();
    (service, line.trim().trim_start_matches("serving at ").to_owned())
}

/// Seconds by the clock, what all its processes used, and how many of them were killed.
fn import(arguments: &Arguments, glimpse: &Path, place: &Path, url: &str) -> (f64, Usage, u32) {
    let (start, mut used, mut kills) = (Instant::now(), Usage::default(), 0);
    loop {
        let mut importer = Command::new(glimpse)
            .args(["licence", "import", "rows.jsonl", "--profile", &arguments.profile, "--import", "bench"])
            .args(["--references", "references.jsonl", "--report", "report.json"])
            .args(["--connections", &arguments.connections.to_string()])
            .env("GLIMPSE_URL", url)
            .env("GLIMPSE_ADMIN_TOKEN_FILE", "admin")
            .current_dir(place)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let begun = Instant::now();
        let mut now = Usage::default();
        let ended = loop {
            if let Some(status) = importer.try_wait().unwrap() {
                break Some(status);
            }
            now = now.most(Usage::of(&importer));
            if arguments.kill_every.is_some_and(|seconds| begun.elapsed() > Duration::from_secs(seconds)) {
                importer.kill().unwrap();
                importer.wait().unwrap();
                break None;
            }
            sleep(Duration::from_millis(20));
        };
        used = Usage { cpu: used.cpu + now.cpu, peak_mb: used.peak_mb.max(now.peak_mb) };
        match ended {
            Some(status) => {
                assert!(status.success(), "{status}");
                return (start.elapsed().as_secs_f64(), used, kills);
            }
            None => kills += 1,
        }
    }
}

#[derive(Clone, Copy, Default)]
struct Usage {
    /// Seconds.
    cpu: f64,
    peak_mb: u64,
}

impl Usage {
    /// The later of two looks at a process. What has ended has no memory.
    fn most(self, other: Self) -> Self {
        Self { cpu: self.cpu.max(other.cpu), peak_mb: self.peak_mb.max(other.peak_mb) }
    }

    /// Nothing, if it has just gone.
    fn of(child: &Child) -> Self {
        let found = Process::new(child.id().cast_signed())
            .and_then(|process| Ok((process.stat()?, process.status()?)));
        let Ok((stat, status)) = found else { return Self::default() };
        let cpu = (stat.utime + stat.stime) as f64 / procfs::ticks_per_second() as f64;
        Self { cpu, peak_mb: status.vmhwm.unwrap_or(0) / 1024 }
    }
}
