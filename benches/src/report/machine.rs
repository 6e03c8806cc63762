//! Where the figures come from.

use std::fs;
use std::process::Command;
use std::thread::available_parallelism;

/// Machine, system and build.
#[derive(Clone, Debug)]
pub struct Machine {
    /// The processor's name.
    pub cpu: String,
    /// Its clock as the system reports it at the moment, in MHz.
    pub mhz: Option<f64>,
    /// Logical cores. Everything is measured on one.
    pub cores: usize,
    /// Operating system and kernel.
    pub os: String,
    /// Processes that wanted a core in the minute before: above 1 the figures are noisy.
    pub load: Option<f64>,
    /// The compiler.
    pub rustc: &'static str,
    /// Features of the processor that the compiler was allowed to use.
    pub features_compiled: Vec<&'static str>,
    /// The same features, as far as the processor has them.
    pub features_available: Vec<&'static str>,
    /// The vector code that curve25519-dalek chooses.
    pub backend: &'static str,
    /// Version of curve25519-dalek.
    pub dalek: &'static str,
    /// Version of Glimpse.
    pub glimpse: &'static str,
    /// The commit that was built.
    pub commit: &'static str,
    /// Whether files outside docs/ differ from what is checked out.
    pub changed: bool,
}

impl Machine {
    /// This machine and this build.
    pub fn this() -> Self {
        let features = features();
        let chosen =
            |which: fn(&Feature) -> bool| features.iter().filter(|f| which(f)).map(|f| f.name).collect();
        let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
        Self {
            cpu: value(&cpuinfo, "model name", ':').unwrap_or_else(|| std::env::consts::ARCH.to_owned()),
            mhz: value(&cpuinfo, "cpu MHz", ':').and_then(|mhz| mhz.parse().ok()),
            cores: available_parallelism().map_or(1, usize::from),
            os: os(),
            load: load.split(' ').next().and_then(|minute| minute.parse().ok()),
            rustc: env!("REPORT_RUSTC"),
            features_compiled: chosen(|feature| feature.compiled),
            features_available: chosen(|feature| feature.available),
            backend: backend(&features),
            dalek: env!("REPORT_DALEK"),
            glimpse: env!("CARGO_PKG_VERSION"),
            commit: env!("REPORT_COMMIT"),
            changed: changed(),
        }
    }

    /// The machine for people: a name and a value a line.
    pub fn lines(&self) -> Vec<(&'static str, String)> {
        let none_or = |list: &[&str]| if list.is_empty() { "none".to_owned() } else { list.join(" ") };
        let mhz = self.mhz.map_or(String::new(), |mhz| format!(", {mhz:.0} MHz at the moment"));
        let load = self.load.map_or(String::new(), |load| format!(", load {load:.2} before the run"));
        let changed = if self.changed { ", with changes since" } else { "" };
        let optimised = if cfg!(debug_assertions) { ", NOT OPTIMISED: the figures mean nothing" } else { "" };
        vec![
            ("processor", format!("{}{mhz}", self.cpu)),
            ("cores", format!("{}, one used{load}", self.cores)),
            ("system", self.os.clone()),
            ("compiler", format!("{}{optimised}", self.rustc)),
            ("features compiled in", none_or(&self.features_compiled)),
            ("features of the processor", none_or(&self.features_available)),
            ("curve arithmetic", format!("curve25519-dalek {}, {} back end", self.dalek, self.backend)),
            ("glimpse", format!("{}, commit {}{changed}", self.glimpse, self.commit)),
        ]
    }
}

/// An instruction set extension that the arithmetic could use.
struct Feature {
    name: &'static str,
    compiled: bool,
    available: bool,
}

#[cfg(target_arch = "x86_64")]
fn features() -> Vec<Feature> {
    macro_rules! feature {
        ($($name:tt)*) => { vec![$(Feature {
            name: $name,
            compiled: cfg!(target_feature = $name),
            available: std::is_x86_feature_detected!($name),
        }),*] };
    }
    feature!("bmi2" "adx" "avx2" "avx512f" "avx512vl" "avx512ifma")
}

#[cfg(target_arch = "aarch64")]
fn features() -> Vec<Feature> {
    let available = std::arch::is_aarch64_feature_detected!("neon");
    vec![Feature { name: "neon", compiled: cfg!(target_feature = "neon"), available }]
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
fn features() -> Vec<Feature> {
    Vec::new()
}

/// What curve25519-dalek 5 chooses (its build.rs and src/backend.rs): AVX-512 only if it was compiled in, AVX2
/// wherever the processor has it, unless RUSTFLAGS say otherwise.
fn backend(features: &[Feature]) -> &'static str {
    let is = |name: &str, which: fn(&Feature) -> bool| features.iter().any(|f| f.name == name && which(f));
    let both = |which: fn(&Feature) -> bool| is("avx512ifma", which) && is("avx512vl", which);
    let by_hand = cfg!(any(curve25519_dalek_backend = "simd", curve25519_dalek_backend = "serial"));
    let avx512 = cfg!(curve25519_dalek_backend = "avx512") || (both(|f| f.compiled) && !by_hand);
    if cfg!(curve25519_dalek_backend = "fiat") {
        "fiat"
    } else if cfg!(curve25519_dalek_backend = "serial") {
        "serial"
    } else if avx512 && both(|f| f.available) {
        "AVX-512 IFMA"
    } else if is("avx2", |f| f.available) {
        "AVX2"
    } else {
        "serial"
    }
}

fn os() -> String {
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let name = value(&release, "PRETTY_NAME", '=');
    let name = name.map_or(std::env::consts::OS.to_owned(), |name| name.trim_matches('"').to_owned());
    match fs::read_to_string("/proc/sys/kernel/osrelease") {
        Ok(kernel) => format!("{name}, kernel {}", kernel.trim()),
        Err(_) => name,
    }
}

fn changed() -> bool {
    let arguments = ["status", "--porcelain", "--", ":/", ":(top,exclude)docs"];
    let status = Command::new("git").args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).output();
    status.is_ok_and(|output| !output.stdout.is_empty())
}

/// What a file of lines says of a key for the first time.
fn value(text: &str, key: &str, separator: char) -> Option<String> {
    let line = text.lines().find(|line| line.starts_with(key))?;
    Some(line.split_once(separator)?.1.trim().to_owned())
}
