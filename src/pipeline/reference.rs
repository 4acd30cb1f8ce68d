//! The reference of a release's values, and values files in canonical form.

use super::layers;
use super::{Request, Target};
use crate::diag::{Diagnostic, Failure};
use crate::reference::write::Reached;
use crate::reference::{Named, ValuesReference};
use crate::releases::{self, catalogue};
use crate::resolve::KubeVersion;
use crate::resolve::component;
use crate::schema;
use crate::values::tree;

/// All values of a release; without a version those of the newest one that is rendered.
///
/// # Errors
/// A version that is not known.
pub fn reference(gitlab_version: Option<&str>) -> Result<ValuesReference, Diagnostic> {
    if let Some(version) = gitlab_version {
        releases::rendered(catalogue::find(version)?.gitlab)?;
    }
    of_release(&target(gitlab_version))
}

/// The objects of a default install that change with other values at a path, and their fields. A place in every item of a list, or
/// under any name, is one that a default install does not have: it reaches nothing there.
///
/// # Errors
/// A path that cannot be read.
pub fn reached(path: &str, gitlab_version: Option<&str>) -> Result<Vec<Reached>, Failure> {
    let request = Request::new(target(gitlab_version), Vec::new());
    let impact = super::impact::impact(&request, super::impact::ValueChange::Any(path))?;
    let objects = impact.comparison.changes.into_iter().map(|change| Reached {
        object: change.id.to_string(),
        fields: change.fields.into_iter().map(|field| field.path).collect(),
    });
    Ok(objects.collect())
}

/// A release of which only the version matters.
pub(super) fn target(gitlab_version: Option<&str>) -> Target {
    Target {
        name: "release-name".to_owned(),
        namespace: "default".to_owned(),
        is_upgrade: false,
        kube_version: KubeVersion::newest_for(gitlab_version),
        api_versions: Vec::new(),
        gitlab_version: gitlab_version.map(str::to_owned),
    }
}

fn of_release(target: &Target) -> Result<ValuesReference, Diagnostic> {
    let release = layers::version(target);
    let defaults = tree::over_defaults(serde_json::Value::Null, layers::chart(target)?);
    let defaults = schema::read_by(release, defaults);
    let components = component::ALL.iter().map(|component| Named { name: component.name, key: component.key });
    Ok(ValuesReference { release, defaults, components: components.collect() })
}
