//! Stand-ins for charts of others: small, one replica, official images, so that the default deployment
//! runs on a cluster without anything else.

use serde_json::{Value, json};

use crate::diag::{Diagnostic, ValuePath};
use crate::model::{Node, NodeMap};
use crate::resolve::context::Context;
use crate::resolve::plan::View;
use crate::resolve::workload::{Container, Workload};

/// The label of every object that stands in for one of a chart of others.
pub const LABEL: &str = "gitlab-render.io/stands-in-for";

/// The code of what is said about stand-ins.
pub const CODE: &str = "stand-in";

/// A stand-in's names, labels and placement. The chart's own settings have shapes of their own and are not
/// read as those of a workload.
pub fn workload<'a>(cx: &'a Context<'a>, chart: &'static str, name: String) -> Workload<'a> {
    let mut w = Workload::of(cx, chart, chart, &Value::Null);
    w.name = name;
    for labels in [&mut w.labels.object, &mut w.labels.service, &mut w.labels.pod] {
        labels.insert(LABEL.to_owned(), chart.into());
    }
    w
}

/// A container that a namespace with the Pod Security Standard `restricted` takes.
pub fn container(name: &str, image: &str, resources: &Value) -> Container {
    let privileges = json!({
        "allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true, "runAsNonRoot": true,
        "capabilities": {"drop": ["ALL"]},
    });
    Container {
        name: name.to_owned(),
        image: image.to_owned(),
        image_pull_policy: Some("IfNotPresent".to_owned()),
        resources: map(resources),
        security_context: map(&privileges),
        ..Container::default()
    }
}

/// The pod, as the user and with the group that the image has.
pub fn pod(w: &mut Workload, user: u32, group: u32, main: Container, volumes: Vec<Node>) -> View {
    w.passed.security_context = map(&json!({
        "runAsUser": user, "runAsGroup": group, "fsGroup": group, "runAsNonRoot": true,
        "fsGroupChangePolicy": "OnRootMismatch", "seccompProfile": {"type": "RuntimeDefault"},
    }));
    // One replica has no one to be kept apart from.
    // The charts that these stand in for have no part in `global.serviceAccount`.
    w.pod(Vec::new(), vec![main], volumes).with("affinity", Value::Null).with("service_account_name", Value::Null)
}

/// A claim's `spec`, from `persistence` of the chart's section.
pub fn claim(cx: &Context, persistence: &str, default_size: &str) -> Node {
    let size = cx.text(&format!("{persistence}.size")).unwrap_or_else(|| default_size.to_owned());
    let class = cx.text(&format!("{persistence}.storageClass"));
    // A dash is how these charts write the empty class: no volume is made on demand.
    let class = class.map(|class| if class == "-" { String::new() } else { class });
    let mut claim = json!({"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}});
    if let (Some(class), Value::Object(claim)) = (class, &mut claim) {
        claim.insert("storageClassName".to_owned(), class.into());
    }
    claim
}

/// Says that an upgrade does not take the data of the official chart's database along.
pub fn warn_on_upgrade(cx: &Context, chart: &str, what: &str) {
    if cx.release.is_upgrade {
        let path = format!("{chart}.install");
        cx.say(
            Diagnostic::warning(
                CODE,
                format!("`{path}`: the {what} that is rendered does not read the data of the one that the official chart installed"),
            )
            .at_value(ValuePath::dotted(&path))
            .hint(format!("set `{path}: false`, keep the server that runs, and name it in the values; or dump the data and load it")),
        );
    }
}

fn map(value: &Value) -> NodeMap {
    value.as_object().cloned().unwrap_or_default()
}
