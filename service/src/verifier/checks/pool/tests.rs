use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use actix_web::rt;
use tokio::task::{JoinHandle, yield_now};

use super::*;
use crate::metrics::Metrics;

/// A check that makes the judge panic.
const BOMB: u32 = 666;

/// Says which checks it has before it, and judges them when it is told to: even numbers hold, odd ones do not.
struct Gated {
    before_it: Sender<Vec<u32>>,
    go: Mutex<Receiver<()>>,
}

impl Judging for Gated {
    type Check = u32;
    type Answer = (u32, bool);

    fn judge(&self, checks: &[u32]) -> Vec<(u32, bool)> {
        self.before_it.send(checks.to_vec()).unwrap();
        self.go.lock().unwrap().recv().unwrap();
        assert!(!checks.contains(&BOMB), "on purpose");
        checks.iter().map(|check| (*check, check % 2 == 0)).collect()
    }

    fn finding(answer: &(u32, bool)) -> Finding {
        if answer.1 { Finding::Good } else { Finding::Costly }
    }
}

struct Stage {
    pool: Arc<Pool<Gated>>,
    batches: Receiver<Vec<u32>>,
    go: Sender<()>,
}

impl Stage {
    fn new(threads: usize, places: usize) -> Self {
        let ((before_it, batches), (go, wait)) = (channel(), channel());
        let judge = Gated { before_it, go: Mutex::new(wait) };
        let pool = Arc::new(Pool::start(judge, threads, places, Metrics::new().checks).unwrap());
        Self { pool, batches, go }
    }

    /// Sends a check, which is in the queue when this returns.
    async fn send(&self, last: u8, check: u32) -> JoinHandle<Result<(u32, bool), ApiError>> {
        let (pool, client) = (self.pool.clone(), Client::at([192, 0, 2, last].into()));
        let sent = rt::spawn(async move { pool.check(client, check).await });
        yield_now().await;
        sent
    }

    /// The batch that a thread has before it now, or soon.
    fn next_batch(&self) -> Vec<u32> {
        self.batches.recv_timeout(Duration::from_secs(30)).unwrap()
    }

    fn judge(&self) {
        self.go.send(()).unwrap();
    }
}

#[actix_web::test]
async fn a_lone_check_is_taken_at_once_and_those_that_come_meanwhile_together() {
    let stage = Stage::new(1, 100);
    let lone = stage.send(1, 0).await;
    assert_eq!(stage.next_batch(), [0]);
    let mut others = Vec::new();
    for check in 1..=20 {
        others.push(stage.send(u8::try_from(check).unwrap(), check).await);
    }
    stage.judge();
    assert_eq!(lone.await.unwrap().unwrap(), (0, true));
    assert_eq!(stage.next_batch(), (1..=20).collect::<Vec<_>>());
    stage.judge();
    // Good and bad in one batch: each has its own answer.
    for (check, other) in (1..=20).zip(others) {
        assert_eq!(other.await.unwrap().unwrap(), (check, check % 2 == 0));
    }
}

#[actix_web::test]
async fn every_idle_thread_gets_to_work() {
    let stage = Stage::new(3, 100);
    for check in 0..3 {
        stage.send(1, check).await;
    }
    let mut first: Vec<_> = (0..3).flat_map(|_| stage.next_batch()).collect();
    first.sort_unstable();
    assert_eq!(first, [0, 1, 2]);
    (0..3).for_each(|_| stage.judge());
}

#[actix_web::test]
async fn a_full_queue_turns_away_and_makes_room_for_a_newcomer() {
    let stage = Stage::new(1, 2);
    let first = stage.send(1, 0).await;
    assert_eq!(stage.next_batch(), [0]);
    let (second, third) = (stage.send(1, 2).await, stage.send(1, 4).await);
    assert!(matches!(stage.send(1, 6).await.await.unwrap(), Err(ApiError::Busy)));
    let newcomer = stage.send(2, 8).await;
    assert!(matches!(third.await.unwrap(), Err(ApiError::Busy)));
    stage.judge();
    assert_eq!(stage.next_batch(), [2, 8]);
    stage.judge();
    for sent in [first, second, newcomer] {
        assert!(sent.await.unwrap().is_ok());
    }
}

/// Counted in batches, not in time: an honest client waits for one small batch of a flood at most.
#[actix_web::test]
async fn a_flood_of_bad_proofs_keeps_nobody_from_its_turn() {
    let stage = Stage::new(1, 200);
    let mut sent = vec![stage.send(1, 1).await];
    assert_eq!(stage.next_batch(), [1]);
    for check in 0..100 {
        sent.push(stage.send(1, 2 * check + 1).await);
    }
    for check in 0..10 {
        sent.push(stage.send(2, 1000 + 2 * check).await);
    }
    let (mut honest_turns, mut left) = (Vec::new(), 110);
    for turn in 0.. {
        stage.judge();
        if left == 0 {
            break;
        }
        let batch = stage.next_batch();
        left -= batch.len();
        let honest = batch.iter().filter(|check| **check >= 1000).count();
        assert!(honest == batch.len() || (honest == 0 && batch.len() <= 8), "{batch:?}");
        if honest > 0 {
            honest_turns.push((turn, honest));
        }
    }
    // What the first bad one cost, before it was known for bad, is not paid for by others.
    assert_eq!(honest_turns, [(0, 10)]);
    for sent in sent {
        assert!(sent.await.unwrap().is_ok());
    }
}

#[actix_web::test]
async fn a_panic_is_the_end_of_one_check_only() {
    let stage = Stage::new(1, 100);
    let first = stage.send(1, 0).await;
    assert_eq!(stage.next_batch(), [0]);
    let (good, bomb, bad) = (stage.send(1, 2).await, stage.send(2, BOMB).await, stage.send(3, 5).await);
    // The first, the batch of three, and each of them alone.
    (0..5).for_each(|_| stage.judge());
    assert_eq!(first.await.unwrap().unwrap(), (0, true));
    assert_eq!(good.await.unwrap().unwrap(), (2, true));
    assert!(matches!(bomb.await.unwrap(), Err(ApiError::Internal)));
    assert_eq!(bad.await.unwrap().unwrap(), (5, false));
    let after = stage.send(1, 8).await;
    stage.judge();
    assert_eq!(after.await.unwrap().unwrap(), (8, true));
}

#[actix_web::test]
async fn nothing_is_done_for_those_who_went_away() {
    let stage = Stage::new(1, 100);
    let first = stage.send(1, 0).await;
    assert_eq!(stage.next_batch(), [0]);
    let (gone, there) = (stage.send(1, 2).await, stage.send(1, 4).await);
    gone.abort();
    assert!(gone.await.unwrap_err().is_cancelled());
    (0..2).for_each(|_| stage.judge());
    assert_eq!(stage.next_batch(), [4]);
    assert_eq!(there.await.unwrap().unwrap(), (4, true));
    assert_eq!(first.await.unwrap().unwrap(), (0, true));
}

#[actix_web::test]
async fn stopping_finishes_what_waits() {
    let stage = Stage::new(1, 100);
    let mut sent = vec![stage.send(1, 0).await];
    assert_eq!(stage.next_batch(), [0]);
    for check in 1..=70 {
        sent.push(stage.send(1, 2 * check).await);
    }
    let pool = stage.pool.clone();
    let stopping = rt::task::spawn_blocking(move || pool.stop());
    while !stage.pool.shared.lock().stopping {
        yield_now().await;
    }
    assert!(matches!(stage.send(1, 0).await.await.unwrap(), Err(ApiError::Busy)));
    (0..3).for_each(|_| stage.judge());
    stopping.await.unwrap();
    for sent in sent {
        assert!(sent.await.unwrap().is_ok());
    }
}
