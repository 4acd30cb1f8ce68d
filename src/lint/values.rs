//! Checks of the values alone.

use serde_json::{Map, Value};

use super::Linted;
use crate::diag::{Diagnostic, ValuePath};
use crate::redact;

/// Data stores that come with GitLab: the switch, the store, and the setting of its replacement.
const BUNDLED: [(&str, &str, &str); 3] = [
    ("postgresql.install", "PostgreSQL", "global.psql.host"),
    ("redis.install", "Redis", "global.redis.host"),
    ("global.minio.enabled", "MinIO", "global.appConfig.object_store"),
];

pub(super) fn check(linted: &Linted<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let on = |path: &str| ValuePath::dotted(path).within(linted.tree) == Some(&Value::Bool(true));
    for (switch, what, instead) in BUNDLED.into_iter().filter(|(switch, ..)| on(switch)) {
        let message = format!("`{switch}`: the {what} that comes with GitLab runs in one pod, without a replica");
        let hint = format!("for production, set `{instead}` to an external service, and `{switch}: false`");
        found.push(Diagnostic::warning("bundled-store", message).at_value(ValuePath::dotted(switch)).hint(hint));
    }
    if linted.objects.iter().any(|object| &*object.component == "trial-stores") {
        let path = "trialStores.enabled";
        let message =
            format!("`{path}`: PostgreSQL, Redis or object storage is a stand-in of one pod, without backups");
        let hint =
            "for anything but a trial, set `global.psql.host`, `global.redis.host` and `global.appConfig.object_store`";
        found.push(Diagnostic::warning("bundled-store", message).at_value(ValuePath::dotted(path)).hint(hint));
    }
    let masked = redact::value("", linted.user);
    plain_secrets(linted.user, &masked, &ValuePath::root(), &mut found);
    foreign_hosts(linted, &mut found);
    found
}

/// Scalars that the redactor masks.
fn plain_secrets(user: &Value, masked: &Value, path: &ValuePath, found: &mut Vec<Diagnostic>) {
    match (user, masked) {
        (Value::Object(user), Value::Object(masked)) => {
            for (key, value) in user {
                if let Some(shown) = masked.get(key).filter(|_| !is_name(path, key, value, user)) {
                    plain_secrets(value, shown, &path.key(key), found);
                }
            }
        }
        (Value::Array(user), Value::Array(masked)) => {
            for (number, (value, shown)) in user.iter().zip(masked).enumerate() {
                plain_secrets(value, shown, &path.index(number), found);
            }
        }
        (user, masked) if user != masked => {
            let message = format!("`{path}` holds a secret in plain text");
            let hint = "move it into a Kubernetes Secret and name that here; rotate it, because everyone who can read the file knows it";
            found.push(Diagnostic::warning("plain-secret", message).at_value(path.clone()).hint(hint));
        }
        _ => {}
    }
}

/// Whether a string under a secret's name is one that anybody may know: the key in a Secret that stands beside it, the number
/// of a key, or the key of a label or a taint.
fn is_name(path: &ValuePath, key: &str, value: &Value, beside: &Map<String, Value>) -> bool {
    let Some(text) = value.as_str().filter(|text| redact::text(text) == **text) else { return false };
    let is_data_key = text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
    let names_secret = ["secret", "secretName", "existingSecret"]
        .iter()
        .any(|name| *name != key && beside.get(*name).and_then(Value::as_str).is_some_and(|name| !name.is_empty()));
    let of_a_secret = matches!(key, "key" | "secretKey" | "existingSecretKey") && is_data_key && names_secret;
    let number_of_a_key = key.ends_with("KeyId") || key.ends_with("KeyID");
    let selectors = ["tolerations", "matchExpressions", "taints", "matchLabels", "nodeSelector"];
    let of_a_selector = path.0.iter().any(|step| step.key().is_some_and(|step| selectors.contains(&step)));
    of_a_secret || number_of_a_key || of_a_selector
}

/// Host names that do not end in the domain: those of `global.hosts`, and those of routes that come from elsewhere.
fn foreign_hosts(linted: &Linted<'_>, found: &mut Vec<Diagnostic>) {
    let hosts = ValuePath::dotted("global.hosts");
    let domain = ValuePath::dotted("global.hosts.domain").within(linted.tree).and_then(Value::as_str);
    let Some(domain) = domain.filter(|domain| !domain.is_empty()) else { return };
    let foreign = |name: &str| !name.is_empty() && name != domain && !name.ends_with(&format!(".{domain}"));
    let hint = "certificates and cookies are issued for the domain of `global.hosts.domain`: change one of the two";
    let mut told = Vec::new();
    for (key, host) in hosts.within(linted.user).and_then(Value::as_object).into_iter().flatten() {
        let name = host.get("name").and_then(Value::as_str).unwrap_or_default();
        if foreign(name) {
            let path = hosts.key(key).key("name");
            let message = format!("`{path}`: `{name}` does not belong to the domain `{domain}`");
            found.push(Diagnostic::warning("foreign-host", message).at_value(path).hint(hint));
            told.push(name);
        }
    }
    for manifest in linted.objects.iter().filter(|manifest| manifest.id.kind == "Ingress") {
        let rules = manifest.body.pointer("/spec/rules").and_then(Value::as_array);
        let names = rules.into_iter().flatten().filter_map(|rule| rule.get("host")?.as_str());
        for name in names.filter(|name| foreign(name) && !told.contains(name)) {
            let path = ValuePath::dotted(&format!("{}.ingress", (linted.section)(&manifest.component)));
            let message = format!("`{}`: `{name}` does not belong to the domain `{domain}`", manifest.id);
            found.push(Diagnostic::warning("foreign-host", message).at_value(path).hint(hint));
        }
    }
}
