//! The webservice and Sidekiq: several deployments of one component.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::common::{root, run};

const LEAST: &str = "certmanager-issuer: {email: a@b.test}\n";

/// The exit status, the objects (none where it was refused), and what was said.
fn render(values: &str) -> (Option<i32>, Vec<Value>, String) {
    let args: Vec<String> =
        ["template", "prod", "-n", "gitlab", "-q", "-o", "json", "-f", "-"].map(str::to_owned).to_vec();
    let ran = run(root(), &args, &BTreeMap::new(), &format!("{LEAST}{values}"));
    let list: Value = serde_json::from_str(&ran.stdout).unwrap_or_default();
    (ran.status, list["items"].as_array().cloned().unwrap_or_default(), ran.stderr)
}

fn find<'o>(objects: &'o [Value], kind: &str, name: &str) -> Option<&'o Value> {
    objects.iter().find(|o| o["kind"] == kind && o["metadata"]["name"] == name)
}

#[test]
fn each_deployment_has_its_service_and_those_with_a_path_an_ingress() {
    let (status, objects, said) = render(
        "gitlab: {webservice: {deployments: {web: {ingress: {path: /}}, api: {ingress: {path: /api}}, jobs: {}}}}",
    );
    assert_eq!(status, Some(0), "{said}");
    for name in ["web", "api", "jobs"] {
        let deployment = find(&objects, "Deployment", &format!("prod-webservice-{name}")).expect("a Deployment");
        assert_eq!(deployment["spec"]["selector"]["matchLabels"]["gitlab.com/webservice-name"], name);
        let service = find(&objects, "Service", &format!("prod-webservice-{name}")).expect("a Service");
        assert_eq!(service["spec"]["selector"], deployment["spec"]["selector"]["matchLabels"]);
    }
    let api = find(&objects, "Ingress", "prod-webservice-api").expect("an Ingress");
    assert_eq!(api["spec"]["rules"][0]["http"]["paths"][0]["path"], "/api");
    assert!(find(&objects, "Ingress", "prod-webservice-jobs").is_none());
}

#[test]
fn a_deployment_has_labels_and_annotations_besides_those_of_the_component() {
    let own = "{ingress: {path: /}, deployment: {labels: {tier: front}}, pod: {labels: {tier: pods}, annotations: {scan: 'true'}}}";
    let (status, objects, said) =
        render(&format!("gitlab: {{webservice: {{annotations: {{all: 'yes'}}, deployments: {{a: {own}, b: {{}}}}}}}}"));
    assert_eq!(status, Some(0), "{said}");
    let a = find(&objects, "Deployment", "prod-webservice-a").expect("a Deployment");
    let pods = &a["spec"]["template"]["metadata"];
    assert_eq!(a["metadata"]["labels"]["tier"], "front");
    assert_eq!((&pods["labels"]["tier"], &pods["annotations"]["scan"]), (&"pods".into(), &"true".into()));
    let b = find(&objects, "Deployment", "prod-webservice-b").expect("a Deployment");
    for deployment in [a, b] {
        assert_eq!(deployment["spec"]["template"]["metadata"]["annotations"]["all"], "yes");
    }
    assert_eq!(b["metadata"]["labels"].get("tier"), None);
}

#[test]
fn a_null_of_a_deployment_removes_what_all_have() {
    let values = "gitlab: {webservice: {nodeSelector: {disk: ssd}, deployments: {a: {ingress: {path: /}, nodeSelector: null}, b: {}}}}";
    let (status, objects, said) = render(values);
    assert_eq!(status, Some(0), "{said}");
    let pod = |name: &str| &find(&objects, "Deployment", name).expect("a Deployment")["spec"]["template"]["spec"];
    assert_eq!(pod("prod-webservice-a").get("nodeSelector"), None);
    assert_eq!(pod("prod-webservice-b")["nodeSelector"]["disk"], "ssd");
}

#[test]
fn every_request_needs_a_deployment() {
    let (status, objects, said) = render("gitlab: {webservice: {deployments: {api: {ingress: {path: /api}}}}}");
    assert_eq!((status, objects.len()), (Some(3), 0));
    assert!(said.contains("gitlab.webservice.deployments"), "{said}");
}

#[test]
fn an_entry_of_sidekiq_lies_over_the_component() {
    let values =
        "gitlab: {sidekiq: {concurrency: 5, pods: [{name: mail, queues: mailers, concurrency: 9}, {name: rest}]}}";
    let (status, objects, said) = render(values);
    assert_eq!(status, Some(0), "{said}");
    let concurrency = |name: &str| {
        let deployment = find(&objects, "Deployment", name).expect("a Deployment");
        let env = deployment["spec"]["template"]["spec"]["containers"][0]["env"].as_array().expect("variables").clone();
        env.into_iter().find(|v| v["name"] == "SIDEKIQ_CONCURRENCY").expect("the variable")["value"].clone()
    };
    assert_eq!(concurrency("prod-sidekiq-mail-v2"), "9");
    assert_eq!(concurrency("prod-sidekiq-rest-v2"), "5");
}

#[test]
fn settings_of_sidekiq_that_contradict_each_other_are_refused() {
    for (values, word) in [
        ("gitlab: {sidekiq: {pods: [{name: a, timeout: 50}]}}", "terminationGracePeriodSeconds"),
        ("gitlab: {sidekiq: {metrics: {port: 8082}, health_checks: {port: 8082}}}", "health_checks.port"),
        ("global: {appConfig: {sidekiq: {routingRules: [[\"a=b\"]]}}}", "routingRules"),
    ] {
        let (status, objects, said) = render(values);
        assert_eq!((status, objects.len()), (Some(3), 0), "{values}");
        assert!(said.contains(word), "{values}: {said}");
    }
}

#[test]
fn a_text_in_workhorses_configuration_opens_no_tag() {
    let values = "gitlab: {webservice: {workhorse: {trustedCIDRsForXForwardedFor: ['{% env.Env %}\"']}}}";
    let (status, objects, said) = render(values);
    assert_eq!(status, Some(0), "{said}");
    let config = &find(&objects, "ConfigMap", "prod-workhorse-default").expect("a ConfigMap")["data"];
    let config = config["workhorse-config.toml.tpl"].as_str().expect("a text");
    let line = r#"trusted_cidrs_for_x_forwarded_for = ["\u007b% env.Env %}\""]"#;
    assert!(config.lines().any(|l| l == line), "{config}");
}
