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
            "`global.kas.tls.enabled` enables TLS between the agent server and GitLab",
            "create a Secret of the type `kubernetes.io/tls` and name it here",
        );
    }
    if cx.enabled("gitlab.kas.autoflow.enabled") {
        let why = "`gitlab.kas.autoflow.enabled` runs workflows on Temporal";
        for (key, hint) in [
            ("namespace", "write the namespace in Temporal, for example `gitlab.a1b2c`"),
            ("workerMtls.secretName", "create a Secret with the client certificate for Temporal, and name it here"),
        ] {
            required(cx, "kas-autoflow", &format!("gitlab.kas.autoflow.temporal.{key}"), why, hint);
        }
    }
    if cx.enabled("global.workspaces.enabled") && cx.enabled("global.kas.enabled") {
        required(
            cx,
            "workspaces-host",
            "global.hosts.workspaces.name",
            "`global.workspaces.enabled` serves workspaces under their own host",
            "write the host name, for example `workspaces.example.com`",
        );
    }
}
