//! Values at the path that the user names.

use super::FileDocument;
use super::compose::Composer;
use crate::diag::{Diagnostic, Location};
use crate::values::path_of;
use crate::yaml::Node;

/// The node at a path of a file; `None` where there is none, which is a finding.
pub(super) fn node<'n>(
    composer: &mut Composer<'_>,
    path: &str,
    documents: &'n [FileDocument],
    file: usize,
) -> Option<&'n Node> {
    let steps = match path_of(path) {
        Ok(steps) => steps,
        Err(finding) => {
            // Reported once, whatever the number of files.
            if !composer.findings.iter().any(|found| found.code == finding.code) {
                composer.findings.push(finding);
            }
            return None;
        }
    };
    let own = documents.iter().filter(|document| document.file == file);
    let mut found = own.filter_map(|document| document.root.find(&steps));
    match (found.next(), found.next()) {
        (Some(node), None) => return Some(node),
        (Some(first), Some(second)) => composer.findings.push(
            Diagnostic::error("values-at", format!("`{path}` is in several documents of this file"))
                .at(first.key.unwrap_or(first.at))
                .at(second.key.unwrap_or(second.at))
                .hint("leave one document in the file"),
        ),
        (None, _) => composer.findings.push(
            Diagnostic::error("values-at", format!("`{path}`: there is nothing at this path"))
                .at(Location { source: file, line: 1, column: 1, len: 1 })
                .hint("write the path from the top of the file, `spec.values` or `releases[0].values[0]`; a dot in a key is escaped, `a\\.b`"),
        ),
    }
    None
}
