//! Writes what the program embeds: templates and files as text, default values and schemas as packed trees
//! texts, and the tables of components.
//!
//! A component is found by its folder in `charts/` and its module in `src/resolve/component/`; nothing else names it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::components::{self, Component, Outcome, file_name, read_json, sorted};
use super::packed_tree;
use super::releases;
use super::root_schema;

/// Reads a YAML text.
pub type ReadYaml = fn(&str) -> Result<Value, String>;

/// Embeds the tree below `root`: each file is written to `out`.
pub fn everything(root: &Path, out: &Path, read_yaml: ReadYaml) -> Outcome<()> {
    let all = components::all(root)?;
    fs::write(out.join("components.rs"), modules(root)?)?;
    fs::write(out.join("facts.rs"), facts(root, &all)?)?;
    fs::write(out.join("differences.rs"), releases::differences(root)?)?;
    let by_release = releases::defaults(root, &all, read_yaml)? + &releases::marks(root, &all)?;
    fs::write(out.join("by_release.rs"), by_release)?;
    fs::write(out.join("defaults.tree"), packed(&defaults(root, &all, read_yaml)?)?)?;
    fs::write(out.join("refused-values.json"), refused_values(root)?)?;
    fs::write(out.join("bundle.rs"), bundle(root, out, &all)?)?;
    fs::write(out.join("packed.rs"), pack_rarely_read(root, out, &all)?)?;
    pack_object_schemas(root, out)
}

/// What few commands read, packed: profiles as `profiles/aws`, schemas with their descriptions and defaults as
/// `schemas/sidekiq`, `schemas/definitions`.
fn pack_rarely_read(root: &Path, out: &Path, all: &[Component]) -> Outcome<String> {
    let mut texts = BTreeMap::new();
    for path in sorted(&root.join("values"))? {
        if let Some(name) = file_name(&path).strip_suffix(".yaml") {
            texts.insert(format!("profiles/{name}"), fs::read(&path)?);
        }
    }
    let mut described = |name: &str, schema: &Value| -> Outcome<()> {
        texts.insert(format!("schemas/{name}"), serde_json::to_vec(schema)?);
        Ok(())
    };
    for component in all {
        if let Some(path) = component.schema() {
            described(&component.name, &read_json(&path)?)?;
        }
    }
    for name in ["definitions", "kubernetes"] {
        let path = root.join("schemas").join(name).with_extension("json");
        if path.is_file() {
            described(name, &read_json(&path)?)?;
        }
    }
    described("root", &root_schema::composed(root, all)?)?;
    let folder = out.join("packed");
    let mut text = String::from("/// Packed texts by name: `profiles/aws`, `schemas/sidekiq`.\n");
    writeln!(text, "pub static PACKED: &[(&str, &[u8])] = &[")?;
    for (name, bytes) in texts {
        let path = folder.join(&name).with_extension("z");
        path.parent().map(fs::create_dir_all).transpose()?;
        fs::write(&path, miniz_oxide::deflate::compress_to_vec(&bytes, 9))?;
        writeln!(text, "    ({name:?}, include_bytes!({:?})),", path.display().to_string())?;
    }
    text.push_str("];\n");
    Ok(text)
}

/// The schemas of Kubernetes objects, packed: they are the largest texts, and only `validate` reads them.
fn pack_object_schemas(root: &Path, out: &Path) -> Outcome<()> {
    let folder = out.join("objects");
    fs::create_dir_all(&folder)?;
    for path in sorted(&root.join("schemas/objects"))? {
        let (Some(stem), true) = (path.file_stem(), path.extension().is_some_and(|e| e == "txt")) else { continue };
        let packed = miniz_oxide::deflate::compress_to_vec(&fs::read(&path)?, 9);
        fs::write(folder.join(stem).with_extension("z"), packed)?;
    }
    Ok(())
}

/// The modules below `src/resolve/component/` and the table of what each declares.
fn modules(root: &Path) -> Outcome<String> {
    let mut modules = String::new();
    let mut table = String::from("/// Every component, by name.\npub static ALL: &[&super::Component] = &[\n");
    for path in sorted(&root.join("src/resolve/component"))? {
        let file = if path.is_dir() { path.join("mod.rs") } else { path.clone() };
        let stem = path.file_stem().and_then(|s| s.to_str()).unwrap_or_default().to_owned();
        if stem == "mod" || !file.is_file() || file.extension().is_none_or(|e| e != "rs") {
            continue;
        }
        writeln!(modules, "#[path = {:?}]\npub mod {stem};", file.display().to_string())?;
        writeln!(table, "    &{stem}::COMPONENT,")?;
    }
    Ok(format!("{modules}\n{table}];\n"))
}

/// What the components' own files say, as tables.
fn facts(root: &Path, all: &[Component]) -> Outcome<String> {
    let mut text = String::from("/// Components of which a second set of pods may run beside the first.\n");
    let second: Vec<_> = all.iter().filter(|c| c.second_set).map(|c| c.name.as_str()).collect();
    writeln!(text, "pub static SECOND_SETS: &[&str] = &{second:?};\n")?;
    writeln!(text, "/// Monitors for the Prometheus operator that components can have.")?;
    writeln!(text, "pub static MONITORS: &[MonitorSwitches] = &[")?;
    for monitor in root_schema::monitors(all)? {
        let root_schema::Monitor { component, metrics, monitor } = monitor;
        writeln!(
            text,
            "    MonitorSwitches {{ component: {component:?}, metrics: {metrics:?}, monitor: {monitor:?} }},"
        )?;
    }
    writeln!(text, "];\n\n/// Values that name an API version, and the version that is written.")?;
    writeln!(text, "pub static API_VERSIONS: &[(&str, &str)] = &{:?};", root_schema::api_versions(root, all)?)?;
    text.push_str(&releases::facts(root)?);
    Ok(text)
}

/// The default values of the whole deployment: the root's, and each component's under its key.
fn defaults(root: &Path, all: &[Component], read_yaml: ReadYaml) -> Outcome<Value> {
    let mut tree = Value::Object(Map::new());
    let root_values = root.join("schemas/root.values.yaml");
    if root_values.is_file() {
        tree = yaml_file(&root_values, read_yaml)?;
    }
    for component in all {
        if component.folder.join("values.yaml").is_file() {
            let key = component.key.as_deref();
            let key = key.ok_or_else(|| format!("{}: values.yaml, but no `key`", component.name))?;
            place(&mut tree, key, own_defaults(component, read_yaml)?)?;
        }
    }
    Ok(tree)
}

/// Packs a tree, and checks that it is read back unchanged.
fn packed(tree: &Value) -> Outcome<Vec<u8>> {
    let bytes = packed_tree::packed(tree);
    match packed_tree::unpack(&bytes) {
        Some(read) if read == *tree => Ok(bytes),
        _ => Err("a tree of values or a schema cannot be packed".into()),
    }
}

/// A component's `values.yaml`, over that of its twin where `component.json` names one under `defaults`.
fn own_defaults(component: &Component, read_yaml: ReadYaml) -> Outcome<Value> {
    let own = yaml_file(&component.folder.join("values.yaml"), read_yaml)?;
    let Some(twin) = &component.defaults else { return Ok(own) };
    let mut base = yaml_file(&component.folder.with_file_name(twin).join("values.yaml"), read_yaml)?;
    lay_over(&mut base, own);
    Ok(base)
}

/// Maps merge, other values replace.
fn lay_over(base: &mut Value, over: Value) {
    match (base, over) {
        (Value::Object(base), Value::Object(over)) => {
            for (key, value) in over {
                lay_over(base.entry(key).or_insert(Value::Null), value);
            }
        }
        (base, over) => *base = over,
    }
}

/// The rules about values that a render refuses, with no more than it needs: every render reads them.
fn refused_values(root: &Path) -> Outcome<String> {
    let path = root.join("charts/releases/value-rules.json");
    if !path.is_file() {
        return Ok(r#"{"rules":[]}"#.to_owned());
    }
    let mut table: Value = read_json(&path)?;
    let rules = table.get_mut("rules").and_then(Value::as_array_mut).ok_or("value-rules.json has no rules")?;
    rules.retain(|rule| rule.get("refused").is_some());
    for rule in rules.iter_mut().filter_map(Value::as_object_mut) {
        rule.retain(|key, _| !matches!(key.as_str(), "rewrite" | "ask" | "what"));
    }
    Ok(serde_json::to_string(&table)?)
}

/// A YAML file as a tree.
pub fn yaml_file(path: &Path, read_yaml: ReadYaml) -> Outcome<Value> {
    read_yaml(&fs::read_to_string(path)?).map_err(|e| format!("{}: {e}", path.display()).into())
}

/// Puts a section at its key, over what is there.
pub fn place(tree: &mut Value, key: &str, section: Value) -> Outcome<()> {
    let mut at = tree;
    for step in key.split('.').filter(|step| !step.is_empty()) {
        let map = at.as_object_mut().ok_or_else(|| format!("{key}: a part of the key is not a map"))?;
        at = map.entry(step).or_insert_with(|| Value::Object(Map::new()));
    }
    *at = match (at.take(), section) {
        (Value::Object(mut there), Value::Object(more)) => {
            there.extend(more);
            Value::Object(there)
        }
        (_, section) => section,
    };
    Ok(())
}

/// Tables of embedded texts, sorted by name.
fn bundle(root: &Path, out: &Path, all: &[Component]) -> Outcome<String> {
    let mut templates = BTreeMap::new();
    let mut schemas = BTreeMap::new();
    for folder in sorted(&root.join("charts"))? {
        let name = file_name(&folder);
        for path in sorted(&folder.join("templates"))? {
            templates.insert(format!("{name}/{}", file_name(&path)), path);
        }
        for path in sorted(&folder.join("objects"))? {
            templates.insert(format!("{name}/objects/{}", file_name(&path)), path);
        }
        for path in sorted(&folder.join("files"))? {
            templates.insert(format!("{name}/files/{}", file_name(&path).trim_end_matches(".j2")), path);
        }
        if folder.join("values.schema.json").is_file() {
            schemas.insert(name.clone(), read_json(&folder.join("values.schema.json"))?);
        }
    }
    for path in sorted(&root.join("schemas"))? {
        // `x.schema.json` describes a file or a report of ours, not values.
        match file_name(&path).strip_suffix(".json") {
            Some(name) if !name.ends_with(".schema") => drop(schemas.insert(name.to_owned(), read_json(&path)?)),
            _ => {}
        }
    }
    schemas.insert("root.schema".to_owned(), root_schema::composed(root, all)?);
    let mut text = String::new();
    table(
        &mut text,
        "TEMPLATES",
        "Templates and files: `component/kind.yaml`, `_shared/objects/kind.yaml`, `component/files/name`.",
        &templates,
        "include_str",
    )?;
    fs::create_dir_all(out.join("schemas"))?;
    let mut checked = BTreeMap::new();
    for (name, mut schema) in schemas {
        without_prose(&mut schema, false);
        // A file of definitions is read one definition at a time: most runs need few.
        let definitions = schema.get("$defs").and_then(Value::as_object).filter(|_| schema.get("properties").is_none());
        let parts: Vec<(String, &Value)> = match definitions {
            Some(parts) => parts.iter().map(|(part, definition)| (format!("{name}#{part}"), definition)).collect(),
            None => vec![(name.clone(), &schema)],
        };
        for (name, part) in parts {
            let small = out.join("schemas").join(&name);
            fs::write(&small, packed(part)?)?;
            checked.insert(name, small);
        }
    }
    table(
        &mut text,
        "SCHEMAS",
        "Packed schemas without prose: the root's, a component's by its name, a shared definition as `file#Name`.",
        &checked,
        "include_bytes",
    )?;
    Ok(text)
}

/// Takes out what checking does not need; `named` says that the keys are names, not keywords.
fn without_prose(schema: &mut Value, named: bool) {
    match schema {
        Value::Object(map) => {
            if !named {
                map.retain(|keyword, part| {
                    !matches!(
                        keyword.as_str(),
                        "description" | "title" | "$comment" | "$schema" | "default" | "writes" | "since" | "until"
                    ) || part.is_object()
                });
            }
            for (keyword, part) in map {
                let names = !named && matches!(keyword.as_str(), "properties" | "$defs");
                without_prose(part, names);
            }
        }
        Value::Array(parts) => parts.iter_mut().for_each(|part| without_prose(part, false)),
        _ => {}
    }
}

fn table(text: &mut String, name: &str, doc: &str, entries: &BTreeMap<String, PathBuf>, include: &str) -> Outcome<()> {
    let content = if include == "include_str" { "str" } else { "[u8]" };
    writeln!(text, "/// {doc}\npub static {name}: &[(&str, &{content})] = &[")?;
    for (key, path) in entries {
        writeln!(text, "    ({key:?}, {include}!({:?})),", path.display().to_string())?;
    }
    writeln!(text, "];")?;
    Ok(())
}
