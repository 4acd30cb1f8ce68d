//! The pods: Puma beside Workhorse, their init containers, and their volumes.

use serde::Deserialize;
use serde_json::json;

use super::{COMPONENT, Web, workhorse};
use crate::bundle::Difference;
use crate::model::app_config::SecretKey;
use crate::model::{Node, NodeMap, NonEmpty, Text};
use crate::resolve::image::ImageRef;
use crate::resolve::shared::rails::{self, Process};
use crate::resolve::workload::{
    Container, Script, Workload, certificate_source, config_volume, has_handler, http_probe, memory_volume, mount,
    projected_volume, timing,
};
use crate::resolve::{Plan, labels};
use crate::view;

const CONFIG: &str = "webservice-config";
const SECRETS: &str = "webservice-secrets";
const INIT_SECRETS: &str = "init-webservice-secrets";
const METRICS: &str = "webservice-metrics";

/// `puma:`.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Puma {
    bind_ip6: Text,
    control_port: Text,
    disable_worker_killer: Text,
    worker_max_memory: Text,
    threads: Threads,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Threads {
    min: Text,
    max: Text,
}

/// `deployment:` besides the common settings: labels of the Deployment itself, and Puma's probes.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Deployment {
    labels: NodeMap,
    liveness_probe: NodeMap,
    readiness_probe: NodeMap,
    startup_probe: NodeMap,
}

/// `sshHostKeys:`, which Rails shows on a page.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct SshHostKeys {
    mount: bool,
    mount_name: Text,
    types: Vec<Text>,
}

/// The parts of a pod that are the same for all deployments.
pub struct Shared {
    /// The sources of the volume with the secrets.
    secrets: Vec<Node>,
    certificates: Container,
    certificate_volumes: Vec<Node>,
}

impl Shared {
    /// Makes them from the component's settings.
    pub fn of(all: &Workload) -> Self {
        Shared {
            secrets: rails::secret_sources(all, Process::Webservice),
            certificates: all.certificates(),
            certificate_volumes: all.certificate_volumes(),
        }
    }
}

/// Plans the Deployment.
pub fn plan_deployment(web: &Web, all: &Workload, shared: &Shared, plan: &mut Plan) {
    let w = &web.w;
    let image = w.cx.edition_image(&w.set.image, COMPONENT.name);
    let containers = vec![puma(web, image.clone()), workhorse::container(web, common_env(web))];
    // The settings of init containers may be a deployment's own.
    let certificates = Container {
        resources: w.set.init.resources.clone(),
        security_context: w.set.init.container_security_context.clone(),
        ..shared.certificates.clone()
    };
    let init = vec![certificates, configure(w), dependencies(w, image)];
    let mut pod = w.pod(init, containers, volumes(web, all, shared));
    let port = web.set.metrics.port.as_ref();
    let port = port.map_or_else(String::new, |port| port.as_str().map_or_else(|| port.to_string(), str::to_owned));
    pod = pod.with_tree("affinity", w.pod_anti_affinity(&w.labels.selector));
    pod.annotate(&w.prometheus_annotations(&web.metrics(), &port));
    pod.annotate(&crate::resolve::workload::evictable());
    let mut labels = w.controller_labels();
    labels::put(&mut labels, &web.set.deployment.labels);
    let view = w.deployment(pod).with("name", &web.name).with_tree("labels", labels);
    plan.add(COMPONENT.name, "deployment.yaml", view).follows("checksum/config", &all.name);
}

/// The environment of both containers.
fn common_env(web: &Web) -> Vec<(&'static str, String)> {
    let blackout = web.set.shutdown.blackout_seconds.map_or_else(String::new, |seconds| seconds.to_string());
    let mut env = vec![
        ("CONFIG_TEMPLATE_DIRECTORY", rails::TEMPLATES.to_owned()),
        ("CONFIG_DIRECTORY", "/srv/gitlab/config".to_owned()),
        ("TMPDIR", "/tmp/gitlab".to_owned()),
        ("SHUTDOWN_BLACKOUT_SECONDS", blackout),
    ];
    if web.w.cx.release.has(Difference::WorkhorseHealthListener) {
        env.push(("PUMA_CONTROL_PORT", web.set.puma.control_port.0.clone()));
    }
    env
}

fn puma(web: &Web, image: ImageRef) -> Container {
    let (w, set) = (&web.w, &web.set);
    let bootsnap = rails::env(w.cx).into_iter().filter(|(name, _)| !name.starts_with("CONFIG"));
    let container = w.container("webservice", image).with_env(common_env(web)).with_env(bootsnap);
    let traces = w.cx.text("global.tracing.urlTemplate").map(|url| ("GITLAB_TRACING_URL", url));
    let container = container.with_env(rails::tracing(w.cx)).with_env(traces);
    let mut main = rails::mounts(w.cx, container, Process::Webservice, CONFIG, SECRETS, false)
        .with_env(puma_env(web))
        .mount("shared-upload-directory", "/srv/gitlab/public/uploads/tmp", json!({"readOnly": false}))
        .mount("shared-tmp", "/tmp", json!({"readOnly": false}));
    if web.http() {
        main = main
            .with_env([("INTERNAL_PORT", set.service.internal_port.to_string())])
            .port("http-webservice", &set.service.internal_port);
    }
    if web.certificate().is_some() {
        main = main
            .with_env([
                ("SSL_INTERNAL_PORT", set.service.tls.internal_port.to_string()),
                ("PUMA_SSL_KEY", "/srv/gitlab/config/puma.key".to_owned()),
                ("PUMA_SSL_CERT", "/srv/gitlab/config/puma.crt".to_owned()),
            ])
            .port("https-ws", &set.service.tls.internal_port)
            .mount(SECRETS, "/srv/gitlab/config/puma.crt", json!({"subPath": "puma/puma.crt"}))
            .mount(SECRETS, "/srv/gitlab/config/puma.key", json!({"subPath": "puma/puma.key"}));
    }
    if set.metrics.enabled {
        main =
            main.with_env([("prometheus_multiproc_dir", "/metrics".to_owned())]).mount(METRICS, "/metrics", json!({}));
    }
    if set.shows_metrics_port() {
        main = main.port("http-metrics-ws", &set.metrics.port);
    }
    if set.ssh_host_keys.mount {
        main = main.mount(set.ssh_host_keys.mount_name.as_str(), "/etc/ssh", json!({}));
    }
    let probe = |path: &str, times: &NodeMap| {
        let (port, scheme) = match web.http() {
            true => (&set.service.internal_port, None),
            false => (&set.service.tls.internal_port, Some("HTTPS")),
        };
        let mut probe = http_probe(&format!("{}/-/{path}", web.root), port, times);
        if let Some(scheme) = scheme {
            probe["httpGet"]["scheme"] = scheme.into();
        }
        probe
    };
    main.liveness_probe = Some(probe("liveness", &timing(&set.deployment.liveness_probe)));
    let readiness = || probe("readiness", &timing(&set.deployment.readiness_probe));
    main.readiness_probe = (!workhorse::health_checks(web)).then(readiness);
    let startup = &set.deployment.startup_probe;
    main.startup_probe = match startup {
        none if none.is_empty() => None,
        own if has_handler(own) => Some(json!(own)),
        times => Some(probe("readiness", times)),
    };
    // Puma's master ends the workers after their current requests.
    main.lifecycle = Some(json!({"preStop": {"exec": {"command": ["/bin/bash", "-c", "pkill -SIGINT -o ruby"]}}}));
    main
}

fn puma_env(web: &Web) -> Vec<(&'static str, String)> {
    let (set, cx) = (&web.set, web.w.cx);
    let puma = &set.puma;
    let text = |text: &Text| text.0.clone();
    let mut env = vec![
        ("GITLAB_WEBSERVER", text(&set.web_server)),
        ("WORKER_PROCESSES", text(&set.worker_processes)),
        ("WORKER_TIMEOUT", cx.text("global.webservice.workerTimeout").unwrap_or_else(|| "60".to_owned())),
        ("PUMA_THREADS_MIN", text(&puma.threads.min)),
        ("PUMA_THREADS_MAX", text(&puma.threads.max)),
        ("PUMA_WORKER_MAX_MEMORY", text(&puma.worker_max_memory)),
        ("DISABLE_PUMA_WORKER_KILLER", text(&puma.disable_worker_killer)),
        ("BIND_IP6", text(&puma.bind_ip6)),
        ("WORKHORSE_ARCHIVE_CACHE_DISABLED", "true".to_owned()),
    ];
    if !web.root.is_empty() {
        env.push(("RAILS_RELATIVE_URL_ROOT", web.root.clone()));
    }
    env
}

/// Copies the secrets of both containers into place.
fn configure(w: &Workload) -> Container {
    let mut container = w.init_container("configure", w.base_image());
    container.command = Some(json!(["sh"]));
    let scripts = ["/config-webservice/configure", "/config-workhorse/configure"];
    container.args_script = Some(Script {
        words: vec!["-c"],
        file: "_shared/files/configure-pod.sh",
        view: view! { scripts: scripts, tmp: "/tmp/gitlab" },
    });
    container.volume_mounts.splice(
        0..0,
        [
            mount(CONFIG, "/config-webservice", json!({"readOnly": true})),
            mount("workhorse-config", "/config-workhorse", json!({"readOnly": true})),
            mount(INIT_SECRETS, "/init-config", json!({"readOnly": true})),
            mount(SECRETS, "/init-secrets", json!({"readOnly": false})),
            mount("workhorse-secrets", "/init-secrets-workhorse", json!({"readOnly": false})),
            mount("shared-tmp", "/tmp", json!({"readOnly": false})),
        ],
    );
    container
}

fn dependencies(w: &Workload, image: ImageRef) -> Container {
    rails::dependencies(w, image, Process::Webservice, CONFIG, SECRETS)
        .with_env([("WORKHORSE_ARCHIVE_CACHE_DISABLED", "1".to_owned())])
}

fn volumes(web: &Web, all: &Workload, shared: &Shared) -> Vec<Node> {
    let w = &web.w;
    let mut sources = shared.secrets.clone();
    if let Some(secret) = web.certificate() {
        sources.push(certificate_source(&secret, "puma/puma"));
    }
    if let Some(secret) = web.metrics_certificate() {
        sources.push(certificate_source(&secret, "webservice-metrics/webservice-metrics"));
    }
    if let Some(secret) = workhorse::certificate(web) {
        sources.push(certificate_source(&secret, "gitlab-workhorse/tls"));
    }
    let own = [
        config_volume(CONFIG, &all.name),
        config_volume("workhorse-config", &workhorse::config_name(web)),
        // 0400: only the user of the container may read.
        projected_volume(INIT_SECRETS, 0o400, sources),
        memory_volume(SECRETS),
        memory_volume("workhorse-secrets"),
        json!({"name": "shared-upload-directory", "emptyDir": web.set.shared_upload_dir}),
        json!({"name": "shared-tmp", "emptyDir": web.set.shared_tmp_dir}),
    ];
    let metrics = web.set.metrics.enabled.then(|| memory_volume(METRICS));
    let mut volumes = shared.certificate_volumes.clone();
    volumes.extend(rails::volumes(w).into_iter().chain(own).chain(metrics).chain(ssh_host_keys(web)));
    volumes
}

/// The public halves of the host keys of Git over SSH.
fn ssh_host_keys(web: &Web) -> Vec<Node> {
    let set = &web.set.ssh_host_keys;
    if !set.mount {
        return Vec::new();
    }
    let keys: SecretKey = web.w.cx.read("global.shell.hostKeys");
    let default = format!("{}-gitlab-shell-host-keys", web.w.cx.release.name);
    let item = |kind: &Text| {
        let file = format!("ssh_host_{kind}_key.pub");
        json!({"key": file, "path": file})
    };
    let items: Vec<Node> = set.types.iter().map(item).collect();
    let secret = json!({"secretName": keys.secret.non_empty().unwrap_or(&default), "items": items});
    vec![json!({"name": set.mount_name, "secret": secret})]
}
