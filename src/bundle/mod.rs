//! What is compiled in: `charts/`, `values/` and `schemas/`, in the form that the build script (`build/`) gives them.

pub mod packed_tree;

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

include!(concat!(env!("OUT_DIR"), "/bundle.rs"));
include!(concat!(env!("OUT_DIR"), "/packed.rs"));
include!(concat!(env!("OUT_DIR"), "/facts.rs"));
include!(concat!(env!("OUT_DIR"), "/differences.rs"));
include!(concat!(env!("OUT_DIR"), "/by_release.rs"));

/// The default values of the whole deployment, as [`packed_tree`] reads them.
static DEFAULTS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/defaults.tree"));

/// The rules about values that a render refuses, as JSON: a part of `charts/releases/value-rules.json`.
pub static REFUSED_VALUES: &str = include_str!(concat!(env!("OUT_DIR"), "/refused-values.json"));

/// The three values paths that have to be true before a component gets a monitor for the Prometheus operator.
#[derive(Debug, Clone, Copy)]
pub struct MonitorSwitches {
    /// The component's switch, `global.kas.enabled`.
    pub component: &'static str,
    /// The switch of its metrics, `gitlab.kas.metrics.enabled`.
    pub metrics: &'static str,
    /// The monitor's own switch, `gitlab.kas.metrics.podMonitor.enabled`.
    pub monitor: &'static str,
}

/// A range of GitLab releases by their three numbers; both ends are included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Releases {
    /// The first release; `None` means from the beginning.
    pub since: Option<(u32, u32, u32)>,
    /// The last release, with a patch of `u32::MAX` where a whole series is included; `None` means until now.
    pub until: Option<(u32, u32, u32)>,
}

impl Releases {
    /// Whether a release is in the range.
    pub fn has(&self, release: (u32, u32, u32)) -> bool {
        self.since.is_none_or(|since| since <= release) && self.until.is_none_or(|until| release <= until)
    }
}

/// A named difference between releases: a row of `charts/releases/differences.json`.
#[derive(Debug, Clone, Copy)]
pub struct DifferenceRow {
    /// Its name in code.
    pub difference: Difference,
    /// Its name in data, `gateway-api`.
    pub id: &'static str,
    /// The releases that show it.
    pub releases: Releases,
    /// What these releases do, as the end of a sentence.
    pub what: &'static str,
}

/// The text of a template or file, `gitaly/statefulset.yaml` or `gitaly/files/config.toml`.
pub fn template(name: &str) -> Option<&'static str> {
    named_template(name).map(|(_, text)| text)
}

/// The name and the text of a template or file, by its name.
pub fn named_template(name: &str) -> Option<(&'static str, &'static str)> {
    let at = TEMPLATES.binary_search_by(|(key, _)| (*key).cmp(name)).ok()?;
    TEMPLATES.get(at).copied()
}

/// The name of an object's template: the component's own, `kas/deployment.yaml`, or the one that components share.
pub fn object_template(component: &str, file: &str) -> String {
    let own = [component, "/", file].concat();
    if template(&own).is_some() { own } else { ["_shared/objects/", file].concat() }
}

/// The default values of the whole deployment, for the newest release that is rendered.
pub fn defaults() -> serde_json::Value {
    // The build has read these bytes back, so this cannot fail.
    packed_tree::unpack(DEFAULTS).expect("the embedded defaults are a packed tree")
}

/// A schema without prose: the root's as `root.schema`, a component's by its name, a definition of a shared one as
/// `kubernetes#Probe`.
pub fn schema(name: &str) -> Option<serde_json::Value> {
    packed_tree::unpack(find(SCHEMAS, name)?)
}

/// The names of all profiles of `values/`, in order.
pub fn profiles() -> impl Iterator<Item = &'static str> {
    PACKED.iter().filter_map(|(name, _)| name.strip_prefix("profiles/"))
}

/// The text of a profile of `values/`.
pub fn profile(name: &str) -> Option<&'static str> {
    unpacked(&format!("profiles/{name}"))
}

/// A schema as JSON, with its descriptions and defaults: a component's by its name, or `root`, `definitions`, `kubernetes`.
pub fn described_schema(name: &str) -> Option<&'static str> {
    unpacked(&format!("schemas/{name}"))
}

/// A compressed text. It is decompressed once per process and kept: the size of the embedded data bounds the memory.
fn unpacked(name: &str) -> Option<&'static str> {
    static TEXTS: LazyLock<Mutex<HashMap<usize, &'static str>>> = LazyLock::new(Mutex::default);
    let at = PACKED.binary_search_by(|(key, _)| (*key).cmp(name)).ok()?;
    let mut texts = TEXTS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(text) = texts.get(&at) {
        return Some(text);
    }
    let bytes = miniz_oxide::inflate::decompress_to_vec(PACKED.get(at)?.1).ok()?;
    let text = &*String::from_utf8(bytes).ok()?.leak();
    texts.insert(at, text);
    Some(text)
}

fn find<T: ?Sized>(table: &'static [(&str, &'static T)], name: &str) -> Option<&'static T> {
    let at = table.binary_search_by(|(key, _)| (*key).cmp(name)).ok()?;
    table.get(at).map(|(_, content)| *content)
}
