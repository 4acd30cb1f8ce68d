//! The releases on the path of an upgrade.

use crate::diag::Diagnostic;
use crate::releases::catalogue::{self, Release};
use crate::releases::{self, Series, series_of};
use crate::upgrade::series::all_series;

/// A release on the path.
#[derive(Debug, Clone, Copy)]
pub struct Halt {
    /// The release.
    pub release: Release,
    /// The stop that requires it, if any.
    pub stop: Option<&'static releases::RequiredStop>,
}

/// The first series from which the path is known.
fn first_known() -> Option<Series> {
    releases::stops().stops.iter().find_map(|stop| series_of(&stop.gitlab))
}

/// The releases that an upgrade stops at; the last one is the target.
///
/// `without` are conditions of stops that were checked and are not met. In an upgrade without downtime, every minor is
/// on the path. `by_chart` says of two releases whether the official chart makes the step from one to the other: a stop
/// then is the newest release whose chart is listed.
///
/// # Errors
/// A target that is not newer, a start before the data begin, and an unknown condition.
pub fn path(
    from: Release,
    to: Release,
    without: &[String],
    every_minor: bool,
    by_chart: impl Fn(Release, Release) -> bool,
) -> Result<Vec<Halt>, Diagnostic> {
    refuse(from, to)?;
    if let Some(unknown) = without.iter().find(|id| !releases::stops().conditions.contains_key(*id)) {
        let known: Vec<_> = releases::stops().conditions.keys().map(|id| format!("`{id}`")).collect();
        let message = format!("`{unknown}` is not a condition of a stop");
        return Err(Diagnostic::error("upgrade-condition", message).hint(format!("there are {}", known.join(", "))));
    }
    let (first, last) = (from.gitlab.series(), to.gitlab.series());
    let stop = |series: Series| {
        let stop = releases::stops().stops.iter().find(|stop| series_of(&stop.gitlab) == Some(series))?;
        let counts = stop.any_of.is_empty() || stop.any_of.iter().any(|id| !without.contains(id));
        counts.then_some(stop)
    };
    let between = all_series().into_iter().filter(|series| first < *series && *series < last);
    let mut halts: Vec<Halt> = Vec::new();
    for series in between {
        let stop = stop(series);
        if stop.is_none() && !every_minor {
            continue;
        }
        let newest = stop.and_then(|stop| stop.newest.clone()).filter(|newest| catalogue::find(newest).is_ok());
        let newest = newest.unwrap_or_else(|| format!("{}.{}", series.0, series.1));
        let newest = catalogue::find(&newest)?;
        let before = halts.last().map_or(from, |halt| halt.release);
        let installed = newest.newest_with_chart().filter(|_| by_chart(before, newest) && !newest.has_chart());
        halts.push(Halt { release: installed.unwrap_or(newest), stop });
    }
    halts.push(Halt { release: to, stop: stop(last).filter(|_| first < last) });
    Ok(halts)
}

fn refuse(from: Release, to: Release) -> Result<(), Diagnostic> {
    let error = |code: &'static str, message: String, hint: &str| Err(Diagnostic::error(code, message).hint(hint));
    if from == to {
        let message = format!("{from} to {to}: there is nothing to upgrade");
        return error("upgrade-nothing", message, "name another release with `--to`");
    }
    if to.gitlab < from.gitlab || (to.gitlab == from.gitlab && to.chart < from.chart) {
        let message = format!("{from} to {to} is a downgrade, which no release of GitLab supports");
        let hint = "the only way back is to restore, on the older release, a backup that was made \
                    there; `--to` takes a newer release";
        return error("downgrade", message, hint);
    }
    if let Some(first) = first_known().filter(|first| from.gitlab.series() < *first) {
        let message = format!("{from}: upgrade paths are known from GitLab {}.{} on", first.0, first.1);
        let hint = format!(
            "upgrade to GitLab {}.{} as GitLab's documentation describes, then run this command again",
            first.0, first.1
        );
        return error("upgrade-unknown", message, &hint);
    }
    Ok(())
}
