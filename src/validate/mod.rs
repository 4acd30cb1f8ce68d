//! Validates manifests of any origin for a Kubernetes version.
//!
//! [`Set`] gets the objects one by one and keeps of each only what others may refer to: [`schema`] and [`walk`] check
//! the fields, [`api`] the versions, [`crate::manifest::faults`] the rules that no schema expresses, [`references`] the
//! references between objects. [`files`] reads files and finds the lines of findings.

mod api;
pub mod files;
pub mod installed;
mod provided;
mod references;
pub mod report;
mod schema;
mod set;
mod walk;

pub use schema::MINORS;
pub use set::{End, RequiredSecret, Set, ValidateOptions};

pub use crate::diag::Severity;
use crate::manifest::ObjectId;

/// A finding with its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// Stable, in kebab case.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// The file as it was named; `-` for stdin. For rendered values, the file of the value, or else the template.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1, in characters.
    pub column: usize,
    /// The object; `None` where it is unknown.
    pub object: Option<ObjectId>,
    /// The field, `spec.ports[0].name`.
    pub path: String,
    /// The message: lower case, no final period; never a secret's value.
    pub message: String,
    /// The next step.
    pub hint: Option<String>,
}

/// The result of a run.
#[derive(Debug, Clone, Default)]
pub struct Findings {
    /// The minor of the Kubernetes version.
    pub minor: u32,
    /// The number of objects.
    pub objects: usize,
    /// The findings, sorted by file and line.
    pub all: Vec<Finding>,
    /// Kinds without a known schema, as `group/version Kind`, and the number of objects of each.
    pub skipped: Vec<(String, usize)>,
    /// Secrets that objects need and the set does not contain.
    pub secrets: Vec<RequiredSecret>,
}

impl Findings {
    /// The number of findings of at least this severity.
    pub fn count(&self, least: Severity) -> usize {
        self.all.iter().filter(|finding| finding.severity >= least).count()
    }
}
