//! Checked values to verified objects in order: resolve, render, name, mark, verify, order.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Request, Target, post_migrations, refused};
use crate::canary;
use crate::diag::{Diagnostic, Report};
use crate::images::Rewrite;
use crate::manifest::{self, Manifest, Ordered, content};
use crate::phases::{Hooks, marks};
use crate::releases;
use crate::render::{FilledTemplate, Renderer, render};
use crate::resolve::plan::Naming;
use crate::resolve::{Context, Plan, Release, checks, resolve, resolve_component};
use crate::schema::Checked;
use crate::tree::overlay;
use crate::yaml;

/// All objects of a render. Findings are added to `found`; `None` where one of them is an error.
pub(super) fn objects(request: &Request, checked: &Checked, found: &mut Vec<Diagnostic>) -> Option<Ordered> {
    let user = Some(checked.user());
    let manifests = match request.skip_post_migrations {
        true => whole(request, &post_migrations::skipped(checked.tree().clone()), user, found),
        false => whole(request, checked.tree(), user, found),
    }?;
    if refused(found) {
        return None;
    }
    Some(manifest::order(manifest::verify(manifests).map_err(|report| found.extend(report.0)).ok()?))
}

/// The part of a release that is rendered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RenderPart<'p> {
    /// All of it.
    Whole,
    /// The objects of one component, by its name.
    Component(&'p str),
    /// The objects that a component makes with one template.
    Template(&'p str, &'p str),
}

/// All objects of a tree of values, before they are verified. Findings are added to `found`.
///
/// It continues after errors in the values as far as possible, so that faults of objects are reported too.
pub(super) fn attempt(request: &Request, tree: &Value, found: &mut Vec<Diagnostic>) -> Option<Vec<Manifest>> {
    whole(request, tree, None, found)
}

/// As [`attempt`], with the user's own values where they are known.
fn whole(request: &Request, tree: &Value, user: Option<&Value>, found: &mut Vec<Diagnostic>) -> Option<Vec<Manifest>> {
    let release = release(&request.target, tree, found)?;
    let context = Context::new(&release, tree, yaml::read::inner).of_user(user);
    made(request, &context, RenderPart::Whole, &Renderer::new(), found)
}

/// As [`attempt`], for a part of a release. A checksum or a name that follows from an object outside of the part
/// differs from that in the whole release.
pub(super) fn part(
    request: &Request,
    tree: &Value,
    part: RenderPart<'_>,
    renderer: &Renderer,
    found: &mut Vec<Diagnostic>,
) -> Option<Vec<Manifest>> {
    let release = release(&request.target, tree, found)?;
    made(request, &Context::new(&release, tree, yaml::read::inner), part, renderer, found)
}

fn made(
    request: &Request,
    context: &Context,
    part: RenderPart<'_>,
    renderer: &Renderer,
    found: &mut Vec<Diagnostic>,
) -> Option<Vec<Manifest>> {
    let (mut plan, filled) = plan(context, part, renderer);
    found.append(&mut plan.diagnostics);
    finish(request, &plan, filled, found)
}

/// The objects of a part, and the dotted paths of the values that it reads besides those of `Global`.
pub(super) fn recorded(
    request: &Request,
    tree: &Value,
    part: RenderPart<'_>,
    renderer: &Renderer,
    found: &mut Vec<Diagnostic>,
) -> Option<(Vec<Manifest>, BTreeSet<String>)> {
    let release = release(&request.target, tree, found)?;
    let context = Context::recording(&release, tree, yaml::read::inner);
    let manifests = made(request, &context, part, renderer, found)?;
    Some((manifests, context.take_reads()))
}

/// Settings that contradict each other, and whatever else the components do not report themselves.
pub(super) fn contradictions(request: &Request, tree: &Value) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    if let Some(release) = release(&request.target, tree, &mut found) {
        let context = Context::new(&release, tree, yaml::read::inner);
        checks::check(&context);
        found.extend(context.take_findings());
    }
    found
}

/// The filled templates of a plan, in its order, or the failures of all of them.
type Filled = Result<Vec<FilledTemplate>, Report>;

/// Plans a part of a release and fills its templates.
fn plan(context: &Context, part: RenderPart<'_>, renderer: &Renderer) -> (Plan, Filled) {
    let (mut filled, mut failed, mut done) = (Vec::new(), Vec::new(), 0);
    let mut fill = |plan: &mut Plan| {
        match render(renderer, &mut plan.objects[done..]) {
            Ok(objects) => filled.extend(objects),
            Err(diagnostics) => failed.extend(diagnostics),
        }
        done = plan.objects.len();
    };
    let plan = match part {
        RenderPart::Whole => resolve(context, &mut fill),
        RenderPart::Component(name) => resolve_component(context, name, None, &mut fill),
        RenderPart::Template(name, template) => resolve_component(context, name, Some(template), &mut fill),
    };
    (plan, if failed.is_empty() { Ok(filled) } else { Err(Report(failed)) })
}

fn finish(request: &Request, plan: &Plan, filled: Filled, found: &mut Vec<Diagnostic>) -> Option<Vec<Manifest>> {
    let hooks = request.hooks;
    let named = filled.and_then(|filled| manifests(plan, filled, hooks, &request.images));
    let mut manifests = named.map_err(|report| found.extend(report.0)).ok()?;
    let target = &request.target;
    found.extend(canary::split(&mut manifests, &request.splits));
    if let Some(set) = &request.canary {
        manifests = canary::beside(manifests, &target.name, set, found);
    }
    for manifest in &mut manifests {
        if request.keep_helm_metadata {
            marks::put_ownership(manifest, &target.name, &target.namespace);
        }
        marks::put(manifest, hooks, &target.namespace);
    }
    Some(manifests)
}

fn release(target: &Target, tree: &Value, found: &mut Vec<Diagnostic>) -> Option<Release> {
    let value = match tree.pointer("/global/gitlabVersion") {
        Some(Value::String(text)) => Some(text.clone()),
        // An integer without quotes.
        Some(Value::Number(number)) => Some(number.to_string()),
        _ => None,
    };
    let images =
        releases::select(target.gitlab_version.as_deref(), value.as_deref()).map_err(|d| found.push(d)).ok()?;
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

/// Makes the objects of a plan from its filled templates.
fn manifests(
    plan: &Plan,
    filled: Vec<FilledTemplate>,
    hooks: Hooks,
    images: &Rewrite,
) -> Result<Vec<Manifest>, Report> {
    let (mut bodies, sources): (Vec<_>, Vec<_>) = filled.into_iter().map(|r| (r.body, r.source)).unzip();
    for (planned, body) in plan.objects.iter().zip(&mut bodies) {
        overlay(body, &planned.over);
    }
    // Names follow from content, so images come first: a changed image gives the Job a new name.
    if !images.is_empty() {
        images.apply(&mut bodies).map_err(Report)?;
    }
    follow_content(plan, &mut bodies, hooks);
    let mut manifests = Vec::with_capacity(bodies.len());
    let mut failed = Vec::new();
    for ((planned, source), body) in plan.objects.iter().zip(sources).zip(bodies) {
        match Manifest::new(planned.component, source, planned.phase, body) {
            Ok(manifest) => manifests.push(manifest),
            Err(diagnostic) => failed.push(diagnostic),
        }
    }
    if failed.is_empty() { Ok(manifests) } else { Err(Report(failed)) }
}

/// Sets checksum annotations and names that follow from the content of objects.
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
