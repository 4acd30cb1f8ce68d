//! Pods of a render, with what they may do.

use std::collections::BTreeSet;

use gitlab_render::manifest::Manifest;
use serde_json::Value;

/// A pod.
pub struct Pod {
    /// The template of its controller, `gitaly/statefulset.yaml`.
    pub source: String,
    /// In the order of the pod, init containers first.
    pub containers: Vec<Container>,
    /// Whether a token of a ServiceAccount is mounted.
    pub token: bool,
    /// What its ServiceAccount may do: `secrets: get, list`.
    pub rules: BTreeSet<String>,
    /// The NetworkPolicies that select it.
    pub policies: Vec<Policy>,
    spec: Value,
}

/// A container.
pub struct Container {
    /// Its name.
    pub name: String,
    /// The user's number, where one is set.
    pub user: Option<i64>,
    /// Added to no capability at all, or to those of the runtime.
    pub capabilities: String,
    /// Whether the file system of the image is read-only.
    pub read_only: bool,
    /// Where volumes are mounted that it may write to.
    pub writable: BTreeSet<String>,
    /// What it asks for and its limit, in bytes.
    pub memory: (Option<f64>, Option<f64>),
    body: Value,
}

/// A NetworkPolicy.
#[derive(Clone)]
pub struct Policy {
    /// `Ingress`, `Egress`.
    pub types: Vec<String>,
    /// The whole `spec`.
    pub spec: Value,
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

impl Pod {
    /// All of a render.
    pub fn all(objects: &[Manifest]) -> Vec<Pod> {
        objects.iter().filter_map(|object| Pod::of(object, objects)).collect()
    }

    fn of(object: &Manifest, objects: &[Manifest]) -> Option<Pod> {
        let template = match object.id.kind.as_str() {
            "Deployment" | "StatefulSet" | "DaemonSet" | "Job" => &object.body["spec"]["template"],
            "CronJob" => &object.body["spec"]["jobTemplate"]["spec"]["template"],
            "Pod" => &object.body,
            _ => return None,
        };
        let spec = template["spec"].clone();
        let account = spec["serviceAccountName"].as_str();
        let of_account = objects.iter().find(|o| o.id.kind == "ServiceAccount" && Some(o.id.name.as_str()) == account);
        let mounted = |value: &Value| value.as_bool();
        let token = mounted(&spec["automountServiceAccountToken"])
            .or_else(|| of_account.and_then(|account| mounted(&account.body["automountServiceAccountToken"])))
            .unwrap_or(true);
        let claims =
            list(&object.body["spec"]["volumeClaimTemplates"]).iter().map(|claim| text(&claim["metadata"]["name"]));
        let claims: BTreeSet<&str> = claims.collect();
        let containers = [&spec["initContainers"], &spec["containers"]].into_iter().flat_map(list);
        Some(Pod {
            source: object.source.clone(),
            containers: containers.map(|container| Container::of(container, &spec, &claims)).collect(),
            token,
            rules: account.map(|account| rules(account, objects)).unwrap_or_default(),
            policies: policies(&template["metadata"]["labels"], objects),
            spec,
        })
    }

    /// What Pod Security's level `restricted` would refuse.
    pub fn not_restricted(&self) -> Vec<String> {
        let pod = &self.spec["securityContext"];
        let mut wrong = Vec::new();
        for key in ["hostNetwork", "hostPID", "hostIPC"] {
            if self.spec[key] == true {
                wrong.push(key.to_owned());
            }
        }
        let volumes = [
            "configMap",
            "csi",
            "downwardAPI",
            "emptyDir",
            "ephemeral",
            "persistentVolumeClaim",
            "projected",
            "secret",
        ];
        for volume in list(&self.spec["volumes"]) {
            if !volumes.iter().any(|kind| volume.get(kind).is_some()) {
                wrong.push(format!("volume {}", volume["name"]));
            }
        }
        for container in &self.containers {
            let own = &container.body["securityContext"];
            let set = |key: &str| if own[key].is_null() { &pod[key] } else { &own[key] };
            let seccomp = text(&set("seccompProfile")["type"]);
            let mut say = |what: &str| wrong.push(format!("{}: {what}", container.name));
            if own["privileged"] == true {
                say("privileged");
            }
            if own["allowPrivilegeEscalation"] != false {
                say("allowPrivilegeEscalation");
            }
            if set("runAsNonRoot") != true || container.user == Some(0) {
                say("may run as root");
            }
            if !["RuntimeDefault", "Localhost"].contains(&seccomp) {
                say("no seccomp profile");
            }
            if !["none", "NET_BIND_SERVICE"].contains(&container.capabilities.as_str()) {
                say("capabilities");
            }
        }
        wrong
    }
}

impl Container {
    fn of(body: &Value, pod: &Value, claims: &BTreeSet<&str>) -> Container {
        let own = &body["securityContext"];
        let user = own["runAsUser"].as_i64().or_else(|| pod["securityContext"]["runAsUser"].as_i64());
        let dropped = list(&own["capabilities"]["drop"]).iter().any(|name| name == "ALL");
        let added: Vec<_> = list(&own["capabilities"]["add"]).iter().map(text).collect();
        let mut capabilities = if dropped { Vec::new() } else { vec!["the runtime's"] };
        capabilities.extend(added);
        let capabilities = if capabilities.is_empty() { "none".to_owned() } else { capabilities.join(", ") };
        let writable = |mount: &&Value| {
            let name = text(&mount["name"]);
            let volume = list(&pod["volumes"]).iter().find(|volume| volume["name"] == name);
            let kept = volume.is_some_and(|v| v.get("emptyDir").is_some() || v.get("persistentVolumeClaim").is_some());
            mount["readOnly"] != true && (kept || claims.contains(name))
        };
        let mounts = list(&body["volumeMounts"]).iter().filter(writable);
        let resources = &body["resources"];
        Container {
            name: text(&body["name"]).to_owned(),
            user,
            capabilities,
            read_only: own["readOnlyRootFilesystem"] == true,
            writable: mounts.map(|mount| text(&mount["mountPath"]).trim_end_matches('/').to_owned()).collect(),
            memory: (bytes(&resources["requests"]["memory"]), bytes(&resources["limits"]["memory"])),
            body: body.clone(),
        }
    }
}

/// A quantity of memory.
fn bytes(value: &Value) -> Option<f64> {
    let text = value.as_str().map_or_else(|| value.as_u64().map(|n| n.to_string()), |text| Some(text.to_owned()))?;
    let at = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
    let factor = match &text[at..] {
        "" => 1e0,
        "k" => 1e3,
        "M" => 1e6,
        "G" => 1e9,
        "Ki" => 1024.0,
        "Mi" => 1024.0 * 1024.0,
        "Gi" => 1024.0 * 1024.0 * 1024.0,
        unit => panic!("the unit {unit} is not known here"),
    };
    text[..at].parse::<f64>().ok().map(|number| number * factor)
}

/// What the roles that are bound to an account allow; those of the whole cluster are marked.
fn rules(account: &str, objects: &[Manifest]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let bindings = objects.iter().filter(|object| object.id.kind.ends_with("RoleBinding"));
    for binding in bindings.filter(|b| list(&b.body["subjects"]).iter().any(|subject| subject["name"] == account)) {
        let role = &binding.body["roleRef"];
        let is_it =
            |object: &&Manifest| role["kind"] == object.id.kind.as_str() && role["name"] == object.id.name.as_str();
        let Some(role) = objects.iter().find(is_it) else { continue };
        let everywhere = if binding.id.kind == "ClusterRoleBinding" { " in all namespaces" } else { "" };
        for rule in list(&role.body["rules"]) {
            let words = |key: &str| list(&rule[key]).iter().map(text).collect::<Vec<_>>().join(", ");
            let named = if list(&rule["resourceNames"]).is_empty() { "" } else { " by name" };
            found.insert(format!("{}{named}: {}{everywhere}", words("resources"), words("verbs")));
        }
    }
    found
}

/// The policies that select pods with these labels.
fn policies(labels: &Value, objects: &[Manifest]) -> Vec<Policy> {
    let policies = objects.iter().filter(|object| object.id.kind == "NetworkPolicy");
    let selects = |object: &&Manifest| {
        let wanted = object.body["spec"]["podSelector"]["matchLabels"].as_object();
        wanted.is_none_or(|wanted| wanted.iter().all(|(key, value)| labels[key] == *value))
    };
    let policies = policies.filter(selects).map(|object| {
        let spec = object.body["spec"].clone();
        let types = list(&spec["policyTypes"]).iter().map(|kind| text(kind).to_owned()).collect();
        Policy { types, spec }
    });
    policies.collect()
}
