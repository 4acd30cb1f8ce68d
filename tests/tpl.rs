//! Values that are templates: what texts come to, in the language that Helm's users know.

use std::collections::BTreeMap;
use std::fs;

use serde_json::Value;

use crate::common::{root, run};

fn render(values: &str, more: &[&str]) -> Value {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("values.yaml"), values).unwrap();
    let args = ["template", "prod", "-n", "gitlab", "-f", "values.yaml", "-o", "json", "-q"];
    let args: Vec<String> = args.iter().chain(more).map(|arg| (*arg).to_owned()).collect();
    let got = run(directory.path(), &args, &BTreeMap::new(), "");
    assert_eq!(got.status, Some(0), "{}", got.stderr);
    serde_json::from_str(&got.stdout).unwrap()
}

fn pod<'v>(objects: &'v Value, kind: &str, start: &str) -> &'v Value {
    let named = |o: &&Value| o["kind"] == kind && o["metadata"]["name"].as_str().unwrap().starts_with(start);
    &objects["items"].as_array().unwrap().iter().find(named).unwrap()["spec"]["template"]["spec"]
}

#[test]
fn texts_come_to_what_helm_makes_of_them() {
    let cases = fs::read_to_string(root().join("tests/tpl/cases.txt")).unwrap();
    let cases: Vec<(&str, &str)> = cases
        .lines()
        .filter(|l| !l.starts_with('#') && !l.is_empty())
        .map(|l| l.rsplit_once(" => ").unwrap())
        .collect();
    let script: String = cases.iter().map(|(text, _)| format!("{text}\n")).collect();
    let values: Value = serde_json::json!({"gitlab": {"migrations": {"scriptTpl": script}}});
    let directory = tempfile::tempdir().unwrap();
    let more = directory.path().join("script.json");
    fs::write(&more, values.to_string()).unwrap();
    let values = fs::read_to_string(root().join("tests/tpl/values.yaml")).unwrap();
    // The migrations chart has no free keys for the values that the cases need.
    let objects = render(&values, &["-f", more.to_str().unwrap(), "--unknown-keys", "warn"]);
    let args = &pod(&objects, "Job", "prod-migrations")["containers"][0]["args"];
    let lines: Vec<&str> = args[2].as_str().unwrap().lines().collect();
    assert_eq!(lines.len(), cases.len());
    let wrong: Vec<String> = cases
        .iter()
        .zip(lines)
        .filter(|((_, expected), line)| line != expected)
        .map(|((text, expected), line)| format!("{text}\n  comes to {line}\n  not      {expected}"))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn blocks_of_yaml_are_evaluated_where_the_official_chart_does() {
    let values = r#"
certmanager-issuer: {email: admin@example.com}
gitlab:
  gitaly:
    extraVolumes: |
      - name: {{ .Release.Name }}-scripts
        configMap: {name: '{{ include "fullname" . }}-scripts'}
      {{- if .Values.persistence.enabled }}
      - name: kept
        emptyDir: {}
      {{- end }}
    extraVolumeMounts:
      - name: '{{ .Release.Name }}-scripts'
        mountPath: /scripts
    extraContainers: |
      - name: side
        image: busybox
        resources:
          {{- toYaml .Values.resources | nindent 10 }}
    extraEnv:
      PATTERN: '{{ .Release.Name }}'
nginx-ingress:
  controller:
    ingressClassResource:
      name: '{{ printf "%s-web" .Release.Name | quote }}'
    extraVolumes:
      - name: rules
        configMap: {name: rules, items: [{key: x, path: '{{ .Release.Name }}'}]}
"#;
    let objects = render(values, &["--set", "gitlab.gitaly.resources.requests.cpu=123m"]);
    let gitaly = pod(&objects, "StatefulSet", "prod-gitaly");
    assert_eq!(
        gitaly["volumes"][0],
        serde_json::json!({"name": "prod-scripts", "configMap": {"name": "prod-gitaly-scripts"}})
    );
    assert_eq!(gitaly["volumes"][1]["name"], "kept");
    let side = gitaly["containers"].as_array().unwrap().iter().find(|c| c["name"] == "side").unwrap();
    assert_eq!(side["resources"]["requests"]["cpu"], "123m");
    let main = gitaly["containers"].as_array().unwrap().iter().find(|c| c["name"] == "gitaly").unwrap();
    assert!(main["volumeMounts"].as_array().unwrap().iter().any(|m| m["name"] == "prod-scripts"));
    // Not everywhere: these are texts for something else.
    let pattern = main["env"].as_array().unwrap().iter().find(|e| e["name"] == "PATTERN").unwrap();
    assert_eq!(pattern["value"], "{{ .Release.Name }}");
    let controller = pod(&objects, "Deployment", "prod-nginx-ingress-controller");
    let rules = controller["volumes"].as_array().unwrap().iter().find(|v| v["name"] == "rules").unwrap();
    assert_eq!(rules["configMap"]["items"][0]["path"], "{{ .Release.Name }}");
    let classes = objects["items"].as_array().unwrap().iter().filter(|o| o["kind"] == "IngressClass");
    assert_eq!(classes.map(|c| &c["metadata"]["name"]).collect::<Vec<_>>(), ["prod-web"]);
}
