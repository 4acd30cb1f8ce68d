//! The flags that give values, and the files that they refer to.

use std::ffi::OsStr;
use std::path::Path;

use clap::builder::{PossibleValue, StringValueParser, TypedValueParser};
use clap::error::Error;
use clap::{Arg, Args, Command};

use super::Wanted;
use crate::diag::{Diagnostic, Failure, Severity};
use crate::files::{Stdin, output_of, read_limited, read_text, unreadable};
use crate::fleet::{self, Fleet};
use crate::pipeline::{self, Request, Target};
use crate::profiles;
use crate::redact;
use crate::schema::UnknownKeys;
use crate::values::{FileContent, Flag, Input, set_file_paths};
use crate::wrapped::{self, Options, Unwrapped};

/// The values, lowest layer first: profile, `-f` in their order, then `--set-json`, `--set`,
/// `--set-string`, `--set-file` and `--set-literal`, as in Helm.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Values")]
pub struct ValuesArgs {
    /// Values file, or a file that contains values: an Argo CD Application, a Flux HelmRelease, a GitLab resource, an umbrella
    /// chart's values, a Kustomization, a helmfile. `-` reads stdin, `profile:NAME` takes a built-in profile. Repeatable or a comma
    /// list, the last wins.
    #[arg(short = 'f', long = "values", value_name = "FILE", value_delimiter = ',')]
    pub files: Vec<String>,
    /// Values that a command prints, over those of -f: `sops -d secrets.yaml`. It is run without a shell. Repeatable.
    #[arg(long, value_name = "COMMAND")]
    pub values_from: Vec<String>,
    /// Where the values are in the files of -f, for files whose form is not known: `spec.values`, `releases[0].values[0]`.
    #[arg(long, value_name = "PATH")]
    pub values_at: Option<String>,
    /// Set values: `a.b=c`, `a[0]=c`, `a={x,y}`; `null` removes a default. Repeatable.
    #[arg(long, value_name = "PATH=VALUE")]
    pub set: Vec<String>,
    /// As --set, and the value is always a string: `--set-string a.b=true`.
    #[arg(long, value_name = "PATH=VALUE")]
    pub set_string: Vec<String>,
    /// Set values from JSON: `a.b={"c": [1, 2]}`, or one whole JSON object.
    #[arg(long, value_name = "PATH=JSON")]
    pub set_json: Vec<String>,
    /// Set a value to the content of a file: `a.b=path/to/file`.
    #[arg(long, value_name = "PATH=FILE")]
    pub set_file: Vec<String>,
    /// Set a value to exactly the string that follows: commas and braces mean nothing.
    #[arg(long, value_name = "PATH=STRING")]
    pub set_literal: Vec<String>,
    /// Start from a built-in profile, under all other values.
    #[arg(long, value_name = "NAME", value_parser = ProfileName, hide_possible_values = true)]
    pub profile: Option<String>,
    /// Whether a key that nothing reads is an error or a warning.
    #[arg(long, value_name = "HOW", value_enum, default_value_t = UnknownKeys::Error)]
    pub unknown_keys: UnknownKeys,
    /// Report wrong types and bounds as warnings, where a render is still possible.
    #[arg(long)]
    pub skip_schema_validation: bool,
}

impl ValuesArgs {
    /// A render of these values.
    ///
    /// # Errors
    /// Files that cannot be read, and everything that [`wrapped::unwrap`] refuses.
    pub fn request(&self, wanted: Wanted) -> Result<Request, Failure> {
        let files = self.files(&mut Stdin::default());
        let Unwrapped { inputs, release } = self.unwrapped_of(files, wanted.name.as_deref())?;
        Ok(self.request_of(wanted.target(&release), inputs))
    }

    /// A render of other inputs, read as these flags say.
    pub fn request_of(&self, target: Target, inputs: Vec<Input>) -> Request {
        Request {
            unknown_keys: self.unknown_keys,
            skip_schema_validation: self.skip_schema_validation,
            profile: self.profile.clone(),
            ..Request::new(target, inputs)
        }
    }

    /// Reads all files, and takes values out of those that contain some.
    /// Reads all files, and extracts the values of those that contain more than values.
    /// # Errors
    /// As [`ValuesArgs::request`].
    pub fn inputs(&self, stdin: &mut Stdin) -> Result<Unwrapped, Failure> {
        self.unwrapped(self.files(stdin))
    }

    /// Extracts the values of files that contain more than values.
    ///
    /// # Errors
    /// As [`wrapped::unwrap`].
    pub fn unwrapped(&self, inputs: Vec<Input>) -> Result<Unwrapped, Failure> {
        self.unwrapped_of(inputs, None)
    }

    /// The same; `name` selects one of several releases.
    fn unwrapped_of(&self, inputs: Vec<Input>, name: Option<&str>) -> Result<Unwrapped, Failure> {
        let duplicates = match self.unknown_keys {
            UnknownKeys::Error => Severity::Error,
            UnknownKeys::Warn => Severity::Warning,
        };
        wrapped::unwrap(inputs, Options { duplicates, at: self.values_at.as_deref(), name, read: &mut local_file })
    }

    /// Reads all files; their content is parsed later. A file that cannot be read is an error then too, beside what is wrong
    /// with the others.
    pub fn files(&self, stdin: &mut Stdin) -> Vec<Input> {
        let mut inputs = Vec::new();
        for name in self.files.iter().map(|name| name.trim()) {
            inputs.push(values_file(name, stdin).unwrap_or_else(Input::unreadable));
        }
        for command in &self.values_from {
            let bytes = output_of(command);
            let file = bytes.map(|bytes| Input::File { name: redact::command(command), bytes });
            inputs.push(file.unwrap_or_else(Input::unreadable));
        }
        inputs.extend(flags(&self.set_json).map(Input::SetJson));
        inputs.extend(flags(&self.set).map(Input::Set));
        inputs.extend(flags(&self.set_string).map(Input::SetString));
        for flag in flags(&self.set_file) {
            let mut files = Vec::new();
            for path in set_file_paths(&flag.text) {
                let content = read_limited(&path, stdin).map_err(|why| format!("it {}", why.reason()));
                files.push(FileContent { path, content });
            }
            inputs.push(Input::SetFile(flag, files));
        }
        inputs.extend(flags(&self.set_literal).map(Input::SetLiteral));
        inputs
    }
}

fn flags(texts: &[String]) -> impl Iterator<Item = Flag> {
    texts.iter().zip(1..).map(|(text, number)| Flag { number, text: text.clone() })
}

/// The input that a name after `-f` stands for: a file, `-`, or `profile:NAME`.
///
/// # Errors
/// A file that cannot be read, a profile that does not exist.
pub fn values_file(name: &str, stdin: &mut Stdin) -> Result<Input, Diagnostic> {
    if let Some(profile) = name.strip_prefix("profile:") {
        return pipeline::profile(profile);
    }
    let refuse = |why, hint| Err(Diagnostic::error("file-unreadable", why).hint(hint));
    if name.is_empty() {
        return refuse("`-f` names no file".to_owned(), "write `-f FILE`");
    }
    if name.contains("://") {
        let why = format!("`{name}` is a URL, and this program opens no network connection");
        return refuse(why, "download it first, or pipe it in with `-f -`");
    }
    let shown = if name == "-" { "stdin" } else { name };
    match read_limited(name, stdin) {
        Ok(bytes) => Ok(Input::File { name: shown.to_owned(), bytes }),
        Err(why) => Err(unreadable(shown, &why, "name the values files in it, one `-f` each")),
    }
}

/// The text of a local file that another file names.
pub fn local_file(path: &str) -> Option<Result<String, String>> {
    match read_text(Path::new(path)) {
        Ok(text) => Some(Ok(text)),
        Err(_) if !Path::new(path).is_file() => None,
        Err(finding) => Some(Err(finding.message)),
    }
}

/// Reads the environments of a fleet's file and of the files that it includes.
///
/// # Errors
/// Files that cannot be read, and what [`fleet::read`] refuses.
pub fn read_fleet(path: &str) -> Result<Fleet, Failure> {
    fleet::read(path, &mut |path| read_text(Path::new(path)))
}

/// Accepts any string, and offers the names of profiles to completion scripts: a wrong name is refused where
/// profiles are read.
#[derive(Debug, Clone, Copy)]
pub struct ProfileName;

impl TypedValueParser for ProfileName {
    type Value = String;

    fn parse_ref(&self, command: &Command, arg: Option<&Arg>, value: &OsStr) -> Result<String, Error> {
        StringValueParser::new().parse_ref(command, arg, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(profiles::all().map(|profile| PossibleValue::new(profile.name))))
    }
}
