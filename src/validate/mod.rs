//! Manifests, ours or anyone's, compared with what a Kubernetes version takes.
//!
//! [`Set`] is given one object after the other and keeps of each only what others may refer to:
//! [`schema`] and [`walk`] know the fields, [`api`] the versions, [`crate::manifest::faults`] what no schema says,
//! [`references`] what objects need from each other. [`files`] reads texts and finds the lines of what was found.

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

/// Something that was found, with its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// Stable, in kebab case.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// The file, as it was named; `-` for stdin. Where values were rendered, that of the value, or else the template.
    pub file: String,
    /// Counted from 1.
    pub line: usize,
    /// Counted from 1, in characters.
    pub column: usize,
    /// The object; none where there is no telling.
    pub object: Option<ObjectId>,
    /// The field, `spec.ports[0].name`.
    pub path: String,
    /// Lower case, no final period; never a secret's value.
    pub message: String,
    /// What to do next.
    pub hint: Option<String>,
}

/// All that a run found.
#[derive(Debug, Clone, Default)]
pub struct Findings {
    /// The Kubernetes version's second number.
    pub minor: u32,
    /// How many objects were looked at.
    pub objects: usize,
    /// In the order of files and lines.
    pub all: Vec<Finding>,
    /// Kinds that no schema is known of, as `group/version Kind`, and how many objects of each there are.
    pub skipped: Vec<(String, usize)>,
    /// Secrets that objects need and the set does not hold.
    pub secrets: Vec<RequiredSecret>,
}

impl Findings {
    /// How many findings are at least so bad.
    pub fn count(&self, least: Severity) -> usize {
        self.all.iter().filter(|finding| finding.severity >= least).count()
    }
}
