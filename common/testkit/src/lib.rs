//! What tests need and no product has: real servers of their own, and the one fake there is, a scripted model.

pub mod boot;
pub mod client;
pub mod machine;
pub mod model;
pub mod patient;
pub mod push;
pub mod redis;
pub mod shim;
pub mod stack;
pub mod world;
