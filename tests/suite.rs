//! The one test binary: each module is a kind of test.

mod dialect;
mod kubernetes;
mod manifest;
mod releases;
mod scripts;
mod values;
mod writer;
