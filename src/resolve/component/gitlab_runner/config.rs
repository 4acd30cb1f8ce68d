//! The ConfigMap: `config.toml`, the template of a runner's entry in it, and the scripts of the container.

use serde_json::{Map, Value, json};

use super::{COMPONENT, Runner};
use crate::diag::{Diagnostic, ValuePath};
use crate::model::{NonEmpty, Text};
use crate::resolve::{Plan, labels};
use crate::view;

/// The maximum duration of a session in seconds, and the listen address of the session server.
const SESSION_TIMEOUT: i64 = 1800;

/// The placeholder in `config.toml` for the address that is only known when the runner starts.
const ADDRESS: &str = "SESSION_SERVER_ADDRESS:SESSION_SERVER_PORT";

/// The file that the entry point passes to `gitlab-runner register --template-config`.
const TEMPLATE: &str = "/configmaps/config.template.toml";

pub fn plan(runner: &Runner, plan: &mut Plan) {
    let set = &runner.set;
    let text = |value: &Option<Text>| value.non_empty().map(str::to_owned);
    let template = text(&set.runners.config).map(|config| runner.evaluated("runners.config", &config));
    if let Some(template) = &template {
        check(runner, template);
    }
    let path = text(&set.runners.config_path);
    let template_path = if template.is_some() { TEMPLATE } else { path.as_deref().unwrap_or_default() };
    let session = set.session_server.enabled;
    let public = text(&set.session_server.public_ip);
    let view = view! {
        name: runner.name, labels: runner.labels,
        config: config_toml(runner), template: template,
        pre_entrypoint: text(&set.pre_entrypoint_script).unwrap_or_default(),
        entrypoint: view! {
            session, find_address: session && public.is_none(),
        },
        register: view! { template: template_path },
        session: session.then(|| view! {
            service: super::service::session_name(runner),
            port: super::service::session_ports(&set.session_server).1,
            node_port: super::service::session_type(runner) == "NodePort",
        }),
        none: Value::Object(Map::new()),
    };
    let more = json!({"data": labels::text_map(&set.config_maps)});
    plan.add(COMPONENT.name, "configmap.yaml", view).overlay(more);
}

/// The global section of `config.toml`; the runner itself adds its entry when it registers.
fn config_toml(runner: &Runner) -> String {
    let set = &runner.set;
    let mut lines = Vec::new();
    let mut line = |key: &str, value: String| lines.push(format!("{key} = {value}"));
    let text = |value: &Option<Text>| value.non_empty().map(str::to_owned);
    if let Some(seconds) = set.shutdown_timeout {
        line("shutdown_timeout", seconds.to_string());
    }
    if let Some(jobs) = set.concurrent {
        line("concurrent", jobs.to_string());
    }
    if let Some(seconds) = seconds(runner) {
        line("check_interval", seconds.to_string());
    }
    line("log_level", quoted(&text(&set.log_level).unwrap_or_else(|| "info".to_owned())));
    for (key, value) in [
        ("log_format", &set.log_format),
        ("sentry_dsn", &set.sentry_dsn),
        ("connection_max_age", &set.connection_max_age),
    ] {
        if let Some(value) = text(value) {
            line(key, quoted(&value));
        }
    }
    if set.metrics.enabled {
        line("listen_address", quoted(&format!(":{}", set.metrics.port)));
    }
    if set.session_server.enabled {
        let server = &set.session_server;
        let port = super::service::session_ports(server).0;
        lines.push("[session_server]".to_owned());
        lines.push(format!("  session_timeout = {}", server.timeout.map_or(SESSION_TIMEOUT, |seconds| seconds.0)));
        lines.push(format!("  listen_address = {}", quoted(&format!("0.0.0.0:{port}"))));
        lines.push(format!("  advertise_address = {}", quoted(ADDRESS)));
    }
    lines.push(String::new());
    lines.join("\n")
}

/// `checkInterval`: an integer with an optional suffix `s` for seconds.
fn seconds(runner: &Runner) -> Option<u32> {
    let text = runner.set.check_interval.non_empty()?;
    let number = text.strip_suffix('s').unwrap_or(text).parse();
    number
        .map_err(|_| {
            let path = format!("{}.checkInterval", COMPONENT.key);
            runner.cx.say(
                Diagnostic::error("wrong-type", format!("`{path}`: expected a whole number of seconds"))
                    .at_value(ValuePath::dotted(&path))
                    .hint("write it without a unit, for example `30`"),
            );
        })
        .ok()
}

/// A TOML basic string. TOML has the escapes of JSON; DEL is the one additional character that needs one.
fn quoted(text: &str) -> String {
    Value::from(text).to_string().replace('\u{7f}', "\\u007F")
}

/// A template that is not TOML would end the runner's registration, pod by pod.
fn check(runner: &Runner, template: &str) {
    if let Err(why) = template.parse::<toml::Table>() {
        let path = format!("{}.runners.config", COMPONENT.key);
        let line = why.span().map_or(1, |span| template[..span.start.min(template.len())].matches('\n').count() + 1);
        runner.cx.say(
            Diagnostic::warning(
                "not-toml",
                format!("`{path}`: line {line} of the string is not TOML: {}", why.message()),
            )
            .at_value(ValuePath::dotted(&path))
            .hint("the runner refuses the file when it registers"),
        );
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_text_comes_back_from_toml(text in any::<String>()) {
            let file = format!("key = {}\n", super::quoted(&text));
            let read: toml::Table = file.parse().map_err(|e| TestCaseError::fail(format!("{e}")))?;
            prop_assert_eq!(read.get("key").and_then(toml::Value::as_str), Some(text.as_str()));
        }
    }
}
