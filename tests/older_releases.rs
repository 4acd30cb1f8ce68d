//! What older releases have of their own: the row of `differences.json` or of `values.by-release.yaml`, seen in the objects.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::common::{root, run};

/// The objects of a release with these values, beside the e-mail address that an issuer needs.
fn objects(version: &str, values: &str) -> Vec<Value> {
    let words = ["template", "prod", "-n", "gitlab", "-q", "-o", "json", "-f", "-", "--gitlab-version", version];
    let args: Vec<String> = words.map(str::to_owned).into();
    let values = format!("certmanager-issuer: {{email: a@example.com}}\n{values}");
    let ran = run(root(), &args, &BTreeMap::new(), &values);
    assert_eq!(ran.status, Some(0), "{}", ran.stderr);
    let list: Value = serde_json::from_str(&ran.stdout).expect("the output is JSON");
    list["items"].as_array().expect("a List has items").clone()
}

/// Kind and name of an object, its values, a text in it, and the releases without and with the text.
type Row = ([&'static str; 2], &'static str, &'static str, &'static [&'static str], &'static [&'static str]);

const BACKUP: &str = "gitlab: {toolbox: {backups: {cron: {enabled: true}}}}";
const REINDEX: &str = "gitlab: {toolbox: {databaseReindex: {cron: {enabled: true}}}}";
const OPENBAO: &str = "openbao: {install: true}\nglobal: {openbao: {enabled: true}}";
const SECONDARY: &str = "global:
  geo:
    enabled: true
    role: secondary
    psql: {host: tracking, password: {secret: geo, key: password}}
    registry: {replication: {enabled: true, primaryApiUrl: 'https://registry.example.com'}}
  psql: {host: replica, password: {secret: geo, key: password}}
postgresql: {install: false}";

#[test]
fn an_object_has_a_text_in_some_releases_only() {
    let rows: &[Row] = &[
        // The console searches and asks for reviewers; the Jobs on a schedule do not.
        (["Deployment", "prod-toolbox"], BACKUP, "prod-zoekt-basicauth", &["18.10.0"], &["18.4.1", "18.9.2"]),
        (["CronJob", "prod-toolbox-backup"], BACKUP, "prod-zoekt-basicauth", &["18.4.1", "18.9.2", "18.10.0"], &[]),
        (["CronJob", "prod-toolbox-db-reindex"], REINDEX, "prod-zoekt-basicauth", &["18.9.2"], &[]),
        (["Deployment", "prod-toolbox"], BACKUP, "prod-gitlab-suggested-reviewers", &["18.8.2"], &["18.4.1", "18.7.1"]),
        (["CronJob", "prod-toolbox-backup"], BACKUP, "prod-gitlab-suggested-reviewers", &["18.4.1"], &[]),
        (["CronJob", "prod-toolbox-backup"], BACKUP, "prod-gitlab-shell-secret", &[], &["18.4.1", "18.10.0"]),
        (["Deployment", "prod-openbao"], OPENBAO, "OPENBAO_CONFIG_DIRECTORY", &["18.6.2"], &["18.7.1", "18.10.0"]),
        (["Deployment", "prod-openbao"], OPENBAO, "-config=/srv/openbao/config.json", &["18.8.2"], &["18.6.2"]),
        (["ConfigMap", "prod-openbao-config"], OPENBAO, "gitlab_stream", &["18.7.1", "18.9.2"], &["18.6.2", "18.10.0"]),
        (["ConfigMap", "prod-openbao-config"], OPENBAO, "skip_test", &["18.6.2"], &["18.10.0"]),
        (["ConfigMap", "prod-openbao-config"], OPENBAO, "bound_claims", &["18.6.2"], &["18.8.2"]),
        (["ConfigMap", "prod-openbao-config"], OPENBAO, "max_parallel", &["18.6.2"], &["18.8.2"]),
        (["Ingress", "prod-openbao"], OPENBAO, "cert-manager.io/issuer", &["18.8.2", "18.10.0"], &["18.6.2"]),
        (["HorizontalPodAutoscaler", "prod-openbao"], OPENBAO, "\"maxReplicas\":4", &["18.8.2"], &["18.7.1"]),
        (["Deployment", "prod-webservice-default"], OPENBAO, "prod-openbao-audit-secret", &[], &["18.6.2", "18.10.0"]),
        (["ConfigMap", "prod-webservice"], OPENBAO, ".gitlab_openbao_authentication_token_secret", &[], &["18.6.2"]),
        (["ConfigMap", "prod-registry"], SECONDARY, "geo_event", &["18.7.1", "18.10.0"], &["18.4.1", "18.6.2"]),
        (
            ["ConfigMap", "prod-webservice"],
            "global: {openbao: {enabled: true}}",
            ".gitlab_openbao_authentication_token_secret",
            &["18.4.1"],
            &["18.6.2"],
        ),
    ];
    let mut renders = BTreeMap::new();
    for ([kind, name], values, text, without, with) in rows {
        for (versions, has) in [(without, false), (with, true)] {
            for version in *versions {
                let all: &Vec<Value> = renders.entry((version, values)).or_insert_with(|| objects(version, values));
                let object = all.iter().find(|o| o["kind"] == *kind && o["metadata"]["name"] == *name);
                let object = object.unwrap_or_else(|| panic!("{version} has no {kind} {name}"));
                assert_eq!(object.to_string().contains(text), has, "{version}: {text} in {kind} {name}");
            }
        }
    }
}

#[test]
fn an_experiment_of_an_older_release_is_refused() {
    let words = ["template", "prod", "-f", "-", "--gitlab-version", "18.5.2"];
    let args: Vec<String> = words.map(str::to_owned).into();
    let values = "certmanager-issuer: {email: a@example.com}\nopenbao: {install: true}\n";
    let ran = run(root(), &args, &BTreeMap::new(), values);
    assert!(ran.status != Some(0) && ran.stdout.is_empty(), "{}", ran.stderr);
    assert!(ran.stderr.contains("`openbao.install`") && ran.stderr.contains("18.5.2"), "{}", ran.stderr);
}
