//! Kubernetes as data: which versions a GitLab release is for, and which API versions are gone.

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

/// A version of the data; a test reads them all.
fn version(text: &str) -> Series {
    series_of(text).unwrap_or_default()
}

/// The version that manifests are written for, and were checked against, where none is named.
pub fn checked() -> Series {
    version(&data().checked)
}

/// The newest version that is known to exist.
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

/// The Kubernetes versions that a release is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Kubernetes {
    /// Named by the documentation of the series; empty where that is not known.
    pub supported: Vec<String>,
    /// As `supported`, on their way out.
    pub deprecated: Vec<String>,
    /// The newest one that the series is known to run on.
    pub newest: String,
}

impl Kubernetes {
    /// The supported versions as a list, and in parentheses the deprecated ones.
    pub fn said(&self) -> String {
        let Some((last, rest)) = self.supported.split_last() else { return format!("{} or older", self.newest) };
        let out = self.deprecated.join(", ");
        let out = if out.is_empty() { out } else { format!(" ({out} is on its way out)") };
        format!("{} or {last}{out}", rest.join(", "))
    }
}

/// The newest version that a GitLab series is known to run on; none before anything is known.
pub fn newest(gitlab: Series) -> Option<Series> {
    let runs = |(_, least): &&(String, String)| series_of(least).is_some_and(|least| least <= gitlab);
    data().minimum_gitlab.iter().filter(runs).filter_map(|(version, _)| series_of(version)).max()
}

/// The Kubernetes versions of a GitLab series; none before anything is known.
pub fn of(series: Series) -> Option<Kubernetes> {
    let newest = newest(series)?;
    // What the documentation of a series says counts until a later series' says something else.
    let told = |(gitlab, row): (&'static String, &'static Support)| Some((series_of(gitlab)?, row));
    let told = data().support.iter().filter_map(told).filter(|(gitlab, _)| *gitlab <= series);
    let support: Option<&Support> = told.max_by_key(|(gitlab, _)| *gitlab).map(|(_, row)| row);
    Some(Kubernetes {
        supported: support.map(|s| s.supported.clone()).unwrap_or_default(),
        deprecated: support.map(|s| s.deprecated.clone()).unwrap_or_default(),
        newest: format!("{}.{}", newest.0, newest.1),
    })
}

/// API versions that Kubernetes removed before the oldest version that schemas are known of.
#[derive(Debug, Deserialize)]
pub struct RemovedApi {
    /// The Kubernetes version that was the first without them.
    pub since: String,
    versions: Vec<String>,
    kinds: Vec<String>,
    /// What to use instead; none where nothing took their place.
    pub successors: Vec<String>,
}

impl RemovedApi {
    /// Whether a kind in an API version is one of them.
    pub fn holds(&self, api_version: &str, kind: &str) -> bool {
        self.versions.iter().any(|v| v == api_version) && self.kinds.iter().any(|k| k == kind)
    }
}

/// All that were removed, oldest first.
pub fn removed_apis() -> &'static [RemovedApi] {
    &data().removed_apis
}
