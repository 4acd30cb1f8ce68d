//! The images of a render: their names, the components that need them, and other places to pull them from.

pub mod report;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde_json::Value;

use crate::diag::Diagnostic;

/// Where images come from, if not from where the values say.
#[derive(Debug, Clone, Default)]
pub struct Rewrite {
    /// A registry with an optional path, `mirror.example.com/gitlab`, that mirrors the others: the path of an image
    /// below its own registry is kept.
    pub mirror: Option<String>,
    /// Digests by image name without a mirror; where there are any, every image has to have one.
    pub digests: Option<BTreeMap<String, String>>,
}

impl Rewrite {
    /// Whether no image changes.
    pub fn is_empty(&self) -> bool {
        self.mirror.is_none() && self.digests.is_none()
    }

    /// Rewrites the images of every container in the objects.
    ///
    /// # Errors
    /// Images that have no digest where digests are given: pinning covers all of them.
    pub fn apply(&self, bodies: &mut [Value]) -> Result<(), Vec<Diagnostic>> {
        let mut missing = BTreeSet::new();
        for body in bodies {
            each_image(body, &mut |image| {
                let mut reference = Reference::parse(image);
                if let Some(digests) = &self.digests
                    && reference.digest.is_none()
                {
                    match digests.get(&reference.to_string()) {
                        Some(digest) => reference.digest = Some(digest.clone()),
                        None => {
                            missing.insert(image.clone());
                        }
                    }
                }
                if let Some(mirror) = &self.mirror {
                    reference.registry.clone_from(mirror);
                }
                *image = reference.to_string();
            });
        }
        if missing.is_empty() {
            return Ok(());
        }
        let hint = "`gitlab-render images` lists the images that are needed; `crane digest IMAGE` or `skopeo inspect` prints a digest";
        let tell = |image: &String| {
            Diagnostic::error("no-digest", format!("`{image}` is used, but the file has no digest for it")).hint(hint)
        };
        Err(missing.iter().map(tell).collect())
    }
}

/// The parts of an image's name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reference {
    /// The registry, `registry.example.com:5000`; Docker's default where the name has none.
    pub registry: String,
    /// `group/project/image`.
    pub repository: String,
    /// The tag, after the colon.
    pub tag: Option<String>,
    /// The digest, `sha256:...`
    pub digest: Option<String>,
}

impl Reference {
    /// Splits a name as container runtimes do: the part before the first slash is a registry if it has a dot or a
    /// colon, or is `localhost`.
    pub fn parse(text: &str) -> Self {
        let (name, digest) = match text.split_once('@') {
            Some((name, digest)) => (name, Some(digest.to_owned())),
            None => (text, None),
        };
        let tag_at = name.rfind(':').filter(|at| !name[*at..].contains('/'));
        let (name, tag) = match tag_at {
            Some(at) => (&name[..at], Some(name[at + 1..].to_owned())),
            None => (name, None),
        };
        let (registry, repository) = match name.split_once('/') {
            Some((first, rest)) if first.contains(['.', ':']) || first == "localhost" => (first, rest.to_owned()),
            Some(_) => ("docker.io", name.to_owned()),
            None => ("docker.io", format!("library/{name}")),
        };
        Reference { registry: registry.to_owned(), repository, tag, digest }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.registry, self.repository)?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        if let Some(digest) = &self.digest {
            write!(f, "@{digest}")?;
        }
        Ok(())
    }
}

/// The images of objects, each with the components that need it.
#[derive(Debug, Clone, Default)]
pub struct Images(pub BTreeMap<Reference, BTreeSet<String>>);

impl Images {
    /// Collects images from pairs of a component's name and an object.
    pub fn of<'a>(objects: impl Iterator<Item = (&'a str, &'a Value)>) -> Self {
        let mut images = Images::default();
        for (component, body) in objects {
            each_image_of(body, &mut |image| {
                images.0.entry(Reference::parse(image)).or_default().insert(component.to_owned());
            });
        }
        images
    }
}

const CONTAINERS: [&str; 3] = ["initContainers", "containers", "ephemeralContainers"];

/// The pod in an object: in the template of a workload or of a CronJob's Job, or the object itself.
const PODS: [&str; 3] = ["/spec/template/spec", "/spec/jobTemplate/spec/template/spec", "/spec"];

fn each_image_of(body: &Value, found: &mut dyn FnMut(&str)) {
    for pod in PODS.iter().filter_map(|path| body.pointer(path)) {
        for container in CONTAINERS.iter().filter_map(|field| pod.get(*field)?.as_array()).flatten() {
            if let Some(image) = container.get("image").and_then(Value::as_str) {
                found(image);
            }
        }
    }
}

fn each_image(body: &mut Value, change: &mut dyn FnMut(&mut String)) {
    for path in PODS {
        let Some(pod) = body.pointer_mut(path) else { continue };
        for field in CONTAINERS {
            let containers = pod.get_mut(field).and_then(Value::as_array_mut).into_iter().flatten();
            for container in containers {
                if let Some(Value::String(image)) = container.get_mut("image") {
                    change(image);
                }
            }
        }
    }
}

/// Parses digests: a JSON object of image to digest, or lines of `IMAGE DIGEST` or `IMAGE@DIGEST`; `#` begins a
/// comment.
///
/// # Errors
/// Every line in another form.
pub fn digests(name: &str, text: &str) -> Result<BTreeMap<String, String>, Vec<Diagnostic>> {
    let wrong = |what: String| {
        Diagnostic::error("bad-digests", format!("`{name}`{what}")).hint(
            "write lines of `IMAGE sha256:...` or `IMAGE@sha256:...`, or a JSON object that maps images to digests",
        )
    };
    let is_digest = |text: &str| {
        text.strip_prefix("sha256:").is_some_and(|hex| hex.len() == 64 && hex.bytes().all(|b| b.is_ascii_hexdigit()))
    };
    let mut found = BTreeMap::new();
    let mut faults = Vec::new();
    let mut take = |place: String, image: &str, digest: &str| {
        if is_digest(digest) {
            found.insert(Reference::parse(image).to_string(), digest.to_owned());
        } else {
            faults.push(wrong(format!("{place}: expected a digest: `sha256:` and 64 hexadecimal digits")));
        }
    };
    if text.trim_start().starts_with('{') {
        let map: BTreeMap<String, String> = serde_json::from_str(text)
            .map_err(|e| vec![wrong(format!(", line {}: not a JSON object that maps images to digests", e.line()))])?;
        map.iter().for_each(|(image, digest)| take(format!(", `{image}`"), image, digest));
    } else {
        for (line, number) in text.lines().zip(1..) {
            let line = line.split('#').next().unwrap_or_default().trim();
            if line.is_empty() {
                continue;
            }
            let (image, digest) =
                line.split_once(char::is_whitespace).or_else(|| line.split_once('@')).unwrap_or((line, ""));
            take(format!(", line {number}"), image, digest.trim());
        }
    }
    if found.is_empty() && faults.is_empty() {
        let message = format!("`{name}` contains no digest, so no image would be pinned");
        let hint = "check the command that writes the file; without `--digests` images keep their tags";
        return Err(vec![Diagnostic::error("bad-digests", message).hint(hint)]);
    }
    if faults.is_empty() { Ok(found) } else { Err(faults) }
}

/// Checks a mirror from the command line: a registry and an optional path.
///
/// # Errors
/// The rule that it breaks.
pub fn parse_mirror(text: &str) -> Result<String, String> {
    if text.contains("://") {
        return Err("leave the scheme out: `mirror.example.com/path`".to_owned());
    }
    let plain = text.trim_end_matches('/');
    let first = plain.split('/').next().unwrap_or_default();
    if !(first.contains(['.', ':']) || first == "localhost") {
        return Err("begin with the host of the registry: `mirror.example.com/path`".to_owned());
    }
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '/' | ':');
    if !plain.chars().all(allowed) || plain[first.len()..].contains(':') {
        return Err("write a host, optionally a port, and a path".to_owned());
    }
    Ok(plain.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_taken_apart_and_put_together() {
        for (text, whole) in [
            ("redis", "docker.io/library/redis"),
            ("bitnami/redis:7", "docker.io/bitnami/redis:7"),
            ("localhost/x:1", "localhost/x:1"),
            ("r.test:5000/a/b", "r.test:5000/a/b"),
            ("r.test:5000/a/b:c@sha256:1", "r.test:5000/a/b:c@sha256:1"),
        ] {
            assert_eq!(Reference::parse(text).to_string(), whole);
        }
    }

    #[test]
    fn mirrors_are_hosts_with_a_path() {
        assert_eq!(parse_mirror("m.test:5000/gitlab/").as_deref(), Ok("m.test:5000/gitlab"));
        for bad in ["https://m.test", "mirror/path", "m.test/a:b", "m.test/a b", ""] {
            assert!(parse_mirror(bad).is_err(), "{bad}");
        }
    }
}
