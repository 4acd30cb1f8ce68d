//! The pod of `helm test`, which signs in once: it runs on demand only.

use serde::Deserialize;

use super::{COMPONENT, Web, workhorse};
use crate::manifest::Phase;
use crate::model::app_config::SecretKey;
use crate::model::{NodeMap, NonEmpty};
use crate::resolve::Plan;
use crate::resolve::shared::hosts;
use crate::resolve::workload::Workload;
use crate::view;

/// `helmTests:` of the component, as far as it applies to the pod.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Settings {
    security_context: NodeMap,
    container_security_context: NodeMap,
    resources: NodeMap,
}

/// Plans the pod and the ConfigMap with its script.
pub fn plan(web: &Web, all: &Workload, plan: &mut Plan) {
    let cx = all.cx;
    let tests = format!("{}-tests", all.name);
    let public = hosts::public(cx, "gitlab");
    let scheme = if workhorse::certificate(web).is_some() { "https" } else { "http" };
    let port = &web.set.service.workhorse_external_port;
    let url = format!("{scheme}://{}.{}.svc:{port}{}", web.name, cx.release.namespace, web.root);
    let login = view! { url: url, host: public.host, https: public.https };
    let view = view! { name: tests, labels: all.labels.object, login: login };
    plan.add(COMPONENT.name, "configmap-tests.yaml", view).phase(Phase::Test);

    let password: SecretKey = cx.read("global.initialRootPassword");
    let text = |value: &Option<crate::model::Text>, default: String| value.non_empty().map_or(default, str::to_owned);
    let set: Settings = cx.read(&format!("{}.helmTests", COMPONENT.key));
    let image = cx.edition_image(&all.set.image, COMPONENT.name);
    let view = view! {
        name: format!("{}-test-runner-{}", all.name, mark(&image.reference)),
        labels: all.labels.object, image: image.reference,
        config_map: tests,
        secret: text(&password.secret, format!("{}-gitlab-initial-root-password", cx.release.name)),
        key: text(&password.key, "password".to_owned()),
        automount: all.token_refused(),
        pod_security: given(&set.security_context),
        container_security: given(&set.container_security_context),
        resources: given(&set.resources),
    };
    plan.add(COMPONENT.name, "pod.yaml", view).phase(Phase::Test);
}

/// A map that is not empty.
fn given(map: &NodeMap) -> Option<&NodeMap> {
    (!map.is_empty()).then_some(map)
}

/// Five letters and digits derived from a string: a pod is immutable, so a new image needs a new pod.
fn mark(text: &str) -> String {
    // FNV-1a, 32 bits.
    let mut hash = text.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    let mut mark = String::new();
    for _ in 0..5 {
        mark.push(char::from(b"bcdfghjklmnpqrstvwxz2456789"[(hash % 27) as usize]));
        hash /= 27;
    }
    mark
}
