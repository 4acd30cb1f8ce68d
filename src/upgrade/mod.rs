//! What changes from one release to the next, and what it asks of the person who upgrades.

pub mod removed;
