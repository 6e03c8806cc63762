//! Steps of a licence's life whose answers are lost on the way: the same command, run again, does not do them twice.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::fs;
use std::io::{Read, Write, copy};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use serde_json::json;
use support::log::{Kind, keep};
use support::service::Service;
use support::{json, run, write_secrets};

const PROFILE: &str = "cn.resident_identity_card";

/// What stands before a service, and keeps its answers to itself for as long as it is told to.
struct Gap {
    url: String,
    cut: Arc<AtomicBool>,
    lost: Arc<AtomicUsize>,
}

impl Gap {
    fn before(service: &Service) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let to = service.url.strip_prefix("http://").unwrap().to_owned();
        let (cut, lost) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let (cuts, counted) = (cut.clone(), lost.clone());
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let (server, cuts, counted) =
                    (TcpStream::connect(&to).unwrap(), cuts.clone(), counted.clone());
                thread::spawn(move || pass(client, server, &cuts, &counted));
            }
        });
        Self { url, cut, lost }
    }

    fn cut(&self, cut: bool) {
        self.cut.store(cut, Ordering::SeqCst);
    }
}

fn pass(mut client: TcpStream, mut server: TcpStream, cut: &AtomicBool, lost: &AtomicUsize) {
    let (mut from, mut to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    thread::spawn(move || drop(copy(&mut from, &mut to)));
    let mut answer = vec![0; 1 << 16];
    loop {
        let length = server.read(&mut answer).unwrap_or(0);
        if cut.load(Ordering::SeqCst) && length > 0 {
            lost.fetch_add(1, Ordering::SeqCst);
        } else if length > 0 && client.write_all(&answer[..length]).is_ok() {
            continue;
        }
        let _ = (client.shutdown(Shutdown::Both), server.shutdown(Shutdown::Both));
        return;
    }
}

#[test]
fn a_change_of_wallet_whose_answer_was_lost_is_repeated_without_harm() {
    let directory = tempfile::tempdir().unwrap();
    let place = directory.path();
    write_secrets(place);
    let service = Service::start(place);
    let gap = Gap::before(&service);
    let ask = |arguments: &[&str], input: &str| run(place, &gap.url, arguments, input);
    let sample = json(&ask(&["licence", "sample", PROFILE], "")).to_string();
    let register = ["licence", "register", "--profile", PROFILE, "--holder", "person-1", "-"];
    let registered = json(&ask(&register, &sample));
    let licence = registered["licence"].as_str().unwrap();
    let stage = || json(&ask(&["licence", "show", licence], ""))["stage"].clone();
    let steps = || fs::read_dir(place.join("state/glimpse/steps")).unwrap().count();
    let new_wallet = || {
        let output = ask(&["licence", "new-wallet", "--holder", "person-1", "--reason", "lost phone"], "");
        let said = String::from_utf8(output.stderr.clone()).unwrap();
        (output, said)
    };

    gap.cut(true);
    let (output, said) = new_wallet();
    assert_eq!(output.status.code(), Some(1));
    assert!(said.contains("not known") && said.contains("run again"), "{said}");
    // Sent three times, and done once.
    assert_eq!((gap.lost.load(Ordering::SeqCst), steps()), (3, 1));
    gap.cut(false);
    let events = json(&ask(&["licence", "show", licence], ""))["events"].clone();
    let acts: Vec<_> =
        events.as_array().unwrap().iter().map(|event| event["act"].as_str().unwrap()).collect();
    assert_eq!(acts, ["registered", "wallet_changed"]);

    // The new wallet takes its licence meanwhile, and has it still after the command was run again.
    let offer = json(&ask(&["licence", "offer", licence], ""));
    keep(Kind::Key, offer["code"].as_str().unwrap());
    assert!(ask(&["wallet", "init"], "").status.success());
    json(&ask(&["wallet", "pin", &gap.url], ""));
    json(&ask(&["wallet", "accept", &gap.url, "-"], offer["code"].as_str().unwrap()));
    assert_eq!(stage(), "valid");
    let (output, said) = new_wallet();
    assert_eq!(json(&output), json!({ "licences": [licence] }));
    assert!(said.contains("was not done again"), "{said}");
    assert_eq!((stage(), steps()), (json!("valid"), 0));

    // It was answered: from now on the same command is another change.
    let (output, said) = new_wallet();
    assert_eq!(json(&output), json!({ "licences": [licence] }));
    assert!(said.is_empty() && stage() == "registered", "{said}");
    // What is refused leaves nothing behind.
    assert!(!ask(&["licence", "resume", licence, "--reason", "r"], "").status.success());
    assert_eq!(steps(), 0);
}
