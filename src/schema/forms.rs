//! Strings and numbers that have a type of the schema and that the program they are for cannot use: a log level that it
//! does not have, a duration without a unit, a URL where a host is meant.
//!
//! The official chart writes all of them and an API server accepts them, so these are warnings. The rows are in
//! `forms.tsv`: a pattern, a form, and what happens to such a value. In a pattern `*` is any key, `{a,b}` one of several,
//! `#` the position in a list, and `**` at the beginning any path.

use std::net::IpAddr;
use std::sync::LazyLock;

use serde_json::{Value, json};

use super::pattern;
use crate::diag::{Diagnostic, Step, ValuePath, marks};

/// A row of the table.
struct Row {
    pattern: &'static str,
    form: &'static str,
    effect: &'static str,
}

/// The rows with the last key of their pattern, sorted by it: a map of them would be hashed in each render that has values.
static ROWS: LazyLock<Vec<(&'static str, Row)>> = LazyLock::new(|| {
    let mut all: Vec<(&'static str, Row)> = Vec::new();
    for line in include_str!("forms.tsv").lines() {
        let mut columns = line.split('\t');
        let (Some(pattern), Some(form), Some(effect)) = (columns.next(), columns.next(), columns.next()) else {
            continue;
        };
        let last = pattern.trim_end_matches(".#").rsplit('.').next().unwrap_or_default();
        let keys = last.trim_matches(['{', '}']).split(',');
        all.extend(keys.map(|key| (key, Row { pattern, form, effect })));
    }
    all.sort_by_key(|(key, _)| *key);
    all
});

/// The rows whose pattern ends with a key.
fn rows_of(key: &str) -> impl Iterator<Item = &'static Row> {
    let start = ROWS.partition_point(|(last, _)| *last < key);
    ROWS[start..].iter().take_while(move |(last, _)| *last == key).map(|(_, row)| row)
}

/// Sections of free keys: below them nothing is known of a value.
const FREE: [&str; 8] =
    ["annotations", "config", "customConfig", "env", "extraEnv", "labels", "minioConfig", "nodeSelector"];

/// A warning for each value that the program it is for cannot use.
pub(super) fn check(user: &Value) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    below(user, &mut ValuePath::root(), &mut found);
    found
}

fn below(value: &Value, path: &mut ValuePath, found: &mut Vec<Diagnostic>) {
    match value {
        Value::Object(map) => {
            for (key, inner) in map {
                path.0.push(Step::Key(key.as_str().into()));
                below(inner, path, found);
                path.0.pop();
            }
        }
        Value::Array(items) => {
            for (number, inner) in items.iter().enumerate() {
                path.0.push(Step::Index(number));
                below(inner, path, found);
                path.0.pop();
            }
        }
        Value::String(text) => found.extend(finding(path, text.trim(), true)),
        Value::Number(number) => found.extend(finding(path, &number.to_string(), false)),
        Value::Null | Value::Bool(_) => {}
    }
}

fn finding(path: &ValuePath, text: &str, is_string: bool) -> Option<Diagnostic> {
    let (row, (reason, hint)) = unusable(path, text, is_string)?;
    let message = format!("`{path}` {reason}, and {}", row.effect);
    Some(Diagnostic::warning("unusable-value", message).at_value(path.clone()).hint(hint))
}

/// The row that a value does not fit, the reason and what to write.
fn unusable(path: &ValuePath, text: &str, is_string: bool) -> Option<(&'static Row, (&'static str, String))> {
    let last = path.0.iter().rev().find_map(Step::key)?;
    let mut rows = rows_of(last).peekable();
    rows.peek()?;
    // What another program fills in is reported as a placeholder.
    if text.is_empty() || text == "nil" || marks::is_mark(text) || marks::is_unfilled(text) {
        return None;
    }
    let keys: Vec<&str> = path.0.iter().map(|step| step.key().unwrap_or("#")).collect();
    let row = rows.find(|row| fits(row.pattern, &keys))?;
    Some((row, wrong(row.form, text, is_string)?))
}

/// Puts a value that can be used in the place of each that cannot: for examples of keys.
pub(super) fn make_usable(value: &mut Value, path: &mut ValuePath) {
    match value {
        Value::Object(map) => {
            for (key, inner) in map {
                path.0.push(Step::Key(key.as_str().into()));
                make_usable(inner, path);
                path.0.pop();
            }
        }
        Value::Array(items) => {
            for (number, inner) in items.iter_mut().enumerate() {
                path.0.push(Step::Index(number));
                make_usable(inner, path);
                path.0.pop();
            }
        }
        Value::String(_) | Value::Number(_) => {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            if let Some((row, _)) = unusable(path, &text, value.is_string()) {
                *value = sample(row.form);
            }
        }
        Value::Null | Value::Bool(_) => {}
    }
}

/// A value of a form.
fn sample(form: &str) -> Value {
    if let Some(words) = form.strip_prefix("word ") {
        return json!(words.split(',').next());
    }
    match form {
        "duration" => json!("30s"),
        "number" => json!(10),
        "url" => json!("https://gitlab.example.com"),
        "network" => json!("10.0.0.0/8"),
        "ip" => json!("203.0.113.7"),
        "cron" => json!("0 3 * * *"),
        "zone" => json!("Europe/Berlin"),
        "node-port" => json!(30022),
        "body-size" => json!("512m"),
        "mail" => json!("gitlab@example.com"),
        "key-mark" => json!("incoming+%{key}@example.com"),
        _ => json!("example"),
    }
}

fn fits(pattern: &str, keys: &[&str]) -> bool {
    match pattern.strip_prefix("**.") {
        Some(end) => {
            let count = end.split('.').count();
            keys.len() > count
                && pattern::matches(end, &keys[keys.len() - count..])
                && super::knows_keys(keys)
                && !keys.iter().any(|key| FREE.contains(key))
        }
        None => pattern::matches(pattern, keys),
    }
}

/// Why a text does not have a form, and what to write.
fn wrong(form: &str, text: &str, is_string: bool) -> Option<(&'static str, String)> {
    if let Some(words) = form.strip_prefix("word ") {
        let is_one = words.split(',').any(|word| word.eq_ignore_ascii_case(text));
        let listed: Vec<_> = words.split(',').map(|word| format!("`{word}`")).collect();
        let hint = || match listed.split_last() {
            Some((last, rest)) if !rest.is_empty() => format!("write {} or {last}", rest.join(", ")),
            _ => format!("write {}", listed.join("")),
        };
        return (!is_one).then(|| ("is not a known word", hint()));
    }
    let said = |wrong: bool, reason: &'static str, hint: &str| wrong.then(|| (reason, hint.to_owned()));
    match form {
        "duration" if text.bytes().all(|b| b.is_ascii_digit()) => {
            let unit = "write the unit too, for example `30s`, `5m` or `24h`";
            said(text.bytes().any(|b| b != b'0'), "is a duration without a unit", unit)
        }
        "duration" => said(
            !is_duration(text),
            "is not a duration as Go programs read it",
            "write a number with the unit `ms`, `s`, `m` or `h`, for example `30s`, `5m` or `24h`",
        ),
        "number" => said(
            text.parse::<f64>().map_or(true, |number| number < 0.0),
            "is not a number from 0 on",
            "write a number without a unit",
        ),
        "host" => host(text),
        "url" => said(
            is_string && !text.contains("://"),
            "is not a URL",
            "write the scheme too, for example `https://` before the host",
        ),
        "network" => said(
            !is_network(text),
            "is neither an IP address nor a network",
            "write an address or a network such as `10.0.0.0/8`",
        ),
        "ip" => said(text.parse::<IpAddr>().is_err(), "is not an IP address", "write an address such as `203.0.113.7`"),
        "cron" => cron(text).map(|reason| (reason, "write five fields, for example `0 3 * * *`".to_owned())),
        "zone" => said(
            !is_zone(text),
            "is not a time zone",
            "write a name of the time zone database, for example `Europe/Berlin`",
        ),
        "object-name" => said(
            !is_object_name(text),
            "cannot be the name of an object",
            "write the name of the Secret: lower-case letters, digits, `-` and `.`",
        ),
        "node-port" => said(
            text.parse::<u32>().is_ok_and(|port| port != 0 && !(30000..=32767).contains(&port)),
            "is outside of 30000 to 32767",
            "choose a port of that range, or make sure that the cluster has another one (`--service-node-port-range`)",
        ),
        "body-size" => {
            let digits = text.trim_end_matches(['k', 'K', 'm', 'M', 'g', 'G']);
            let good =
                !digits.is_empty() && text.len() - digits.len() <= 1 && digits.bytes().all(|b| b.is_ascii_digit());
            said(!good, "is not a size as NGINX reads it", "write a number with `k`, `m` or `g`, for example `512m`")
        }
        "bucket" => said(
            text.contains("://") || text.contains(char::is_whitespace),
            "is not the name of a bucket",
            "write the name alone; the connection names the store",
        ),
        "mail" => said(!text.contains('@'), "is not a mail address", "write an address such as `gitlab@example.com`"),
        "key-mark" => said(
            !text.contains("%{key}"),
            "does not contain `%{key}`",
            "write `%{key}` where the part that names the thread belongs, for example `incoming+%{key}@example.com`",
        ),
        _ => None,
    }
}

fn host(text: &str) -> Option<(&'static str, String)> {
    if text.contains("://") {
        return Some(("is a URL where a host is meant", "write the host alone".to_owned()));
    }
    // A directory holds the socket of a server.
    let path = text.starts_with('/');
    if !path && text.contains(|c: char| c == '/' || c.is_whitespace()) {
        return Some(("is not a host", "write the host alone".to_owned()));
    }
    let port = text.split_once(':').map(|(_, port)| port);
    let is_port = |port: &str| !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit());
    port.filter(|port| is_port(port)).map(|_| {
        ("is a host with a port where the host alone is meant", "write the port at the key `port` beside it".to_owned())
    })
}

/// As `time.ParseDuration` of Go.
fn is_duration(text: &str) -> bool {
    let mut rest = text.trim_start_matches(['+', '-']);
    if rest.is_empty() {
        return false;
    }
    while !rest.is_empty() {
        let number = rest.bytes().take_while(|b| b.is_ascii_digit() || *b == b'.').count();
        let after = &rest[number..];
        let units = ["ns", "us", "µs", "μs", "ms", "s", "m", "h"].into_iter().filter(|unit| after.starts_with(unit));
        let Some(unit) =
            units.max_by_key(|unit| unit.len()).filter(|_| rest[..number].bytes().any(|b| b.is_ascii_digit()))
        else {
            return false;
        };
        rest = &after[unit.len()..];
    }
    true
}

fn is_network(text: &str) -> bool {
    let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
    let Ok(address) = address.parse::<IpAddr>() else { return false };
    bits.is_none_or(|bits| bits.parse::<u8>().is_ok_and(|bits| bits <= if address.is_ipv4() { 32 } else { 128 }))
}

/// The areas of the time zone database.
const AREAS: [&str; 18] = [
    "Africa",
    "America",
    "Antarctica",
    "Arctic",
    "Asia",
    "Atlantic",
    "Australia",
    "Brazil",
    "Canada",
    "Chile",
    "Etc",
    "Europe",
    "Indian",
    "Mexico",
    "Pacific",
    "US",
    "posix",
    "right",
];

/// Whether a text may be a time zone; Rails also knows cities without their area: `Eastern Time (US & Canada)`.
fn is_zone(text: &str) -> bool {
    match text.split_once('/') {
        Some((area, city)) => AREAS.contains(&area) && !city.is_empty(),
        None => text.starts_with(|c: char| c.is_ascii_uppercase()),
    }
}

fn is_object_name(text: &str) -> bool {
    let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let part = |part: &str| {
        let bytes = part.as_bytes();
        bytes.first().copied().is_some_and(inner)
            && bytes.last().copied().is_some_and(inner)
            && bytes.iter().all(|b| inner(*b) || *b == b'-')
    };
    text.len() <= 253 && text.split('.').all(part)
}

/// The bounds of the fields of a schedule, without and with seconds.
const FIELDS: [(u32, u32); 5] = [(0, 59), (0, 24), (1, 31), (1, 12), (0, 7)];
const WORDS: [&str; 9] =
    ["@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@noon", "@hourly", "@reboot"];

/// What is surely wrong in a schedule of Sidekiq, which takes more forms than Kubernetes: seconds, time zones and
/// sentences such as `every 5 minutes`.
fn cron(text: &str) -> Option<&'static str> {
    if text.starts_with('@') {
        return (!WORDS.contains(&text)).then_some("is a word that no schedule has");
    }
    if !text.starts_with(|c: char| c.is_ascii_digit() || c == '*') {
        return (!text.contains(char::is_whitespace)).then_some("is not a schedule");
    }
    let mut fields: Vec<&str> = text.split_whitespace().collect();
    let is_zone =
        |field: &&str| field.contains('/') && field.starts_with(|c: char| c.is_ascii_alphabetic()) || *field == "UTC";
    if fields.last().is_some_and(is_zone) {
        fields.pop();
    }
    // A sentence may begin with a number.
    if fields.iter().take(2).any(|field| field.starts_with(|c: char| c.is_ascii_alphabetic())) {
        return None;
    }
    let seconds = match fields.len() {
        5 => None,
        6 => fields.first().copied(),
        _ => return Some("is not a schedule of five fields"),
    };
    let bounds = seconds.map(|field| (field, (0, 59))).into_iter();
    let named = fields[fields.len() - 5..].iter().copied().zip(FIELDS);
    let outside = |(field, (least, most)): (&str, (u32, u32))| {
        let numbers = field.split([',', '-', '/', '#', '%', '+', 'L']).filter(|part| !part.is_empty());
        let mut parsed = numbers.filter_map(|part| part.parse::<u32>().ok());
        parsed.any(|number| number > most)
            || field.bytes().all(|b| b.is_ascii_digit()) && field.parse::<u32>().is_ok_and(|n| n < least)
    };
    bounds.chain(named).any(outside).then_some("has a number that is out of the range of its field")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_complete_and_about_known_keys() {
        let mut unknown = Vec::new();
        for line in include_str!("forms.tsv").lines() {
            let columns: Vec<&str> = line.split('\t').collect();
            let [pattern, form, effect] = columns[..] else { panic!("{line}") };
            let bad = ["a b:://\u{1}", "@dayly", "1"];
            assert!(!effect.is_empty() && bad.iter().any(|text| wrong(form, text, true).is_some()), "{line}");
            let good = sample(form);
            let text = good.as_str().map_or_else(|| good.to_string(), str::to_owned);
            assert!(wrong(form, &text, good.is_string()).is_none(), "{line}");
            let keys: Vec<&str> = pattern.split('.').take_while(|key| *key != "#" && *key != "**").collect();
            let mut paths: Vec<Vec<&str>> = vec![Vec::new()];
            for key in &keys {
                let key = *key;
                let next = |path: &Vec<&'static str>| -> Vec<&'static str> {
                    match key.strip_prefix('{').and_then(|key| key.strip_suffix('}')) {
                        Some(names) => names.split(',').collect(),
                        None if key == "*" => [super::super::known_keys(path), vec!["NAME"]].concat(),
                        None => vec![key],
                    }
                };
                let mut longer = Vec::new();
                for path in &paths {
                    longer.extend(next(path).into_iter().map(|key| [path.as_slice(), &[key]].concat()));
                }
                longer.retain(|path| super::super::knows_keys(path));
                paths = longer;
            }
            let choices = keys.iter().filter_map(|key| key.strip_prefix('{')).map(|key| key.split(',').count());
            if paths.len() < choices.product() {
                unknown.push(pattern);
            }
        }
        assert!(unknown.is_empty(), "not known: {unknown:?}");
    }

    #[test]
    fn schedules_of_sidekiq_are_wrong_only_where_that_is_certain() {
        for good in [
            "* * * * *",
            "0 3 * * MON-FRI",
            "*/10 * * * * *",
            "0 0 * * 0 Europe/Berlin",
            "every 5 minutes",
            "@daily",
            "5 0 * * 7",
            "0 0 -1 * *",
            "0 0 L * *",
            "0 9 * * mon#1",
            "59 23 31 12 6",
            "10 * * * * UTC",
        ] {
            assert_eq!(cron(good), None, "{good}");
        }
        for bad in [
            "* * *",
            "61 * * * *",
            "@dayly",
            "0 25 * * *",
            "0 0 0 * *",
            "0 0 * 13 *",
            "0 0 * * 8",
            "daily",
            "1 2 3 4 5 6 7 8",
        ] {
            assert!(cron(bad).is_some(), "{bad}");
        }
    }

    #[test]
    fn durations_are_read_as_go_reads_them() {
        for good in ["30s", "1h30m", "1.5h", "100ms", "-1s", "2us"] {
            assert!(is_duration(good), "{good}");
        }
        for bad in ["7days", "1 d", "daily", "10", "s", "1h30", ".s"] {
            assert!(!is_duration(bad), "{bad}");
        }
    }
}
