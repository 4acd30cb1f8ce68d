//! The releases that a user names: by GitLab's version or by the chart's, in full or in part.

use std::fmt;
use std::sync::OnceLock;

use crate::diag::Diagnostic;
use crate::releases::{self, ChartVersion, GitlabVersion};

/// The first major version of GitLab that has a chart; all majors of the chart are lower, so a number says which
/// of the two it is.
const FIRST_GITLAB: u32 = 11;

/// A release, by both its names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Release {
    /// The chart's version.
    pub chart: ChartVersion,
    /// GitLab's version.
    pub gitlab: GitlabVersion,
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GitLab {} (chart {})", self.gitlab, self.chart)
    }
}

/// `18.9.1`, `18.9`, `18`, or the chart's `9.9.2`, `9.9`, `9`: a part of a version means its newest known release.
pub fn find(text: &str) -> Result<Release, Diagnostic> {
    let refuse = |message: String, hint: &str| Err(Diagnostic::error("version", message).hint(hint.to_owned()));
    let (named, numbers) = match text.split_once(':') {
        Some(("gitlab", version)) => (Some(true), parts(version)),
        Some(("chart", version)) => (Some(false), parts(version)),
        _ => (None, parts(text)),
    };
    let Some(numbers) = numbers else {
        return refuse(
            format!("`{text}` is not a version"),
            "write a version of GitLab, `18.9` or `18.9.1`, or of the chart, `9.9.1`",
        );
    };
    let is_gitlab = named.unwrap_or(numbers[0] >= FIRST_GITLAB);
    let fits = |release: &Release| {
        let version = if is_gitlab { release.gitlab } else { release.chart };
        [version.major, version.minor, version.patch].starts_with(&numbers)
    };
    match known().filter(fits).max() {
        Some(release) => Ok(release),
        None => {
            let of = if is_gitlab { "GitLab" } else { "the chart" };
            let newest = known().max().map(|r| format!("; the newest is GitLab {}, chart {}", r.gitlab, r.chart));
            let message = format!("`{text}` is not among the known releases of {of}{}", newest.unwrap_or_default());
            refuse(message, &known_near(&numbers, is_gitlab))
        }
    }
}

/// What is known beside a version that is not: the patches of its series, or how far the catalogue reaches.
fn known_near(numbers: &[u32], is_gitlab: bool) -> String {
    let of = |release: Release| if is_gitlab { release.gitlab } else { release.chart };
    let series = |release: &Release| numbers.len() == 3 && [of(*release).major, of(*release).minor] == numbers[..2];
    let near = || known().filter(series).map(of);
    if let Some((first, last)) = near().min().zip(near().max()) {
        return format!("of {}.{} there are {first} to {last}", last.major, last.minor);
    }
    match known().map(of).min().zip(known().map(of).max()) {
        Some((first, last)) => {
            format!("name a release that is known, {first} to {last}; a part of a version, `18.9`, means its newest")
        }
        None => "name a release that is known".to_owned(),
    }
}

/// All releases: those that the catalogue lists, and patches whose images are known and whose rows are not.
fn known() -> impl Iterator<Item = Release> {
    static READ: OnceLock<Vec<Release>> = OnceLock::new();
    READ.get_or_init(|| listed().chain(unlisted()).collect()).iter().copied()
}

fn listed() -> impl Iterator<Item = Release> {
    releases::pairs().iter().filter_map(|pair| {
        Some(Release { chart: ChartVersion::parse(&pair.chart)?, gitlab: GitlabVersion::parse(&pair.gitlab)? })
    })
}

fn unlisted() -> impl Iterator<Item = Release> {
    let newest = releases::known_series().into_iter().filter_map(releases::newest);
    newest.filter(|v| releases::chart_of(*v).is_none()).filter_map(|gitlab| {
        let in_series = |chart: &ChartVersion| chart.series() == (gitlab.major.saturating_sub(9), gitlab.minor);
        let chart = releases::pairs().iter().filter_map(|pair| ChartVersion::parse(&pair.chart)).filter(in_series);
        Some(Release { chart: chart.max()?, gitlab })
    })
}

/// One to three numbers, with or without a leading `v`.
fn parts(text: &str) -> Option<Vec<u32>> {
    let text = text.strip_prefix('v').unwrap_or(text);
    let plain = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let parts: Option<Vec<u32>> =
        text.split('.').map(|part| if plain(part) { part.parse().ok() } else { None }).collect();
    parts.filter(|parts| (1..=3).contains(&parts.len()))
}
