//! Gateway API: which Gateway a part's route belongs to.

use serde::Deserialize;
use serde_json::json;

use super::gitaly::set;
use crate::model::{Node, NodeMap, Text};
use crate::resolve::context::Context;

/// `gatewayRoute` of a component.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct GatewayRoute {
    /// Whether there is a route; missing: `global.gatewayApi.enabled`.
    pub enabled: Option<bool>,
    /// Annotations of the route.
    pub annotations: NodeMap,
    gateway_name: Option<Text>,
    gateway_namespace: Option<Text>,
    section_name: Option<Text>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct GatewayRef {
    name: Option<Text>,
    namespace: Option<Text>,
}

impl GatewayRoute {
    /// Whether the component has a route.
    pub fn on(&self, cx: &Context) -> bool {
        self.enabled.unwrap_or_else(|| cx.enabled("global.gatewayApi.enabled"))
    }

    /// The listener that the route belongs to: of the component's Gateway, the global one, or the release's own.
    pub fn parent(&self, cx: &Context) -> Node {
        let global: GatewayRef = cx.read("global.gatewayApi.gatewayRef");
        let own_gateway = format!("{}-gw", cx.release.name);
        json!({
            "group": "gateway.networking.k8s.io",
            "kind": "Gateway",
            "name": set(&self.gateway_name).or(set(&global.name)).unwrap_or(&own_gateway),
            "namespace": set(&self.gateway_namespace).or(set(&global.namespace)).unwrap_or(&cx.release.namespace),
            "sectionName": set(&self.section_name),
        })
    }
}
