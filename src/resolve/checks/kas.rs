//! The agent server and its features.

use super::required;
use crate::resolve::context::Context;

/// Reports missing settings.
pub(super) fn check(cx: &Context) {
    if cx.enabled("global.kas.tls.enabled") {
        required(
            cx,
            "kas-tls",
            "global.kas.tls.secretName",
            "`global.kas.tls.enabled` asks for TLS between the parts of the agent server and GitLab",
            "make a Secret of the type `kubernetes.io/tls` and name it here",
        );
    }
    if cx.enabled("gitlab.kas.autoflow.enabled") {
        let why = "`gitlab.kas.autoflow.enabled` runs workflows on Temporal";
        for (key, hint) in [
            ("namespace", "write the namespace at Temporal, as `gitlab.a1b2c`"),
            ("workerMtls.secretName", "make a Secret with the certificate that logs in at Temporal, and name it here"),
        ] {
            required(cx, "kas-autoflow", &format!("gitlab.kas.autoflow.temporal.{key}"), why, hint);
        }
    }
    if cx.enabled("global.workspaces.enabled") && cx.enabled("global.kas.enabled") {
        required(
            cx,
            "workspaces-host",
            "global.hosts.workspaces.name",
            "`global.workspaces.enabled` serves workspaces below a host of their own",
            "write the host name, as `workspaces.example.com`",
        );
    }
}
