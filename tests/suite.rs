//! The one test binary: each module is a kind of test.

mod cli;
mod common;
mod docs;
mod errors;
mod manifest;
mod writer;
