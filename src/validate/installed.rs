//! The Secrets that exist once a set of objects is installed: their creators and their users.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Value, json};

use super::RequiredSecret;
use crate::{escape, shell};

/// The creator of a Secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Maker {
    /// It is one of the objects.
    Manifests,
    /// A Job or a controller, in words.
    Other(String),
    /// The user has to create it.
    You,
}

/// The type of a Secret that the user has to create.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretType {
    /// Keys with arbitrary content.
    Generic,
    /// A certificate and its key.
    Tls,
    /// Credentials for an image registry.
    Registry,
}

/// A Secret that exists after an install.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstalledSecret {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its keys, as far as they are known.
    pub keys: Vec<String>,
    /// Its creator.
    pub made_by: Maker,
    /// The objects that need it, `Deployment/web`.
    pub needed_by: Vec<String>,
    /// Its type.
    pub kind: SecretType,
}

/// The annotations by which an Ingress or a Gateway requests certificates of cert-manager.
const ISSUED: [&str; 3] = ["cert-manager.io/issuer", "cert-manager.io/cluster-issuer", "kubernetes.io/tls-acme"];

/// The Secrets of a set of objects, sorted by name. `required` are those that objects need and the set does not
/// contain; `namespace` is that of objects that name none.
pub fn installed(bodies: &[&Value], required: &[RequiredSecret], namespace: &str) -> Vec<InstalledSecret> {
    let mut all: BTreeMap<(String, String), InstalledSecret> = BTreeMap::new();
    for secret in required {
        let made_by = secret.made_by.clone().map_or(Maker::You, Maker::Other);
        let tls = secret.keys.iter().any(|key| key == "tls.crt")
            || secret.keys.is_empty()
                && secret.needed_by.iter().all(|by| by.starts_with("Ingress/") || by.starts_with("Gateway/"));
        all.insert(
            (secret.namespace.clone(), secret.name.clone()),
            InstalledSecret {
                namespace: secret.namespace.clone(),
                name: secret.name.clone(),
                keys: secret.keys.clone(),
                made_by,
                needed_by: secret.needed_by.clone(),
                kind: if tls { SecretType::Tls } else { SecretType::Generic },
            },
        );
    }
    let mut pulled = Vec::new();
    for body in bodies {
        let text = |pointer: &str| body.pointer(pointer).and_then(Value::as_str);
        let own = text("/metadata/namespace").unwrap_or(namespace).to_owned();
        let name = text("/metadata/name").unwrap_or_default();
        match text("/kind").unwrap_or_default() {
            "Secret" => {
                let keys = ["data", "stringData"].iter().filter_map(|part| body.get(*part)?.as_object());
                let keys = keys.flat_map(|map| map.keys().cloned()).collect();
                made(&mut all, (own.clone(), name.to_owned()), keys, Maker::Manifests, None);
            }
            "ConfigMap" => {
                let scripts = body.get("data").and_then(Value::as_object).into_iter().flat_map(|data| data.values());
                for (secret, keys) in scripts.filter_map(Value::as_str).flat_map(generated) {
                    let by = Maker::Other(format!("the job that runs ConfigMap/{name}"));
                    made(&mut all, (own.clone(), secret), keys, by, None);
                }
            }
            kind @ ("Ingress" | "Gateway") => {
                let annotations = body.pointer("/metadata/annotations").and_then(Value::as_object);
                if !annotations.is_some_and(|there| ISSUED.iter().any(|key| there.contains_key(*key))) {
                    continue;
                }
                for secret in certificates(body) {
                    let keys = vec!["tls.crt".to_owned(), "tls.key".to_owned()];
                    let by = Maker::Other(format!("cert-manager, for {kind}/{name}"));
                    made(&mut all, (own.clone(), secret), keys, by, Some(format!("{kind}/{name}")));
                }
            }
            _ => {}
        }
        pull_secrets(body, &own, &mut pulled);
    }
    for place in pulled {
        if let Some(secret) = all.get_mut(&place) {
            secret.kind = SecretType::Registry;
        }
    }
    all.into_values().collect()
}

/// Records that something creates a Secret, whether or not an object needs it.
fn made(
    all: &mut BTreeMap<(String, String), InstalledSecret>,
    place: (String, String),
    keys: Vec<String>,
    by: Maker,
    needed_by: Option<String>,
) {
    let (namespace, name) = place.clone();
    let secret = all.entry(place).or_insert(InstalledSecret {
        namespace,
        name,
        keys: Vec::new(),
        made_by: by.clone(),
        needed_by: Vec::new(),
        kind: SecretType::Generic,
    });
    if secret.made_by == Maker::You || by == Maker::Manifests {
        secret.made_by = by;
    }
    for (list, more) in [(&mut secret.keys, keys), (&mut secret.needed_by, needed_by.into_iter().collect())] {
        more.into_iter().for_each(|one| {
            if !list.contains(&one) {
                list.push(one)
            }
        });
    }
}

/// The Secrets that a script of `shared-secrets` creates, and their keys: `begin NAME`, a line for each key, `finish`.
fn generated(script: &str) -> Vec<(String, Vec<String>)> {
    let mut found: Vec<(String, Vec<String>)> = Vec::new();
    let mut open = false;
    for line in script.lines() {
        let mut words = line.split(' ').map(|word| word.trim_matches('\''));
        match (words.next(), open) {
            (Some("begin"), _) => {
                open = true;
                found.extend(words.next().map(|name| (name.to_owned(), Vec::new())));
            }
            (Some("finish"), _) => open = false,
            (Some("value" | "rails"), true) => keys(&mut found, words.next().into_iter()),
            (Some("certificate"), true) => keys(&mut found, words.take(2)),
            (Some("ssh_host_keys"), true) => {
                let kinds = ["rsa", "ecdsa", "ed25519"];
                let names: Vec<String> = kinds
                    .iter()
                    .flat_map(|kind| [format!("ssh_host_{kind}_key"), format!("ssh_host_{kind}_key.pub")])
                    .collect();
                keys(&mut found, names.iter().map(String::as_str));
            }
            _ => {}
        }
    }
    found
}

fn keys<'k>(found: &mut [(String, Vec<String>)], more: impl Iterator<Item = &'k str>) {
    if let Some((_, keys)) = found.last_mut() {
        keys.extend(more.map(str::to_owned));
    }
}

/// The Secrets with the certificates of an Ingress or a Gateway.
fn certificates(body: &Value) -> Vec<String> {
    let list = |pointer: &str| body.pointer(pointer).and_then(Value::as_array).into_iter().flatten();
    let ingress = list("/spec/tls").filter_map(|tls| tls.get("secretName"));
    let listeners = list("/spec/listeners").filter_map(|listener| listener.pointer("/tls/certificateRefs")?.as_array());
    let gateway = listeners.flatten().filter_map(|reference| reference.get("name"));
    ingress.chain(gateway).filter_map(|name| name.as_str().map(str::to_owned)).collect()
}

/// The image pull Secrets, at any depth.
fn pull_secrets(value: &Value, namespace: &str, found: &mut Vec<(String, String)>) {
    match value {
        Value::Object(map) => {
            for (key, inner) in map {
                if key == "imagePullSecrets" {
                    let names = inner.as_array().into_iter().flatten().filter_map(|one| one.get("name")?.as_str());
                    found.extend(names.map(|name| (namespace.to_owned(), name.to_owned())));
                } else {
                    pull_secrets(inner, namespace, found);
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| pull_secrets(item, namespace, found)),
        _ => {}
    }
}

impl Maker {
    fn words(&self) -> &str {
        match self {
            Maker::Manifests => "the manifests",
            Maker::Other(words) => words,
            Maker::You => "you",
        }
    }
}

/// One line for each Secret, in columns; those that the user has to create come first.
pub fn text(all: &[InstalledSecret]) -> String {
    let mut rows = vec![["SECRET", "KEYS", "MADE BY", "NEEDED BY"].map(str::to_owned)];
    for secret in sorted(all) {
        let list = |all: &[String]| if all.is_empty() { "-".to_owned() } else { all.join(",") };
        let row = [secret.name.clone(), list(&secret.keys), secret.made_by.words().to_owned(), list(&secret.needed_by)];
        rows.push(row.map(|cell| escape::line(&cell).into_owned()));
    }
    let width = |n: usize| rows.iter().map(|row| row[n].chars().count()).max().unwrap_or_default().min(60);
    let widths = [width(0), width(1), width(2)];
    let mut out = String::new();
    for [name, keys, made_by, needed_by] in &rows {
        // Writing to a String cannot fail.
        let _ = writeln!(out, "{name:<0$}  {keys:<1$}  {made_by:<2$}  {needed_by}", widths[0], widths[1], widths[2]);
    }
    out
}

fn sorted(all: &[InstalledSecret]) -> impl Iterator<Item = &InstalledSecret> {
    let (yours, others): (Vec<_>, Vec<_>) = all.iter().partition(|secret| secret.made_by == Maker::You);
    yours.into_iter().chain(others)
}

/// The Secrets for programs; `schemas/secrets.schema.json` describes it.
pub fn json(all: &[InstalledSecret]) -> Value {
    let secret = |secret: &InstalledSecret| {
        json!({
            "namespace": secret.namespace,
            "name": secret.name,
            "keys": secret.keys,
            "madeBy": match &secret.made_by {
                Maker::Manifests => json!("manifests"),
                Maker::Other(words) => json!(words),
                Maker::You => Value::Null,
            },
            "neededBy": secret.needed_by,
            "type": match secret.kind {
                SecretType::Generic => "generic",
                SecretType::Tls => "tls",
                SecretType::Registry => "docker-registry",
            },
        })
    };
    Value::Array(sorted(all).map(secret).collect())
}

/// The commands that create the remaining Secrets. Their content comes from files, and so is in no shell history.
pub fn kubectl(all: &[InstalledSecret]) -> String {
    let mut out = String::new();
    for secret in all.iter().filter(|secret| secret.made_by == Maker::You) {
        let (name, namespace) = (shell::quoted(&secret.name), shell::quoted(&secret.namespace));
        let needed_by = secret.needed_by.iter().map(|by| escape::line(by).into_owned()).collect::<Vec<_>>().join(", ");
        let _ = writeln!(out, "# needed by {needed_by}");
        let _ = match secret.kind {
            SecretType::Tls => {
                writeln!(out, "kubectl create secret tls {name} -n {namespace} --cert=tls.crt --key=tls.key")
            }
            SecretType::Registry => writeln!(
                out,
                "kubectl create secret docker-registry {name} -n {namespace} --from-file=.dockerconfigjson=config.json"
            ),
            SecretType::Generic if secret.keys.is_empty() => {
                writeln!(
                    out,
                    "# its keys are not known: every file of the directory becomes one key\n\
                    kubectl create secret generic {name} -n {namespace} --from-file=./{name}/"
                )
            }
            SecretType::Generic => {
                let files =
                    secret.keys.iter().map(|key| format!(" --from-file={}", shell::quoted(&format!("{key}=./{key}"))));
                writeln!(out, "kubectl create secret generic {name} -n {namespace}{}", files.collect::<String>())
            }
        };
    }
    if out.is_empty() { "# the installed objects create every Secret\n".to_owned() } else { out }
}
