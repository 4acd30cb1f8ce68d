//! Kubernetes objects as data: read from rendered templates, verified, ordered and written.
//!
//! `read` → [`Manifest`] → [`verify`] → [`Verified`] → [`order`] → [`Ordered`]. The last two can be
//! made by one function each, so nothing that was not checked can be printed by mistake.

pub mod content;
pub mod hook;
mod id;
mod order;
pub mod stream;
mod verify;

use std::sync::Arc;

use serde_json::Value;

pub use hook::Hook;
pub use id::ObjectId;
pub use order::{Ordered, order};
pub use verify::node::FieldValue;
pub use verify::{ObjectFault, Verified, check, faults, format, verify};

use crate::diag::{Diagnostic, ValuePath};

/// When an object is applied, in relation to the rest of the release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// Before everything: the upgrade check, the generator of shared secrets and its account.
    Pre,
    /// The release itself.
    Main,
    /// After the release.
    Post,
    /// Run on demand only.
    Test,
}

impl Phase {
    /// All of them, in their order.
    pub const ALL: [Phase; 4] = [Phase::Pre, Phase::Main, Phase::Post, Phase::Test];

    /// What it is called on the command line.
    pub fn word(self) -> &'static str {
        match self {
            Phase::Pre => "pre",
            Phase::Main => "main",
            Phase::Post => "post",
            Phase::Test => "test",
        }
    }
}

/// The annotation by which Helm keeps an object that is no longer rendered, and the value that it needs.
pub const KEEP: (&str, &str) = ("helm.sh/resource-policy", "keep");

/// One Kubernetes object.
#[derive(Debug, Clone, PartialEq)]
pub struct Manifest {
    /// What makes it unique in a cluster; equal to what `body` says.
    pub id: ObjectId,
    /// The component it belongs to, `webservice`.
    pub component: Arc<str>,
    /// The template it came from, `webservice/deployment.yaml`.
    pub source: String,
    /// When it is applied.
    pub phase: Phase,
    /// When Helm would run it, where it is a hook: left out by `--no-hooks`.
    pub hook: Option<Hook>,
    /// The object.
    pub body: Value,
}

/// All objects of a release, in the order they were made.
pub type Manifests = Vec<Manifest>;

impl Manifest {
    /// Takes the identity from the body.
    ///
    /// # Errors
    /// A body without `apiVersion`, `kind` or `metadata.name`: a template is wrong, or a value that
    /// is a name is empty.
    pub fn new(
        component: impl Into<Arc<str>>,
        source: impl Into<String>,
        phase: Phase,
        body: Value,
    ) -> Result<Self, Diagnostic> {
        let source = source.into();
        match ObjectId::of(&body) {
            Ok(id) => {
                let hook = Hook::of(&body);
                Ok(Manifest { id, component: component.into(), source, phase, hook, body })
            }
            Err("metadata.name") if body.pointer("/metadata/name").is_some() => Err(Diagnostic::error(
                "bad-name",
                format!("`{source}`: the object's `metadata.name` is empty or not a string"),
            )
            .about(source, ValuePath::dotted("metadata.name"))
            .hint("look for an empty name in the values")),
            Err(field) => Err(Diagnostic::bug("no-object", format!("`{source}`: the object has no `{field}`"))),
        }
    }
}
