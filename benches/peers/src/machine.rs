//! What the figures were measured on.

use serde_json::{Value, json};

/// Version of a package in this workspace's Cargo.lock, the first if there are several.
pub fn version_of(package: &str) -> &'static str {
    const LOCK: &str = include_str!("../Cargo.lock");
    let entry = LOCK.split_once(&format!("name = \"{package}\"\nversion = \"")).map(|(_, rest)| rest);
    entry.and_then(|rest| rest.split('"').next()).unwrap_or("?")
}

/// Model of the first processor, as Linux names it.
fn cpu() -> String {
    let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = text.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    model.map_or("unknown", |(_, model)| model.trim()).to_owned()
}

/// Vector features that this program was compiled for, beyond what it picks at run time.
fn compiled_features() -> Vec<&'static str> {
    macro_rules! compiled {
        ($($feature:literal)*) => { [$(($feature, cfg!(target_feature = $feature))),*] };
    }
    let all = compiled!("sse2" "avx2" "bmi2" "adx" "avx512f" "avx512ifma" "avx512vl" "neon");
    all.into_iter().filter(|(_, on)| *on).map(|(name, _)| name).collect()
}

/// What curve25519-dalek has picked. Version 4 has no AVX-512 with a stable compiler.
fn curve25519_backend(version: u32) -> &'static str {
    let compiled = cfg!(all(target_feature = "avx512ifma", target_feature = "avx512vl"));
    if version >= 5 && compiled {
        "AVX-512 IFMA"
    } else if has_avx2() {
        "AVX2"
    } else {
        "serial"
    }
}

#[cfg(target_arch = "x86_64")]
fn has_avx2() -> bool {
    std::arch::is_x86_feature_detected!("avx2")
}

#[cfg(not(target_arch = "x86_64"))]
fn has_avx2() -> bool {
    false
}

/// Processor, features and curve back ends.
pub fn describe() -> Value {
    json!({
        "cpu": cpu(),
        "cores": std::thread::available_parallelism().map_or(0, usize::from),
        "threads_used": 1,
        "target_features": compiled_features(),
        "back_ends": {
            "curve25519-dalek 5 (Glimpse, tari_bulletproofs_plus)": curve25519_backend(5),
            "curve25519-dalek 4 (bulletproofs, cmz)": curve25519_backend(4),
            "ark-bls12-381 (proof_system)": "portable",
            "bls12_381_plus (zkryptium)": "portable",
        },
    })
}
