//! Monitors for the Prometheus operator that the values enable and that cannot be written.

use super::{Context, list};
use crate::bundle;
use crate::diag::{Diagnostic, ValuePath, code};

/// Reports the monitors that are left out. The official chart looks up their kinds in the cluster; a render here has no
/// cluster.
pub(super) fn check(cx: &Context) {
    if cx.takes_monitors() {
        return;
    }
    let on = |m: &&bundle::MonitorSwitches| [m.component, m.metrics, m.monitor].iter().all(|path| cx.enabled(path));
    let asked: Vec<_> = bundle::MONITORS.iter().filter(on).map(|switches| switches.monitor).collect();
    let Some((first, others)) = asked.split_first() else { return };
    let too = if others.is_empty() { String::new() } else { format!("; nor for {}", list(others)) };
    let message = format!(
        "`{first}`: no monitor is written, because the cluster is not known to have `monitoring.coreos.com/v1`{too}"
    );
    cx.say(
        Diagnostic::warning(code::NO_MONITORS, message)
            .at_values(asked.iter().map(|path| ValuePath::dotted(path)))
            .hint("add `-a monitoring.coreos.com/v1`, or set `global.monitoring.enabled: true`"),
    );
}
