//! What the report says about the build: the compiler, the version of the curve crate, the commit.

use std::path::Path;
use std::process::Command;
use std::{env, fs};

fn main() {
    let rustc = env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
    let version = Command::new(rustc).arg("--version").output();
    let version = version.ok().and_then(|output| String::from_utf8(output.stdout).ok());
    println!("cargo::rustc-env=REPORT_RUSTC={}", version.as_deref().unwrap_or("unknown").trim());

    let lock = Path::new("../Cargo.lock");
    println!("cargo::rerun-if-changed={}", lock.display());
    let lock = fs::read_to_string(lock).unwrap_or_default();
    println!("cargo::rustc-env=REPORT_DALEK={}", newest(&lock, "curve25519-dalek").unwrap_or("unknown"));

    // The commit that is built. Its log changes with every commit and checkout.
    if let Some(log) = git(&["rev-parse", "--git-path", "logs/HEAD"]) {
        println!("cargo::rerun-if-changed={log}");
    }
    let commit = git(&["rev-parse", "--short=12", "HEAD"]);
    println!("cargo::rustc-env=REPORT_COMMIT={}", commit.as_deref().unwrap_or("unknown"));

    // Set by whoever picks a back end of the curve crate by hand.
    println!(
        "cargo::rustc-check-cfg=cfg(curve25519_dalek_backend, values(\"serial\", \"fiat\", \"simd\", \"avx512\"))"
    );
}

fn git(arguments: &[&str]) -> Option<String> {
    let output =
        Command::new("git").args(arguments).output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
}

/// The last version listed of a package: Cargo sorts them, and the older ones are the baseline's.
fn newest<'a>(lock: &'a str, package: &str) -> Option<&'a str> {
    let head = format!("name = \"{package}\"\nversion = \"");
    lock.rsplit_once(&head)?.1.split('"').next()
}
