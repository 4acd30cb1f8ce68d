//! The list of the files that earlier runs wrote into a directory.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Component, Path, PathBuf};

use serde_json::{Value, json};

use super::swap::{Done, MARKER, failed, refused};
use crate::manifest::Phase;

/// The part of a directory that a run writes: several runs may share one, for several releases and for parts of one.
#[derive(Debug, Clone, Default)]
pub struct OutputScope {
    /// The release; files of others are kept.
    pub release: String,
    /// Its namespace: a release of the same name in another one is another release.
    pub namespace: String,
    /// Only these phases; empty: all.
    pub phases: Vec<Phase>,
    /// Only these components; empty: all.
    pub components: Vec<String>,
    /// Only these templates; empty: all.
    pub templates: Vec<String>,
    /// Whether the run writes files that cover all objects of the release; a run of a part must not replace those.
    pub has_index: bool,
    /// Whether files that were edited since they were written may be replaced.
    pub force: bool,
    /// Files that the user is meant to edit, and whose edits are part of what is written now; see [`super::edited`].
    pub edits_kept: Vec<String>,
}

impl OutputScope {
    /// Whether the run writes a part of the release only.
    pub fn is_part(&self) -> bool {
        !(self.phases.is_empty() && self.components.is_empty() && self.templates.is_empty())
    }

    /// Whether a file of an earlier run is written again by this run, or is stale.
    pub(super) fn covers(&self, entry: &WrittenFile) -> bool {
        let Some(origin) = &entry.origin else {
            // Written before files had an origin.
            return !self.is_part();
        };
        let phase = |phase: &Phase| origin.phase.as_deref() == Some(phase.word());
        let of =
            |component: &String| origin.template.as_deref().is_some_and(|t| t.split('/').next() == Some(component));
        let template = |template: &String| origin.template.as_ref() == Some(template);
        origin.release == self.release
            && (self.phases.is_empty() || self.phases.iter().any(phase))
            && (self.components.is_empty() || self.components.iter().any(of))
            && (self.templates.is_empty() || self.templates.iter().any(template))
    }
}

/// A file of an earlier run.
#[derive(Debug, Clone, Default)]
pub(super) struct WrittenFile {
    /// A hash of the written content.
    pub sha256: Option<String>,
    /// Its origin.
    pub origin: Option<WrittenOrigin>,
}

/// The origin of a file: the object that it holds.
#[derive(Debug, Clone)]
pub(super) struct WrittenOrigin {
    pub release: String,
    /// `None` for files that were written before it was recorded.
    pub namespace: Option<String>,
    /// The object; `None` for files that hold no object of the release.
    pub phase: Option<String>,
    /// `kas/deployment.yaml`
    pub template: Option<String>,
}

/// Files by their path below the directory.
pub(super) type List = BTreeMap<PathBuf, WrittenFile>;

/// The list of a directory; empty where there is none.
pub(super) fn read(dir: &Path) -> Done<List> {
    let path = dir.join(MARKER);
    match fs::symlink_metadata(&path) {
        Err(_) => return Ok(List::new()),
        Ok(found) if !found.is_file() => {
            return Err(refused(&path, "was not written by this program").hint("remove it"));
        }
        Ok(_) => {}
    }
    let text = fs::read(&path).map_err(failed("read", &path))?;
    let marker: Value = serde_json::from_slice(&text).unwrap_or(Value::Null);
    let Some(files) = marker.get("files").and_then(Value::as_array) else {
        return Err(refused(&path, "is not in the format that this program writes")
            .hint("move it away; the program then no longer recognizes files of earlier runs as its own"));
    };
    let inside = |path: &Path| path.components().all(|part| matches!(part, Component::Normal(_)));
    Ok(files.iter().filter_map(entry).filter(|(path, _)| inside(path)).collect())
}

fn entry(value: &Value) -> Option<(PathBuf, WrittenFile)> {
    // Format 1 had paths only.
    if let Some(path) = value.as_str() {
        return Some((PathBuf::from(path), WrittenFile::default()));
    }
    let text = |key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    let origin = text("release").map(|release| WrittenOrigin {
        release,
        namespace: text("namespace"),
        phase: text("phase"),
        template: text("template"),
    });
    Some((PathBuf::from(text("path")?), WrittenFile { sha256: text("sha256"), origin }))
}

/// The list as text.
pub(super) fn text(list: &List) -> String {
    let files: Vec<_> = list
        .iter()
        .map(|(path, entry)| {
            let mut file = json!({ "path": path.to_string_lossy() });
            let origin = entry.origin.as_ref();
            for (key, value) in [
                ("sha256", entry.sha256.as_ref()),
                ("release", origin.map(|origin| &origin.release)),
                ("namespace", origin.and_then(|origin| origin.namespace.as_ref())),
                ("phase", origin.and_then(|origin| origin.phase.as_ref())),
                ("template", origin.and_then(|origin| origin.template.as_ref())),
            ] {
                if let Some(value) = value {
                    file[key] = value.as_str().into();
                }
            }
            file
        })
        .collect();
    format!("{:#}\n", json!({ "format": 2, "writtenBy": "gitlab-render", "files": files }))
}
