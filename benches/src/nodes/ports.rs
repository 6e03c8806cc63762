//! Ports that stay free while whoever has them is down for a moment.

use std::net::TcpListener;
use std::process;
use std::sync::atomic::{AtomicU16, Ordering};

/// Below these nothing is given to outgoing connections (`ip_local_port_range`), which would else take the port of a
/// node that is about to be started again.
const PORTS: std::ops::Range<u16> = 20_000..32_000;

/// A port that nobody has.
pub fn quiet_port() -> u16 {
    static TRIED: AtomicU16 = AtomicU16::new(0);
    let many = u32::from(PORTS.end - PORTS.start);
    loop {
        // Programs that run at the same time begin at different places.
        let offset = (process::id() * 37 + u32::from(TRIED.fetch_add(1, Ordering::Relaxed))) % many;
        let port = PORTS.start + u16::try_from(offset).unwrap();
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
