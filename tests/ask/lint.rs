//! `lint`: each code where it is true and where it is not, what silences it, and the forms.

use gitlab_render::lint::allow::{Settings, settings};
use gitlab_render::pipeline;
use serde_json::{Value, json};

use super::check;
use crate::common::request;

#[test]
fn findings_are_listed() {
    check(&[
        ("lint-text", "lint -f lint.yaml --config allow.toml"),
        ("lint-pedantic", "lint -f lint.yaml --pedantic --fail-on note --config allow.toml"),
        ("lint-json", "lint -f lint.yaml -o json --fail-on warning --config allow.toml"),
        ("lint-sarif", "lint -f lint.yaml -o sarif --config allow.toml"),
        ("lint-codequality", "lint -f lint.yaml -o codequality --config allow.toml"),
        ("lint-junit", "lint --set gitlab.webservice.minReplicas=many,global.hosts.colour=red -o junit"),
        ("lint-junit-warnings", "lint -f lint.yaml -o junit --config allow.toml"),
        ("lint-config-wrong", "lint --config wrong.toml"),
    ]);
}

/// The messages with a code about some values.
fn found(code: &str, values: &Value, pedantic: bool) -> Vec<String> {
    let request = request("test", "default", values);
    let (findings, _) = pipeline::lint::lint(&request, &Settings::default(), pedantic).unwrap();
    findings.all.into_iter().filter(|finding| finding.code == code).map(|finding| finding.message).collect()
}

/// A code, a word of its message, values for which it is true, and values for which it is not.
#[test]
fn a_finding_is_there_where_it_is_true_and_nowhere_else() {
    let cases = [
        (
            "plain-secret",
            "postgresql.auth.password",
            json!({"postgresql": {"auth": {"password": "hunter2hunter2"}}}),
            json!({
                "gitlab-zoekt": {"indexer": {"internalApi": {"secretName": "zoekt", "secretKey": "changeme"}}},
                "openbao": {"config": {"unseal": {"static": {"currentKeyId": "gl-unseal-1"}}}},
                "gitlab": {"gitaly": {"tolerations": [{"key": "provisioner/stable", "operator": "Exists"}]}},
            }),
        ),
        (
            "no-effect",
            "pollingInterval",
            json!({"gitlab": {"sidekiq": {"keda": {"pollingInterval": 77}}}}),
            // The section is reported as a whole, and so are monitors that are not written.
            json!({
                "gitlab": {"unicorn": {"minReplicas": 3}, "gitaly": {"metrics": {"enabled": true, "serviceMonitor": {
                    "enabled": true, "endpointConfig": {"scheme": "https"}}}}},
            }),
        ),
        (
            "no-effect",
            "pollingInterval",
            json!({"gitlab": {"sidekiq": {"keda": {"pollingInterval": 77}}}}),
            json!({"gitlab": {"sidekiq": {"keda": {"enabled": true, "pollingInterval": 77}}}}),
        ),
        (
            "no-effect",
            "maxReplicas",
            json!({"global": {"pages": {"enabled": false}}, "gitlab": {"gitlab-pages": {"hpa": {"maxReplicas": 7}}}}),
            json!({"global": {"pages": {"enabled": true}}, "gitlab": {"gitlab-pages": {"hpa": {"maxReplicas": 7}}}}),
        ),
        (
            "as-default",
            "concurrency",
            json!({"gitlab": {"sidekiq": {"concurrency": 20}}}),
            json!({"gitlab": {"sidekiq": {"concurrency": 21}}}),
        ),
        (
            "bundled-store",
            "PostgreSQL",
            json!({}),
            json!({"postgresql": {"install": false}, "global": {"psql": {"host": "db.example.org", "password": {"secret": "pg"}}}}),
        ),
        (
            "bundled-store",
            "Redis",
            json!({}),
            json!({"redis": {"install": false}, "global": {"redis": {"host": "redis.example.org"}}}),
        ),
        (
            "plain-secret",
            "SMTP_PASSWORD",
            json!({"gitlab": {"toolbox": {"extraEnv": {"SMTP_PASSWORD": "hunter2hunter2"}}}}),
            json!({"gitlab": {"toolbox": {"extraEnv": {"LOG_LEVEL": "debug"}}}}),
        ),
        (
            "foreign-host",
            "git.example.com",
            json!({"global": {"hosts": {"domain": "example.org", "gitlab": {"name": "git.example.com"}}}}),
            json!({"global": {"hosts": {"domain": "example.com", "gitlab": {"name": "git.example.com"}}}}),
        ),
        (
            "moving-tag",
            "toolbox",
            json!({"gitlab": {"toolbox": {"image": {"tag": "latest"}}}}),
            json!({"gitlab": {"toolbox": {"image": {"tag": "v1"}}}}),
        ),
        (
            "no-requests",
            "test-kas",
            json!({"gitlab": {"kas": {"resources": {"requests": {"cpu": null, "memory": null}}}}}),
            json!({}),
        ),
        ("no-disruption-budget", "test-toolbox", json!({"gitlab": {"toolbox": {"replicas": 2}}}), json!({})),
        ("few-replicas", "test-sidekiq-all-in-1-v2", json!({}), json!({"gitlab": {"sidekiq": {"minReplicas": 3}}})),
        (
            "few-replicas",
            "test-registry",
            json!({"registry": {"hpa": {"minReplicas": 1}}}),
            json!({"registry": {"hpa": {"minReplicas": 2}}}),
        ),
        (
            "removed-next",
            "gitlab.spamcheck",
            json!({"gitlab": {"spamcheck": {"resources": {"requests": {"cpu": "200m"}}}}}),
            json!({}),
        ),
        (
            "removed-next",
            "global.spamcheck.enabled",
            json!({"global": {"spamcheck": {"enabled": true}}}),
            json!({"global": {"spamcheck": {"enabled": false}}}),
        ),
        ("mounted-token", "upgrade-check", json!({}), json!({"upgradeCheck": {"enabled": false}})),
        (
            "wide-rbac",
            "ClusterRole/test-nginx-ingress",
            json!({}),
            json!({"nginx-ingress": {"enabled": false}, "global": {"ingress": {"class": "other"}}}),
        ),
        (
            "foreign-host",
            "pages.example.net",
            json!({"global": {"hosts": {"domain": "example.org"}, "pages": {"enabled": true, "host": "pages.example.net"}}}),
            json!({"global": {"hosts": {"domain": "example.org"}, "pages": {"enabled": true}}}),
        ),
        (
            "not-restricted",
            "test-kas",
            json!({"gitlab": {"kas": {"containerSecurityContext": {"allowPrivilegeEscalation": true}}}}),
            json!({}),
        ),
    ];
    let mut wrong = Vec::new();
    for (code, word, yes, no) in cases {
        let there = |values: &Value| found(code, values, true).iter().any(|message| message.contains(word));
        if !there(&yes) {
            wrong.push(format!("{code} about {word} is missing: {yes}: {:?}", found(code, &yes, true)));
        }
        if there(&no) {
            wrong.push(format!("{code} about {word} is wrong: {no}: {:?}", found(code, &no, true)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Without the lines that are said to do nothing, the render is the same.
#[test]
fn lines_that_do_nothing_can_be_removed() {
    let values = json!({
        "global": {"pages": {"enabled": false}, "edition": "ee", "hosts": {"domain": "example.org"}},
        "gitlab": {"gitlab-pages": {"hpa": {"maxReplicas": 7}}, "kas": {"minReplicas": 3, "keda": {"cooldownPeriod": 5}}},
    });
    let quiet = found("no-effect", &values, false);
    let paths: Vec<_> = quiet.iter().map(|message| message.split('`').nth(1).unwrap()).collect();
    assert_eq!(paths, ["gitlab.gitlab-pages.hpa.maxReplicas", "gitlab.kas.keda.cooldownPeriod"]);
}

#[test]
fn settings_that_are_no_toml_or_unknown_are_refused() {
    assert!(settings("a", "[lint.allow]\nno-effect = \"why\"\n").unwrap().lint.allow.contains_key("no-effect"));
    for text in ["[lint.allow", "[lint]\nforbid = 1\n", "[lint.allow]\nno-effect = true\n"] {
        assert!(settings("a", text).is_err(), "{text}");
    }
}
