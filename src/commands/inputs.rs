//! The values that the arguments name: the only place where values files are opened.

use std::fs::File;
use std::io::{self, Read};

use crate::cli::ValuesArgs;
use crate::diag::{Diagnostic, Report};
use crate::pipeline::Input;

/// No values file of a person's comes near; what does is a mistake, better told than swallowed.
const LARGEST: u64 = 16 << 20;

/// Reads all files and puts the layers into Helm's order, lowest first. Every file that cannot be
/// read is in the report.
pub fn inputs(args: &ValuesArgs) -> Result<Vec<Input>, Report> {
    let mut inputs = Vec::new();
    let mut wrong = Vec::new();
    let mut stdin_taken = false;
    for name in args.files.iter().map(|name| name.trim()) {
        if name == "-" && std::mem::replace(&mut stdin_taken, true) {
            wrong.push(
                Diagnostic::error("file-unreadable", "`-f -` is there twice, and stdin can be read once")
                    .hint("leave one of them out"),
            );
            continue;
        }
        match read(name) {
            Ok(bytes) => inputs.push(Input::File { name: shown(name), bytes }),
            Err(diagnostic) => wrong.push(diagnostic),
        }
    }
    inputs.extend(args.set_json.iter().cloned().map(Input::SetJson));
    inputs.extend(args.set.iter().cloned().map(Input::Set));
    inputs.extend(args.set_string.iter().cloned().map(Input::SetString));
    inputs.extend(args.set_file.iter().cloned().map(Input::SetFile));
    inputs.extend(args.set_literal.iter().cloned().map(Input::SetLiteral));
    if wrong.is_empty() { Ok(inputs) } else { Err(Report(wrong)) }
}

fn shown(name: &str) -> String {
    if name == "-" { "(stdin)".to_owned() } else { name.to_owned() }
}

fn read(name: &str) -> Result<Vec<u8>, Diagnostic> {
    if name.contains("://") {
        return Err(Diagnostic::error("file-unreadable", format!("`{name}` is on a network, which is never asked"))
            .hint("download it first, or pipe it in with `-f -`"));
    }
    let result = if name == "-" { limited(io::stdin().lock()) } else { File::open(name).and_then(limited) };
    match result {
        Ok(bytes) if bytes.len() as u64 > LARGEST => Err(Diagnostic::error(
            "file-too-large",
            format!("`{}` has more than {} MiB, which no values file needs", shown(name), LARGEST >> 20),
        )
        .hint("check that it is the file you meant")),
        Ok(bytes) => Ok(bytes),
        Err(error) => Err(unreadable(name, &error)),
    }
}

fn limited(from: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(LARGEST + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn unreadable(name: &str, error: &io::Error) -> Diagnostic {
    let (why, hint) = match error.kind() {
        io::ErrorKind::NotFound if name.is_empty() => ("`-f` names no file".to_owned(), "write `-f FILE`"),
        io::ErrorKind::NotFound => {
            (format!("`{name}` does not exist"), "check the path; it is taken from the current directory")
        }
        io::ErrorKind::PermissionDenied => (format!("`{name}` may not be read"), "check the permissions of the file"),
        io::ErrorKind::IsADirectory => {
            (format!("`{name}` is a directory"), "name the values files in it, one `-f` each")
        }
        _ => (format!("`{}` cannot be read: {error}", shown(name)), "check the file"),
    };
    Diagnostic::error("file-unreadable", why).hint(hint)
}
