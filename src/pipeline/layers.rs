//! The user's layers over the defaults of the components.

use super::Request;
use crate::bundle;
use crate::diag::{Diagnostic, Failure, Severity};
use crate::profiles;
use crate::resolve::component;
use crate::schema::UnknownKeys;
use crate::values::{self, Chart, Input, Merged};

/// Reads the user's values and lays them over the defaults. A section that is no map is among the findings, and then
/// the values are those without it.
pub(super) fn merged(request: &Request) -> Result<(Merged, Vec<Diagnostic>), Failure> {
    let duplicates = match request.unknown_keys {
        UnknownKeys::Error => Severity::Error,
        UnknownKeys::Warn => Severity::Warning,
    };
    let layers = values::load_with(&inputs(request)?, duplicates)?;
    let mut found = layers.warnings;
    let merged = match values::merge_charts(layers.value, chart()?) {
        Ok(merged) => {
            found.extend(merged.warnings);
            merged.value
        }
        Err(failed) => {
            let (report, merged) = *failed;
            found.extend(report.0);
            merged
        }
    };
    Ok((merged, found))
}

/// The inputs of a request, its profile first.
///
/// # Errors
/// An unknown profile.
pub(super) fn inputs(request: &Request) -> Result<Vec<Input>, Diagnostic> {
    let mut inputs = Vec::with_capacity(request.inputs.len() + 1);
    if let Some(name) = &request.profile {
        inputs.push(profile(name)?);
    }
    inputs.extend(request.inputs.iter().cloned());
    Ok(inputs)
}

/// The built-in defaults.
pub(super) fn chart() -> Result<Chart, Diagnostic> {
    let defaults = serde_json::from_str(bundle::DEFAULTS)
        .map_err(|e| Diagnostic::bug("defaults", format!("the embedded defaults cannot be read: {e}")))?;
    Ok(Chart::with_sections(defaults, &sections()))
}

/// The sections that are charts of their own in the official chart, outer ones first: a null over one of them
/// brings its defaults back.
fn sections() -> Vec<&'static str> {
    let components = component::ALL.iter().map(|component| component.key).filter(|key| !key.is_empty());
    std::iter::once("gitlab").chain(components).collect()
}

/// A profile of `values/` as a layer.
///
/// # Errors
/// An unknown name.
pub fn profile(name: &str) -> Result<Input, Diagnostic> {
    let profile = profiles::find(name)?;
    Ok(Input::File { name: format!("profile:{name}"), bytes: profile.text.into() })
}
