//! Keys that GitLab read first after the default release: `tests/data/newer-keys.toml` sets each of them, the release that
//! brought it shows its effect, and the release before says from when on it is read.

use std::collections::{BTreeMap, BTreeSet};

use gitlab_render::bundle::MARKED_VALUES;
use serde::Deserialize;
use serde_json::Value;

use crate::common::{own_stores, root, run, words};
use crate::source_schemas;

/// The newest release that was compared with a released chart.
const PROVEN: (u32, u32, u32) = (18, 10, u32::MAX);

#[derive(Deserialize)]
struct File {
    case: Vec<Case>,
    older: Vec<Older>,
    without_effect: Vec<Excuse>,
}

/// Keys that came before the default release: the series before does not read them.
#[derive(Deserialize)]
struct Older {
    since: String,
    before: String,
    values: String,
}

/// Keys that have no effect, and why they are known all the same.
#[derive(Deserialize)]
struct Excuse {
    paths: Vec<String>,
    because: String,
}

#[derive(Deserialize)]
struct Case {
    /// What the values are about.
    about: String,
    /// The release that reads them first, and the series before it.
    since: String,
    before: String,
    /// What the new keys need beside them.
    #[serde(default)]
    given: String,
    /// The new keys alone.
    values: String,
    /// What their effect shows, besides their own texts and numbers.
    #[serde(default)]
    shows: Vec<String>,
}

/// The values of a case on `release`: the objects, or the report.
fn template(release: &str, layers: &[&str]) -> Result<String, String> {
    let folder = tempfile::tempdir().expect("a folder for the layers");
    let mut args = format!("template test --gitlab-version {release} -q");
    let mut base = own_stores();
    for store in ["postgresql", "redis"] {
        base[store] = serde_json::json!({"install": false});
    }
    base["global"]["minio"] = serde_json::json!({"enabled": false});
    let base = base.to_string();
    for (index, layer) in [base.as_str()].iter().chain(layers).enumerate() {
        let name = format!("{index}.yaml");
        std::fs::write(folder.path().join(&name), layer).expect("the layer can be written");
        args.push_str(&format!(" -f {name}"));
    }
    let got = run(folder.path(), &words(&args), &BTreeMap::new(), "");
    if got.status == Some(0) { Ok(got.stdout) } else { Err(got.stderr) }
}

/// The paths of a tree's scalars and empty collections, `[]` for a place in a list, with what is there.
fn leaves(value: &Value, path: &str, all: &mut Vec<(String, Value)>) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            for (key, below) in map {
                leaves(below, &if path.is_empty() { key.clone() } else { format!("{path}.{key}") }, all);
            }
        }
        Value::Array(list) if !list.is_empty() => list.iter().for_each(|item| leaves(item, &format!("{path}[]"), all)),
        _ => all.push((path.to_owned(), value.clone())),
    }
}

/// `path` is at `pattern` or below it; `*` is any key.
fn is_below(path: &str, pattern: &str) -> bool {
    let mut steps = path.split('.');
    pattern
        .split('.')
        .all(|want| steps.next().is_some_and(|step| want == "*" || want == step || want == step.trim_end_matches("[]")))
}

/// What the newer keys are, without those of Redis' instances but one: they have one schema.
fn newer() -> BTreeSet<String> {
    let one_instance = |path: &str| {
        let rest = path.strip_prefix("global.redis.").unwrap_or("cache");
        ["cache", "sentinels", "redisTLS", "sentinelTLS"].contains(&rest.split(['.', '[']).next().unwrap_or_default())
    };
    let marked = MARKED_VALUES.iter().filter(|(_, releases)| releases.since.is_some_and(|since| since > PROVEN));
    let mut all = BTreeSet::new();
    for path in marked.map(|(steps, _)| steps.join(".")).filter(|path| one_instance(path)) {
        let part = source_schemas::part(&path).unwrap_or_else(|| panic!("{path}: no schema"));
        gather(&part, &path, 8, &mut all);
    }
    all
}

fn gather(part: &source_schemas::Part, path: &str, depth: usize, all: &mut BTreeSet<String>) {
    let keys = part.properties();
    if keys.is_empty() || depth == 0 {
        all.insert(path.to_owned());
    }
    for (key, below) in keys {
        gather(&below, &format!("{path}.{key}"), depth - 1, all);
    }
}

#[test]
fn each_key_that_is_newer_has_its_effect_in_its_release_and_none_before() {
    let text = std::fs::read_to_string(root().join("tests/data/newer-keys.toml")).expect("the cases can be read");
    let file: File = toml::from_str(&text).expect("the cases are TOML");
    let mut wrong = Vec::new();
    let mut set = BTreeSet::new();
    for case in &file.case {
        let values: Value = serde_yaml::from_str(&case.values).expect("the values are YAML");
        let mut given = Vec::new();
        leaves(&values, "", &mut given);
        wrong.extend(fault(case, &given).map(|fault| format!("{}: {fault}", case.about)));
        set.extend(given.into_iter().map(|(path, _)| path));
    }
    let excused = |key: &str| {
        file.without_effect.iter().any(|e| !e.because.is_empty() && e.paths.iter().any(|path| is_below(key, path)))
    };
    let missing = newer().into_iter().filter(|key| !set.iter().any(|path| is_below(path, key)) && !excused(key));
    wrong.extend(missing.map(|key| format!("{key}: no case sets it")));
    assert!(wrong.is_empty(), "{} problems:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn a_release_before_a_key_says_when_it_is_read() {
    let text = std::fs::read_to_string(root().join("tests/data/newer-keys.toml")).expect("the cases can be read");
    let file: File = toml::from_str(&text).expect("the cases are TOML");
    let mut wrong = Vec::new();
    for older in &file.older {
        let values: Value = serde_yaml::from_str(&older.values).expect("the values are YAML");
        wrong.extend(template(&older.since, &[&older.values]).err());
        let report = template(&older.before, &[&older.values]).err().unwrap_or_default();
        let hint = format!("it is read from GitLab {} on", older.since);
        let mut given = Vec::new();
        leaves(&values, "", &mut given);
        for (key, _) in given {
            let is_named = |(steps, _): &&(&[&str], _)| {
                let path = steps.join(".");
                is_below(&key, &path) && report.contains(&format!("`{path}` is not read"))
            };
            if !report.contains(&hint) || !MARKED_VALUES.iter().any(|row| is_named(&row)) {
                wrong.push(format!("{} does not say when it reads {key}:\n{report}", older.before));
            }
        }
    }
    assert!(wrong.is_empty(), "{} problems:\n{}", wrong.len(), wrong.join("\n"));
}

fn fault(case: &Case, given: &[(String, Value)]) -> Option<String> {
    let without = match template(&case.since, &[&case.given]) {
        Ok(objects) => objects,
        Err(report) => return Some(format!("what is given is refused:\n{report}")),
    };
    let with = match template(&case.since, &[&case.given, &case.values]) {
        Ok(objects) => objects,
        Err(report) => return Some(format!("is refused:\n{report}")),
    };
    let own = given.iter().filter_map(|(_, value)| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    });
    // Lines that there are more of than before.
    let mut known: BTreeMap<&str, usize> = BTreeMap::new();
    for line in without.lines() {
        *known.entry(line.trim()).or_default() += 1;
    }
    let is_new = |line: &&str| match known.get_mut(line.trim()) {
        Some(left) if *left > 0 => {
            *left -= 1;
            false
        }
        _ => true,
    };
    let added: Vec<_> = with.lines().filter(is_new).collect();
    if let Some(text) = own.chain(case.shows.iter().cloned()).find(|text| !added.iter().any(|line| line.contains(text)))
    {
        return Some(format!("`{text}` does not show; new lines are\n{}", added.join("\n")));
    }
    match template(&case.before, &[&case.given, &case.values]) {
        Err(report) if report.contains(&format!("it is read from GitLab {} on", case.since)) => None,
        Err(report) => Some(format!("{} does not say when it is read:\n{report}", case.before)),
        Ok(_) => Some(format!("{} takes it", case.before)),
    }
}
