//! Volumes, mounts and containers that a user adds to pods.

use serde_json::Value;

use super::Workload;
use crate::diag::{Diagnostic, ValuePath};
use crate::model::Node;
use crate::resolve::tpl;

impl Workload<'_> {
    /// A setting that is a list, or YAML text that holds one, as `extraVolumes: |`; templates in it are evaluated.
    pub fn list(&self, key: &str, value: &Node) -> Vec<Node> {
        let path = format!("{}.{key}", self.key);
        // The official chart of the ingress controller passes these on as they are.
        let evaluated = !self.key.starts_with("nginx-ingress");
        let chart = tpl::Chart { name: &self.component, key: &self.key };
        let read = match value {
            Value::String(text) if evaluated => self.cx.yaml(&path, &tpl::text(self.cx, chart, &path, text)),
            Value::String(text) => self.cx.yaml(&path, text),
            other if evaluated => tpl::tree(self.cx, chart, &path, other),
            other => other.clone(),
        };
        match read {
            Value::Array(items) => items,
            Value::Null => Vec::new(),
            _ => {
                self.cx.say(
                    Diagnostic::error("wrong-type", format!("`{path}`: expected a list"))
                        .at_value(ValuePath::dotted(&path))
                        .unreadable()
                        .hint("write a YAML list, or a block of text that holds one"),
                );
                Vec::new()
            }
        }
    }
}
