//! The ServiceAccount by which the runner creates the pods of jobs, and its permissions.

use serde_json::{Value, json};

use super::{COMPONENT, Runner};
use crate::model::{Node, NonEmpty, Text};
use crate::resolve::shared::gitlab_chart;
use crate::resolve::workload::image_pull_secrets;
use crate::resolve::{Plan, labels};
use crate::view;

/// The name of the ServiceAccount; empty where none is created and none is named, which means the namespace's default.
pub fn name(runner: &Runner) -> String {
    let (own, rbac) = (&runner.set.service_account, &runner.set.rbac);
    let set = |name: &Option<Text>| name.non_empty().map(str::to_owned);
    let named = set(&own.name).or_else(|| set(&rbac.generated_service_account_name));
    if makes_account(runner) {
        return named.unwrap_or_else(|| runner.name.clone());
    }
    named.or_else(|| set(&rbac.service_account_name)).unwrap_or_default()
}

fn makes_account(runner: &Runner) -> bool {
    runner.set.service_account.create.unwrap_or(runner.set.rbac.create)
}

pub fn plan(runner: &Runner, plan: &mut Plan) {
    let (own, rbac) = (&runner.set.service_account, &runner.set.rbac);
    let account = name(runner);
    if makes_account(runner) {
        let mut annotations = labels::text_map(&rbac.service_account_annotations);
        labels::put(&mut annotations, &own.annotations);
        let pull = [rbac.image_pull_secrets.clone(), own.image_pull_secrets.clone()].concat();
        let view = view! {
            name: account, labels: runner.labels, annotations: gitlab_chart::non_empty(&annotations),
            image_pull_secrets: image_pull_secrets(&pull),
        };
        plan.add(COMPONENT.name, "serviceaccount.yaml", view);
    }
    if !rbac.create {
        return;
    }
    let templates = match rbac.cluster_wide_access {
        true => ("clusterrole.yaml", "clusterrolebinding.yaml"),
        false => ("role.yaml", "rolebinding.yaml"),
    };
    plan_role(runner, &runner.name, &account, templates, rules(runner), plan);
    if runner.set.session_server.enabled {
        // For reading the address of the session server's Service.
        let rules = vec![json!({"apiGroups": [""], "resources": ["services"], "verbs": ["get"]})];
        let name = super::service::session_name(runner);
        plan_role(runner, &name, &account, ("role.yaml", "rolebinding.yaml"), rules, plan);
    }
}

fn plan_role(
    runner: &Runner,
    name: &str,
    account: &str,
    (role, binding): (&'static str, &'static str),
    rules: Vec<Node>,
    plan: &mut Plan,
) {
    plan.add(COMPONENT.name, role, view! { name, labels: runner.labels, rules });
    let namespace = &runner.cx.release.namespace;
    // A binding needs a subject with a name.
    let account = if account.is_empty() { "default" } else { account };
    plan.add(COMPONENT.name, binding, view! { name, labels: runner.labels, account, namespace });
}

/// The runner's permissions. Without `rbac.rules` they are all of the core group, as in the official chart: the kinds
/// that a job's pod needs depend on `runners.config`.
fn rules(runner: &Runner) -> Vec<Node> {
    let rbac = &runner.set.rbac;
    let all = |given: &Option<Node>, default: &str| given.clone().unwrap_or_else(|| json!([default]));
    let mut rules = Vec::new();
    if rbac.pod_security_policy.enabled {
        rules.push(json!({
            "apiGroups": ["policy"], "resources": ["podsecuritypolicies"], "verbs": ["use"],
            "resourceNames": rbac.pod_security_policy.resource_names,
        }));
    }
    if rbac.rules.is_empty() {
        rules.push(json!({"apiGroups": [""], "resources": ["*"], "verbs": ["*"]}));
    }
    for rule in &rbac.rules {
        let mut one = json!({
            "apiGroups": all(&rule.api_groups, ""), "resources": all(&rule.resources, "*"), "verbs": all(&rule.verbs, "*"),
        });
        if let (Value::Object(one), Some(names)) = (&mut one, &rule.resource_names) {
            one.insert("resourceNames".to_owned(), names.clone());
        }
        rules.push(one);
    }
    rules
}
