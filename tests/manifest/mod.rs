//! Manifests: reading, rules, order.

mod read;
