//! Manifests to findings.

use super::{Output, Request, blame, places, selected};
use crate::diag::{Diagnostic, Failure, Place, Report, Sources};
use crate::resolve::KubeVersion;
use crate::schema::Checked;
use crate::validate::{self, Finding, Findings, files};

/// Checks texts with manifests as one set. What cannot be read is in the report.
pub fn texts(texts: Vec<files::Text>, version: KubeVersion, namespace: &str) -> (Findings, Report, Sources) {
    let options = validate::Options { minor: version.minor, namespace: namespace.to_owned() };
    files::check(texts, options)
}

/// Renders values and checks the result. What comes from a value of the user's has its place, where that can be told.
///
/// # Errors
/// As [`super::render`].
pub fn values(request: &Request) -> Result<(Findings, Vec<Diagnostic>, Sources), Failure> {
    let (rendered, values) = selected(request, &Output::default())?;
    let options =
        validate::Options { minor: request.target.kube_version.minor, namespace: request.target.namespace.clone() };
    let objects = rendered.objects.manifests().iter().map(|manifest| (manifest.source.as_str(), &manifest.body));
    let mut checked = files::check_bodies(&objects.collect::<Vec<_>>(), options);
    for finding in &mut checked.all {
        point_at_value(finding, &values);
    }
    Ok((checked, rendered.warnings, rendered.sources))
}

/// Puts the place of the value that a finding comes from in that of the template.
fn point_at_value(finding: &mut Finding, values: &Checked) {
    let Some(object) = &finding.object else { return };
    let message = format!("`{object}`: `{}`: {}", finding.path, finding.message);
    let mut told = [Diagnostic::error(finding.code, message)];
    blame::add_places(&mut told, values.user());
    places::locate(&mut told, values.origins());
    let [Diagnostic { places, .. }] = &told;
    if let Some(Place::At(at)) = places.first()
        && let Some(source) = values.sources().get(at.source)
    {
        finding.file.clone_from(&source.name);
        (finding.line, finding.column) = (at.line, at.column);
    }
}
