//! The least versions of PostgreSQL, Redis and Kubernetes that a release takes.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use crate::releases::{self, Series, series_of};

/// The least version of a data service.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
pub struct Minimum {
    /// The first GitLab series that asks for it.
    #[serde(skip_serializing)]
    gitlab: String,
    /// The least version.
    #[serde(rename(serialize = "minimum"))]
    pub min: String,
    /// The least version by the documentation, where that names a patch.
    #[serde(rename(serialize = "documented"))]
    pub documented_min: Option<String>,
    /// What is better.
    pub recommended: Option<String>,
    /// What does instead.
    pub alternatives: Option<String>,
}

impl Minimum {
    /// `16 (16.8 by the documentation)`.
    pub fn said(&self) -> String {
        let documented = self.documented_min.as_ref().map(|v| format!("{v} by the documentation"));
        let recommended = self.recommended.as_ref().map(|v| format!("{v} is advised"));
        let notes: Vec<_> = [documented, recommended, self.alternatives.clone()].into_iter().flatten().collect();
        if notes.is_empty() { self.min.clone() } else { format!("{} ({})", self.min, notes.join("; ")) }
    }
}

#[derive(Deserialize)]
struct Services {
    postgresql: Vec<Minimum>,
    redis: Vec<Minimum>,
    extensions: Vec<(String, Option<String>)>,
}

fn services() -> &'static Services {
    static READ: OnceLock<Services> = OnceLock::new();
    READ.get_or_init(|| releases::read(releases::SERVICES))
}

fn last(rows: &'static [Minimum], series: Series) -> Option<&'static Minimum> {
    rows.iter().rfind(|row| series_of(&row.gitlab).is_some_and(|since| since <= series))
}

/// The least PostgreSQL of a GitLab series.
pub fn postgresql(series: Series) -> Option<&'static Minimum> {
    last(&services().postgresql, series)
}

/// The least Redis of a GitLab series, as far as known.
pub fn redis(series: Series) -> Option<&'static Minimum> {
    last(&services().redis, series)
}

/// The extensions of PostgreSQL that a GitLab series needs.
pub fn extensions(series: Series) -> Vec<&'static str> {
    let counts = |since: &Option<String>| since.as_deref().and_then(series_of).is_none_or(|since| since <= series);
    services().extensions.iter().filter(|(_, since)| counts(since)).map(|(name, _)| name.as_str()).collect()
}

#[derive(Deserialize)]
struct Clusters {
    minimum_gitlab: Vec<(String, String)>,
    support: BTreeMap<String, Support>,
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
    /// `1.33, 1.34 or 1.35 (1.32 is on its way out)`.
    pub fn said(&self) -> String {
        let Some((last, rest)) = self.supported.split_last() else { return format!("{} or older", self.newest) };
        let out = self.deprecated.join(", ");
        let out = if out.is_empty() { out } else { format!(" ({out} is on its way out)") };
        format!("{} or {last}{out}", rest.join(", "))
    }
}

/// The Kubernetes versions of a GitLab series; none before anything is known.
pub fn kubernetes(series: Series) -> Option<Kubernetes> {
    static READ: OnceLock<Clusters> = OnceLock::new();
    let known = READ.get_or_init(|| releases::read(releases::KUBERNETES));
    let runs = |(_, gitlab): &&(String, String)| series_of(gitlab).is_some_and(|least| least <= series);
    let newest = known.minimum_gitlab.iter().filter(runs).filter_map(|(v, _)| series_of(v)).max()?;
    let support = known.support.get(&format!("{}.{}", series.0, series.1));
    Some(Kubernetes {
        supported: support.map(|s| s.supported.clone()).unwrap_or_default(),
        deprecated: support.map(|s| s.deprecated.clone()).unwrap_or_default(),
        newest: format!("{}.{}", newest.0, newest.1),
    })
}
