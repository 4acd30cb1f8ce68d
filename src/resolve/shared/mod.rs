//! Settings on which components must agree: databases, Redis, hosts, object storage.

pub mod bitnami;
pub mod gitaly;
pub mod gitaly_clients;
pub mod gitlab_chart;
pub mod hosts;
pub mod kubectl_job;
pub mod marks;
pub mod nginx;
pub mod object_storage;
pub mod postgres;
pub mod rails;
pub mod redis;
pub mod tls;
pub mod trial_stores;
pub mod workhorse;

/// The name in TOML of a name in camel case: `maxRequests` or `MaxRequests` becomes `max_requests`.
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
