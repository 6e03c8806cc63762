//! Which core a process runs on.

use procfs::process::Process;
use rustix::process::Pid;
use rustix::thread::{CpuSet, sched_setaffinity};

/// Keeps a process with all its threads on one core, this one if none is named. Threads that it starts later stay there
/// too.
pub fn pin(process: Option<u32>, core: usize) {
    let mut cores = CpuSet::new();
    cores.set(core);
    let process = match process {
        Some(id) => Process::new(i32::try_from(id).unwrap()),
        None => Process::myself(),
    };
    for thread in process.unwrap().tasks().unwrap().flatten() {
        // One that has just ended needs no core.
        let _ = sched_setaffinity(Pid::from_raw(thread.tid), &cores);
    }
}
