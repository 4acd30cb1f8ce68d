//! The images of a render.

use std::collections::BTreeMap;

use super::{Failure, Rendered, Request, template};
use crate::diag::Diagnostic;

pub use crate::images::{Images, Rewrite, parse_mirror, report};

/// What a file of digests says.
///
/// # Errors
/// Every line that says nothing.
pub fn digests(name: &str, text: &str) -> Result<BTreeMap<String, String>, Vec<Diagnostic>> {
    crate::images::digests(name, text)
}

/// Renders, and lists the images.
///
/// # Errors
/// As [`super::template`], and images without a digest.
pub fn images(request: &Request) -> Result<(Images, Rendered), Failure> {
    let rendered = template(request)?;
    let objects = rendered.objects.manifests().iter().map(|manifest| (&*manifest.component, &manifest.body));
    let images = Images::of(objects);
    Ok((images, rendered))
}
