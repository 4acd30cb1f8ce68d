//! Plan to text: each object's template is run over its view.
//!
//! An interpolation in a `.yaml` template never becomes YAML text. The formatter lays the value aside
//! and writes a mark in its place, and [`crate::yaml::template`] puts the value in whole. So a value
//! keeps its type, and cannot inject anything.

mod engine;
mod erb;
mod laid;

pub use engine::{Hole, Renderer};

use crate::bundle;
use crate::diag::Diagnostic;
use crate::resolve::plan::Planned;

/// One object's template, run.
#[derive(Debug)]
pub struct Rendered {
    /// YAML with marks.
    pub text: String,
    /// The component and the kind of template, `gitaly/statefulset.yaml`: the name by which users select it.
    pub source: String,
}

/// Runs the template of each planned object, which gives its view away; all that fail are reported.
pub fn render(renderer: &Renderer, objects: &mut [Planned]) -> Result<Vec<Rendered>, Vec<Diagnostic>> {
    let mut done = Vec::with_capacity(objects.len());
    let mut failed = Vec::new();
    for object in objects {
        let source = format!("{}/{}", object.component, object.template);
        let template = bundle::object_template(object.component, object.template);
        match renderer.run(&template, std::mem::take(&mut object.view)) {
            Ok(text) => done.push(Rendered { text, source }),
            Err(diagnostic) => failed.push(diagnostic),
        }
    }
    if failed.is_empty() { Ok(done) } else { Err(failed) }
}
