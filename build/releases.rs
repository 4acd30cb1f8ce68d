//! What differs from release to release: named differences, default values, and marks of the schemas.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::{Map, Value};

use super::components::{Component, Outcome, read_json};
use super::embed::{ReadYaml, place, yaml_file};
use super::root_schema;

/// The releases that something holds in, as Rust: `Releases { since: Some((18, 7, 0)), until: None }`.
///
/// `since` and `until` are series or releases; a series in `until` includes all its patches.
pub fn span(holder: &Value, what: &str) -> Outcome<String> {
    let bound = |field: &str, patch: u32| -> Outcome<String> {
        let Some(text) = holder.get(field) else { return Ok("None".to_owned()) };
        let numbers: Option<Vec<u32>> = text.as_str().and_then(|t| t.split('.').map(|n| n.parse().ok()).collect());
        match numbers.as_deref() {
            Some([major, minor]) => Ok(format!("Some(({major}, {minor}, {patch}))")),
            Some([major, minor, patch]) => Ok(format!("Some(({major}, {minor}, {patch}))")),
            _ => Err(format!("{what}: `{field}` is no release: {text}").into()),
        }
    };
    Ok(format!("Releases {{ since: {}, until: {} }}", bound("since", 0)?, bound("until", u32::MAX)?))
}

/// The enum of named differences, and their table, from `charts/releases/differences.json`.
pub fn differences(root: &Path) -> Outcome<String> {
    let path = root.join("charts/releases/differences.json");
    let file = if path.is_file() { read_json(&path)? } else { Value::Null };
    let rows = file.get("differences").and_then(Value::as_array).cloned().unwrap_or_default();
    let mut names = String::new();
    let mut table = String::new();
    for row in &rows {
        let text = |field: &str| row.get(field).and_then(Value::as_str).ok_or(format!("differences.json: no {field}"));
        let (id, what) = (text("id")?, text("what")?);
        let name: String = id.split('-').map(capitalized).collect();
        let releases = span(row, id)?;
        // What came back to several series at once has a row for each.
        let known = format!("\n    {name},\n");
        if !names.contains(&known) {
            writeln!(names, "    /// {what}.\n    {name},")?;
        }
        writeln!(
            table,
            "    DifferenceRow {{ difference: Difference::{name}, id: {id:?}, releases: {releases}, what: {what:?} }},"
        )?;
    }
    Ok(format!(
        "/// What differs from release to release, by name.\n#[derive(Debug, Clone, Copy, PartialEq, Eq)]\n\
         pub enum Difference {{\n{names}}}\n\n/// In which releases each difference holds.\n\
         pub static DIFFERENCES: &[DifferenceRow] = &[\n{table}];\n"
    ))
}

fn capitalized(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_ascii_uppercase().to_string() + letters.as_str()).unwrap_or_default()
}

/// Facts of releases that code needs while it renders: no version of GitLab, of its chart or of Kubernetes is in a `.rs` file.
pub fn facts(root: &Path) -> Outcome<String> {
    let mut text = String::new();
    let (first, last) = kubernetes_minors(root)?;
    writeln!(text, "\n/// The Kubernetes versions of `schemas/objects/`: the minors of the first and of the last.")?;
    writeln!(text, "pub const KUBERNETES_MINORS: (u32, u32) = ({first}, {last});")?;
    for (service, name) in [("postgresql", "PostgreSQL"), ("redis", "Redis")] {
        writeln!(text, "\n/// The minimum major version of {name} from each GitLab series on, oldest first.")?;
        let minima = minima(root, service)?;
        writeln!(text, "pub static {}_MINIMA: &[((u32, u32), u32)] = &{minima:?};", service.to_uppercase())?;
    }
    writeln!(text, "\n/// Keys that a rule about older releases always refuses, `global.psql.pool`.")?;
    writeln!(text, "pub static REFUSED_KEYS: &[&str] = &{:?};", refused_keys(root)?)?;
    Ok(text)
}

/// The versions in the first line of the schemas of Kubernetes' own kinds, `# Kubernetes 1.33 to 1.37, from ...`.
fn kubernetes_minors(root: &Path) -> Outcome<(u32, u32)> {
    let path = root.join("schemas/objects/kubernetes.txt");
    if !path.is_file() {
        return Ok((0, 0));
    }
    let text = std::fs::read_to_string(&path)?;
    let versions = text.strip_prefix("# Kubernetes 1.").and_then(|rest| rest.split_once(',')?.0.split_once(" to 1."));
    let (first, last) = versions.ok_or_else(|| format!("{}: the first line has no versions", path.display()))?;
    Ok((first.parse()?, last.parse()?))
}

/// The rows of `charts/releases/services.json` about a service: the GitLab series, and the major version.
fn minima(root: &Path, service: &str) -> Outcome<Vec<((u32, u32), u32)>> {
    let path = root.join("charts/releases/services.json");
    let file = if path.is_file() { read_json(&path)? } else { Value::Null };
    let rows = file.get(service).and_then(Value::as_array).cloned().unwrap_or_default();
    let number = |text: Option<&str>| text.and_then(|text| text.parse::<u32>().ok());
    let minimum = |row: &Value| {
        let (major, minor) = row.get("gitlab")?.as_str()?.split_once('.')?;
        let oldest = row.get("min")?.as_str()?.split('.').next();
        Some(((number(Some(major))?, number(Some(minor))?), number(oldest)?))
    };
    rows.iter().map(|row| minimum(row).ok_or_else(|| format!("services.json: {row}").into())).collect()
}

/// The paths of the rules in `charts/releases/value-rules.json` that refuse a key whatever its value, with their braces expanded.
fn refused_keys(root: &Path) -> Outcome<Vec<String>> {
    let path = root.join("charts/releases/value-rules.json");
    let file = if path.is_file() { read_json(&path)? } else { Value::Null };
    let rules = file.get("rules").and_then(Value::as_array).cloned().unwrap_or_default();
    let always = |rule: &&Value| rule.get("refused").is_some_and(|r| r == "always") && rule.get("when").is_none();
    let patterns = rules.iter().filter(always).filter_map(|rule| rule.get("path")?.as_str());
    Ok(patterns.flat_map(expanded).filter(|path| !path.contains(['*', '['])).collect())
}

/// The alternatives that the braces of a pattern stand for.
fn expanded(pattern: &str) -> Vec<String> {
    let braces = pattern.split_once('{').and_then(|(before, rest)| Some((before, rest.split_once('}')?)));
    let Some((before, (names, after))) = braces else { return vec![pattern.to_owned()] };
    names.split(',').flat_map(|name| expanded(&format!("{before}{name}{after}"))).collect()
}

/// The default values that are others in some releases, as a table of JSON texts.
///
/// A component's stand in its `values.by-release.yaml`, a list of `{since, until, values}`; those of no component in
/// `schemas/root.values.by-release.yaml`.
pub fn defaults(root: &Path, all: &[Component], read_yaml: ReadYaml) -> Outcome<String> {
    let mut rows = Vec::new();
    let mut gather = |path: &Path, key: &str| -> Outcome<()> {
        if !path.is_file() {
            return Ok(());
        }
        let list = yaml_file(path, read_yaml)?;
        for row in list.as_array().ok_or_else(|| format!("{}: not a list", path.display()))? {
            let values = row.get("values").ok_or_else(|| format!("{}: a row has no `values`", path.display()))?;
            let mut tree = Value::Object(Map::new());
            place(&mut tree, key, values.clone())?;
            rows.push((span(row, &path.display().to_string())?, tree.to_string()));
        }
        Ok(())
    };
    gather(&root.join("schemas/root.values.by-release.yaml"), "")?;
    for component in all {
        for folder in component.defaults.iter().map(|twin| component.folder.with_file_name(twin)) {
            gather(&folder.join("values.by-release.yaml"), component.key.as_deref().unwrap_or_default())?;
        }
        gather(&component.folder.join("values.by-release.yaml"), component.key.as_deref().unwrap_or_default())?;
    }
    let mut text =
        String::from("/// Default values of some releases, as JSON over the others; a null takes a key away.\n");
    writeln!(text, "pub static DEFAULTS_BY_RELEASE: &[(Releases, &str)] = &[")?;
    for (releases, values) in rows {
        writeln!(text, "    ({releases}, {values:?}),")?;
    }
    writeln!(text, "];")?;
    Ok(text)
}

/// The values paths that only some releases read: those with `since` or `until` in their schema. `*` is any key,
/// `[]` after a key each item of its list.
pub fn marks(root: &Path, all: &[Component]) -> Outcome<String> {
    let mut text = String::from(
        "/// Values paths that only some releases read, by steps; `*` is any key, `[]` after a key each item of its list.\n",
    );
    writeln!(text, "pub static MARKED_VALUES: &[(&[&str], Releases)] = &[")?;
    for (path, part) in root_schema::marked(root, all)? {
        let steps: Vec<&str> = path.split('.').collect();
        writeln!(text, "    (&{steps:?}, {}),", span(&part, &path)?)?;
    }
    writeln!(text, "];")?;
    Ok(text)
}
