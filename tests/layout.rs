//! Every component has its folder, module, key, defaults, schema and readme, all of one name.

use std::collections::BTreeSet;
use std::path::PathBuf;

use gitlab_render::resolve::component::ALL;

use crate::common::root;

/// Folders in `charts/` that are no component.
const NOT_COMPONENTS: [&str; 2] = ["_shared", "releases"];

fn folders() -> Vec<(String, PathBuf)> {
    let entries = std::fs::read_dir(root().join("charts")).unwrap();
    let mut found: Vec<_> = entries
        .map(|e| e.unwrap().path())
        .filter(|path| path.is_dir())
        .map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), path))
        .filter(|(name, _)| !NOT_COMPONENTS.contains(&name.as_str()))
        .collect();
    found.sort();
    found
}

#[test]
fn every_folder_has_a_module_and_every_module_a_folder() {
    let folders: BTreeSet<String> = folders().into_iter().map(|(name, _)| name).collect();
    let modules: BTreeSet<String> = ALL.iter().map(|component| component.name.to_owned()).collect();
    assert_eq!(modules.len(), ALL.len(), "two modules have one name");
    assert_eq!(folders, modules);
    for name in &modules {
        let stem = root().join("src/resolve/component").join(name.replace('-', "_"));
        assert!(
            stem.with_extension("rs").is_file() || stem.join("mod.rs").is_file(),
            "{name}: the module has another name"
        );
    }
}

#[test]
fn a_folder_says_which_values_are_its_own() {
    for (name, folder) in folders() {
        let component = ALL.iter().find(|c| c.name == name).unwrap_or_else(|| panic!("{name} has no module"));
        let declared = std::fs::read_to_string(folder.join("component.json")).unwrap();
        let declared: serde_json::Value = serde_json::from_str(&declared).unwrap();
        assert_eq!(
            declared["key"].as_str(),
            Some(component.key).filter(|key| !key.is_empty()),
            "{name}/component.json"
        );
        for file in ["values.yaml", "values.schema.json"] {
            assert!(component.key.is_empty() || folder.join(file).is_file(), "charts/{name} has no {file}");
        }
        assert!(folder.join("README.md").is_file(), "charts/{name} has no README.md");
    }
}

#[test]
fn the_schema_knows_the_defaults_of_its_component() {
    for (name, folder) in folders() {
        let Ok(schema) = std::fs::read_to_string(folder.join("values.schema.json")) else { continue };
        let schema: serde_json::Value = serde_json::from_str(&schema).unwrap();
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema", "charts/{name}");
        assert!(schema["properties"].as_object().is_some_and(|p| !p.is_empty()), "charts/{name}: no properties");
    }
}

#[test]
fn a_module_with_files_of_its_own_is_a_folder_with_a_mod_rs() {
    let mut folders = vec![root().join("src")];
    let mut wrong = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                if path.with_extension("rs").is_file() || !path.join("mod.rs").is_file() {
                    wrong.push(path.strip_prefix(root()).unwrap().display().to_string());
                }
                folders.push(path);
            }
        }
    }
    assert!(wrong.is_empty(), "write `folder/mod.rs`, not `folder.rs` beside a folder: {}", wrong.join(", "));
}
