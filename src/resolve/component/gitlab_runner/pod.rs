//! The Deployment.

use serde_json::{Value, json};

use super::{COMPONENT, Runner, account, service};
use crate::model::{Node, NodeMap, NonEmpty, Text};
use crate::resolve::labels::{self, text_map};
use crate::resolve::shared::{gitlab_chart, hosts, workhorse};
use crate::resolve::workload::{
    Container, bare_pod, config_volume, env, env_over, image_pull_secrets, memory_volume, mount, secret_items,
};
use crate::resolve::{Plan, tpl};
use crate::view;

/// Where the runner keeps `config.toml`.
const HOME: &str = "/home/gitlab-runner/.gitlab-runner";

pub fn plan(runner: &Runner, plan: &mut Plan) {
    let set = &runner.set;
    let text = |value: &Option<Text>| value.non_empty().map(str::to_owned);
    let mut pod_labels = runner.labels.clone();
    labels::put(&mut pod_labels, &set.pod_labels);
    let mut annotations = NodeMap::new();
    if set.metrics.enabled {
        annotations.insert("prometheus.io/scrape".to_owned(), "true".into());
        annotations.insert("prometheus.io/port".to_owned(), set.metrics.port.to_string().into());
    }
    labels::put(&mut annotations, &set.pod_annotations);
    let pod = bare_pod(&pod_labels, Vec::new(), vec![container(runner)], volumes(runner))
        .with("annotations", annotations)
        .with("service_account_name", account::name(runner))
        .with("security_context", gitlab_chart::non_empty(&set.pod_security_context))
        .with("image_pull_secrets", image_pull_secrets(&set.image_pull_secrets))
        .with("priority_class_name", text(&set.priority_class_name))
        .with("runtime_class_name", text(&set.runtime_class_name))
        .with("scheduler_name", text(&set.scheduler_name))
        .with("hostname", text(&set.hostname))
        .with("node_selector", gitlab_chart::non_empty(&text_map(&set.node_selector)))
        .with("tolerations", (!set.tolerations.is_empty()).then_some(&set.tolerations))
        .with("affinity", gitlab_chart::non_empty(&set.affinity))
        .with("topology_spread_constraints", gitlab_chart::list(&set.topology_spread_constraints))
        .with("termination_grace_period_seconds", &set.termination_grace_period_seconds)
        .with("host_aliases", (!set.host_aliases.is_empty()).then_some(&set.host_aliases))
        .with("extra_containers", extra_containers(runner));
    let mut object_labels = runner.labels.clone();
    labels::put(&mut object_labels, &set.deployment_labels);
    let mut selector = NodeMap::new();
    selector.insert("app".to_owned(), runner.name.clone().into());
    let view = view! {
        name: runner.name, labels: object_labels, annotations: gitlab_chart::non_empty(&text_map(&set.deployment_annotations)),
        // A HorizontalPodAutoscaler sets the number.
        replicas: set.replicas.as_ref().filter(|_| set.hpa.max_replicas.is_none()),
        revision_history_limit: set.revision_history_limit, strategy: gitlab_chart::non_empty(&set.strategy),
        selector, pod: moved(pod),
    };
    // The names of the Secrets are in the pod itself; the second annotation is there for users who know it from Helm.
    let planned = plan.add(COMPONENT.name, "deployment.yaml", view);
    planned.follows("checksum/configmap", &runner.name).follows("checksum/secrets", &runner.name);
}

fn extra_containers(runner: &Runner) -> Vec<Node> {
    let path = format!("{}.extraContainers", COMPONENT.key);
    let chart = tpl::ValuesOwner { name: COMPONENT.name, key: COMPONENT.key };
    let read = match &runner.set.extra_containers {
        Value::String(text) => runner.cx.yaml(&path, &tpl::text(runner.cx, chart, &path, text)),
        other => tpl::tree(runner.cx, chart, &path, other),
    };
    read.as_array().cloned().unwrap_or_default()
}

fn container(runner: &Runner) -> Container {
    let set = &runner.set;
    let init = if set.use_tini { "/usr/local/bin/tini" } else { "/usr/bin/dumb-init" };
    let mut main = Container {
        name: runner.name.clone(),
        image: image(runner),
        image_pull_policy: set.image_pull_policy.non_empty().map(str::to_owned),
        command: Some(json!([init, "--", "/bin/bash", "/configmaps/entrypoint"])),
        env: environment(runner),
        resources: set.resources.clone(),
        security_context: set.security_context.clone(),
        ..Container::default()
    };
    main.env_from = (!set.extra_env_from_refs.is_empty()).then(|| Value::Array(set.extra_env_from_refs.clone()));
    let alive = json!(["/usr/bin/pgrep", "gitlab.*runner"]);
    let timeout = set.probe_timeout_seconds.map_or(4, |seconds| seconds.0);
    // The script must end before the probe's timeout.
    let live = json!(["/bin/bash", "/configmaps/check-live", (timeout - 1).max(1).to_string()]);
    main.liveness_probe = Some(probe(live, timeout, &set.liveness_probe));
    main.readiness_probe = Some(probe(alive, timeout, &set.readiness_probe));
    main.lifecycle = match gitlab_chart::non_empty(&set.deployment_lifecycle) {
        Some(own) => Some(Value::Object(own.clone())),
        None if set.unregister_runners => {
            Some(json!({"preStop": {"exec": {"command": ["/entrypoint", "unregister", "--all-runners"]}}}))
        }
        None => None,
    };
    main = main.port(service::metrics_port(runner), &set.metrics.port);
    if set.session_server.enabled {
        let port = service::session_ports(&set.session_server).0;
        main.ports.push(json!({"name": "session-server", "containerPort": port, "protocol": "TCP"}));
    }
    main = main
        .mount("projected-secrets", "/secrets", Value::Null)
        .mount("etc-gitlab-runner", HOME, Value::Null)
        .mount("configmaps", "/configmaps", Value::Null);
    if set.certs_secret_name.non_empty().is_some() {
        main.volume_mounts.push(mount("custom-certs", &format!("{HOME}/certs/"), json!({"readOnly": true})));
    }
    main.volume_mounts.extend(set.volume_mounts.iter().cloned());
    main
}

fn probe(command: Value, timeout: i64, set: &NodeMap) -> Node {
    let mut probe = json!({
        "exec": {"command": command}, "initialDelaySeconds": 60, "timeoutSeconds": timeout, "periodSeconds": 60,
        "successThreshold": 1, "failureThreshold": 3,
    });
    if let Value::Object(probe) = &mut probe {
        probe.extend(set.clone());
    }
    probe
}

/// `image`: a reference, or its parts.
fn image(runner: &Runner) -> String {
    let image = &runner.set.image;
    if let Some(reference) = image.as_str() {
        return reference.to_owned();
    }
    let part = |key: &str| runner.cx.text(&format!("{}.image.{key}", COMPONENT.key));
    let tag = part("tag").unwrap_or_else(|| format!("alpine-{}", runner.cx.release.images.runner));
    let name = format!("{}:{tag}", part("image").unwrap_or_default());
    part("registry").map_or(name.clone(), |registry| format!("{registry}/{name}"))
}

/// Whether the configuration of the runners, in TOML, has the key `namespace`.
fn says_namespace(config: Option<&Text>) -> bool {
    let lines = config.and_then(Text::non_empty).unwrap_or_default();
    lines.lines().any(|line| {
        let after = line.trim_start().strip_prefix("namespace").map(str::trim_start);
        after.is_some_and(|after| after.starts_with('='))
    })
}

/// The environment of `gitlab-runner register`, and the user's additions.
fn environment(runner: &Runner) -> Vec<Node> {
    let (cx, set, runners) = (runner.cx, &runner.set, &runner.set.runners);
    let text = |value: &Option<Text>| value.non_empty().map(str::to_owned);
    let truth = |value: Option<bool>| value.map(|on| on.to_string());
    let own = || hosts::public(cx, "gitlab").url() + &workhorse::relative_root(cx);
    let session = text(&set.session_server.public_ip);
    let variables = [
        ("CI_SERVER_URL", Some(text(&set.gitlab_url).unwrap_or_else(own))),
        ("RUNNER_EXECUTOR", Some(text(&runners.executor).unwrap_or_else(|| "kubernetes".to_owned()))),
        ("REGISTER_LOCKED", truth(runners.locked)),
        ("RUNNER_TAG_LIST", Some(text(&runners.tags).unwrap_or_default())),
        ("RUNNER_NAME", text(&runners.name)),
        ("REGISTER_RUN_UNTAGGED", truth(runners.run_untagged)),
        ("REGISTER_ACCESS_LEVEL", runners.protected.filter(|on| *on).map(|_| "ref_protected".to_owned())),
        ("REGISTER_MAXIMUM_TIMEOUT", text(&runners.maximum_timeout)),
        ("RUNNER_REQUEST_CONCURRENCY", text(&runners.request_concurrency)),
        ("RUNNER_OUTPUT_LIMIT", text(&runners.output_limit)),
        // The variable would take precedence over the configuration.
        ("KUBERNETES_NAMESPACE", (!says_namespace(runners.config.as_ref())).then(|| cx.release.namespace.clone())),
    ];
    let mut all: Vec<Node> = variables.into_iter().filter_map(|(name, value)| Some(env(name, value?))).collect();
    all.push(match session {
        Some(address) => env("SESSION_SERVER_ADDRESS", address),
        None => json!({"name": "SESSION_SERVER_ADDRESS"}),
    });
    let added = gitlab_chart::environment(&set.extra_env, &set.extra_env_from);
    env_over(env_over(all, &set.env_vars), &added.collect::<Vec<_>>())
}

fn volumes(runner: &Runner) -> Vec<Node> {
    let (cx, set) = (runner.cx, &runner.set);
    let release = &cx.release.name;
    let named = |path: &str, end: &str| cx.text(path).unwrap_or_else(|| format!("{release}-{end}"));
    let mut sources = Vec::new();
    let cache = set.runners.cache.secret_name.non_empty();
    if let Some(cache) = cache {
        sources.push(secret_items(cache, []));
    } else if cx.enabled("global.minio.enabled") {
        sources.push(secret_items(&named("global.minio.credentials.secret", "minio-secret"), []));
    }
    let keys = ["runner-registration-token", "runner-token"];
    let tokens = named("global.runner.registrationToken.secret", "gitlab-runner-secret");
    sources.push(secret_items(&tokens, keys.map(|key| (key, key))));
    sources.extend(set.secrets.iter().map(|secret| json!({"secret": secret})));
    let mut volumes = vec![
        memory_volume("runner-secrets"),
        memory_volume("etc-gitlab-runner"),
        json!({"name": "projected-secrets", "projected": {"sources": sources}}),
        config_volume("configmaps", &runner.name),
    ];
    if let Some(secret) = set.certs_secret_name.non_empty() {
        volumes.push(json!({"name": "custom-certs", "secret": {"secretName": secret}}));
    }
    volumes.extend(set.volumes.iter().cloned());
    volumes
}
