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

/// `maxRequests` or `MaxRequests` as `max_requests`: how TOML names what the values name in camel case.
pub fn snake_case(key: &str) -> String {
    let mut name = String::new();
    for letter in key.chars() {
        if letter.is_ascii_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(letter.to_ascii_lowercase());
    }
    name
}
