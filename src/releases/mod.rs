//! GitLab releases as data: the versions, and the images of each.
//!
//! The data are in `charts/releases`; the readme there names the source of each fact. They are read in two parts:
//! `images.json`, which is small, by every render; the others only by the commands that plan an upgrade. Differences
//! between releases are compiled in, see [`crate::bundle::DIFFERENCES`].

pub mod catalogue;
pub mod kubernetes;

use std::fmt;
use std::sync::OnceLock;

use serde::Deserialize;
use serde_json::Value;

use crate::bundle::{self, Difference};
use crate::diag::{Diagnostic, ValuePath, Warned};

static IMAGES: &str = include_str!("../../charts/releases/images.json");
static VERSIONS: &str = include_str!("../../charts/releases/versions.json");
static STOPS: &str = include_str!("../../charts/releases/stops.json");
static KUBERNETES: &str = include_str!("../../charts/releases/kubernetes.json");
/// The changes of values; [`crate::upgrade::rules`] reads it.
pub(crate) static VALUE_RULES: &str = include_str!("../../charts/releases/value-rules.json");
/// What only a person can decide; [`crate::upgrade::decisions`] reads it.
pub(crate) static DECISIONS: &str = include_str!("../../charts/releases/decisions.json");
/// The minimum versions of PostgreSQL and Redis; [`crate::upgrade::minima`] reads it.
pub(crate) static SERVICES: &str = include_str!("../../charts/releases/services.json");
/// What a person has to do in an upgrade, by chart series; [`crate::upgrade::plan`] reads it.
pub(crate) static UPGRADES: &str = include_str!("../../charts/releases/upgrades.json");
/// Third-party charts; [`crate::companions`] reads it.
pub(crate) static COMPANIONS: &str = include_str!("../../charts/releases/companions.json");
static THIRD_PARTY: &str = include_str!("../../charts/releases/third-party.json");

/// A released version of GitLab; ordered as versions are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GitlabVersion {
    /// The first number.
    pub major: u32,
    /// The second number.
    pub minor: u32,
    /// The third number.
    pub patch: u32,
}

/// A released version of the chart; ordered the same way.
pub type ChartVersion = GitlabVersion;

/// A series of patches: major and minor.
pub type Series = (u32, u32);

impl GitlabVersion {
    /// Parses three numbers, with or without a leading `v`; `None` for other strings.
    pub fn parse(text: &str) -> Option<Self> {
        match numbers(text)?.as_slice() {
            &[major, minor, patch] => Some(GitlabVersion { major, minor, patch }),
            _ => None,
        }
    }

    /// Major and minor.
    pub fn series(self) -> Series {
        (self.major, self.minor)
    }

    /// The three numbers.
    pub fn numbers(self) -> (u32, u32, u32) {
        (self.major, self.minor, self.patch)
    }

    /// Whether the release has a named difference.
    pub fn has(self, difference: Difference) -> bool {
        bundle::DIFFERENCES.iter().any(|row| row.difference == difference && row.releases.has(self.numbers()))
    }
}

impl fmt::Display for GitlabVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

/// Parses major and minor; `None` for other strings.
pub fn series_of(text: &str) -> Option<Series> {
    <[u32; 2]>::try_from(numbers(text)?).ok().map(|[major, minor]| (major, minor))
}

/// The numbers between the dots; only plain decimal numbers.
fn numbers(text: &str) -> Option<Vec<u32>> {
    let text = text.strip_prefix('v').unwrap_or(text);
    let plain = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    text.split('.').map(|part| if plain(part) { part.parse().ok() } else { None }).collect()
}

/// The image tags of one release, by the image's kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageTags {
    /// The release; `None` for a development build.
    pub release: Option<GitlabVersion>,
    /// The version of the Rails images without the `v` of a tag; where the values name one, in their spelling.
    pub version: String,
    /// Rails images (webservice, workhorse, sidekiq, toolbox, geo-logcursor) and helper images
    /// (gitlab-base, kubectl, certificates, cfssl-self-sign).
    pub gitlab: String,
    /// gitaly, praefect and gitaly-init-cgroups.
    pub gitaly: String,
    /// The agent server.
    pub kas: String,
    /// Pages.
    pub pages: String,
    /// Incoming mail.
    pub mailroom: String,
    /// The SSH server, which has versions of its own.
    pub shell: String,
    /// The container registry, which has versions of its own.
    pub registry: String,
    /// gitlab-exporter, which has versions of its own without a `v`.
    pub exporter: String,
    /// The Runner; the tag of its image has the base system as a prefix, `alpine-`.
    pub runner: String,
    /// Zoekt's indexer and web server.
    pub zoekt: String,
    /// OpenBao.
    pub openbao: String,
}

/// The content of `images.json`.
#[derive(Debug, Deserialize)]
struct Table {
    default: String,
    default_chart: String,
    compared: String,
    rendered: Vec<Rendered>,
    awaited: Vec<Awaited>,
    newest_patch: serde_json::Map<String, Value>,
    since: Since,
    development: Development,
}

/// Series that are rendered.
#[derive(Debug, Deserialize)]
struct Rendered {
    since: String,
    until: String,
    note: Option<String>,
}

/// Newer series that are not rendered yet.
#[derive(Debug, Deserialize)]
struct Awaited {
    since: String,
    until: String,
    known: String,
}

/// Tags that change at a release: the last row at or before a release applies.
#[derive(Debug, Deserialize)]
struct Since {
    shell: Vec<(String, String)>,
    registry: Vec<(String, String)>,
    exporter: Vec<(String, String)>,
    runner: Vec<(String, String)>,
    zoekt: Vec<(String, String)>,
    openbao: Vec<(String, String)>,
}

#[derive(Debug, Deserialize)]
struct Development {
    gitlab: String,
    gitaly: String,
    kas: String,
    pages: String,
    mailroom: String,
    shell: String,
    registry: String,
    exporter: String,
    runner: String,
    zoekt: String,
    openbao: String,
}

/// Parses one of our own files.
pub(crate) fn read<T: serde::de::DeserializeOwned>(text: &str) -> T {
    // The file is compiled in and the tests parse every file, so this cannot fail on a user's machine.
    serde_json::from_str(text).expect("the embedded release data is well-formed")
}

fn data() -> &'static Table {
    static READ: OnceLock<Table> = OnceLock::new();
    READ.get_or_init(|| read(IMAGES))
}

/// The newest patch of a series whose images are known.
pub fn newest(series: Series) -> Option<GitlabVersion> {
    let (major, minor) = series;
    let patch = data().newest_patch.get(&format!("{major}.{minor}"))?.as_u64()?;
    Some(GitlabVersion { major, minor, patch: u32::try_from(patch).ok()? })
}

/// The release that is rendered by default: the newest patch of the newest series that was compared with a released
/// chart.
pub fn default_version() -> GitlabVersion {
    // `default` names a series of `newest_patch`; a test checks it.
    series_of(&data().default).and_then(newest).expect("the default series is known")
}

/// The series whose images are known, oldest first.
pub fn known_series() -> Vec<Series> {
    let mut all: Vec<_> = data().newest_patch.keys().filter_map(|k| <[u32; 2]>::try_from(numbers(k)?).ok()).collect();
    all.sort_unstable();
    all.into_iter().map(|[major, minor]| (major, minor)).collect()
}

/// The newest known version of every series that is rendered, oldest first.
pub fn known_versions() -> Vec<String> {
    let newest = known_series().into_iter().filter_map(newest);
    newest.filter(|version| rendered(*version).is_ok()).map(|version| version.to_string()).collect()
}

/// Whether a release is rendered, and the note for its render: `None` where the objects of the series were compared
/// with those of its released chart.
///
/// # Errors
/// The series is not among those that are rendered.
pub fn rendered(version: GitlabVersion) -> Result<Option<Diagnostic>, Diagnostic> {
    let bounds = |since: &str, until: &str| Some((series_of(since)?, series_of(until)?));
    let fits = |since: &str, until: &str| {
        bounds(since, until).is_some_and(|(since, until)| (since..=until).contains(&version.series()))
    };
    let row = data().rendered.iter().find(|row| fits(&row.since, &row.until));
    let Some(row) = row else {
        let all: Vec<_> = data().rendered.iter().filter_map(|row| bounds(&row.since, &row.until)).collect();
        let text = |(major, minor): Series| format!("{major}.{minor}");
        let first = all.first().map(|(since, _)| text(*since)).unwrap_or_default();
        let last = all.last().map(|(_, until)| text(*until)).unwrap_or_default();
        let awaited = data().awaited.iter().find(|row| fits(&row.since, &row.until));
        let known = awaited.map_or_else(
            || "the changes of this release are not known here".to_owned(),
            |row| format!("its changes are not fully known here yet; it is known that {}", row.known),
        );
        let message = format!("GitLab {version} is not rendered: {known}");
        let hint = format!(
            "name a release of {first} to {last}; `gitlab-render upgrade plan` and `gitlab-render releases` know more releases"
        );
        return Err(Diagnostic::error("gitlab-version", message).hint(hint));
    };
    Ok(row.note.as_ref().map(|note| Diagnostic::note("gitlab-version", format!("GitLab {version}: {note}"))))
}

/// Ranges in words: `18.2.0 to 18.2.8, 18.3.0 to ...`
fn known() -> String {
    let list: Vec<_> = known_series().into_iter().filter_map(newest).map(series_range).collect();
    list.join(", ")
}

fn series_range(last: GitlabVersion) -> String {
    match last.patch {
        0 => last.to_string(),
        _ => format!("{} to {last}", GitlabVersion { patch: 0, ..last }),
    }
}

/// The image tags of a known release.
///
/// # Errors
/// The release is not among those whose images are known.
pub fn images(version: GitlabVersion) -> Result<ImageTags, Diagnostic> {
    let unknown = || {
        let message = format!("the images of GitLab {version} are not known");
        Diagnostic::error("gitlab-version", message).hint(format!("the known ones are those of {}", known()))
    };
    newest(version.series()).filter(|last| version <= *last).ok_or_else(unknown)?;
    let since = &data().since;
    let tag = |rows: &[(String, String)]| {
        let fits = |row: &&(String, String)| GitlabVersion::parse(&row.0).is_some_and(|from| from <= version);
        rows.iter().rfind(fits).map(|row| row.1.clone()).ok_or_else(unknown)
    };
    let own = format!("v{version}");
    Ok(ImageTags {
        release: Some(version),
        version: version.to_string(),
        gitlab: own.clone(),
        gitaly: own.clone(),
        kas: own.clone(),
        pages: own.clone(),
        mailroom: own,
        shell: tag(&since.shell)?,
        registry: tag(&since.registry)?,
        exporter: tag(&since.exporter)?,
        runner: tag(&since.runner)?,
        zoekt: tag(&since.zoekt)?,
        openbao: tag(&since.openbao)?,
    })
}

impl ImageTags {
    /// The tags of the development branches, for a GitLab that is not released yet.
    pub fn development() -> Self {
        let d = &data().development;
        ImageTags {
            release: None,
            version: d.gitlab.clone(),
            gitlab: d.gitlab.clone(),
            gitaly: d.gitaly.clone(),
            kas: d.kas.clone(),
            pages: d.pages.clone(),
            mailroom: d.mailroom.clone(),
            shell: d.shell.clone(),
            registry: d.registry.clone(),
            exporter: d.exporter.clone(),
            runner: d.runner.clone(),
            zoekt: d.zoekt.clone(),
            openbao: d.openbao.clone(),
        }
    }
}

/// The tags of a render, from `--gitlab-version` and the value `global.gitlabVersion`.
///
/// The option selects the release of every image. The value, as in the official chart, changes only the Rails and
/// helper images; the others stay at the release, or follow their branches where the value is newer than all known
/// versions, because no release of theirs is known then.
///
/// # Errors
/// An option that names no known or no rendered release, and a value that is a series without a known patch.
pub fn select(option: Option<&str>, value: Option<&str>) -> Result<Warned<ImageTags>, Diagnostic> {
    let mut warnings = Vec::new();
    let value = value.filter(|text| !text.is_empty()).map(patch_of).transpose()?;
    let value = value.as_deref();
    let newer = value.and_then(GitlabVersion::parse).filter(|v| newest_known().is_some_and(|last| *v > last));
    let mut tags = match (option, newer) {
        (Some(text), _) => {
            let version = catalogue::find(text)?.gitlab;
            warnings.extend(rendered(version)?);
            images(version)?
        }
        (None, Some(version)) => {
            warnings.push(
                Diagnostic::warning(
                    "gitlab-version",
                    format!("`global.gitlabVersion`: GitLab {version} is newer than all known releases; the other images follow their development branches"),
                )
                .at_value(ValuePath::dotted("global.gitlabVersion"))
                .hint("name a known release with `--gitlab-version`, or set the image tags of gitaly, gitlab-shell, kas and the others"),
            );
            ImageTags::development()
        }
        (None, None) => images(default_version())?,
    };
    if let Some(text) = value {
        let other = |v: &GitlabVersion| tags.release.is_some_and(|release| release.series() != v.series());
        if let Some(version) = GitlabVersion::parse(text).filter(other) {
            let release = tags.release.map(|v| v.to_string()).unwrap_or_default();
            warnings.push(
                Diagnostic::warning(
                    "gitlab-version",
                    format!("`global.gitlabVersion`: changes the tag of the Rails images to {version}; those of gitaly and the others stay at {release}"),
                )
                .at_value(ValuePath::dotted("global.gitlabVersion"))
                .hint(format!("`--gitlab-version {version}` changes all of them")),
            );
        }
        tags.gitlab = image_tag(text);
        text.clone_into(&mut tags.version);
    }
    Ok(Warned { value: tags, warnings })
}

/// The value `global.gitlabVersion` as a version: a series means its newest patch, other strings are kept.
fn patch_of(text: &str) -> Result<String, Diagnostic> {
    let refused = |why: &str, hint: String| {
        let message = format!("`global.gitlabVersion`: `{text}` {why}");
        let found = Diagnostic::error("gitlab-version", message).at_value(ValuePath::dotted("global.gitlabVersion"));
        Err(found.hint(hint))
    };
    if text.bytes().all(|b| b.is_ascii_digit()) {
        let hint = format!("write a series in quotes, `\"{text}.{}\"`, or a release", default_version().minor);
        return refused("is only a major version, which is not a tag of any image", hint);
    }
    let chart = text.trim_start_matches('v');
    if GitlabVersion::parse(chart).is_some_and(|version| version.major < catalogue::FIRST_GITLAB)
        && let Ok(release) = catalogue::find(&format!("chart:{chart}"))
    {
        return refused("is a version of the chart, not of GitLab", format!("GitLab's is `{}`", release.gitlab));
    }
    let Some(series) = series_of(text).filter(|_| !text.starts_with('v')) else { return Ok(text.to_owned()) };
    newest(series).map(|version| version.to_string()).ok_or_else(|| {
        let message = format!("`global.gitlabVersion`: `{text}` is a series of which no release is known");
        Diagnostic::error("gitlab-version", message)
            .at_value(ValuePath::dotted("global.gitlabVersion"))
            .hint("write a release with its patch number, or an image tag")
    })
}

/// The newest release whose images are known.
pub fn newest_known() -> Option<GitlabVersion> {
    newest(*known_series().last()?)
}

/// The tag for a version: a plain release gets a `v` (also with `-rc42` or `-pre`), other strings (a branch, a commit,
/// a tag) are kept.
pub fn image_tag(version: &str) -> String {
    if is_release(version) { format!("v{version}") } else { version.to_owned() }
}

fn is_release(text: &str) -> bool {
    let text = text.strip_suffix("-pre").unwrap_or(text);
    let text = match text.split_once("-rc") {
        Some((head, number)) if !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()) => head,
        _ => text,
    };
    let parts: Vec<_> = text.split('.').collect();
    parts.len() == 3 && parts.iter().all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()))
}

/// A chart release and the GitLab release in it.
#[derive(Debug, Deserialize)]
pub struct ChartVersionRow {
    /// The chart's version.
    pub chart: String,
    /// GitLab's version.
    pub gitlab: String,
    /// The day the chart came out.
    pub chart_date: Option<String>,
    /// The day the GitLab packages came out.
    pub gitlab_date: Option<String>,
    /// The source of the row: a key of `known` in `versions.json`.
    pub known: String,
}

/// Every chart release, oldest first.
pub fn pairs() -> &'static [ChartVersionRow] {
    #[derive(Deserialize)]
    struct Versions {
        rows: Vec<ChartVersionRow>,
    }
    static READ: OnceLock<Versions> = OnceLock::new();
    &READ.get_or_init(|| read(VERSIONS)).rows
}

/// The release of the official chart with which the default render was compared.
pub fn compared_chart() -> &'static str {
    &data().compared
}

/// The chart's own minima, oldest first: the other half of `stops.json`, which the upgrade check of each render asks for.
pub fn guards() -> &'static [Guard] {
    #[derive(Deserialize)]
    struct Guards {
        guards: Vec<Guard>,
    }
    static READ: OnceLock<Guards> = OnceLock::new();
    &READ.get_or_init(|| read(STOPS)).guards
}

/// The oldest series, of GitLab and of its chart, from which a chart can be upgraded to.
pub fn minimum(chart: ChartVersion) -> Option<&'static Guard> {
    let wanted = chart.series();
    guards().iter().find(|guard| {
        let (first, last) = (series_of(&guard.charts.0), series_of(&guard.charts.1));
        first.is_some_and(|f| f <= wanted) && last.is_some_and(|l| wanted <= l)
    })
}

/// The newest chart that is listed with a GitLab release.
pub fn listed_chart(version: GitlabVersion) -> Option<ChartVersion> {
    // The fast path of most renders: parsing all versions takes longer than resolving a component.
    if version == default_version() {
        return ChartVersion::parse(&data().default_chart);
    }
    let text = version.to_string();
    pairs().iter().rfind(|pair| pair.gitlab == text).and_then(|pair| ChartVersion::parse(&pair.chart))
}

/// The chart series of a GitLab release: since the versions are aligned, the majors differ by nine and the minors are
/// equal.
pub fn chart_series(version: GitlabVersion) -> Series {
    (version.major.saturating_sub(9), version.minor)
}

/// The chart of a GitLab release: the newest that is listed with it; otherwise the newest listed one of its series, or
/// that series' first one.
pub fn chart_of(version: GitlabVersion) -> ChartVersion {
    let series = chart_series(version);
    let newest_of_series = || {
        let charts = pairs().iter().filter_map(|pair| ChartVersion::parse(&pair.chart));
        charts.filter(|chart| chart.series() == series).max()
    };
    let first = ChartVersion { major: series.0, minor: series.1, patch: 0 };
    listed_chart(version).or_else(newest_of_series).unwrap_or(first)
}

/// Who has to stop at a release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StopWhen {
    /// Everybody.
    Always,
    /// Those for whom one of [`RequiredStop::any_of`] holds.
    Conditional,
}

impl StopWhen {
    /// The word for it in JSON.
    pub fn word(self) -> &'static str {
        match self {
            StopWhen::Always => "always",
            StopWhen::Conditional => "conditional",
        }
    }
}

/// The certainty of a required stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StopStatus {
    /// GitLab documents it.
    Documented,
    /// It is announced, and the release is not out yet.
    Scheduled,
}

/// A release that an upgrade may not skip.
#[derive(Debug, Deserialize)]
pub struct RequiredStop {
    /// The series.
    pub gitlab: String,
    /// The chart's series.
    pub chart: String,
    /// The newest known patch; `None` where the stop is only announced.
    pub newest: Option<String>,
    /// The source of the patch: `tag` or `documentation`.
    pub newest_from: Option<String>,
    /// Whether everybody has to stop.
    pub when: StopWhen,
    /// Its certainty.
    pub status: StopStatus,
    /// Keys of [`Stops::conditions`]: the stop applies where one of them is met.
    #[serde(default)]
    pub any_of: Vec<String>,
    /// Notes for this stop.
    pub note: Option<String>,
    /// The source of the row.
    pub source: Vec<String>,
}

/// A minimum that the chart itself requires of the release that it replaces.
#[derive(Debug, Deserialize)]
pub struct Guard {
    /// The first and the last chart series with this check.
    pub charts: (String, String),
    /// The required GitLab series.
    pub gitlab: String,
    /// The required chart series.
    pub chart: String,
    /// Whether it is inferred from the check of the Linux packages.
    pub inferred: bool,
    /// Notes about it.
    pub note: Option<String>,
}

/// `stops.json`.
#[derive(Debug, Deserialize)]
pub struct Stops {
    /// How to read the stops, by topic.
    pub rules: serde_json::Map<String, Value>,
    /// The meaning of the conditions.
    pub conditions: serde_json::Map<String, Value>,
    /// The stops, oldest first.
    pub stops: Vec<RequiredStop>,
}

/// The meaning of a condition of a stop; the name itself where it is unknown.
pub fn condition(id: &str) -> &str {
    stops().conditions.get(id).and_then(Value::as_str).unwrap_or(id)
}

/// The required stops of the upgrade path.
pub fn stops() -> &'static Stops {
    static READ: OnceLock<Stops> = OnceLock::new();
    READ.get_or_init(|| read(STOPS))
}

/// The other files of the catalogue, unparsed: name and content of each.
pub fn files() -> [(&'static str, &'static str); 11] {
    [
        ("companions.json", COMPANIONS),
        ("decisions.json", DECISIONS),
        ("differences.json", include_str!("../../charts/releases/differences.json")),
        ("images.json", IMAGES),
        ("kubernetes.json", KUBERNETES),
        ("services.json", SERVICES),
        ("stops.json", STOPS),
        ("third-party.json", THIRD_PARTY),
        ("upgrades.json", UPGRADES),
        ("value-rules.json", VALUE_RULES),
        ("versions.json", VERSIONS),
    ]
}
