//! What components must agree on: databases, Redis, hosts, object storage.

pub mod deployment;
pub mod hosts;
pub mod postgres;
pub mod redis;
pub mod tls;
