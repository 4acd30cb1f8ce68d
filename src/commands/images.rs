//! `gitlab-render images`.

use crate::cli::images::{ImagesArgs, ImagesForm, RewriteArgs};
use crate::commands::request::request;
use crate::commands::texts::read_text;
use crate::commands::{Exit, Stop, inputs::inputs, release::release};
use crate::diag::Report;
use crate::pipeline::Select;
use crate::pipeline::images::{self, Rewrite, report};
use crate::ui::Ui;

/// Lists the images of a render.
pub fn run(args: &ImagesArgs, ui: &Ui) -> Result<Exit, Stop> {
    let select = Select { images: rewrite(&args.rewrite)?, ..Select::default() };
    let request = request(release(&args.release)?, inputs(&args.values)?, &args.values, select);
    let (images, rendered) = images::images(&request).map_err(|f| Stop::refused(f.report, f.sources))?;
    ui.report(&rendered.warnings, &rendered.sources);
    let text = match args.output {
        ImagesForm::Text => report::text(&images),
        ImagesForm::Json => report::json(&images),
        ImagesForm::Skopeo => report::skopeo(&images),
        ImagesForm::OcMirror => report::oc_mirror(&images),
        ImagesForm::Csv => report::csv(&images),
    };
    ui.out(text.as_bytes())?;
    Ok(Exit::Done)
}

/// Gives the flags about images their meaning.
pub fn rewrite(args: &RewriteArgs) -> Result<Rewrite, Stop> {
    let digests = match &args.digests {
        Some(path) => {
            let name = path.to_string_lossy();
            images::digests(&name, &read_text(path)?).map_err(Report)?
        }
        None => Default::default(),
    };
    Ok(Rewrite { mirror: args.registry_mirror.clone(), digests })
}
