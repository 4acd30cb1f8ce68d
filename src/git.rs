//! Reads the files of a commit by git, which is run only where the user names a commit.

use std::ffi::OsStr;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::diag::{Diagnostic, Failure, Sources};

/// All files of a commit, in a temporary folder that is removed with this value.
#[derive(Debug)]
pub struct Commit {
    _folder: TempDir,
    /// The top of the repository, inside that folder.
    tree: PathBuf,
    /// Its name as the user wrote it.
    name: String,
    /// The folder of the fleet's file, relative to the top of the repository.
    prefix: PathBuf,
}

impl Commit {
    /// Checks out a commit of the repository that contains a folder; the repository, its index and its files stay unchanged.
    ///
    /// # Errors
    /// git is missing, the folder is in no repository, there is no such commit, or the files cannot be written.
    pub fn checkout(name: &str, folder: &Path) -> Result<Self, Diagnostic> {
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let ask = |args: &[&str]| git(name, folder, &[], args);
        let repository = ask(&["rev-parse", "--absolute-git-dir"]).map_err(|error| {
            error.hint("name the directory that contains the trees, or run this command in the repository of the fleet")
        })?;
        let prefix = ask(&["rev-parse", "--show-prefix"])?;
        let commit = ask(&["rev-parse", "--verify", "--quiet", "--end-of-options", &format!("{name}^{{commit}}")]);
        let commit = commit.map_err(|_| {
            Diagnostic::environment("git", format!("`{name}` is neither a directory nor a commit that git knows"))
                .hint("name a branch, a tag or a commit; in a pipeline, fetch it first: `git fetch origin main`")
        })?;
        let failed = |error: std::io::Error| {
            Diagnostic::environment("git", format!("the files of `{name}` cannot be written: {error}"))
        };
        let folder = TempDir::with_prefix("gitlab-render-").map_err(failed)?;
        let tree = TempDir::with_prefix_in("tree-", folder.path()).map_err(failed)?.keep();
        let index = folder.path().join("index");
        let place: [(&str, &OsStr); 3] = [
            ("GIT_DIR", repository.as_ref()),
            ("GIT_WORK_TREE", tree.as_os_str()),
            ("GIT_INDEX_FILE", index.as_os_str()),
        ];
        git(
            name,
            &tree,
            &place,
            &["-c", "advice.detachedHead=false", "checkout", "--quiet", "-f", &commit, "--", "."],
        )?;
        Ok(Commit { _folder: folder, tree, name: name.to_owned(), prefix: PathBuf::from(prefix) })
    }

    /// The path of a file, given relative to the folder of the fleet's file.
    pub fn path(&self, file: &Path) -> PathBuf {
        self.tree.join(&self.prefix).join(file)
    }

    /// Replaces paths of the temporary folder in a failure by `main:values.yaml`.
    pub fn named(&self, failure: Failure) -> Failure {
        let folder = format!("{}/", self.tree.display());
        let renamed = |text: &str| text.replace(&folder, &format!("{}:", self.name));
        let mut sources = Sources::default();
        for (_, source) in failure.sources.all() {
            sources.add(renamed(&source.name), source.text.clone());
        }
        let mut report = failure.report;
        for finding in &mut report.0 {
            finding.message = renamed(&finding.message);
            finding.hint = finding.hint.as_deref().map(renamed);
        }
        Failure { report, sources }
    }
}

/// The output of git, without the last line break.
fn git(name: &str, folder: &Path, place: &[(&str, &OsStr)], args: &[&str]) -> Result<String, Diagnostic> {
    let mut command = Command::new("git");
    // Variables of a hook or a pipeline would select another repository.
    for variable in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX"] {
        command.env_remove(variable);
    }
    command.current_dir(folder).envs(place.iter().copied()).args(args).stdin(Stdio::null());
    let output = command.output().map_err(|error| match error.kind() {
        ErrorKind::NotFound => Diagnostic::environment(
            "git",
            format!("`{name}` is not a directory, and `git`, which reads commits, is not on the PATH"),
        )
        .hint("install git, or name the directory that contains the trees"),
        _ => Diagnostic::environment("git", format!("`git` cannot be started: {error}")),
    })?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let last = said.lines().rev().map(str::trim).find(|line| !line.is_empty()).unwrap_or("it printed no reason");
        let message = format!("`{name}` is not a directory, and `git {}` failed: {last}", args[0]);
        return Err(Diagnostic::environment("git", message));
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim_end_matches('\n').to_owned())
}
