//! One file a component: what its settings are, which objects exist, and their views.
//!
//! The modules are found by `build.rs`: a new file here needs no line elsewhere.

include!(concat!(env!("OUT_DIR"), "/components.rs"));
