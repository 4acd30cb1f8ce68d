//! nginx-ingress-geo: a second ingress controller, for traffic between Geo sites.
//!
//! It trusts the headers with the source of a request, which the controller for users must not do.

use crate::resolve::shared::nginx;
use crate::resolve::{Component, Context, Plan};

/// The entry of `build.rs`'s table of components.
pub const COMPONENT: Component = Component { name: "nginx-ingress-geo", key: "nginx-ingress-geo", resolve };

fn resolve(cx: &Context, plan: &mut Plan) {
    nginx::resolve(cx, &COMPONENT, plan);
}
