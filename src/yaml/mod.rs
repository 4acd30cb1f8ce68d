//! YAML: the one place where it is read and written.
//!
//! - [`read`] reads what a user wrote, each value with its place; its limits hold for every input.
//! - [`template`] reads what our own templates render: marks stand for values, and nothing is allowed that a template does
//!   not need.
//! - [`spans`] says where the parts of a text stand, to edit it.
//! - [`stream`] cuts a text into documents.
//! - [`scalar`] is the one table of what a plain scalar means.
//! - [`write`](mod@write) writes block YAML that every reader takes for the same data.
//!
//! The syntax comes from `saphyr-parser` as events. Needs only [`crate::diag`].

pub mod node;
pub mod read;
pub mod scalar;
mod simple;
pub mod spans;
pub mod stream;
mod syntax;
pub mod template;
pub mod write;

pub use node::{Entries, Kind, Node};
pub use read::{MAX_BYTES, MAX_DEPTH, MAX_FINDINGS, MAX_NODES};
