//! The common parts of the charts that GitLab keeps in repositories of their own (Runner, Zoekt, OpenBao): settings
//! with the structure of Kubernetes' fields, passed on unchanged, and independent of the settings that `global` has for
//! GitLab's own pods. Bitnami's charts take objects of the user's own as these do.

use serde_json::{Value, json};

use crate::diag::{Diagnostic, ValuePath};
use crate::model::{Node, NodeMap};
use crate::resolve::context::Context;
use crate::resolve::plan::Plan;
use crate::resolve::{Component, labels, tpl};
use crate::view;

/// A map; `None` where it is empty.
pub fn non_empty(map: &NodeMap) -> Option<&NodeMap> {
    (!map.is_empty()).then_some(map)
}

/// A list of Kubernetes' own entries; `None` where it is empty. Some charts write `{}` for an empty list.
pub fn list(value: &Node) -> Option<&Vec<Node>> {
    value.as_array().filter(|items| !items.is_empty())
}

/// Variables with a plain value, followed by those from other sources.
pub fn environment<'a>(plain: &'a NodeMap, taken: &'a NodeMap) -> impl Iterator<Item = Node> + 'a {
    let plain = labels::text_map(plain).into_iter().map(|(name, value)| json!({"name": name, "value": value}));
    plain.chain(taken.iter().map(|(name, source)| json!({"name": name, "valueFrom": source})))
}

/// Warns of settings that an older chart read and that are not read any more. `table` has the path below `key`, and the
/// replacement.
pub fn warn_unread(cx: &Context, key: &str, table: &[(&str, &str)]) {
    for (path, instead) in table {
        let path = format!("{key}.{path}");
        if matches!(cx.section(&path), Value::Null) {
            continue;
        }
        cx.say(
            Diagnostic::warning("unread-key", format!("`{path}` is not read"))
                .at_value(ValuePath::dotted(&path))
                .hint(*instead),
        );
    }
}

/// The user's own objects at `path`, rendered with those of the component; templates in them are evaluated.
pub fn plan_own_objects(cx: &Context, component: &Component, path: &str, objects: &[Node], plan: &mut Plan) {
    for (n, object) in objects.iter().enumerate() {
        plan_own_object(cx, component, &format!("{path}[{n}]"), object, plan);
    }
}

fn plan_own_object(cx: &Context, component: &Component, path: &str, object: &Node, plan: &mut Plan) {
    let chart = tpl::ValuesOwner { name: component.name, key: component.key };
    let object = match object {
        Value::String(text) => cx.yaml(path, &tpl::text(cx, chart, path, text)),
        other => tpl::tree(cx, chart, path, other),
    };
    let has = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).is_some_and(|text| !text.is_empty());
    if ["/apiVersion", "/kind", "/metadata/name"].into_iter().all(has) {
        let view = view! { api_version: object["apiVersion"], kind: object["kind"], metadata: object["metadata"] };
        plan.add(component.name, "own-object.yaml", view).overlay(object);
        return;
    }
    cx.say(
        Diagnostic::error("wrong-type", format!("`{path}`: expected a Kubernetes object"))
            .at_value(ValuePath::indexed(path).unwrap_or_else(|| ValuePath::dotted(path)))
            .hint("give it `apiVersion`, `kind` and `metadata.name`"),
    );
}
