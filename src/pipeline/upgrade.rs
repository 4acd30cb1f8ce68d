//! Releases, and the plan of an upgrade between two of them for a user's values.

use crate::diag::{Diagnostic, Failure, Report, Severity, Sources};
use crate::diff::{self, Class, Object};
use crate::pipeline::{Rendered, Request, layers, not_values, questions, render};
use crate::redact;
use crate::releases::catalogue::{self, Release};
use crate::releases::{self, ChartVersion};
use crate::schema::{self, UnknownKeys};
use crate::upgrade::decisions;
use crate::upgrade::migrate;
use crate::upgrade::plan::{self, Ask, Flags, Halt, UpgradeObjectChange, UpgradePlan, Values, With};
use crate::upgrade::rules::{self, ReleaseSpan};
use crate::upgrade::series::{self, Catalogue};
use crate::values::{self, Input};

/// The input of a plan.
#[derive(Debug, Clone)]
pub struct PlanRequest {
    /// The running release, as the user named it.
    pub from: String,
    /// The target; `None`: the newest release that is rendered by default.
    pub to: Option<String>,
    /// Conditions of stops that do not hold.
    pub without: Vec<String>,
    /// Whether GitLab has to stay available.
    pub zero_downtime: bool,
    /// The tool that brings releases into the cluster.
    pub with: With,
    /// Additional arguments of the plan's commands.
    pub flags: Flags,
    /// The values, and the names of their render.
    pub render: Request,
}

/// A plan and its findings.
#[derive(Debug)]
pub struct PlannedUpgrade {
    /// The plan.
    pub plan: UpgradePlan,
    /// Warnings about the values.
    pub warnings: Vec<Diagnostic>,
    /// The sources of their places.
    pub sources: Sources,
}

/// The known releases between two that the user named; without them, all.
///
/// # Errors
/// An unknown release, and a first one that is newer than the last.
pub fn catalogue(from: Option<&str>, to: Option<&str>) -> Result<Catalogue, Diagnostic> {
    let all = series::all_series();
    let named = |text: Option<&str>| text.map(catalogue::find).transpose();
    let series = |release: Release| release.gitlab.series();
    let first = named(from)?.map(series).or(all.first().copied()).unwrap_or_default();
    let last = named(to)?.map(series).or(all.last().copied()).unwrap_or_default();
    if last < first {
        let message =
            format!("`--from` GitLab {}.{} is newer than `--to` GitLab {}.{}", first.0, first.1, last.0, last.1);
        return Err(Diagnostic::error("version", message).hint("name the older release with `--from`"));
    }
    Ok(series::catalogue(first, last))
}

/// Plans an upgrade.
///
/// # Errors
/// Unknown releases, a target that is not newer, and values that cannot be read.
pub fn plan(request: &PlanRequest) -> Result<PlannedUpgrade, Failure> {
    let (from, oldest) = start(&request.from)?;
    let by_chart = |from: Release, to: Release| {
        request.with == With::Helm || !plan::renders(from.gitlab) || !plan::renders(to.gitlab)
    };
    let mut to = match &request.to {
        Some(text) => catalogue::find(text)?,
        None => catalogue::find(&releases::default_version().to_string())?,
    };
    // Where the user left the patch open, it is one whose chart is listed.
    let is_open = request.to.as_ref().is_none_or(|text| text.split('.').count() < 3);
    if is_open && !to.has_chart() && by_chart(from, to) {
        to = to.newest_with_chart().filter(|installed| from.gitlab < installed.gitlab).unwrap_or(to);
    }
    let halts = plan::path(from, to, &request.without, request.zero_downtime, by_chart)?;
    let inputs = layers::inputs(&request.render)?;
    let files: Vec<String> = inputs.iter().filter_map(file_name).collect();
    let layers = values::load(&inputs)?;
    let (mut warnings, sources) = (layers.warnings, layers.value.sources.clone());
    let (user, origins) = layers.value.own();
    // A plan reports no unknown keys, and keys that a release removed are no longer known.
    let removed = rules::hits(&user, &origins, &ReleaseSpan { from: None, to: to.chart });
    let unknown_keys = if removed.is_empty() { UnknownKeys::Warn } else { UnknownKeys::Error };
    let not_values = not_values::find(&layers.value.files, unknown_keys);
    if !not_values.is_empty() {
        return Err(Failure { report: Report(not_values), sources });
    }
    drop(removed);
    warnings.extend(questions::open(&origins, &sources, false));
    let values = Values { tree: &user, origins: &origins, sources: &sources, files: &files };
    let ask = Ask {
        from,
        oldest,
        halts: &halts,
        values: (!inputs.is_empty()).then_some(values),
        zero_downtime: request.zero_downtime,
        apart: !inputs.is_empty() && is_apart(&request.render, &halts),
        with: request.with,
        flags: &request.flags,
        name: &request.render.target.name,
        namespace: &request.render.target.namespace,
    };
    let mut plan = plan::plan(&ask);
    // Both renders below read the values themselves.
    drop((user, origins, layers.value));
    match inputs.is_empty() {
        true => plan.notes.push(
            "without values (`-f FILE`) the plan covers everything that can be deployed; with them, it covers only what applies to you"
                .to_owned(),
        ),
        false => rendered(&mut plan, from, &halts, &request.render),
    }
    Ok(PlannedUpgrade { plan, warnings, sources })
}

fn file_name(input: &Input) -> Option<String> {
    match input {
        Input::File { name, .. } => Some(name.clone()),
        Input::Composed(composed) => composed.texts.get(composed.values.at.source).map(|text| text.name.clone()),
        _ => None,
    }
}

/// The running release, and the oldest chart that it may be: where only the series is named, its first one.
fn start(text: &str) -> Result<(Release, ChartVersion), Diagnostic> {
    let newest = catalogue::find(text)?;
    let bare = text.rsplit(':').next().unwrap_or(text);
    match bare.split('.').count() {
        1 => Err(Diagnostic::error(
            "version",
            format!("`--from {text}` is only a major version, and the path depends on the minor version"),
        )
        .hint(format!(
            "name the running release in full, such as `{bare}.2`; `helm list` and GitLab's page /help show it"
        ))),
        2 => Ok((newest, ChartVersion { patch: 0, ..newest.chart })),
        _ => Ok((newest, newest.chart)),
    }
}

/// Replaces general facts by the differences of two renders, where both releases can be rendered.
fn rendered(plan: &mut UpgradePlan, from: Release, halts: &[Halt], request: &Request) {
    let mut old = from;
    for (stop, halt) in plan.stops.iter_mut().zip(halts) {
        let new = halt.release;
        if plan::renders(old.gitlab) && plan::renders(new.gitlab) {
            match changes(old, new, request) {
                Ok((changes, undecided)) => {
                    if !undecided.is_empty() {
                        let left_out = undecided.join(", ");
                        stop.notes
                            .push(format!("objects are compared without the values that need a decision: {left_out}"));
                    }
                    stop.objects.retain(|object| !object.every_time);
                    stop.objects.extend(changes);
                }
                Err(report) => {
                    let errors: Vec<_> = report.0.iter().filter(|d| d.severity == Severity::Error).collect();
                    // It becomes a part of the plan, which nothing redacts.
                    let first = errors.first().map(|d| redact::text(&d.message)).unwrap_or_default();
                    stop.notes.push(format!(
                        "these values cannot be rendered yet, so the changes to objects are described only in general; {} finding(s), the first: {first}",
                        errors.len(),
                    ));
                }
            }
        }
        old = new;
    }
}

/// The changes between two releases, and the values that were left out because a person has to decide about them.
fn changes(old: Release, new: Release, request: &Request) -> Result<(Vec<UpgradeObjectChange>, Vec<String>), Report> {
    let mut undecided = Vec::new();
    let mut side = |release: Release| -> Result<Vec<Object>, Report> {
        // Only the objects are kept: each of many keys that nothing reads has a warning.
        let rendered = migrated(release, request, &mut undecided)?;
        Ok(rendered.objects.manifests().iter().filter_map(Object::rendered).collect())
    };
    let (old, new) = (side(old)?, side(new)?);
    let compared = diff::compare(old, new, "default");
    let told = compared.changes.iter().filter(|change| change.class() != Class::None);
    let told = told
        .filter_map(|change| {
            let risk = change.risks.first()?;
            Some(UpgradeObjectChange {
                object: format!("{}/{}", change.id.kind, change.id.name),
                effect: risk.class.word().to_owned(),
                why: risk.reason.clone(),
                way: risk.way.clone(),
                whom: None,
                from: plan::Evidence::Render,
                every_time: false,
            })
        })
        .collect();
    Ok((told, undecided))
}

/// Renders a release with the values as a machine migrates them; `undecided` gets those that it leaves out.
fn migrated(release: Release, request: &Request, undecided: &mut Vec<String>) -> Result<Rendered, Report> {
    let mut request = request.clone();
    undecided.clear();
    request.inputs.iter_mut().for_each(|input| rewrite(input, release, undecided));
    undecided.extend(fill_in(&mut request.inputs, release));
    request.target.gitlab_version = Some(release.gitlab.to_string());
    request.target.is_upgrade = true;
    request.unknown_keys = UnknownKeys::Warn;
    render(&request).map_err(|failure| failure.report)
}

/// Whether the last release that is rendered here has objects in another namespace, too.
fn is_apart(request: &Request, halts: &[Halt]) -> bool {
    let last = halts.iter().map(|halt| halt.release).rfind(|release| plan::renders(release.gitlab));
    let rendered = last.and_then(|release| migrated(release, request, &mut Vec::new()).ok());
    rendered.is_some_and(|rendered| !rendered.elsewhere.is_empty())
}

/// Adds an example for each store that a release needs and the values do not name, so that all other objects can be compared;
/// returns what it added.
fn fill_in(inputs: &mut Vec<Input>, release: Release) -> Option<String> {
    let (user, _) = values::load(inputs).ok()?.value.own();
    let span = ReleaseSpan { from: None, to: release.chart };
    let open = decisions::passed(&span).filter(|row| row.refused && !row.is_settled(&user));
    let named: Vec<_> = open.map(|row| row.id.clone()).collect();
    let examples = decisions::examples(&user, &span)?;
    inputs.push(Input::File { name: String::new(), bytes: examples.to_string().into_bytes() });
    Some(format!("{} (an example is used in its place)", named.join(", ")))
}

/// Migrates the values of a file to a release as far as a machine can; values that it leaves out, because a person has
/// to decide about them, are added to a list. A file that cannot be read is reported elsewhere.
fn rewrite(input: &mut Input, release: Release, undecided: &mut Vec<String>) {
    // JSON is also YAML.
    let (name, text) = match &*input {
        Input::File { name, bytes } => (name.clone(), String::from_utf8(bytes.clone()).ok()),
        Input::Composed(composed) => (String::new(), Some(composed.values.to_value().to_string())),
        _ => return,
    };
    let span = ReleaseSpan { from: None, to: release.chart };
    let Some((values, left_out)) = text.and_then(|text| migrate::decided(&text, &span)) else { return };
    undecided.extend(left_out.iter().map(|path| format!("`{path}`")));
    // Keys that nothing reads make no object, and there may be very many.
    *input = Input::File { name, bytes: schema::known(&values).to_string().into_bytes() };
}
