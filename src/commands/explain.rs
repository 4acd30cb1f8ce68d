//! `gitlab-render explain`.

use clap::{Args, ValueEnum};
use serde_json::json;

use super::Exit;
use crate::diag::register::{self, Entry};
use crate::diag::{Diagnostic, Failure, Sources};
use crate::pipeline;
use crate::reference::{Resolved, Unresolved, ValuesReference, write};
use crate::shell::quoted;
use crate::ui::Ui;

/// The maximum number of keys that a search lists.
const MOST_MATCHES: usize = 20;

/// `gitlab-render explain`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct ExplainArgs {
    /// A values path, a component, words to search for, or the code of a finding; without it, all codes are listed.
    ///
    /// A path is written as `--set` takes it: `gitlab.webservice.ingress`, `gitlab.sidekiq.pods[].concurrency`. A key
    /// that is misspelt is corrected where it is clear what is meant. Words are looked for in paths and descriptions.
    #[arg(value_name = "PATH|COMPONENT|WORDS|CODE")]
    pub subject: Vec<String>,
    /// List all keys below the path, as a tree.
    #[arg(short, long)]
    pub recursive: bool,
    /// List the objects and fields of a default install that change with the key; `impact` does so for your values.
    #[arg(long)]
    pub reach: bool,
    /// GitLab version whose values are explained; the default is the newest one that is rendered.
    #[arg(long, value_name = "VERSION")]
    pub gitlab_version: Option<String>,
    /// Form of the answer.
    #[arg(short = 'o', long, value_name = "FORM", value_enum, default_value_t = ExplainForm::Text)]
    pub output: ExplainForm,
}

const EXAMPLES: &str = "\
Examples:
  What a key does, its type and its default:
    gitlab-render explain gitlab.webservice.ingress.tls.enabled

  Which key raises the concurrency of Sidekiq:
    gitlab-render explain sidekiq concurrency

  Which objects a key reaches:
    gitlab-render explain gitlab.sidekiq.concurrency --reach

  All keys of a component:
    gitlab-render explain gitlab-shell --recursive

  What the code of a finding means:
    gitlab-render explain unknown-key";

/// The form of an explanation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ExplainForm {
    /// For people.
    Text,
    /// One JSON document, described by `schemas/explain.schema.json`.
    Json,
    /// A section of a Markdown page.
    Markdown,
}

impl ExplainArgs {
    /// Prints what is known about a key, the keys that words speak of, or the entry of a code in the register.
    pub fn run(&self, ui: &Ui) -> Result<Exit, Failure> {
        let text = match &self.subject[..] {
            [] => self.codes(register::all().collect(), false),
            [one] => match code(one) {
                Some(entry) => self.codes(vec![entry], true),
                None => self.key(one, ui)?,
            },
            words => self.search(&words.join(" "), &pipeline::reference(self.gitlab_version.as_deref())?)?,
        };
        ui.out(text.as_bytes())?;
        Ok(Exit::Done)
    }

    fn key(&self, subject: &str, ui: &Ui) -> Result<String, Failure> {
        let reference = pipeline::reference(self.gitlab_version.as_deref())?;
        let path = reference.section(subject).unwrap_or(subject).trim_start_matches('.');
        if subject.trim().contains(char::is_whitespace) {
            return self.search(subject, &reference);
        }
        match reference.resolve(path) {
            // A word with a typing error is more likely a search term than a key.
            Ok(found) if !found.corrected || path.contains('.') => {
                if found.corrected {
                    let message = format!("`{path}` is not a known key: this is `{}`", found.path);
                    ui.report(&[Diagnostic::note("misspelt-key", message)], &Sources::default());
                }
                self.explanation(&reference, &found)
            }
            Err(unresolved) if path.contains(['.', '[']) => Err(unknown_key(path, &unresolved).into()),
            found => match (self.search(subject, &reference), found) {
                (Ok(text), _) => Ok(text),
                (Err(_), Ok(found)) => self.explanation(&reference, &found),
                (Err(_), Err(_)) => Err(unknown(subject).into()),
            },
        }
    }

    fn explanation(&self, reference: &ValuesReference, found: &Resolved) -> Result<String, Failure> {
        let explanation = reference.explain(found, self.recursive);
        let reached = match self.reach {
            true => Some(pipeline::reached(&found.path, self.gitlab_version.as_deref())?),
            false => None,
        };
        Ok(match self.output {
            ExplainForm::Text => write::text(&explanation, reached.as_deref(), self.recursive),
            ExplainForm::Markdown => write::markdown(&explanation, reached.as_deref()),
            ExplainForm::Json => format!("{:#}\n", write::json(&explanation, reached.as_deref())),
        })
    }

    fn search(&self, words: &str, reference: &ValuesReference) -> Result<String, Failure> {
        let found = reference.search(words, MOST_MATCHES);
        if found.is_empty() {
            let message = format!("no key and no description contains the words `{words}`");
            return Err(Diagnostic::error("unknown-code", message)
                .hint("`gitlab-render explain global --recursive` lists keys, `gitlab-render explain` all codes")
                .into());
        }
        Ok(match self.output {
            ExplainForm::Json => format!("{:#}\n", write::matches_json(&found)),
            ExplainForm::Text | ExplainForm::Markdown => write::matches(&found),
        })
    }

    fn codes(&self, entries: Vec<Entry>, one: bool) -> String {
        match (self.output, one) {
            (ExplainForm::Json, true) => entries.iter().map(|entry| format!("{:#}\n", as_json(entry))).collect(),
            (ExplainForm::Json, false) => format!("{:#}\n", json!(entries.iter().map(as_json).collect::<Vec<_>>())),
            (_, true) => entries.iter().map(as_text).collect(),
            (_, false) => {
                let width = entries.iter().map(|entry| entry.code.len()).max().unwrap_or_default();
                entries.iter().map(|entry| format!("{:width$}  {}\n", entry.code, entry.meaning)).collect()
            }
        }
    }
}

/// The entry of a code, which is also accepted in its printed form: `error[unknown-key]`.
fn code(subject: &str) -> Option<Entry> {
    let printed = ["error[", "warning[", "note["].iter().find_map(|start| subject.strip_prefix(start));
    register::find(printed.map_or(subject, |rest| rest.trim_end_matches([']', ':'])))
}

fn as_text(entry: &Entry) -> String {
    let Entry { code, severities, meaning, next } = entry;
    format!("{code} ({})\n\n{meaning}\n\nWhat to do: {next}\n", severities.replace(',', ", "))
}

fn as_json(entry: &Entry) -> serde_json::Value {
    let severities: Vec<&str> = entry.severities.split(',').collect();
    json!({ "code": entry.code, "severities": severities, "meaning": entry.meaning, "next": entry.next })
}

/// Reports a word that matches no key, no component, no code and no description.
fn unknown(subject: &str) -> Diagnostic {
    let hint = match register::nearest(subject) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`gitlab-render explain` lists all codes, `gitlab-render explain global --recursive` keys".to_owned(),
    };
    let message = format!(
        "`{subject}` is neither a values path nor a component, and there is no finding with the code `{subject}`"
    );
    Diagnostic::error("unknown-code", message).hint(hint)
}

fn unknown_key(path: &str, unresolved: &Unresolved) -> Diagnostic {
    let Unresolved { known, key, near, releases, instead } = unresolved;
    let place = if known.is_empty() { "at the top level".to_owned() } else { format!("under `{known}`") };
    let message = match releases {
        Some(releases) => format!("`{path}`: this release does not read `{key}` {place}; it is read {releases}"),
        None => format!("`{path}` is not a known key: there is no `{key}` {place}"),
    };
    let hint = match (instead, &near[..]) {
        (Some(instead), _) => instead.clone(),
        (None, []) if known.is_empty() => "`gitlab-render explain global --recursive` lists the keys".to_owned(),
        (None, []) => format!("`gitlab-render explain {}` says what it takes", quoted(known)),
        (None, near) => format!("did you mean `{}`?", near.join("` or `")),
    };
    Diagnostic::error("unknown-key", message).hint(hint)
}
