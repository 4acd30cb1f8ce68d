//! The fields of the kinds that we write.

use super::field_rules;
use super::format;
use super::pod_shape::{CLAIM_SPEC, POD_TEMPLATE, PROTOCOL, SELECTOR};
use super::shape::Shape::{Also, Any, As, Bool, Free, Int, List, Map, OneOf, Port, Quantity, Share, Text};
use super::shape::{COUNT, FieldShape, NAME, PORT, Shape, TEXTS, compare, opt, req};
use super::{FieldValue, Findings};

/// Compares an object with the fields of its kind; kinds that are not listed are not checked.
pub(super) fn check(root: &FieldValue<'_, '_>, out: &mut Findings<'_>) {
    let custom = match out.id.kind.as_str() {
        "ScaledObject" => Some(&SCALED_OBJECT),
        "PrometheusRule" | "ServiceMonitor" | "PodMonitor" | "Issuer" | "Certificate" => Some(&WITH_SPEC),
        _ => None,
    };
    let shape = KINDS.iter().find(|(kind, _)| *kind == out.kind).map(|(_, fields)| *fields);
    if let Some(shape) = custom.or(shape) {
        compare(root, shape, out);
    }
}

const KINDS: [(&str, &Shape); 27] = [
    ("Deployment", &with(&DEPLOYMENT)),
    ("StatefulSet", &with(&STATEFUL_SET)),
    ("DaemonSet", &with(&DAEMON_SET)),
    ("Job", &with(&JOB)),
    ("CronJob", &with(&CRON_JOB)),
    ("Pod", &with(&super::pod_shape::POD_SPEC)),
    ("Service", &with(&SERVICE)),
    ("Ingress", &with(&INGRESS)),
    ("IngressClass", &with(&INGRESS_CLASS)),
    ("NetworkPolicy", &with(&NETWORK_POLICY)),
    ("HorizontalPodAutoscaler", &with(&AUTOSCALER)),
    ("PodDisruptionBudget", &with(&DISRUPTION_BUDGET)),
    ("PersistentVolumeClaim", &with(&Also(&CLAIM_SPEC, field_rules::claim))),
    ("PersistentVolume", &with(&VOLUME)),
    ("StorageClass", &STORAGE_CLASS),
    ("ValidatingWebhookConfiguration", &WEBHOOKS),
    ("MutatingWebhookConfiguration", &WEBHOOKS),
    ("CustomResourceDefinition", &with(&DEFINITION)),
    ("ConfigMap", &CONFIG_MAP),
    ("Secret", &SECRET),
    ("ServiceAccount", &SERVICE_ACCOUNT),
    ("Role", &ROLE),
    ("ClusterRole", &ROLE),
    ("RoleBinding", &BINDING),
    ("ClusterRoleBinding", &BINDING),
    ("PriorityClass", &PRIORITY_CLASS),
    ("Namespace", &WITH_SPEC_MAYBE),
];

/// The metadata of every object.
pub(super) const META: Shape = Map(&[
    opt("name", &Text),
    opt("generateName", &Text),
    opt("namespace", &Text),
    opt("labels", &TEXTS),
    opt("annotations", &TEXTS),
    opt("finalizers", &List(&Text)),
    opt("ownerReferences", &Any),
    opt("creationTimestamp", &Any),
]);
const API: FieldShape = req("apiVersion", &Text);
const KIND: FieldShape = req("kind", &Text);
const METADATA: FieldShape = req("metadata", &META);

/// An object whose content is in `spec`.
const fn with(spec: &'static Shape) -> Shape {
    Shape::Object(spec)
}

const WITH_SPEC: Shape = with(&Any);
const WITH_SPEC_MAYBE: Shape = Map(&[API, KIND, METADATA, opt("spec", &Any)]);

const ROLLING: Shape = Map(&[opt("maxSurge", &Share), opt("maxUnavailable", &Share)]);
const DEPLOYMENT: Shape = Map(&[
    opt("replicas", &COUNT),
    req("selector", &SELECTOR),
    req("template", &POD_TEMPLATE),
    opt("strategy", &Map(&[opt("type", &OneOf(&["RollingUpdate", "Recreate"])), opt("rollingUpdate", &ROLLING)])),
    opt("minReadySeconds", &COUNT),
    opt("revisionHistoryLimit", &COUNT),
    opt("progressDeadlineSeconds", &COUNT),
    opt("paused", &Bool),
]);
const STATEFUL_SET: Shape = Map(&[
    opt("replicas", &COUNT),
    req("selector", &SELECTOR),
    req("template", &POD_TEMPLATE),
    opt("serviceName", &Text),
    opt("podManagementPolicy", &OneOf(&["OrderedReady", "Parallel"])),
    opt(
        "updateStrategy",
        &Map(&[
            opt("type", &OneOf(&["RollingUpdate", "OnDelete"])),
            opt("rollingUpdate", &Map(&[opt("partition", &COUNT), opt("maxUnavailable", &Share)])),
        ]),
    ),
    opt("volumeClaimTemplates", &List(&CLAIM_TEMPLATE)),
    opt("minReadySeconds", &COUNT),
    opt("revisionHistoryLimit", &COUNT),
    opt("ordinals", &Map(&[opt("start", &COUNT)])),
    opt(
        "persistentVolumeClaimRetentionPolicy",
        &Map(&[opt("whenDeleted", &OneOf(&["Retain", "Delete"])), opt("whenScaled", &OneOf(&["Retain", "Delete"]))]),
    ),
]);
const CLAIM_TEMPLATE: Shape =
    Map(&[opt("apiVersion", &Text), opt("kind", &Text), req("metadata", &META), req("spec", &CLAIM_SPEC)]);
const DAEMON_SET: Shape = Map(&[
    req("selector", &SELECTOR),
    req("template", &POD_TEMPLATE),
    opt("updateStrategy", &Map(&[opt("type", &OneOf(&["RollingUpdate", "OnDelete"])), opt("rollingUpdate", &ROLLING)])),
    opt("minReadySeconds", &COUNT),
    opt("revisionHistoryLimit", &COUNT),
]);
const JOB: Shape = Map(&[
    req("template", &POD_TEMPLATE),
    opt("parallelism", &COUNT),
    opt("completions", &COUNT),
    opt("completionMode", &OneOf(&["NonIndexed", "Indexed"])),
    opt("backoffLimit", &COUNT),
    opt("backoffLimitPerIndex", &COUNT),
    opt("maxFailedIndexes", &COUNT),
    opt("activeDeadlineSeconds", &Int(0, i64::MAX)),
    opt("ttlSecondsAfterFinished", &COUNT),
    opt("suspend", &Bool),
    opt("selector", &SELECTOR),
    opt("manualSelector", &Bool),
    opt("managedBy", &Text),
    opt("podFailurePolicy", &Any),
    opt("podReplacementPolicy", &OneOf(&["TerminatingOrFailed", "Failed"])),
    opt("successPolicy", &Any),
]);
const CRON_JOB: Shape = Map(&[
    req("schedule", &Text),
    req("jobTemplate", &Map(&[opt("metadata", &META), req("spec", &JOB)])),
    opt("timeZone", &As(format::time_zone)),
    opt("concurrencyPolicy", &OneOf(&["Allow", "Forbid", "Replace"])),
    opt("startingDeadlineSeconds", &Int(0, i64::MAX)),
    opt("successfulJobsHistoryLimit", &COUNT),
    opt("failedJobsHistoryLimit", &COUNT),
    opt("suspend", &Bool),
]);

const SERVICE: Shape = Map(&[
    opt("type", &OneOf(&["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"])),
    opt(
        "ports",
        &List(&Map(&[
            opt("name", &As(format::label_name)),
            req("port", &PORT),
            opt("targetPort", &Port),
            opt("nodePort", &Int(0, 65535)),
            opt("protocol", &PROTOCOL),
            opt("appProtocol", &As(format::qualified_name)),
        ])),
    ),
    opt("selector", &Free(format::qualified_name, &As(format::label_value))),
    opt("clusterIP", &As(cluster_ip)),
    opt("clusterIPs", &List(&As(cluster_ip))),
    opt("externalIPs", &List(&As(format::ip))),
    opt("externalName", &As(format::subdomain)),
    opt("externalTrafficPolicy", &OneOf(&["Cluster", "Local"])),
    opt("internalTrafficPolicy", &OneOf(&["Cluster", "Local"])),
    opt("healthCheckNodePort", &Int(0, 65535)),
    opt("ipFamilies", &List(&OneOf(&["IPv4", "IPv6"]))),
    opt("ipFamilyPolicy", &OneOf(&["SingleStack", "PreferDualStack", "RequireDualStack"])),
    opt("loadBalancerClass", &As(format::qualified_name)),
    opt("loadBalancerIP", &Text),
    opt("loadBalancerSourceRanges", &List(&As(format::cidr))),
    opt("allocateLoadBalancerNodePorts", &Bool),
    opt("publishNotReadyAddresses", &Bool),
    opt("sessionAffinity", &OneOf(&["None", "ClientIP"])),
    opt("sessionAffinityConfig", &Map(&[opt("clientIP", &Map(&[opt("timeoutSeconds", &Int(1, 86400))]))])),
    opt("trafficDistribution", &OneOf(&["PreferClose", "PreferSameZone", "PreferSameNode"])),
]);

fn cluster_ip(text: &str) -> Result<(), String> {
    if text.is_empty() || text == "None" { Ok(()) } else { format::ip(text) }
}

const BACKEND: Shape = Map(&[
    opt(
        "service",
        &Map(&[
            req("name", &As(format::service_name)),
            opt("port", &Map(&[opt("number", &PORT), opt("name", &As(format::port_name))])),
        ]),
    ),
    opt("resource", &Any),
]);
const INGRESS: Shape = Map(&[
    // An empty string does not count as missing.
    opt("ingressClassName", &Also(&NAME, |_, _| {})),
    opt("defaultBackend", &BACKEND),
    opt("tls", &List(&Map(&[opt("hosts", &List(&As(format::ingress_host))), opt("secretName", &NAME)]))),
    opt(
        "rules",
        &List(&Map(&[
            opt("host", &As(format::ingress_host)),
            opt(
                "http",
                &Map(&[req(
                    "paths",
                    &List(&Map(&[
                        opt("path", &Text),
                        req("pathType", &OneOf(&["Exact", "Prefix", "ImplementationSpecific"])),
                        req("backend", &BACKEND),
                    ])),
                )]),
            ),
        ])),
    ),
]);
const INGRESS_CLASS: Shape = Map(&[opt("controller", &As(format::domain_path)), opt("parameters", &Any)]);

const POLICY_PORTS: Shape = List(&Also(
    &Map(&[opt("port", &Port), opt("endPort", &PORT), opt("protocol", &PROTOCOL)]),
    field_rules::policy_port,
));
const IP_BLOCK: Shape = Map(&[req("cidr", &As(format::cidr)), opt("except", &List(&As(format::cidr)))]);
const PEERS: Shape = List(&Also(
    &Map(&[
        opt("podSelector", &SELECTOR),
        opt("namespaceSelector", &SELECTOR),
        opt("ipBlock", &Also(&IP_BLOCK, field_rules::ip_block)),
    ]),
    field_rules::peer,
));
const NETWORK_POLICY: Shape = Map(&[
    opt("podSelector", &SELECTOR),
    opt("policyTypes", &List(&OneOf(&["Ingress", "Egress"]))),
    opt("ingress", &List(&Map(&[opt("from", &PEERS), opt("ports", &POLICY_PORTS)]))),
    opt("egress", &List(&Map(&[opt("to", &PEERS), opt("ports", &POLICY_PORTS)]))),
]);

const TARGET: Shape = Map(&[
    req("type", &OneOf(&["Utilization", "Value", "AverageValue"])),
    opt("averageUtilization", &Int(1, i32::MAX as i64)),
    opt("averageValue", &Quantity),
    opt("value", &Quantity),
]);
const METRIC_NAME: Shape = Map(&[req("name", &Text), opt("selector", &SELECTOR)]);
const TARGET_REF: Shape = Map(&[opt("apiVersion", &Text), req("kind", &Text), req("name", &NAME)]);
const METRIC: Shape = Map(&[
    req("type", &OneOf(&["Resource", "ContainerResource", "Pods", "Object", "External"])),
    opt("resource", &Map(&[req("name", &Text), req("target", &TARGET)])),
    opt("containerResource", &Map(&[req("name", &Text), req("container", &Text), req("target", &TARGET)])),
    opt("pods", &Map(&[req("metric", &METRIC_NAME), req("target", &TARGET)])),
    opt("object", &Map(&[req("metric", &METRIC_NAME), req("target", &TARGET), req("describedObject", &TARGET_REF)])),
    opt("external", &Map(&[req("metric", &METRIC_NAME), req("target", &TARGET)])),
]);
const SCALING: Shape = Map(&[
    opt(
        "policies",
        &List(&Map(&[
            req("type", &OneOf(&["Pods", "Percent"])),
            req("value", &Int(1, i32::MAX as i64)),
            req("periodSeconds", &Int(1, 1800)),
        ])),
    ),
    opt("selectPolicy", &OneOf(&["Max", "Min", "Disabled"])),
    opt("stabilizationWindowSeconds", &Int(0, 3600)),
    opt("tolerance", &Quantity),
]);
const AUTOSCALER: Shape = Map(&[
    req("scaleTargetRef", &TARGET_REF),
    opt("minReplicas", &Int(1, i32::MAX as i64)),
    req("maxReplicas", &Int(1, i32::MAX as i64)),
    opt("metrics", &List(&METRIC)),
    opt("targetCPUUtilizationPercentage", &Int(1, i32::MAX as i64)),
    opt("behavior", &Map(&[opt("scaleUp", &SCALING), opt("scaleDown", &SCALING)])),
]);
const DISRUPTION_BUDGET: Shape = Map(&[
    opt("minAvailable", &Share),
    opt("maxUnavailable", &Share),
    opt("selector", &SELECTOR),
    opt("unhealthyPodEvictionPolicy", &OneOf(&["IfHealthyBudget", "AlwaysAllow"])),
]);

const CONFIG_MAP: Shape = Map(&[
    API,
    KIND,
    METADATA,
    opt("data", &Free(format::config_key, &Text)),
    opt("binaryData", &Free(format::config_key, &As(format::base64))),
    opt("immutable", &Bool),
]);
const SECRET: Shape = Map(&[
    API,
    KIND,
    METADATA,
    opt("type", &Text),
    opt("data", &Free(format::config_key, &As(format::base64))),
    opt("stringData", &Free(format::config_key, &Text)),
    opt("immutable", &Bool),
]);
const SERVICE_ACCOUNT: Shape = Map(&[
    API,
    KIND,
    METADATA,
    opt("automountServiceAccountToken", &Bool),
    opt("imagePullSecrets", &List(&Map(&[opt("name", &Text)]))),
    opt("secrets", &Any),
]);
const ROLE: Shape = Map(&[
    API,
    KIND,
    METADATA,
    opt("aggregationRule", &Any),
    opt(
        "rules",
        &List(&Also(
            &Map(&[
                opt("apiGroups", &List(&Text)),
                opt("resources", &List(&Text)),
                req("verbs", &List(&Text)),
                opt("resourceNames", &List(&Text)),
                opt("nonResourceURLs", &List(&Text)),
            ]),
            field_rules::role_rule,
        )),
    ),
]);
const BINDING: Shape = Map(&[
    API,
    KIND,
    METADATA,
    req("roleRef", &Also(&ROLE_REF, field_rules::role_ref)),
    opt(
        "subjects",
        &List(&Also(
            &Map(&[
                req("kind", &OneOf(&["User", "Group", "ServiceAccount"])),
                req("name", &Text),
                opt("namespace", &Text),
                opt("apiGroup", &Text),
            ]),
            field_rules::subject,
        )),
    ),
]);
const ROLE_REF: Shape =
    Map(&[opt("apiGroup", &Text), req("kind", &OneOf(&["Role", "ClusterRole"])), req("name", &As(format::path_name))]);
const PRIORITY_CLASS: Shape = Map(&[
    API,
    KIND,
    METADATA,
    req("value", &Int(i32::MIN as i64, 1_000_000_000)),
    opt("globalDefault", &Bool),
    opt("description", &Text),
    opt("preemptionPolicy", &OneOf(&["Never", "PreemptLowerPriority"])),
]);
const SCALED_OBJECT: Shape = with(&Shape::Having(&[req("scaleTargetRef", &Any), req("triggers", &List(&Any))]));

const VOLUME: Shape = Also(
    &Shape::Having(&[
        req("accessModes", &List(&OneOf(&["ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany", "ReadWriteOncePod"]))),
        req("capacity", &Free(format::qualified_name, &Quantity)),
        opt("persistentVolumeReclaimPolicy", &OneOf(&["Retain", "Delete", "Recycle"])),
        opt("volumeMode", &OneOf(&["Filesystem", "Block"])),
    ]),
    field_rules::volume,
);
const STORAGE_CLASS: Shape = Shape::Having(&[
    req("provisioner", &Text),
    opt("reclaimPolicy", &OneOf(&["Delete", "Retain"])),
    opt("volumeBindingMode", &OneOf(&["Immediate", "WaitForFirstConsumer"])),
]);
const WEBHOOKS: Shape = Shape::Having(&[opt(
    "webhooks",
    &List(&Shape::Having(&[
        req("name", &Shape::Named(format::qualified_domain)),
        req("admissionReviewVersions", &List(&Text)),
        req("clientConfig", &Also(&Shape::Having(&[]), field_rules::client_config)),
        req("sideEffects", &OneOf(&["None", "NoneOnDryRun"])),
        opt("failurePolicy", &OneOf(&["Ignore", "Fail"])),
        opt("matchPolicy", &OneOf(&["Exact", "Equivalent"])),
        opt("reinvocationPolicy", &OneOf(&["Never", "IfNeeded"])),
        opt("timeoutSeconds", &Int(1, 30)),
        opt("namespaceSelector", &SELECTOR),
        opt("objectSelector", &SELECTOR),
    ])),
)]);
const DEFINITION: Shape = Also(
    &Shape::Having(&[
        req("group", &As(format::subdomain)),
        req("scope", &OneOf(&["Namespaced", "Cluster"])),
        req("versions", &List(&Shape::Having(&[req("name", &As(format::label_name))]))),
    ]),
    field_rules::definition,
);
