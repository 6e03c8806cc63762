//! What one node began, any node ends, and once: requests, offers, token exchanges, rates.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use glimpse_api::{
    Blob, CredentialResponse, IDEMPOTENCY_KEY, OfferDetails, RequestCreated, ResultReport,
    TokenRespondResponse, paths,
};
use glimpse_circuits::encoding::Reader;
use glimpse_prover::{BlindedTokens, PendingTokens};
use glimpse_service::RateLimit;
use rand_core::OsRng;
use serde_json::{Value, json};

use crate::several::{Nodes, at_once, handles, read};
use crate::support::{Client, DRIVING, RELYING_PARTY, Response, Wallet, commit_body, holder};
use crate::visits::{Visitor, policy};

/// Longest time for an exchange whose node is gone, with what a busy machine takes.
const GIVEN_UP: Duration = Duration::from_secs(15);

fn present(client: &Client, id: &str, key: Option<&str>, presentation: &[u8]) -> Response {
    let headers = [("content-type", "application/json")].into_iter();
    let headers: Vec<_> = headers.chain(key.map(|key| (IDEMPOTENCY_KEY, key))).collect();
    let body = json!({ "presentation": Blob::from(presentation) }).to_string();
    client.send("POST", &paths::PRESENTATION.replace("{request}", id), &headers, Some(body.as_bytes()))
}

/// The one that succeeded; all others were refused so.
#[track_caller]
fn only_one(answers: Vec<Response>, status: u16, kind: &str) -> (usize, Response) {
    let (won, lost): (Vec<_>, Vec<_>) =
        answers.into_iter().enumerate().partition(|(_, answer)| answer.status == 200);
    assert_eq!(won.len(), 1, "{} were served", won.len());
    lost.into_iter().for_each(|(_, answer)| drop(answer.problem(status, kind)));
    won.into_iter().next().unwrap()
}

#[test]
fn a_request_is_made_fetched_and_answered_at_three_nodes_and_once() {
    let nodes = Nodes::start(3);
    let clients: [Client; 3] = nodes.clients();
    let [a, b, c] = &clients;
    let visitor = Visitor::of(&nodes.services[0]);
    let created: RequestCreated =
        a.post(paths::REQUESTS, Some(RELYING_PARTY), &json!({ "inline": policy() })).ok();
    let request = read(&b.get(nodes.path(&created.request_uri), None));
    let mut presentations: Vec<Vec<u8>> = (0..24).map(|_| visitor.present(request.clone())).collect();
    let key = |which: usize| format!("the-{which}-th-presentation");
    let answers = at_once(presentations.len(), |which| {
        present(&clients[which % 3], &created.id, Some(&key(which)), &presentations[which])
    });
    let (won, first) = only_one(answers, 409, "request-closed");
    let winner = presentations.swap_remove(won);

    let results = clients
        .each_ref()
        .map(|client| client.get(nodes.path(&created.result_uri), Some(RELYING_PARTY)).ok::<ResultReport>());
    let results = results.map(|result| serde_json::to_value(result).unwrap());
    assert_eq!(results[0]["status"], "accepted");
    assert!(results.iter().all(|result| *result == results[0]), "{results:?}");

    for client in [c, b, a] {
        let again = present(client, &created.id, Some(&key(won)), &winner);
        assert_eq!((again.status, &again.body), (200, &first.body));
        let refused = [
            present(client, &created.id, None, &winner),
            present(client, &created.id, Some(&key(won + 1)), &winner),
            present(client, &created.id, Some(&key(won)), &presentations[0]),
        ];
        refused.into_iter().for_each(|answer| drop(answer.problem(409, "request-closed")));
    }
    let result = c.get(nodes.path(&created.result_uri), Some(RELYING_PARTY)).ok::<Value>();
    assert_eq!(result, results[0], "written once");
}

#[test]
fn an_offer_is_made_redeemed_and_used_at_three_nodes_and_once() {
    let nodes = Nodes::start(3);
    let clients: [Client; 3] = nodes.clients();
    let [a, b, _] = &clients;
    let licence = a.register_sample(DRIVING, 1);
    let code = a.offer(&licence).code;
    let wallet = Wallet::new(b.clone());
    let mut asked: Vec<_> = (0..12).map(|_| wallet.ask(&code)).collect();
    let nonces = clients.each_ref().map(|client| client.redeem(&code).nonce);
    assert!(nonces == [nonces[0]; 3]);

    let answers =
        at_once(asked.len(), |which| clients[which % 3].post(paths::CREDENTIALS, None, &asked[which].2));
    let (won, first) = only_one(answers, 409, "offer-used");
    assert_eq!(handles(&nodes.redis), 1);
    let (details, pending, body) = asked.swap_remove(won);
    for client in &clients {
        let again = client.post(paths::CREDENTIALS, None, &body);
        assert_eq!((again.status, &again.body), (200, &first.body));
        client.post(paths::CREDENTIALS, None, &asked[0].2).problem(409, "offer-used");
    }
    wallet.finish(&details, pending, &first.ok::<CredentialResponse>());
    assert_eq!(handles(&nodes.redis), 1);

    // Another link secret of the holder is refused by a node that has never seen the first.
    let code = b.offer(&licence).code;
    let (_, _, body) = Wallet::new(a.clone()).ask(&code);
    clients[2].post(paths::CREDENTIALS, None, &body).problem(409, "holder-registered");
}

fn respond(client: &Client, exchange: &str, challenges: &Value) -> Response {
    client.post(&paths::TOKEN_EXCHANGE.replace("{exchange}", exchange), None, challenges)
}

/// Tokens, if the responses are right.
fn finish(blinded: BlindedTokens, answer: Response) -> usize {
    let answer: TokenRespondResponse = answer.ok();
    let responses = answer.responses.iter().map(|blob| Reader::new(&blob.0).scalar().unwrap());
    blinded.finish(&responses.collect::<Vec<_>>()).unwrap().len()
}

#[test]
fn an_exchange_is_answered_through_any_node_and_once() {
    let nodes = Nodes::start(3);
    let clients: [Client; 3] = nodes.clients();
    let (wallet, credential) = holder(&nodes.services[0], 1);
    for (through, client) in clients.iter().enumerate() {
        for count in [4, 64] {
            let (exchange, blinded, challenges) = wallet.open_exchange(&credential, count);
            assert_eq!(finish(blinded, respond(client, &exchange, &challenges)), count, "{through}");
            for client in &clients {
                respond(client, &exchange, &challenges).problem(404, "exchange-unknown");
            }
        }
    }
    // k with two challenges is the issuer's secret key.
    for _ in 0..24 {
        let (exchange, blinded, challenges) = wallet.open_exchange(&credential, 4);
        let mut others = challenges.clone();
        others["challenges"].as_array_mut().unwrap().reverse();
        let answers = at_once(6, |which| {
            let challenges = if which < 3 { &challenges } else { &others };
            respond(&clients[which % 3], &exchange, challenges)
        });
        let (won, answer) = only_one(answers, 404, "exchange-unknown");
        if won < 3 {
            assert_eq!(finish(blinded, answer), 4);
        }
    }
}

#[test]
fn what_is_wrong_with_challenges_is_said_through_any_node() {
    let nodes = Nodes::start(2);
    let clients: [Client; 2] = nodes.clients();
    let (wallet, credential) = holder(&nodes.services[0], 1);
    let told = clients.each_ref().map(|client| {
        let (exchange, blinded, challenges) = wallet.open_exchange(&credential, 4);
        // What cannot be read is not answered, so k is still to be used once.
        let mut unreadable = challenges.clone();
        unreadable["challenges"][2] = json!(Blob(vec![0xff; 32]));
        let unreadable = respond(client, &exchange, &unreadable).problem(422, "invalid");
        assert_eq!(unreadable.errors[0].field, "challenges[2]");
        assert_eq!(finish(blinded, respond(client, &exchange, &challenges)), 4);

        let (exchange, _, challenges) = wallet.open_exchange(&credential, 4);
        let mut fewer = challenges.clone();
        fewer["challenges"].as_array_mut().unwrap().pop();
        let fewer = respond(client, &exchange, &fewer).problem(422, "invalid");
        assert_eq!(fewer.errors[0].field, "challenges");
        for client in &clients {
            respond(client, &exchange, &challenges).problem(404, "exchange-unknown");
        }
        [unreadable, fewer].map(|problem| serde_json::to_value(problem).unwrap())
    });
    assert_eq!(told[0], told[1]);
}

#[test]
fn an_exchange_of_a_node_that_is_gone_is_over() {
    let mut nodes = Nodes::start(3);
    let [_, b, c]: [Client; 3] = nodes.clients();
    let (mut wallet, credential) = holder(&nodes.services[0], 1);
    // By the clock of the one, what the other announced has run out.
    let (exchange, _, challenges) = wallet.open_exchange(&credential, 4);
    nodes.ahead[1].store(17, Ordering::Relaxed);
    respond(&b, &exchange, &challenges).problem(404, "exchange-unknown");
    assert_eq!(respond(&c, &exchange, &challenges).status, 200, "it was not asked by the other");
    nodes.ahead[1].store(0, Ordering::Relaxed);

    let (exchange, _, challenges) = wallet.open_exchange(&credential, 4);
    nodes.stop(0);
    for client in [&b, &c] {
        let asked = Instant::now();
        respond(client, &exchange, &challenges).problem(404, "exchange-unknown");
        assert!(asked.elapsed() < GIVEN_UP, "{:?}", asked.elapsed());
    }
    // The wallet starts again.
    wallet.client = b;
    let (exchange, blinded, challenges) = wallet.open_exchange(&credential, 4);
    assert_eq!(finish(blinded, respond(&c, &exchange, &challenges)), 4);
}

/// What stands where a node was announced, and how often it was asked.
struct Impostor {
    uri: String,
    asked: Arc<AtomicUsize>,
}

impl Impostor {
    fn new(answer: impl Fn(TcpStream) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let uri = format!("http://{}", listener.local_addr().unwrap());
        let (asked, answer) = (Arc::new(AtomicUsize::new(0)), Arc::new(answer));
        let count = asked.clone();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (mut stream, answer, count) = (stream.unwrap(), answer.clone(), count.clone());
                thread::spawn(move || {
                    let mut head = [0; 1 << 14];
                    if stream.read(&mut head).is_ok_and(|read| read > 0) {
                        count.fetch_add(1, Ordering::Relaxed);
                    }
                    answer(stream);
                });
            }
        });
        Self { uri, asked }
    }

    fn saying(answer: String) -> Self {
        Self::new(move |mut stream| drop(stream.write_all(answer.as_bytes())))
    }
}

#[test]
fn a_node_that_does_not_answer_as_it_should_is_asked_once() {
    let nodes = Nodes::start(2);
    let [a, _]: [Client; 2] = nodes.clients();
    let (wallet, credential) = holder(&nodes.services[0], 1);
    let (_, _, challenges) = wallet.open_exchange(&credential, 4);
    let answer = |status: &str, body: &str| {
        let head = format!("HTTP/1.1 {status}\r\ncontent-type: application/json\r\nconnection: close\r\n");
        format!("{head}content-length: {}\r\n\r\n{body}", body.len())
    };
    let elsewhere = Impostor::saying(answer("200 OK", "{\"responses\":[]}"));
    let silence = |stream: TcpStream| {
        sleep(Duration::from_secs(20));
        drop(stream);
    };
    let dripping = |mut stream: TcpStream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 10000\r\n\r\n");
        while stream.write_all(b" ").is_ok() {
            sleep(Duration::from_millis(50));
        }
    };
    let impostors = [
        Impostor::new(silence),
        Impostor::new(dripping),
        Impostor::new(drop),
        Impostor::saying("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{".into()),
        Impostor::saying("SSH-2.0-OpenSSH_9.6\r\n".into()),
        Impostor::saying(answer("200 OK", "<html>")),
        Impostor::saying(answer("200 OK", "{\"responses\":[\"!\"]}")),
        Impostor::saying(answer("200 OK", &format!("{{\"responses\":[{}]}}", " ".repeat(1 << 20)))),
        Impostor::saying(answer("404 Not Found", "{}")),
        Impostor::saying(answer("500 Internal Server Error", "{}")),
        Impostor::saying(answer("503 Service Unavailable\r\nretry-after: 1", "{}")),
        Impostor::saying(answer(&format!("307 Temporary Redirect\r\nlocation: {}", elsewhere.uri), "")),
    ];
    let exchanges: Vec<String> =
        (0..impostors.len()).map(|which| format!("{which:016x}{:032x}", 7)).collect();
    let announced = exchanges.iter().zip(&impostors);
    announced.for_each(|(exchange, impostor)| nodes.announce(exchange, &impostor.uri));
    let asked = Instant::now();
    let answers = at_once(impostors.len(), |which| respond(&a, &exchanges[which], &challenges));
    assert!(asked.elapsed() < GIVEN_UP, "{:?}", asked.elapsed());
    answers.into_iter().for_each(|answer| drop(answer.problem(404, "exchange-unknown")));
    // An answer that was lost on the way may have been given: the same challenges would be fine, others would not, and
    // nobody could tell.
    for (which, impostor) in impostors.iter().enumerate() {
        assert_eq!(impostor.asked.load(Ordering::Relaxed), 1, "{which}");
    }
    assert_eq!(elsewhere.asked.load(Ordering::Relaxed), 0);
}

#[test]
fn between_nodes_nothing_is_answered_but_exchanges_that_are_held_there() {
    let nodes = Nodes::start(2);
    let [a, b]: [Client; 2] = nodes.clients();
    let (mut wallet, credential) = holder(&nodes.services[0], 1);
    let (own, blinded, challenges) = wallet.open_exchange(&credential, 4);
    let between = Client::new(&nodes.holder_of(&own));
    let id = "0".repeat(32);
    for path in [
        paths::LIVEZ,
        paths::READYZ,
        "/metrics",
        "/version",
        paths::OPENAPI,
        "/docs/",
        "/",
        paths::METADATA,
        paths::AUDIT_RELYING_PARTIES,
        &paths::REQUEST.replace("{request}", &id),
    ] {
        between.get(path, Some(RELYING_PARTY)).problem(404, "not-found");
    }
    for path in [
        paths::LICENCES,
        &paths::LICENCE_OFFERS.replace("{licence}", &id),
        paths::OFFERS_REDEEM,
        paths::CREDENTIALS,
        paths::TOKENS,
        paths::REQUESTS,
        &paths::PRESENTATION.replace("{request}", &id),
        paths::VERIFY,
    ] {
        between.post(path, Some(crate::support::ADMIN), &json!({})).problem(404, "not-found");
    }
    let path = paths::TOKEN_EXCHANGE.replace("{exchange}", &own);
    between.get(&path, None).problem(405, "method-not-allowed");

    // One that is held elsewhere is not passed on from there: nothing goes round in circles.
    wallet.client = b.clone();
    let (other, other_blinded, other_challenges) = wallet.open_exchange(&credential, 4);
    respond(&between, &other, &other_challenges).problem(404, "exchange-unknown");
    assert_eq!(finish(other_blinded, respond(&b, &other, &other_challenges)), 4);
    // Not even one that is announced to be there.
    let strange = format!("{:016x}{:032x}", 1, 1);
    nodes.announce(&strange, &between.url);
    for client in [&a, &b, &between] {
        respond(client, &strange, &challenges).problem(404, "exchange-unknown");
    }
    assert_eq!(finish(blinded, respond(&between, &own, &challenges)), 4);
    respond(&a, &own, &challenges).problem(404, "exchange-unknown");
}

#[test]
fn rates_are_counted_by_all_nodes_together() {
    // Where the store is late to count, each node counts for itself: nothing is learned then.
    assert!((0..20).any(|_| rates_are_counted_in_time()), "the store was late every time");
}

fn rates_are_counted_in_time() -> bool {
    const BURST: u32 = 6;
    let nodes = Nodes::start_with(2, |config| {
        config.limits.rates.offers = RateLimit { burst: BURST, per_minute: 1 };
        config.limits.rates.tokens = RateLimit { burst: 4, per_minute: 1 };
    });
    let clients: [Client; 2] = nodes.clients();
    // Two of the six.
    let (wallet, credential) = holder(&nodes.services[0], 1);
    let code = json!({ "code": "none" });
    let asked = Instant::now();
    let answers = at_once(12, |which| clients[which % 2].post(paths::OFFERS_REDEEM, None, &code));
    if asked.elapsed() > Duration::from_millis(450) {
        return false;
    }
    assert_eq!(answers.iter().filter(|answer| answer.status == 404).count(), 4);
    answers.into_iter().filter(|answer| answer.status != 404).for_each(|answer| {
        assert!((1..=60).contains(&answer.header("retry-after").parse().unwrap()));
        answer.problem(429, "rate-limited");
    });
    for client in &clients {
        client.post(paths::OFFERS_REDEEM, None, &code).problem(429, "rate-limited");
    }
    // To be passed on costs nothing more.
    for _ in 0..2 {
        let (exchange, blinded, challenges) = wallet.open_exchange(&credential, 4);
        assert_eq!(finish(blinded, respond(&clients[1], &exchange, &challenges)), 4);
    }
    let pairs = commit_body(&credential, &PendingTokens::begin(&credential, 4, &mut OsRng));
    for client in &clients {
        client.post(paths::TOKENS, None, &pairs).problem(429, "rate-limited");
    }
    true
}

/// All that it knows of them it has from the store.
#[test]
fn a_node_that_joins_later_serves_what_is_there() {
    let mut nodes = Nodes::start(1);
    let visitor = Visitor::of(&nodes.services[0]);
    let code = visitor.client().offer(&visitor.licence).code;
    let details = |client: &Client| -> OfferDetails { client.redeem(&code) };
    let visit = visitor.visit();
    let before = details(visitor.client());
    nodes.join();
    let [_, late]: [Client; 2] = nodes.clients();
    let after = details(&late);
    assert!(before.nonce == after.nonce && before.key == after.key && before.expires_at == after.expires_at);
    assert_eq!(present(&late, &visit.created.id, None, &visit.presentations[0]).status, 200);
    assert!(visitor.client().result(&visit.created).verdict.is_some());
}
