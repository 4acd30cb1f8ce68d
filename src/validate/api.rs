//! API versions: known, deprecated, removed, or of a custom resource.

use super::schema::{KindSchema, MINORS, Schemas};
use crate::diag::Severity;
use crate::manifest::{ObjectFault, ObjectId, format};
use crate::releases;

/// The result of looking up an object's kind.
pub enum ApiKind<'s> {
    /// A known kind with its schema.
    Kind(&'s KindSchema),
    /// A custom resource, or an API that is disabled by default: its schema is unknown.
    Elsewhere,
    /// The kind does not exist; there is a finding.
    No,
}

/// Looks up a kind; findings about its API version are added to `found`.
pub fn look_up<'s>(schemas: &'s Schemas, minor: u32, id: &ObjectId, found: &mut Vec<ObjectFault>) -> ApiKind<'s> {
    let mut say = |code, severity, field: &str, reason: String, hint: Option<String>| {
        found.push(ObjectFault::at(code, severity, field, reason).hint(hint));
    };
    let what = format!("`{}` of `{}`", id.kind, id.api_version);
    if let Some(kind) = schemas.kind(&id.api_version, &id.kind) {
        if kind.text == 0 && !kind.span.has(minor) {
            let (code, reason) = if minor < kind.span.first {
                ("unknown-api", format!("{what} exists since Kubernetes 1.{}, not in 1.{minor}", kind.span.first))
            } else {
                let gone = kind.span.last.min(MINORS.1) + 1;
                ("removed-api", format!("{what} was removed in Kubernetes 1.{gone}"))
            };
            say(code, Severity::Error, "apiVersion", reason, successor(schemas, minor, id).map(use_it));
            return ApiKind::Kind(kind);
        }
        let stable = successor(schemas, minor, id);
        let old = kind.deprecated.is_some_and(|span| span.has(minor));
        let beta = kind.text == 0 && id.api_version.contains("beta") && stable.is_some();
        if old || beta {
            let next = stable.or_else(|| replaced(id).map(str::to_owned));
            say("deprecated-api", Severity::Warning, "apiVersion", format!("{what} is deprecated"), next.map(use_it));
        }
        return ApiKind::Kind(kind);
    }
    // Configuration files of programs look like objects: kustomize's `builtin`.
    if !id.api_version.contains('/') && !version_like(&id.api_version) {
        return ApiKind::Elsewhere;
    }
    if let Some(removed) = releases::kubernetes::removed_apis().iter().find(|r| r.holds(&id.api_version, &id.kind)) {
        let hint = removed.successors.first().map(|next| use_it(next.clone()));
        let reason = format!("{what} was removed in Kubernetes {}", removed.since);
        say("removed-api", Severity::Error, "apiVersion", reason, hint);
        return ApiKind::No;
    }
    let own = schemas.kinds().iter().filter(|kind| kind.text == 0);
    let built_in = id.group() == "extensions" || own.clone().any(|kind| kind.group() == id.group());
    if !built_in {
        return ApiKind::Elsewhere;
    }
    if id.api_version.contains("alpha") {
        return ApiKind::Elsewhere;
    }
    if let Some(next) = successor(schemas, minor, id) {
        say("unknown-api", Severity::Error, "apiVersion", format!("Kubernetes has no {what}"), Some(use_it(next)));
        return ApiKind::No;
    }
    let elsewhere = own.clone().find(|kind| kind.kind == id.kind && kind.span.has(minor));
    if let Some(kind) = elsewhere {
        let hint = use_it(kind.api_version.to_owned());
        say("unknown-api", Severity::Error, "apiVersion", format!("Kubernetes has no {what}"), Some(hint));
        return ApiKind::No;
    }
    let near = format::nearest(&id.kind, own.filter(|kind| kind.api_version == id.api_version).map(|kind| kind.kind));
    let hint = near.map(|name| format!("did you mean `{name}`?"));
    say("unknown-kind", Severity::Error, "kind", format!("Kubernetes has no {what}"), hint);
    ApiKind::No
}

/// Whether a string is an API version such as `v1` or `v2beta1`.
fn version_like(text: &str) -> bool {
    text.strip_prefix('v').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

fn use_it(api_version: String) -> String {
    format!("use `{api_version}`")
}

/// The most stable other version of the same group with the kind.
fn successor(schemas: &Schemas, minor: u32, id: &ObjectId) -> Option<String> {
    let same = schemas.kinds().iter().filter(|kind| {
        kind.kind == id.kind && kind.group() == id.group() && kind.api_version != id.api_version && kind.span.has(minor)
    });
    same.min_by_key(|kind| (kind.api_version.contains("alpha"), kind.api_version.contains("beta")))
        .filter(|kind| !kind.api_version.contains("beta") || id.api_version.contains("beta"))
        .map(|kind| kind.api_version.to_owned())
}

/// The replacement of a kind that was renamed.
fn replaced(id: &ObjectId) -> Option<&'static str> {
    match id.kind.as_str() {
        "Endpoints" if id.group().is_empty() => Some("discovery.k8s.io/v1 EndpointSlice"),
        _ => None,
    }
}
