//! Replaces a directory by a new one in one step that a kill cannot split.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};

use super::list::{self, List, OutputScope, WrittenFile};
use crate::diag::Diagnostic;
use crate::manifest::content::hex;

/// The list of the files that we wrote; the next run replaces these and no others. It has a name that kubectl and Argo
/// CD, which read hidden files as well, do not treat as a manifest.
pub const MARKER: &str = ".gitlab-render-files";

/// The part of [`Work`] that becomes the directory.
const TREE: &str = "tree";
/// The old directory's temporary name on systems that cannot exchange two directories.
const OLD: &str = "old";
const LOCK: &str = "lock";
/// [`MARKER`] while it is written.
const LIST: &str = "list";

pub(super) type Done<T = ()> = Result<T, Diagnostic>;

/// A file to be written.
pub(super) struct NewFile {
    /// Its path below the directory.
    pub path: String,
    pub text: String,
    pub entry: WrittenFile,
}

/// The result of a run for a directory.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Written {
    /// How many files it wrote.
    pub files: usize,
    /// Files of earlier runs that it removed, by path.
    pub removed: Vec<String>,
    /// How many files of earlier runs it kept: those of other releases, and of other parts of this one.
    pub kept: usize,
}

/// Makes `dir` hold these files, the files of earlier runs that the scope does not cover, and all foreign files.
pub(super) fn replace(dir: &Path, files: &[NewFile], scope: &OutputScope) -> Done<Written> {
    let work = Work::begin(dir)?;
    let result = work.build(files, scope).and_then(|written| work.exchange().map(|()| written));
    // A failed run leaves nothing behind; where the rescue itself fails, the next run finds the folder.
    let cleaned = work.clean();
    result.and_then(|written| cleaned.map(|()| written))
}

/// What happens to the files of earlier runs.
struct Change {
    /// They are written again, or are stale.
    dropped: BTreeSet<PathBuf>,
    /// The list of the new directory.
    list: List,
    written: Written,
}

impl Change {
    /// Refuses to lose anything: files of another release, and files that were edited since they were written.
    fn new(dir: &Path, files: &[NewFile], scope: &OutputScope) -> Done<Self> {
        let before = list::read(dir)?;
        let new: BTreeMap<&Path, &NewFile> = files.iter().map(|file| (Path::new(&file.path), file)).collect();
        let mut change = Change {
            dropped: BTreeSet::from([PathBuf::from(MARKER)]),
            list: files.iter().map(|file| (PathBuf::from(&file.path), file.entry.clone())).collect(),
            written: Written { files: files.len(), ..Written::default() },
        };
        let mut edited = Vec::new();
        for (path, entry) in before {
            let again = new.get(path.as_path());
            let origin = entry.origin.as_ref();
            if let Some(origin) = origin.filter(|origin| again.is_some() && origin.release != scope.release) {
                let message =
                    format!("belongs to the release `{}`, and this run is for `{}`", origin.release, scope.release);
                let hint = "name a directory for each release, or let `--release-name` do so";
                return Err(refused(&dir.join(&path), &message).hint(hint));
            }
            let other = origin.and_then(|origin| origin.namespace.as_ref()).filter(|other| **other != scope.namespace);
            if let Some(other) = other.filter(|_| again.is_some() && !scope.force) {
                let message = format!(
                    "belongs to the release `{}` in the namespace `{other}`, and this run is for the namespace `{}`",
                    scope.release, scope.namespace
                );
                let hint = "name a directory for each of the two; where the release itself moves to another namespace, `--force` replaces its files";
                return Err(refused(&dir.join(&path), &message).hint(hint));
            }
            if again.is_none() && !scope.covers(&entry) {
                if scope.has_index && origin.is_some_and(|origin| origin.release == scope.release) {
                    let message = "holds other objects of this release, and the files that list all objects would list only some of them";
                    let hint = "leave `--phase`, `--component` and `--show-only` out, or name another directory";
                    return Err(refused(dir, message).hint(hint));
                }
                change.written.kept += 1;
                change.list.insert(path, entry);
                continue;
            }
            let kept = again.is_some_and(|file| scope.edits_kept.contains(&file.path));
            if !kept && is_edited(&dir.join(&path), &entry, again.map(|file| file.text.as_str())) {
                edited.push(path.display().to_string());
            }
            if again.is_none() && exists(&dir.join(&path)) {
                change.written.removed.push(path.display().to_string());
            }
            change.dropped.insert(path);
        }
        if edited.is_empty() || scope.force {
            return Ok(change);
        }
        let message = format!("files were edited since they were written: {}", some_of(&edited));
        Err(refused(dir, &message).hint("move the edits into the values, or replace the files with `--force`"))
    }
}

/// Whether a file differs both from what was written into it and from what is to be written.
fn is_edited(path: &Path, entry: &WrittenFile, new: Option<&str>) -> bool {
    let (Some(written), Ok(text)) = (&entry.sha256, fs::read(path)) else { return false };
    hex(&text) != *written && new.is_none_or(|new| new.as_bytes() != text)
}

fn some_of(names: &[String]) -> String {
    let shown: Vec<_> = names.iter().take(5).map(|name| format!("`{name}`")).collect();
    match names.len() - shown.len() {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// The folder beside the directory in which the new one is built; it is locked while it is used.
struct Work {
    dir: PathBuf,
    work: PathBuf,
    _lock: File,
}

impl Work {
    fn begin(dir: &Path) -> Done<Self> {
        let dir = resolve(dir)?;
        let (Some(parent), Some(name)) = (dir.parent(), dir.file_name()) else {
            return Err(refused(&dir, "is not a directory that can be replaced").hint("name a separate directory"));
        };
        let mut hidden = OsString::from(".");
        hidden.push(name);
        hidden.push(".gitlab-render");
        let work = parent.join(hidden);
        match fs::create_dir(&work) {
            Err(e) if e.kind() != io::ErrorKind::AlreadyExists => return Err(failed("create", &work)(e)),
            _ => {}
        }
        if !fs::symlink_metadata(&work).map_err(failed("read", &work))?.is_dir() {
            return Err(refused(&work, "uses a name that this program needs").hint("remove it"));
        }
        for entry in fs::read_dir(&work).map_err(failed("read", &work))? {
            let name = entry.map_err(failed("read", &work))?.file_name();
            if ![TREE, OLD, LOCK, LIST].iter().any(|ours| name == *ours) {
                return Err(
                    refused(&work, "contains files that this program did not write").hint("move them elsewhere")
                );
            }
        }
        let lock_path = work.join(LOCK);
        if fs::symlink_metadata(&lock_path).is_ok_and(|found| !found.is_file()) {
            return Err(refused(&lock_path, "uses a name that this program needs").hint("remove it"));
        }
        let lock = File::create(&lock_path).map_err(failed("create", &lock_path))?;
        // The previous run removes the lock when it ends: our lock must be the one that others see.
        if flock(&lock, FlockOperation::NonBlockingLockExclusive).is_err() || !exists(&lock_path) {
            return Err(refused(&dir, "another run is writing to it").hint("wait for it to end"));
        }
        let work = Work { dir, work, _lock: lock };
        work.recover()?;
        Ok(work)
    }

    /// Repairs what a killed run left.
    fn recover(&self) -> Done {
        let old = self.work.join(OLD);
        if exists(&old) && !exists(&self.dir) {
            fs::rename(&old, &self.dir).map_err(failed("restore", &self.dir))?;
        }
        self.discard(&old)?;
        self.discard(&self.work.join(TREE))
    }

    fn build(&self, files: &[NewFile], scope: &OutputScope) -> Done<Written> {
        let change = Change::new(&self.dir, files, scope)?;
        let tree = self.work.join(TREE);
        fs::create_dir(&tree).map_err(failed("create", &tree))?;
        // The list comes first and whole, so that a half-built tree is known as ours, file by file.
        let (list, marker_path) = (self.work.join(LIST), tree.join(MARKER));
        fs::write(&list, list::text(&change.list)).map_err(failed("write", &marker_path))?;
        fs::rename(&list, &marker_path).map_err(failed("write", &marker_path))?;
        for NewFile { path, text, .. } in files {
            let path = tree.join(path);
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder).map_err(failed("create", folder))?;
            }
            fs::write(&path, text).map_err(failed("write", &path))?;
        }
        if exists(&self.dir) {
            carry(&self.dir, &tree, Path::new(""), &change.dropped)?;
            let permissions = fs::metadata(&self.dir).map_err(failed("read", &self.dir))?.permissions();
            fs::set_permissions(&tree, permissions).map_err(failed("write", &tree))?;
        }
        Ok(change.written)
    }

    fn exchange(&self) -> Done {
        let tree = self.work.join(TREE);
        if !exists(&self.dir) {
            return fs::rename(&tree, &self.dir).map_err(failed("create", &self.dir));
        }
        if exchange_both(&tree, &self.dir).is_ok() {
            return Ok(());
        }
        let old = self.work.join(OLD);
        fs::rename(&self.dir, &old).map_err(failed("replace", &self.dir))?;
        fs::rename(&tree, &self.dir).map_err(|e| {
            let _ = fs::rename(&old, &self.dir);
            failed("replace", &self.dir)(e)
        })
    }

    fn clean(&self) -> Done {
        self.recover()?;
        let _ = fs::remove_file(self.work.join(LIST));
        let _ = fs::remove_file(self.work.join(LOCK));
        let _ = fs::remove_dir(&self.work);
        Ok(())
    }

    /// Removes one of our trees; a file in it that is neither listed nor in the directory is moved there first.
    ///
    /// Such a file was made by someone else while we ran.
    fn discard(&self, tree: &Path) -> Done {
        if !exists(tree) {
            return Ok(());
        }
        if exists(&self.dir) {
            let ours = listed(tree)?;
            rescue(tree, &self.dir, Path::new(""), &ours)?;
        }
        // The list goes last: what a kill leaves behind is still known as ours.
        for entry in fs::read_dir(tree).map_err(failed("read", tree))? {
            let entry = entry.map_err(failed("read", tree))?;
            let is_dir = entry.file_type().is_ok_and(|kind| kind.is_dir());
            let gone = match is_dir {
                true => fs::remove_dir_all(entry.path()),
                false if entry.file_name() == MARKER => Ok(()),
                false => fs::remove_file(entry.path()),
            };
            gone.map_err(failed("remove", tree))?;
        }
        fs::remove_dir_all(tree).map_err(failed("remove", tree))
    }
}

#[cfg(target_os = "linux")]
fn exchange_both(a: &Path, b: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    Ok(renameat_with(CWD, a, CWD, b, RenameFlags::EXCHANGE)?)
}

#[cfg(not(target_os = "linux"))]
fn exchange_both(_: &Path, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// The directory's path with its parents resolved and created; the directory itself may be missing.
fn resolve(dir: &Path) -> Done<PathBuf> {
    let Some(name) = dir.file_name() else {
        let whole = fs::canonicalize(dir).map_err(failed("read", dir))?;
        return check(whole);
    };
    let parent = dir.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(parent).map_err(failed("create", parent))?;
    check(fs::canonicalize(parent).map_err(failed("read", parent))?.join(name))
}

fn check(dir: PathBuf) -> Done<PathBuf> {
    match fs::symlink_metadata(&dir) {
        Ok(found) if found.is_symlink() => {
            Err(refused(&dir, "is a symbolic link").hint("name the directory it leads to"))
        }
        Ok(found) if !found.is_dir() => Err(refused(&dir, "is not a directory").hint("name another one")),
        Ok(_) if std::env::current_dir().is_ok_and(|here| here.starts_with(&dir)) => {
            Err(refused(&dir, "is or contains the current directory, and would be replaced")
                .hint("name a directory below it, as `--output-dir manifests`"))
        }
        Ok(_) if exists(&dir.join(".git")) => Err(refused(&dir, "is the root of a Git repository")
            .hint("name a directory below it, as `--output-dir manifests`")),
        _ => Ok(dir),
    }
}

/// The files that an earlier run wrote, and the list itself; empty where there was none.
fn listed(dir: &Path) -> Done<BTreeSet<PathBuf>> {
    let list = list::read(dir)?;
    let marker = exists(&dir.join(MARKER)).then(|| PathBuf::from(MARKER));
    Ok(list.into_keys().chain(marker).collect())
}

/// Carries the foreign files of the old tree over to the new one.
fn carry(from: &Path, to: &Path, below: &Path, ours: &BTreeSet<PathBuf>) -> Done {
    let folder = from.join(below);
    for entry in fs::read_dir(&folder).map_err(failed("read", &folder))? {
        let entry = entry.map_err(failed("read", &folder))?;
        let path = below.join(entry.file_name());
        let (source, target) = (entry.path(), to.join(&path));
        let kind = entry.file_type().map_err(failed("read", &source))?;
        let taken = fs::symlink_metadata(&target).ok();
        if kind.is_dir() {
            match taken {
                Some(found) if !found.is_dir() => return Err(in_the_way(&source)),
                Some(_) => {}
                // A folder that held only our files is not created again.
                None if !foreign(&source, &path, ours)? => continue,
                None => {
                    fs::create_dir(&target).map_err(failed("create", &target))?;
                    let permissions = entry.metadata().map_err(failed("read", &source))?.permissions();
                    fs::set_permissions(&target, permissions).map_err(failed("write", &target))?;
                }
            }
            carry(from, to, &path, ours)?;
            continue;
        }
        if kind.is_file() && ours.contains(&path) {
            continue;
        }
        if taken.is_some() {
            return Err(in_the_way(&source));
        }
        keep(&source, &target, kind.is_symlink())?;
    }
    Ok(())
}

/// Gives a file a second name; copies it where the file system has no hard links.
fn keep(source: &Path, target: &Path, symlink: bool) -> Done {
    if symlink {
        let leads = fs::read_link(source).map_err(failed("read", source))?;
        #[cfg(unix)]
        return std::os::unix::fs::symlink(leads, target).map_err(failed("create", target));
        #[cfg(not(unix))]
        return fs::copy(source, target).map(|_| drop(leads)).map_err(failed("copy", source));
    }
    if fs::hard_link(source, target).is_ok() {
        return Ok(());
    }
    if !fs::symlink_metadata(source).is_ok_and(|found| found.is_file()) {
        return Err(refused(source, "cannot be kept: it is not a regular file").hint("move it elsewhere"));
    }
    fs::copy(source, target).map(|_| ()).map_err(failed("copy", source))
}

/// Whether a folder is empty or holds a foreign file, at any depth.
fn foreign(folder: &Path, path: &Path, ours: &BTreeSet<PathBuf>) -> Done<bool> {
    let mut empty = true;
    for entry in fs::read_dir(folder).map_err(failed("read", folder))? {
        empty = false;
        let entry = entry.map_err(failed("read", folder))?;
        let inner = path.join(entry.file_name());
        let kind = entry.file_type().map_err(failed("read", folder))?;
        let found = match kind.is_dir() {
            true => foreign(&entry.path(), &inner, ours)?,
            false => !kind.is_file() || !ours.contains(&inner),
        };
        if found {
            return Ok(true);
        }
    }
    Ok(empty)
}

/// Moves files that are neither listed nor in the directory from a tree into it.
fn rescue(tree: &Path, dir: &Path, below: &Path, ours: &BTreeSet<PathBuf>) -> Done {
    let folder = tree.join(below);
    for entry in fs::read_dir(&folder).map_err(failed("read", &folder))? {
        let entry = entry.map_err(failed("read", &folder))?;
        let path = below.join(entry.file_name());
        let kind = entry.file_type().map_err(failed("read", &folder))?;
        if kind.is_dir() {
            rescue(tree, dir, &path, ours)?;
        } else if !ours.contains(&path) && !exists(&dir.join(&path)) {
            let target = dir.join(&path);
            if let Some(parent) = target.parent() {
                fs::create_dir_all(parent).map_err(failed("create", parent))?;
            }
            fs::rename(entry.path(), &target).map_err(failed("keep", &target))?;
        }
    }
    Ok(())
}

fn exists(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

fn in_the_way(path: &Path) -> Diagnostic {
    refused(path, "was not written by this program, and has the name of a file or directory to be written")
        .hint("move it elsewhere, or name another directory")
}

pub(super) fn refused(path: &Path, reason: &str) -> Diagnostic {
    Diagnostic::environment("output-directory", format!("`{}`: {reason}", path.display()))
}

pub(super) fn failed<'a>(action: &'a str, path: &'a Path) -> impl Fn(io::Error) -> Diagnostic + use<'a> {
    move |e| {
        let found = Diagnostic::environment("output-directory", format!("cannot {action} `{}`: {e}", path.display()));
        match e.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                found.hint("the disk is full; the directory is as it was before")
            }
            io::ErrorKind::PermissionDenied => {
                found.hint("the permissions of the directory and of its parent are needed")
            }
            _ => found,
        }
    }
}
