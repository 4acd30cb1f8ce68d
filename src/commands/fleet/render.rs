//! `gitlab-render fleet render`.

use std::io;
use std::path::Path;

use super::{Failures, RenderArgs, environment, parallel};
use crate::commands::Exit;
use crate::diag::{Diagnostic, Failure, Sources};
use crate::emit;
use crate::fleet::Environment;
use crate::pipeline::{self, Output, Request};
use crate::ui::Ui;
use crate::values::Input;

/// The result for one environment.
enum Fate {
    /// None of its inputs has changed, and its tree is as it was written.
    Unchanged,
    /// Its tree was written, with this many objects.
    Written(usize, Vec<Diagnostic>, Sources),
}

pub(super) fn run(args: &RenderArgs, ui: &Ui) -> Result<Exit, Failure> {
    let environments = args.select.environments()?;
    let program = emit::program_digest();
    let results = parallel::each(&environments, ui, |environment| one(environment, args, program.as_deref()));
    let mut failures = Failures::default();
    let mut lines = String::new();
    for (environment, result) in environments.iter().zip(results) {
        let name = &environment.name;
        match result {
            Ok(Fate::Unchanged) => lines.push_str(&format!("{name}: unchanged\n")),
            Ok(Fate::Written(objects, notes, sources)) => {
                lines.push_str(&format!("{name}: {objects} objects\n"));
                failures.found(environment, notes, &sources);
            }
            Err(failure) => {
                lines.push_str(&format!("{name}: refused\n"));
                failures.add(environment, failure);
            }
        }
    }
    ui.out(lines.as_bytes())?;
    let gone = args.select.gone(&environments, emit::trees(&args.output));
    if !gone.is_empty() {
        let directory = args.output.display();
        let message = format!("`{directory}` still has the trees of environments that are gone: {}", gone.join(", "));
        let hint = "remove them, or whatever applies this directory keeps their objects";
        ui.report(&[Diagnostic::warning("fleet", message).hint(hint)], &Sources::default());
    }
    failures.report(environments.len(), ui)
}

fn one(environment: &Environment, args: &RenderArgs, program: Option<&str>) -> Result<Fate, Failure> {
    let request = environment::request(environment)?;
    let format = environment::format(environment)?;
    let directory = args.output.join(&environment.name);
    let digest = program.map(|program| digest(program, &request, format!("{format:?}").as_str()));
    if let Some(digest) = &digest
        && emit::is_intact(&directory, digest)
    {
        return Ok(Fate::Unchanged);
    }
    let output = Output { directory: Some(directory.clone()), format, force: args.force, ..Output::default() };
    let rendered = pipeline::template(&request, &output)?;
    let mut notes = pipeline::emit(&rendered, &output, &mut io::sink())?;
    if let Some(digest) = &digest {
        emit::keep_digest(Path::new(&directory), digest)?;
    }
    let objects = rendered.objects.manifests().len();
    notes.splice(0..0, rendered.warnings);
    Ok(Fate::Written(objects, notes, rendered.sources))
}

/// A digest of all inputs of a tree.
fn digest(program: &str, request: &Request, format: &str) -> String {
    let mut all = Vec::new();
    let mut add = |bytes: &[u8]| {
        all.extend_from_slice(&bytes.len().to_le_bytes());
        all.extend_from_slice(bytes);
    };
    let options = Request { inputs: Vec::new(), ..request.clone() };
    add(program.as_bytes());
    add(format.as_bytes());
    add(format!("{options:?}").as_bytes());
    for input in &request.inputs {
        match input {
            Input::File { name, bytes } => {
                add(name.as_bytes());
                add(bytes);
            }
            Input::Composed(composed) => add(composed.values.to_value().to_string().as_bytes()),
            other => add(format!("{other:?}").as_bytes()),
        }
    }
    emit::digest(&all)
}
