//! What is read back.

use std::io::Read;
use std::net::TcpStream;

use serde_json::Value as Json;

/// What was answered.
pub(crate) struct Answer {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    pub(super) fn member(&self, name: &str) -> String {
        let json: Json = serde_json::from_slice(&self.body).unwrap_or_default();
        json[name].as_str().unwrap_or_default().to_owned()
    }
}

/// Reads a whole answer. `None` if the connection ends before it does.
pub(super) fn read_answer(connection: &mut TcpStream, method: &str) -> Option<Answer> {
    let (mut bytes, mut buffer) = (Vec::new(), [0; 16 * 1024]);
    let end = loop {
        if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 4;
        }
        match connection.read(&mut buffer) {
            Ok(0) | Err(_) => return None,
            Ok(count) => bytes.extend(&buffer[..count]),
        }
    };
    let head = String::from_utf8(bytes[..end].to_vec()).expect("a head is ASCII");
    let mut answer = Answer { status: head.get(9..12)?.parse().ok()?, head, body: bytes[end..].to_vec() };
    let empty = method == "HEAD" || matches!(answer.status, 204 | 304);
    let length = if empty { 0 } else { answer.header("content-length").map_or(0, |it| it.parse().unwrap()) };
    while answer.body.len() < length {
        match connection.read(&mut buffer) {
            Ok(0) | Err(_) => return None,
            Ok(count) => answer.body.extend(&buffer[..count]),
        }
    }
    assert_eq!(answer.body.len(), length, "more than was announced");
    Some(answer)
}
