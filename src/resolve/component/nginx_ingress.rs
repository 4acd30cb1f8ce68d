//! nginx-ingress: the ingress controller that brings HTTP and SSH into the cluster.

use crate::resolve::shared::nginx;
use crate::resolve::{Component, Context, Plan};

/// What `build.rs` puts into the table of components.
pub const COMPONENT: Component = Component { name: "nginx-ingress", key: "nginx-ingress", resolve };

fn resolve(cx: &Context, plan: &mut Plan) {
    nginx::resolve(cx, &COMPONENT, plan);
}
