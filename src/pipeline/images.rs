//! The images of a render.

use super::{Rendered, Request, render};
use crate::diag::Failure;
use crate::images::Images;

/// Renders, and lists the images.
///
/// # Errors
/// As [`render`], and images without a digest.
pub fn images(request: &Request) -> Result<(Images, Rendered), Failure> {
    let rendered = render(request)?;
    let objects = rendered.objects.manifests().iter().map(|manifest| (&*manifest.component, &manifest.body));
    let images = Images::of(objects);
    Ok((images, rendered))
}
