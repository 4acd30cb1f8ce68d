//! YAML: the one place where it is read and written.
//!
//! - [`read`] reads a user's file, each value with its place or only the data. Its limits apply to every input.
//! - [`json`] reads JSON, within the same limits.
//! - [`lines`] is its fast path, for the plain block style that nearly all manifests are written in; templates are made of
//!   its tokens.
//! - [`spans`] has the ranges of the parts of a text, for editing it.
//! - [`stream`] splits a text into documents.
//! - [`scalar`] is the only table of the meaning of plain scalars.
//! - [`write`](mod@write) writes block YAML that every reader reads as the same data.
//!
//! The syntax comes from `saphyr-parser` as events. Needs only [`crate::diag`].

pub mod json;
pub mod lines;
pub mod node;
pub mod read;
pub mod scalar;
pub mod spans;
pub mod stream;
mod syntax;
pub mod write;

pub use node::{Entries, Kind, Node};

/// The maximum size of a values file, in bytes.
pub const MAX_BYTES: usize = 8 << 20;
/// The maximum number of values in a document, including keys and the repetitions of aliases.
pub const MAX_NODES: usize = 500_000;
/// The maximum nesting of maps and lists.
pub const MAX_DEPTH: usize = 250;
/// The maximum number of errors of a file that are kept, and of warnings.
pub const MAX_FINDINGS: usize = 100;
