//! nginx-ingress: the ingress controller that brings HTTP and SSH into the cluster.

use crate::resolve::shared::nginx;
use crate::resolve::{Component, Context, Plan};

/// The entry of `build.rs`'s table of components.
pub const COMPONENT: Component = Component { name: "nginx-ingress", key: "nginx-ingress", resolve };

fn resolve(cx: &Context, plan: &mut Plan) {
    nginx::resolve(cx, &COMPONENT, plan);
}
