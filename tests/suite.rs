//! The one test binary: each module is a kind of test.

mod emit;
mod manifest;
mod writer;
