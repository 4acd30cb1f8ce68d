//! GitLab's deployment as Kubernetes manifests.

pub mod diag;
pub mod emit;
pub mod manifest;
