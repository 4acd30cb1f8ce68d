//! GitLab's deployment as Kubernetes manifests.

pub mod cli;
pub mod commands;
pub mod diag;
pub mod manifest;
pub mod pipeline;
pub mod ui;
