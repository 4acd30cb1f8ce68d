//! Writes the objects to a stream or to a directory, all or nothing.
//!
//! All objects are verified before the first byte is written. A directory is built beside its place and exchanged in one
//! step, see [`to_dir`].

mod layout;
mod list;
mod swap;

use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::Value;

use crate::diag::Diagnostic;
use crate::manifest::content::hex;
use crate::manifest::{Manifest, Ordered};
use crate::yaml::write::write_stream;

pub use list::OutputScope;
pub use swap::{MARKER, Written};

use list::{HookRuns, WrittenFile, WrittenOrigin};
use swap::NewFile;

/// How objects are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// A stream of YAML documents.
    #[default]
    Yaml,
    /// One `List` of the core API, as `kubectl get -o json` prints it.
    Json,
}

/// Writes all objects to a stream; a closed pipe is no error.
///
/// # Errors
/// Errors of the stream, such as a full disk.
pub fn to_stdout(objects: &Ordered, format: Format, out: &mut impl Write) -> Result<(), Diagnostic> {
    let written = match format {
        Format::Yaml => write_yaml(objects.manifests(), out),
        Format::Json => {
            let items = objects.manifests().iter().map(|m| &m.body).collect();
            let text = pretty(&List { api_version: "v1", kind: "List", items })?;
            out.write_all(text.as_bytes())
        }
    };
    match written.and_then(|()| out.flush()) {
        Err(e) if e.kind() != ErrorKind::BrokenPipe => {
            Err(Diagnostic::environment("output", format!("the output could not be written: {e}"))
                .hint("the output is incomplete: do not apply it"))
        }
        _ => Ok(()),
    }
}

/// Writes the objects in pieces of some [`PIECE`] bytes: each is made in the memory of the one before.
fn write_yaml(manifests: &[Manifest], out: &mut impl Write) -> std::io::Result<()> {
    let mut text = String::with_capacity(2 * PIECE);
    for manifest in manifests {
        write_stream(&mut text, &manifest.source, &manifest.body);
        if text.len() >= PIECE {
            out.write_all(text.as_bytes())?;
            text.clear();
        }
    }
    out.write_all(text.as_bytes())
}

/// A pipe holds 64 KiB on Linux.
const PIECE: usize = 32 * 1024;

/// Writes one file per object into `dir`, `<component>/<kind>-<name>.yaml`, and a list of them in [`MARKER`].
///
/// At every moment the directory is either the old one or the new one as a whole: the new one is built in
/// `.<name>.gitlab-render` beside it, and the two are exchanged in one step (`RENAME_EXCHANGE`; by two renames on
/// systems without it, and the next run repairs what a kill between them left). Files that an earlier run listed are
/// replaced or removed where the scope covers them; all others are carried over by hard link and never deleted. A
/// foreign file or symbolic link at the path of one of our files or folders stops the run.
///
/// # Errors
/// Errors of the machine, and a directory that cannot be taken over.
pub fn to_dir(objects: &Ordered, format: Format, dir: &Path, scope: &OutputScope) -> Result<Written, Diagnostic> {
    to_dir_with(objects, format, dir, scope, None)
}

/// The same with one more file beside the objects.
///
/// # Errors
/// As [`to_dir`].
pub fn to_dir_with(
    objects: &Ordered,
    format: Format,
    dir: &Path,
    scope: &OutputScope,
    more: Option<(String, String)>,
) -> Result<Written, Diagnostic> {
    let mut files = files(objects, layout::paths(objects.manifests(), format), format, scope)?;
    files.extend(more.map(|(path, text)| file(path, text, scope, None)));
    swap::replace(dir, &files, scope)
}

/// The same with each file in the folder of its phase, `pre/<component>/<kind>-<name>.yaml`, and with the further files
/// that `more` makes from these paths.
///
/// # Errors
/// As [`to_dir`].
pub fn to_dir_by_phase(
    objects: &Ordered,
    format: Format,
    dir: &Path,
    scope: &OutputScope,
    more: impl FnOnce(&[String]) -> Vec<(String, String)>,
) -> Result<Written, Diagnostic> {
    let paths = layout::paths(objects.manifests(), format).into_iter().zip(objects.manifests());
    let paths: Vec<_> = paths.map(|(path, manifest)| format!("{}/{path}", manifest.phase.word())).collect();
    let more = more(&paths);
    let mut files = files(objects, paths, format, scope)?;
    files.extend(more.into_iter().map(|(path, text)| file(path, text, scope, None)));
    let written = swap::replace(dir, &files, scope)?;
    Ok(written)
}

/// A digest in hexadecimal.
pub fn digest(bytes: &[u8]) -> String {
    hex(bytes)
}

/// A digest of this program, so that the output of another build is written again; `None` where the program cannot be
/// read.
pub fn program_digest() -> Option<String> {
    std::fs::read(std::env::current_exe().ok()?).ok().map(|bytes| hex(&bytes))
}

/// The file beside a directory that holds the digest of the directory's inputs.
fn digest_file(dir: &Path) -> Option<PathBuf> {
    Some(dir.with_file_name(format!(".{}.gitlab-render-inputs", dir.file_name()?.to_str()?)))
}

/// Whether a directory was made from inputs with this digest, and every file in it is as it was written.
pub fn is_intact(dir: &Path, digest: &str) -> bool {
    let kept = digest_file(dir).and_then(|path| std::fs::read_to_string(path).ok());
    if kept.as_deref().map(str::trim_end) != Some(digest) {
        return false;
    }
    let same = |(path, entry): (&PathBuf, &list::WrittenFile)| {
        let text = std::fs::read(dir.join(path));
        entry.sha256.is_none() || text.is_ok_and(|text| entry.sha256 == Some(hex(&text)))
    };
    list::read(dir).is_ok_and(|list| !list.is_empty() && list.iter().all(same))
}

/// Stores the digest of a directory's inputs beside it.
///
/// # Errors
/// Errors of the machine.
pub fn keep_digest(dir: &Path, digest: &str) -> Result<(), Diagnostic> {
    let Some(path) = digest_file(dir) else { return Ok(()) };
    std::fs::write(&path, format!("{digest}\n")).map_err(swap::failed("write", &path))
}

/// The names of the directories in a directory that have such a digest beside them, in their order.
pub fn trees(dir: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(dir).into_iter().flatten().filter_map(Result::ok);
    let mut names: Vec<String> = entries
        .filter(|entry| entry.path().is_dir() && digest_file(&entry.path()).is_some_and(|file| file.is_file()))
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    names.sort();
    names
}

/// The content of a file of an earlier run that was edited since; `None` where it is as it was written, or is not
/// there.
pub fn edited(dir: &Path, name: &str) -> Option<String> {
    let listed = list::read(dir).ok()?;
    let written = listed.get(Path::new(name))?.sha256.as_ref()?;
    let text = std::fs::read_to_string(dir.join(name)).ok()?;
    (hex(text.as_bytes()) != *written).then_some(text)
}

fn files(
    objects: &Ordered,
    paths: Vec<String>,
    format: Format,
    scope: &OutputScope,
) -> Result<Vec<NewFile>, Diagnostic> {
    let text = |manifest: &Manifest| match format {
        Format::Yaml => {
            let mut text = String::new();
            write_stream(&mut text, &manifest.source, &manifest.body);
            Ok(text)
        }
        Format::Json => pretty(&manifest.body),
    };
    let of = |(path, manifest): (String, &Manifest)| Ok(file(path, text(manifest)?, scope, Some(manifest)));
    paths.into_iter().zip(objects.manifests()).map(of).collect()
}

fn file(path: String, text: String, scope: &OutputScope, object: Option<&Manifest>) -> NewFile {
    let origin = WrittenOrigin {
        release: scope.release.clone(),
        namespace: Some(scope.namespace.clone()),
        phase: object.map(|manifest| manifest.phase.word().to_owned()),
        template: object.map(|manifest| manifest.source.clone()),
        tool: Some(scope.tool.to_owned()),
        hook: object.and_then(|manifest| manifest.hook.as_ref()).map(HookRuns::of),
    };
    let entry = WrittenFile { sha256: Some(hex(text.as_bytes())), origin: Some(origin) };
    NewFile { path, text, entry }
}

#[derive(Serialize)]
struct List<'a> {
    #[serde(rename = "apiVersion")]
    api_version: &'static str,
    kind: &'static str,
    items: Vec<&'a Value>,
}

fn pretty(value: &impl Serialize) -> Result<String, Diagnostic> {
    serde_json::to_string_pretty(value)
        .map(|text| text + "\n")
        .map_err(|e| Diagnostic::bug("output", format!("an object could not be written as JSON: {e}")))
}
