//! Manifests: reading, rules, order.

mod read;
mod verify;
