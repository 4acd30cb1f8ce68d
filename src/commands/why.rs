//! `gitlab-render why`.

use clap::Args;

use super::Exit;
use crate::cli::{AnswerForm, DEFAULT_NAME, ReleaseFlags, ValuesArgs};
use crate::diag::{Diagnostic, Failure, Sources};
use crate::pipeline;
use crate::ui::Ui;
use crate::why::report;

/// `gitlab-render why`.
///
/// Names the values and defaults that decide a field of an object, with file, line and layer, what each overrides, and what
/// the field would be with another value. Every answer is checked by rendering with that value changed. Without FIELD, lists
/// the values that reach the object, by field.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct WhyArgs {
    /// The object, as kubectl names it: `Deployment/prod-webservice-default`, `deploy/prod-kas`, or its name alone.
    #[arg(value_name = "OBJECT")]
    pub object: String,
    /// The field, as a JSON path of kubectl or as `diff` writes it: `spec.replicas`,
    /// `{.spec.template.spec.containers[0].image}`, `spec.template.spec.containers[webservice].image`. A path goes on into
    /// configuration files: `data[gitlab.yml.erb].production.gitlab.host`.
    #[arg(value_name = "FIELD")]
    pub field: Option<String>,
    /// Which release, on what cluster.
    #[command(flatten)]
    pub release: ReleaseFlags,
    /// The values.
    #[command(flatten)]
    pub values: ValuesArgs,
    /// Form of the answer; JSON is described by `schemas/why.schema.json`.
    #[arg(short = 'o', long, value_name = "FORM", value_enum, default_value_t = AnswerForm::Text, help_heading = "Output")]
    pub output: AnswerForm,
}

const EXAMPLES: &str = "\
Examples:
  Why the registry's Ingress has this host:
    gitlab-render why ingress/prod-registry 'spec.rules[0].host' --name prod \\
      -f values.yaml

  Which values decide the number of pods, and which file wins:
    gitlab-render why deploy/prod-webservice-default spec.replicas \\
      --name prod -f base.yaml -f prod.yaml

  All values that reach an object:
    gitlab-render why sts/prod-gitaly --name prod -f values.yaml

`gitlab-render impact` answers the other way round: what a value changes.";

impl WhyArgs {
    /// Prints which values decide a field, or all fields of an object.
    pub fn run(&self, ui: &Ui) -> Result<Exit, Failure> {
        let request = self.values.request(self.release.wanted())?;
        let is_named = request.target.name != DEFAULT_NAME || self.release.name.is_some();
        let origin = pipeline::why::why(&request, is_named, &self.object, self.field.as_deref())?;
        if let Some(name) = &origin.release {
            let message = format!("the release name is assumed to be `{name}`, taken from the name of the object");
            let note = Diagnostic::note("release-assumed", message).hint(format!("confirm it with `--name {name}`"));
            ui.report(&[note], &Sources::default());
        }
        ui.report(&origin.questions.warnings, &origin.questions.value);
        let text = match self.output {
            AnswerForm::Text => report::text(&origin),
            AnswerForm::Json => report::json(&origin),
        };
        ui.out(text.as_bytes())?;
        Ok(Exit::Done)
    }
}
