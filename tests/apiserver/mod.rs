//! Our output before a real Kubernetes API server: etcd and kube-apiserver on loopback, no kubelet, no controllers.
//!
//! All of these are ignored by a plain `cargo test`: building the server once takes minutes. `.ci/run` runs them;
//! by hand, `cargo test apiserver -- --ignored --nocapture`.

mod applied;
mod by_helm;
mod canary;
mod directories;
mod dry_run;
mod git_life;
mod life;
mod negative;
mod pods;
mod renders;
mod server;
mod takeover;
mod worked;
