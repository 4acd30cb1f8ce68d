//! Settings of Sidekiq that contradict each other.

use serde_json::Value;

use super::Settings;
use crate::diag::{Diagnostic, ValuePath};
use crate::model::Node;
use crate::resolve::context::Context;
use crate::resolve::workload::Workload;

fn refuse(cx: &Context, code: &'static str, path: &str, message: &str, hint: &str) {
    let diagnostic = Diagnostic::error(code, format!("`{path}`: {message}"));
    cx.say(diagnostic.at_value(ValuePath::dotted(path)).hint(hint));
}

/// Jobs get `timeout` to end; Kubernetes must not kill the pod before.
pub fn grace(w: &Workload, set: &Settings) {
    let own = set.termination_grace_period_seconds.as_ref();
    let grace = own.or(w.set.deployment.termination_grace_period_seconds.as_ref()).and_then(Node::as_f64);
    let timeout = set.timeout.as_str().parse::<f64>();
    if let (Some(grace), Ok(timeout)) = (grace, timeout)
        && grace <= timeout
    {
        let path = match own {
            Some(_) => "gitlab.sidekiq.pods",
            None => "gitlab.sidekiq.deployment.terminationGracePeriodSeconds",
        };
        let message = format!(
            "the pods of `{}` would be killed after {grace} seconds, before `timeout`, {timeout} seconds, is over",
            set.name,
        );
        refuse(w.cx, "grace-too-short", path, &message, "make `terminationGracePeriodSeconds` longer than `timeout`");
    }
}

/// The exporter and the health checks are two servers.
pub fn ports(cx: &Context, set: &Settings) {
    if set.metrics.enabled && super::port_text(set.metrics.port.as_ref()) == set.health_checks.port.to_string() {
        refuse(
            cx,
            "same-port",
            "gitlab.sidekiq.health_checks.port",
            "the port is that of `gitlab.sidekiq.metrics.port` too",
            "give one of them another port",
        );
    }
}

/// The queues of an entry are one text: `mailers,default`.
pub fn queues(cx: &Context, entry: &Value) {
    if entry.get("queues").is_some_and(|queues| !queues.is_string() && !queues.is_null()) {
        refuse(
            cx,
            "wrong-type",
            "gitlab.sidekiq.pods",
            "`queues` of an entry has to be a text",
            "write the names of the queues with commas between them: `queues: mailers,default`",
        );
    }
}

/// Routing rules are tuples: a query, a queue or null, and maybe the Redis instance of the queue.
pub fn routing_rules(cx: &Context) {
    let path = "global.appConfig.sidekiq.routingRules";
    let rules = cx.section(path);
    let fits = |rule: &Value| {
        let Some([query, queue, instance @ ..]) = rule.as_array().map(Vec::as_slice) else { return false };
        let text = |value: &Value| value.is_string() || value.is_null();
        query.is_string() && text(queue) && instance.len() <= 1 && instance.iter().all(text)
    };
    let fit = match rules {
        Value::Null => true,
        Value::Array(rules) => rules.iter().all(fits),
        _ => false,
    };
    if !fit {
        refuse(
            cx,
            "routing-rules",
            path,
            "each rule has to be a list of a query and a queue",
            "write them like `- [\"resource_boundary=cpu\", \"cpu_boundary\"]`; null as the queue means the worker's own",
        );
    }
}
