//! nginx-ingress-geo: a second ingress controller, for traffic between Geo sites.
//!
//! It trusts the headers that say where a request came from, which the one for users must not.

use crate::resolve::shared::nginx;
use crate::resolve::{Component, Context, Plan};

/// What `build.rs` puts into the table of components.
pub const COMPONENT: Component = Component { name: "nginx-ingress-geo", key: "nginx-ingress-geo", resolve };

fn resolve(cx: &Context, plan: &mut Plan) {
    nginx::resolve(cx, &COMPONENT, plan);
}
