//! Who waits, who is let in when all places are taken, and whose turn is next.
//!
//! Nothing here has a thread or a clock: what happens depends on the calls alone.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use crate::client::Client;

/// Most places. Room for a second of work is room enough, and every place is looked at when there is none left.
const MOST_PLACES: usize = 4096;

/// Most time that suspects owe for bad proofs that were found in the usual lane. Not all suspects sent them.
const MOST_DEBT: Duration = Duration::from_secs(1);

/// Where a client's checks wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lane {
    /// With everybody's.
    Usual,
    /// With those of other clients whose proofs did not hold.
    Suspect,
}

impl Lane {
    const BOTH: [Self; 2] = [Self::Usual, Self::Suspect];

    /// Most checks of one batch.
    ///
    /// Beyond 64, a batch saves little more for each check and only makes the first of them wait for the last. A batch
    /// of suspects is likely to fail and to be searched, so it is small: it costs little then, and its thread is soon
    /// free for others.
    pub(super) fn most_together(self) -> usize {
        match self {
            Self::Usual => 64,
            Self::Suspect => 8,
        }
    }
}

/// Checks that wait, in a bounded number of places.
///
/// The lanes share the threads' time evenly as long as both have something to do (start-time fair queueing: the lane that
/// has had less is next, and a lane that had nothing to do has no claim for that). Inside a lane the clients take turns,
/// one check each.
pub(super) struct Queue<T> {
    shares: HashMap<Client, Share<T>>,
    usual: Turns,
    suspect: Turns,
    /// How much time the lane that was served last had had by then.
    served: Duration,
    places: usize,
}

/// What one client has waiting, oldest first. Never empty.
struct Share<T> {
    lane: Lane,
    checks: VecDeque<T>,
}

/// One lane: clients with something waiting in it, next one first.
#[derive(Default)]
struct Turns {
    clients: VecDeque<Client>,
    waiting: usize,
    /// Time of the threads that it has had.
    spent: Duration,
    /// What one check cost lately.
    cost: Duration,
}

/// Checks to be done together, and the time that their lane was charged for them in advance.
pub(super) struct Batch<T> {
    pub(super) lane: Lane,
    pub(super) checks: Vec<(Client, T)>,
    pub(super) charged: Duration,
}

/// What a batch came to.
#[derive(Clone, Copy)]
pub(super) struct Bill {
    pub(super) lane: Lane,
    /// What its lane was charged in advance.
    pub(super) charged: Duration,
    /// Checks that cost what they must.
    pub(super) good: u32,
    /// Checks that had to be searched for.
    pub(super) bad: u32,
    /// Time of its thread.
    pub(super) spent: Duration,
}

/// What became of a check that was to wait.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Entry<T> {
    /// It waits.
    Waits,
    /// It waits in the place of this one.
    Instead(T),
    /// It does not wait.
    Full(T),
}

impl<T> Queue<T> {
    /// A queue with so many places.
    pub(super) fn new(places: usize) -> Self {
        let places = places.min(MOST_PLACES);
        let (usual, suspect) = Default::default();
        Self { shares: HashMap::new(), usual, suspect, served: Duration::ZERO, places }
    }

    /// How many wait.
    pub(super) fn waiting(&self) -> usize {
        self.usual.waiting + self.suspect.waiting
    }

    /// Takes a check in. `idle` threads are about to take one each, which needs no place.
    ///
    /// A full queue belongs to everybody in it: a newcomer takes the place of the newest check of whoever has most
    /// waiting, if that leaves both with more equal shares. And those in the usual lane need not stand behind any number
    /// of suspects: while these have more than half of the places, it is theirs that are given up.
    pub(super) fn push(&mut self, client: Client, lane: Lane, check: T, idle: usize) -> Entry<T> {
        let pushed_out = if self.waiting() < self.places.saturating_add(idle) {
            None
        } else {
            match self.whose_to_give_up(client, lane) {
                Some(longest) => self.remove_newest(longest),
                None => return Entry::Full(check),
            }
        };
        self.append(client, lane, check);
        pushed_out.map_or(Entry::Waits, Entry::Instead)
    }

    /// Whether [`push`](Self::push) would let a check in.
    pub(super) fn has_room(&self, client: Client, lane: Lane, idle: usize) -> bool {
        self.waiting() < self.places.saturating_add(idle) || self.whose_to_give_up(client, lane).is_some()
    }

    /// What is next, for one of `idle` threads that have nothing to do: its part of what waits in the lane whose turn
    /// it is, at most as many as go together.
    pub(super) fn take(&mut self, idle: usize) -> Option<Batch<T>> {
        let with_work = Lane::BOTH.into_iter().filter(|lane| self.turns(*lane).waiting > 0);
        let lane = with_work.min_by_key(|lane| self.turns(*lane).spent)?;
        let part = self.turns(lane).waiting.div_ceil(idle.max(1)).min(lane.most_together());
        let mut checks = Vec::with_capacity(part);
        while checks.len() < part
            && let Some(next) = self.remove_next(lane)
        {
            checks.push(next);
        }
        let charged = self.turns(lane).cost.saturating_mul(u32::try_from(checks.len()).unwrap_or(u32::MAX));
        self.served = self.served.max(self.turns(lane).spent);
        self.turns_mut(lane).spent += charged;
        Some(Batch { lane, checks, charged })
    }

    /// Says what a batch came to, once that is known.
    ///
    /// If there were bad ones in the usual lane, it pays for the good ones only, and the suspects for the rest: nobody
    /// else is to wait longer because somebody was not suspected yet.
    pub(super) fn settle(&mut self, batch: Bill) {
        let Bill { lane, charged, good, bad, spent } = batch;
        let turns = self.turns_mut(lane);
        let fair = if lane == Lane::Usual && bad > 0 { (turns.cost * good).min(spent) } else { spent };
        turns.spent = (turns.spent + fair).saturating_sub(charged);
        match fair == spent {
            true if good + bad > 0 => turns.cost = (turns.cost * 3 + spent / (good + bad)) / 4,
            true => {}
            false => {
                let most = self.served + MOST_DEBT;
                let suspect = &mut self.suspect;
                suspect.spent = suspect.spent.max((suspect.spent + (spent - fair)).min(most));
            }
        }
    }

    /// Moves what a client has waiting to another lane, behind everybody there.
    pub(super) fn transfer(&mut self, client: Client, to: Lane) {
        let Some(share) = self.shares.get_mut(&client).filter(|share| share.lane != to) else { return };
        let (from, count) = (share.lane, share.checks.len());
        share.lane = to;
        let turns = self.turns_mut(from);
        turns.clients.retain(|other| *other != client);
        turns.waiting -= count;
        self.wake(to);
        let turns = self.turns_mut(to);
        turns.clients.push_back(client);
        turns.waiting += count;
    }

    fn append(&mut self, client: Client, lane: Lane, check: T) {
        if let Some(share) = self.shares.get_mut(&client) {
            // Where the others of this client wait.
            let lane = share.lane;
            share.checks.push_back(check);
            self.turns_mut(lane).waiting += 1;
            return;
        }
        self.wake(lane);
        self.shares.insert(client, Share { lane, checks: VecDeque::from([check]) });
        let turns = self.turns_mut(lane);
        turns.clients.push_back(client);
        turns.waiting += 1;
    }

    /// A lane that had nothing to do starts with what the other has had: unused time is nobody's claim.
    fn wake(&mut self, lane: Lane) {
        let served = self.served;
        let turns = self.turns_mut(lane);
        if turns.waiting == 0 {
            turns.spent = turns.spent.max(served);
        }
    }

    fn whose_to_give_up(&self, newcomer: Client, lane: Lane) -> Option<Client> {
        let (lane, own) =
            self.shares.get(&newcomer).map_or((lane, 0), |share| (share.lane, share.checks.len()));
        if lane == Lane::Usual && self.suspect.waiting > self.places / 2 {
            return self.longest([Lane::Suspect]).map(|(client, _)| client);
        }
        self.longest(Lane::BOTH).filter(|(_, most)| *most >= own + 2).map(|(client, _)| client)
    }

    /// Who has most waiting, and how many. Of several, the one whose turn comes last.
    fn longest(&self, lanes: impl IntoIterator<Item = Lane>) -> Option<(Client, usize)> {
        let clients = lanes.into_iter().flat_map(|lane| &self.turns(lane).clients);
        let lengths = clients.filter_map(|client| Some((*client, self.shares.get(client)?.checks.len())));
        lengths.enumerate().max_by_key(|(turn, (_, length))| (*length, *turn)).map(|(_, longest)| longest)
    }

    fn remove_newest(&mut self, client: Client) -> Option<T> {
        let share = self.shares.get_mut(&client)?;
        let (lane, check) = (share.lane, share.checks.pop_back()?);
        let nothing_left = share.checks.is_empty();
        self.turns_mut(lane).waiting -= 1;
        if nothing_left {
            self.shares.remove(&client);
            self.turns_mut(lane).clients.retain(|other| *other != client);
        }
        Some(check)
    }

    /// The oldest check of the client whose turn it is.
    fn remove_next(&mut self, lane: Lane) -> Option<(Client, T)> {
        let client = self.turns_mut(lane).clients.pop_front()?;
        let share = self.shares.get_mut(&client)?;
        let check = share.checks.pop_front()?;
        let nothing_left = share.checks.is_empty();
        let turns = self.turns_mut(lane);
        turns.waiting -= 1;
        if nothing_left {
            self.shares.remove(&client);
        } else {
            turns.clients.push_back(client);
        }
        Some((client, check))
    }

    fn turns(&self, lane: Lane) -> &Turns {
        match lane {
            Lane::Usual => &self.usual,
            Lane::Suspect => &self.suspect,
        }
    }

    fn turns_mut(&mut self, lane: Lane) -> &mut Turns {
        match lane {
            Lane::Usual => &mut self.usual,
            Lane::Suspect => &mut self.suspect,
        }
    }
}

#[cfg(test)]
mod tests;
