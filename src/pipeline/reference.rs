//! The reference of a release's values, and values files in canonical form.

use super::Target;
use super::layers;
use crate::diag::Diagnostic;
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
