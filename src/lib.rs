//! gitlab-render as a library: one stage, one module.

pub mod diag;
pub mod values;
