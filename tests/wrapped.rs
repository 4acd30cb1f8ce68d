//! Files of other tools that contain values give what their values give, and errors name the lines of those files.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::Deserialize;

use crate::common::{Ran, root, run};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    case: Vec<Case>,
}

/// Files, of which one is given with `-f`, and the others by `args` or because that one names them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    origin: String,
    release: String,
    #[serde(default)]
    namespace: Option<String>,
    /// The version of the chart; where it is not rendered, the default is.
    #[serde(default)]
    version: Option<String>,
    #[serde(default)]
    args: Vec<String>,
    /// The file that is given, where its name does not say so.
    #[serde(default)]
    main: Option<String>,
    /// A piece of one of the files, and the same with a misspelt key.
    #[serde(default)]
    planted: Option<[String; 2]>,
    /// What the error about it points at, where that is something else.
    #[serde(default)]
    planted_at: Option<String>,
    /// How many columns behind its beginning.
    #[serde(default)]
    planted_plus: usize,
    /// The plain values that mean the same, cut out by hand.
    values: String,
    files: BTreeMap<String, String>,
}

/// Names of files that are given.
const MAINS: [&str; 14] = [
    "app.yaml",
    "deploy/app.yaml",
    "set.yaml",
    "chart.yaml",
    "mygitlab.yaml",
    "gitlab.yaml",
    "helmfile.yaml",
    "stack.yaml",
    "release.yaml",
    "k/kustomization.yaml",
    "values.yaml",
    "bigbang.yaml",
    "kustomization.yaml",
    "base.yaml",
];

impl Case {
    fn main(&self) -> &str {
        let by_name = || MAINS.into_iter().find(|name| self.files.contains_key(*name));
        self.main.as_deref().or_else(by_name).expect("one is given")
    }

    /// Writes the files, renders the one that is given, and removes them.
    fn render(&self, files: &BTreeMap<String, String>, unknown_keys: &str) -> Ran {
        let dir = folder(files);
        let mut args = vec!["-f".to_owned(), self.main().to_owned()];
        args.extend(self.args.iter().cloned());
        template(dir.path(), unknown_keys, args)
    }

    /// Renders the plain values.
    fn plain(&self) -> Ran {
        let dir = folder(&BTreeMap::from([("plain.yaml".to_owned(), self.values.clone())]));
        let mut args: Vec<String> = ["--name", &self.release, "-f", "plain.yaml"].map(str::to_owned).to_vec();
        args.extend(self.namespace.iter().flat_map(|namespace| ["-n".to_owned(), namespace.clone()]));
        let versioned = self.version.iter().flat_map(|version| ["--gitlab-version".to_owned(), version.clone()]);
        let ran = template(dir.path(), "warn", args.iter().cloned().chain(versioned).collect());
        // a version that is too old, or not out yet
        match ran.stderr.contains("error[gitlab-version]") {
            true => template(dir.path(), "warn", args),
            false => ran,
        }
    }

    /// What is wrong with where the error about the misspelt key is shown.
    fn misplaced(&self) -> Option<String> {
        let [old, new] = self.planted.as_ref()?;
        let (name, text) = self.files.iter().find(|(_, text)| text.contains(old)).expect("it is in a file");
        let text = text.replacen(old, new, 1);
        let at = text.find(self.planted_at.as_ref().unwrap_or(new)).expect("it is there");
        let line = text[..at].matches('\n').count() + 1;
        let column = at - text[..at].rfind('\n').map_or(0, |newline| newline + 1) + 1 + self.planted_plus;
        let mut files = self.files.clone();
        files.insert(name.clone(), text);
        let ran = self.render(&files, "error");
        let place = format!("--> {name}:{line}:{column}\n");
        (ran.status != Some(3) || !ran.stderr.contains(&place)).then(|| format!("{place}{}", ran.stderr))
    }
}

fn folder(files: &BTreeMap<String, String>) -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().expect("it has one")).expect("a folder");
        fs::write(path, text).expect("it can be written");
    }
    dir
}

fn template(dir: &Path, unknown_keys: &str, args: Vec<String>) -> Ran {
    let mut all: Vec<String> = ["template", "--unknown-keys", unknown_keys].map(str::to_owned).to_vec();
    all.extend(args);
    run(dir, &all, &BTreeMap::new(), "")
}

/// The errors, without where they are.
fn errors(ran: &Ran) -> Vec<&str> {
    ran.stderr.lines().filter(|line| line.starts_with("error[")).collect()
}

#[test]
fn files_of_other_tools_give_what_their_values_give() {
    let mut wrong = Vec::new();
    let mut public = 0;
    for file in ["argocd", "cases", "charts", "flux", "operator", "umbrella"] {
        let text =
            fs::read_to_string(root().join(format!("tests/wrapped/{file}.toml"))).expect("the cases can be read");
        let cases: File = toml::from_str(&text).expect("the cases are TOML");
        for case in &cases.case {
            public += usize::from(case.origin.starts_with("public:"));
            let (found, wanted) = (case.render(&case.files, "warn"), case.plain());
            if found.stdout != wanted.stdout || errors(&found) != errors(&wanted) {
                let differs = found.stdout.lines().zip(wanted.stdout.lines()).find(|(a, b)| a != b);
                wrong.push(format!("{}: {differs:?}\n{}\n{}", case.origin, found.stderr, wanted.stderr));
            }
            wrong.extend(case.misplaced().map(|why| format!("{}: the error is not shown at {why}", case.origin)));
        }
    }
    assert!(public >= 35 && wrong.is_empty(), "{public} public files\n{}", wrong.join("\n\n"));
}

/// A file that is refused: its name, its text, and what is said.
const REFUSED: &[(&str, &str, &[&str])] = &[
    (
        "operator.tf",
        "resource \"helm_release\" \"gitlab-operator\" {\n}\nresource \"kubectl_manifest\" \"gitlab\" {\n  yaml_body = <<YAML\nkind: GitLab\nspec: {chart: {values: {global: {edition: ce}}}}\nYAML\n}\n",
        &["operator.tf:3:1\n", "value = kubectl_manifest.gitlab.yaml_body", "`terraform output -raw object`"],
    ),
    (
        "deploy.sh",
        "cat <<EOF | kubectl apply -f -\napiVersion: argoproj.io/v1alpha1\nkind: Application\nspec: {source: {chart: gitlab}}\nEOF\n",
        &["deploy.sh:1:1\n", "this is a shell script, and the object in it is no file yet"],
    ),
    (
        "zarf.yaml",
        "kind: ZarfPackageConfig\nmetadata: {name: gitlab}\ncomponents:\n- name: gitlab\n  charts: [{name: gitlab, valuesFiles: [values.yaml]}]\n",
        &["zarf.yaml:1:1\n", "`kind: ZarfPackageConfig`: this is a file of another tool", "name the values files"],
    ),
    (
        "kustomization.yaml",
        "helmCharts:\n- name: gitlab\n  valuesMerge: overide\n  valuesInline: {global: {edition: ce}}\n",
        &[
            "error[tool-option]: `valuesMerge: overide`",
            "kustomization.yaml:3:16\n",
            "did you mean `override`?",
            "`merge`, ",
        ],
    ),
    (
        "release.yaml",
        "kind: HelmRelease\napiVersion: helm.toolkit.fluxcd.io/v2\nspec:\n  chart: {spec: {chart: gitlab}}\n  valuesFrom:\n  - {kind: Secrets, name: x}\n",
        &[
            "error[tool-option]: `kind: Secrets`: Flux does not know this word",
            "release.yaml:6:12\n",
            "did you mean `Secret`?",
        ],
    ),
    (
        "helmfile.yaml",
        "missingFileHandler: Ignore\nreleases:\n- {name: gitlab, chart: gitlab/gitlab, values: [{global: {edition: ce}}]}\n",
        &[
            "error[tool-option]: `missingFileHandler: Ignore`",
            "helmfile.yaml:1:21\n",
            "`Error`, `Warn`, `Info`, `Debug`",
        ],
    ),
    (
        "helmfile.yaml",
        "releases:\n- name: gitlab\n  chart: gitlab/gitlab\n  valuesTemplate: [{global: {edition: ce}}]\n",
        &["helmfile evaluates the templates of `valuesTemplate`", "helmfile.yaml:4:3\n", "`helmfile write-values`"],
    ),
    (
        "template.yaml",
        "kind: Template\napiVersion: template.openshift.io/v1\nobjects:\n- kind: GitLab\n  apiVersion: apps.gitlab.com/v1beta1\n  spec: {chart: {values: {global: {hosts: {domain: '${DOMAIN}'}}}}}\n",
        &["this is a template of OpenShift", "template.yaml:1:1\n", "`oc process --local -f FILE -o yaml`"],
    ),
    (
        "release.yaml",
        "kind: HelmRelease\napiVersion: helm.toolkit.fluxcd.io/v2\nspec:\n  chart: {spec: {chart: gitlab}}\n  values: {global: {edition: xx, smtp: {address: '${SMTP:=x}'}}}\n",
        &["warning[placeholder]: `${SMTP}` stays as it is here", "release.yaml:5:50\n", "`flux build kustomization"],
    ),
    (
        "set.yaml",
        "kind: ApplicationSet\napiVersion: argoproj.io/v1alpha1\nspec:\n  generators: [{list: {elements: [{e: a}, {e: b}]}}]\n  template:\n    metadata: {name: 'gitlab-{{e}}'}\n    spec:\n      source: {chart: gitlab, helm: {valuesObject: {global: {edition: ce}}}}\n",
        &["error[several-releases]", "the Application `gitlab-a`, the Application `gitlab-b`", "`--name` selects one"],
    ),
    (
        "set.yaml",
        "kind: ApplicationSet\napiVersion: argoproj.io/v1alpha1\nspec:\n  generators: [{list: {elements: [{e: a}, {e: b}]}}]\n  template:\n    metadata: {name: 'gitlab-{{e}}'}\n    spec:\n      source: {chart: gitlab, helm: {releaseName: gl, valuesObject: {global: {edition: ce}}}}\n",
        &["error[several-releases]", "their releases have the same name", "`argocd appset generate FILE -o yaml`"],
    ),
    (
        "main.tf",
        "resource \"helm_release\" \"forge\" {\n  chart = \"gitlab\"\n  values = [<<EOT\nglobal:\n  edition: ce\nEOT\n  ]\n  set {\n    name = \"a\"\n  }\n}\n",
        &["main.tf:1:1\n", "`terraform output -raw values`", "helm_release.forge.values[0]"],
    ),
    (
        "gitlab.txt",
        "resource \"helm_release\" \"gitlab\" {\n  values = [yamlencode({\n    global = { edition = \"ce\" }\n  })]\n}\n",
        &["is Terraform configuration"],
    ),
    ("a.yaml", "global: {hosts: {domain: $DOMAIN}}\n", &["a.yaml:1:18\n", "for example with `envsubst < values.yaml`"]),
    (
        "b.yaml",
        "global:\n  hosts:\n    domain: ${DOMAIN}\n",
        &["b.yaml:3:5\n", "for example with `envsubst < values.yaml`"],
    ),
    (
        "secrets.yaml",
        "global:\n  edition: ENC[AES256_GCM,data:x]\nsops:\n  mac: ENC[x]\n",
        &["secrets.yaml:3:1\n", "`--values-from 'sops -d secrets.yaml'`"],
    ),
    ("v.age", "age-encryption.org/v1\n-> X25519 x\n", &["`v.age` is encrypted by age", "age -d -i KEY v.age"]),
    (
        "helmfile.yaml",
        "releases:\n- name: gitlab\n  chart: gitlab/gitlab\n  installed: {{ .Values.gitlab | toYaml }}\n",
        &["helmfile.yaml:4:14\n", "this is a template of helmfile", "`helmfile write-values`"],
    ),
    (
        "helmfile.yaml",
        "releases:\n- name: gitlab\n  chart: gitlab/gitlab\n  values: [\"values/{{ .Environment.Name }}.yaml\", x.yaml.gotmpl]\n",
        &[
            "`values/{{ .Environment.Name }}.yaml` contains values, but is a template of helmfile",
            "`x.yaml.gotmpl` contains values, but is a template of helmfile",
        ],
    ),
    (
        "app.yaml",
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nspec:\n  source: {{ .Values.source | toYaml }}\n",
        &["this is a template of Helm", "`helm template CHART"],
    ),
    (
        "set.yaml",
        "kind: ApplicationSet\napiVersion: argoproj.io/v1alpha1\nspec:\n  template:\n    spec:\n      source:\n        chart: gitlab\n        helm: {valuesObject: {global: {hosts: {domain: '{{.domain}}'}}}}\n",
        &["`{{.domain}}` is filled in by the controller", "set.yaml:8:", "`argocd appset generate FILE -o yaml`"],
    ),
    (
        "Pulumi.yaml",
        "name: x\nruntime: yaml\nresources:\n  gitlab:\n    type: kubernetes:helm.sh/v3:Release\n    properties:\n      values:\n        global: {edition: ce}\n",
        &["Pulumi.yaml:7:7\n", "`--values-at 'resources.gitlab.properties.values'`"],
    ),
    (
        "map.yaml",
        "kind: ConfigMap\napiVersion: v1\ndata:\n  v.yaml: |\n    global:\n      edition: ce\n",
        &["`--values-at 'data.v\\.yaml'`"],
    ),
    (
        "bb.yaml",
        "addons:\n  gitlab:\n    enabled: true\n",
        &["bb.yaml:2:3\n", "write those of the chart below `addons.gitlab.values`"],
    ),
    (
        "release.yaml",
        "kind: HelmRelease\napiVersion: helm.toolkit.fluxcd.io/v2\nspec:\n  chart: {spec: {chart: gitlab}}\n  valuesFrom:\n  - {kind: Secret, name: one}\n  - {kind: ConfigMap, name: two, valuesKey: k}\n",
        &[
            "`values.yaml` of the Secret `one` contains values, but is not among the files",
            "`k` of the ConfigMap `two` contains values, but is not among",
            "release.yaml:7:29\n",
        ],
    ),
    (
        "set.yaml",
        "kind: ApplicationSet\napiVersion: argoproj.io/v1alpha1\nspec:\n  templatePatch: |\n    spec: {source: {helm: {values: x}}}\n  template:\n    spec:\n      source: {chart: gitlab, helm: {valuesObject: {global: {edition: ce}}}}\n",
        &["`templatePatch` changes this template", "set.yaml:4:3\n", "`argocd appset generate FILE -o yaml`"],
    ),
    (
        "chart.yaml",
        "kind: HelmChart\napiVersion: helm.cattle.io/v1\nmetadata: {name: gitlab}\nspec:\n  chart: gitlab\n  valuesSecrets:\n  - {name: one, keys: [a.yaml, b.yaml]}\n",
        &["`a.yaml` of the Secret `one` contains values", "`b.yaml` of the Secret `one`", "chart.yaml:7:24\n"],
    ),
    (
        "release.yaml",
        "kind: HelmRelease\napiVersion: helm.toolkit.fluxcd.io/v2beta1\nspec:\n  chart: {spec: {chart: gitlab, valuesFile: values-prod.yaml}}\n  values: {global: {edition: ce}}\n",
        &["`values-prod.yaml` contains values, but is a file of the chart"],
    ),
    (
        "fleet.yaml",
        "helm:\n  chart: gitlab\n  values: {global: {hosts: {domain: '${ .ClusterLabels.domain }'}}}\n",
        &["Fleet fills labels of the cluster into these values", "fleet.yaml:3:"],
    ),
    (
        "fleet.yaml",
        "helm:\n  chart: gitlab\n  templateValues: {global: '${ .ClusterValues.global }'}\n",
        &["Fleet evaluates the templates of `templateValues`", "fleet.yaml:3:3\n"],
    ),
    (
        "fleet.yaml",
        "helm:\n  chart: gitlab\n  values: {global: {edition: ce}}\ntargetCustomizations:\n- name: a\n  helm: {values: {}}\n",
        &["the clusters of `targetCustomizations` have values of their own"],
    ),
    (
        "fleet.yaml",
        "helm:\n  chart: gitlab\n  values: {global: {edition: ce}}\n  set: {global.edition: ee}\n",
        &["`set`: Fleet does not read this key", "fleet.yaml:4:3\n", "`valuesFiles`"],
    ),
    (
        "app.yaml",
        "kind: Application\napiVersion: argoproj.io/v1alpha1\nspec:\n  source:\n    repoURL: https://charts.gitlab.io\n    chart: gitlab\n    helm:\n      valuesFiles: [a.yaml]\n      values: 'global: {edition: ce}'\n",
        &["`valuesFiles`: Argo CD does not read this key", "app.yaml:8:7\n", "`valueFiles`"],
    ),
    (
        "release.yaml",
        "kind: HelmRelease\napiVersion: helm.toolkit.fluxcd.io/v2\nspec:\n  chart: {spec: {chart: gitlab}}\n  valuesFiles: [a.yaml]\n  values: {global: {edition: ce}}\n",
        &["`valuesFiles`: Flux does not read this key", "release.yaml:5:3\n"],
    ),
    (
        "chart.yaml",
        "kind: HelmChart\napiVersion: helm.cattle.io/v1\nmetadata: {name: gitlab}\nspec:\n  chart: gitlab\n  valueContent: 'global: {edition: ce}'\n",
        &["`valueContent`: the Helm controller does not read this key", "chart.yaml:6:3\n"],
    ),
    (
        "kustomization.yaml",
        "helmCharts:\n- name: gitlab\n  valueFile: a.yaml\n  valuesInline: {global: {edition: ce}}\n",
        &["`valueFile`: kustomize does not read this key", "kustomization.yaml:3:3\n"],
    ),
];

#[test]
fn what_is_not_values_says_what_to_do() {
    for (name, text, said) in REFUSED {
        for unknown_keys in ["warn", "error"] {
            let dir = folder(&BTreeMap::from([((*name).to_owned(), (*text).to_owned())]));
            let ran = template(dir.path(), unknown_keys, vec!["-f".to_owned(), (*name).to_owned()]);
            assert_eq!((ran.status, ran.stdout.as_str()), (Some(3), ""), "{name}: {}", ran.stderr);
            for part in *said {
                assert!(ran.stderr.contains(part), "{part} is not in\n{}", ran.stderr);
            }
        }
    }
}

#[test]
fn a_host_that_another_program_fills_in_is_a_warning_without_an_ingress() {
    let release = "kind: HelmRelease\napiVersion: helm.toolkit.fluxcd.io/v2\nspec:\n  chart: {spec: {chart: gitlab}}\n  values:\n    certmanager-issuer: {email: a@example.com}\n    global:\n      ingress: {enabled: false}\n      hosts: {domain: '${DOMAIN}', ssh: 'ssh.${DOMAIN}'}\n";
    let dir = folder(&BTreeMap::from([("r.yaml".to_owned(), release.to_owned())]));
    let ran = template(dir.path(), "error", vec!["-f".to_owned(), "r.yaml".to_owned()]);
    assert_eq!(ran.status, Some(0), "{}", ran.stderr);
    for part in [
        "warning[placeholder]: 2 values still hold a placeholder: `global.hosts.domain`, `global.hosts.ssh`",
        "r.yaml:9:15\n",
    ] {
        assert!(ran.stderr.contains(part), "{part} is not in\n{}", ran.stderr);
    }
}

const RELEASE: &str = "kind: HelmRelease\napiVersion: helm.toolkit.fluxcd.io/v2\nmetadata: {name: own, namespace: there}\nspec:\n  chart: {spec: {chart: gitlab}}\n  values:\n    certmanager-issuer: {email: a@example.com}\n    global: {edition: ce}\n";

#[test]
fn the_plugins_take_files_with_values_and_their_own_names_win() {
    let dir = folder(&BTreeMap::from([("r.yaml".to_owned(), RELEASE.to_owned())]));
    let env =
        |pairs: &[(&str, &str)]| pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let mut variables = vec![
        ("ARGOCD_APP_NAME", "prod"),
        ("ARGOCD_ENV_VALUES", "r.yaml"),
        ("KUBE_VERSION", "1.34"),
        // what Argo CD sets besides
        ("KUBE_API_VERSIONS", "v1,v1/Pod,apps/v1/Deployment"),
        ("ARGOCD_APP_REVISION", "0123456789abcdef"),
        ("ARGOCD_APP_PARAMETERS", "[{\"name\":\"x\",\"string\":\"y\"}]"),
        ("PARAM_X", "y"),
    ];
    let ran = run(dir.path(), &["argocd".to_owned()], &env(&variables), "");
    assert_eq!(ran.status, Some(0), "{}", ran.stderr);
    assert!(ran.stdout.contains("name: prod-kas\n") && ran.stdout.contains("sidekiq-ce"), "{}", ran.stderr);
    assert!(ran.stdout.contains(".there.svc"), "the namespace is the file's");
    variables.push(("ARGOCD_APP_NAMESPACE", "mine"));
    let ran = run(dir.path(), &["argocd".to_owned()], &env(&variables), "");
    assert!(ran.stdout.contains(".mine.svc") && !ran.stdout.contains(".there.svc"), "{}", ran.stderr);
    let list = "kind: ResourceList\napiVersion: config.kubernetes.io/v1\nitems: []\nfunctionConfig:\n  apiVersion: gitlab-render/v1\n  kind: GitLab\n  metadata: {name: prod}\n  spec: {valuesFiles: [r.yaml], values: {global: {edition: ee}}}\n";
    let ran = run(dir.path(), &["krm".to_owned()], &BTreeMap::new(), list);
    assert_eq!(ran.status, Some(0), "{}", ran.stderr);
    let list: serde_json::Value = serde_yaml::from_str(&ran.stdout).expect("it is a list");
    let names: Vec<&str> =
        list["items"].as_array().expect("items").iter().filter_map(|item| item["metadata"]["name"].as_str()).collect();
    assert!(names.contains(&"prod-kas") && names.len() > 50, "{names:?}");
    assert!(ran.stdout.contains("sidekiq-ee") && ran.stdout.contains(".there.svc"));
    // an error is at its line in the file
    fs::write(dir.path().join("r.yaml"), RELEASE.replace("edition", "editoin")).expect("it can be written");
    let ran = run(dir.path(), &["argocd".to_owned()], &env(&variables), "");
    assert!(ran.status == Some(3) && ran.stderr.contains("--> r.yaml:8:14\n"), "{}", ran.stderr);
}

/// A file, and the warnings about what it says beside values.
const BESIDE_VALUES: &[(&str, &str, &[&str])] = &[
    (
        "kustomization.yaml",
        "namespace: outer\nnamePrefix: my-\nimages: []\npatches: [{path: p.yaml}]\nhelmCharts:\n- name: gitlab\n  releaseName: gitlab\n  namespace: inner\n  valuesInline: VALUES\n",
        &[
            "warning[not-applied]: `patches`, `namePrefix`, `namespace` of the Kustomization `gitlab` change the objects after the chart has made them, and are not applied here\n --> kustomization.yaml:4:1\n",
            "namespace `inner`",
        ],
    ),
    (
        "release.yaml",
        "kind: HelmRelease\napiVersion: helm.toolkit.fluxcd.io/v2\nmetadata: {name: own, namespace: '${cluster}'}\nspec:\n  chart: {spec: {chart: gitlab}}\n  postRenderers: [{kustomize: {patches: []}}]\n  values: VALUES\n",
        &[
            "warning[not-applied]: `postRenderers` of the HelmRelease `own` changes",
            "release.yaml:6:3\n",
            "warning[fact-unread]: `${cluster}` is not used for the namespace: the tool of this file fills it in\n --> release.yaml:3:34\n",
            "`--namespace`",
        ],
    ),
    (
        "set.yaml",
        "kind: ApplicationSet\napiVersion: argoproj.io/v1alpha1\nspec:\n  template:\n    metadata: {name: '{{.env}}-gitlab'}\n    spec:\n      source: {chart: gitlab, helm: {valuesObject: VALUES}}\n      destination: {namespace: 'gitlab-{{.env}}'}\n",
        &[
            "`{{.env}}-gitlab` is not used for the release: the tool of this file fills it in\n --> set.yaml:5:22\n",
            "`gitlab-{{.env}}` is not used for the namespace",
            "`--name`",
        ],
    ),
    (
        "release.yaml",
        "kind: HelmRelease\napiVersion: helm.toolkit.fluxcd.io/v2\nmetadata: {name: Own_Name}\nspec:\n  chart: {spec: {chart: gitlab}}\n  values: VALUES\n",
        &["`Own_Name` is not used for the release: a name has lower-case letters", "release.yaml:3:18\n"],
    ),
    (
        "helmfile.yaml",
        "kubeVersion: newest\nreleases:\n- name: gitlab\n  chart: gitlab/gitlab\n  jsonPatches: [x]\n  values: [VALUES]\n",
        &[
            "`jsonPatches` of the helmfile release `gitlab` changes",
            "`newest` is not used for the Kubernetes version: a version is two numbers with a dot between them",
            "`--kube-version`",
        ],
    ),
];

#[test]
fn what_a_tool_does_besides_is_named() {
    for (name, text, said) in BESIDE_VALUES {
        let text = text.replace("VALUES", "{certmanager-issuer: {email: a@example.com}}");
        let dir = folder(&BTreeMap::from([((*name).to_owned(), text)]));
        let ran = template(dir.path(), "error", vec!["-f".to_owned(), (*name).to_owned()]);
        assert_eq!(ran.status, Some(0), "{name}: {}", ran.stderr);
        for part in *said {
            assert!(ran.stderr.contains(part), "{part} is not in\n{}", ran.stderr);
        }
    }
}

/// What a file says of the cluster is what the flags would say; the flags win.
#[test]
fn the_cluster_of_a_file_is_the_default_of_the_flags() {
    let values = "certmanager-issuer: {email: a@example.com}\ngitlab: {webservice: {metrics: {serviceMonitor: {enabled: true}}}}\n";
    let inline = "{certmanager-issuer: {email: a@example.com}, gitlab: {webservice: {metrics: {serviceMonitor: {enabled: true}}}}}";
    let cluster = "kubeVersion: v1.33.4+k3s1, apiVersions: [monitoring.coreos.com/v1]";
    let app = format!(
        "kind: Application\napiVersion: argoproj.io/v1alpha1\nmetadata: {{name: gitlab}}\nspec: {{source: {{chart: gitlab, helm: {{{cluster}, valuesObject: {inline}}}}}}}\n"
    );
    let kustomization =
        format!("helmCharts: [{{name: gitlab, releaseName: gitlab, {cluster}, valuesInline: {inline}}}]\n");
    let helmfile = format!(
        "kubeVersion: v1.33.4+k3s1\nreleases: [{{name: gitlab, chart: g/gitlab, apiVersions: [monitoring.coreos.com/v1], values: [{inline}]}}]\n"
    );
    let dir = folder(&BTreeMap::from([
        ("values.yaml".to_owned(), values.to_owned()),
        ("app.yaml".to_owned(), app),
        ("kustomization.yaml".to_owned(), kustomization),
        ("helmfile.yaml".to_owned(), helmfile),
    ]));
    let render = |args: &[&str]| {
        let ran = template(dir.path(), "error", args.iter().map(|arg| (*arg).to_owned()).collect());
        assert_eq!(ran.status, Some(0), "{}", ran.stderr);
        ran
    };
    let flags = ["gitlab", "--kube-version", "1.33", "-a", "monitoring.coreos.com/v1"];
    let wanted = render(&[&flags[..], &["-f", "values.yaml"]].concat()).stdout;
    assert!(wanted.contains("kind: ServiceMonitor"));
    for file in ["app.yaml", "kustomization.yaml", "helmfile.yaml"] {
        let ran = render(&["-f", file]);
        assert!(ran.stdout == wanted, "{file}: {}", ran.stderr);
        assert!(
            ran.stderr.contains("Kubernetes 1.33.4, the API versions monitoring.coreos.com/v1 are its defaults"),
            "{}",
            ran.stderr
        );
        assert!(!render(&["-f", file, "-a", "keda.sh/v1alpha1"]).stdout.contains("kind: ServiceMonitor"), "{file}");
    }
}

#[test]
fn a_misspelt_section_is_no_other_chart() {
    for text in [
        "globl:\n  hosts: {gitlab: {name: a}, registry: {name: b}, minio: {name: c}}\n  registry: {enabled: false}\n  minio: {enabled: false}\n",
        "globl: {gitlab: {license: {}}, registry: {bucket: x}}\n",
    ] {
        let dir = folder(&BTreeMap::from([("v.yaml".to_owned(), text.to_owned())]));
        let ran = template(dir.path(), "error", vec!["-f".to_owned(), "v.yaml".to_owned()]);
        assert_eq!(ran.status, Some(3), "{}", ran.stderr);
        assert_eq!(errors(&ran), ["error[unknown-key]: `globl` is not a known key"], "{}", ran.stderr);
        let ran = template(dir.path(), "warn", vec!["-f".to_owned(), "v.yaml".to_owned()]);
        assert!(
            ran.status == Some(3) && ran.stderr.contains("none of the keys in this file is known"),
            "{}",
            ran.stderr
        );
    }
}

/// An ApplicationSet whose generators are lists gives the Application that `--name` names, with the places of its file.
#[test]
fn an_application_of_a_set_is_selected_by_its_name() {
    let set = "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {name: gitlab}\nspec:\n  generators:\n  - list:\n      elements:\n      - {env: dev, domain: dev.example.com}\n      - {env: prod, domain: example.com}\n  template:\n    metadata: {name: 'gitlab-{{env}}'}\n    spec:\n      destination: {namespace: 'gl-{{env}}'}\n      source:\n        chart: gitlab\n        helm:\n          values: |\n            certmanager-issuer: {email: a@example.com}\n            global:\n              hosts: {domain: \"{{domain}}\"}\n              edition: ce\n";
    let plain = "certmanager-issuer: {email: a@example.com}\nglobal: {hosts: {domain: example.com}, edition: ce}\n";
    let files =
        |set: String| BTreeMap::from([("set.yaml".to_owned(), set), ("plain.yaml".to_owned(), plain.to_owned())]);
    let dir = folder(&files(set.to_owned()));
    let ran = |dir: &Path, args: &str| template(dir, "error", args.split(' ').map(str::to_owned).collect());
    let (found, wanted) = (
        ran(dir.path(), "-f set.yaml --name gitlab-prod"),
        ran(dir.path(), "-f plain.yaml --name gitlab-prod -n gl-prod"),
    );
    assert!(found.stdout == wanted.stdout && found.status == Some(0), "{}", found.stderr);
    let dir = folder(&files(set.replace("edition: ce", "editionn: ce")));
    let found = ran(dir.path(), "-f set.yaml --name gitlab-prod");
    assert!(found.stderr.contains("--> set.yaml:21:15\n"), "{}", found.stderr);
}

/// A wrong value is shown at itself, an unknown key at its name, and in every layer that has it.
#[test]
fn places_are_those_of_the_value_or_of_the_name_in_every_layer() {
    let app = "kind: Application\napiVersion: argoproj.io/v1alpha1\nspec:\n  source:\n    chart: gitlab\n    helm:\n      values: \"global:\\n  editionn: ce\\n\"\n      parameters:\n      - name: global.editionn\n        value: ce\n      - name: global.edition\n        value: xx\n      - {value: '1', name: gitlab.webservice.minReplica}\n";
    let chart = "kind: HelmChart\napiVersion: helm.cattle.io/v1\nmetadata: {name: gitlab}\nspec:\n  chart: gitlab\n  set:\n    global.edition: xx\n    global.editionn: ce\n";
    let folded = "kind: HelmRelease\napiVersion: helm.toolkit.fluxcd.io/v2\nspec:\n  chart: {spec: {chart: gitlab}}\n  valuesFrom: [{kind: ConfigMap, name: c}]\n  values:\n    global: {editionn: ce}\n---\nkind: ConfigMap\napiVersion: v1\nmetadata: {name: c}\ndata:\n  values.yaml: >\n    global:\n      editionn: ce\n";
    let (base, prod) = ("global:\n  editionn: ce\n", "# prod\nglobal:\n    editionn: ce\n");
    for (files, args, places) in [
        (vec![("a.yaml", app)], "-f a.yaml", &["a.yaml:9:9\n", "a.yaml:7:27\n", "a.yaml:12:9\n", "a.yaml:13:22\n"][..]),
        (vec![("c.yaml", chart)], "-f c.yaml", &["c.yaml:7:5\n", "c.yaml:8:5\n"]),
        (vec![("r.yaml", folded)], "-f r.yaml", &["r.yaml:7:14\n", "15 |       editionn: ce\n"]),
        (
            vec![("base.yaml", base), ("prod.yaml", prod)],
            "-f base.yaml -f prod.yaml",
            &["prod.yaml:3:5\n", "base.yaml:2:3\n"],
        ),
    ] {
        let files = files.into_iter().map(|(name, text)| (name.to_owned(), text.to_owned())).collect();
        let dir = folder(&files);
        let ran = template(dir.path(), "error", args.split(' ').map(str::to_owned).collect());
        for place in places {
            assert!(ran.stderr.contains(place), "{place} is not in\n{}", ran.stderr);
        }
    }
}
