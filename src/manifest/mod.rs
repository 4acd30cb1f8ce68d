//! Kubernetes objects as data: read from rendered templates, verified, ordered and written.
//!
//! `read` → [`Manifest`] → [`verify`] → [`Verified`] → [`order`] → [`Ordered`]. Only one function makes each of the
//! last two, so nothing unchecked can be printed by mistake.

pub mod content;
pub mod hook;
mod id;
mod order;
pub mod stream;
mod verify;

use std::sync::Arc;

use serde_json::Value;

pub use hook::Hook;
pub use id::{ObjectId, claim_names};
pub use order::{Ordered, order};
pub use verify::node::FieldValue;
pub use verify::{ObjectFault, Routes, Verified, check, faults, format, verify};

use crate::diag::{Diagnostic, ValuePath};

/// When an object is applied, in relation to the rest of the release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// Before everything: the upgrade check, the generator of shared secrets and its account.
    Pre,
    /// The release's own objects.
    Main,
    /// After the release.
    Post,
    /// Only on demand.
    Test,
}

impl Phase {
    /// All of them, in their order.
    pub const ALL: [Phase; 4] = [Phase::Pre, Phase::Main, Phase::Post, Phase::Test];

    /// Its name on the command line.
    pub fn word(self) -> &'static str {
        match self {
            Phase::Pre => "pre",
            Phase::Main => "main",
            Phase::Post => "post",
            Phase::Test => "test",
        }
    }
}

/// The annotation, with its value, by which Helm keeps an object that is no longer rendered.
pub const KEEP: (&str, &str) = ("helm.sh/resource-policy", "keep");

/// One Kubernetes object.
#[derive(Debug, Clone, PartialEq)]
pub struct Manifest {
    /// The identity; equal to that in `body`.
    pub id: ObjectId,
    /// The component, `webservice`.
    pub component: Arc<str>,
    /// The template, `webservice/deployment.yaml`.
    pub source: String,
    /// The phase in which it is applied.
    pub phase: Phase,
    /// Helm's hook annotations, where it is a hook: `--no-hooks` leaves it out.
    pub hook: Option<Hook>,
    /// The object.
    pub body: Value,
}

/// All objects of a release, in the order they were made.
pub type Manifests = Vec<Manifest>;

impl Manifest {
    /// Reads the identity from the body.
    ///
    /// # Errors
    /// A body without `apiVersion`, `kind` or `metadata.name`: a template has an error, or a value that gives a name is
    /// empty.
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
