//! The values that the arguments name: the only place where values files are opened.

use std::fs::File;
use std::io::{self, Read};

use crate::cli::ValuesArgs;
use crate::diag::{Diagnostic, Report};
use crate::pipeline::{self, FileContent, Flag, Input};

/// Reads all files; what they hold is looked at later. Every file that cannot be read is in the report.
pub fn inputs(args: &ValuesArgs) -> Result<Vec<Input>, Report> {
    let mut inputs = Vec::new();
    let mut wrong = Vec::new();
    let mut stdin_taken = false;
    for name in args.files.iter().map(|name| name.trim()) {
        if name == "-" && std::mem::replace(&mut stdin_taken, true) {
            let message = "`-f -` is there twice, and stdin can be read once";
            wrong.push(Diagnostic::error("file-unreadable", message).hint("leave one of them out"));
            continue;
        }
        match values_file(name) {
            Ok(input) => inputs.push(input),
            Err(diagnostic) => wrong.push(diagnostic),
        }
    }
    inputs.extend(flags(&args.set_json).map(Input::SetJson));
    inputs.extend(flags(&args.set).map(Input::Set));
    inputs.extend(flags(&args.set_string).map(Input::SetString));
    inputs.extend(flags(&args.set_file).map(|flag| {
        let files = pipeline::set_file_paths(&flag.text).into_iter().map(|path| {
            let content = read(&path).map_err(|error| format!("it {}", reason(&error)));
            FileContent { path, content }
        });
        let files = files.collect();
        Input::SetFile(flag, files)
    }));
    inputs.extend(flags(&args.set_literal).map(Input::SetLiteral));
    if wrong.is_empty() { Ok(inputs) } else { Err(Report(wrong)) }
}

fn flags(texts: &[String]) -> impl Iterator<Item = Flag> {
    texts.iter().zip(1..).map(|(text, number)| Flag { number, text: text.clone() })
}

/// What a name after `-f` stands for.
pub fn values_file(name: &str) -> Result<Input, Diagnostic> {
    if let Some(profile) = name.strip_prefix("profile:") {
        return pipeline::profile(profile);
    }
    let refuse = |why, hint| Err(Diagnostic::error("file-unreadable", why).hint(hint));
    if name.is_empty() {
        return refuse("`-f` names no file".to_owned(), "write `-f FILE`");
    }
    if name.contains("://") {
        let why = format!("`{name}` is on a network, which is never asked");
        return refuse(why, "download it first, or pipe it in with `-f -`");
    }
    let shown = if name == "-" { "stdin" } else { name };
    match read(name) {
        Ok(bytes) => Ok(Input::File { name: shown.to_owned(), bytes }),
        Err(error) => refuse(
            format!("`{shown}` {}", reason(&error)),
            match error.kind() {
                io::ErrorKind::NotFound => "check the path; it is taken from the current directory",
                io::ErrorKind::IsADirectory => "name the values files in it, one `-f` each",
                _ => "check the file and its permissions",
            },
        ),
    }
}

/// A file, or stdin for `-`, up to a little more than what is accepted.
fn read(name: &str) -> io::Result<Vec<u8>> {
    let limited = |from: &mut dyn Read| {
        let mut bytes = Vec::new();
        from.take(pipeline::MAX_BYTES as u64 + 1).read_to_end(&mut bytes).map(|_| bytes)
    };
    if name == "-" { limited(&mut io::stdin().lock()) } else { limited(&mut File::open(name)?) }
}

/// Why a file cannot be read, to stand behind its name.
pub fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "does not exist".to_owned(),
        io::ErrorKind::PermissionDenied => "may not be read".to_owned(),
        io::ErrorKind::IsADirectory => "is a directory".to_owned(),
        io::ErrorKind::InvalidData => "is not UTF-8".to_owned(),
        _ => format!("cannot be read: {error}"),
    }
}
