//! The build script on a tree of its own: a component is a folder and a module, and nothing else names it.

#[path = "../build/components.rs"]
pub mod components;
#[path = "../build/embed.rs"]
mod embed;
#[path = "../build/releases.rs"]
mod releases;
#[path = "../build/root_schema.rs"]
pub mod root_schema;

use std::path::Path;

use gitlab_render::bundle::packed_tree;

use crate::common::root;

/// Writes files into a folder, by their paths.
fn write(folder: &Path, files: &[(&str, &str)]) {
    for (path, text) in files {
        let path = folder.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
}

#[test]
fn a_component_needs_its_folder_and_its_module() {
    let tree = tempfile::tempdir().unwrap();
    let root = tree.path();
    let schema = r##"{
        "type": "object",
        "properties": {
            "enabled": {"type": "boolean"},
            "ingress": {"type": "object", "properties": {"apiVersion": {"type": "string", "writes": "networking.k8s.io/v1"}}},
            "metrics": {
                "type": "object",
                "properties": {
                    "enabled": {"type": "boolean"},
                    "podMonitor": {"$ref": "../../schemas/definitions.json#/$defs/Monitor"}
                }
            }
        }
    }"##;
    write(
        root,
        &[
            ("charts/dummy/component.json", r#"{"key": "gitlab.dummy", "second_set": true}"#),
            ("charts/dummy/values.yaml", r#"{"enabled": true}"#),
            ("charts/dummy/values.schema.json", schema),
            ("charts/dummy/templates/deployment.yaml", "kind: Deployment\n"),
            ("src/resolve/component/dummy.rs", ""),
        ],
    );
    let out = root.join("out");
    std::fs::create_dir(&out).unwrap();
    // a map of JSON is YAML too
    embed::everything(root, &out, |text| serde_json::from_str(text).map_err(|e| e.to_string())).unwrap();

    let read = |name: &str| std::fs::read_to_string(out.join(name)).unwrap();
    assert!(read("components.rs").contains("&dummy::COMPONENT,"));
    let defaults = packed_tree::unpack(&std::fs::read(out.join("defaults.tree")).unwrap()).unwrap();
    assert_eq!(defaults.to_string(), r#"{"gitlab":{"dummy":{"enabled":true}}}"#);
    assert!(read("bundle.rs").contains("(\"dummy/deployment.yaml\", include_str!("));
    let schema = packed_tree::unpack(&std::fs::read(out.join("schemas/root.schema")).unwrap()).unwrap();
    let dummy = schema.pointer("/properties/gitlab/properties/dummy/$ref").unwrap();
    assert_eq!(dummy, "../charts/dummy/values.schema.json");
    let facts = read("facts.rs");
    for fact in [
        r#"SECOND_SETS: &[&str] = &["dummy"]"#,
        r#"component: "gitlab.dummy.enabled", metrics: "gitlab.dummy.metrics.enabled", monitor: "gitlab.dummy.metrics.podMonitor.enabled""#,
        r#"("gitlab.dummy.ingress.apiVersion", "networking.k8s.io/v1")"#,
    ] {
        assert!(facts.contains(fact), "{fact} is not in\n{facts}");
    }
}

#[test]
fn the_root_schema_names_no_component() {
    let text = std::fs::read_to_string(root().join("schemas/root.schema.json")).unwrap();
    let named: Vec<_> = text.lines().filter(|line| line.contains("../charts/")).collect();
    assert!(named.is_empty(), "the build puts these in: {named:#?}");
}

#[test]
fn a_component_says_only_what_the_build_knows() {
    let tree = tempfile::tempdir().unwrap();
    write(tree.path(), &[("charts/dummy/component.json", r#"{"key": "gitlab.dummy", "swich": "a"}"#)]);
    let error = components::all(tree.path()).err().unwrap().to_string();
    assert!(error.ends_with("there is no field `swich`"), "{error}");
}
