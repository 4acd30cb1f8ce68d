//! YAML: the one place where it is read and written.
//!
//! - [`read`] reads what a user wrote, each value with its place or for its data only. Its limits hold for every input.
//! - [`lines`] is its fast path, for the plain block style that nearly all manifests are written in; templates are made of
//!   its tokens.
//! - [`spans`] says where the parts of a text stand, to edit it.
//! - [`stream`] cuts a text into documents.
//! - [`scalar`] is the one table of what a plain scalar means.
//! - [`tree`] is what is done to trees of values.
//! - [`write`](mod@write) writes block YAML that every reader takes for the same data.
//!
//! The syntax comes from `saphyr-parser` as events. Needs only [`crate::diag`].

pub mod lines;
pub mod node;
pub mod read;
pub mod scalar;
pub mod spans;
pub mod stream;
mod syntax;
pub mod tree;
pub mod write;

pub use node::{Entries, Kind, Node};

/// The longest values file that is read, in bytes.
pub const MAX_BYTES: usize = 8 << 20;
/// The most values a document may have, keys and what its aliases repeat included.
pub const MAX_NODES: usize = 500_000;
/// How deep maps and lists may be within each other.
pub const MAX_DEPTH: usize = 250;
/// How many errors of a file are kept, and how many warnings.
pub const MAX_FINDINGS: usize = 100;
