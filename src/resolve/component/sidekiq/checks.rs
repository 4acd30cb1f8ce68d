//! Contradictory settings of Sidekiq.

use serde_json::Value;

use super::Settings;
use crate::diag::{Diagnostic, ValuePath};
use crate::model::Node;
use crate::resolve::context::Context;
use crate::resolve::workload::Workload;

fn refuse(cx: &Context, code: &'static str, path: &str, message: &str, hint: &str) {
    let diagnostic = Diagnostic::error(code, format!("`{path}`: {message}"));
    let path = ValuePath::indexed(path).unwrap_or_else(|| ValuePath::dotted(path));
    cx.say(diagnostic.at_value(path).hint(hint));
}

/// Jobs get `timeout` seconds to end; Kubernetes must not kill the pod before. `entry` is the path of the pod's own
/// settings.
pub fn grace(w: &Workload, set: &Settings, entry: &str) {
    let cx = w.cx;
    let own = set.termination_grace_period_seconds.as_ref();
    let grace = own.or(w.set.deployment.termination_grace_period_seconds.as_ref()).and_then(Node::as_f64);
    let timeout = set.timeout.as_str().parse::<f64>();
    if let (Some(grace), Ok(timeout)) = (grace, timeout)
        && grace <= timeout
    {
        let at = |key: &str, shared: &str| match there(cx, &format!("{entry}.{key}")) {
            true => format!("{entry}.{key}"),
            false => shared.to_owned(),
        };
        let path = match own {
            Some(_) => format!("{entry}.terminationGracePeriodSeconds"),
            None => at(
                "deployment.terminationGracePeriodSeconds",
                "gitlab.sidekiq.deployment.terminationGracePeriodSeconds",
            ),
        };
        let limit = at("timeout", "gitlab.sidekiq.timeout");
        let message = format!(
            "the pods of `{}` would be killed after {grace} seconds, before `{limit}` ({timeout} seconds) has passed",
            set.name,
        );
        let hint = format!("increase it above `{limit}`, or decrease that");
        refuse(cx, "grace-too-short", &path, &message, &hint);
    }
}

fn there(cx: &Context, path: &str) -> bool {
    ValuePath::indexed(path).is_some_and(|path| path.within(cx.tree()).is_some_and(|value| !value.is_null()))
}

/// The exporter and the health checks are two servers.
pub fn ports(cx: &Context, set: &Settings) {
    if set.metrics.enabled && super::port_text(set.metrics.port.as_ref()) == set.health_checks.port.to_string() {
        refuse(
            cx,
            "same-port",
            "gitlab.sidekiq.health_checks.port",
            "`gitlab.sidekiq.metrics.port` is the same port, but the two servers need different ones",
            "give one of them another port",
        );
    }
}

/// The queues of an entry are one string: `mailers,default`. Returns whether it was one.
pub fn queues(cx: &Context, entry: &Value, path: &str) -> bool {
    let fits = entry.get("queues").is_none_or(|queues| queues.is_string() || queues.is_null());
    if !fits {
        refuse(
            cx,
            "wrong-type",
            &format!("{path}.queues"),
            "expected a string",
            "write the names of the queues, separated by commas: `queues: mailers,default`",
        );
    }
    fits
}
