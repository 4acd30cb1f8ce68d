//! Checks values without a cluster and returns all findings as one list.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::layers::UserLayers;
use super::objects::RenderPart;
use super::parts::{Parts, each};
use super::probe::{Probe, Trial};
use super::variants::Variants;
use super::{Output, Request, layers, not_values, places, selected};
use crate::companions::{self, CompanionChart};
use crate::diag::{Diagnostic, Failure, Place, Severity, Sources, Step, ValuePath, code};
use crate::lint::allow::{Settings, apply};
use crate::lint::{Linted, check};
use crate::manifest::Manifest;
use crate::redact::Excerpts;
use crate::reference;
use crate::releases::{self, ChartVersion, GitlabVersion};
use crate::resolve::component;
use crate::schema::{self, UnknownKeys};
use crate::upgrade::rules::{self, Action, Effect, Hit, ReleaseSpan};
use crate::validate::{Finding, Findings};
use crate::values::{self, Input, Origins, tree};

/// Checks values and their objects; `pedantic` also reports values that equal their defaults.
///
/// # Errors
/// Errors before there are values: a profile that does not exist.
pub fn lint(request: &Request, settings: &Settings, pedantic: bool) -> Result<(Findings, Sources), Failure> {
    let (found, sources) = match selected(request, &Output::default()) {
        Err(failure) if failure.report.0.iter().any(|d| d.fault != crate::diag::Fault::Input) => return Err(failure),
        Err(failure) => {
            let mut found = failure.report.0;
            let more = beside_errors(request, &found, pedantic)?;
            let is_new = |more: &Diagnostic| !found.iter().any(|d| (d.code, &d.message) == (more.code, &more.message));
            let more: Vec<_> = more.into_iter().filter(is_new).collect();
            found.extend(more);
            (found, failure.sources)
        }
        Ok((rendered, checked)) => {
            let objects = rendered.objects.manifests();
            let values = ValuesBeside { tree: checked.tree(), user: checked.user(), origins: checked.origins() };
            let mut found = of_values(request, &values, objects)?;
            found.extend(without_effect(request, &values, &rendered.warnings, pedantic)?);
            places::locate(&mut found, checked.origins());
            found.splice(0..0, rendered.warnings);
            (found, rendered.sources)
        }
    };
    // What no line of the user's causes is about the first file as a whole: reports need a file that exists.
    let first = request.inputs.iter().find_map(Input::file);
    let mut excerpts = Excerpts::of(&sources);
    let finding = |found| finding(found, &sources, &mut excerpts, first.unwrap_or("defaults"));
    let mut all: Vec<Finding> = apply(found, &sources, settings).into_iter().map(finding).collect();
    all.sort_by(|a, b| (&a.file, a.line, a.column).cmp(&(&b.file, b.line, b.column)));
    let minor = request.target.kube_version.minor;
    Ok((Findings { minor, all, ..Findings::default() }, sources))
}

/// The values that are checked beside their objects.
struct ValuesBeside<'v> {
    tree: &'v Value,
    user: &'v Value,
    origins: &'v Origins,
}

/// The findings about values and their objects, besides values without an effect.
fn of_values(request: &Request, values: &ValuesBeside<'_>, objects: &[Manifest]) -> Result<Vec<Diagnostic>, Failure> {
    let section = |name: &str| {
        let of = component::ALL.iter().find(|component| component.name == name).map(|component| component.key);
        of.filter(|key| !key.is_empty()).unwrap_or("global").to_owned()
    };
    let reference = reference_architecture(request)?;
    let (tree, user) = (values.tree, values.user);
    let mut found = check(&Linted { tree, user, objects, reference: &reference, section: &section });
    found.extend(removed_next(values, layers::version(&request.target)));
    found.extend(companions::CHARTS.iter().filter_map(|chart| of_chart_that_is_off(chart, values)));
    Ok(found)
}

/// What can be said besides errors: the values without those that are refused are judged, if they make any objects.
fn beside_errors(request: &Request, errors: &[Diagnostic], pedantic: bool) -> Result<Vec<Diagnostic>, Failure> {
    let UserLayers { merged, files, is_partial, .. } = layers::merged(request)?;
    // Of a file that cannot be read, or that holds something else, nothing is known.
    if is_partial || !not_values::find(&files, UnknownKeys::Warn).is_empty() {
        return Ok(Vec::new());
    }
    let refused = || errors.iter().filter(|d| d.severity == Severity::Error);
    let wrong: Vec<ValuePath> = refused().filter_map(|d| d.places.first()?.path().cloned()).collect();
    let user = tree::without(&schema::known(&merged.user), &wrong.iter().collect());
    let variant = Variants::new(request, &user, Vec::new())?.without(&[]);
    if variant.manifests.is_empty() {
        return Ok(Vec::new());
    }
    let tree = tree::over_defaults(user.clone(), layers::chart(&request.target)?);
    let values = ValuesBeside { tree: &tree, user: &user, origins: &merged.origins };
    let mut found: Vec<_> = variant.found.into_iter().filter(|d| d.severity != Severity::Error).collect();
    found.extend(of_values(request, &values, &variant.manifests)?);
    // A line may have its effect only together with a value that is refused; an unknown key has none.
    if refused().all(|d| d.code == code::UNKNOWN_KEY) {
        found.extend(without_effect(request, &values, errors, pedantic)?);
    }
    places::locate(&mut found, &merged.origins);
    Ok(found)
}

/// The values of the smallest reference architecture with more than one node, over the defaults.
fn reference_architecture(request: &Request) -> Result<Value, Failure> {
    let profile = layers::profile("reference-hybrid-2k")?;
    let (user, _) = values::load_with(&[profile], Severity::Warning)?.value.own();
    Ok(tree::over_defaults(user, layers::chart(&request.target)?))
}

/// Values that a release of the next major removes or reads otherwise, with what `values migrate` makes of them.
fn removed_next(values: &ValuesBeside<'_>, version: GitlabVersion) -> Vec<Diagnostic> {
    let chart = releases::chart_of(version);
    let next = ChartVersion { major: chart.major + 1, minor: u32::MAX, patch: u32::MAX };
    let span = ReleaseSpan { from: Some(chart), to: next };
    let hits = rules::hits(values.user, values.origins, &span).into_iter();
    let breaks = |effect| matches!(effect, Effect::Fails | Effect::Ignored | Effect::Type | Effect::Planned);
    let finding = |hit: Hit| {
        let migrated = match &hit.action {
            Action::Move { .. } => hit.new_form.as_ref().map(|form| format!("`values migrate` makes it `{form}`")),
            Action::Delete => Some("`values migrate` removes it".to_owned()),
            Action::Decide { question } => Some(format!("`values migrate` asks: {question}")),
            Action::Keep => None,
        };
        let message = format!("{} (from chart {} on)", hit.what, hit.since);
        let found = Diagnostic::warning("removed-next", message).at_value(hit.path.clone());
        match migrated.or(hit.hint) {
            Some(hint) => found.hint(hint),
            None => found,
        }
    };
    hits.filter(|hit| breaks(hit.effect) && hit.since.series() > chart.series()).map(finding).collect()
}

/// What a line of the user's does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LineEffect {
    /// Without it, some object is another one.
    Decides,
    /// It is as it would be without it, and another value would change an object.
    Default,
    /// No value in its place changes an object.
    Nothing,
}

/// The user's values that affect no object: neither removing nor changing them has an effect.
fn without_effect(
    request: &Request,
    values: &ValuesBeside<'_>,
    reported: &[Diagnostic],
    pedantic: bool,
) -> Result<Vec<Diagnostic>, Diagnostic> {
    let (user, tree) = (values.user, values.tree);
    let defaults = tree::over_defaults(Value::Null, layers::chart(&request.target)?);
    // What stands below a key that is not read has been reported with it; monitors that are not written, once for all.
    let no_monitors = reported.iter().any(|finding| finding.code == code::NO_MONITORS);
    let of_a_monitor = |path: &ValuePath| {
        no_monitors && path.0.iter().any(|step| matches!(step.key(), Some("serviceMonitor" | "podMonitor")))
    };
    let gone = reported.iter().filter(|finding| code::NOT_READ.contains(&finding.code));
    let gone: HashSet<&ValuePath> = gone.flat_map(|finding| finding.places.iter().filter_map(Place::path)).collect();
    let is_gone = |path: &ValuePath| (1..=path.0.len()).any(|end| gone.contains(&ValuePath(path.0[..end].to_vec())));
    let reported: HashSet<&ValuePath> = reported.iter().filter_map(|d| d.places.iter().find_map(Place::path)).collect();
    // Values of a third-party chart have their effect in `companions`.
    let is_ours = |path: &ValuePath| {
        let first = path.0.first().map(|step| ValuePath(vec![step.clone()]).to_string());
        let sections = component::ALL.iter().filter_map(|component| component.key.split('.').next());
        first.is_some_and(|first| first == "global" || sections.into_iter().any(|section| section == first))
    };
    let mut open = tree::leaves(user);
    open.retain(|(path, _)| is_ours(path) && !reported.contains(path) && !is_gone(path) && !of_a_monitor(path));
    if !pedantic {
        let marked = marked(&mut Probe::new(request, tree.clone()), &open);
        open.retain(|(path, _)| !marked.contains(path));
    }
    let Some(parts) = Parts::new(request, tree).filter(|_| !open.is_empty()) else { return Ok(Vec::new()) };
    let contradictions = Probe::new(request, tree.clone()).contradictions(&[]);
    let effect = |probe: &mut Probe<'_>, (path, value): &(ValuePath, &Value)| {
        if parts.changes(probe, &[&left_out(path, user, &defaults)]) {
            return LineEffect::Decides;
        }
        if value.is_null() || path.within(&defaults) == Some(*value) {
            return LineEffect::Default;
        }
        let reaches = |to: Value| {
            let trial = Trial { candidate: 0, path: path.clone(), to: Some(to) };
            parts.changes(probe, &[&trial]) || probe.contradictions(&[&trial]) > contradictions
        };
        if others(path, value).into_iter().any(reaches) { LineEffect::Default } else { LineEffect::Nothing }
    };
    let effects = each(&open, &|| Probe::new(request, tree.clone()), &effect);
    let finding = |((path, _), effect): (&(ValuePath, &Value), LineEffect)| match effect {
        LineEffect::Nothing => {
            let message = format!("`{path}` changes nothing here: it affects no object");
            let hint = "remove it, or enable the feature it belongs to; `gitlab-render explain` describes the key";
            Some(Diagnostic::warning("no-effect", message).at_value(path.clone()).hint(hint))
        }
        LineEffect::Default if pedantic => {
            let message = format!("`{path}` has the value that it would have without this line");
            let hint = "remove it; `gitlab-render values --trim` removes all values that equal their defaults";
            Some(Diagnostic::note("as-default", message).at_value(path.clone()).hint(hint))
        }
        _ => None,
    };
    Ok(open.iter().zip(effects).filter_map(finding).collect())
}

/// The settings of a third-party chart that the values do not install.
fn of_chart_that_is_off(chart: &CompanionChart, values: &ValuesBeside<'_>) -> Option<Diagnostic> {
    let path = |key: &str| ValuePath(vec![Step::Key(chart.section.into()), Step::Key(key.into())]);
    let section = values.user.get(chart.section)?.as_object()?;
    let mut keys = section.keys().filter(|key| path(key).to_string() != chart.switch && !is_switch(key));
    let first = keys.next().filter(|_| !companions::is_on(chart, values.tree))?;
    let also = match keys.count() {
        0 => String::new(),
        1 => " and 1 more key of its section change nothing".to_owned(),
        more => format!(" and {more} more keys of its section change nothing"),
    };
    let verb = if also.is_empty() { " changes nothing" } else { "" };
    let message = format!("`{}`{also}{verb} here: {} is not installed", path(first), chart.name);
    let hint = format!("remove them, or set `{}: true`", chart.switch);
    Some(Diagnostic::warning("no-effect", message).at_value(path(first)).hint(hint))
}

/// Whether a key turns a chart on or off.
fn is_switch(key: &str) -> bool {
    matches!(key, "enabled" | "install" | "installCRDs")
}

/// The values that are seen in the objects of one render in which each of them is a string of its own.
///
/// Only strings at keys that users choose are changed, most of a file of labels, annotations and resources: nothing else
/// can follow from those, so that one render answers for all of them.
fn marked(probe: &mut Probe<'_>, open: &[(ValuePath, &Value)]) -> HashSet<ValuePath> {
    let edits = open.iter().enumerate().filter_map(|(number, (path, value))| Trial::marked(number, path, Some(*value)));
    let edits: Vec<_> = edits.collect();
    let rendered = probe.render(&edits.iter().map(|(edit, _)| edit).collect::<Vec<_>>(), RenderPart::Whole);
    let text: String = rendered.unwrap_or_default().iter().map(|manifest| manifest.body.to_string()).collect();
    edits.into_iter().filter(|(_, marker)| text.contains(marker)).map(|(edit, _)| edit.path).collect()
}

/// The edit that leaves a value of the user's out, so that its default stands in. A list replaces another as a whole.
fn left_out(path: &ValuePath, user: &Value, defaults: &Value) -> Trial {
    let list = path.0.iter().position(|step| matches!(step, Step::Index(_))).unwrap_or(path.0.len());
    let at = ValuePath(path.0[..list].to_vec());
    let rest = tree::without(user, &[path].into_iter().collect());
    let to = at.within(&rest).filter(|_| list < path.0.len()).or_else(|| at.within(defaults)).cloned();
    Trial { candidate: 0, path: at, to }
}

/// Other values of the same type, and those that the schema lists or that its description has in backticks.
fn others(path: &ValuePath, value: &Value) -> Vec<Value> {
    let part = reference::part(&path.to_string());
    let listed = part.as_ref().and_then(|part| part.schema.get("enum")?.as_array()).into_iter().flatten().cloned();
    let described =
        part.iter().flat_map(|part| part.description().split('`').skip(1).step_by(2)).map(|word| json!(word));
    let named = listed.chain(described.filter(|_| value.is_string()));
    let mut others: Vec<Value> = named.filter(|other| other != value).collect();
    others.extend(changed(value));
    others
}

fn changed(value: &Value) -> Vec<Value> {
    match value {
        Value::Bool(on) => vec![json!(!on)],
        Value::Number(number) => vec![json!(number.as_i64().unwrap_or(0).saturating_add(1))],
        Value::String(text) => match text.parse::<i64>() {
            Ok(number) => vec![json!(number.saturating_add(1).to_string())],
            Err(_) => vec![json!(format!("{text}x")), json!(format!("x{text}")), json!("")],
        },
        Value::Array(_) => vec![json!(["x"]), json!([{"name": "x"}])],
        Value::Object(_) => vec![json!({"x": "x"})],
        Value::Null => Vec::new(),
    }
}

/// A diagnostic at its place in a file; at the beginning of `first` where it has none.
fn finding(diagnostic: Diagnostic, sources: &Sources, excerpts: &mut Excerpts<'_>, first: &str) -> Finding {
    let at = diagnostic.places.iter().find_map(Place::location);
    let (file, line, column) = match at.and_then(|at| Some((sources.get(at.source)?.name.clone(), at))) {
        Some((name, at)) => (name, at.line, at.column),
        None => (first.to_owned(), 1, 1),
    };
    let (message, hint) = excerpts.words(&diagnostic);
    Finding {
        code: diagnostic.code,
        severity: diagnostic.severity,
        file,
        line,
        column,
        object: None,
        path: String::new(),
        message,
        hint,
    }
}
