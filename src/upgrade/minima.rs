//! The minimum versions of PostgreSQL and Redis of a release.

use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use crate::releases::{self, Series, series_of};

pub use crate::releases::kubernetes::{Kubernetes, of as kubernetes};

/// The minimum version of a data service.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
pub struct Minimum {
    /// The first GitLab series with this minimum.
    #[serde(skip_serializing)]
    gitlab: String,
    /// The minimum version.
    #[serde(rename(serialize = "minimum"))]
    pub min: String,
    /// The minimum version in the documentation, where that names a patch.
    #[serde(rename(serialize = "documented"))]
    pub documented_min: Option<String>,
    /// The recommended version.
    pub recommended: Option<String>,
    /// An alternative.
    pub alternatives: Option<String>,
}

impl Minimum {
    /// The minimum, and in parentheses the documented patch.
    pub fn in_words(&self) -> String {
        let documented = self.documented_min.as_ref().map(|v| format!("{v} by the documentation"));
        let recommended = self.recommended.as_ref().map(|v| format!("{v} is recommended"));
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

/// The minimum PostgreSQL of a GitLab series.
pub fn postgresql(series: Series) -> Option<&'static Minimum> {
    last(&services().postgresql, series)
}

/// The minimum Redis of a GitLab series, as far as known.
pub fn redis(series: Series) -> Option<&'static Minimum> {
    last(&services().redis, series)
}

/// The PostgreSQL extensions that a GitLab series needs.
pub fn extensions(series: Series) -> Vec<&'static str> {
    let counts = |since: &Option<String>| since.as_deref().and_then(series_of).is_none_or(|since| since <= series);
    services().extensions.iter().filter(|(_, since)| counts(since)).map(|(name, _)| name.as_str()).collect()
}
