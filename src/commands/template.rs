//! `gitlab-render template`.

use crate::cli::{Form, TemplateArgs, UnknownKeys};
use crate::commands::{Exit, Stop, inputs::inputs, release::release};
use crate::diag::Diagnostic;
use crate::pipeline::{self, Request, Select};
use crate::ui::Ui;

/// Renders and writes, or says what is wrong and writes nothing.
pub fn run(args: &TemplateArgs, ui: &Ui) -> Result<Exit, Stop> {
    let request = request(args)?;
    let rendered = pipeline::template(&request).map_err(|f| Stop::refused(f.report, f.sources))?;
    ui.report(&rendered.warnings, &rendered.sources);
    let bytes = pipeline::write_stdout(&rendered, args.output.output == Form::Json);
    ui.out(&bytes)?;
    Ok(Exit::Done)
}

/// Gives the arguments their meaning.
fn request(args: &TemplateArgs) -> Result<Request, Stop> {
    if let Some(chart) = &args.chart {
        return Err(Stop::usage(
            Diagnostic::error(
                "chart-not-needed",
                format!("a chart (`{chart}`) is not needed: this program is the chart"),
            )
            .hint("leave it out; `--gitlab-version` picks the GitLab version"),
        ));
    }
    Ok(Request {
        target: release(&args.release)?,
        inputs: inputs(&args.values)?,
        unknown_keys: match args.values.unknown_keys {
            UnknownKeys::Error => pipeline::UnknownKeys::Error,
            UnknownKeys::Warn => pipeline::UnknownKeys::Warn,
        },
        skip_schema_validation: args.values.skip_schema_validation,
        profile: args.values.profile.clone(),
        select: Select {
            show_only: args.select.show_only.clone(),
            components: args.select.components.clone(),
            no_hooks: args.select.no_hooks,
            skip_tests: args.select.skip_tests,
        },
    })
}
