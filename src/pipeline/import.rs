//! Converts other configurations of GitLab to values.

use crate::diag::{Failure, Sources};
use crate::import::{self, Imported};

/// Reads a `gitlab.rb`; `name` is the user's name for it.
///
/// # Errors
/// A file that is not Ruby, and secrets that are not JSON.
pub fn gitlab_rb(
    name: &str,
    text: &str,
    secrets: Option<&str>,
    namespace: &str,
) -> Result<(Imported, Sources), Failure> {
    let mut sources = Sources::default();
    let source = sources.add_ruby(name, text);
    match import::gitlab_rb(text, source, secrets, namespace) {
        Ok(imported) => Ok((imported, sources)),
        Err(report) => Err(Failure { report, sources }),
    }
}
