//! `gitlab-render values` without a command below it.

use clap::{Args, ValueEnum};
use serde_json::Value;

use crate::cli::{ReleaseFlags, ValuesArgs};
use crate::commands::Exit;
use crate::diag::{Diagnostic, Failure, Sources, ValuePath};
use crate::pipeline;
use crate::redact;
use crate::reference::values_file::commented;
use crate::ui::Ui;
use crate::values::Origins;

/// Which values are written, and how.
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// The values.
    #[command(flatten)]
    pub values: ValuesArgs,
    /// The release.
    #[command(flatten)]
    pub release: ReleaseFlags,
    /// Leave out values that equal the defaults of this release.
    #[arg(long, help_heading = "Output")]
    pub trim: bool,
    /// Write behind each value where it was set: the file and the line, the flag, or that it is a default.
    #[arg(long, help_heading = "Output")]
    pub origins: bool,
    /// Write only the defaults of the release, all of them or those of one component.
    #[arg(long, value_name = "COMPONENT", num_args = 0..=1, default_missing_value = "", conflicts_with_all = ["files", "set", "set_string", "set_json", "set_file", "set_literal", "profile", "trim"], help_heading = "Output")]
    pub defaults: Option<String>,
    /// Write secrets too, which are masked otherwise.
    #[arg(long, help_heading = "Output")]
    pub show_secrets: bool,
    /// Form of the values.
    #[arg(short = 'o', long, value_name = "FORM", value_enum, default_value_t = ShowForm::Yaml, help_heading = "Output")]
    pub output: ShowForm,
}

/// The form of values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ShowForm {
    /// A values file.
    Yaml,
    /// One JSON document.
    Json,
}

impl ShowArgs {
    /// Writes the merged values.
    pub fn run(&self, ui: &Ui) -> Result<Exit, Failure> {
        if let Some(component) = &self.defaults {
            let component = Some(component.as_str()).filter(|name| !name.is_empty());
            let values = pipeline::default_values(component, self.release.gitlab_version.as_deref())?;
            return self.write(ui, &values, &|_| Some("default".to_owned()));
        }
        let request = self.values.request(self.release.wanted())?;
        let merged = pipeline::merged_values(&request, self.trim)?;
        ui.report(&merged.warnings, &merged.sources);
        let mut shown = merged.values.clone();
        let hidden = match self.show_secrets {
            true => 0,
            false => mask(&mut shown, &redact::value("", &merged.values), &ValuePath::root(), &merged.origins),
        };
        let origin = |path: &ValuePath| {
            // The value itself, not a map around it: what stands beside the user's keys there are defaults.
            let at = merged.origins.exact(path).map(|origin| origin.key.unwrap_or(origin.value));
            let set = at.and_then(|at| Some((merged.sources.get(at.source)?, at)));
            Some(match set {
                Some((source, _)) if source.name.starts_with("--") => source.name.clone(),
                Some((source, at)) => format!("{}:{}", source.name, at.line),
                None => "default".to_owned(),
            })
        };
        self.write(ui, &shown, &origin)?;
        if hidden > 0 {
            let count = if hidden == 1 { "one value is".to_owned() } else { format!("{hidden} values are") };
            let message = format!("{count} masked, because they are secrets: the output is not the complete file");
            let warning = Diagnostic::warning("masked", message).hint("`--show-secrets` writes them too");
            ui.report(&[warning], &Sources::default());
        }
        Ok(Exit::Done)
    }

    fn write(&self, ui: &Ui, values: &Value, origin: &dyn Fn(&ValuePath) -> Option<String>) -> Result<Exit, Failure> {
        let text = match self.output {
            ShowForm::Json => format!("{values:#}\n"),
            ShowForm::Yaml if self.origins => commented(values, origin),
            ShowForm::Yaml => commented(values, &|_| None),
        };
        ui.out(text.as_bytes())?;
        Ok(Exit::Done)
    }
}

/// Puts the values that `masked` hides into `values`, and returns how many scalars they are. Defaults are never
/// secrets, whatever their names.
fn mask(values: &mut Value, masked: &Value, path: &ValuePath, origins: &Origins) -> usize {
    match (values, masked) {
        (Value::Object(values), Value::Object(masked)) => {
            let both = values.iter_mut().filter_map(|(key, value)| Some((key, value, masked.get(key)?)));
            both.map(|(key, value, masked)| mask(value, masked, &path.key(key), origins)).sum()
        }
        (Value::Array(values), Value::Array(masked)) => {
            let both = values.iter_mut().zip(masked).enumerate();
            both.map(|(number, (value, masked))| mask(value, masked, &path.index(number), origins)).sum()
        }
        (value, masked) if value != masked && origins.exact(path).is_some() => {
            value.clone_from(masked);
            1
        }
        _ => 0,
    }
}
