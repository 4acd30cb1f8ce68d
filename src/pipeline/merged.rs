//! The values of a request as a file: all of them, or those that differ from the defaults of the release.

use serde_json::Value;

use super::variants::Variants;
use super::{Output, Request, layers, reference, selected};
use crate::diag::{Diagnostic, Failure, Sources, ValuePath};
use crate::reference::values_file;
use crate::schema;
use crate::tree::without_null_entries;
use crate::values::{Origins, tree};

/// The merged values of a request.
pub struct MergedValues {
    /// The values in the order of the schemas; a null removes a default.
    pub values: Value,
    /// The places at which the user set each value.
    pub origins: Origins,
    /// The sources of these places.
    pub sources: Sources,
    /// Findings about the values.
    pub warnings: Vec<Diagnostic>,
}

/// The values over the defaults of the release; `trim` leaves out those that equal their defaults.
///
/// # Errors
/// Everything for which their render is refused.
pub fn merged_values(request: &Request, trim: bool) -> Result<MergedValues, Failure> {
    let (rendered, checked) = selected(request, &Output::default())?;
    let chart = layers::chart(&request.target)?;
    let defaults = tree::over_defaults(Value::Null, chart.clone());
    let user = own(checked.user());
    let values = match trim {
        false => own(&values_file::with_nulls(checked.tree(), &user, &defaults)),
        true => {
            let whole = tree::over_defaults(user.clone(), chart.clone());
            let mut trimmed = values_file::trimmed(&user, &defaults);
            // The effect of a null depends on its section; a section with fewer keys than before stays as the user
            // wrote it.
            let again = tree::over_defaults(trimmed.clone(), chart);
            for (key, value) in
                user.as_object().into_iter().flatten().filter(|(key, _)| again.get(key) != whole.get(key))
            {
                trimmed[key.as_str()] = value.clone();
            }
            trimmed
        }
    };
    Ok(MergedValues {
        values: sorted(&values, &Variants::new(request, checked.user(), Vec::new())?),
        origins: checked.origins().clone(),
        sources: checked.sources().clone(),
        warnings: rendered.warnings,
    })
}

/// The values in the order of the schemas. Some maps go into objects unchanged, and another order of their keys would
/// change the manifests' bytes: sections with such a map keep the order of the user's files.
fn sorted(values: &Value, variants: &Variants<'_>) -> Value {
    let render = |values: &Value| {
        let manifests = variants.of(values.clone()).manifests;
        manifests.iter().map(|manifest| manifest.body.to_string()).collect::<Vec<_>>()
    };
    let all = values_file::ordered(values);
    let before = render(values);
    if render(&all) == before {
        return all;
    }
    let mut kept = values.clone();
    let Value::Object(keys) = &all else { return all };
    for (key, value) in keys {
        let mut tried = kept.clone();
        tried[key.as_str()] = value.clone();
        if render(&tried) == before {
            kept = tried;
        }
    }
    let keys = keys.keys().filter_map(|key| Some((key.clone(), kept.get(key)?.clone())));
    Value::Object(keys.collect())
}

/// The user's values without unknown keys and without the keys that hold anchors.
fn own(user: &Value) -> Value {
    let mut user = schema::known(user);
    if let Value::Object(map) = &mut user {
        map.retain(|key, _| !key.starts_with('.') && !key.starts_with("x-"));
    }
    user
}

/// The default values of a release, of all components or of one, as `helm show values` prints them.
///
/// # Errors
/// A version that is not rendered, and a component that does not exist or has no values.
pub fn default_values(component: Option<&str>, gitlab_version: Option<&str>) -> Result<Value, Diagnostic> {
    let reference = reference::reference(gitlab_version)?;
    let path = match component {
        None => String::new(),
        Some(name) => match reference.section(name) {
            Some(section) => section.to_owned(),
            None => reference.resolve(name).map(|found| found.path).map_err(|_| unknown(name, &reference))?,
        },
    };
    let steps = ValuePath::dotted(&path);
    let defaults = steps.within(&reference.defaults).cloned().unwrap_or_default();
    let nested = path
        .split('.')
        .filter(|key| !key.is_empty())
        .rev()
        .fold(defaults, |inner, key| Value::Object([(key.to_owned(), inner)].into_iter().collect()));
    // As values of a user, nulls would remove their defaults.
    Ok(values_file::ordered(&without_null_entries(&nested)))
}

fn unknown(name: &str, reference: &crate::reference::ValuesReference) -> Diagnostic {
    let names: Vec<&str> = reference.components.iter().map(|component| component.name).collect();
    let near = names.iter().max_by(|a, b| strsim::jaro_winkler(name, a).total_cmp(&strsim::jaro_winkler(name, b)));
    let near = near.filter(|near| strsim::jaro_winkler(name, near) > 0.8);
    let hint = match near {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("the components are {}", names.join(", ")),
    };
    Diagnostic::error("unknown-key", format!("there is no component and no section `{name}`")).hint(hint)
}
