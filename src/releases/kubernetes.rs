//! Kubernetes as data: which versions a GitLab release supports, and which API versions were removed.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use super::{Series, series_of};

#[derive(Deserialize)]
struct Clusters {
    checked: String,
    published: String,
    serves_all: String,
    minimum_gitlab: Vec<(String, String)>,
    support: BTreeMap<String, Support>,
    removed_apis: Vec<RemovedApi>,
}

fn data() -> &'static Clusters {
    static READ: OnceLock<Clusters> = OnceLock::new();
    READ.get_or_init(|| super::read(super::KUBERNETES))
}

/// A version in the data; a test parses all of them.
fn version(text: &str) -> Series {
    series_of(text).unwrap_or_default()
}

/// The default version, against which the output was checked.
pub fn checked() -> Series {
    version(&data().checked)
}

/// The newest version that exists, as far as known.
pub fn published() -> Series {
    version(&data().published)
}

/// The first version that serves every API version that is written.
pub fn serves_all() -> Series {
    version(&data().serves_all)
}

#[derive(Deserialize)]
struct Support {
    supported: Vec<String>,
    deprecated: Vec<String>,
}

/// The Kubernetes versions that a release supports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Kubernetes {
    /// Those in the documentation of the series; empty where that is not known.
    pub supported: Vec<String>,
    /// Those that are supported and deprecated.
    pub deprecated: Vec<String>,
    /// The newest one on which the series is known to run.
    pub newest: String,
}

impl Kubernetes {
    /// The supported versions as a list, and in parentheses the deprecated ones.
    pub fn in_words(&self) -> String {
        let Some((last, rest)) = self.supported.split_last() else { return format!("{} or older", self.newest) };
        let out = self.deprecated.join(", ");
        let out = if out.is_empty() { out } else { format!(" ({out} is deprecated)") };
        format!("{} or {last}{out}", rest.join(", "))
    }
}

/// The newest version on which a GitLab series is known to run; `None` for series before the data begin.
pub fn newest(gitlab: Series) -> Option<Series> {
    let runs = |(_, least): &&(String, String)| series_of(least).is_some_and(|least| least <= gitlab);
    data().minimum_gitlab.iter().filter(runs).filter_map(|(version, _)| series_of(version)).max()
}

/// The Kubernetes versions of a GitLab series; `None` for series before the data begin.
pub fn of(series: Series) -> Option<Kubernetes> {
    let newest = newest(series)?;
    // The documentation of a series applies until that of a later one differs.
    let reported = |(gitlab, row): (&'static String, &'static Support)| Some((series_of(gitlab)?, row));
    let reported = data().support.iter().filter_map(reported).filter(|(gitlab, _)| *gitlab <= series);
    let support: Option<&Support> = reported.max_by_key(|(gitlab, _)| *gitlab).map(|(_, row)| row);
    Some(Kubernetes {
        supported: support.map(|s| s.supported.clone()).unwrap_or_default(),
        deprecated: support.map(|s| s.deprecated.clone()).unwrap_or_default(),
        newest: format!("{}.{}", newest.0, newest.1),
    })
}

/// API versions that Kubernetes removed before the oldest version that has a schema here.
#[derive(Debug, Deserialize)]
pub struct RemovedApi {
    /// The first Kubernetes version without them.
    pub since: String,
    versions: Vec<String>,
    kinds: Vec<String>,
    /// The replacement; `None` where there is none.
    pub successors: Vec<String>,
}

impl RemovedApi {
    /// Whether a kind in an API version is one of them.
    pub fn holds(&self, api_version: &str, kind: &str) -> bool {
        self.versions.iter().any(|v| v == api_version) && self.kinds.iter().any(|k| k == kind)
    }
}

/// All removed API versions, oldest first.
pub fn removed_apis() -> &'static [RemovedApi] {
    &data().removed_apis
}
