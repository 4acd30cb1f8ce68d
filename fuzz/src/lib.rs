//! What is fuzzed: a function a target, from any bytes to a panic where a property does not hold.
//!
//! `fuzz_targets/` gives each to libFuzzer, which makes up bytes; `tests/fuzz.rs` gives each the files of `corpus/`.

mod documents;
mod render;
mod text;

pub use documents::{gitlab_rb, manifests, migrate};
pub use render::{files, tpl, values};
pub use text::yaml;

use gitlab_render::diag::{Diagnostic, Fault};

/// Between the parts of one input.
const PART: &str = "\n%%\n";

/// The bytes as text; none where they are no UTF-8 and the target is not about that.
fn utf8(data: &[u8]) -> Option<&str> {
    std::str::from_utf8(data).ok()
}

/// Fails where the program blames itself.
fn no_bug(found: &[Diagnostic]) {
    let bug = found.iter().find(|diagnostic| diagnostic.fault == Fault::Bug);
    assert!(bug.is_none(), "a bug of ours: {bug:?}");
}

/// Whether a parser that is not our reader takes a text as YAML.
fn is_yaml(text: &str) -> Result<(), String> {
    for event in saphyr_parser::Parser::new_from_str(text) {
        event.map_err(|error| error.to_string())?;
    }
    Ok(())
}
