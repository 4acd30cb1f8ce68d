//! Checks manifests.

use super::variant_faults::{VariantFault, VariantFaults, causes};
use super::variants::{Variant, Variants};
use super::{Output, Rendered, Request, places, selected};
use crate::diag::{Diagnostic, Failure, Report, Severity, Sources, ValuePath};
use crate::manifest::Manifest;
use crate::resolve::KubeVersion;
use crate::schema::Checked;
use crate::validate::installed::{InstalledSecret, installed};
use crate::validate::{self, Finding, Findings, files};

/// Checks documents with manifests as one set. The report also has the errors of documents that cannot be read.
pub fn texts(texts: Vec<files::ManifestText>, version: KubeVersion, namespace: &str) -> (Findings, Report, Sources) {
    let options = validate::ValidateOptions { minor: version.minor, namespace: namespace.to_owned() };
    files::check(texts, options)
}

/// Renders values and checks the result. A finding that one of the user's values causes has the place of that value,
/// where it is known.
///
/// # Errors
/// As [`super::render`].
pub fn values(request: &Request) -> Result<(Findings, Vec<Diagnostic>, Sources), Failure> {
    let (rendered, values) = selected(request, &Output::default())?;
    let options = validate::ValidateOptions {
        minor: request.target.kube_version.minor,
        namespace: request.target.namespace.clone(),
    };
    let mut checked = findings(rendered.objects.manifests(), &options);
    point_at_values(&mut checked.all, request, &rendered, &values, &options);
    Ok((checked, rendered.warnings, rendered.sources))
}

/// The Secrets that exist once these values are installed.
///
/// # Errors
/// As [`super::render`].
pub fn secrets(request: &Request) -> Result<(Vec<InstalledSecret>, Vec<Diagnostic>, Sources), Failure> {
    let (rendered, _) = selected(request, &Output::default())?;
    let options = validate::ValidateOptions {
        minor: request.target.kube_version.minor,
        namespace: request.target.namespace.clone(),
    };
    let manifests = rendered.objects.manifests();
    let required = findings(manifests, &options).secrets;
    let bodies: Vec<&serde_json::Value> = manifests.iter().map(|manifest| &manifest.body).collect();
    Ok((installed(&bodies, &required, &options.namespace), rendered.warnings, rendered.sources))
}

fn findings(manifests: &[Manifest], options: &validate::ValidateOptions) -> Findings {
    let objects = manifests.iter().map(|manifest| (manifest.source.as_str(), &manifest.body));
    files::check_bodies(&objects.collect::<Vec<_>>(), options.clone())
}

/// Replaces the place in the template by that of the value that causes the finding, where one does.
fn point_at_values(
    all: &mut [Finding],
    request: &Request,
    rendered: &Rendered,
    values: &Checked,
    options: &validate::ValidateOptions,
) {
    let reported: Vec<usize> = (0..all.len()).filter(|n| all[*n].severity > Severity::Note).collect();
    let Ok(variants) = Variants::new(request, values.user(), Vec::new()) else { return };
    if reported.is_empty() || variants.leaves().is_empty() {
        return;
    }
    let seen = seen(rendered.objects.manifests(), all);
    let see = |variant: &Variant| self::seen(&variant.manifests, &findings(&variant.manifests, options).all);
    for (number, causes) in reported.iter().zip(causes(&variants, &seen, &reported, &see)) {
        let place = causes.first().and_then(|path| values.origins().exact(path));
        if let Some(at) = place.map(places::at)
            && let Some(source) = values.sources().get(at.source)
        {
            let finding = &mut all[*number];
            finding.file.clone_from(&source.name);
            (finding.line, finding.column) = (at.line, at.column);
        }
    }
}

fn seen(manifests: &[Manifest], all: &[Finding]) -> VariantFaults {
    let mut seen = VariantFaults::objects(manifests);
    seen.wrong = all
        .iter()
        .map(|finding| {
            let object = manifests.iter().position(|m| Some(&m.id) == finding.object.as_ref());
            let field = ValuePath::indexed(&finding.path).unwrap_or_else(|| ValuePath::dotted(&finding.path));
            let value = object.and_then(|n| field.within(&manifests[n].body)).cloned().unwrap_or_default();
            VariantFault { object, field, value, diagnostic: Diagnostic::error(finding.code, finding.message.clone()) }
        })
        .collect();
    seen
}
