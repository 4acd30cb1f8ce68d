//! Joins the stages: one function for each point at which a command stops.
//!
//! [`render`] is the whole path: [`layers`] reads and merges the values, [`upgrade::removed`](crate::upgrade::removed)
//! and [`schema`] check them, [`objects`] makes manifests of them. [`template`] keeps the selected objects, and
//! [`emit`] writes them. Where a render fails, [`investigate`] finds the reason by rendering [`variants`] of the
//! values; each question about the effect of a value has a module. Other functions that start from a render or from
//! values: [`adopt`], [`companions()`], [`diff`], [`images`], [`mod@explore`], [`mod@impact`], [`import`], [`migrate`],
//! [`upgrade`], [`validate`], [`mod@why`].

mod advice;
mod candidates;
mod causes;
pub mod decide;
pub mod diff;
pub mod explore;
pub mod images;
pub mod impact;
pub mod import;
mod investigate;
mod layers;
pub mod lint;
mod merged;
pub mod migrate;
mod not_values;
mod objects;
mod parts;
mod places;
mod post_migrations;
mod probe;
mod questions;
mod reference;
mod request;
pub mod resource_list;
mod select;
mod too_large;
pub mod upgrade;
pub mod validate;
mod variant_faults;
mod variants;
pub mod why;
mod write;

use std::collections::BTreeSet;

use crate::adopt::{Guide, Tool};
use crate::companions::{self, Companion};
use crate::diag::{Diagnostic, Failure, Report, Severity, Sources, code};
use crate::manifest::{Manifest, Ordered};
use crate::phases::{Hooks, script};
use crate::releases::catalogue::Release;
use crate::releases::{self, GitlabVersion};
use crate::schema::{self, Checked, UnknownKeys};
use crate::shell;
use crate::upgrade::removed;
use crate::values::{Input, Merged, Origins};
use layers::UserLayers;

pub use self::layers::profile;
pub use self::merged::{MergedValues, default_values, merged_values};
pub use self::reference::{reached, reference};
pub use self::request::{Output, Request, Target};
pub use self::write::{CommandsPlace, NoLongerRendered, at_once, emit, no_longer_rendered, script, steps};

/// Objects ready to be written.
#[derive(Debug)]
pub struct Rendered {
    /// In the order in which they can be applied.
    pub objects: Ordered,
    /// Notes and warnings.
    pub warnings: Vec<Diagnostic>,
    /// The sources of their places.
    pub sources: Sources,
    /// The name of the release, or of the second set beside it.
    pub release: String,
    /// The namespace of the release.
    pub namespace: String,
    /// The tool whose marks they have.
    pub hooks: Hooks,
    /// Whether the release replaces an earlier one.
    pub is_upgrade: bool,
    /// Other namespaces that objects of the whole render go to, selected or not.
    pub elsewhere: BTreeSet<String>,
}

/// Renders values to verified, ordered objects: those that `output` selects.
///
/// # Errors
/// As [`render`], and a selected template or component that has no object.
pub fn template(request: &Request, output: &Output) -> Result<Rendered, Failure> {
    selected(request, output).map(|(rendered, _)| rendered)
}

/// Renders values to verified, ordered objects: all of them.
///
/// # Errors
/// All errors in the values.
pub fn render(request: &Request) -> Result<Rendered, Failure> {
    template(request, &Output::default())
}

/// The guide for taking over a release that Helm runs; `template` is the command line that renders it.
///
/// # Errors
/// As [`template`].
pub fn adopt(
    request: &Request,
    output: &Output,
    tool: Tool,
    template: String,
    helm_values: &str,
) -> Result<(Guide, Vec<Diagnostic>, Sources), Failure> {
    let (rendered, checked) = selected(request, output)?;
    let (name, namespace) = (request.target.name.clone(), request.target.namespace.clone());
    let gitlab = installed(rendered.objects.manifests());
    // The guide's commands must render this version even when a newer one has become the default.
    let template = match &gitlab {
        Some(gitlab) if !template.contains("--gitlab-version") => format!("{template} --gitlab-version {gitlab}"),
        _ => template,
    };
    let listed = gitlab.as_deref().and_then(GitlabVersion::parse).and_then(releases::listed_chart);
    // The nearest chart would be another GitLab; the way back has restored Helm's record before it names the chart.
    let chart = listed.map_or_else(|| shell::installed_chart(&name, &namespace), |chart| chart.to_string());
    let helm = format!("helm upgrade {name} gitlab/gitlab -n {namespace} --version {chart}{helm_values}");
    let release = crate::adopt::TakeoverRelease { name, namespace, template, gitlab, helm };
    let version = layers::version(&request.target);
    let others = companions::companions(checked.tree(), checked.user(), version, &release.name);
    let guide = crate::adopt::guide(release, tool, rendered.objects.manifests(), others);
    Ok((guide, rendered.warnings, rendered.sources))
}

/// The third-party charts that the values enable, the release that they are for, and the findings of the render.
///
/// # Errors
/// Everything for which the values are refused.
pub fn companions(
    request: &Request,
) -> Result<(Vec<Companion>, companions::write::CompanionRelease, Rendered), Failure> {
    let (rendered, checked) = selected(request, &Output::default())?;
    let gitlab = layers::version(&request.target);
    let name = request.target.name.clone();
    let found = companions::companions(checked.tree(), checked.user(), gitlab, &name);
    let known = Release { chart: releases::chart_of(gitlab), gitlab };
    let release = companions::write::CompanionRelease {
        name,
        namespace: request.target.namespace.clone(),
        version: known.to_string(),
        nearest: (!known.has_chart()).then(|| known.chart.to_string()),
    };
    Ok((found, release, rendered))
}

/// The GitLab version that a render records for later upgrade checks, without a `v`.
fn installed(objects: &[Manifest]) -> Option<String> {
    let version = objects.iter().find_map(|object| object.body.pointer("/data/gitlabVersion")?.as_str())?;
    Some(version.trim_start_matches('v').to_owned())
}

/// Whether it is worth finding out which values cause an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Causes {
    /// The user reads the errors.
    Sought,
    /// That there is an error is all that counts.
    Ignored,
}

/// The values of a request over the defaults, checked, and what there is to say about them, errors included.
///
/// # Errors
/// What the schemas refuse.
fn checked(request: &Request, causes: Causes) -> Result<(Checked, Vec<Diagnostic>), Failure> {
    let UserLayers { mut merged, files, is_partial, findings: mut found } = layers::merged(request)?;
    let not_values = not_values::find(&files, request.unknown_keys);
    found.extend(not_values.iter().cloned());
    found.extend(questions::open(&merged.origins, &merged.sources, request.strict));
    let removed =
        removed::check(&merged.user, layers::version(&request.target), request.unknown_keys == UnknownKeys::Warn);
    merged.user = removed::without(merged.user, &removed);
    found.extend(removed);
    found.extend(companions::notes(&merged.user));
    let too_large = too_large::find(&merged.user);
    let is_too_large = too_large.is_some();
    found.extend(too_large);
    let options = check_options(request);
    match schema::check(merged, &options) {
        // Whatever an input that cannot be read sets may be what the rest lacks or contradicts.
        Ok(checked) if is_partial || is_too_large => {
            Err(failure(found, checked.value.origins(), checked.value.sources()))
        }
        Ok(mut checked) => {
            removed::name(&mut checked.warnings, checked.value.user(), options.release);
            found.extend(checked.warnings);
            found.extend(questions::unfilled(checked.value.user(), &found, request.strict));
            found.retain(|d| d.code != code::UNKNOWN_KEY || !not_values::explained(d, &not_values, &files));
            Ok((checked.value, found))
        }
        Err((mut report, merged)) => {
            if is_partial {
                report.0.retain(|d| !matches!(d.code, code::MISSING_KEY | code::CONTRADICTION));
            }
            removed::name(&mut report.0, &merged.user, options.release);
            found.extend(report.0);
            found.extend(questions::unfilled(&merged.user, &found, request.strict));
            found.retain(|d| d.code != code::UNKNOWN_KEY || !not_values::explained(d, &not_values, &files));
            if causes == Causes::Sought && !is_partial && !is_too_large {
                found.extend(investigate::errors(request, &merged.user, &found));
            }
            Err(failure(found, &merged.origins, &merged.sources))
        }
    }
}

fn check_options(request: &Request) -> schema::CheckOptions {
    schema::CheckOptions {
        release: layers::version(&request.target),
        unknown_keys: request.unknown_keys,
        skip_schema_validation: request.skip_schema_validation,
    }
}

/// Checks a variant of values that were read and checked before; `None` where it is refused.
fn rechecked(request: &Request, mut merged: Merged) -> Option<Checked> {
    let lenient = request.unknown_keys == UnknownKeys::Warn;
    let removed = removed::check(&merged.user, layers::version(&request.target), lenient);
    if refused(&removed) || too_large::find(&merged.user).is_some() {
        return None;
    }
    merged.user = removed::without(merged.user, &removed);
    let checked = schema::check(merged, &check_options(request)).ok()?;
    (!refused(&checked.warnings)).then_some(checked.value)
}

/// As [`template`]; also returns the values that the objects come from.
///
/// # Errors
/// As [`template`].
pub fn selected(request: &Request, output: &Output) -> Result<(Rendered, Checked), Failure> {
    let mut selected = selected_with(request, output, Causes::Sought);
    let found = match &mut selected {
        Ok((rendered, _)) => &mut rendered.warnings,
        Err(failure) => &mut failure.report.0,
    };
    if request.inputs.len() > 1 || matches!(request.inputs[..], [Input::Composed(_)]) {
        places::in_all_layers(found, &request.inputs);
    }
    selected
}

fn selected_with(request: &Request, output: &Output, causes: Causes) -> Result<(Rendered, Checked), Failure> {
    let (checked, mut found) = checked(request, causes)?;
    let mut ours = Vec::new();
    let objects = if refused(&found) { None } else { objects::objects(request, &checked, &mut ours) };
    match objects {
        Some(_) => found.extend(ours),
        None if causes == Causes::Sought => found.extend(investigate::errors(request, checked.user(), &found)),
        // one error at least, so that the values count as refused
        None => found.extend(ours),
    }
    let Some(mut objects) = objects.filter(|_| !refused(&found)) else {
        return Err(failure(found, checked.origins(), checked.sources()));
    };
    let namespace = request.target.namespace.clone();
    let elsewhere = script::elsewhere(objects.manifests().iter().map(|object| &object.id), &namespace);
    found.extend(select::select(&mut objects, output, request.hooks, request.target.is_upgrade));
    if refused(&found) {
        return Err(failure(found, checked.origins(), checked.sources()));
    }
    found.extend(questions::unevaluated(checked.user(), objects.manifests()));
    places::locate(&mut found, checked.origins());
    let release = match &request.canary {
        Some(set) => format!("{}-{}", request.target.name, set.suffix),
        None => request.target.name.clone(),
    };
    let rendered = Rendered {
        objects,
        warnings: found,
        sources: checked.sources().clone(),
        release,
        namespace,
        hooks: request.hooks,
        is_upgrade: request.target.is_upgrade,
        elsewhere,
    };
    Ok((rendered, checked))
}

fn failure(mut found: Vec<Diagnostic>, origins: &Origins, sources: &Sources) -> Failure {
    places::locate(&mut found, origins);
    // A section that is not a map is reported once, and an error about a place makes a warning about it redundant.
    let sections: Vec<_> = found.iter().filter(|d| d.code == code::NOT_A_MAP).flat_map(|d| d.places.clone()).collect();
    found.retain(|d| d.code != code::WRONG_TYPE || !d.places.iter().any(|place| sections.contains(place)));
    let wrong: Vec<_> = found.iter().filter(|d| d.severity == Severity::Error).flat_map(|d| d.places.clone()).collect();
    // A run that fails does not report what the user did not write.
    let worth_saying = |d: &Diagnostic| !d.places.is_empty() && !d.places.iter().any(|place| wrong.contains(place));
    found.retain(|d| d.severity == Severity::Error || worth_saying(d));
    Failure { report: Report(found), sources: sources.clone() }
}

fn refused(found: &[Diagnostic]) -> bool {
    found.iter().any(|d| d.severity == Severity::Error)
}
