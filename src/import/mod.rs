//! From the configuration of a Linux package, `gitlab.rb`, to values.
//!
//! The file is parsed, never run ([`ruby`]). `keys.tsv` maps each setting; [`special`] has the settings that need more
//! than a values path. No secret value is copied: the result names Secrets and how to create them.

mod areas;
mod conclude;
mod defaults;
mod ruby;
mod scan;
mod secrets;
mod signin;
mod special;
mod stores;

use std::collections::{BTreeMap, HashSet};

use serde_json::{Map, Value};

use crate::diag::{Diagnostic, Location, Report, Severity};
use crate::redact;
use crate::yaml::write::write_document;
use areas::Area;
use ruby::{StatementKind, parse};
use signin::one_line;

/// The maximum size of a file in bytes: a `gitlab.rb` with every setting and its comments has a fifth of it. Each byte
/// may become a finding with its line, which takes a hundred.
const MAX_BYTES: usize = 1 << 20;

/// The documentation of settings that are not carried over.
const DOCS: &str = "https://docs.gitlab.com/charts/charts/globals/";

static KEYS: &str = include_str!("keys.tsv");

/// The result for a file.
#[derive(Debug, Clone)]
pub struct Imported {
    /// The values file.
    pub text: String,
    /// The settings that were not carried over, and notes.
    pub findings: Vec<Diagnostic>,
    /// Whether everything essential was carried over: sign-in, storage, database, mail, address.
    pub complete: bool,
}

/// The treatment of a setting.
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

/// The number of settings that have a counterpart.
pub fn counterparts() -> usize {
    table().values().filter(|row| row.how != How::None).count()
}

/// A Secret that the user has to create.
struct Secret {
    name: String,
    item: String,
    /// The current place of its value: a setting with its line, or a `jq` expression over `gitlab-secrets.json`.
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
    /// Essential settings that were not carried over: the area, and the line.
    missing: Vec<(Area, usize)>,
    /// The line of the consolidated connection for object storage.
    connection: Option<usize>,
    /// Values paths of files that stay on a disk.
    on_disk: Vec<&'static str>,
    /// Values paths of files that the package keeps in a store of their own.
    in_store: Vec<&'static str>,
    /// Whether LDAP is on, and the line that says so.
    ldap: Option<(bool, usize)>,
    /// The line of the LDAP servers.
    ldap_servers: usize,
    /// Whether `smtp_ssl` is on: implicit TLS, as with `smtp_tls`.
    smtp_ssl: bool,
    /// The name under which the Sentinels know the primary Redis server.
    redis_master: Option<(Value, usize)>,
    /// Whether GitLab sends no mail at all.
    without_mail: bool,
    /// Whether the certificate is the user's own.
    own_certificate: bool,
    /// Settings that were not carried over, so that no default takes their place.
    lost: Vec<String>,
}

/// Reads a `gitlab.rb`. `source` is the number of the source for places in it; `secrets` the content of a
/// `gitlab-secrets.json`.
///
/// # Errors
/// A file that is too long, an unterminated string or bracket, and secrets that are not JSON.
pub fn gitlab_rb(text: &str, source: usize, secrets: Option<&str>, namespace: &str) -> Result<Imported, Report> {
    let at = |line: usize| Location { source, line, column: 1, len: 1 };
    if text.len() > MAX_BYTES {
        let finding = Diagnostic::error("too-long", format!("{} bytes are too long for a `gitlab.rb`", text.len()));
        let hint = format!("a `gitlab.rb` may have {MAX_BYTES} bytes; check that it is the intended file");
        return Err(finding.at(at(1)).hint(hint).into());
    }
    let statements = parse(text).map_err(|(line, reason)| {
        Diagnostic::error("bad-ruby", format!("{reason} from here on"))
            .at(at(line))
            .hint("`ruby -c FILE` checks a file")
    })?;
    let table = table();
    let mut import = Import {
        source,
        values: Map::new(),
        secrets: Vec::new(),
        findings: Vec::new(),
        missing: Vec::new(),
        connection: None,
        on_disk: Vec::new(),
        in_store: Vec::new(),
        ldap: None,
        ldap_servers: 0,
        smtp_ssl: false,
        redis_master: None,
        without_mail: false,
        own_certificate: false,
        lost: Vec::new(),
    };
    let mut set = HashSet::new();
    let mut lists: BTreeMap<String, Vec<ruby::Value>> = BTreeMap::new();
    for statement in statements {
        let line = statement.line;
        match statement.what {
            StatementKind::Set(path, _) | StatementKind::Add(path, _) | StatementKind::Default(path, _)
                if statement.in_block =>
            {
                let message = "it is set inside a block, which may not run";
                let hint = "decide whether it applies, and write the result into the values";
                import.unknown_switch(&path.join("."), line);
                import.lost("ruby-code", &path.join("."), message, line, hint);
            }
            // Only where nothing was set before.
            StatementKind::Default(path, _) if set.contains(&path.join(".")) => {}
            StatementKind::Set(path, value) | StatementKind::Default(path, value) => {
                let key = path.join(".");
                if value != ruby::Value::Nil {
                    set.insert(key.clone());
                }
                if let ruby::Value::List(items) = &value {
                    lists.insert(key.clone(), items.clone());
                }
                import.setting(&table, &key, value, line);
            }
            StatementKind::Add(path, ruby::Value::List(items)) => {
                let key = path.join(".");
                let all = lists.entry(key.clone()).or_default();
                all.extend(items);
                let all = ruby::Value::List(all.clone());
                import.setting(&table, &key, all, line);
            }
            StatementKind::Add(path, _) => import.unknown(&table, &path.join("."), line),
            StatementKind::Code(text) => {
                import.missing.extend(areas::of(&text).map(|area| (area, line)));
                // What it sets is not known, so no default takes its place.
                for key in settings(&text) {
                    import.unknown_switch(&key, line);
                    import.lost.push(key);
                }
                let message = "this is Ruby code, which is not run".to_owned();
                import.note("ruby-code", message, line, "write its result into the values");
            }
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
            if let Some((whole, nested)) = part_of(key, &value) {
                return self.in_parts(whole, &nested, key, &value, line);
            }
            if let Some((name, setting)) =
                key.strip_prefix("gitlab_rails.databases.").and_then(|rest| rest.split_once('.'))
            {
                return self.database(table, name, setting, key, value, line);
            }
            let job = key.strip_prefix("gitlab_rails.").and_then(|name| name.strip_suffix("_cron"));
            if let (Some(job), ruby::Value::Text(cron)) = (job.filter(|job| job.ends_with("_worker")), &value) {
                return self.put(&format!("global.appConfig.cron_jobs.{job}.cron"), cron.as_str().into());
            }
            return match value {
                // A hash counts as its entries.
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
            let empty = matches!(&value, ruby::Value::Map(entries) if entries.is_empty());
            if value != ruby::Value::Nil && !empty {
                self.secret(row.to, row.about, key, line);
            }
            return;
        }
        if row.how == How::None {
            // `nil` sets nothing.
            if value == ruby::Value::Nil {
                return;
            }
            return self.note("not-carried", format!("`{}`: {}", shown(key), row.about), line, DOCS);
        }
        if PARTS.contains(&key) && !matches!(value, ruby::Value::Computed(_) | ruby::Value::Yaml(_)) {
            return self.in_parts(key, &special::known_parts(value.clone()), key, &value, line);
        }
        let value = match special::plain(value) {
            Ok(value) => value,
            Err(what) => {
                self.unknown_switch(key, line);
                let hint = match row.to {
                    "" => "write its result into the values".to_owned(),
                    to => format!("write its result into `{to}`"),
                };
                return self.lost("computed", key, &format!("{what} cannot be evaluated"), line, &hint);
            }
        };
        match row.how {
            How::Redis => self.redis(row.to, key, &value, line),
            How::Code => self.special(key, &value, line),
            // `nil` keeps the default.
            _ if value.is_null() => self.remove(row.to),
            _ if value.as_str().is_some_and(is_this_machine) && HOSTS.iter().any(|end| key.ends_with(end)) => {
                let hint = format!("write the address at which pods reach it into `{}`", row.to);
                self.lost(
                    "by-hand",
                    key,
                    "this address is the package's own machine, which pods cannot reach by it",
                    line,
                    &hint,
                );
            }
            _ if !value.is_string() && redact::value(row.to, &value) != value => {
                let hint = format!("write `{}` without the secret, and take that from a Secret", row.to);
                self.lost(
                    "not-carried",
                    key,
                    "it contains a secret, which must not be written into values",
                    line,
                    &hint,
                );
            }
            _ => self.put(row.to, fitting(row.to, value)),
        }
    }

    /// A setting that is carried over in part because another part is computed. `nested` is the known row of the whole.
    fn in_parts(&mut self, whole: &str, nested: &Value, key: &str, value: &ruby::Value, line: usize) {
        let mut unknown = Vec::new();
        special::computed_parts(key, value, &mut unknown);
        // These are put into Secrets by hand, whatever their value.
        let by_hand = |path: &str| {
            whole == "gitlab_rails.omniauth_providers" || path.ends_with(".password") || path.contains(".connection")
        };
        for (path, what) in unknown.into_iter().filter(|(path, _)| !by_hand(path)) {
            let message = format!("{what} cannot be evaluated");
            self.lost("computed", &path, &message, line, "write its result into the values");
        }
        self.special(whole, nested, line);
    }

    fn unknown(&mut self, table: &BTreeMap<&str, Row>, key: &str, line: usize) {
        let first = key.split('.').next().unwrap_or(key);
        let why = table.get(first).map_or("there is no equivalent value for this setting", |row| row.about);
        // Settings of services of the machine stay with the machine.
        match table.get(first).is_none() || matches!(first, "gitlab_rails" | "registry" | "gitaly") {
            true => self.lost("not-carried", key, why, line, DOCS),
            false => self.note("not-carried", format!("`{}`: {why}", shown(key)), line, DOCS),
        }
    }

    /// A setting that is not carried over. Where a release cannot do without it, the import is incomplete.
    fn lost(&mut self, code: &'static str, key: &str, message: &str, line: usize, hint: &str) {
        self.missing.extend(areas::of(key).map(|area| (area, line)));
        self.lost.push(key.to_owned());
        self.note(code, format!("`{}`: {message}", shown(key)), line, hint);
    }

    fn note(&mut self, code: &'static str, message: String, line: usize, hint: &str) {
        let at = Location { source: self.source, line, column: 1, len: 1 };
        self.findings.push(Diagnostic::warning(code, message).at(at).hint(hint));
    }

    /// Sets a value; as in Ruby, it replaces an earlier one at the same path.
    fn put(&mut self, path: &str, value: Value) {
        self.put_at(&path.split('.').collect::<Vec<_>>(), value);
    }

    /// The same for keys that may contain a dot.
    fn put_at(&mut self, keys: &[&str], value: Value) {
        let Some((last, above)) = keys.split_last() else { return };
        let mut at = &mut self.values;
        for key in above {
            let inner = at.entry(*key).or_insert_with(|| Value::Object(Map::new()));
            if !inner.is_object() {
                *inner = Value::Object(Map::new());
            }
            let Value::Object(map) = inner else { return };
            at = map;
        }
        at.insert((*last).to_owned(), value);
    }

    fn get(&self, path: &str) -> Option<&Value> {
        let (first, rest) = path.split_once('.').unwrap_or((path, ""));
        let found = self.values.get(first)?;
        rest.split('.').filter(|key| !key.is_empty()).try_fold(found, |at, key| at.get(key))
    }

    /// Removes a value, and the maps that become empty.
    fn remove(&mut self, path: &str) {
        fn take(map: &mut Map<String, Value>, path: &str) {
            match path.split_once('.') {
                Some((first, rest)) => {
                    if let Some(Value::Object(inner)) = map.get_mut(first) {
                        take(inner, rest);
                        if inner.is_empty() {
                            map.shift_remove(first);
                        }
                    }
                }
                None => {
                    map.shift_remove(path);
                }
            }
        }
        take(&mut self.values, path);
    }

    fn secret(&mut self, to: &str, about: &str, key: &str, line: usize) {
        let (name, item) = about.split_once(' ').unwrap_or((about, "password"));
        self.named_secret(to, name, item, key, line);
    }

    fn named_secret(&mut self, to: &str, name: &str, item: &str, key: &str, line: usize) {
        self.put(&format!("{to}.secret"), name.into());
        self.put(&format!("{to}.key"), item.into());
        self.add_secret(name, item, From::Setting(shown(key), line));
    }

    fn finish(mut self, namespace: &str) -> Imported {
        self.conclude();
        let mut text = "# Values generated from a gitlab.rb. Review them before you use them.\n".to_owned();
        text.push_str(&secrets::commands(&self.secrets, namespace));
        write_document(&mut text, &Value::Object(self.values));
        self.findings.sort_by_key(|finding| (finding.severity != Severity::Warning, place(finding)));
        Imported { text, findings: self.findings, complete: self.missing.is_empty() }
    }
}

/// The settings that a line of code names: `gitlab_rails['smtp_port'] = {{ port }}`.
fn settings(code: &str) -> Vec<String> {
    let parts = code.split("gitlab_rails[").skip(1);
    let names = parts.filter_map(|part| {
        let keys = part.split(']').map_while(|key| key.trim_start_matches('[').strip_prefix(['\'', '"', ':']));
        let keys: Vec<&str> = keys.map(|key| key.trim_end_matches(['\'', '"'])).collect();
        (!keys.is_empty()).then(|| format!("gitlab_rails.{}", keys.join(".")))
    });
    names.collect()
}

/// Settings that are carried over in part.
const PARTS: [&str; 4] =
    ["gitlab_rails.object_store", "gitlab_rails.ldap_servers", "gitlab_rails.env", "gitlab_rails.omniauth_providers"];

/// Suffixes of settings that name a machine.
const HOSTS: [&str; 2] = ["_host", "smtp_address"];

/// Whether an address or the path of a socket can be reached on the machine itself only.
fn is_this_machine(address: &str) -> bool {
    matches!(address, "localhost" | "::1" | "[::1]") || address.starts_with("127.") || address.starts_with('/')
}

/// A key below a setting that is a map, with the known row of that map: `['object_store']['connection']`.
fn part_of(key: &str, value: &ruby::Value) -> Option<(&'static str, Value)> {
    let (whole, rest) = PARTS.iter().find_map(|whole| Some((*whole, key.strip_prefix(whole)?.strip_prefix('.')?)))?;
    let value = special::known_parts(value.clone());
    Some((whole, rest.rsplit('.').fold(value, |inner, key| serde_json::json!({key: inner}))))
}

fn place(finding: &Diagnostic) -> usize {
    match finding.places.first() {
        Some(crate::diag::Place::At(at)) => at.line,
        _ => usize::MAX,
    }
}

/// The spelling of a setting in the file: `gitlab_rails.smtp_address` as `gitlab_rails['smtp_address']`.
fn shown(key: &str) -> String {
    let mut parts = key.split('.');
    let first = one_line(parts.next().unwrap_or(key));
    parts.fold(first, |whole, part| format!("{whole}['{}']", one_line(part)))
}

/// The type that a values path needs, where `gitlab.rb` often has another one.
enum Wanted {
    /// A port is a number.
    Port,
    /// NGINX' settings are strings.
    String,
    /// A count or a time is a number.
    Number,
    /// Any other value keeps its type.
    Same,
}

impl Wanted {
    fn at(path: &str) -> Self {
        let key = path.rsplit('.').next().unwrap_or(path);
        if key == "port" || key.ends_with("Port") || key.ends_with("_port") {
            Wanted::Port
        } else if path.starts_with("nginx-ingress.controller.config.") || key == "proxyBodySize" {
            Wanted::String
        } else if NUMBERS.iter().any(|end| path.ends_with(end)) {
            Wanted::Number
        } else {
            Wanted::Same
        }
    }
}

/// Ends of values paths whose value is a number, which a `gitlab.rb` often has in quotes.
const NUMBERS: [&str; 17] = [
    ".workerProcesses",
    ".threads.min",
    ".threads.max",
    ".workerMaxMemory",
    "oncurrency",
    "imeout",
    ".keepalives",
    ".keepalivesCount",
    ".keepalivesIdle",
    ".keepalivesInterval",
    ".pollInterval",
    ".maxConnections",
    "global.redis.database",
    ".defaultTheme",
    "Seconds",
    "_timeout",
    ".proxyConnectTimeout",
];

/// Converts a value to the type that its values path needs.
fn fitting(path: &str, value: Value) -> Value {
    match (Wanted::at(path), value) {
        (Wanted::Port, Value::String(text)) => text.parse::<u16>().map_or(Value::String(text), Value::from),
        (Wanted::String, value @ (Value::Number(_) | Value::Bool(_))) => Value::String(value.to_string()),
        (Wanted::Number, Value::String(text)) => text.trim().parse::<u64>().map_or(Value::String(text), Value::from),
        // The package writes them into YAML without quotes.
        (Wanted::Same, Value::String(text)) if matches!(text.as_str(), "true" | "false") => Value::Bool(text == "true"),
        (_, value) => value,
    }
}
