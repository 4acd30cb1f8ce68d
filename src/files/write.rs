//! Writes a file that the user named.

use std::fs::{self, File, Metadata, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt, chown};
use std::path::Path;

use crate::diag::Diagnostic;

/// Writes the whole file or nothing. An existing file is replaced only with `force`, and keeps its mode and its owner; a
/// link stays a link. A file with several names is written through, so that it stays one file; so is a device or a pipe:
/// there is nothing in it to lose.
///
/// # Errors
/// A file that exists, and what the system refuses.
pub fn write_file(path: &Path, text: &str, force: bool) -> Result<(), Diagnostic> {
    write(path, text, force).map_err(|error| refused(path, &error))
}

fn write(path: &Path, text: &str, force: bool) -> io::Result<()> {
    match fs::metadata(path) {
        Ok(existing) if is_stream(&existing) => OpenOptions::new().write(true).open(path)?.write_all(text.as_bytes()),
        Ok(existing) if existing.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
        Ok(existing) if force && existing.nlink() > 1 => through(path, text),
        Ok(existing) if force => replace(&fs::canonicalize(path)?, &existing, text),
        _ => create(path, text),
    }
}

/// Whether the target is written to without storing anything: a device or a pipe.
fn is_stream(existing: &Metadata) -> bool {
    let kind = existing.file_type();
    kind.is_char_device() || kind.is_fifo() || kind.is_socket() || kind.is_block_device()
}

fn create(path: &Path, text: &str) -> io::Result<()> {
    // The mode that the umask leaves, as for any other new file.
    let mut file = tempfile::Builder::new().permissions(Permissions::from_mode(0o666)).tempfile_in(folder(path))?;
    file.write_all(text.as_bytes())?;
    file.persist_noclobber(path)?;
    Ok(())
}

fn replace(path: &Path, existing: &Metadata, text: &str) -> io::Result<()> {
    let written = || {
        let mut file = tempfile::Builder::new().tempfile_in(folder(path))?;
        file.write_all(text.as_bytes())?;
        let made = file.as_file().metadata()?;
        if (made.uid(), made.gid()) != (existing.uid(), existing.gid()) {
            chown(file.path(), Some(existing.uid()), Some(existing.gid()))?;
        }
        fs::set_permissions(file.path(), existing.permissions())?;
        file.persist(path)?;
        Ok::<_, io::Error>(())
    };
    match written() {
        // The directory may be closed to us, or the owner may differ: the file itself can still be writable.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => through(path, text),
        other => other,
    }
}

/// Writes into the file itself. It is shortened at the end, so that nothing is lost before the new text is written.
fn through(path: &Path, text: &str) -> io::Result<()> {
    let mut file = File::options().write(true).open(path)?;
    file.write_all(text.as_bytes())?;
    file.set_len(text.len() as u64)?;
    file.sync_all()
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn refused(path: &Path, error: &io::Error) -> Diagnostic {
    let path = path.display();
    let (why, hint) = match error.kind() {
        io::ErrorKind::AlreadyExists => {
            ("exists already".to_owned(), "name another file, or replace this one with `--force`")
        }
        io::ErrorKind::NotFound => ("is in a directory that does not exist".to_owned(), "create the directory first"),
        io::ErrorKind::IsADirectory => ("is a directory".to_owned(), "name a file"),
        io::ErrorKind::StorageFull => {
            ("cannot be written: the disk is full".to_owned(), "free some space and run it again")
        }
        _ => (format!("cannot be written: {error}"), "check the path and its permissions"),
    };
    Diagnostic::environment("output", format!("`{path}` {why}")).hint(hint)
}
