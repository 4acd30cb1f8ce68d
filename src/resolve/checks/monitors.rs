//! Monitors for the Prometheus operator that are asked for and cannot be written.

use super::{Context, list};
use crate::diag::{Diagnostic, ValuePath};

/// What may have monitors, and what switches it on.
const COMPONENTS: [(&str, &str); 9] = [
    ("gitlab.webservice", "gitlab.webservice.enabled"),
    ("gitlab.sidekiq", "gitlab.sidekiq.enabled"),
    ("gitlab.gitaly", "global.gitaly.enabled"),
    ("gitlab.praefect", "global.praefect.enabled"),
    ("gitlab.gitlab-shell", "gitlab.gitlab-shell.enabled"),
    ("gitlab.gitlab-exporter", "gitlab.gitlab-exporter.enabled"),
    ("gitlab.gitlab-pages", "global.pages.enabled"),
    ("gitlab.kas", "global.kas.enabled"),
    ("registry", "registry.enabled"),
];

/// Says which are left out: the official chart asks the cluster whether it takes them, and here nobody can be asked.
pub(super) fn check(cx: &Context) {
    if cx.takes_monitors() {
        return;
    }
    let on =
        COMPONENTS.iter().filter(|(key, switch)| cx.enabled(switch) && cx.enabled(&format!("{key}.metrics.enabled")));
    let asked: Vec<_> = on
        .flat_map(|(key, _)| ["serviceMonitor", "podMonitor"].map(|kind| format!("{key}.metrics.{kind}.enabled")))
        .filter(|path| cx.enabled(path))
        .collect();
    let Some((first, others)) = asked.split_first() else { return };
    let others: Vec<_> = others.iter().map(String::as_str).collect();
    let too = if others.is_empty() { String::new() } else { format!("; nor for {}", list(&others)) };
    let message = format!(
        "`{first}`: no monitor is written, because nothing says that the cluster has `monitoring.coreos.com/v1`{too}"
    );
    cx.say(
        Diagnostic::warning("no-monitors", message)
            .at_value(ValuePath::dotted(first))
            .hint("add `-a monitoring.coreos.com/v1`, or set `global.monitoring.enabled: true`"),
    );
}
