//! From the configuration of a Linux package, `gitlab.rb`, to values.
//!
//! The file is parsed, never run ([`ruby`]). `keys.tsv` says for each setting what becomes of it; what takes more than
//! a place in the values is in [`special`]. Values of secrets go nowhere: the result names Secrets, and how to make them.

mod ruby;
mod scan;
mod secrets;
mod special;

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::diag::{Diagnostic, Location, Report, Severity};
use crate::yaml::write::write_document;
use ruby::{What, parse};

/// The longest file that is read, in bytes: a `gitlab.rb` with every setting and its comments has a fifth of this. A byte
/// may become a finding with its line, which takes a hundred.
const MAX_BYTES: usize = 1 << 20;

/// Where settings are explained that are not carried over.
const DOCS: &str = "https://docs.gitlab.com/charts/charts/globals/";

static KEYS: &str = include_str!("keys.tsv");

/// What a file became.
#[derive(Debug, Clone)]
pub struct Imported {
    /// The values file.
    pub text: String,
    /// What was not carried over, and what there is to know.
    pub findings: Vec<Diagnostic>,
}

/// What becomes of a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    Value,
    Secret,
    Redis,
    Code,
    None,
}

/// A row of `keys.tsv`.
struct Row {
    how: How,
    to: &'static str,
    about: &'static str,
}

fn table() -> BTreeMap<&'static str, Row> {
    let rows = KEYS.lines().filter(|line| !line.starts_with('#'));
    rows.filter_map(|line| {
        let mut columns = line.split('\t');
        let key = columns.next()?;
        let how = match columns.next()? {
            "value" => How::Value,
            "secret" => How::Secret,
            "redis" => How::Redis,
            "code" => How::Code,
            _ => How::None,
        };
        Some((key, Row { how, to: columns.next().unwrap_or(""), about: columns.next().unwrap_or("") }))
    })
    .collect()
}

/// How many settings have a counterpart.
pub fn counterparts() -> usize {
    table().values().filter(|row| row.how != How::None).count()
}

/// A Secret that somebody has to make.
struct Secret {
    name: String,
    item: String,
    /// Where its value is now: a setting with its line, or an expression for `jq` over `gitlab-secrets.json`.
    from: From,
}

enum From {
    Setting(String, usize),
    Json(&'static str),
}

struct Import {
    source: usize,
    values: Map<String, Value>,
    secrets: Vec<Secret>,
    findings: Vec<Diagnostic>,
}

/// Reads a `gitlab.rb`. `source` is the number that places in it get; `secrets` the text of a `gitlab-secrets.json`.
///
/// # Errors
/// A file that is too long, a string or a bracket without an end, and secrets that are no JSON.
pub fn gitlab_rb(text: &str, source: usize, secrets: Option<&str>, namespace: &str) -> Result<Imported, Report> {
    let at = |line: usize| Location { source, line, column: 1, len: 1 };
    if text.len() > MAX_BYTES {
        let finding = Diagnostic::error("too-long", format!("{} bytes are too long for a `gitlab.rb`", text.len()));
        let hint = format!("a `gitlab.rb` may have {MAX_BYTES} bytes; see that it is not another file");
        return Err(finding.at(at(1)).hint(hint).into());
    }
    let statements = parse(text).map_err(|(line, reason)| {
        Diagnostic::error("bad-ruby", format!("{reason} from here on"))
            .at(at(line))
            .hint("`ruby -c FILE` checks a file")
    })?;
    let table = table();
    let mut import = Import { source, values: Map::new(), secrets: Vec::new(), findings: Vec::new() };
    for statement in statements {
        match statement.what {
            What::Set(path, _) if statement.in_block => import.note(
                "ruby-code",
                format!("`{}`: it is set in a block, and may not be set at all", shown(&path.join("."))),
                statement.line,
                "decide, and write what holds into the values",
            ),
            What::Set(path, value) => import.setting(&table, &path.join("."), value, statement.line),
            What::Code => import.note(
                "ruby-code",
                "this is code, and nothing is run here".to_owned(),
                statement.line,
                "write into the values what it comes to",
            ),
        }
    }
    if let Some(json) = secrets {
        import.secrets_of_the_package(json).map_err(Report::from)?;
    }
    Ok(import.finish(namespace))
}

impl Import {
    fn setting(&mut self, table: &BTreeMap<&str, Row>, key: &str, value: ruby::Value, line: usize) {
        let Some(row) = table.get(key) else {
            if let Some((whole, nested)) = part_of(key, special::known_parts(value.clone())) {
                return self.special(whole, &nested, line);
            }
            if let Some(job) = key.strip_prefix("gitlab_rails.").and_then(|name| name.strip_suffix("_cron"))
                && job.ends_with("_worker")
                && let ruby::Value::Text(cron) = value
            {
                return self.put(&format!("global.appConfig.cron_jobs.{job}.cron"), cron.into());
            }
            return match value {
                // a hash stands for its entries
                ruby::Value::Map(entries) if !entries.is_empty() => {
                    for (inner, value) in entries {
                        match inner {
                            ruby::Value::Text(inner) => self.setting(table, &format!("{key}.{inner}"), value, line),
                            _ => self.unknown(table, key, line),
                        }
                    }
                }
                _ => self.unknown(table, key, line),
            };
        };
        if row.how == How::Secret {
            if value != ruby::Value::Nil {
                self.secret(row.to, row.about, key, line);
            }
            return;
        }
        if row.how == How::None {
            return self.note("not-carried", format!("`{}`: {}", shown(key), row.about), line, DOCS);
        }
        // of these a part is carried over, and the rest goes into a Secret by hand
        let in_parts = ["gitlab_rails.object_store", "gitlab_rails.omniauth_providers"].contains(&key);
        let value = match special::plain(value.clone()).or_else(|what| match in_parts {
            true => Ok(special::known_parts(value)),
            false => Err(what),
        }) {
            Ok(value) => value,
            Err(what) => {
                let hint = match row.to {
                    "" => "write what it comes to into the values".to_owned(),
                    to => format!("write what it comes to into `{to}`"),
                };
                return self.note("computed", format!("`{}`: {what} is not known here", shown(key)), line, &hint);
            }
        };
        match row.how {
            How::Redis => self.redis(row.to, key, &value, line),
            How::Code => self.special(key, &value, line),
            _ => self.put(row.to, fitting(row.to, value)),
        }
    }

    fn unknown(&mut self, table: &BTreeMap<&str, Row>, key: &str, line: usize) {
        let first = key.split('.').next().unwrap_or(key);
        let why = table.get(first).map_or("no value is known for this setting", |row| row.about);
        self.note("not-carried", format!("`{}`: {why}", shown(key)), line, DOCS);
    }

    fn note(&mut self, code: &'static str, message: String, line: usize, hint: &str) {
        let at = Location { source: self.source, line, column: 1, len: 1 };
        self.findings.push(Diagnostic::warning(code, message).at(at).hint(hint));
    }

    /// Sets a value; an earlier one at the same place is lost, as in Ruby.
    fn put(&mut self, path: &str, value: Value) {
        let mut at = &mut self.values;
        let mut keys = path.split('.').peekable();
        while let Some(key) = keys.next() {
            if keys.peek().is_none() {
                at.insert(key.to_owned(), value);
                return;
            }
            let inner = at.entry(key).or_insert_with(|| Value::Object(Map::new()));
            if !inner.is_object() {
                *inner = Value::Object(Map::new());
            }
            let Value::Object(map) = inner else { return };
            at = map;
        }
    }

    fn secret(&mut self, to: &str, about: &str, key: &str, line: usize) {
        let (name, item) = about.split_once(' ').unwrap_or((about, "password"));
        self.named_secret(to, name, item, key, line);
    }

    fn named_secret(&mut self, to: &str, name: &str, item: &str, key: &str, line: usize) {
        self.put(&format!("{to}.secret"), name.into());
        self.put(&format!("{to}.key"), item.into());
        self.secrets.retain(|secret| secret.name != name || secret.item != item);
        self.secrets.push(Secret {
            name: name.to_owned(),
            item: item.to_owned(),
            from: From::Setting(shown(key), line),
        });
    }

    fn finish(mut self, namespace: &str) -> Imported {
        self.conclude();
        let mut text = "# Values made from a gitlab.rb. Look through them before you use them.\n".to_owned();
        text.push_str(&secrets::commands(&self.secrets, namespace));
        write_document(&mut text, &Value::Object(self.values));
        self.findings.sort_by_key(|finding| (finding.severity != Severity::Warning, place(finding)));
        Imported { text, findings: self.findings }
    }
}

/// A key below a setting that is a map, with the map that it would be in: `['object_store']['connection']`.
fn part_of(key: &str, value: Value) -> Option<(&'static str, Value)> {
    const MAPS: [&str; 2] = ["gitlab_rails.object_store", "gitlab_rails.ldap_servers"];
    let (whole, rest) = MAPS.iter().find_map(|whole| Some((*whole, key.strip_prefix(whole)?.strip_prefix('.')?)))?;
    Some((whole, rest.rsplit('.').fold(value, |inner, key| serde_json::json!({key: inner}))))
}

fn place(finding: &Diagnostic) -> usize {
    match finding.places.first() {
        Some(crate::diag::Place::At(at)) => at.line,
        _ => usize::MAX,
    }
}

/// `gitlab_rails.smtp_address` as the file has it: `gitlab_rails['smtp_address']`.
fn shown(key: &str) -> String {
    let mut parts = key.split('.');
    let first = parts.next().unwrap_or(key).to_owned();
    parts.fold(first, |whole, part| format!("{whole}['{part}']"))
}

/// A value in the type that its place asks for: ports are numbers, NGINX' settings texts.
fn fitting(path: &str, value: Value) -> Value {
    match value {
        Value::String(text) if path.ends_with("ort") => text.parse::<u16>().map_or(Value::String(text), Value::from),
        Value::Number(_) | Value::Bool(_) if path.starts_with("nginx-ingress.controller.config.") => {
            Value::String(value.to_string())
        }
        Value::Number(number) if path.ends_with("proxyBodySize") => Value::String(number.to_string()),
        value => value,
    }
}
