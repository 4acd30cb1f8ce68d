//! The request of a command: what is rendered ([`Request`]), and what of it is written, and how ([`Output`]).

use std::path::PathBuf;

use crate::canary::{Canary, Split};
use crate::emit::Format;
use crate::images::Rewrite;
use crate::manifest::Phase;
use crate::phases::Hooks;
use crate::resolve::KubeVersion;
use crate::schema::UnknownKeys;
use crate::values::Input;

/// What is rendered. Everything that changes the content of an object is here.
#[derive(Debug, Clone)]
pub struct Request {
    /// The release and the cluster that the render is for.
    pub target: Target,
    /// Where the values come from, as they were given.
    pub inputs: Vec<Input>,
    /// A file of `values/`, the lowest layer.
    pub profile: Option<String>,
    /// Whether a key that nothing reads is an error or a warning.
    pub unknown_keys: UnknownKeys,
    /// Whether a value that is still an example of a profile is an error.
    pub strict: bool,
    /// Whether wrong types and bounds are warnings.
    pub skip_schema_validation: bool,
    /// The registry and the digests that images are taken from.
    pub images: Rewrite,
    /// The tool that runs what Helm would run as hooks; it decides annotations and the names of Jobs.
    pub hooks: Hooks,
    /// Whether objects are marked as owned by the Helm release.
    pub keep_helm_metadata: bool,
    /// Whether post-deployment migrations are left to a later run.
    pub skip_post_migrations: bool,
    /// A second set of pods that is rendered instead of the release.
    pub canary: Option<Canary>,
    /// Shares of requests that the release's routes give to second sets.
    pub splits: Vec<Split>,
}

impl Request {
    /// A render of these values with all options at their defaults.
    pub fn new(target: Target, inputs: Vec<Input>) -> Self {
        Request {
            target,
            inputs,
            profile: None,
            unknown_keys: UnknownKeys::default(),
            strict: false,
            skip_schema_validation: false,
            images: Rewrite::default(),
            hooks: Hooks::default(),
            keep_helm_metadata: false,
            skip_post_migrations: false,
            canary: None,
            splits: Vec::new(),
        }
    }
}

/// Name, namespace and versions of a release, as given on the command line.
#[derive(Debug, Clone)]
pub struct Target {
    /// The release's name.
    pub name: String,
    /// The namespace it goes to.
    pub namespace: String,
    /// Whether it replaces an earlier one.
    pub is_upgrade: bool,
    /// The cluster's version.
    pub kube_version: KubeVersion,
    /// API versions that the cluster has besides Kubernetes' own.
    pub api_versions: Vec<String>,
    /// The GitLab version; without it, the one in the values, or the default.
    pub gitlab_version: Option<String>,
}

/// Which objects of a render are written, in which form, and where. It changes no object.
#[derive(Debug, Clone, Default)]
pub struct Output {
    /// Only the objects of these templates, `webservice/deployment.yaml`; empty: all.
    pub show_only: Vec<String>,
    /// Only the objects of these components; empty: all.
    pub components: Vec<String>,
    /// Leave out what Helm would run as a hook.
    pub no_hooks: bool,
    /// Leave out tests.
    pub skip_tests: bool,
    /// Only these phases; empty: all that the tool runs by itself.
    pub phases: Vec<Phase>,
    /// YAML or JSON.
    pub format: Format,
    /// The directory to write to; without it, a stream.
    pub directory: Option<PathBuf>,
    /// Replace files in the directory that were edited since they were written.
    pub force: bool,
}
