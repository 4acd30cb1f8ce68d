//! What changes from one release to the next, and what it asks of the person who upgrades.

pub mod migrate;
mod pattern;
pub mod removed;
pub mod rules;
pub mod version;
