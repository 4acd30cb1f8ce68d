//! What components must agree on: databases, Redis, hosts, object storage.

pub mod bitnami;
pub mod gitaly;
pub mod gitaly_clients;
pub mod gitlab_chart;
pub mod hosts;
pub mod kubectl_job;
pub mod nginx;
pub mod object_storage;
pub mod postgres;
pub mod rails;
pub mod redis;
pub mod tls;
pub mod workhorse;
