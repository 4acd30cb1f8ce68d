//! What pods and accounts may do that they need not: tokens that nothing uses, and roles without bounds.

use serde_json::Value;

use super::Linted;
use super::objects::pod;
use crate::diag::{Diagnostic, ValuePath};
use crate::manifest::Manifest;

pub(super) fn check(linted: &Linted<'_>) -> Vec<Diagnostic> {
    linted
        .objects
        .iter()
        .flat_map(|manifest| token(linted, manifest).into_iter().chain(role(linted, manifest)))
        .collect()
}

/// A token of an account without any role.
fn token(linted: &Linted<'_>, manifest: &Manifest) -> Option<Diagnostic> {
    let pod = pod(manifest)?;
    let name = pod.get("serviceAccountName").and_then(Value::as_str).unwrap_or("default");
    let of_kind = |kind: &'static str| linted.objects.iter().filter(move |other| other.id.kind == kind);
    let account = of_kind("ServiceAccount").find(|account| account.id.name == name);
    let switch = |of: &Value| of.get("automountServiceAccountToken").and_then(Value::as_bool);
    if !switch(pod).or_else(|| switch(&account?.body)).unwrap_or(true) {
        return None;
    }
    let names_it = |binding: &Manifest| {
        let subjects = binding.body.get("subjects").and_then(Value::as_array);
        subjects.into_iter().flatten().any(|subject| subject["kind"] == "ServiceAccount" && subject["name"] == name)
    };
    if of_kind("RoleBinding").chain(of_kind("ClusterRoleBinding")).any(names_it) {
        return None;
    }
    let message = format!(
        "`{}` mounts the token of the account `{name}`, which has no role: its pods do not use the API server",
        manifest.id
    );
    let section = (linted.section)(&manifest.component);
    let path = ValuePath::dotted(&format!("{section}.automountServiceAccountToken"));
    let hint = match account {
        Some(_) => "set `automountServiceAccountToken: false` for the account or its pods".to_owned(),
        // an account of the namespace, which no values reach
        None => format!(
            "disable it for the namespace: `kubectl patch serviceaccount {name} -p '{{\"automountServiceAccountToken\": false}}'`"
        ),
    };
    Some(Diagnostic::warning("mounted-token", message).at_value(path).hint(hint))
}

/// Rules of a role that allow everything of a kind, or Secrets everywhere.
fn role(linted: &Linted<'_>, manifest: &Manifest) -> Option<Diagnostic> {
    let everywhere = manifest.id.kind == "ClusterRole";
    if !everywhere && manifest.id.kind != "Role" {
        return None;
    }
    let rules = manifest.body.get("rules").and_then(Value::as_array)?;
    let has = |rule: &Value, key: &str, words: &[&str]| {
        let listed = rule.get(key).and_then(Value::as_array);
        listed.into_iter().flatten().filter_map(Value::as_str).any(|word| words.contains(&word))
    };
    let wide = |rule: &Value| {
        let any = ["verbs", "resources", "apiGroups"].into_iter().find(|key| has(rule, key, &["*"]));
        let powers = has(rule, "verbs", &["escalate", "bind", "impersonate"]);
        let secrets = everywhere
            && rule.get("resourceNames").is_none()
            && has(rule, "resources", &["secrets"])
            && has(rule, "verbs", &["get", "list", "watch"]);
        match any {
            Some(key) => Some(format!("`*` in `{key}`")),
            None if powers => Some("a verb that can grant more permissions".to_owned()),
            None if secrets => Some("the Secrets of all namespaces".to_owned()),
            None => None,
        }
    };
    let mut found: Vec<String> = rules.iter().filter_map(wide).collect();
    found.dedup();
    if found.is_empty() {
        return None;
    }
    let message = format!("`{}` allows more than its pods need: {}", manifest.id, found.join(", "));
    let section = (linted.section)(&manifest.component);
    let hint = "name the resources and verbs that are needed, or disable the role and bind one of your own";
    Some(Diagnostic::warning("wide-rbac", message).at_value(ValuePath::dotted(&format!("{section}.rbac"))).hint(hint))
}
