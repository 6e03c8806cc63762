//! Presentations on their way to a verdict: gathered, checked together, answered one by one.
//!
//! Every core has a thread. A thread that is free takes what waits, at once and without a timer: one presentation when
//! there is one, many when many came in while it was at work, and many cost far less together than one after another.
//! The queue is bounded. Who may wait in it, and whose turn is next, is settled by client, so that nobody gets a larger
//! share by sending more ([`queue`]); and those who sent proofs that do not hold wait in a lane of their own, because a
//! batch with one of these costs a search for it ([`suspects`]).

mod judge;
mod pool;
mod queue;
mod suspects;

pub(super) use judge::{Check, Judge};
pub(super) use pool::Pool;
