//! What tests need and no product has: real servers of their own.

pub mod redis;
