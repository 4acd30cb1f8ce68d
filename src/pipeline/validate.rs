//! Manifests to findings.

use super::{Failure, KubeVersion, Request, template};
use crate::diag::{Diagnostic, Report, Sources};
use crate::validate::{self, Findings, files};

/// Kubernetes versions that there are schemas of: the second number of the first and of the last.
pub fn validated_minors() -> (u32, u32) {
    validate::MINORS
}

/// Checks texts with manifests as one set. What cannot be read is in the report.
pub fn validate_texts(texts: Vec<files::Text>, version: KubeVersion, namespace: &str) -> (Findings, Report, Sources) {
    let options = validate::Options { minor: version.minor, namespace: namespace.to_owned() };
    files::check(texts, options)
}

/// Renders values and checks the result.
///
/// # Errors
/// As [`template`].
pub fn validate_values(request: &Request) -> Result<(Findings, Vec<Diagnostic>, Sources), Failure> {
    let rendered = template(request)?;
    let options =
        validate::Options { minor: request.target.kube_version.minor, namespace: request.target.namespace.clone() };
    let objects = rendered.objects.manifests().iter().map(|manifest| (manifest.source.as_str(), &manifest.body));
    let checked = files::check_bodies(&objects.collect::<Vec<_>>(), options);
    Ok((checked, rendered.warnings, rendered.sources))
}
