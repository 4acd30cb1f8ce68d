//! What else is wrong with values that the schemas refuse: whoever mends one fault should not find the next
//! one in the run after.

use serde_json::Value;

use super::{Request, chart, release};
use crate::diag::{Diagnostic, Place, Severity};
use crate::resolve::{Context, resolve};
use crate::upgrade::removed;
use crate::values::{self, Input};
use crate::yaml::template;

/// The errors that the values have besides those that were found: each of these is left out with its value, so
/// that the default stands in.
pub(super) fn errors(request: &Request, user: &Value, found: &[Diagnostic]) -> Vec<Diagnostic> {
    let refused: Vec<_> = found.iter().filter(|d| d.severity == Severity::Error).cloned().collect();
    let rest = removed::without(user.clone(), &refused);
    let tree = serde_json::to_vec(&rest).ok().and_then(|bytes| {
        let layers = values::load(&[Input::File { name: String::new(), bytes }]).ok()?;
        Some(values::merge_charts(layers.value, chart().ok()?).ok()?.value.tree)
    });
    let Some(tree) = tree else { return Vec::new() };
    let Some(release) = release(&request.target, &tree, &mut Vec::new()) else { return Vec::new() };
    let context = Context::new(&release, &tree, |text| template::parse(text, &mut |_| None).map_err(|e| e.to_string()));
    let said = |d: &Diagnostic| {
        let mut places = d.places.iter();
        d.severity == Severity::Error && !places.any(|place| refused.iter().any(|r| below(&r.places, place)))
    };
    resolve(&context).diagnostics.into_iter().filter(said).collect()
}

/// Whether a place is one of these, or in one of them, or around one: what was left out is not told again.
fn below(places: &[Place], place: &Place) -> bool {
    let Place::Value(inner) = place else { return false };
    places.iter().any(
        |outer| matches!(outer, Place::Value(outer) if inner.0.starts_with(&outer.0) || outer.0.starts_with(&inner.0)),
    )
}
