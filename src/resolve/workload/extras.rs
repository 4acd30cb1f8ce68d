//! Volumes, mounts and containers that a user adds to pods.

use serde_json::Value;

use super::Workload;
use crate::diag::{Diagnostic, ValuePath};
use crate::model::Node;
use crate::resolve::context::Context;
use crate::resolve::tpl;

impl Workload<'_> {
    /// A setting that is a list, or a string of YAML that holds one, as `extraVolumes: |`; templates in it are
    /// evaluated.
    pub fn list(&self, key: &str, value: &Node) -> Vec<Node> {
        let path = format!("{}.{key}", self.key);
        // The official chart of the ingress controller passes these on unchanged.
        if self.key.starts_with("nginx-ingress") {
            let read = if let Value::String(text) = value { self.cx.yaml(&path, text) } else { value.clone() };
            return items(self.cx, &path, read);
        }
        yaml_list(self.cx, tpl::ValuesOwner { name: &self.component, key: &self.key }, &path, value)
    }
}

/// A setting that is a list, or a string of YAML that holds one; templates in it are evaluated.
pub fn yaml_list(cx: &Context, chart: tpl::ValuesOwner, path: &str, value: &Node) -> Vec<Node> {
    let read = match value {
        Value::String(text) => cx.yaml(path, &tpl::text(cx, chart, path, text)),
        other => tpl::tree(cx, chart, path, other),
    };
    items(cx, path, read)
}

fn items(cx: &Context, path: &str, read: Node) -> Vec<Node> {
    match read {
        Value::Array(items) => items,
        Value::Null => Vec::new(),
        _ => {
            cx.say(
                Diagnostic::error("wrong-type", format!("`{path}`: expected a list"))
                    .at_value(ValuePath::dotted(path))
                    .unreadable()
                    .hint("write a YAML list, or a string of YAML that holds one"),
            );
            Vec::new()
        }
    }
}
