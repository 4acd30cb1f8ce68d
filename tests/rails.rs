//! What Rails reads: configuration files in which Ruby runs, and in which no value of the user's may.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::common::{root, run};

/// One file of the ConfigMap of the toolbox, rendered with these values.
fn file(name: &str, values: &str) -> String {
    let args: Vec<String> =
        ["template", "prod", "-n", "gitlab", "-q", "-o", "json", "-f", "-"].map(str::to_owned).to_vec();
    let ran = run(root(), &args, &BTreeMap::new(), values);
    assert_eq!(ran.status, Some(0), "{}", ran.stderr);
    let list: Value = serde_json::from_str(&ran.stdout).expect("the output is JSON");
    let objects = list["items"].as_array().expect("a List has items");
    let is_config = |o: &&Value| o["kind"] == "ConfigMap" && o["metadata"]["name"] == "prod-toolbox";
    let config = objects.iter().find(is_config).expect("the toolbox has a ConfigMap");
    config["data"][name].as_str().unwrap_or_else(|| panic!("no file {name}")).to_owned()
}

#[test]
fn a_value_cannot_open_an_erb_tag() {
    let values = "certmanager-issuer: {email: a@example.com}\nglobal: {email: {display_name: \"<%= exit %> #{1}\"}}\n";
    let text = file("gitlab.yml.erb", values);
    let line = text.lines().find(|l| l.contains("email_display_name")).expect("the key is there");
    assert_eq!(line.trim(), r#"email_display_name: "\u003c%= exit %\u003e \u0023{1}""#);
}

#[test]
fn what_is_not_set_has_no_line() {
    let text = file("gitlab.yml.erb", "certmanager-issuer: {email: a@example.com}\n");
    assert!(!text.contains("ssh_host"), "{text}");
    assert!(text.contains("https: true"), "{text}");
}

#[test]
fn a_database_inherits_from_main() {
    let values =
        "certmanager-issuer: {email: a@example.com}\nglobal: {psql: {host: db, main: {port: 6432}, ci: {host: ci}}}\n";
    let text = file("database.yml.erb", values);
    let ci = text.split("  main:").next().expect("ci comes first");
    assert!(ci.contains("host: \"ci\"") && ci.contains("port: 6432") && ci.contains("database_tasks: true"), "{text}");
}
