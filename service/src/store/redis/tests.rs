//! Over a real Redis.
