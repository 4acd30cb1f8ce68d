//! The one test binary: each module is a kind of test.

mod kubernetes;
mod manifest;
mod releases;
mod writer;
