//! One file per component: its settings, its objects, and their views.
//!
//! `build.rs` finds the modules: a new file here needs no line elsewhere.

include!(concat!(env!("OUT_DIR"), "/components.rs"));
