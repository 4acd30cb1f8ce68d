//! Helm's hook annotations of an object.

use serde_json::Value;

use crate::tree::field;

/// The annotation that makes an object a hook.
pub const HOOK: &str = "helm.sh/hook";
/// The order among hooks of the same event.
pub const WEIGHT: &str = "helm.sh/hook-weight";
/// When Helm deletes a hook.
pub const DELETE_POLICY: &str = "helm.sh/hook-delete-policy";

/// An object that Helm runs as a hook.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hook {
    /// The events: `pre-install`, `pre-upgrade`, `test` ...
    pub events: Vec<String>,
    /// Hooks with lower weights run first.
    pub weight: i64,
    /// `before-hook-creation`, `hook-succeeded`, `hook-failed`; Helm's default is the first.
    pub delete: Vec<String>,
}

impl Hook {
    /// Reads the annotations of an object; `None` where it is not a hook.
    pub fn of(body: &Value) -> Option<Self> {
        let annotations = field(field(body, "metadata")?, "annotations")?;
        let text = |name: &str| field(annotations, name).and_then(Value::as_str);
        let list = |text: &str| text.split(',').map(|word| word.trim().to_owned()).collect::<Vec<_>>();
        Some(Hook {
            events: list(text(HOOK)?),
            weight: text(WEIGHT).and_then(|weight| weight.trim().parse().ok()).unwrap_or(0),
            delete: text(DELETE_POLICY).map_or_else(|| vec!["before-hook-creation".to_owned()], list),
        })
    }

    /// Whether it runs for an upgrade, or for an install; a hook of another event runs for both.
    pub fn runs_on(&self, upgrade: bool) -> bool {
        let has = |when: &str| self.events.iter().any(|event| event.ends_with(when));
        match (has("install"), has("upgrade")) {
            (false, false) | (true, true) => true,
            (_, on_upgrade) => on_upgrade == upgrade,
        }
    }
}
