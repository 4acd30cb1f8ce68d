//! Manifests: reading, rules, order.

mod objects;
mod verify;
