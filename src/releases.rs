//! GitLab releases as data: which versions there are, and which images belong to each.
//!
//! The data stands in `charts/releases`, whose readme tells where each fact comes from. Two parts are
//! read separately: `images.json`, small, for every render; the others only by the commands that plan
//! an upgrade.

use std::fmt;
use std::sync::OnceLock;

use serde::Deserialize;
use serde_json::Value;

use crate::diag::{Diagnostic, ValuePath, Warned};

static IMAGES: &str = include_str!("../charts/releases/images.json");
static VERSIONS: &str = include_str!("../charts/releases/versions.json");
static STOPS: &str = include_str!("../charts/releases/stops.json");
/// Kubernetes versions by GitLab release; [`crate::upgrade::minima`] reads it.
pub(crate) static KUBERNETES: &str = include_str!("../charts/releases/kubernetes.json");
/// What became of values; [`crate::upgrade::rules`] reads it.
pub(crate) static VALUE_RULES: &str = include_str!("../charts/releases/value-rules.json");
/// The least PostgreSQL and Redis; [`crate::upgrade::minima`] reads it.
pub(crate) static SERVICES: &str = include_str!("../charts/releases/services.json");
/// What an upgrade asks of a person, by chart series; [`crate::upgrade::plan`] reads it.
pub(crate) static UPGRADES: &str = include_str!("../charts/releases/upgrades.json");
static THIRD_PARTY: &str = include_str!("../charts/releases/third-party.json");

/// A released version of GitLab; compares as versions do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GitlabVersion {
    /// The first number.
    pub major: u32,
    /// The second number.
    pub minor: u32,
    /// The third number.
    pub patch: u32,
}

/// A released version of the chart: three numbers too, and they compare the same way.
pub type ChartVersion = GitlabVersion;

/// A series of patches, `18.9`: major and minor.
pub type Series = (u32, u32);

impl GitlabVersion {
    /// Three numbers, `18.9.1`, with or without a leading `v`; `None` for anything else.
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
}

impl fmt::Display for GitlabVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

/// `18.9` as a series; `None` for anything else.
pub fn series_of(text: &str) -> Option<Series> {
    <[u32; 2]>::try_from(numbers(text)?).ok().map(|[major, minor]| (major, minor))
}

/// `v18.9` -> 18, 9; plain decimal numbers only.
fn numbers(text: &str) -> Option<Vec<u32>> {
    let text = text.strip_prefix('v').unwrap_or(text);
    let plain = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    text.split('.').map(|part| if plain(part) { part.parse().ok() } else { None }).collect()
}

/// The image tags of one release, by the image's kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Images {
    /// The release; `None` for a development build.
    pub release: Option<GitlabVersion>,
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
    /// The SSH server, with versions of its own.
    pub shell: String,
    /// The container registry, with versions of its own.
    pub registry: String,
    /// gitlab-exporter, with versions of its own and no `v`.
    pub exporter: String,
    /// The Runner; the tag of its image has the base system before this, `alpine-`.
    pub runner: String,
    /// Zoekt's indexer and web server.
    pub zoekt: String,
    /// OpenBao.
    pub openbao: String,
}

/// `images.json`, as it stands.
#[derive(Debug, Deserialize)]
struct Table {
    default: String,
    default_chart: String,
    newest_patch: serde_json::Map<String, Value>,
    since: Since,
    development: Development,
}

/// Tags that change at a release: the last row at or before it counts.
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

/// Reads a file of our own.
pub(crate) fn read<T: serde::de::DeserializeOwned>(text: &str) -> T {
    // The text is compiled in and the tests read every file, so this cannot fail on a user's machine.
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

/// The release that is rendered when none is asked for.
pub fn default_version() -> GitlabVersion {
    // `default` names a series of `newest_patch`; a test asks for it.
    find(&data().default).expect("the default series is known")
}

/// The series whose images are known, oldest first.
pub fn known_series() -> Vec<Series> {
    let mut all: Vec<_> = data().newest_patch.keys().filter_map(|k| <[u32; 2]>::try_from(numbers(k)?).ok()).collect();
    all.sort_unstable();
    all.into_iter().map(|[major, minor]| (major, minor)).collect()
}

/// The newest known version of every series, oldest first.
pub fn known_versions() -> Vec<String> {
    known_series().into_iter().filter_map(newest).map(|version| version.to_string()).collect()
}

/// What a user may write for a release: `18.9` (its newest patch), `18.9.1`, `v18.9.1`.
pub fn find(text: &str) -> Result<GitlabVersion, Diagnostic> {
    let error = |what: String, hint: String| Err(Diagnostic::error("gitlab-version", what).hint(hint));
    match numbers(text).as_deref() {
        Some(&[major, minor]) => match newest((major, minor)) {
            Some(version) => Ok(version),
            None => error(format!("GitLab `{text}` is not among the known releases"), known()),
        },
        Some(&[major, minor, patch]) => match newest((major, minor)) {
            Some(last) if patch <= last.patch => Ok(GitlabVersion { major, minor, patch }),
            Some(last) => error(
                format!("GitLab `{text}` is not among the known releases"),
                format!("the newest known patch of {major}.{minor} is {last}"),
            ),
            None => error(format!("GitLab `{text}` is not among the known releases"), known()),
        },
        _ => error(
            format!("`{text}` is not a GitLab version"),
            "write a series such as `18.9` or a release such as `18.9.1`".into(),
        ),
    }
}

fn known() -> String {
    let list: Vec<_> = known_series().into_iter().filter_map(newest).map(series_range).collect();
    format!("known are {}", list.join(", "))
}

/// `18.9.0 to 18.9.8`.
fn series_range(last: GitlabVersion) -> String {
    match last.patch {
        0 => last.to_string(),
        _ => format!("{} to {last}", GitlabVersion { patch: 0, ..last }),
    }
}

/// The image tags of a known release.
pub fn images(version: GitlabVersion) -> Result<Images, Diagnostic> {
    let version = find(&version.to_string())?;
    let since = &data().since;
    let tag = |name: &str, rows: &[(String, String)]| {
        let fits = |row: &&(String, String)| GitlabVersion::parse(&row.0).is_some_and(|from| from <= version);
        rows.iter().rfind(fits).map(|row| row.1.clone()).ok_or_else(|| {
            Diagnostic::bug("release-data", format!("the release data has no `{name}` image for GitLab {version}"))
        })
    };
    let own = format!("v{version}");
    Ok(Images {
        release: Some(version),
        gitlab: own.clone(),
        gitaly: own.clone(),
        kas: own.clone(),
        pages: own.clone(),
        mailroom: own,
        shell: tag("shell", &since.shell)?,
        registry: tag("registry", &since.registry)?,
        exporter: tag("exporter", &since.exporter)?,
        runner: tag("runner", &since.runner)?,
        zoekt: tag("zoekt", &since.zoekt)?,
        openbao: tag("openbao", &since.openbao)?,
    })
}

impl Images {
    /// The tags that follow the development branches; what there is for a GitLab that is not released yet.
    pub fn development() -> Self {
        let d = &data().development;
        Images {
            release: None,
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
/// The option names the release of every image. The value, as in the reference, moves the Rails and helper
/// images only; the others stay at the release, or follow their branches where the value is a version
/// newer than all known ones, for which no release of theirs is known.
pub fn select(option: Option<&str>, value: Option<&str>) -> Result<Warned<Images>, Diagnostic> {
    let mut warnings = Vec::new();
    let value = value.filter(|text| !text.is_empty());
    let newer = value.and_then(GitlabVersion::parse).filter(|v| newest_known().is_some_and(|last| *v > last));
    let mut tags = match (option, newer) {
        (Some(text), _) => images(find(text)?)?,
        (None, Some(version)) => {
            warnings.push(
                Diagnostic::warning(
                    "gitlab-version",
                    format!("global.gitlabVersion: GitLab {version} is newer than all known releases, other images follow their development branches"),
                )
                .at_value(ValuePath::dotted("global.gitlabVersion"))
                .hint("name a known release with `--gitlab-version`, or set the image tags of gitaly, gitlab-shell, kas and the others"),
            );
            Images::development()
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
                    format!("global.gitlabVersion: moves the Rails images to {version}, gitaly and the others stay at {release}"),
                )
                .at_value(ValuePath::dotted("global.gitlabVersion"))
                .hint(format!("`--gitlab-version {version}` moves all of them")),
            );
        }
        tags.gitlab = image_tag(text);
    }
    Ok(Warned { value: tags, warnings })
}

/// The newest release whose images are known.
pub fn newest_known() -> Option<GitlabVersion> {
    newest(*known_series().last()?)
}

/// The tag that stands for a version: a `v` before a plain release (`18.9.1`, `18.9.0-rc42`, `18.9.0-pre`),
/// anything else (a branch, a commit, a tag) as it is.
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
pub struct Pair {
    /// The chart's version.
    pub chart: String,
    /// GitLab's version.
    pub gitlab: String,
    /// The day the chart came out.
    pub chart_date: Option<String>,
    /// The day the GitLab packages came out.
    pub gitlab_date: Option<String>,
    /// How it is known: a key of `known` in `versions.json`.
    pub known: String,
}

/// Every chart release, oldest first.
pub fn pairs() -> &'static [Pair] {
    #[derive(Deserialize)]
    struct Versions {
        rows: Vec<Pair>,
    }
    static READ: OnceLock<Versions> = OnceLock::new();
    &READ.get_or_init(|| read(VERSIONS)).rows
}

/// The official chart whose behaviour is ours, where the release that is deployed has no chart of its own.
pub const CHART: &str = "9.9.1";

/// The oldest series, of GitLab and of its chart, that a chart may be reached from.
pub fn minimum(chart: &str) -> Option<&'static Guard> {
    let series = |text: &str| numbers(text).filter(|n| n.len() >= 2).map(|n| (n[0], n[1]));
    let wanted = series(chart)?;
    stops().guards.iter().find(|guard| {
        let (first, last) = (series(&guard.charts.0), series(&guard.charts.1));
        first.is_some_and(|f| f <= wanted) && last.is_some_and(|l| wanted <= l)
    })
}

/// The newest chart that carries a GitLab release.
pub fn chart_of(version: GitlabVersion) -> Option<&'static str> {
    // What most renders ask; all versions take longer to read than a whole component to resolve.
    if version == default_version() {
        return Some(&data().default_chart);
    }
    let text = version.to_string();
    pairs().iter().rfind(|pair| pair.gitlab == text).map(|pair| pair.chart.as_str())
}

/// A release that an upgrade may not pass over.
#[derive(Debug, Deserialize)]
pub struct Stop {
    /// The series, `18.8`.
    pub gitlab: String,
    /// The chart's series, `9.8`.
    pub chart: String,
    /// The newest known patch; `None` where the stop is only announced.
    pub newest: Option<String>,
    /// What the patch was read from: `tag` or `documentation`.
    pub newest_from: Option<String>,
    /// `always` or `conditional`.
    pub when: String,
    /// `documented` or `scheduled`.
    pub status: String,
    /// Keys of [`Stops::conditions`]: the stop counts where one of them holds.
    #[serde(default)]
    pub any_of: Vec<String>,
    /// What is worth knowing on the way.
    pub note: Option<String>,
    /// What it was read from.
    pub source: Vec<String>,
}

/// A minimum that the chart itself asks of the release it replaces.
#[derive(Debug, Deserialize)]
pub struct Guard {
    /// First and last chart series with this guard.
    pub charts: (String, String),
    /// The GitLab series asked for.
    pub gitlab: String,
    /// The chart series asked for.
    pub chart: String,
    /// Whether it is inferred from the guard of the Linux packages.
    pub inferred: bool,
    /// What is worth knowing about it.
    pub note: Option<String>,
}

/// `stops.json`.
#[derive(Debug, Deserialize)]
pub struct Stops {
    /// How to read the stops, by topic.
    pub rules: serde_json::Map<String, Value>,
    /// What the conditions mean.
    pub conditions: serde_json::Map<String, Value>,
    /// The stops, oldest first.
    pub stops: Vec<Stop>,
    /// The chart's own minima, oldest first.
    pub guards: Vec<Guard>,
}

/// What a condition of a stop means; the condition itself where there is none of this name.
pub fn condition(id: &str) -> &str {
    stops().conditions.get(id).and_then(Value::as_str).unwrap_or(id)
}

/// The required stops of the upgrade path.
pub fn stops() -> &'static Stops {
    static READ: OnceLock<Stops> = OnceLock::new();
    READ.get_or_init(|| read(STOPS))
}

/// API versions that Kubernetes removed before the oldest version that schemas are known of.
#[derive(Debug, Deserialize)]
pub struct RemovedApi {
    /// The Kubernetes version that was the first without them, `1.22`.
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
    #[derive(Deserialize)]
    struct Kubernetes {
        removed_apis: Vec<RemovedApi>,
    }
    static READ: OnceLock<Kubernetes> = OnceLock::new();
    &READ.get_or_init(|| read(KUBERNETES)).removed_apis
}

/// The rest of the catalogue, unread: name and text of each file.
pub fn files() -> [(&'static str, &'static str); 8] {
    [
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
