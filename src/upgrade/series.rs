//! The known releases by series, for people and for programs.

use serde::Serialize;

use super::plan::facts;
use super::{minima, rules};
use crate::bundle;
use crate::releases::{self, GitlabVersion, Series, series_of};

/// The catalogue between two releases.
#[derive(Debug, Serialize)]
pub struct Catalogue {
    /// The version of this form: 1.
    pub version: u32,
    /// How long a minor is supported.
    pub policy: &'static str,
    /// The series, oldest first.
    pub series: Vec<SeriesEntry>,
}

/// A series: one minor of GitLab and of its chart.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SeriesEntry {
    /// GitLab's series, `18.8`.
    pub gitlab: String,
    /// The chart's series, `9.8`.
    pub chart: String,
    /// The newest known patch of GitLab.
    pub newest: String,
    /// The newest listed chart; `releases` has the patch of GitLab that it installs.
    pub newest_chart: String,
    /// The day of its first release, where known.
    pub released: Option<&'static str>,
    /// The day until which bugs were fixed; `None`: unknown, or still supported.
    pub bug_fixes_until: Option<&'static str>,
    /// The day until which security fixes came; `None`: unknown, or still supported.
    pub security_until: Option<&'static str>,
    /// Whether an upgrade has to stop here: `always`, `conditional`, `no`.
    pub stop: &'static str,
    /// The conditions of a conditional stop.
    pub conditions: Vec<String>,
    /// The minimum PostgreSQL.
    pub postgresql: Option<&'static minima::Minimum>,
    /// The minimum Redis.
    pub redis: Option<&'static minima::Minimum>,
    /// The Kubernetes versions.
    pub kubernetes: Option<minima::Kubernetes>,
    /// Background migrations worth knowing.
    pub background_migrations: Vec<&'static str>,
    /// The image tags of the newest patch by image, where known.
    pub images: Option<serde_json::Value>,
    /// Changes of values.
    pub value_changes: Vec<SeriesValueChange>,
    /// Changes of objects, see `charts/releases/differences.json`.
    pub object_changes: Vec<SeriesObjectChange>,
    /// Its releases, oldest first.
    pub releases: Vec<ChartRelease>,
}

/// A change of a value.
#[derive(Debug, Serialize)]
pub struct SeriesValueChange {
    /// The pattern of its path.
    pub path: &'static str,
    /// The chart release with the change.
    pub since: String,
    /// The effect of that release.
    pub effect: &'static str,
}

/// A behaviour that begins or ends with a series.
#[derive(Debug, Serialize)]
pub struct SeriesObjectChange {
    /// The name of the difference.
    pub id: &'static str,
    /// Whether the series is the first with it (`begins`) or the first without it (`ends`).
    pub change: &'static str,
    /// The behaviour, as the end of a sentence.
    pub what: &'static str,
}

/// A release of the chart.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ChartRelease {
    /// The chart's version.
    pub chart: &'static str,
    /// The GitLab version in it.
    pub gitlab: &'static str,
    /// The day the chart came out.
    pub chart_released: Option<&'static str>,
    /// The day GitLab came out.
    pub gitlab_released: Option<&'static str>,
}

/// The series of all releases, oldest first.
pub fn all_series() -> Vec<Series> {
    let mut all: Vec<Series> =
        releases::pairs().iter().filter_map(|pair| Some(GitlabVersion::parse(&pair.gitlab)?.series())).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// The catalogue from one series to another, both included.
pub fn catalogue(from: Series, to: Series) -> Catalogue {
    let all = all_series();
    let series = all.iter().enumerate().filter(|(_, s)| (from..=to).contains(*s));
    let series = series.filter_map(|(position, series)| entry(*series, &all[position + 1..])).collect();
    Catalogue { version: 1, policy: &facts().support.policy, series }
}

fn entry(series: Series, later: &[Series]) -> Option<SeriesEntry> {
    let pairs =
        || releases::pairs().iter().filter(|p| GitlabVersion::parse(&p.gitlab).map(|v| v.series()) == Some(series));
    let newest_pair = pairs().filter_map(|p| GitlabVersion::parse(&p.gitlab)).max()?;
    let newest = releases::newest(series).unwrap_or(newest_pair).max(newest_pair);
    let newest_chart = pairs().filter_map(|p| GitlabVersion::parse(&p.chart)).max()?;
    let first_day = |series: Series| {
        let first = format!("{}.{}.0", series.0, series.1);
        releases::pairs().iter().find(|p| p.gitlab == first)?.gitlab_date.as_deref()
    };
    let ends = |minors: usize| later.get(minors.checked_sub(1)?).and_then(|next| first_day(*next));
    let stop = releases::stops().stops.iter().find(|stop| series_of(&stop.gitlab) == Some(series));
    let named = format!("{}.{}", series.0, series.1);
    Some(SeriesEntry {
        chart: format!("{}.{}", newest_chart.major, newest_chart.minor),
        newest: newest.to_string(),
        newest_chart: newest_chart.to_string(),
        released: first_day(series),
        bug_fixes_until: ends(facts().support.bug_fixes),
        security_until: ends(facts().support.security),
        stop: stop.map_or("no", |stop| stop.when.word()),
        conditions: stop
            .into_iter()
            .flat_map(|stop| &stop.any_of)
            .map(|id| releases::condition(id).to_owned())
            .collect(),
        postgresql: minima::postgresql(series),
        redis: minima::redis(series),
        kubernetes: minima::kubernetes(series),
        background_migrations: facts()
            .background
            .iter()
            .filter(|b| b.gitlab == named)
            .map(|b| b.what.as_str())
            .collect(),
        images: releases::images(newest).ok().map(|images| {
            serde_json::json!({
                "gitlab": images.gitlab, "gitaly": images.gitaly, "kas": images.kas, "pages": images.pages,
                "mailroom": images.mailroom, "shell": images.shell, "registry": images.registry,
                "exporter": images.exporter,
            })
        }),
        value_changes: value_changes(newest_chart.series()),
        object_changes: object_changes(series),
        releases: pairs()
            .map(|p| ChartRelease {
                chart: &p.chart,
                gitlab: &p.gitlab,
                chart_released: p.chart_date.as_deref(),
                gitlab_released: p.gitlab_date.as_deref(),
            })
            .collect(),
        gitlab: named,
    })
}

fn value_changes(chart: Series) -> Vec<SeriesValueChange> {
    let rules = rules::table().iter().filter(|rule| rule.since.series() == chart);
    rules
        .map(|rule| SeriesValueChange { path: &rule.path, since: rule.since.to_string(), effect: rule.effect.word() })
        .collect()
}

fn object_changes(series: Series) -> Vec<SeriesObjectChange> {
    let first = (series.0, series.1, 0);
    let changes = bundle::DIFFERENCES.iter().filter_map(|row| {
        let begins = row.releases.since.is_some_and(|(major, minor, _)| (major, minor) == series);
        // Majors begin at minor zero, and no difference ends with the last minor of one yet.
        let ends = row.releases.until.is_some_and(|(major, minor, _)| (major, minor + 1, 0) == first);
        let change = if begins { "begins" } else { "ends" };
        (begins || ends).then_some(SeriesObjectChange { id: row.id, change, what: row.what })
    });
    changes.collect()
}

impl Catalogue {
    /// The catalogue as one JSON object; `schemas/catalogue.schema.json` describes it.
    pub fn json(&self) -> String {
        let value = serde_json::to_value(self).unwrap_or_default();
        format!("{value:#}\n")
    }

    /// The catalogue as a table: one line per series.
    pub fn text(&self) -> String {
        let heads =
            ["GitLab", "chart", "released", "stop", "PostgreSQL", "Redis", "Kubernetes", "bug fixes", "security fixes"];
        let mut rows = vec![heads.map(str::to_owned).to_vec()];
        rows.extend(self.series.iter().map(|entry| {
            // The newest patch may have a chart that is not listed: say which patch the chart has.
            let has = entry.releases.iter().find(|row| row.chart == entry.newest_chart).map_or("", |row| row.gitlab);
            let of = if has == entry.newest { String::new() } else { format!(" = {has}") };
            let until = |day: Option<&str>| day.map_or_else(|| "-".to_owned(), |day| format!("until {day}"));
            let least = |m: Option<&minima::Minimum>| m.map_or_else(|| "-".to_owned(), |m| format!("{}+", m.min));
            vec![
                entry.newest.clone(),
                format!("{}{of}", entry.newest_chart),
                entry.released.unwrap_or("-").to_owned(),
                entry.stop.to_owned(),
                least(entry.postgresql),
                least(entry.redis),
                entry.kubernetes.as_ref().map_or_else(|| "-".to_owned(), |k| format!("to {}", k.newest)),
                until(entry.bug_fixes_until),
                until(entry.security_until),
            ]
        }));
        table(&rows)
    }
}

fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.first().map_or(0, Vec::len);
    let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or_default();
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells: Vec<_> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        format!("{}\n", cells.join("  ").trim_end())
    };
    rows.iter().map(line).collect()
}
