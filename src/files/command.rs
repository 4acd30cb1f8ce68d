//! The output of a user's command, such as `sops -d secrets.yaml`.

use std::io::ErrorKind;
use std::process::{Command, Stdio};

use crate::diag::Diagnostic;

/// Runs a command without a shell and returns its output. Its words are separated and quoted as in a shell; nothing
/// else has a special meaning.
///
/// # Errors
/// An empty command, one that cannot be started or that fails, and one that prints nothing.
pub fn output_of(line: &str) -> Result<Vec<u8>, Diagnostic> {
    let failed = |why: String| Diagnostic::environment("values-from", format!("`{line}` {why}"));
    let words = shlex::split(line).filter(|words| !words.is_empty());
    let Some((program, args)) = words.as_deref().and_then(<[String]>::split_first) else {
        return Err(Diagnostic::usage("values-from", format!("`--values-from {line}` is not a command"))
            .hint("write a program and its arguments in one string: `--values-from 'sops -d secrets.yaml'`"));
    };
    let output =
        Command::new(program).args(args).stdin(Stdio::null()).output().map_err(|error| match error.kind() {
            ErrorKind::NotFound => failed(format!("cannot be run: `{program}` is not on the PATH"))
                .hint("the command runs without a shell: pipes, variables and `~` are not interpreted"),
            _ => failed(format!("cannot be run: {error}")),
        })?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let last = said.lines().rev().map(str::trim).find(|line| !line.is_empty());
        let why = format!("has failed: {}", last.unwrap_or("it printed no reason"));
        return Err(failed(why).hint("run it separately to see its full output"));
    }
    if output.stdout.iter().all(u8::is_ascii_whitespace) {
        return Err(failed("printed nothing".to_owned()).hint("it must print values on stdout"));
    }
    Ok(output.stdout)
}
