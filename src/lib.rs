//! GitLab's Kubernetes manifests from a values file.

pub mod cli;
pub mod commands;
pub mod diag;
pub mod pipeline;
pub mod ui;
