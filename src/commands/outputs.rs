//! Files that a command makes for its user.

use std::fs::{self, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::diag::Diagnostic;

/// Writes the whole file or none of it; over one that is there only with `force`, and then a link stays one and
/// permissions stay.
///
/// # Errors
/// The machine's, and a file that is there.
pub fn write_file(path: &Path, text: &str, force: bool) -> Result<(), Diagnostic> {
    write(path, text, force).map_err(|error| refused(path, &error))
}

fn write(path: &Path, text: &str, force: bool) -> io::Result<()> {
    let real = if force { fs::canonicalize(path) } else { Ok(path.to_owned()) }.unwrap_or_else(|_| path.to_owned());
    let folder = real.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // Those of the file that is there, or what the umask leaves, as for any other new file.
    let mut file = tempfile::Builder::new().permissions(Permissions::from_mode(0o666)).tempfile_in(folder)?;
    file.write_all(text.as_bytes())?;
    if force {
        if let Ok(before) = fs::metadata(&real) {
            fs::set_permissions(file.path(), before.permissions())?;
        }
        file.persist(real)?
    } else {
        file.persist_noclobber(real)?
    };
    Ok(())
}

fn refused(path: &Path, error: &io::Error) -> Diagnostic {
    let path = path.display();
    let (why, hint) = match error.kind() {
        io::ErrorKind::AlreadyExists => {
            ("is there already".to_owned(), "name another file, or write over it with `--force`")
        }
        io::ErrorKind::NotFound => ("is in a directory that does not exist".to_owned(), "make the directory first"),
        io::ErrorKind::IsADirectory => ("is a directory".to_owned(), "name a file"),
        io::ErrorKind::StorageFull => ("cannot be written: the disk is full".to_owned(), "make room, and run it again"),
        _ => (format!("cannot be written: {error}"), "check the path and its permissions"),
    };
    Diagnostic::environment("output", format!("`{path}` {why}")).hint(hint)
}
