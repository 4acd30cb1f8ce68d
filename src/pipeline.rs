//! The stages joined; one function for each point where a command may stop.

mod blame;
pub mod diff;
mod further;
pub mod images;
pub mod import;
mod migrate;
mod places;
mod post_migrations;
pub mod upgrade;
mod validate;

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;

use serde_json::Value;

use crate::adopt;
use crate::bundle;
use crate::canary;
use crate::diag::{Diagnostic, Report, Severity, Sources};
use crate::emit;
use crate::images::Rewrite;
use crate::manifest::{self, Manifest, Ordered, content};
use crate::phases::{self, flux, marks};
use crate::profiles;
use crate::releases;
use crate::render::{Hole, Renderer, render};
use crate::resolve::plan::Naming;
use crate::resolve::shared::stand_in;
use crate::resolve::{Context, Plan, Release, component, resolve};
use crate::schema;
use crate::third_party;
use crate::upgrade::removed;
use crate::values::{self, Chart, Merged, Origins};
use crate::yaml::template as template_yaml;

pub use self::migrate::{File, Migrated, Sameness, Span, compare_renders, migrate, passed, span, text_diff};
pub use crate::adopt::write::{Layout, write as write_guide};
pub use crate::adopt::{Guide, Tool};
pub use crate::canary::{Canary, Split};
pub use crate::emit::Format;
pub use crate::manifest::Phase;
pub use crate::phases::Hooks;
pub use crate::phases::steps::Step;
pub use crate::profiles::{FIRST as FIRST_PROFILE, Profile, find as find_profile};
pub use crate::resolve::KubeVersion;
use crate::schema::Checked;
pub use crate::schema::UnknownKeys;
pub use crate::validate::files::Text as ManifestText;
pub use crate::validate::{Findings, report};
pub use crate::values::{FileContent, Flag, Input, MAX_BYTES, set_file_paths};
pub use validate::{validate_texts, validate_values, validated_minors};

/// What is to be rendered.
#[derive(Debug, Clone)]
pub struct Request {
    /// What the render is for.
    pub target: Target,
    /// Where the values come from, as they were given.
    pub inputs: Vec<Input>,
    /// What an unknown key is.
    pub unknown_keys: UnknownKeys,
    /// Whether types and bounds are warnings.
    pub skip_schema_validation: bool,
    /// A file of `values/`, the lowest layer.
    pub profile: Option<String>,
    /// Which objects are wanted.
    pub select: Select,
}

/// Name, place and versions of a release, as the command line has them.
#[derive(Debug, Clone)]
pub struct Target {
    /// The release's name.
    pub name: String,
    /// The namespace it goes to.
    pub namespace: String,
    /// Whether it replaces an earlier one.
    pub is_upgrade: bool,
    /// The cluster's version.
    pub kube_version: KubeVersion,
    /// API versions that the cluster has besides Kubernetes' own.
    pub api_versions: Vec<String>,
    /// The GitLab version; none: what the values say, or the default.
    pub gitlab_version: Option<String>,
}

/// Which objects of a render are wanted, and with whose marks.
#[derive(Debug, Clone, Default)]
pub struct Select {
    /// Templates, `webservice/deployment.yaml`; none: all.
    pub show_only: Vec<String>,
    /// Components; none: all.
    pub components: Vec<String>,
    /// Leave out what Helm would run as a hook.
    pub no_hooks: bool,
    /// Leave out tests.
    pub skip_tests: bool,
    /// Leave out what stands in for charts of others.
    pub skip_stand_ins: bool,
    /// Phases; none: all that the tool runs by itself.
    pub phases: Vec<Phase>,
    /// The tool that runs what Helm would run as hooks.
    pub hooks: Hooks,
    /// Where images come from.
    pub images: Rewrite,
    /// Leave post-deployment migrations to a later run.
    pub skip_post_migrations: bool,
    /// Mark objects as the Helm release's own.
    pub keep_helm_metadata: bool,
    /// Only a second set of the components, to run beside the release's.
    pub canary: Option<Canary>,
    /// Shares of requests that second sets get from the release's routes.
    pub splits: Vec<Split>,
}

/// Objects ready to be written.
#[derive(Debug)]
pub struct Rendered {
    /// In the order in which they can be applied.
    pub objects: Ordered,
    /// Notes and warnings.
    pub warnings: Vec<Diagnostic>,
    /// What their places point into.
    pub sources: Sources,
    /// The name of the release, or of the second set beside it.
    pub release: String,
    /// The tool that they are marked for.
    pub hooks: Hooks,
}

/// A run that ended early.
#[derive(Debug, Clone)]
pub struct Failure {
    /// Why.
    pub report: Report,
    /// What its places point into.
    pub sources: Sources,
}

/// Values to verified, ordered objects.
///
/// # Errors
/// Everything that was found up to the first stage that refused.
pub fn template(request: &Request) -> Result<Rendered, Failure> {
    rendered(request).map(|(rendered, _)| rendered)
}

/// How a release that Helm runs is taken over; `template` is the command line that renders it.
///
/// # Errors
/// As [`template`].
pub fn adopt(request: &Request, tool: Tool, template: String) -> Result<(Guide, Vec<Diagnostic>, Sources), Failure> {
    let (rendered, checked) = rendered(request)?;
    let (name, namespace) = (request.target.name.clone(), request.target.namespace.clone());
    let release = adopt::Release { name, namespace, template };
    let guide = adopt::guide(release, tool, rendered.objects.manifests(), checked.tree());
    Ok((guide, rendered.warnings, rendered.sources))
}

/// The objects, and the values they come from.
fn rendered(request: &Request) -> Result<(Rendered, Checked), Failure> {
    let (mut merged, mut found) = merged(request)?;
    let removed = removed::check(&merged.user, request.unknown_keys == UnknownKeys::Warn);
    merged.user = removed::without(merged.user, &removed);
    found.extend(removed);
    found.extend(third_party::notes(&merged.user));
    let options =
        schema::Options { unknown_keys: request.unknown_keys, skip_schema_validation: request.skip_schema_validation };
    let checked = match schema::check(merged, &options) {
        Ok(checked) => {
            found.extend(checked.warnings);
            checked.value
        }
        Err((report, merged)) => {
            found.extend(report.0);
            found.extend(further::errors(request, &merged.user, &found));
            return Err(failure(found, &merged.origins, &merged.sources));
        }
    };
    let objects = if refused(&found) { None } else { objects(request, &checked, &mut found) };
    let Some(mut objects) = objects.filter(|_| !refused(&found)) else {
        return Err(failure(found, checked.origins(), checked.sources()));
    };
    found.extend(select(&mut objects, &request.select, request.target.is_upgrade));
    if request.select.skip_stand_ins {
        found.retain(|d| d.code != stand_in::CODE);
    }
    if refused(&found) {
        return Err(failure(found, checked.origins(), checked.sources()));
    }
    places::locate(&mut found, checked.origins());
    let hooks = request.select.hooks;
    let release = match &request.select.canary {
        Some(set) => format!("{}-{}", request.target.name, set.suffix),
        None => request.target.name.clone(),
    };
    let rendered = Rendered { objects, warnings: found, sources: checked.sources().clone(), release, hooks };
    Ok((rendered, checked))
}

fn failure(mut found: Vec<Diagnostic>, origins: &Origins, sources: &Sources) -> Failure {
    places::locate(&mut found, origins);
    // A section that is no map is told once, and an error about a place says all that a warning about it would.
    let sections: Vec<_> = found.iter().filter(|d| d.code == "not-a-map").flat_map(|d| d.places.clone()).collect();
    found.retain(|d| d.code != "wrong-type" || !d.places.iter().any(|place| sections.contains(place)));
    let wrong: Vec<_> = found.iter().filter(|d| d.severity == Severity::Error).flat_map(|d| d.places.clone()).collect();
    // And a run that ends with an error need not speak of what the user did not write.
    let worth_saying = |d: &Diagnostic| !d.places.is_empty() && !d.places.iter().any(|place| wrong.contains(place));
    found.retain(|d| d.severity == Severity::Error || worth_saying(d));
    Failure { report: Report(found), sources: sources.clone() }
}

fn refused(found: &[Diagnostic]) -> bool {
    found.iter().any(|d| d.severity == Severity::Error)
}

/// Reads the user's values and lays them over the defaults.
fn merged(request: &Request) -> Result<(Merged, Vec<Diagnostic>), Failure> {
    let mut inputs = Vec::with_capacity(request.inputs.len() + 1);
    if let Some(name) = &request.profile {
        inputs.push(profile(name).map_err(bare)?);
    }
    inputs.extend(request.inputs.iter().cloned());
    let layers = values::load(&inputs).map_err(|(report, sources)| Failure { report, sources })?;
    let mut found = layers.warnings;
    let merged = match values::merge_charts(layers.value, chart().map_err(bare)?) {
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

/// Our defaults.
fn chart() -> Result<Chart, Diagnostic> {
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

fn bare(diagnostic: Diagnostic) -> Failure {
    Failure { report: diagnostic.into(), sources: Sources::default() }
}

/// Merged values to ordered objects; what was found on the way is added to `found`.
fn objects(request: &Request, checked: &Checked, found: &mut Vec<Diagnostic>) -> Option<Ordered> {
    let tree = match request.select.skip_post_migrations {
        true => &post_migrations::skipped(checked.tree().clone()),
        false => checked.tree(),
    };
    let release = release(&request.target, tree, found)?;
    let context =
        Context::new(&release, tree, |text| template_yaml::parse(text, &mut |_| None).map_err(|e| e.to_string()));
    let mut plan = resolve(&context);
    found.append(&mut plan.diagnostics);
    if refused(found) {
        return None;
    }
    let hooks = request.select.hooks;
    let mut manifests =
        manifests(&mut plan, hooks, &request.select.images).map_err(|report| found.extend(report.0)).ok()?;
    let target = &request.target;
    found.extend(canary::split(&mut manifests, &request.select.splits));
    if let Some(set) = &request.select.canary {
        manifests = canary::beside(manifests, &request.select.components, &target.name, set, found);
    }
    if refused(found) {
        return None;
    }
    for manifest in &mut manifests {
        if request.select.keep_helm_metadata {
            marks::put_ownership(manifest, &target.name, &target.namespace);
        }
        marks::put(manifest, hooks, &target.namespace);
    }
    let verified = manifest::verify(manifests).map_err(|Report(mut faults)| {
        blame::add_places(&mut faults, checked.user());
        found.extend(faults);
    });
    Some(manifest::order(verified.ok()?))
}

fn release(target: &Target, tree: &Value, found: &mut Vec<Diagnostic>) -> Option<Release> {
    let value = tree.pointer("/global/gitlabVersion").and_then(Value::as_str);
    let images = releases::select(target.gitlab_version.as_deref(), value).map_err(|d| found.push(d)).ok()?;
    found.extend(images.warnings);
    Some(Release {
        name: target.name.clone(),
        namespace: target.namespace.clone(),
        is_upgrade: target.is_upgrade,
        kube_version: target.kube_version,
        api_versions: target.api_versions.clone(),
        images: images.value,
    })
}

/// Runs the templates of a plan and reads what they give.
fn manifests(plan: &mut Plan, hooks: Hooks, images: &Rewrite) -> Result<Vec<Manifest>, Report> {
    let renderer = Renderer::new();
    let rendered = render(&renderer, &mut plan.objects).map_err(Report)?;
    let mut bodies = Vec::with_capacity(rendered.len());
    let mut failed = Vec::new();
    for object in &rendered {
        match read_rendered(&renderer, &object.text) {
            Ok(body) => bodies.push(body),
            Err(why) => {
                failed.push(Diagnostic::bug("template-failed", format!("template `{}`: {why}", object.source)));
            }
        }
    }
    if !failed.is_empty() {
        return Err(Report(failed));
    }
    // before names follow from content: another image is another Job
    if !images.is_empty() {
        images.apply(&mut bodies).map_err(Report)?;
    }
    follow_content(plan, &mut bodies, hooks);
    let mut manifests = Vec::with_capacity(bodies.len());
    for ((planned, rendered), body) in plan.objects.iter().zip(rendered).zip(bodies) {
        match Manifest::new(planned.component, rendered.source, planned.phase, body) {
            Ok(manifest) => manifests.push(manifest),
            Err(diagnostic) => failed.push(diagnostic),
        }
    }
    if failed.is_empty() { Ok(manifests) } else { Err(Report(failed)) }
}

/// Sets what follows from the content of objects: checksum annotations and names.
fn follow_content(plan: &Plan, bodies: &mut [Value], hooks: Hooks) {
    let by_content = |naming: Naming| match naming {
        Naming::Given => None,
        Naming::ByContent(end) => Some(end),
        Naming::ByContentWithoutHelm => (hooks != Hooks::Helm).then_some(""),
    };
    let mut wanted: Vec<(String, String)> =
        plan.objects.iter().flat_map(|o| &o.checksums).map(|c| (c.kind.to_owned(), c.name.clone())).collect();
    for (planned, body) in plan.objects.iter().zip(&*bodies) {
        if by_content(planned.naming).is_some() {
            wanted.extend(content::mounted(body).into_iter().map(|name| ("ConfigMap".to_owned(), name.to_owned())));
        }
    }
    let hashes = content::Hashes::of(&*bodies, &wanted);
    for (planned, body) in plan.objects.iter().zip(bodies) {
        if !planned.checksums.is_empty() {
            let follows = planned.checksums.iter().map(|c| (c.annotation.as_str(), c.kind, c.name.as_str()));
            content::checksums(body, follows, &hashes);
        }
        if let Some(end) = by_content(planned.naming) {
            content::name_by_content(body, end, &hashes);
        }
    }
}

/// A rendered template as a tree; fragments are read where they stand.
fn read_rendered(renderer: &Renderer, text: &str) -> Result<Value, String> {
    let mut inner = None;
    let tree = template_yaml::parse(text, &mut |number| match renderer.take(number)? {
        Hole::Value(value) => Some(value),
        Hole::Fragment(text) => match read_rendered(renderer, &text) {
            Ok(value) => Some(value),
            Err(reason) => {
                inner.get_or_insert(format!("in a fragment: {reason}"));
                None
            }
        },
    });
    match inner {
        Some(reason) => Err(reason),
        None => tree.map_err(|e| e.to_string()),
    }
}

/// Leaves the objects that are wanted; what was asked for and is not there is in the answer.
fn select(objects: &mut Ordered, select: &Select, is_upgrade: bool) -> Vec<Diagnostic> {
    let all = objects.manifests();
    let no_template = select.show_only.iter().filter(|s| !all.iter().any(|m| m.source == **s));
    let no_component = select.components.iter().filter(|c| !all.iter().any(|m| *m.component == ***c));
    let mut missing: Vec<Diagnostic> = no_template
        .map(|name| {
            let component = name.split('/').next().unwrap_or_default();
            let near = all.iter().filter(|m| *m.component == *component).map(|m| m.source.as_str());
            nothing_selected("template", name, near)
        })
        .collect();
    missing.extend(no_component.map(|name| nothing_selected("component", name, all.iter().map(|m| &*m.component))));
    objects.retain(|object| {
        let shown = select.show_only.is_empty() || select.show_only.contains(&object.source);
        let component = select.components.is_empty() || select.components.iter().any(|c| **c == *object.component);
        let hook = select.no_hooks && object.hook.is_some();
        let test = select.skip_tests && object.phase == Phase::Test;
        let stand_in = select.skip_stand_ins && stands_in(object);
        let phase = phases::wanted(object, &select.phases, select.hooks, is_upgrade);
        shown && component && phase && !hook && !test && !stand_in
    });
    missing
}

/// Whether an object stands in for one of a chart of others.
fn stands_in(object: &Manifest) -> bool {
    object
        .body
        .get("metadata")
        .and_then(|m| m.get("labels"))
        .is_some_and(|labels| labels.get(stand_in::LABEL).is_some())
}

fn nothing_selected<'a>(what: &str, name: &str, there: impl Iterator<Item = &'a str>) -> Diagnostic {
    let there: BTreeSet<_> = there.map(|name| format!("`{name}`")).collect();
    let there: Vec<_> = there.into_iter().collect();
    let hint = match there.is_empty() {
        true => "`--component NAME` shows a component, `-v` says which ones have objects".to_owned(),
        false => format!("with these values there are {}", there.join(", ")),
    };
    Diagnostic::error("nothing-selected", format!("no object comes from the {what} `{name}`")).hint(hint)
}

/// Writes the objects to a directory, or to a stream where none is named: all of them or none.
///
/// # Errors
/// The machine's: a full disk, a directory that cannot be taken.
pub fn emit(rendered: &Rendered, format: Format, dir: Option<&Path>, out: &mut impl Write) -> Result<(), Diagnostic> {
    match dir {
        None => emit::to_stdout(&rendered.objects, format, out),
        Some(dir) if rendered.hooks == Hooks::Flux => emit::to_dir_by_phase(&rendered.objects, format, dir, |paths| {
            flux::files(rendered.objects.manifests(), paths, &rendered.release, &flux::root(dir))
        }),
        Some(dir) => emit::to_dir(&rendered.objects, format, dir),
    }
}

/// What is wrong with writing all these objects to one stream, where nobody runs hooks.
pub fn at_once(request: &Request, rendered: &Rendered) -> Option<Diagnostic> {
    let alone = rendered.hooks == Hooks::None && request.target.is_upgrade;
    phases::at_once(rendered.objects.manifests()).filter(|_| alone)
}

/// What to do, phase by phase.
pub fn steps(rendered: &Rendered) -> Vec<Step> {
    phases::steps::steps(rendered.objects.manifests())
}

/// A profile of `values/` as a layer of its own.
///
/// # Errors
/// There is none of this name.
pub fn profile(name: &str) -> Result<Input, Diagnostic> {
    let profile = profiles::find(name)?;
    Ok(Input::File { name: format!("profile:{name}"), bytes: profile.text.into() })
}

/// All profiles, in order of their names.
pub fn profiles() -> impl Iterator<Item = Profile> {
    profiles::all()
}

/// The newest known GitLab version of every series, oldest first.
pub fn gitlab_versions() -> Vec<String> {
    releases::known_series().into_iter().filter_map(releases::newest).map(|version| version.to_string()).collect()
}
