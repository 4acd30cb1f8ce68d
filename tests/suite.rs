//! The one test binary: each module is a kind of test.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod adopt;
mod apiserver;
mod architecture;
mod cli;
mod common;
mod dialect;
mod diff;
mod docs;
mod emit;
mod errors;
mod kubernetes;
mod layout;
mod manifest;
mod migrate;
mod migrate_random;
mod mutations;
mod nginx;
mod phases;
mod profiles;
mod rails;
mod releases;
mod render;
mod rules;
mod schema;
mod scripts;
mod system;
mod templates;
mod tpl;
mod unacceptable;
mod validate;
mod values;
mod web;
mod writer;
