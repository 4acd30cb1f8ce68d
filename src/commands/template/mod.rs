//! `gitlab-render template`.

mod canary;
mod list_phases;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::Args;

use self::canary::CanaryArgs;
use super::Exit;
use crate::cli::{ReleaseArgs, Rerun, RewriteArgs, ValuesArgs};
use crate::diag::{Diagnostic, Failure};
use crate::emit::Format;
use crate::files::{manifest_texts, read_text};
use crate::manifest::Phase;
use crate::phases::Hooks;
use crate::pipeline::{self, CommandsPlace, NoLongerRendered, Output, Rendered, Request, Target};
use crate::ui::Ui;

/// `gitlab-render template`.
///
/// Nothing is written unless everything is right: a refused run leaves stdout empty and the output
/// directory as it was.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct TemplateArgs {
    /// Which release, on what cluster.
    #[command(flatten)]
    pub release: ReleaseArgs,
    /// The chart, which Helm needs here and this program does not: accepted to explain that.
    #[arg(hide = true, value_name = "CHART")]
    pub chart: Option<String>,
    /// The values.
    #[command(flatten)]
    pub values: ValuesArgs,
    /// Which objects.
    #[command(flatten)]
    pub select: SelectArgs,
    /// Refuse values that still hold an example of a profile, `# ?:`, or a placeholder such as `CHANGEME`.
    #[arg(long, help_heading = "Values")]
    pub strict: bool,
    /// When they are applied.
    #[command(flatten)]
    pub phases: PhaseArgs,
    /// A second set beside them.
    #[command(flatten)]
    pub canary: CanaryArgs,
    /// Where images come from.
    #[command(flatten)]
    pub images: RewriteArgs,
    /// Where to, and how.
    #[command(flatten)]
    pub output: OutputArgs,
}

const EXAMPLES: &str = "\
Examples:
  All objects with the default values:
    gitlab-render template > manifests.yaml

  A deployment, as `helm install prod gitlab/gitlab -n gitlab -f values.yaml` would make it:
    gitlab-render template prod -n gitlab -f values.yaml \\
      --phase pre,main,post | kubectl apply -n gitlab -f -

  One file for each object, to keep in git:
    gitlab-render template prod -f values.yaml --output-dir manifests

  One component, with one value overridden:
    gitlab-render template prod -f values.yaml \\
      --set gitlab.gitaly.persistence.size=100Gi --component gitaly";

/// Which of the objects are written.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Selection")]
pub struct SelectArgs {
    /// Only objects made from this template, `gitaly/statefulset.yaml`. Repeatable or a comma list.
    #[arg(short = 's', long, value_name = "TEMPLATE", value_delimiter = ',')]
    pub show_only: Vec<String>,
    /// Only objects of this component: `gitaly`, `webservice`. Repeatable or a comma list.
    #[arg(long = "component", value_name = "NAME", value_delimiter = ',')]
    pub components: Vec<String>,
    /// Leave out objects that Helm would run as hooks.
    #[arg(long)]
    pub no_hooks: bool,
    /// Leave out tests.
    #[arg(long)]
    pub skip_tests: bool,
    /// Accepted for compatibility with Helm; there are no custom resource definitions to write.
    #[arg(long, hide_short_help = true)]
    pub include_crds: bool,
    /// Accepted for compatibility with Helm; there are no custom resource definitions to write.
    #[arg(long, hide_short_help = true, conflicts_with = "include_crds")]
    pub skip_crds: bool,
}

/// When objects are applied, and by whom.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Phases")]
pub struct PhaseArgs {
    /// Only objects of this phase: those to apply first, the deployment, those that come after it, tests. Repeatable or a comma list.
    #[arg(long = "phase", value_name = "PHASE", value_enum, value_delimiter = ',')]
    pub phases: Vec<Phase>,
    /// Instead of manifests, write a script that contains them, applies one phase after the other and waits for each. With
    /// --output-dir the manifests are files beside the script `apply.sh`; with `-o json` the phases are data.
    #[arg(long, conflicts_with_all = ["show_only", "hooks"])]
    pub list_phases: bool,
    /// Let the script delete, at its end, objects of these older manifests that are no longer rendered: a file, a directory,
    /// or `-` for a dump of the cluster on stdin. Volume claims and Secrets stay.
    #[arg(long, value_name = "OLD", requires = "list_phases", conflicts_with_all = ["phases", "components", "suffix"])]
    pub prune_from: Option<String>,
    /// The tool that runs what Helm runs as hooks; `helm` without --phase and --list-phases, `none` with them.
    #[arg(long, value_name = "TOOL", value_enum)]
    pub hooks: Option<Hooks>,
    /// Mark all objects as owned by the Helm release, so that `helm upgrade` accepts them again.
    #[arg(long)]
    pub keep_helm_metadata: bool,
    /// Leave post-deployment migrations to a second run without this flag, when no old pod runs any more.
    #[arg(long)]
    pub skip_post_migrations: bool,
}

/// Where the result goes.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Output")]
pub struct OutputArgs {
    /// Write one file for each object under this directory, and replace what an earlier run wrote there.
    #[arg(long, value_name = "DIR")]
    pub output_dir: Option<PathBuf>,
    /// Put the files into a directory named after the release, below --output-dir.
    #[arg(long, requires = "output_dir")]
    pub release_name: bool,
    /// Replace files below --output-dir that were edited since they were written.
    #[arg(long, requires = "output_dir")]
    pub force: bool,
    /// Form of the manifests.
    #[arg(short = 'o', long, value_name = "FORM", value_enum, default_value_t = Format::Yaml)]
    pub output: Format,
}

impl TemplateArgs {
    /// Renders and writes, or reports what is wrong and writes nothing.
    pub fn run(&self, ui: &Ui) -> Result<Exit, Failure> {
        let request = self.request()?;
        let output = self.output(&request.target);
        let (rendered, values) = pipeline::selected(&request, &output)?;
        ui.report(&rendered.warnings, &rendered.sources);
        if self.phases.list_phases {
            let as_json = self.output.output == Format::Json && output.directory.is_none();
            let place = if as_json { CommandsPlace::Json } else { CommandsPlace::Script };
            let gone = match &self.phases.prune_from {
                Some(old) => {
                    let gone = pipeline::no_longer_rendered(&rendered, old_manifests(old)?)?;
                    ui.report(gone.warning(old, place).as_slice(), &rendered.sources);
                    gone
                }
                None => NoLongerRendered::default(),
            };
            if as_json {
                ui.out(self.phases_as_json(&request.target, &rendered, &gone)?.as_bytes())?;
            } else {
                let notes = pipeline::script(&rendered, &output, &gone, &mut ui.stdout())?;
                ui.report(&notes, &rendered.sources);
            }
            return Ok(Exit::Done);
        }
        if let Some(warning) = pipeline::at_once(&request, &rendered) {
            ui.report(&[warning], &rendered.sources);
        }
        let notes = pipeline::emit(&rendered, &output, &mut ui.stdout())?;
        ui.report(&notes, &rendered.sources);
        if ui.verbose() {
            ui.report(&[values_read(&rendered), summary(&request, &rendered)], &rendered.sources);
        }
        // The process ends here; freeing every node of the manifests and the values would cost a tenth of a render.
        std::mem::forget((rendered, values));
        Ok(Exit::Done)
    }

    /// The request that the arguments describe.
    ///
    /// # Errors
    /// Arguments that exclude each other, and files that cannot be read.
    pub(super) fn request(&self) -> Result<Request, Failure> {
        if let Some(chart) = &self.chart {
            let message = format!("a chart (`{chart}`) is not needed: this program is the chart");
            let hint = "leave it out; `--gitlab-version` selects the GitLab version";
            return Err(Diagnostic::usage("chart-not-needed", message).hint(hint).into());
        }
        if self.phases.hooks == Some(Hooks::Flux) && self.output.output_dir.is_none() {
            let message = "`--hooks flux` writes a directory for each phase, and none is named";
            let hint = "add `--output-dir DIR`; for one phase on stdout, use `--hooks none --phase NAME`";
            return Err(Diagnostic::usage("no-directory", message).hint(hint).into());
        }
        let by_phase = self.phases.list_phases || !self.phases.phases.is_empty();
        // Phases that are applied one by one replace hooks.
        let default = if by_phase { Hooks::None } else { Hooks::Helm };
        Ok(Request {
            strict: self.strict,
            images: self.images.rewrite()?,
            hooks: self.phases.hooks.unwrap_or(default),
            keep_helm_metadata: self.phases.keep_helm_metadata,
            skip_post_migrations: self.phases.skip_post_migrations,
            canary: self.canary.canary(&self.select.components),
            splits: self.canary.split.clone(),
            ..self.values.request(self.release.wanted())?
        })
    }

    fn output(&self, target: &Target) -> Output {
        let directory = self.output.output_dir.as_ref();
        Output {
            show_only: self.select.show_only.iter().map(|path| source(path)).collect(),
            components: self.select.components.clone(),
            no_hooks: self.select.no_hooks,
            skip_tests: self.select.skip_tests,
            phases: if self.phases.list_phases && self.phases.phases.is_empty() {
                Phase::ALL.to_vec()
            } else {
                self.phases.phases.clone()
            },
            format: self.output.output,
            force: self.output.force,
            directory: directory.map(|directory| match self.output.release_name {
                true => directory.join(&target.name),
                false => directory.clone(),
            }),
        }
    }

    /// Writes the steps, phase by phase, with this same command line.
    fn phases_as_json(
        &self,
        target: &Target,
        rendered: &Rendered,
        old: &NoLongerRendered,
    ) -> Result<String, Diagnostic> {
        let mut template = Rerun::template(&self.release, target, &self.values);
        template.options("--component", &self.select.components);
        self.canary.repeat(&mut template);
        template.flag("--keep-helm-metadata", self.phases.keep_helm_metadata);
        template.flag("--no-hooks", self.select.no_hooks);
        template.flag("--skip-post-migrations", self.phases.skip_post_migrations);
        template.option("--registry-mirror", self.images.registry_mirror.as_deref());
        let digests = self.images.digests.as_ref().map(|path| path.to_string_lossy());
        template.option("--digests", digests.as_deref());
        Ok(list_phases::as_json(
            &pipeline::steps(rendered),
            &template.line()?,
            &target.namespace,
            !rendered.elsewhere.is_empty(),
            old,
        ))
    }
}

/// Reads the manifests of a file, a directory or stdin, each with the name that the user gave.
fn manifests(named: &str) -> Result<Vec<(String, String)>, Failure> {
    let path = Path::new(named);
    match named != "-" && path.is_dir() {
        true => Ok(manifest_texts(path)?),
        false => Ok(vec![(named.to_owned(), read_text(path)?)]),
    }
}

/// The manifests of `--prune-from`. A file without a document is what a command that failed leaves behind: with it, nothing
/// would ever be deleted, and a rollback would have nothing to apply. A list without items is the dump of an empty cluster.
fn old_manifests(named: &str) -> Result<Vec<(String, String)>, Failure> {
    let texts = manifests(named)?;
    let says_nothing = |line: &str| matches!(line.trim(), "" | "---" | "...") || line.trim_start().starts_with('#');
    if texts.iter().all(|(_, text)| text.lines().all(says_nothing)) {
        let shown = if named == "-" { "stdin" } else { named };
        return Err(Diagnostic::environment("prune-from", format!("`{shown}` has no objects"))
            .hint("`--prune-from` reads the manifests that were applied last; a command that fails leaves an empty file behind")
            .into());
    }
    Ok(texts)
}

/// Normalizes the name of a template to the form of our `# Source:` lines; Helm's spellings have more folders.
///
/// `gitaly/statefulset.yaml`, `gitaly/templates/statefulset.yaml` and
/// `charts/gitlab/charts/gitaly/templates/statefulset.yaml` name the same template.
fn source(path: &str) -> String {
    let Some((before, file)) = path.split_once("templates/") else { return path.to_owned() };
    let component = before.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    if component.is_empty() {
        return path.to_owned();
    }
    format!("{component}/{file}")
}

/// The values files and flags, lowest layer first.
fn values_read(rendered: &Rendered) -> Diagnostic {
    let names: Vec<String> = rendered.sources.all().map(|(_, source)| format!("`{}`", source.name)).collect();
    let message = match names.as_slice() {
        [] => "no values were given: the defaults are rendered".to_owned(),
        names => format!("values were read from {}; later ones override earlier ones", names.join(", ")),
    };
    Diagnostic::note("values-read", message)
}

fn summary(request: &Request, rendered: &Rendered) -> Diagnostic {
    let manifests = rendered.objects.manifests();
    let components: BTreeSet<_> = manifests.iter().map(|m| &*m.component).collect();
    let components: Vec<_> = components.into_iter().collect();
    let version = request.target.kube_version;
    Diagnostic::note(
        "summary",
        format!(
            "release `{}` for Kubernetes {}.{}: {} objects of {}",
            request.target.name,
            version.major,
            version.minor,
            manifests.len(),
            components.join(", "),
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::source;

    #[test]
    fn a_template_has_one_name_in_all_spellings() {
        for path in [
            "gitaly/statefulset.yaml",
            "gitaly/templates/statefulset.yaml",
            "charts/gitlab/charts/gitaly/templates/statefulset.yaml",
        ] {
            assert_eq!(source(path), "gitaly/statefulset.yaml");
        }
        assert_eq!(source("webservice"), "webservice");
    }
}
