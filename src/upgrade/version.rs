//! The releases that a user names; `template` takes them too.

pub use crate::releases::catalogue::{Release, find};
