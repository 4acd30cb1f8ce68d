//! YAML: the one place where it is read and written.
//!
//! - [`read`] reads a user's file, each value with its place or only the data. Its limits apply to every input.
//! - [`json`] reads JSON, within the same limits.
//! - [`limits`] has the limits, and the findings about them.
//! - [`lines`] is its fast path, for the plain block style that nearly all manifests are written in; templates are made of
//!   its tokens.
//! - [`spans`] has the ranges of the parts of a text, for editing it.
//! - [`stream`] splits a text into documents.
//! - [`scalar`] is the only table of the meaning of plain scalars.
//! - [`write`](mod@write) writes block YAML that every reader reads as the same data.
//!
//! The syntax comes from `saphyr-parser` as events. Needs only [`crate::diag`].

pub mod json;
pub mod limits;
pub mod lines;
pub mod node;
pub mod read;
pub mod scalar;
pub mod spans;
pub mod stream;
mod syntax;
pub mod write;

pub use limits::{MAX_BYTES, MAX_DEPTH, MAX_FINDINGS, MAX_NODES};
pub use node::{Entries, Kind, Node};
