//! Texts that are no values: manifests, and the files of other programs.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::commands::inputs::reason;
use crate::diag::Diagnostic;

/// A text: a file, or stdin for `-`.
///
/// # Errors
/// A file that cannot be read or is no UTF-8.
pub fn read_text(path: &Path) -> Result<String, Diagnostic> {
    let stdin = path == Path::new("-");
    let mut text = String::new();
    let read = match stdin {
        true => io::stdin().lock().read_to_string(&mut text),
        false => fs::File::open(path).and_then(|mut file| file.read_to_string(&mut text)),
    };
    let shown = if stdin { Path::new("stdin") } else { path };
    read.map(|_| text).map_err(|error| unreadable(shown, &error))
}

/// The files with manifests below a directory, in the order of their names: `.yaml`, `.yml` and `.json`; what is hidden
/// is left out, and so are links to folders and `kustomization` files, which are no manifests. Folders that cannot be read
/// go to `wrong`.
pub fn manifests_below(directory: &Path, wrong: &mut Vec<Diagnostic>) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![directory.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) => {
                wrong.push(unreadable(&folder, &error));
                continue;
            }
        };
        for path in entries.filter_map(Result::ok).map(|entry| entry.path()) {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let manifest = [".yaml", ".yml", ".json"].iter().any(|end| name.ends_with(end));
            // A link to a folder may lead back up.
            if name.starts_with('.') || path.is_dir() && path.is_symlink() {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else if manifest && !name.starts_with("kustomization.") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn unreadable(path: &Path, error: &io::Error) -> Diagnostic {
    Diagnostic::error("file-unreadable", format!("`{}` {}", path.display(), reason(error)))
        .hint("check the path and its permissions; it is taken from the current directory")
}
