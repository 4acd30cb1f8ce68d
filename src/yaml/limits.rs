//! The limits that hold for every input, and the findings about them.

use crate::diag::{Diagnostic, Location};

/// The maximum size of a values file, in bytes.
pub const MAX_BYTES: usize = 8 << 20;
/// The maximum number of values in a document, including keys and the repetitions of aliases.
pub const MAX_NODES: usize = 500_000;
/// The maximum nesting of maps and lists.
pub const MAX_DEPTH: usize = 250;
/// The maximum number of errors of a file that are kept, and of warnings.
pub const MAX_FINDINGS: usize = 100;

/// The finding about a text that is longer than [`MAX_BYTES`]; the caller may have stopped reading it there.
pub fn too_long(at: Location, bytes: usize) -> Diagnostic {
    Diagnostic::error("too-long", format!("a values file of {bytes} bytes or more is too long"))
        .at(at)
        .hint(format!("a values file may have {MAX_BYTES} bytes; check that it is the intended file"))
}

/// The finding about a text that has more than [`MAX_NODES`] values.
pub fn too_large(at: Location) -> Diagnostic {
    Diagnostic::error("too-large", format!("the file has more than {MAX_NODES} values, with its aliases expanded"))
        .at(at)
        .hint("aliases of aliases multiply quickly; write the needed values out")
}

/// The finding about maps and lists that are more than [`MAX_DEPTH`] deep within each other.
pub(super) fn too_deep(at: Location) -> Diagnostic {
    Diagnostic::error("too-deep", format!("maps and lists are nested more than {MAX_DEPTH} levels deep"))
        .at(at)
        .hint("no value is nested that deep; look for brackets that are not closed")
}
