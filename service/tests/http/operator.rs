//! What the operator sees and sets: the address of its own, metrics, what is turned away and cut off.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread::sleep;
use std::time::{Duration, Instant};

use glimpse_api::paths;
use serde_json::{Value, json};
use socket2::{Domain, Socket, Type};

use crate::support::{ADMIN, Client, Response, Service, driving_policy, holder};

fn service() -> Service {
    Service::start_with(|config| config.admin_listen = Some("127.0.0.1:0".parse().unwrap()))
}

fn admin(service: &Service) -> Client {
    Client::new(service.running.as_ref().unwrap().admin_url().unwrap())
}

fn address(url: &str) -> SocketAddr {
    url.split_once("://").unwrap().1.parse().unwrap()
}

/// The value of a line of the metrics, 0 if it is not there.
fn metric(service: &Service, line: &str) -> f64 {
    let text = service.metrics();
    let value = text.lines().find_map(|found| found.strip_prefix(line)?.strip_prefix(' ').map(str::to_owned));
    value.map_or(0.0, |value| value.parse().unwrap())
}

#[test]
fn the_operator_has_an_address_of_its_own() {
    let service = service();
    let (public, admin) = (service.client(), admin(&service));
    for path in [paths::LIVEZ, paths::READYZ] {
        assert_eq!(public.get(path, None).status, 200);
        assert_eq!(admin.get(path, None).status, 200);
    }
    let version: Value = admin.get("/version", None).ok();
    assert_eq!(version["name"], "glimpse");
    assert_eq!(version["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(version["protocol"], 1);
    assert!(version.as_object().unwrap().contains_key("commit"));
    for path in ["/version", "/metrics"] {
        public.get(path, None).problem(404, "not-found");
        admin.post(path, None, &json!({})).problem(405, "method-not-allowed");
    }
    admin.get(paths::METADATA, None).problem(404, "not-found");
    admin.get(paths::LICENCES, Some(ADMIN)).problem(404, "not-found");
}

#[test]
fn told_to_stop_it_serves_until_it_is_told_again() {
    let mut service = Service::start_with(|config| {
        config.admin_listen = Some("127.0.0.1:0".parse().unwrap());
        config.limits.drain_delay = Duration::from_secs(600);
    });
    let running = service.running.take().unwrap();
    let (public, admin) = (service.client(), Client::new(running.admin_url().unwrap()));
    drop(running.handle().stop());
    for client in [&public, &admin] {
        client.get(paths::READYZ, None).problem(503, "draining");
        assert_eq!(client.get(paths::LIVEZ, None).status, 200);
    }
    assert_eq!(public.get(paths::METADATA, None).status, 200);
    running.stop().unwrap();
    assert!(public.try_send("GET", paths::LIVEZ, &[], None).is_err());
}

#[test]
fn requests_verdicts_and_replays_are_counted() {
    let service = service();
    let (wallet, credential) = holder(&service, 1);
    let client = service.client();
    let mut tokens = wallet.tokens(&credential, 4);
    for alter in [false, true] {
        let created = client.request(&driving_policy("token"));
        let mut presentation = wallet.present(client.fetch(&created), &credential, tokens.pop());
        if alter {
            presentation[200] ^= 1;
        }
        let status = client.submit(&created.id, &presentation).status;
        assert_eq!(status, if alter { 422 } else { 200 });
        client.submit(&created.id, &presentation).problem(409, "request-closed");
    }
    client.get("/somewhere/else?with=query", None).problem(404, "not-found");
    client.get("/yet/another", None).problem(404, "not-found");
    client.send("TRACE", paths::LICENCES, &[], None).problem(405, "method-not-allowed");

    let time = |route: &str, method: &str, status: &str| {
        let labels = format!("{{route=\"{route}\",method=\"{method}\",status=\"{status}\"}}");
        metric(&service, &format!("glimpse_http_request_time_seconds_count{labels}"))
    };
    assert_eq!(time(paths::PRESENTATION, "POST", "2xx"), 1.0);
    assert_eq!(time(paths::PRESENTATION, "POST", "4xx"), 3.0);
    assert_eq!(time("unknown", "GET", "4xx"), 2.0);
    assert_eq!(time(paths::LICENCES, "other", "4xx"), 1.0);
    assert_eq!(metric(&service, "glimpse_http_refused_total{reason=\"request-closed\"}"), 2.0);
    assert_eq!(metric(&service, "glimpse_http_refused_total{reason=\"not-found\"}"), 2.0);
    assert_eq!(metric(&service, "glimpse_http_replays_refused_total{of=\"request-closed\"}"), 2.0);
    assert_eq!(metric(&service, "glimpse_http_replays_refused_total{of=\"offer-used\"}"), 0.0);
    assert_eq!(metric(&service, "glimpse_verdicts_total{cause=\"accepted\"}"), 1.0);
    let refused = ["proof", "decode"]
        .map(|cause| metric(&service, &format!("glimpse_verdicts_total{{cause=\"{cause}\"}}")));
    assert_eq!(refused.iter().sum::<f64>(), 1.0);
    assert!(metric(&service, "process_start_time_seconds") > 1.7e9);

    let text = service.metrics();
    assert!(text.contains(&format!("glimpse_build_info{{version=\"{}\"", env!("CARGO_PKG_VERSION"))));
    // Its own questions are not among the requests, and nobody's paths are among the labels.
    for absent in ["/metrics", "/readyz", "somewhere", "another", "TRACE"] {
        assert!(!text.contains(absent), "{absent}");
    }
}

const ORIGIN: &str = "https://wallet.example";

fn preflight(client: &Client, path: &str, origin: &str, method: &str) -> Response {
    let headers = [
        ("origin", origin),
        ("access-control-request-method", method),
        ("access-control-request-headers", "content-type"),
    ];
    client.send("OPTIONS", path, &headers, None)
}

#[test]
fn pages_of_listed_origins_may_call_what_wallets_call() {
    let service = Service::start_with(|config| config.cors_origins = vec![ORIGIN.to_owned()]);
    let client = service.client();
    let request = paths::REQUEST.replace("{request}", &"0".repeat(32));
    let presentation = paths::PRESENTATION.replace("{request}", &"0".repeat(32));
    let exchange = paths::TOKEN_EXCHANGE.replace("{exchange}", &"0".repeat(48));
    for (path, method) in [
        (paths::METADATA, "GET"),
        (paths::OFFERS_REDEEM, "POST"),
        (paths::CREDENTIALS, "POST"),
        (paths::TOKENS, "POST"),
        (&exchange, "POST"),
        (&request, "GET"),
        (&presentation, "POST"),
    ] {
        let allowed = preflight(&client, path, ORIGIN, method);
        assert_eq!(allowed.status, 200, "{path}");
        assert_eq!(allowed.header("access-control-allow-origin"), ORIGIN);
        assert!(allowed.header("access-control-allow-methods").contains(method));
        assert!(allowed.header("access-control-allow-headers").contains("content-type"));
        assert_eq!(allowed.header("access-control-allow-credentials"), "");
        for other in ["https://other.example", "null", "https://wallet.example.evil.example"] {
            let refused = preflight(&client, path, other, method);
            assert_eq!(refused.header("access-control-allow-origin"), "");
            refused.problem(403, "origin-refused");
        }
        preflight(&client, path, ORIGIN, "DELETE").problem(403, "origin-refused");
    }
    let result = paths::RESULT.replace("{request}", &"0".repeat(32));
    let policy = paths::POLICY.replace("{policy}", "p");
    for path in [paths::LICENCES, paths::REQUESTS, paths::VERIFY, &result, &policy, paths::READYZ] {
        let refused = preflight(&client, path, ORIGIN, "POST");
        assert_eq!(refused.header("access-control-allow-origin"), "");
        refused.problem(405, "method-not-allowed");
    }

    let answer = client.send("GET", paths::METADATA, &[("origin", ORIGIN)], None);
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (200, ORIGIN));
    let problem = client.send("GET", &request, &[("origin", ORIGIN)], None);
    assert_eq!(problem.header("access-control-allow-origin"), ORIGIN);
    problem.problem(404, "request-unknown");
    let other = client.send("GET", paths::METADATA, &[("origin", "https://other.example")], None);
    assert_eq!(other.header("access-control-allow-origin"), "");
}

#[test]
fn without_origins_there_is_no_word_of_them() {
    let service = Service::start();
    let client = service.client();
    preflight(&client, paths::METADATA, ORIGIN, "GET").problem(405, "method-not-allowed");
    let answer = client.send("GET", paths::METADATA, &[("origin", ORIGIN)], None);
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (200, ""));
}

#[test]
fn whoever_does_not_read_is_cut_off() {
    let service = Service::start_with(|config| {
        config.limits.event_loops = 1;
        config.limits.connections = 1;
        config.limits.send_timeout = Duration::from_secs(1);
    });
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    socket.connect(&address(&service.url).into()).unwrap();
    let mut stream = TcpStream::from(socket);
    stream.set_write_timeout(Some(Duration::from_secs(1))).unwrap();
    // Asks for far more than all buffers hold, and reads nothing of it.
    let ask = format!("GET {} HTTP/1.1\r\nhost: x\r\n\r\n", paths::METADATA).repeat(64);
    let started = Instant::now();
    while stream.write_all(ask.as_bytes()).is_ok() && started.elapsed() < Duration::from_secs(3) {
        sleep(Duration::from_millis(10));
    }
    // It had the only place. Somebody else gets it in the end.
    assert_eq!(service.client().get(paths::LIVEZ, None).status, 200);
    // However its connection ended: what it asked for was not kept for it.
    let _ = stream.set_read_timeout(Some(Duration::from_secs(30)));
    let mut taken = Vec::new();
    let _ = stream.read_to_end(&mut taken);
    assert!(taken.len() < 1_000_000, "{}", taken.len());
}

#[test]
fn heads_that_are_too_long_or_too_slow() {
    let service = Service::start_with(|config| {
        config.admin_listen = Some("127.0.0.1:0".parse().unwrap());
        config.limits.head_timeout = Duration::from_millis(300);
    });
    let admin_url = admin(&service).url;
    let answer = |url: &str, head: &str| {
        let mut stream = TcpStream::connect(address(url)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let _ = stream.write_all(head.as_bytes());
        let mut answer = Vec::new();
        let ended = stream.read_to_end(&mut answer);
        (String::from_utf8_lossy(&answer).into_owned(), ended)
    };
    let many = format!("GET /livez HTTP/1.1\r\nhost: x\r\n{}\r\n", "a: b\r\n".repeat(100));
    let large = format!("GET /livez HTTP/1.1\r\nhost: x\r\na: {}\r\n\r\n", "b".repeat(200_000));
    for url in [&service.url, &admin_url] {
        for head in [&many, &large] {
            let (text, _) = answer(url, head);
            assert!(!text.starts_with("HTTP/1.1 2"), "{text}");
        }
        let (text, ended) = answer(url, "GET /livez HTTP/1.1\r\nhost:");
        assert!(ended.is_ok() && (text.is_empty() || text.starts_with("HTTP/1.1 408 ")), "{text} {ended:?}");
    }
}
