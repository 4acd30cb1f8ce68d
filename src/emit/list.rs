//! The list of the files that earlier runs wrote into a directory.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Component, Path, PathBuf};

use serde_json::{Value, json};

use super::swap::{Done, MARKER, failed, refused};
use crate::manifest::{Hook, Phase};

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
    /// Whether objects that Helm would run as hooks are left out.
    pub no_hooks: bool,
    /// Whether tests are left out.
    pub no_tests: bool,
    /// The tool that runs what Helm runs as hooks.
    pub tool: &'static str,
    /// Whether it is Helm, which itself knows an install from an upgrade.
    pub has_helm_hooks: bool,
    /// Whether the release replaces an earlier one: some hooks run only then, or only otherwise.
    pub is_upgrade: bool,
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
        let all = self.phases.is_empty() && self.components.is_empty() && self.templates.is_empty();
        !all || self.no_hooks || self.no_tests
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
        // A part says nothing about objects that it has only for another tool, or only on an install or an upgrade.
        let other_tool = origin.tool.as_deref() != Some(self.tool);
        let runs = if self.is_upgrade { HookRuns::Install } else { HookRuns::Upgrade };
        let other_run = origin.hook == Some(runs) && !self.has_helm_hooks;
        let is_test = origin.phase.as_deref() == Some(Phase::Test.word());
        let left_out = self.no_hooks && origin.hook.is_some() || self.no_tests && is_test;
        origin.release == self.release
            && !(self.is_part() && (other_tool || other_run || left_out))
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
    /// The tool that runs what Helm runs as hooks; `None` for files that were written before it was recorded.
    pub tool: Option<String>,
    /// When Helm would run the object, where that is a hook.
    pub hook: Option<HookRuns>,
}

/// When an object runs that Helm runs as a hook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HookRuns {
    Install,
    Upgrade,
    Always,
}

impl HookRuns {
    const ALL: [HookRuns; 3] = [HookRuns::Install, HookRuns::Upgrade, HookRuns::Always];

    pub(super) fn of(hook: &Hook) -> Self {
        match (hook.runs_on(false), hook.runs_on(true)) {
            (true, false) => HookRuns::Install,
            (false, true) => HookRuns::Upgrade,
            _ => HookRuns::Always,
        }
    }

    fn word(self) -> &'static str {
        match self {
            HookRuns::Install => "install",
            HookRuns::Upgrade => "upgrade",
            HookRuns::Always => "always",
        }
    }
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
        tool: text("tool"),
        hook: text("hook").and_then(|word| HookRuns::ALL.into_iter().find(|runs| runs.word() == word)),
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
                ("tool", origin.and_then(|origin| origin.tool.as_ref())),
            ] {
                if let Some(value) = value {
                    file[key] = value.as_str().into();
                }
            }
            if let Some(runs) = origin.and_then(|origin| origin.hook) {
                file["hook"] = runs.word().into();
            }
            file
        })
        .collect();
    format!("{:#}\n", json!({ "format": 2, "writtenBy": "gitlab-render", "files": files }))
}
