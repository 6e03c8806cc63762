use super::*;

const MILLISECOND: Duration = Duration::from_millis(1);

fn client(last: u8) -> Client {
    Client::at([192, 0, 2, last].into())
}

fn filled(places: usize, lane: Lane, shares: &[(u8, u32)]) -> Queue<(u8, u32)> {
    let mut queue = Queue::new(places);
    for (last, count) in shares {
        for number in 0..*count {
            assert_eq!(queue.push(client(*last), lane, (*last, number), 0), Entry::Waits);
        }
    }
    queue
}

fn take(queue: &mut Queue<(u8, u32)>, idle: usize) -> Vec<(u8, u32)> {
    queue.take(idle).unwrap().checks.into_iter().map(|(_, check)| check).collect()
}

#[test]
fn clients_take_turns() {
    let mut queue = filled(100, Lane::Usual, &[(1, 4), (2, 2), (3, 1)]);
    let order = [(1, 0), (2, 0), (3, 0), (1, 1), (2, 1), (1, 2), (1, 3)];
    assert_eq!(take(&mut queue, 1), order);
    assert!(queue.take(1).is_none() && queue.waiting() == 0);
}

#[test]
fn idle_threads_get_even_parts_and_nobody_too_much() {
    let mut queue = filled(100, Lane::Usual, &[(1, 10)]);
    assert_eq!(take(&mut queue, 3).len(), 4);
    assert_eq!(take(&mut queue, 2).len(), 3);
    assert_eq!(take(&mut queue, 1).len(), 3);
    for (lane, most) in [(Lane::Usual, 64), (Lane::Suspect, 8)] {
        let mut queue = filled(200, lane, &[(1, 100), (2, 100)]);
        assert_eq!(take(&mut queue, 1).len(), most);
    }
}

#[test]
fn one_client_may_have_all_places_until_others_come() {
    let mut queue = filled(4, Lane::Usual, &[(1, 4)]);
    let mut push = |last, number| {
        let room = queue.has_room(client(last), Lane::Usual, 0);
        let entry = queue.push(client(last), Lane::Usual, (last, number), 0);
        assert_eq!(room, !matches!(entry, Entry::Full(_)));
        entry
    };
    assert_eq!(push(1, 4), Entry::Full((1, 4)));
    // The newest goes first, and only until both have the same.
    assert_eq!(push(2, 0), Entry::Instead((1, 3)));
    assert_eq!(push(2, 1), Entry::Instead((1, 2)));
    assert_eq!(push(2, 2), Entry::Full((2, 2)));
    assert_eq!(push(1, 5), Entry::Full((1, 5)));
    // Of two that have as much, whoever is served later.
    assert_eq!(push(3, 0), Entry::Instead((2, 1)));
    assert_eq!(push(4, 0), Entry::Instead((1, 1)));
    assert_eq!(push(5, 0), Entry::Full((5, 0)));
    assert_eq!(take(&mut queue, 1), [(1, 0), (2, 0), (3, 0), (4, 0)]);
}

#[test]
fn what_an_idle_thread_is_about_to_take_needs_no_place() {
    let mut queue = Queue::new(0);
    assert_eq!(queue.push(client(1), Lane::Usual, 0, 2), Entry::Waits);
    assert_eq!(queue.push(client(1), Lane::Usual, 1, 2), Entry::Waits);
    assert_eq!(queue.push(client(1), Lane::Usual, 2, 2), Entry::Full(2));
}

#[test]
fn many_suspects_cannot_keep_others_out() {
    let mut queue = Queue::new(4);
    for last in 1..=4 {
        assert_eq!(queue.push(client(last), Lane::Suspect, last, 0), Entry::Waits);
    }
    assert_eq!(queue.push(client(5), Lane::Suspect, 5, 0), Entry::Full(5));
    assert_eq!(queue.push(client(6), Lane::Usual, 6, 0), Entry::Instead(4));
    assert_eq!(queue.push(client(6), Lane::Usual, 7, 0), Entry::Instead(3));
    // Half of the places is theirs, as far as others have no more than they.
    assert_eq!(queue.push(client(7), Lane::Usual, 8, 0), Entry::Instead(7));
    assert_eq!(queue.push(client(8), Lane::Usual, 9, 0), Entry::Full(9));
}

/// Serves `turns` batches while both lanes always have something waiting, and says how much time each had.
fn contest(queue: &mut Queue<(u8, u32)>, turns: usize, usual: Duration, suspect: Duration) -> [Duration; 2] {
    let mut had = [Duration::ZERO; 2];
    for _ in 0..turns {
        for (last, lane) in [(1, Lane::Usual), (2, Lane::Suspect)] {
            while queue.turns(lane).waiting < 100 {
                queue.push(client(last), lane, (last, 0), 0);
            }
        }
        let Batch { lane, checks, charged } = queue.take(1).unwrap();
        let done = checks.len();
        let each = if lane == Lane::Usual { usual } else { suspect };
        let spent = each * u32::try_from(done).unwrap();
        queue.settle(Bill { lane, charged, good: u32::try_from(done).unwrap(), bad: 0, spent });
        had[usize::from(lane == Lane::Suspect)] += spent;
    }
    had
}

#[test]
fn lanes_share_the_time_and_not_the_number_of_checks() {
    let mut queue = Queue::new(1000);
    let [usual, suspect] = contest(&mut queue, 1000, MILLISECOND, 20 * MILLISECOND);
    // Neither is ever ahead by more than a batch of the other.
    assert!(usual.abs_diff(suspect) <= 8 * 20 * MILLISECOND, "{usual:?} {suspect:?}");
}

#[test]
fn a_lane_with_nothing_to_do_saves_nothing_up() {
    for (alone, one, other) in [(Lane::Usual, 1, 2), (Lane::Suspect, 2, 1)] {
        let mut queue = Queue::new(1000);
        for _ in 0..1000 {
            queue.push(client(one), alone, (one, 0), 0);
            let Batch { charged, .. } = queue.take(1).unwrap();
            queue.settle(Bill { lane: alone, charged, good: 1, bad: 0, spent: 10 * MILLISECOND });
        }
        assert!(!queue.shares.contains_key(&client(other)));
        let [usual, suspect] = contest(&mut queue, 100, MILLISECOND, MILLISECOND);
        assert!(usual.abs_diff(suspect) <= 2 * 64 * MILLISECOND, "{alone:?}: {usual:?} {suspect:?}");
    }
}

#[test]
fn those_not_suspected_yet_cost_the_suspects() {
    let mut queue = filled(1000, Lane::Usual, &[(1, 10), (2, 10)]);
    let Batch { charged, .. } = queue.take(1).unwrap();
    queue.settle(Bill { lane: Lane::Usual, charged, good: 10, bad: 10, spent: 100 * MILLISECOND });
    assert_eq!((queue.usual.spent, queue.suspect.spent), (Duration::ZERO, 100 * MILLISECOND));
    queue.settle(Bill {
        lane: Lane::Usual,
        charged: Duration::ZERO,
        good: 4,
        bad: 0,
        spent: 16 * MILLISECOND,
    });
    // One check is taken to cost a millisecond now.
    queue.settle(Bill {
        lane: Lane::Usual,
        charged: Duration::ZERO,
        good: 4,
        bad: 1,
        spent: 10 * MILLISECOND,
    });
    assert_eq!((queue.usual.spent, queue.suspect.spent), (20 * MILLISECOND, 106 * MILLISECOND));
    queue.settle(Bill { lane: Lane::Usual, charged: Duration::ZERO, good: 0, bad: 1, spent: 60 * MOST_DEBT });
    assert_eq!(queue.suspect.spent, MOST_DEBT);
}

#[test]
fn who_becomes_a_suspect_takes_everything_along() {
    let mut queue = filled(100, Lane::Usual, &[(1, 3), (2, 1)]);
    queue.transfer(client(1), Lane::Suspect);
    queue.transfer(client(3), Lane::Suspect);
    assert_eq!(queue.push(client(1), Lane::Usual, (1, 3), 0), Entry::Waits);
    let first = queue.take(1).unwrap();
    assert_eq!((first.lane, first.checks.len()), (Lane::Usual, 1));
    let second = queue.take(1).unwrap();
    assert_eq!((second.lane, second.checks.len()), (Lane::Suspect, 4));
    assert_eq!((queue.waiting(), queue.shares.len()), (0, 0));
}
