//! `gitlab-render krm`.

use std::path::Path;

use clap::Args;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Exit, adapter};
use crate::diag::{Diagnostic, Failure};
use crate::files::read_text;
use crate::pipeline::{self, resource_list::ResourceList};
use crate::ui::Ui;
use crate::values::Input;

/// `gitlab-render krm`.
#[derive(Debug, Args)]
#[command(after_help = "\
Example, a generator of a kustomization (`generators: [gitlab.yaml]`):
  apiVersion: gitlab-render/v1
  kind: GitLab
  metadata:
    name: prod
    namespace: gitlab
    annotations:
      config.kubernetes.io/function: |
        exec: {path: gitlab-render, args: [krm]}
  spec:
    gitlabVersion: '18.10'
    valuesFiles: [values.yaml]
    values:
      global: {hosts: {domain: example.com}}")]
pub struct KrmArgs {}

/// The configuration of a generator.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Generator {
    #[serde(rename = "apiVersion")]
    _api_version: Option<String>,
    #[serde(rename = "kind")]
    _kind: Option<String>,
    metadata: Metadata,
    #[serde(default)]
    spec: Spec,
}

#[derive(Deserialize)]
struct Metadata {
    name: String,
    namespace: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
struct Spec {
    gitlab_version: Option<String>,
    kube_version: Option<String>,
    profile: Option<String>,
    hooks: Option<String>,
    values_files: Vec<String>,
    /// Additional arguments of `template`.
    args: Vec<String>,
    /// Values over those of the files.
    values: Map<String, Value>,
}

/// The kind of a generator.
const KIND: &str = "GitLab";

/// The fields of [`Spec`] that hold or name values.
const OF_SPEC: [&str; 3] = ["values", "valuesFiles", "profile"];

const ORIGIN: &str = "the generator's spec";

impl KrmArgs {
    /// Reads a ResourceList from stdin and writes it with the rendered objects added.
    pub fn run(&self, ui: &Ui) -> Result<Exit, Failure> {
        let text = read_text(Path::new("-"))?;
        let Some(mut list) = ResourceList::read(text, "stdin")? else {
            let message = "stdin holds no ResourceList, which kustomize gives to a function";
            return Err(Diagnostic::error("plugin-input", message).hint("see `gitlab-render krm --help`").into());
        };
        let Generator { metadata, spec, .. } = generator(&mut list)?;
        let mut words = vec![metadata.name];
        let flags = [
            ("--namespace", metadata.namespace),
            ("--gitlab-version", spec.gitlab_version),
            ("--kube-version", spec.kube_version),
            ("--profile", spec.profile),
            // kustomize applies everything at once.
            ("--hooks", Some(spec.hooks.unwrap_or_else(|| "none".to_owned()))),
        ];
        words.extend(flags.into_iter().filter_map(|(flag, value)| Some(format!("{flag}={}", value?))));
        words.extend(spec.values_files.iter().map(|file| format!("--values={file}")));
        words.extend(spec.args);
        let mut request = adapter::arguments(words, ORIGIN)?.request()?;
        if !spec.values.is_empty() {
            let bytes = format!("{:#}", Value::Object(spec.values)).into_bytes();
            request.inputs.push(Input::File { name: "spec.values of the generator".to_owned(), bytes });
        }
        if request.inputs.is_empty() && request.profile.is_none() {
            let message =
                "the generator names no values, and without them everything would be deployed for example.com";
            let hint = "write the values below `spec.values`, or name files in `spec.valuesFiles` or a profile in `spec.profile`";
            return Err(Diagnostic::error("plugin-input", message).hint(hint).into());
        }
        let rendered = pipeline::render(&request)?;
        ui.report(&rendered.warnings, &rendered.sources);
        list.extend(rendered.objects.manifests());
        ui.out(list.into_text().as_bytes())?;
        Ok(Exit::Done)
    }
}

fn generator(list: &mut ResourceList) -> Result<Generator, Failure> {
    let config = list.take_function_config();
    let refuse = |message: String, hint: String| Err(Diagnostic::error("plugin-input", message).hint(hint).into());
    if let Some(kind) = config.get("kind").and_then(Value::as_str).filter(|kind| *kind != KIND) {
        let message = format!("the generator (`functionConfig`) is of the kind `{kind}`, in which no values are read");
        return refuse(message, format!("write `kind: {KIND}`, and the values below `spec.values`"));
    }
    if let Some(key) = OF_SPEC.into_iter().find(|key| config.get(key).is_some()) {
        let message = format!("the generator (`functionConfig`) has `{key}` beside `spec`, where it is not read");
        return refuse(message, format!("move it below `spec`: `spec.{key}`"));
    }
    serde_json::from_value(config).map_err(|error| {
        let message = format!("the generator (`functionConfig`) cannot be used: {error}");
        Diagnostic::error("plugin-input", message).hint("see `gitlab-render krm --help`").into()
    })
}
