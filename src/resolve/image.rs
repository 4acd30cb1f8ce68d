//! Image references: repository, tag, suffix, digest.

use super::context::Context;
use crate::model::workload::Image;
use crate::model::{Node, NonEmpty, Text};

/// A reference to an image for a container.
#[derive(Debug, Clone, Default)]
pub struct ImageRef {
    /// `repository:tag`.
    pub reference: String,
    /// The pull policy, unchanged.
    pub pull_policy: Option<String>,
}

/// Whether a tag is a plain version, which image tags write with a `v`: three numbers, also with `-rc1`.
fn is_version(tag: &str) -> bool {
    let (numbers, rest) = match tag.find('-') {
        Some(at) => tag.split_at(at),
        None => (tag, ""),
    };
    let rest = rest.strip_suffix("-pre").unwrap_or(rest);
    let rc = rest.is_empty()
        || rest.strip_prefix("-rc").is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()));
    let parts: Vec<&str> = numbers.split('.').collect();
    rc && parts.len() == 3 && parts.iter().all(|p| !p.is_empty() && p.bytes().all(|b| b.is_ascii_digit()))
}

/// The tag in the registry.
pub fn tag(version: &str) -> String {
    if is_version(version) { format!("v{version}") } else { version.to_owned() }
}

impl Context<'_> {
    /// One of our own images: the value's tag, or else `version`; a plain version gets its `v`.
    pub fn image(&self, image: &Image, version: &str) -> ImageRef {
        self.reference(image, &tag(image.tag.non_empty().unwrap_or(version)))
    }

    /// The same for images whose tags have no `v`: the tag is kept.
    pub fn image_as_tagged(&self, image: &Image, version: &str) -> ImageRef {
        self.reference(image, image.tag.non_empty().unwrap_or(version))
    }

    /// The same for an image whose registry is a separate value: its own `registry`, or `global.image.registry`.
    pub fn image_in_parts(&self, image: &Image, version: &str) -> ImageRef {
        let own = image.registry.non_empty();
        // The default is the registry of nginx-ingress' images; only another value is meant for all.
        let global = self.global.image.registry.non_empty().filter(|r| *r != "registry.k8s.io");
        let registry = own.or(global);
        let mut found = self.image_as_tagged(image, version);
        if let Some(registry) = registry {
            found.reference = format!("{registry}/{}", found.reference);
        }
        found
    }

    fn reference(&self, image: &Image, tag: &str) -> ImageRef {
        let repository = image.repository.as_ref().map_or("", Text::as_str);
        let suffix = self.global.image.tag_suffix.as_ref().map_or("", Text::as_str);
        let digest = image.digest.non_empty().map_or(String::new(), |d| format!("@{d}"));
        ImageRef { reference: format!("{repository}:{tag}{suffix}{digest}"), pull_policy: self.pull_policy(image) }
    }

    /// The version of Rails and helper images: `global.gitlabVersion`, or the release's.
    pub fn gitlab_version(&self) -> &str {
        &self.release.images.version
    }

    /// An image whose default repository follows the edition: `webservice`, `sidekiq` ...
    pub fn edition_image(&self, image: &Image, component: &str) -> ImageRef {
        let community = self.global.edition.as_ref().map(Text::as_str) == Some("ce");
        let table = if community { &self.global.community_images } else { &self.global.enterprise_images };
        let repository = table.get(component).and_then(|c| c.get("repository")).and_then(Node::as_str);
        let mut image = image.clone();
        if image.repository.non_empty().is_none() {
            image.repository = repository.map(Text::from);
        }
        self.image(&image, self.gitlab_version())
    }

    /// The image's own pull policy, or the global one.
    pub fn pull_policy(&self, image: &Image) -> Option<String> {
        let own = image.pull_policy.non_empty();
        own.or_else(|| self.global.image.pull_policy.non_empty()).map(str::to_owned)
    }
}
