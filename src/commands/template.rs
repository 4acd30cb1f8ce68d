//! `gitlab-render template`.

use crate::cli::{Form, TemplateArgs, UnknownKeys};
use crate::commands::{Exit, Stop, inputs::inputs, release::release};
use crate::diag::Diagnostic;
use crate::emit::{self, Format};
use crate::pipeline::{self, Request, Select};
use crate::schema;
use crate::ui::Ui;

/// Renders and writes, or says what is wrong and writes nothing.
pub fn run(args: &TemplateArgs, ui: &Ui) -> Result<Exit, Stop> {
    let request = request(args)?;
    let rendered = pipeline::template(&request).map_err(|f| Stop::refused(f.report, f.sources))?;
    ui.report(&rendered.warnings, &rendered.sources);
    let format = match args.output.output {
        Form::Yaml => Format::Yaml,
        Form::Json => Format::Json,
    };
    match &args.output.output_dir {
        Some(dir) => {
            let dir = if args.output.release_name { dir.join(&request.target.name) } else { dir.clone() };
            emit::to_dir(&rendered.objects, format, &dir)?;
        }
        None => {
            let mut bytes = Vec::with_capacity(256 * 1024);
            emit::to_stdout(&rendered.objects, format, &mut bytes)?;
            ui.out(&bytes)?;
        }
    }
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
            UnknownKeys::Error => schema::UnknownKeys::Error,
            UnknownKeys::Warn => schema::UnknownKeys::Warn,
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
