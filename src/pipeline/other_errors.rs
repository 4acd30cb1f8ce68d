//! The errors of resolve in values that the schemas refuse, so that one run reports all of them.

use serde_json::Value;

use super::{Request, layers, objects};
use crate::diag::{Diagnostic, Place, Severity};
use crate::upgrade::removed;
use crate::values::{self, Input};

/// The errors that the values have besides those in `found`: each of these is left out with its value, so that the
/// default takes its place.
pub(super) fn find(request: &Request, user: &Value, found: &[Diagnostic]) -> Vec<Diagnostic> {
    let refused: Vec<_> = found.iter().filter(|d| d.severity == Severity::Error).cloned().collect();
    let rest = removed::without(user.clone(), &refused);
    let tree = serde_json::to_vec(&rest).ok().and_then(|bytes| {
        let layers = values::load(&[Input::File { name: String::new(), bytes }]).ok()?;
        Some(values::merge_charts(layers.value, layers::chart().ok()?).ok()?.value.tree)
    });
    let plan = tree.and_then(|tree| objects::plan(&request.target, &tree, &mut Vec::new()));
    let Some(plan) = plan else { return Vec::new() };
    let is_new = |d: &Diagnostic| {
        let mut places = d.places.iter();
        d.severity == Severity::Error && !places.any(|place| refused.iter().any(|r| overlaps(&r.places, place)))
    };
    plan.diagnostics.into_iter().filter(is_new).collect()
}

/// Whether a place is one of these, or in one of them, or around one: what was left out is not reported again.
fn overlaps(places: &[Place], place: &Place) -> bool {
    let Place::Value(inner) = place else { return false };
    places.iter().any(
        |outer| matches!(outer, Place::Value(outer) if inner.0.starts_with(&outer.0) || outer.0.starts_with(&inner.0)),
    )
}
