//! Keys that the schemas know and that the official chart ignores at their position: they are ignored here too, and
//! reported. Keys that have an effect only here, or another one, because that is safer, are reported as well.

use serde_json::Value;

use super::pattern;
use crate::diag::{Diagnostic, ValuePath};
use crate::values::Merged;

/// Ignored keys.
struct Ignored {
    /// The pattern: `*` is one key, `{a,b}` one of several.
    path: &'static str,
    /// The rule applies where one of these is set beside it.
    unless: &'static [&'static str],
    hint: &'static str,
}

const fn always(path: &'static str, hint: &'static str) -> Ignored {
    Ignored { path, unless: &[], hint }
}

const IGNORED: &[Ignored] = &[
    always(
        "global.appConfig.{artifacts,ciSecureFiles,dependencyProxy,lfs,packages,terraformState,uploads}.when",
        "remove it; only `global.appConfig.externalDiffs` has `when`",
    ),
    always(
        "global.appConfig.databaseTrafficCapture.config.storage.connector.credentials",
        "remove it; GitLab signs in with the identity of its pods",
    ),
    always("global.hosts.minio.serviceName", "remove it; the Service is named after the release"),
    always("global.redis.clusterSharedState", "write `global.redis.sharedState`"),
    always("global.redis.serviceName", "write `global.redis.host`"),
    always("global.registry.tls.enabled", "write `registry.tls.enabled`"),
    always(
        "gitlab.{webservice,sidekiq,toolbox,migrations,gitlab-exporter,geo-logcursor,mailroom}.redis",
        "all components share the Redis settings: write them under `global.redis`",
    ),
    always(
        "gitlab.{webservice,sidekiq,toolbox,migrations,gitlab-exporter,geo-logcursor}.psql.enabled",
        "remove it; the main database is always used",
    ),
    always(
        "gitlab.{webservice,sidekiq,toolbox,migrations,gitlab-exporter,geo-logcursor}.psql.{main,ci,embedding,geo}.enabled",
        "the databases are set once for all components, for example `global.psql.ci.enabled`",
    ),
    Ignored {
        path: "gitlab.{webservice,sidekiq,toolbox,migrations,gitlab-exporter,geo-logcursor}.psql.ssl.secret",
        unless: &["clientCertificate", "clientKey", "serverCA"],
        hint: "write `global.psql.ssl`, with `secret`, `clientCertificate`, `clientKey` and `serverCA`",
    },
    Ignored {
        path: "gitlab.{webservice,sidekiq,toolbox,migrations,gitlab-exporter,geo-logcursor}.psql.{main,ci,embedding,geo}.ssl.secret",
        unless: &["clientCertificate", "clientKey", "serverCA"],
        hint: "write `global.psql.ssl`, with `secret`, `clientCertificate`, `clientKey` and `serverCA`",
    },
    Ignored {
        path: "gitlab.{webservice,sidekiq,toolbox,migrations,geo-logcursor}.gitaly.authToken.key",
        unless: &["secret"],
        hint: "write `global.gitaly.authToken.key`, or also name the Secret beside it",
    },
    Ignored {
        path: "gitlab.gitaly.authToken.key",
        unless: &["secret"],
        hint: "write `global.gitaly.authToken.key`, or also name the Secret beside it",
    },
    Ignored {
        path: "gitlab.{webservice,gitaly,sidekiq,toolbox,migrations}.shell.authToken.key",
        unless: &["secret"],
        hint: "write `global.shell.authToken.key`, or also name the Secret beside it",
    },
    Ignored {
        path: "gitlab.gitlab-shell.authToken.key",
        unless: &["secret"],
        hint: "write `global.shell.authToken.key`, or also name the Secret beside it",
    },
    Ignored {
        path: "gitlab.migrations.initialRootPassword.key",
        unless: &["secret"],
        hint: "write `global.initialRootPassword.key`, or also name the Secret beside it",
    },
    always("gitlab.webservice.ingress.provider", "write `global.ingress.provider`"),
    always("gitlab.webservice.pdb.maxUnavailable", "write `gitlab.webservice.maxUnavailable`"),
    always("gitlab.{webservice,sidekiq,toolbox,migrations}.shell.port", "write `global.shell.port`"),
    always(
        "gitlab.{sidekiq,toolbox,migrations,geo-logcursor}.rack_attack",
        "the webservice limits requests: write `gitlab.webservice.rack_attack`",
    ),
    always(
        "gitlab.{sidekiq,gitlab-shell,kas}.hpa.{minReplicas,maxReplicas}",
        "write it one level higher, as `gitlab.sidekiq.minReplicas`",
    ),
    always("gitlab.gitaly.persistence.volumeName", "a volume is chosen by `matchLabels` or `matchExpressions`"),
    always(
        "gitlab.{gitaly,gitlab-shell,kas,gitlab-pages,mailroom,sidekiq,toolbox}.workhorse.tls.enabled",
        "write `global.workhorse.tls.enabled`",
    ),
    // The documentation of the Gateway API shows both, beside the global key.
    always("gitlab.webservice.workhorse.tls.enabled", WORKHORSE_TLS),
    always("gitlab.webservice.deployments.*.workhorse.tls.enabled", WORKHORSE_TLS),
    always(
        "{nginx-ingress,nginx-ingress-geo}.controller.service.nodePorts.gitlab-shell",
        "remove it; Kubernetes chooses the node port",
    ),
    always(
        "gitlab.sidekiq.pods.[].{extra,gitaly,health_checks,init,logging,metrics,minio,networkpolicy,psql,redis,registry,serviceAccount,trusted_proxies}",
        SIDEKIQ,
    ),
    always("gitlab.sidekiq.pods.[].memoryKiller.daemonMode", SIDEKIQ),
    always(
        "gitlab.webservice.deployments.*.{extra,gitaly,helmTests,http,metrics,minio,monitoring,networkpolicy,psql,rack_attack,redis,registry,tls,trusted_proxies}",
        WEBSERVICE,
    ),
    always("gitlab.webservice.deployments.*.serviceAccount.{annotations,create,enabled,name}", WEBSERVICE),
    always(
        "gitlab.webservice.deployments.*.gatewayRoute.{annotations,enabled,filters,gatewayName,gatewayNamespace,geoSectionName,sectionName,smartcardSectionName}",
        WEBSERVICE,
    ),
    always("certmanager-issuer.useNewIngressForCerts", "remove it; `global.ingress.class` sets the class"),
];

/// Sets of pods share a configuration, a ServiceAccount and what else there is once.
const SIDEKIQ: &str = "all sets of pods share it: write it under `gitlab.sidekiq`";
const WORKHORSE_TLS: &str = "TLS is on or off for every Workhorse at once: `global.workhorse.tls.enabled` says so";
const WEBSERVICE: &str = "all deployments share it: write it under `gitlab.webservice`";

/// Keys that have an effect here and none with the official chart: the pattern, and the reason.
const DIFFERS: &[(&str, &str)] = &[
    ("gitlab.*.image.digest", PINNED),
    ("gitlab.*.init.image.digest", PINNED),
    ("{registry,minio}.image.digest", PINNED),
    ("{registry,minio}.init.image.digest", PINNED),
    ("upgradeCheck.image.digest", PINNED),
    ("global.{certificates,gitlabBase,kubectl}.image.digest", PINNED),
    ("gitlab.*.{livenessProbe,readinessProbe,startupProbe}.terminationGracePeriodSeconds", PROBE),
    (
        "gitlab.*.{deployment,statefulset,workhorse}.{livenessProbe,readinessProbe,startupProbe}.terminationGracePeriodSeconds",
        PROBE,
    ),
    ("registry.deployment.{livenessProbe,readinessProbe,startupProbe}.terminationGracePeriodSeconds", PROBE),
    (
        "gitlab.sidekiq.pods.[].{affinity,annotations,antiAffinity,containerSecurityContext,extraContainers,extraInitContainers,image,livenessProbe,readinessProbe,securityContext,topologySpreadConstraints}",
        ONE_SET,
    ),
    (
        "gitlab.webservice.deployments.*.{affinity,annotations,antiAffinity,containerSecurityContext,extraContainers,extraInitContainers,extraVolumeMounts,extraVolumes,image,init,podLabels,securityContext,topologySpreadConstraints}",
        ONE_SET,
    ),
    ("gitlab.webservice.deployments.*.workhorse.{containerSecurityContext,image,tag}", ONE_SET),
];

/// Keys that do something else here than with the official chart, the only value with which they do, and what.
const OTHERWISE: &[(&str, Option<bool>, &str)] = &[
    (
        "global.appConfig.duoAuth.enabled",
        Some(true),
        "the official chart writes the section `gitaly` of `gitlab.yml` into that of Duo, so that Rails has no token for Gitaly; here both are complete",
    ),
    (
        "openbao.config.metricsListener.tlsDisable",
        Some(false),
        "the certificate is mounted for the metrics as well; with the official chart it is mounted for the API alone, and OpenBao does not start",
    ),
    (
        "global.gitaly.service.internalPort",
        None,
        "clients use this port as well; those of the official chart keep the old one, where Gitaly does not listen any more",
    ),
    (
        "minio.servicePort",
        None,
        "it is the port of the Service; the official chart changes the port in the pods, where MinIO does not listen",
    ),
    (
        "gitlab.sidekiq.pods.[].memoryKiller",
        None,
        "what is not set here is as under `gitlab.sidekiq.memoryKiller`; with the official chart it is 0",
    ),
];

const PINNED: &str = "the digest pins the image; after a return to Helm, the image follows its tag";
const ONE_SET: &str = "it is for these pods alone; after a return to Helm, they are as all of the component are";
const PROBE: &str = "Kubernetes reads it in this probe; after a return to Helm, it is not written";

/// Removes ignored keys from the values, and reports them together with the keys that only this program reads.
pub(super) fn apply(merged: &mut Merged) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for Ignored { path, unless, hint } in IGNORED {
        let mut taken = Vec::new();
        pattern::each(&merged.user, path, &mut |path, value, beside| {
            if is_set(value) && !unless.iter().any(|other| beside.get(*other).is_some_and(is_set)) {
                taken.push(path);
            }
        });
        for path in taken {
            remove(&mut merged.user, &path);
            remove(&mut merged.tree, &path);
            let message = format!("`{path}` has no effect: neither the official chart nor this program reads it here");
            found.push(Diagnostic::warning("unread-key", message).at_value(path).hint(*hint));
        }
    }
    let here_only = DIFFERS.iter().map(|(path, why)| (path, None, why, "an effect here, but none"));
    let otherwise = OTHERWISE.iter().map(|(path, only, why)| (path, *only, why, "another effect than"));
    for (differs, only, why, effect) in here_only.chain(otherwise) {
        pattern::each(&merged.user, differs, &mut |path, value, _| {
            if is_set(value) && only.is_none_or(|only| *value == only) {
                let message = format!("`{path}` has {effect} in the official chart");
                found.push(Diagnostic::warning("differs-from-helm", message).at_value(path).hint(*why));
            }
        });
    }
    found
}

/// Whether a value is not empty.
fn is_set(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Object(map) => map.values().any(is_set),
        _ => true,
    }
}

/// The patterns of all keys that are ignored wherever they are set, each with the next step.
pub(super) fn hints() -> impl Iterator<Item = (&'static str, &'static str)> {
    IGNORED.iter().filter(|ignored| ignored.unless.is_empty()).map(|ignored| (ignored.path, ignored.hint))
}

/// Removes a key, or an entry of a list, from a tree.
fn remove(tree: &mut Value, path: &ValuePath) {
    let Some(parent) = path.parent() else { return };
    if let (Some(Value::Object(map)), Some(key)) = (parent.within_mut(tree), path.last_key()) {
        map.shift_remove(key);
    }
}
