//! The ingress controller: rules that no recorded case has.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::common::run;

/// The objects of one component's values, by `Kind/name`.
fn objects(values: &str) -> BTreeMap<String, Value> {
    let directory = tempfile::tempdir().unwrap();
    let file = format!("certmanager-issuer: {{email: admin@example.com}}\n{values}");
    std::fs::write(directory.path().join("values.yaml"), file).unwrap();
    let args = ["template", "test", "-f", "values.yaml", "-o", "json"].map(str::to_owned);
    let got = run(directory.path(), &args, &BTreeMap::new(), "");
    assert_eq!(got.status, Some(0), "{}", got.stderr);
    let list: Value = serde_json::from_str(&got.stdout).unwrap();
    let id = |o: &Value| format!("{}/{}", o["kind"].as_str().unwrap(), o["metadata"]["name"].as_str().unwrap());
    list["items"].as_array().unwrap().iter().map(|object| (id(object), object.clone())).collect()
}

fn args(objects: &BTreeMap<String, Value>, workload: &str) -> Vec<String> {
    let containers = objects[workload]["spec"]["template"]["spec"]["containers"].as_array().unwrap();
    let main = containers.iter().find(|c| c["name"] == "controller").unwrap();
    main["args"].as_array().unwrap().iter().map(|arg| arg.as_str().unwrap().to_owned()).collect()
}

#[test]
fn the_twin_for_geo_has_names_a_class_and_an_address_of_its_own() {
    let all = objects("global: {hosts: {externalGeoIP: 192.0.2.9}}\nnginx-ingress-geo: {enabled: true}\n");
    let service = &all["Service/test-nginx-ingress-geo-controller"]["spec"];
    assert_eq!(service["loadBalancerIP"], "192.0.2.9");
    assert_eq!(service["selector"]["app"], "nginx-ingress-geo");
    assert_eq!(all["Service/test-nginx-ingress-controller"]["spec"]["loadBalancerIP"], Value::Null);
    assert_eq!(all["IngressClass/test-nginx-geo"]["spec"]["controller"], "k8s.io/nginx-ingress-geo");
    assert!(all.contains_key("IngressClass/test-nginx"));
    let args = args(&all, "Deployment/test-nginx-ingress-geo-controller");
    assert!(args.contains(&"--election-id=ingress-controller-leader-geo".to_owned()), "{args:?}");
    assert_eq!(all["ConfigMap/test-nginx-ingress-geo-controller"]["data"]["use-forwarded-headers"], "true");
    // A default that the twin does not name itself.
    assert_eq!(all["ConfigMap/test-nginx-ingress-geo-controller"]["data"]["hsts"], "true");
}

#[test]
fn a_service_inside_the_cluster_has_no_policy_for_traffic_from_outside() {
    let all = objects("nginx-ingress: {controller: {service: {type: ClusterIP, nodePorts: {http: 32080}}}}\n");
    let service = &all["Service/test-nginx-ingress-controller"]["spec"];
    assert_eq!(service["type"], "ClusterIP");
    assert_eq!(service["externalTrafficPolicy"], Value::Null);
    assert_eq!(service["ports"][0]["nodePort"], Value::Null);
}

#[test]
fn nodes_have_the_ports_that_are_asked_for() {
    let ports = "{http: '32080', gitlab-shell: 32022, tcp: {9000: 32090}}";
    let all = objects(&format!(
        "nginx-ingress: {{tcpExternalConfig: '', tcp: {{9000: default/x:9000}}, controller: {{service: {{type: NodePort, nodePorts: {ports}}}}}}}\n"
    ));
    let service = &all["Service/test-nginx-ingress-controller"]["spec"];
    let node_ports: Vec<_> = service["ports"]
        .as_array()
        .unwrap()
        .iter()
        .map(|port| (port["name"].as_str().unwrap(), port["nodePort"].as_i64()))
        .collect();
    let expected = [("http", Some(32080)), ("https", None), ("gitlab-shell", None), ("9000-tcp", Some(32090))];
    assert_eq!(node_ports, expected);
    assert_eq!(all["ConfigMap/test-nginx-ingress-tcp"]["data"]["9000"], "default/x:9000");
}

#[test]
fn an_internal_service_alone_is_the_one_that_is_published() {
    let internal = "{enabled: true, annotations: {internal: 'true'}}";
    let all = objects(&format!(
        "nginx-ingress: {{controller: {{service: {{external: {{enabled: false}}, internal: {internal}}}}}}}\n"
    ));
    assert!(!all.contains_key("Service/test-nginx-ingress-controller"));
    assert_eq!(all["Service/test-nginx-ingress-controller-internal"]["spec"]["type"], "LoadBalancer");
    let args = args(&all, "Deployment/test-nginx-ingress-controller");
    assert_eq!(args[1], "--publish-service=$(POD_NAMESPACE)/test-nginx-ingress-controller-internal");
}

#[test]
fn one_pod_has_no_disruption_budget_and_a_scaled_one_no_replicas() {
    let budget = "PodDisruptionBudget/test-nginx-ingress-controller";
    assert!(!objects("nginx-ingress: {controller: {replicaCount: 1}}\n").contains_key(budget));
    let all = objects("nginx-ingress: {controller: {autoscaling: {enabled: true, minReplicas: 3}}}\n");
    assert!(all.contains_key(budget));
    assert_eq!(all["Deployment/test-nginx-ingress-controller"]["spec"]["replicas"], Value::Null);
    assert_eq!(all["HorizontalPodAutoscaler/test-nginx-ingress-controller"]["spec"]["minReplicas"], 3);
}

#[test]
fn the_webhook_s_certificate_comes_from_jobs_or_from_cert_manager() {
    let job = "Job/test-nginx-ingress-admission-create";
    let certificate = "Certificate/test-nginx-ingress-admission";
    let all = objects("nginx-ingress: {controller: {admissionWebhooks: {enabled: true}}}\n");
    assert!(all.contains_key(job) && !all.contains_key(certificate));
    let webhook = &all["ValidatingWebhookConfiguration/test-nginx-ingress-admission"]["webhooks"][0];
    let service = webhook["clientConfig"]["service"]["name"].as_str().unwrap();
    assert!(all.contains_key(&format!("Service/{service}")), "{service}");
    let all =
        objects("nginx-ingress: {controller: {admissionWebhooks: {enabled: true, certManager: {enabled: true}}}}\n");
    assert!(!all.contains_key(job) && all.contains_key(certificate));
}
