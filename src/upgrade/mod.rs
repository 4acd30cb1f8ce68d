//! Changes from one release to the next, and what a person has to do in an upgrade.

pub mod decisions;
pub mod migrate;
pub mod minima;
mod pattern;
pub mod plan;
pub mod removed;
pub mod rules;
pub mod series;
