//! What changes from one release to the next, and what it asks of the person who upgrades.

pub mod migrate;
pub mod minima;
mod pattern;
pub mod plan;
pub mod removed;
pub mod rules;
pub mod series;
