//! The one test binary: each module is a kind of test.

mod dialect;
mod manifest;
mod values;
mod writer;
