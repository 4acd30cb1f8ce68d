//! Merges the user's values over the defaults, as Helm coalesces them.
//!
//! A map merges with a map, other values replace, and a null of the user's removes a default. A null without a default
//! stays. Charts nest: a chart's section of the values is merged over the defaults of that chart.

use serde_json::{Map, Value};

use crate::diag::{Diagnostic, ValuePath};

/// Default values: a chart's own, and those of its subcharts, by name.
#[derive(Debug, Clone, Default)]
pub struct ChartDefaults {
    /// Its own defaults; a section for a subchart takes precedence over that chart's defaults.
    pub values: Value,
    /// The subcharts.
    pub charts: Vec<(String, ChartDefaults)>,
    /// Whether the subcharts get the defaults of its `global` before the user's values are merged, as Helm does it for
    /// the charts that a `ChartDefaults.yaml` lists: a null under `global` then removes nothing for them.
    pub hands_globals_down: bool,
}

impl ChartDefaults {
    /// Turns sections of one tree of defaults into charts; a section is a dotted path, outer ones come first.
    ///
    /// A section whose outer section is not a chart, or that is not in the tree, is kept.
    pub fn with_sections(tree: Value, sections: &[&str]) -> Self {
        let mut root = ChartDefaults { hands_globals_down: true, ..ChartDefaults::from(tree) };
        for section in sections {
            let (outer, name) = section.rsplit_once('.').unwrap_or(("", section));
            let outer = outer.split('.').filter(|name| !name.is_empty()).try_fold(&mut root, |chart, name| {
                chart.charts.iter_mut().find(|(inner, _)| inner == name).map(|(_, inner)| inner)
            });
            if let Some(outer) = outer
                && let Some(values) = outer.values.get_mut(name).filter(|values| values.is_object()).map(Value::take)
            {
                // The key is kept, for the order of keys.
                outer.values[name] = Value::Object(Map::new());
                outer.charts.push((name.to_owned(), ChartDefaults::from(values)));
            }
        }
        root
    }
}

impl From<Value> for ChartDefaults {
    fn from(values: Value) -> Self {
        ChartDefaults { values, ..ChartDefaults::default() }
    }
}

/// The findings of a merge.
#[derive(Debug, Default)]
pub(super) struct MergeFindings {
    pub warnings: Vec<Diagnostic>,
    pub errors: Vec<Diagnostic>,
}

/// The effect of a null of the user's over a default.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Nulls {
    /// It removes the default.
    Remove,
    /// It stays, to remove the default of a subchart.
    Keep,
    /// The default stays.
    Ignore,
}

/// The user's values over a chart's defaults.
pub(super) fn coalesce(
    user: Map<String, Value>,
    chart: ChartDefaults,
    path: &ValuePath,
    findings: &mut MergeFindings,
) -> Value {
    let ChartDefaults { values, charts, hands_globals_down } = chart;
    let defaults = match values {
        Value::Object(map) => map,
        _ => Map::new(),
    };
    let inner = |key: &str| charts.iter().any(|(name, _)| name == key);
    let is_inner_chart = !path.0.is_empty();
    let mut tree = over(user, defaults, path, findings, &|key| match key {
        key if inner(key) => Rule { nulls: Nulls::Keep, drop_null: true },
        // A null means that the chart gets no globals at all: `view` needs it.
        "global" if is_inner_chart => Rule { nulls: Nulls::Remove, drop_null: false },
        "global" if hands_globals_down => Rule { nulls: Nulls::Ignore, drop_null: false },
        _ => Rule { nulls: Nulls::Remove, drop_null: true },
    });
    for (name, chart) in charts {
        let below = path.key(&name);
        match tree.entry(name.as_str()).or_insert_with(|| Value::Object(Map::new())) {
            Value::Object(section) => {
                let section = std::mem::take(section);
                let value = coalesce(section, chart, &below, findings);
                tree.insert(name, value);
            }
            _ => findings.errors.push(
                Diagnostic::error("not-a-map", format!("`{below}` must be a map"))
                    .at_value(below)
                    .hint("it holds the values of a component, which are separate keys"),
            ),
        }
    }
    Value::Object(tree)
}

/// How one key of a chart's values is merged.
struct Rule {
    nulls: Nulls,
    /// Whether a null over the whole value removes it.
    drop_null: bool,
}

/// Merges a map of the user's over a map of defaults; the defaults' keys come first, then the user's.
fn over(
    user: Map<String, Value>,
    mut defaults: Map<String, Value>,
    path: &ValuePath,
    findings: &mut MergeFindings,
    rule: &dyn Fn(&str) -> Rule,
) -> Map<String, Value> {
    for (key, own) in user {
        let Some(default) = defaults.get_mut(&key) else {
            defaults.insert(key, own);
            continue;
        };
        let rule = rule(&key);
        match (own, default) {
            (Value::Null, _) if rule.drop_null => {
                defaults.shift_remove(&key);
            }
            (Value::Null, default) if rule.nulls == Nulls::Ignore => {
                if !empty(default) {
                    findings.warnings.push(kept(path.key(&key)));
                }
            }
            (Value::Object(own), Value::Object(default)) => {
                let nulls = rule.nulls;
                let below = |_: &str| Rule { nulls, drop_null: nulls == Nulls::Remove };
                *default = over(own, std::mem::take(default), &path.key(&key), findings, &below);
            }
            (own, default) => {
                warn_of_types(&own, default, path, &key, findings);
                *default = own;
            }
        }
    }
    defaults
}

/// Whether a null could remove nothing from a default.
fn empty(default: &Value) -> bool {
    match default {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

fn kept(path: ValuePath) -> Diagnostic {
    Diagnostic::warning("null-keeps-default", format!("`{path}`: null does not remove a default under `global`"))
        .at_value(path)
        .hint("write the value that you want, or remove the key")
}

/// Warns where a map meets another type and a default that is not empty is lost.
fn warn_of_types(own: &Value, default: &Value, path: &ValuePath, key: &str, findings: &mut MergeFindings) {
    let lost = match (own, default) {
        (Value::Null, _) | (_, Value::Null) => None,
        (Value::Object(_), Value::Array(_)) => Some("a map replaces a default that is a list"),
        (Value::Object(_), Value::Object(_)) => None,
        (Value::Object(_), _) => Some("a map replaces a default that is a single value"),
        (Value::Array(_), Value::Object(default)) if !default.is_empty() => {
            Some("a list replaces a default that is a map")
        }
        (_, Value::Object(default)) if !default.is_empty() => Some("a single value replaces a default that is a map"),
        _ => None,
    };
    if let Some(lost) = lost {
        let path = path.key(key);
        findings.warnings.push(
            Diagnostic::warning("merge-type", format!("`{path}`: {lost}"))
                .at_value(path)
                .hint("`gitlab-render explain` shows what belongs there"),
        );
    }
}

/// Warns where the types of a subchart's values and of the globals above it differ.
pub(super) fn warn_of_globals(tree: &Value, chart: &ChartDefaults, path: &ValuePath, findings: &mut MergeFindings) {
    let warning = |path: ValuePath, what: &str, hint: &str| {
        Diagnostic::warning("global-type", format!("`{path}`: {what}")).at_value(path).hint(hint)
    };
    let above = tree.get("global");
    if !chart.charts.is_empty() && above.is_some_and(|global| !global.is_object() && !global.is_null()) {
        let hint = "`global` must be a map";
        findings.warnings.push(warning(path.key("global"), "no component can read these global values", hint));
    }
    for (name, inner) in &chart.charts {
        let below = path.key(name);
        let Some(section) = tree.get(name) else { continue };
        match (above, section.get("global")) {
            (Some(Value::Object(_)), Some(own)) if !own.is_object() => findings.warnings.push(warning(
                below.key("global"),
                "the component cannot read global values",
                "remove this key; the top-level `global` applies to all components",
            )),
            (Some(Value::Object(above)), Some(Value::Object(own))) => {
                for (key, value) in own {
                    if above.get(key).is_some_and(|above| above.is_object() != value.is_object() && !above.is_null()) {
                        let path = below.key("global").key(key);
                        findings.warnings.push(warning(
                            path,
                            "this is a map and the value under `global` is not, or the reverse",
                            "set it at `global` only",
                        ));
                    }
                }
            }
            _ => {}
        }
        warn_of_globals(section, inner, &below, findings);
    }
}

/// The values of the chart at a path: its section of the merged values, and the globals of the enclosing charts.
///
/// Each step of the path is a chart. An outer `global` wins over an inner one.
pub fn component_view(tree: &Value, path: &[&str]) -> Value {
    let mut globals = tree.get("global").filter(|global| global.is_object()).cloned();
    let mut section = tree;
    for (depth, name) in path.iter().enumerate() {
        let Some(inner) = section.get(name) else {
            section = &Value::Null;
            continue;
        };
        section = inner;
        globals = match (globals, section.get("global")) {
            (Some(Value::Object(above)), Some(Value::Object(own))) => {
                Some(Value::Object(pass_down(above, own.clone())))
            }
            (Some(above), None) => Some(above),
            (_, own) => own.filter(|own| !own.is_null()).cloned(),
        };
        if depth + 1 == path.len() {
            break;
        }
    }
    let mut view = section.as_object().cloned().unwrap_or_default();
    match globals {
        Some(globals) => {
            view.insert("global".to_owned(), globals);
        }
        None => {
            view.shift_remove("global");
        }
    }
    Value::Object(view)
}

/// Merges global values over those of a subchart.
fn pass_down(above: Map<String, Value>, mut own: Map<String, Value>) -> Map<String, Value> {
    for (key, value) in above {
        match (value, own.get_mut(&key)) {
            (Value::Null, Some(_)) => {
                own.shift_remove(&key);
            }
            (Value::Object(above), Some(Value::Object(own))) => {
                *own = pass_down(above, std::mem::take(own));
            }
            // Helm keeps the inner value where the types differ.
            (Value::Object(_), Some(_)) | (_, Some(Value::Object(_))) => {}
            (value, _) => {
                own.insert(key, value);
            }
        }
    }
    own
}
