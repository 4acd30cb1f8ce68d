//! Merges the user's layers over the defaults of the components.

use super::{Request, Target};
use crate::bundle;
use crate::diag::{Diagnostic, Failure, Severity};
use crate::profiles;
use crate::releases::{self, GitlabVersion};
use crate::resolve::component;
use crate::schema::UnknownKeys;
use crate::tree::layer;
use crate::upgrade::migrate;
use crate::upgrade::rules::ReleaseSpan;
use crate::values::{self, ChartDefaults, Input, Merged, TopKeys};

/// The prefix of a profile's name as the name of a file.
const PROFILE: &str = "profile:";

/// The user's values over the defaults.
pub(super) struct UserLayers {
    pub merged: Merged,
    /// The top-level keys of each file.
    pub files: Vec<TopKeys>,
    /// Whether an input could not be read; the findings say why, and the values are without it.
    pub is_partial: bool,
    /// A section that is not a map is among them, and the values are then without it.
    pub findings: Vec<Diagnostic>,
}

/// Reads the user's values and merges them over the defaults.
pub(super) fn merged(request: &Request) -> Result<UserLayers, Failure> {
    let duplicates = match request.unknown_keys {
        UnknownKeys::Error => Severity::Error,
        UnknownKeys::Warn => Severity::Warning,
    };
    let (mut layers, mut found) = values::load_on(&inputs(request)?, duplicates);
    let files = std::mem::take(&mut layers.files);
    let is_partial = layers.is_partial;
    let merged = match values::merge_charts(layers, chart(&request.target)?) {
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
    Ok(UserLayers { merged, files, is_partial, findings: found })
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
    if let Some(span) = newer(&request.target) {
        inputs.iter_mut().for_each(|input| rewrite_profile(input, &span));
    }
    Ok(inputs)
}

/// From the release that profiles are written for to that of the target, where the target is newer.
fn newer(target: &Target) -> Option<ReleaseSpan> {
    let chart = |version: &GitlabVersion| releases::catalogue::find(&version.to_string()).ok().map(|found| found.chart);
    let (from, to) = (chart(&releases::default_version())?, chart(&version(target))?);
    (from < to).then_some(ReleaseSpan { from: Some(from), to })
}

/// Brings a profile into the form of a newer release; a user's file is left as it is.
fn rewrite_profile(input: &mut Input, span: &ReleaseSpan) {
    let Input::File { name, bytes } = input else { return };
    let text = name.starts_with(PROFILE).then(|| std::str::from_utf8(bytes).ok()).flatten();
    if let Some(migrated) = text.and_then(|text| migrate::migrate(name, text, span).ok()) {
        *bytes = migrated.text.into_bytes();
    }
}

/// The release whose defaults and behaviour apply. An unknown version is reported when the objects are planned.
pub(super) fn version(target: &Target) -> GitlabVersion {
    let named = target.gitlab_version.as_deref().and_then(|text| releases::catalogue::find(text).ok());
    named.map_or_else(releases::default_version, |release| release.gitlab)
}

/// The built-in defaults of the release.
pub(super) fn chart(target: &Target) -> Result<ChartDefaults, Diagnostic> {
    let broken = |e| Diagnostic::bug("defaults", format!("the embedded defaults cannot be read: {e}"));
    let mut defaults = bundle::defaults();
    let release = version(target).numbers();
    for (_, text) in bundle::DEFAULTS_BY_RELEASE.iter().filter(|(releases, _)| releases.has(release)) {
        layer(&mut defaults, serde_json::from_str(text).map_err(broken)?);
    }
    Ok(ChartDefaults::with_sections(defaults, &sections()))
}

/// The sections that are subcharts of the official chart, outer ones first: a null over one of them restores its
/// defaults.
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
    Ok(Input::File { name: format!("{PROFILE}{name}"), bytes: profile.text.into() })
}
