//! Manifests: reading, rules, order.

mod objects;
mod read;
mod verify;
