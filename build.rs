//! Embeds what the program knows: templates and files as text, default values as one JSON text,
//! schemas as JSON texts, and the list of components with their modules.
//!
//! A component is found by its folder in `charts/` and its module in `src/resolve/component/`;
//! nothing else has to name it.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let root = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR")?);
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    for folder in ["charts", "schemas", "values", "src/resolve/component", "build.rs"] {
        println!("cargo::rerun-if-changed={folder}");
    }
    fs::write(out.join("components.rs"), components(&root)?)?;
    fs::write(out.join("defaults.json"), serde_json::to_string(&defaults(&root)?)?)?;
    fs::write(out.join("refused-values.json"), refused_values(&root)?)?;
    fs::write(out.join("bundle.rs"), bundle(&root, &out)?)?;
    pack_object_schemas(&root, &out)
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
fn components(root: &Path) -> Outcome<String> {
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

/// The default values of the whole deployment: the root's, and each component's under its key.
fn defaults(root: &Path) -> Outcome<Value> {
    let mut tree = Value::Object(Map::new());
    let root_values = root.join("schemas/root.values.yaml");
    if root_values.is_file() {
        tree = read_yaml(&root_values)?;
    }
    for folder in sorted(&root.join("charts"))? {
        let values = folder.join("values.yaml");
        if values.is_file() {
            place(&mut tree, &values_key(&folder)?, own_defaults(&folder)?)?;
        }
    }
    Ok(tree)
}

/// A component's `values.yaml`, over that of its twin where `component.json` names one under `defaults`.
fn own_defaults(folder: &Path) -> Outcome<Value> {
    let own = read_yaml(&folder.join("values.yaml"))?;
    let declared: Value = serde_json::from_str(&fs::read_to_string(folder.join("component.json"))?)?;
    let Some(twin) = declared.get("defaults").and_then(Value::as_str) else { return Ok(own) };
    let mut base = read_yaml(&folder.with_file_name(twin).join("values.yaml"))?;
    lay_over(&mut base, own);
    Ok(base)
}

/// Maps merge, all else replaces.
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

/// Where a component's section is in the values, `gitlab.gitaly`.
fn values_key(folder: &Path) -> Outcome<String> {
    let declared: Value = serde_json::from_str(&fs::read_to_string(folder.join("component.json"))?)?;
    let key = declared.get("key").and_then(Value::as_str);
    Ok(key.ok_or_else(|| format!("{}: component.json has no `key`", folder.display()))?.to_owned())
}

/// The rules about values that a render refuses, with no more than it needs: every render reads them.
fn refused_values(root: &Path) -> Outcome<String> {
    let text = fs::read_to_string(root.join("charts/releases/value-rules.json"))?;
    let mut table: Value = serde_json::from_str(&text)?;
    let rules = table.get_mut("rules").and_then(Value::as_array_mut).ok_or("value-rules.json has no rules")?;
    rules.retain(|rule| rule.get("refused").is_some());
    for rule in rules.iter_mut().filter_map(Value::as_object_mut) {
        rule.retain(|key, _| !matches!(key.as_str(), "rewrite" | "ask" | "what"));
    }
    Ok(serde_json::to_string(&table)?)
}

fn read_yaml(path: &Path) -> Outcome<Value> {
    serde_saphyr::from_str(&fs::read_to_string(path)?).map_err(|e| format!("{}: {e}", path.display()).into())
}

fn place(tree: &mut Value, key: &str, section: Value) -> Outcome<()> {
    let mut at = tree;
    for step in key.split('.') {
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
fn bundle(root: &Path, out: &Path) -> Outcome<String> {
    let mut templates = BTreeMap::new();
    let mut schemas = BTreeMap::new();
    let mut profiles = BTreeMap::new();
    for folder in sorted(&root.join("charts"))? {
        let name = file_name(&folder);
        for path in sorted(&folder.join("templates"))? {
            templates.insert(format!("{name}/{}", file_name(&path)), path);
        }
        for path in sorted(&folder.join("files"))? {
            templates.insert(format!("{name}/files/{}", file_name(&path).trim_end_matches(".j2")), path);
        }
        if folder.join("values.schema.json").is_file() {
            schemas.insert(name.clone(), folder.join("values.schema.json"));
        }
    }
    for path in sorted(&root.join("schemas"))? {
        if path.extension().is_some_and(|e| e == "json") {
            schemas.insert(file_name(&path).trim_end_matches(".json").to_owned(), path);
        }
    }
    for path in sorted(&root.join("values"))? {
        if let Some(name) = file_name(&path).strip_suffix(".yaml") {
            profiles.insert(name.to_owned(), path.clone());
        }
    }
    let mut text = String::new();
    table(&mut text, "TEMPLATES", "Templates and files: `component/kind.yaml`, `component/files/name`.", &templates)?;
    table(&mut text, "PROFILES", "Values files a user starts from, by name.", &profiles)?;
    fs::create_dir_all(out.join("schemas"))?;
    let mut checked = BTreeMap::new();
    for (name, path) in &schemas {
        let mut schema: Value =
            serde_json::from_str(&fs::read_to_string(path)?).map_err(|e| format!("{}: {e}", path.display()))?;
        without_prose(&mut schema, false);
        // A file of definitions is read one definition at a time: most runs need few.
        let definitions = schema.get("$defs").and_then(Value::as_object).filter(|_| schema.get("properties").is_none());
        for (part, definition) in definitions.into_iter().flatten() {
            let name = format!("{name}#{part}");
            let small = out.join("schemas").join(&name);
            fs::write(&small, serde_json::to_string(definition)?)?;
            checked.insert(name, small);
        }
        let small = out.join("schemas").join(name);
        fs::write(&small, serde_json::to_string(&schema)?)?;
        checked.insert(name.clone(), small);
    }
    let schemas = checked;
    table(
        &mut text,
        "SCHEMAS",
        "Schemas as JSON texts, no prose: a component's by name, shared ones by file stem, their parts as `file#Name`.",
        &schemas,
    )?;
    Ok(text)
}

/// Takes out what checking does not need; `named` says that the keys are names, not keywords.
fn without_prose(schema: &mut Value, named: bool) {
    match schema {
        Value::Object(map) => {
            if !named {
                map.retain(|keyword, part| {
                    !matches!(keyword.as_str(), "description" | "title" | "$comment" | "$schema" | "default")
                        || part.is_object()
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

fn table(text: &mut String, name: &str, doc: &str, entries: &BTreeMap<String, PathBuf>) -> Outcome<()> {
    writeln!(text, "/// {doc}\npub static {name}: &[(&str, &str)] = &[")?;
    for (key, path) in entries {
        writeln!(text, "    ({key:?}, include_str!({:?})),", path.display().to_string())?;
    }
    writeln!(text, "];")?;
    Ok(())
}

fn sorted(folder: &Path) -> Outcome<Vec<PathBuf>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut paths = fs::read_dir(folder)?.map(|e| e.map(|e| e.path())).collect::<Result<Vec<_>, _>>()?;
    paths.sort();
    Ok(paths)
}

fn file_name(path: &Path) -> String {
    path.file_name().and_then(|n| n.to_str()).unwrap_or_default().to_owned()
}
