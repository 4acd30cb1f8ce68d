//! GitLab's deployment as Kubernetes manifests.

pub mod bundle;
pub mod diag;
pub mod manifest;
pub mod model;
pub mod pipeline;
pub mod releases;
pub mod render;
pub mod resolve;
pub mod schema;
pub mod values;
