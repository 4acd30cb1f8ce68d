//! Kubernetes objects as data: read from rendered templates, verified, ordered and written.

pub mod read;
pub mod write;
