//! A Kubernetes API server of our own: started, asked, and stopped when the test that has it ends.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;

use serde_json::{Value, json};
use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};

use crate::common::{Ran, root, run_program};

/// A server without kubelets and controllers: it checks and stores, and nothing ever runs.
pub struct Server {
    child: Child,
    folder: PathBuf,
    kubectl: PathBuf,
    url: String,
    token: String,
    agent: ureq::Agent,
    resources: HashMap<(String, String), Resource>,
    namespaces: Mutex<HashSet<String>>,
}

/// How a kind stands in the server's paths.
struct Resource {
    plural: String,
    namespaced: bool,
}

/// What the server said to one request.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    /// What it wants of the writer: a deprecated field, a pod that a policy would refuse.
    pub warnings: Vec<String>,
    /// The object as it is or would be stored, or the reason of a refusal.
    pub body: Value,
}

impl Answer {
    /// The server's sentence; none where it did what it was asked to.
    pub fn refusal(&self) -> Option<&str> {
        (self.status >= 300).then(|| self.body["message"].as_str().unwrap_or("no message"))
    }

    /// Refusal and warnings as lines to show.
    pub fn complaints(&self) -> impl Iterator<Item = String> {
        let refusal = self.refusal().map(|text| format!("refused ({}): {text}", self.status));
        refusal.into_iter().chain(self.warnings.iter().map(|text| format!("warning: {text}")))
    }
}

impl Server {
    /// Starts a server; with what `build.sh` made, that takes a few seconds.
    ///
    /// # Panics
    /// With the reason, where it cannot be built or started.
    pub fn start() -> Self {
        let mut child = Command::new(root().join("tests/apiserver/serve.sh"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("serve.sh starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("stdout is piped")).read_line(&mut line).expect("serve.sh talks");
        assert!(!line.is_empty(), "no API server: the reason stands above");
        let folder = PathBuf::from(line.trim_end());
        let read = |name: &str| std::fs::read_to_string(folder.join(name)).expect("serve.sh wrote the file");
        let (url, token) = (read("url"), read("token"));
        let mut server = Server {
            child,
            agent: agent(read("ca.crt").as_bytes()),
            kubectl: PathBuf::from(read("kubectl")),
            folder,
            url,
            token,
            resources: HashMap::new(),
            namespaces: Mutex::default(),
        };
        server.resources = server.discover();
        server
    }

    /// The kinds that the server has, from its aggregated discovery.
    fn discover(&self) -> HashMap<(String, String), Resource> {
        let form = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
        let mut resources = HashMap::new();
        for path in ["/api", "/apis"] {
            let request = self.agent.get(format!("{}{path}", self.url));
            let request = request.header("Authorization", self.bearer()).header("Accept", form);
            let groups = answer(request.call()).body;
            for group in list(&groups["items"]) {
                let name = group["metadata"]["name"].as_str().unwrap_or_default();
                for version in list(&group["versions"]) {
                    let version_name = text(&version["version"]);
                    let api = if name.is_empty() { version_name.clone() } else { format!("{name}/{version_name}") };
                    for resource in list(&version["resources"]) {
                        let kind = (api.clone(), text(&resource["responseKind"]["kind"]));
                        let namespaced = resource["scope"] == "Namespaced";
                        resources.insert(kind, Resource { plural: text(&resource["resource"]), namespaced });
                    }
                }
            }
        }
        assert!(resources.len() > 50, "the server has {} kinds", resources.len());
        resources
    }

    /// Sends an object to be created. A dry run goes through every check of the server, field names included.
    pub fn create(&self, object: &Value, namespace: &str, dry_run: bool) -> Answer {
        let path = match self.collection(object, namespace) {
            Ok(path) => path,
            Err(answer) => return answer,
        };
        let url = format!("{}{path}?fieldValidation=Strict{}", self.url, dry(dry_run));
        let request = self.agent.post(url).header("Authorization", self.bearer());
        answer(request.content_type("application/json").send(object.to_string()))
    }

    /// Server-side apply, as Flux and Argo CD do it.
    pub fn apply(&self, object: &Value, namespace: &str, dry_run: bool) -> Answer {
        let path = match self.path(object, namespace) {
            Ok(path) => path,
            Err(answer) => return answer,
        };
        let query = "fieldManager=gitlab-render-test&force=true&fieldValidation=Strict";
        let url = format!("{}{path}?{query}{}", self.url, dry(dry_run));
        let request = self.agent.patch(url).header("Authorization", self.bearer());
        answer(request.content_type("application/apply-patch+yaml").send(object.to_string()))
    }

    /// The stored object; none where there is none of this name.
    pub fn get(&self, object: &Value, namespace: &str) -> Option<Value> {
        let path = self.path(object, namespace).ok()?;
        let request = self.agent.get(format!("{}{path}", self.url)).header("Authorization", self.bearer());
        let answer = answer(request.call());
        (answer.status == 200).then_some(answer.body)
    }

    /// Takes an object away at once, whatever protects it: there are no controllers that would let it go.
    pub fn delete(&self, object: &Value, namespace: &str) {
        let path = self.path(object, namespace).expect("the server has the kind");
        let url = format!("{}{path}", self.url);
        let request = self.agent.patch(&url).header("Authorization", self.bearer());
        let free = json!({"metadata": {"finalizers": null}}).to_string();
        answer(request.content_type("application/merge-patch+json").send(free));
        // a Job would wait for somebody to orphan its pods
        let url = format!("{url}?propagationPolicy=Background");
        answer(self.agent.delete(url).header("Authorization", self.bearer()).call());
    }

    /// Makes a namespace with labels, once.
    pub fn namespace(&self, name: &str, labels: &BTreeMap<&str, &str>) {
        // held until the namespace is there: another thread may want it in the same moment
        let mut made = self.namespaces.lock().expect("no test panicked with it");
        if !made.insert(name.to_owned()) {
            return;
        }
        let object = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}});
        let answer = self.apply(&object, "", false);
        assert!(answer.refusal().is_none(), "namespace {name}: {answer:?}");
    }

    /// Runs kubectl against this server.
    pub fn kubectl(&self, args: &[&str], stdin: &str) -> Ran {
        let mut command = Command::new(&self.kubectl);
        command.arg("--kubeconfig").arg(self.folder.join("kubeconfig")).args(args);
        // `kubectl diff` looks for the program `diff`
        command.env_clear().env("HOME", &self.folder).env("PATH", std::env::var_os("PATH").unwrap_or_default());
        run_program(command, stdin)
    }

    /// The command line by which a shell runs kubectl against this server.
    pub fn kubectl_line(&self) -> String {
        format!("exec {} --kubeconfig {}/kubeconfig \"$@\"", self.kubectl.display(), self.folder.display())
    }

    /// The same for Helm, where `build.sh` could have it.
    pub fn helm_line(&self) -> Option<String> {
        let helm = std::fs::read_to_string(self.folder.join("helm")).ok()?;
        Some(format!("exec {helm} --kubeconfig {}/kubeconfig \"$@\"", self.folder.display()))
    }

    fn bearer(&self) -> String {
        format!("Bearer {}", self.token)
    }

    fn path(&self, object: &Value, namespace: &str) -> Result<String, Answer> {
        let name = object["metadata"]["name"].as_str().unwrap_or_default();
        Ok(format!("{}/{name}", self.collection(object, namespace)?))
    }

    /// Where objects of a kind are created; the object's own namespace, which is made where it is missing, or the given.
    fn collection(&self, object: &Value, namespace: &str) -> Result<String, Answer> {
        let kind = (text(&object["apiVersion"]), text(&object["kind"]));
        let Some(resource) = self.resources.get(&kind) else {
            let body = json!({"message": format!("the server has no kind {} of {}", kind.1, kind.0)});
            return Err(Answer { status: 404, warnings: Vec::new(), body });
        };
        let prefix = prefix(&kind.0);
        if !resource.namespaced {
            return Ok(format!("{prefix}/{}", resource.plural));
        }
        let namespace = object["metadata"]["namespace"].as_str().unwrap_or(namespace);
        self.namespace(namespace, &BTreeMap::new());
        Ok(format!("{prefix}/namespaces/{namespace}/{}", resource.plural))
    }
}

impl Drop for Server {
    /// The script stops both servers when the pipe that it reads closes, which a killed test does as well.
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

/// A client that trusts the server's own certificate and nobody else's.
fn agent(certificates: &[u8]) -> ureq::Agent {
    // the second server of a run finds it set
    let _ = rustls::crypto::ring::default_provider().install_default();
    let trusted: Vec<_> = parse_pem(certificates)
        .filter_map(|item| match item {
            Ok(PemItem::Certificate(certificate)) => Some(certificate),
            _ => None,
        })
        .collect();
    let tls = TlsConfig::builder().root_certs(RootCerts::new_with_certs(&trusted)).build();
    ureq::Agent::config_builder().tls_config(tls).http_status_as_error(false).proxy(None).build().new_agent()
}

fn answer(response: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Answer {
    let mut response = response.expect("the server answers");
    let headers = response.headers().get_all("Warning").iter();
    let warnings = headers.filter_map(|header| header.to_str().ok()).map(warning).collect();
    let body = response.body_mut().read_to_vec().expect("the answer can be read");
    Answer {
        status: response.status().as_u16(),
        warnings,
        body: serde_json::from_slice(&body).unwrap_or_else(|_| json!({"message": String::from_utf8_lossy(&body)})),
    }
}

/// The text of a `Warning` header: `299 - "the text"`.
fn warning(header: &str) -> String {
    let quoted = header.split_once('"').map_or(header, |(_, rest)| rest.trim_end().trim_end_matches('"'));
    quoted.replace("\\\"", "\"")
}

fn prefix(api_version: &str) -> String {
    if api_version.contains('/') { format!("/apis/{api_version}") } else { format!("/api/{api_version}") }
}

fn dry(dry_run: bool) -> &'static str {
    if dry_run { "&dryRun=All" } else { "" }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}
