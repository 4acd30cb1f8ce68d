//! All known releases, and the ones that a user names: by GitLab's version or by the chart's, in full or in part. Every
//! command that accepts a version uses this module.

use std::fmt;
use std::sync::OnceLock;

use super::{ChartVersion, GitlabVersion};
use crate::diag::Diagnostic;

/// The first major version of GitLab that has a chart; all majors of the chart are lower, so a number tells which of
/// the two is meant.
pub(super) const FIRST_GITLAB: u32 = 11;

/// A release with both of its versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Release {
    /// The chart's version.
    pub chart: ChartVersion,
    /// GitLab's version.
    pub gitlab: GitlabVersion,
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GitLab {} (chart {})", self.gitlab, self.chart_name())
    }
}

/// The release that a user names: a version of GitLab or of the chart. A partial version means its newest known
/// release; the prefix `gitlab:` or `chart:` tells which of the two it is.
///
/// # Errors
/// A string that is not a version, and an unknown version.
pub fn find(text: &str) -> Result<Release, Diagnostic> {
    let refuse = |message: String, hint: String| Err(Diagnostic::error("version", message).hint(hint));
    let (named, numbers) = match text.split_once(':') {
        Some(("gitlab", version)) => (Some(true), parts(version)),
        Some(("chart", version)) => (Some(false), parts(version)),
        _ => (None, parts(text)),
    };
    let Some(numbers) = numbers else {
        let example = super::default_version();
        return refuse(
            format!("`{text}` is not a version"),
            format!("write a version of GitLab, `{}.{}` or `{example}`, or of its chart", example.major, example.minor),
        );
    };
    let is_gitlab = named.unwrap_or(numbers[0] >= FIRST_GITLAB);
    // The fast path of most renders: parsing all versions takes longer than resolving a component.
    if is_gitlab
        && let [major, minor, patch] = numbers[..]
        && (GitlabVersion { major, minor, patch }) == super::default_version()
    {
        let gitlab = super::default_version();
        return Ok(Release { chart: super::chart_of(gitlab), gitlab });
    }
    let fits = |release: &Release| {
        let version = if is_gitlab { release.gitlab } else { release.chart };
        [version.major, version.minor, version.patch].starts_with(&numbers)
    };
    // A chart that is named in full is the one of its row: a later patch of GitLab without a row may be assigned the
    // same chart.
    let row = || listed().filter(|_| !is_gitlab && numbers.len() == 3).find(fits);
    match row().or_else(|| known().filter(fits).max()) {
        Some(release) => Ok(release),
        None => {
            let of = if is_gitlab { "GitLab" } else { "the chart" };
            let newest =
                known().max().map(|r| format!("; the newest is GitLab {}, chart {}", r.gitlab, r.chart_name()));
            let message = format!("`{text}` is not among the known releases of {of}{}", newest.unwrap_or_default());
            refuse(message, known_near(&numbers, is_gitlab))
        }
    }
}

impl Release {
    /// Whether a chart with exactly this GitLab is listed.
    pub fn has_chart(&self) -> bool {
        super::listed_chart(self.gitlab).is_some()
    }

    /// The chart in words: its version, or `9.11.x` where only its series is known.
    pub fn chart_name(&self) -> String {
        match self.has_chart() {
            true => self.chart.to_string(),
            false => format!("{}.{}.x", self.chart.major, self.chart.minor),
        }
    }

    /// The newest release of the series whose chart is listed, for a tool that installs the official chart.
    pub fn newest_with_chart(&self) -> Option<Release> {
        listed().filter(|other| other.gitlab.series() == self.gitlab.series()).max()
    }
}

/// The known releases near an unknown version: the patches of its series, or the range of the catalogue.
fn known_near(numbers: &[u32], is_gitlab: bool) -> String {
    let of = |release: Release| if is_gitlab { release.gitlab } else { release.chart };
    let series = |release: &Release| numbers.len() == 3 && [of(*release).major, of(*release).minor] == numbers[..2];
    let near = || known().filter(series).map(of);
    if let Some((first, last)) = near().min().zip(near().max()) {
        return format!("the known patches of {}.{} are {first} to {last}", last.major, last.minor);
    }
    match known().map(of).min().zip(known().map(of).max()) {
        Some((first, last)) => {
            format!("name a known release, {first} to {last}; major and minor without a patch mean the newest patch")
        }
        None => "name a known release".to_owned(),
    }
}

/// All releases: the rows of the catalogue, and later patches that are known without a row for their chart. Such a
/// patch has the newest chart of its series.
fn known() -> impl Iterator<Item = Release> {
    static READ: OnceLock<Vec<Release>> = OnceLock::new();
    READ.get_or_init(|| listed().chain(unlisted()).collect()).iter().copied()
}

fn listed() -> impl Iterator<Item = Release> {
    super::pairs().iter().filter_map(|pair| {
        Some(Release { chart: ChartVersion::parse(&pair.chart)?, gitlab: GitlabVersion::parse(&pair.gitlab)? })
    })
}

fn unlisted() -> impl Iterator<Item = Release> {
    super::known_series().into_iter().filter_map(super::newest).flat_map(|last| {
        let patches = (0..=last.patch).map(move |patch| GitlabVersion { patch, ..last });
        let unlisted = patches.filter(|gitlab| super::listed_chart(*gitlab).is_none());
        unlisted.map(|gitlab| Release { chart: super::chart_of(gitlab), gitlab })
    })
}

/// Parses one to three numbers, with or without a leading `v`.
fn parts(text: &str) -> Option<Vec<u32>> {
    let text = text.strip_prefix('v').unwrap_or(text);
    let plain = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let parts: Option<Vec<u32>> =
        text.split('.').map(|part| if plain(part) { part.parse().ok() } else { None }).collect();
    parts.filter(|parts| (1..=3).contains(&parts.len()))
}
