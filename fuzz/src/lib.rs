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

/// Whether a parser that is not our reader takes each document of a values file as YAML. Helm splits the file at lines that
/// begin with `---` before it parses any of it, so that `---#` between two documents is no text for its parser.
fn are_values(text: &str) -> Result<(), String> {
    let mut document = String::new();
    for line in text.split_inclusive('\n') {
        if line.starts_with("---") {
            is_yaml(&document)?;
            document.clear();
        } else {
            document.push_str(line);
        }
    }
    is_yaml(&document)
}

/// Whether a parser that is not our reader takes a text as YAML.
fn is_yaml(text: &str) -> Result<(), String> {
    for event in saphyr_parser::Parser::new_from_str(text) {
        event.map_err(|error| error.to_string())?;
    }
    Ok(())
}
