//! `gitlab-render diff`.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::Exit;
use crate::cli::{ClusterArgs, ValuesArgs, Wanted, parse_namespace, parse_release_name};
use crate::diag::{Diagnostic, Failure, Report};
use crate::diff::{Class, report};
use crate::files::{Stdin, manifest_texts, read_text_once};
use crate::kubectl::Kubectl;
use crate::pipeline;
use crate::pipeline::diff::{self, Side};
use crate::ui::Ui;
use crate::values::Input;
use crate::wrapped::{self, Unwrapped};

/// `gitlab-render diff OLD NEW`.
///
/// Shows by object and field what changes, and what each change does to a running GitLab: pods that restart, fields
/// that cannot be changed in place, data, exposure, outage. What a server fills in by itself, order, status and
/// checksums do not count as changes. Exits with 1 when there is a difference.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct DiffArgs {
    /// The old side: values files (a comma list), manifests (a file or a directory), or `-` for stdin.
    ///
    /// Without NEW, the values of -f are rendered as the new side; without OLD, as both.
    #[arg(value_name = "OLD")]
    pub old: Option<String>,
    /// The new side, written as OLD is.
    #[arg(value_name = "NEW")]
    pub new: Option<String>,
    /// The values below those that OLD and NEW name.
    #[command(flatten)]
    pub values: ValuesArgs,
    /// Name of the release; the default is that of the manifests, where one side is manifests.
    #[arg(long, value_name = "NAME", value_parser = parse_release_name, help_heading = "Release")]
    pub name: Option<String>,
    /// Namespace of the release; the default is that of the manifests.
    #[arg(short = 'n', long, value_name = "NAMESPACE", value_parser = parse_namespace, help_heading = "Release")]
    pub namespace: Option<String>,
    /// GitLab version that the values of the old side are rendered for.
    #[arg(long, value_name = "VERSION", help_heading = "Release")]
    pub from_gitlab: Option<String>,
    /// GitLab version that the values of the new side are rendered for.
    #[arg(long, value_name = "VERSION", help_heading = "Release")]
    pub to_gitlab: Option<String>,
    /// The cluster.
    #[command(flatten)]
    pub cluster: ClusterArgs,
    /// Form of the answer.
    #[arg(short = 'o', long, value_name = "FORM", value_enum, default_value_t = DiffForm::Text, help_heading = "Output")]
    pub output: DiffForm,
    /// Show scripts and configuration files, too, that Helm's chart and this program write in different words.
    #[arg(long, help_heading = "Output")]
    pub full: bool,
    /// Instead of comparing, print the `kubectl get` commands that dump what these values render, for OLD.
    #[arg(long, conflicts_with_all = ["full", "fail_on"], help_heading = "Output")]
    pub print_kubectl_get: bool,
    /// Read the old side from the cluster, by kubectl: what `--print-kubectl-get` prints is run.
    #[arg(long, conflicts_with_all = ["print_kubectl_get", "new"], help_heading = "Cluster")]
    pub live: bool,
    /// The file that tells kubectl about clusters, for --live.
    #[arg(long, value_name = "FILE", requires = "live", help_heading = "Cluster")]
    pub kubeconfig: Option<PathBuf>,
    /// The cluster's entry in that file, for --live.
    #[arg(long, value_name = "NAME", requires = "live", help_heading = "Cluster")]
    pub context: Option<String>,
    /// Exit with 1 only when there is a change of one of these classes. Repeatable or a comma list.
    #[arg(long, value_name = "CLASS", value_enum, value_delimiter = ',', help_heading = "Output")]
    pub fail_on: Vec<Class>,
}

const EXAMPLES: &str = "\
Examples:
  What a change of the values does:
    gitlab-render diff old.yaml new.yaml -n gitlab --name prod

  What the running release has that the values do not say, and the other way round:
    gitlab-render diff --live values.yaml -n gitlab

  The same where the cluster is read by somebody else:
    gitlab-render diff values.yaml -n gitlab --name prod --print-kubectl-get \\
      > dump.sh
    sh dump.sh | gitlab-render diff - values.yaml

  The manifests of a release by Helm against those of this program:
    helm get manifest prod -n gitlab \\
      | gitlab-render diff - values.yaml --name prod -n gitlab

  What an upgrade changes, for a merge request that must not cause an outage:
    gitlab-render diff -f values.yaml --from-gitlab 18.8 --to-gitlab 18.9 \\
      -o markdown --fail-on outage,data,exposure";

/// The form of a comparison.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DiffForm {
    /// For people.
    #[default]
    Text,
    /// One object, described by `schemas/diff.schema.json`.
    Json,
    /// A table and the changes, for a merge request.
    Markdown,
    /// Unified diffs.
    Diff,
}

impl DiffArgs {
    /// Compares, reports, and ends with 1 where something differs.
    pub fn run(&self, ui: &Ui) -> Result<Exit, Failure> {
        if self.print_kubectl_get {
            let mut stdin = Stdin::default();
            let below = self.values.files(&mut stdin);
            let named = self.new.as_deref().or(self.old.as_deref());
            let Side::Values(request) = self.side(named, self.to_gitlab.as_ref(), &below, &mut stdin)? else {
                let message = "`--print-kubectl-get` needs values, and manifests were given";
                return Err(Diagnostic::usage("no-values", message)
                    .hint("name the values files of the release")
                    .into());
            };
            ui.out(diff::kubectl_get(&request)?.as_bytes())?;
            return Ok(Exit::Done);
        }
        if self.live {
            return self.report(self.live()?, ui);
        }
        if self.old.is_none() && self.from_gitlab.is_none() && self.to_gitlab.is_none() {
            let message = "`diff` needs two sides to compare, and none was given";
            let hint = "name OLD and NEW, or give `-f values.yaml` with `--from-gitlab` and `--to-gitlab`";
            return Err(Diagnostic::usage("no-sides", message).hint(hint).into());
        }
        let mut stdin = Stdin::default();
        let below = self.values.files(&mut stdin);
        let old = self.side(self.old.as_deref(), self.from_gitlab.as_ref(), &below, &mut stdin)?;
        let new = self.side(self.new.as_deref(), self.to_gitlab.as_ref(), &below, &mut stdin)?;
        self.report((old, new), ui)
    }

    /// The objects of the cluster, and the side that they are compared with.
    fn live(&self) -> Result<(Side, Side), Failure> {
        let mut stdin = Stdin::default();
        let below = self.values.files(&mut stdin);
        let new = self.side(self.old.as_deref(), self.to_gitlab.as_ref(), &below, &mut stdin)?;
        let Side::Values(request) = &new else {
            let message = "`--live` needs values, and manifests were given";
            let hint = "name the values files of the release; `kubectl diff -f` compares manifests with the cluster";
            return Err(Diagnostic::usage("no-values", message).hint(hint).into());
        };
        let kubectl = Kubectl { kubeconfig: self.kubeconfig.clone(), context: self.context.clone() };
        let old = diff::live(request, &kubectl, self.name.as_deref(), self.namespace.as_deref())?;
        Ok((old, new))
    }

    fn report(&self, (old, new): (Side, Side), ui: &Ui) -> Result<Exit, Failure> {
        let mut compared = diff::diff(old, new, self.name.as_deref(), self.namespace.as_deref())?;
        if self.full {
            compared.comparison.show_rewritten();
        }
        let mut shown: Vec<&Vec<Diagnostic>> = Vec::new();
        for (warnings, sources) in &compared.warnings {
            // Findings that both sides have are reported once.
            if !shown.contains(&warnings) {
                ui.report(warnings, sources);
                shown.push(warnings);
            }
        }
        let comparison = &compared.comparison;
        let text = match self.output {
            DiffForm::Text => report::text(comparison),
            DiffForm::Json => report::json(comparison),
            DiffForm::Markdown => report::markdown(comparison),
            DiffForm::Diff => report::unified(comparison),
        };
        ui.out(text.as_bytes())?;
        let counts = |class: Class| self.fail_on.is_empty() || self.fail_on.contains(&class);
        let found = comparison.changes.iter().flat_map(|change| &change.risks).any(|risk| counts(risk.class));
        Ok(if found { Exit::Found } else { Exit::Done })
    }

    fn side(
        &self,
        named: Option<&str>,
        version: Option<&String>,
        below: &[Input],
        stdin: &mut Stdin,
    ) -> Result<Side, Failure> {
        let given = named.map(|named| given(named, stdin)).transpose()?;
        let files = match given {
            Some(Given::Manifests(texts)) => return Ok(Side::Manifests(texts)),
            Some(Given::Values(files)) => files,
            None => Vec::new(),
        };
        // `-f` is below the side's own files and `--set` above them, as on every command line.
        let (lower, upper): (Vec<_>, Vec<_>) = below.iter().cloned().partition(|i| matches!(i, Input::File { .. }));
        let inputs = lower.into_iter().chain(files).chain(upper).collect();
        let Unwrapped { inputs, release } = self.values.unwrapped(inputs)?;
        let wanted = Wanted {
            name: self.name.clone(),
            namespace: self.namespace.clone(),
            gitlab_version: version.cloned(),
            ..self.cluster.wanted()
        };
        Ok(Side::Values(Box::new(self.values.request_of(wanted.target(&release), inputs))))
    }
}

enum Given {
    Values(Vec<Input>),
    Manifests(Vec<(String, String)>),
}

/// The form of a side: a directory holds manifests, the content of a file decides for itself.
fn given(named: &str, stdin: &mut Stdin) -> Result<Given, Failure> {
    let mut texts = Vec::new();
    let mut wrong = Vec::new();
    if named != "-" && Path::new(named).is_dir() {
        return Ok(Given::Manifests(manifest_texts(Path::new(named))?));
    }
    for name in named.split(',').map(str::trim).filter(|name| !name.is_empty()) {
        if let Some(profile) = name.strip_prefix("profile:") {
            match pipeline::profile(profile) {
                Ok(Input::File { name, bytes }) => texts.push((name, String::from_utf8_lossy(&bytes).into_owned())),
                Ok(_) => {}
                Err(diagnostic) => wrong.push(diagnostic),
            }
            continue;
        }
        match read_text_once(Path::new(name), stdin) {
            Ok(text) => texts.push((if name == "-" { "stdin".to_owned() } else { name.to_owned() }, text)),
            Err(diagnostic) => wrong.push(diagnostic),
        }
    }
    if !wrong.is_empty() {
        return Err(Report(wrong).into());
    }
    let values = texts.iter().any(|(_, text)| wrapped::installs(text));
    let manifests = texts.iter().filter(|(_, text)| !values && diff::is_manifests(text)).count();
    if manifests > 0 && manifests < texts.len() {
        let message = format!("`{named}`: some of these files are manifests and some are values");
        let hint = "name values files only, or manifests only";
        return Err(Diagnostic::usage("mixed-side", message).hint(hint).into());
    }
    if manifests > 0 {
        return Ok(Given::Manifests(texts));
    }
    let files = texts.into_iter().map(|(name, text)| Input::File { name, bytes: text.into_bytes() });
    Ok(Given::Values(files.collect()))
}
