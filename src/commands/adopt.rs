//! `gitlab-render adopt`.

use crate::cli::adopt::{AdoptArgs, AdoptTool, GuideForm};
use crate::commands::{Exit, Stop, again, inputs::inputs, release::release, request::request};
use crate::diag::Diagnostic;
use crate::pipeline::{self, Hooks, Layout, Phase, Select, Tool};
use crate::ui::Ui;

/// Writes the guide for a release's hand-over.
pub fn run(args: &AdoptArgs, ui: &Ui) -> Result<Exit, Stop> {
    if args.release.name.is_none() && args.release.name_template.is_none() {
        let message = "the release that is taken over has a name, and none is given";
        let hint = "write `gitlab-render adopt NAME -n NAMESPACE`; `helm list -A` shows both";
        return Err(Stop::usage(Diagnostic::error("no-release", message).hint(hint)));
    }
    let select = Select {
        phases: vec![Phase::Pre, Phase::Main, Phase::Post],
        hooks: Hooks::None,
        skip_stand_ins: true,
        ..Select::default()
    };
    let request = request(release(&args.release)?, inputs(&args.values)?, &args.values, select);
    let tool = match args.to {
        AdoptTool::Kubectl => Tool::Kubectl,
        AdoptTool::ArgoCd => Tool::ArgoCd,
        AdoptTool::Flux => Tool::Flux,
    };
    let template = again::template(&args.release, &args.values);
    let (guide, warnings, sources) =
        pipeline::adopt(&request, tool, template).map_err(|f| Stop::refused(f.report, f.sources))?;
    ui.report(&warnings, &sources);
    let text = match args.output {
        GuideForm::Text => pipeline::write_guide(&guide, Layout::Text),
        GuideForm::Markdown => pipeline::write_guide(&guide, Layout::Markdown),
        GuideForm::Json => format!("{:#}\n", guide.as_json()),
    };
    ui.out(text.as_bytes())?;
    Ok(Exit::Done)
}
