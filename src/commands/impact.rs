//! `gitlab-render impact`.

use clap::{Args, ValueEnum};

use super::Exit;
use crate::cli::{ReleaseFlags, ValuesArgs};
use crate::diag::{Diagnostic, Failure};
use crate::diff::report;
use crate::pipeline::impact::{self, ValueChange};
use crate::ui::Ui;

/// `gitlab-render impact`.
///
/// Shows which objects and fields change when a value is set, removed or left out, and what each change does to a running
/// GitLab, as `diff` does. Without a value: what the key can reach at all, by what is tried in its place.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct ImpactArgs {
    /// The key, with `=` and a value as `--set` takes it: `global.ingress.tls.enabled=false`; `null` removes a default.
    #[arg(value_name = "PATH[=VALUE]", required_unless_present = "file")]
    pub path: Option<String>,
    /// Leave the key out of your values, so that its default applies.
    #[arg(long)]
    pub unset: bool,
    /// A whole file of values: `diff` shows what that changes.
    #[arg(long, value_name = "FILE", hide = true)]
    pub file: Option<String>,
    /// Which release, on what cluster.
    #[command(flatten)]
    pub release: ReleaseFlags,
    /// The values.
    #[command(flatten)]
    pub values: ValuesArgs,
    /// Form of the answer.
    #[arg(short = 'o', long, value_name = "FORM", value_enum, default_value_t = ImpactForm::Text, help_heading = "Output")]
    pub output: ImpactForm,
}

const EXAMPLES: &str = "\
Examples:
  What changes without TLS on the Ingresses:
    gitlab-render impact global.ingress.tls.enabled=false --name prod \\
      -f values.yaml

  Everything that a key can change:
    gitlab-render impact gitlab.sidekiq.concurrency --name prod -f values.yaml

  The effect of a line of your file, which is what changes without it:
    gitlab-render impact gitlab.webservice.minReplicas --unset --name prod \\
      -f values.yaml

What a whole file changes is a comparison: gitlab-render diff values.yaml values.yaml,new.yaml
`gitlab-render why` answers the other way round: which values make a field what it is.";

/// The form of the answer.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ImpactForm {
    /// For people.
    #[default]
    Text,
    /// One object, described by `schemas/diff.schema.json`.
    Json,
    /// A table and the changes, for a merge request.
    Markdown,
}

impl ImpactArgs {
    /// Prints the effect of changing a value.
    pub fn run(&self, ui: &Ui) -> Result<Exit, Failure> {
        if let Some(file) = &self.file {
            let below = self.values.files.join(",");
            let below = if below.is_empty() { "values.yaml" } else { &below };
            let message = "`impact` changes one value; the changes of a whole file need a comparison";
            let hint = format!("gitlab-render diff {below} {below},{file}");
            return Err(Diagnostic::usage("one-value", message).hint(hint).into());
        }
        let path = self.path.as_deref().unwrap_or_default();
        let change = match (self.unset, path.contains('=')) {
            (true, true) => {
                let message = "`--unset` removes a key, but a value was given for it";
                return Err(Diagnostic::usage("one-value", message).hint("give only the path").into());
            }
            (true, false) => ValueChange::Unset(path),
            (false, true) => ValueChange::Set(path),
            (false, false) => ValueChange::Any(path),
        };
        let impact = impact::impact(&self.values.request(self.release.wanted())?, change)?;
        for (warnings, sources) in &impact.warnings {
            ui.report(warnings, sources);
        }
        let text = match self.output {
            ImpactForm::Text => format!("{}\n\n{}", impact.heading, report::text(&impact.comparison)),
            ImpactForm::Json => report::json(&impact.comparison),
            ImpactForm::Markdown => report::markdown(&impact.comparison),
        };
        ui.out(text.as_bytes())?;
        Ok(Exit::Done)
    }
}
