//! Settings of one set of pods: an entry of Sidekiq's `pods`, one of the webservice's `deployments`. What the official chart
//! reads there counts there; what all sets share changes nothing there and is reported.

use gitlab_render::pipeline::{Rendered, render};
use gitlab_render::yaml::write::write_document;
use serde_json::{Value, json};

use crate::common::request;

/// Values with one set of pods that has `own`.
fn values(component: &str, own: &Value) -> Value {
    let mut set = match component {
        "sidekiq" => json!({"name": "one"}),
        _ => json!({"ingress": {"path": "/"}}),
    };
    let own = own.as_object().expect("a map of settings");
    set.as_object_mut().expect("a set is a map").extend(own.clone());
    match component {
        "sidekiq" => json!({"gitlab": {"sidekiq": {"pods": [set]}}}),
        _ => json!({"gitlab": {"webservice": {"deployments": {"one": set}}}}),
    }
}

fn rendered(values: &Value) -> Rendered {
    render(&request("prod", "gitlab", values)).unwrap_or_else(|failure| {
        let said = failure.report.0.iter().map(|finding| finding.message.as_str()).collect::<Vec<_>>();
        panic!("{values} is refused: {said:?}")
    })
}

fn text(rendered: &Rendered) -> String {
    let mut text = String::new();
    rendered.objects.manifests().iter().for_each(|object| write_document(&mut text, &object.body));
    text
}

/// The codes of the findings about settings of the set.
fn codes(rendered: &Rendered) -> Vec<&'static str> {
    let of_set = |message: &str| message.contains(".pods[0].") || message.contains(".deployments.one.");
    rendered.warnings.iter().filter(|finding| of_set(&finding.message)).map(|finding| finding.code).collect()
}

#[test]
fn what_all_sets_share_changes_nothing_in_one_and_is_reported() {
    let shared = [
        ("sidekiq", json!({"psql": {"port": 7777}})),
        ("sidekiq", json!({"init": {"resources": {"requests": {"cpu": "60m"}}}})),
        ("sidekiq", json!({"gitaly": {"serviceName": "other"}})),
        ("sidekiq", json!({"minio": {"port": 9007}})),
        ("sidekiq", json!({"logging": {"format": "text"}})),
        ("sidekiq", json!({"trusted_proxies": ["10.0.0.0/8"]})),
        ("sidekiq", json!({"registry": {"host": "other.example.com"}})),
        ("sidekiq", json!({"networkpolicy": {"enabled": true}})),
        ("sidekiq", json!({"serviceAccount": {"enabled": true}})),
        ("sidekiq", json!({"metrics": {"port": 9000}})),
        ("sidekiq", json!({"health_checks": {"port": 9000}})),
        ("sidekiq", json!({"memoryKiller": {"daemonMode": false}})),
        ("webservice", json!({"psql": {"port": 7777}})),
        ("webservice", json!({"gitaly": {"serviceName": "other"}})),
        ("webservice", json!({"minio": {"port": 9007}})),
        ("webservice", json!({"rack_attack": {"git_basic_auth": {"enabled": true}}})),
        ("webservice", json!({"trusted_proxies": ["10.0.0.0/8"]})),
        ("webservice", json!({"registry": {"host": "other.example.com"}})),
        ("webservice", json!({"networkpolicy": {"enabled": true}})),
        ("webservice", json!({"serviceAccount": {"enabled": true}})),
        ("webservice", json!({"helmTests": {"enabled": false}})),
        ("webservice", json!({"gatewayRoute": {"enabled": true}})),
        ("webservice", json!({"metrics": {"port": 9000}})),
        ("webservice", json!({"tls": {"enabled": true}})),
        ("webservice", json!({"monitoring": {"exporter": {"port": 9000}}})),
    ];
    for (component, own) in shared {
        let with = rendered(&values(component, &own));
        assert_eq!(codes(&with), ["unread-key"], "{component}: {own}");
        assert_eq!(text(&with), text(&rendered(&values(component, &json!({})))), "{component}: {own}");
    }
}

#[test]
fn a_set_may_differ_where_the_official_chart_does_not_let_it_and_that_is_reported() {
    let differs = [
        ("sidekiq", json!({"image": {"tag": "v1.2.3"}})),
        ("sidekiq", json!({"livenessProbe": {"periodSeconds": 77}})),
        ("sidekiq", json!({"memoryKiller": {"maxRss": 1}})),
        ("webservice", json!({"image": {"tag": "v1.2.3"}})),
        ("webservice", json!({"workhorse": {"tag": "v1.2.3"}})),
        ("webservice", json!({"securityContext": {"runAsUser": 1234}})),
    ];
    for (component, own) in differs {
        let with = rendered(&values(component, &own));
        assert_eq!(codes(&with), ["differs-from-helm"], "{component}: {own}");
        assert_ne!(text(&with), text(&rendered(&values(component, &json!({})))), "{component}: {own}");
    }
}

#[test]
fn init_settings_of_an_entry_are_those_of_its_rails_containers() {
    let own = json!({"init": {
        "image": {"tag": "v1.2.3"},
        "resources": {"requests": {"cpu": "77m"}},
        "containerSecurityContext": {"runAsUser": 777},
    }});
    let rendered = rendered(&values("webservice", &own));
    let mut objects = rendered.objects.manifests().iter().map(|object| &object.body);
    let deployment = objects
        .find(|body| body["kind"] == "Deployment" && body["metadata"]["name"] == "prod-webservice-one")
        .expect("a Deployment");
    let containers = deployment["spec"]["template"]["spec"]["initContainers"].as_array().expect("a list");
    assert_eq!(containers.len(), 3);
    for container in containers {
        assert_eq!(container["resources"]["requests"]["cpu"], "77m", "{container}");
        assert_eq!(container["securityContext"]["runAsUser"], 777, "{container}");
    }
}

#[test]
fn volumes_of_an_entry_come_beside_those_of_all() {
    let mut all = values(
        "sidekiq",
        &json!({"extraVolumes": "- {name: own, emptyDir: {}}", "extraVolumeMounts": "- {name: own, mountPath: /own}"}),
    );
    all["gitlab"]["sidekiq"]["extraVolumes"] = json!("- {name: all, emptyDir: {}}");
    all["gitlab"]["sidekiq"]["extraVolumeMounts"] = json!("- {name: all, mountPath: /all}");
    let rendered = rendered(&all);
    let objects = rendered.objects.manifests().iter().map(|object| &object.body);
    let deployment = objects
        .filter(|body| body["kind"] == "Deployment")
        .find(|body| body["metadata"]["name"] == "prod-sidekiq-one-v2")
        .expect("a Deployment");
    let spec = &deployment["spec"]["template"]["spec"];
    let has =
        |list: &Value, key: &str, value: &str| list.as_array().into_iter().flatten().any(|item| item[key] == value);
    assert!(has(&spec["volumes"], "name", "own") && has(&spec["volumes"], "name", "all"), "{}", spec["volumes"]);
    let rails = ["configure", "dependencies", "sidekiq"];
    let containers = [&spec["initContainers"], &spec["containers"]].into_iter().filter_map(Value::as_array).flatten();
    for container in containers.filter(|container| rails.iter().any(|name| container["name"] == *name)) {
        let mounts = &container["volumeMounts"];
        assert!(
            has(mounts, "mountPath", "/own") && has(mounts, "mountPath", "/all"),
            "{}: {mounts}",
            container["name"]
        );
    }
}

#[test]
fn sidekiq_learns_how_many_pods_of_an_entry_there_can_be() {
    for (own, most) in [
        (json!({"maxReplicas": 31}), "31"),
        (json!({"maxReplicas": 31, "hpa": {"maxReplicas": 32}}), "32"),
        (json!({"hpa": {"maxReplicas": 32}, "keda": {"enabled": true, "maxReplicaCount": 33}}), "33"),
        (json!({}), "10"),
    ] {
        let text = text(&rendered(&values("sidekiq", &own)));
        let mut lines = text.lines().skip_while(|line| !line.contains("GITLAB_SIDEKIQ_MAX_REPLICAS"));
        assert_eq!(lines.nth(1).map(str::trim), Some(format!("value: \"{most}\"").as_str()), "{own}");
    }
}

#[test]
fn requests_and_nodes_of_a_set_take_the_place_of_those_of_all() {
    let mut all = values("sidekiq", &json!({"resources": {"requests": {"cpu": "2"}}, "nodeSelector": {"own": "yes"}}));
    all["gitlab"]["sidekiq"]["resources"] = json!({"requests": {"memory": "3Gi"}, "limits": {"memory": "4Gi"}});
    all["gitlab"]["sidekiq"]["nodeSelector"] = json!({"all": "yes"});
    let mut empty = all.clone();
    empty["gitlab"]["sidekiq"]["pods"][0] = json!({"name": "one", "resources": {}, "nodeSelector": {}});
    let pod = |values: &Value| {
        let rendered = rendered(values);
        let body = rendered
            .objects
            .manifests()
            .iter()
            .map(|object| &object.body)
            .find(|body| body["metadata"]["name"] == "prod-sidekiq-one-v2" && body["kind"] == "Deployment")
            .expect("a Deployment")
            .clone();
        let spec = &body["spec"]["template"]["spec"];
        (spec["containers"][0]["resources"].clone(), spec["nodeSelector"].clone())
    };
    assert_eq!(pod(&all), (json!({"requests": {"cpu": "2"}}), json!({"own": "yes"})));
    let (resources, nodes) = pod(&empty);
    assert_eq!((&resources["requests"]["memory"], &resources["limits"]["memory"]), (&json!("3Gi"), &json!("4Gi")));
    assert_eq!(nodes, json!({"all": "yes"}));
}

#[test]
fn what_only_an_entry_of_sidekiqs_pods_has_is_reported_for_all_of_them() {
    let own = [("strategy", json!({"type": "Recreate"})), ("terminationGracePeriodSeconds", json!(99))];
    let base = text(&rendered(&json!({})));
    for (key, value) in own {
        let all = rendered(&json!({"gitlab": {"sidekiq": {key: value}}}));
        let said = all.warnings.iter().find(|finding| finding.message.contains(&format!("gitlab.sidekiq.{key}`")));
        assert_eq!(said.map(|finding| finding.code), Some("unread-key"), "{key}");
        assert_eq!(text(&all), base, "{key}");
        assert_ne!(
            text(&rendered(&values("sidekiq", &json!({key: value})))),
            text(&rendered(&values("sidekiq", &json!({}))))
        );
    }
}
