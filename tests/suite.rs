//! The one test binary: each module is a kind of test.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod emit;
mod manifest;
mod writer;
