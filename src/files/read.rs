//! Reading files and stdin, up to a limit.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

use crate::diag::{Diagnostic, Report};
use crate::yaml::MAX_BYTES;

/// The maximum size of a manifest or of another program's file: 32 MiB.
const MAX_TEXT: usize = 32 << 20;

/// Whether stdin was read in this run: it can be read only once.
#[derive(Debug, Default)]
pub struct Stdin {
    /// It was read.
    pub taken: bool,
}

/// The reason why a file cannot be read.
#[derive(Debug)]
pub enum Unreadable {
    /// An error of the system.
    System(io::Error),
    /// It is stdin, which was read before.
    Twice,
    /// It is stdin or a pipe, and it is empty.
    Empty,
    /// It is larger than this number of bytes.
    TooLong(usize),
}

impl From<io::Error> for Unreadable {
    fn from(error: io::Error) -> Self {
        Unreadable::System(error)
    }
}

impl Unreadable {
    /// The reason as a predicate; the subject is the file.
    pub fn reason(&self) -> String {
        match self {
            Unreadable::Twice => "is given twice, and stdin can be read only once".to_owned(),
            Unreadable::Empty => "is empty".to_owned(),
            Unreadable::TooLong(most) => format!("is larger than the limit of {} MiB", most >> 20),
            Unreadable::System(error) => match error.kind() {
                io::ErrorKind::NotFound => "does not exist".to_owned(),
                io::ErrorKind::PermissionDenied => "cannot be read: permission denied".to_owned(),
                io::ErrorKind::IsADirectory => "is a directory".to_owned(),
                io::ErrorKind::InvalidData => "is not UTF-8".to_owned(),
                _ => format!("cannot be read: {error}"),
            },
        }
    }

    fn hint<'a>(&self, directory: &'a str) -> &'a str {
        match self {
            Unreadable::Twice => "remove one of the two `-`, or save the input to a file",
            Unreadable::Empty => {
                "check the command that writes to the pipe: it has probably failed and printed nothing"
            }
            Unreadable::TooLong(_) => "check that this is the intended file, or split it",
            Unreadable::System(error) => match error.kind() {
                io::ErrorKind::NotFound => "check the path; it is relative to the current directory",
                io::ErrorKind::IsADirectory => directory,
                _ => "check the file and its permissions",
            },
        }
    }
}

/// The finding about a file that cannot be read; `directory` is the hint for a directory.
pub fn unreadable(shown: &str, why: &Unreadable, directory: &str) -> Diagnostic {
    let shown = if matches!(why, Unreadable::Twice) { "-" } else { shown };
    Diagnostic::error("file-unreadable", format!("`{shown}` {}", why.reason())).hint(why.hint(directory))
}

/// Reads a values file, or stdin for `-`, up to one byte more than is accepted: the parser then reports the size.
///
/// # Errors
/// A file that cannot be opened or read, and stdin for the second time.
pub fn read_limited(name: &str, stdin: &mut Stdin) -> Result<Vec<u8>, Unreadable> {
    bytes(name, stdin, MAX_BYTES)
}

/// Reads a file that does not hold values: a manifest, or the file of another program; stdin for `-`.
///
/// # Errors
/// A file that cannot be read, is not UTF-8, or is too long.
pub fn read_text(path: &Path) -> Result<String, Diagnostic> {
    read_text_once(path, &mut Stdin::default())
}

/// As [`read_text`], where several names may be `-`.
///
/// # Errors
/// As [`read_text`], and stdin for the second time.
pub fn read_text_once(path: &Path, stdin: &mut Stdin) -> Result<String, Diagnostic> {
    let name = path.to_string_lossy();
    let shown = if name == "-" { "stdin" } else { &*name };
    let mut text = || {
        let bytes = bytes(path, stdin, MAX_TEXT)?;
        if bytes.len() > MAX_TEXT {
            return Err(Unreadable::TooLong(MAX_TEXT));
        }
        String::from_utf8(bytes).map_err(|_| Unreadable::System(io::ErrorKind::InvalidData.into()))
    };
    text().map_err(|why| unreadable(shown, &why, "name a file in it"))
}

fn bytes(path: impl AsRef<Path>, stdin: &mut Stdin, most: usize) -> Result<Vec<u8>, Unreadable> {
    let limited = |from: &mut dyn Read| {
        let mut bytes = Vec::new();
        from.take(most as u64 + 1).read_to_end(&mut bytes).map(|_| bytes)
    };
    let (bytes, piped) = if path.as_ref() == Path::new("-") {
        if std::mem::replace(&mut stdin.taken, true) {
            return Err(Unreadable::Twice);
        }
        (limited(&mut io::stdin().lock())?, true)
    } else {
        let mut file = File::open(path)?;
        let piped = file.metadata()?.file_type().is_fifo();
        (limited(&mut file)?, piped)
    };
    // An empty file may be intended; an empty pipe is the result of a command that failed.
    if piped && bytes.iter().all(u8::is_ascii_whitespace) { Err(Unreadable::Empty) } else { Ok(bytes) }
}

/// The manifests below a directory, as [`manifests_below`] finds them: each text with its path.
///
/// # Errors
/// Files that cannot be read, a directory without manifests.
pub fn manifest_texts(directory: &Path) -> Result<Vec<(String, String)>, Report> {
    let mut texts = Vec::new();
    let mut wrong = Vec::new();
    for file in manifests_below(directory, &mut wrong) {
        match read_text(&file) {
            Ok(text) => texts.push((file.display().to_string(), text)),
            Err(diagnostic) => wrong.push(diagnostic),
        }
    }
    if texts.is_empty() && wrong.is_empty() {
        let message = format!("`{}`: the directory contains no manifests", directory.display());
        wrong.push(Diagnostic::error("no-objects", message).hint("name one with .yaml, .yml or .json files"));
    }
    if wrong.is_empty() { Ok(texts) } else { Err(Report(wrong)) }
}

/// The manifests below a directory, sorted by path: `.yaml`, `.yml` and `.json`. Hidden files are left out, and so are
/// links to directories and `kustomization` files, which are no manifests. Directories that cannot be read go to `wrong`.
pub fn manifests_below(directory: &Path, wrong: &mut Vec<Diagnostic>) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![directory.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) => {
                wrong.push(unreadable(&folder.to_string_lossy(), &error.into(), "name a file in it"));
                continue;
            }
        };
        for path in entries.filter_map(Result::ok).map(|entry| entry.path()) {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let manifest = [".yaml", ".yml", ".json"].iter().any(|end| name.ends_with(end));
            // A link to a directory may lead back up.
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
