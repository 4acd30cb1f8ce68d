//! The fields of a pod, as Kubernetes' API has them.

use super::field_rules;
use super::format;
use super::shape::Shape::{Also, Any, As, Bool, Free, Int, List, Map, OneOf, Port, Quantity, Text, Words};
use super::shape::{COUNT, NAME, PORT, Shape, TEXTS, opt, req};

const LONG: Shape = Int(0, i64::MAX);
const POSITIVE: Shape = Int(1, i32::MAX as i64);
const ANY_INT: Shape = Int(i32::MIN as i64, i32::MAX as i64);
const LABEL: Shape = As(format::label_name);

/// A label selector.
pub(super) const SELECTOR: Shape = Map(&[
    opt("matchLabels", &Free(format::qualified_name, &As(format::label_value))),
    opt(
        "matchExpressions",
        &List(&Also(
            &Map(&[
                req("key", &As(format::qualified_name)),
                req("operator", &OneOf(&["In", "NotIn", "Exists", "DoesNotExist"])),
                opt("values", &List(&Text)),
            ]),
            field_rules::expression,
        )),
    ),
]);

const KEY_REF: Shape = Map(&[req("key", &As(format::config_key)), req("name", &NAME), opt("optional", &Bool)]);
const NAME_REF: Shape = Map(&[req("name", &NAME), opt("optional", &Bool)]);
const FIELD_REF: Shape = Map(&[opt("apiVersion", &Text), req("fieldPath", &Words(format::env_field))]);
const FILE_FIELD_REF: Shape = Map(&[opt("apiVersion", &Text), req("fieldPath", &Words(format::file_field))]);
const RESOURCE_REF: Shape =
    Map(&[opt("containerName", &Text), req("resource", &Words(format::resource_field)), opt("divisor", &Quantity)]);

const ENV: Shape = Map(&[
    req("name", &As(format::env_name)),
    opt("value", &Text),
    opt(
        "valueFrom",
        &Map(&[
            opt("configMapKeyRef", &KEY_REF),
            opt("secretKeyRef", &KEY_REF),
            opt("fieldRef", &FIELD_REF),
            opt("resourceFieldRef", &RESOURCE_REF),
            opt("fileKeyRef", &Any),
        ]),
    ),
]);
const ENV_FROM: Shape = Also(
    &Map(&[opt("prefix", &Text), opt("configMapRef", &NAME_REF), opt("secretRef", &NAME_REF)]),
    field_rules::env_from,
);

const HTTP_GET: Shape = Map(&[
    opt("path", &Text),
    req("port", &Port),
    opt("host", &Text),
    opt("scheme", &OneOf(&["HTTP", "HTTPS"])),
    opt("httpHeaders", &List(&Map(&[req("name", &Text), opt("value", &Text)]))),
]);
const EXEC: Shape = Map(&[req("command", &List(&Text))]);
const TCP: Shape = Map(&[req("port", &Port), opt("host", &Text)]);
const GRPC: Shape = Map(&[req("port", &PORT), opt("service", &Text)]);

const PROBE: Shape = Map(&[
    opt("httpGet", &HTTP_GET),
    opt("exec", &EXEC),
    opt("tcpSocket", &TCP),
    opt("grpc", &GRPC),
    opt("initialDelaySeconds", &COUNT),
    opt("timeoutSeconds", &COUNT),
    opt("periodSeconds", &COUNT),
    opt("successThreshold", &COUNT),
    opt("failureThreshold", &COUNT),
    opt("terminationGracePeriodSeconds", &Int(1, i64::MAX)),
]);
const HANDLER: Shape = Also(
    &Map(&[
        opt("httpGet", &HTTP_GET),
        opt("exec", &EXEC),
        opt("tcpSocket", &TCP),
        opt("sleep", &Map(&[req("seconds", &LONG)])),
    ]),
    field_rules::handler,
);

/// Requests and limits.
pub(super) const RESOURCES: Shape = Map(&[
    opt("requests", &Free(format::resource_name, &Quantity)),
    opt("limits", &Free(format::resource_name, &Quantity)),
    opt("claims", &Any),
]);

const SECCOMP: Shape = Also(
    &Map(&[req("type", &OneOf(&["Localhost", "RuntimeDefault", "Unconfined"])), opt("localhostProfile", &Text)]),
    field_rules::profile,
);
const SE_LINUX: Shape = Map(&[opt("level", &Text), opt("role", &Text), opt("type", &Text), opt("user", &Text)]);
const WINDOWS: Shape = Map(&[
    opt("gmsaCredentialSpec", &Text),
    opt("gmsaCredentialSpecName", &Text),
    opt("hostProcess", &Bool),
    opt("runAsUserName", &Text),
]);

const CONTAINER_SECURITY: Shape = Also(&CONTAINER_RIGHTS, field_rules::escalation);
const CONTAINER_RIGHTS: Shape = Map(&[
    opt("allowPrivilegeEscalation", &Bool),
    opt("appArmorProfile", &SECCOMP),
    opt("capabilities", &Map(&[opt("add", &List(&Text)), opt("drop", &List(&Text))])),
    opt("privileged", &Bool),
    opt("procMount", &OneOf(&["Default", "Unmasked"])),
    opt("readOnlyRootFilesystem", &Bool),
    opt("runAsGroup", &LONG),
    opt("runAsNonRoot", &Bool),
    opt("runAsUser", &LONG),
    opt("seLinuxOptions", &SE_LINUX),
    opt("seccompProfile", &SECCOMP),
    opt("windowsOptions", &WINDOWS),
]);
const POD_SECURITY: Shape = Map(&[
    opt("appArmorProfile", &SECCOMP),
    opt("fsGroup", &LONG),
    opt("fsGroupChangePolicy", &OneOf(&["Always", "OnRootMismatch"])),
    opt("runAsGroup", &LONG),
    opt("runAsNonRoot", &Bool),
    opt("runAsUser", &LONG),
    opt("seLinuxChangePolicy", &OneOf(&["MountOption", "Recursive"])),
    opt("seLinuxOptions", &SE_LINUX),
    opt("seccompProfile", &SECCOMP),
    opt("supplementalGroups", &List(&LONG)),
    opt("supplementalGroupsPolicy", &OneOf(&["Merge", "Strict"])),
    opt("sysctls", &List(&Map(&[req("name", &Text), opt("value", &Text)]))),
    opt("windowsOptions", &WINDOWS),
]);

const MOUNT: Shape = Map(&[
    req("name", &Text),
    req("mountPath", &Text),
    opt("subPath", &Text),
    opt("subPathExpr", &Text),
    opt("readOnly", &Bool),
    opt("recursiveReadOnly", &OneOf(&["Disabled", "IfPossible", "Enabled"])),
    opt("mountPropagation", &OneOf(&["None", "HostToContainer", "Bidirectional"])),
]);
const CONTAINER_PORT: Shape = Map(&[
    opt("name", &As(format::port_name)),
    req("containerPort", &PORT),
    opt("hostPort", &Int(0, 65535)),
    opt("hostIP", &Text),
    opt("protocol", &PROTOCOL),
]);
/// The protocol of a port.
pub(super) const PROTOCOL: Shape = OneOf(&["TCP", "UDP", "SCTP"]);

const CONTAINER: Shape = Map(&[
    req("name", &LABEL),
    req("image", &Text),
    opt("imagePullPolicy", &OneOf(&["Always", "IfNotPresent", "Never"])),
    opt("command", &List(&Text)),
    opt("args", &List(&Text)),
    opt("workingDir", &Text),
    opt("env", &List(&ENV)),
    opt("envFrom", &List(&ENV_FROM)),
    opt("ports", &List(&CONTAINER_PORT)),
    opt("volumeMounts", &List(&MOUNT)),
    opt("volumeDevices", &List(&Map(&[req("name", &Text), req("devicePath", &Text)]))),
    opt("resources", &RESOURCES),
    opt(
        "resizePolicy",
        &List(&Map(&[req("resourceName", &Text), req("restartPolicy", &OneOf(&["NotRequired", "RestartContainer"]))])),
    ),
    opt("restartPolicy", &OneOf(&["Always", "Never", "OnFailure"])),
    opt("restartPolicyRules", &Any),
    opt("livenessProbe", &PROBE),
    opt("readinessProbe", &PROBE),
    opt("startupProbe", &PROBE),
    opt("lifecycle", &Map(&[opt("postStart", &HANDLER), opt("preStop", &HANDLER), opt("stopSignal", &Text)])),
    opt("securityContext", &CONTAINER_SECURITY),
    opt("stdin", &Bool),
    opt("stdinOnce", &Bool),
    opt("tty", &Bool),
    opt("terminationMessagePath", &Text),
    opt("terminationMessagePolicy", &OneOf(&["File", "FallbackToLogsOnError"])),
]);

const ITEMS: Shape = List(&Map(&[
    req("key", &As(format::config_key)),
    req("path", &As(format::local_path)),
    opt("mode", &Int(0, 0o777)),
]));
const DOWNWARD_ITEMS: Shape = List(&Map(&[
    req("path", &As(format::local_path)),
    opt("fieldRef", &FILE_FIELD_REF),
    opt("resourceFieldRef", &RESOURCE_REF),
    opt("mode", &Int(0, 0o777)),
]));
// The API server only requires that these names are there.
/// The name of an object that a pod mounts. The API server accepts any string here, and the pod then waits for an
/// object that cannot exist; a string that cannot be a name is refused.
const MOUNTED: Shape = As(format::mounted_name);
const PROJECTED_REF: Shape = Map(&[req("name", &MOUNTED), opt("items", &ITEMS), opt("optional", &Bool)]);
const MODE: Shape = Int(0, 0o777);

/// A volume's claim.
pub(super) const CLAIM_SPEC: Shape = Map(&[
    req("accessModes", &List(&OneOf(&["ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany", "ReadWriteOncePod"]))),
    req("resources", &RESOURCES),
    opt("selector", &SELECTOR),
    opt("storageClassName", &As(format::class)),
    opt("volumeMode", &OneOf(&["Filesystem", "Block"])),
    opt("volumeName", &Text),
    opt("volumeAttributesClassName", &Text),
    opt("dataSource", &Any),
    opt("dataSourceRef", &Any),
]);

const HOST_PATHS: &[&str] =
    &["", "DirectoryOrCreate", "Directory", "FileOrCreate", "File", "Socket", "CharDevice", "BlockDevice"];
const VOLUME: Shape = Map(&[
    req("name", &LABEL),
    opt("emptyDir", &Map(&[opt("medium", &OneOf(&["", "Memory", "HugePages"])), opt("sizeLimit", &Quantity)])),
    opt(
        "configMap",
        &Map(&[req("name", &MOUNTED), opt("items", &ITEMS), opt("defaultMode", &MODE), opt("optional", &Bool)]),
    ),
    opt(
        "secret",
        &Map(&[req("secretName", &MOUNTED), opt("items", &ITEMS), opt("defaultMode", &MODE), opt("optional", &Bool)]),
    ),
    opt(
        "projected",
        &Map(&[
            opt("defaultMode", &MODE),
            opt(
                "sources",
                &List(&Also(
                    &Map(&[
                        opt("configMap", &PROJECTED_REF),
                        opt("secret", &PROJECTED_REF),
                        opt("downwardAPI", &Map(&[opt("items", &DOWNWARD_ITEMS)])),
                        opt(
                            "serviceAccountToken",
                            &Map(&[
                                req("path", &As(format::local_path)),
                                opt("audience", &Text),
                                opt("expirationSeconds", &Int(600, 1 << 32)),
                            ]),
                        ),
                        opt("clusterTrustBundle", &Any),
                        opt("podCertificate", &Any),
                    ]),
                    field_rules::projection,
                )),
            ),
        ]),
    ),
    opt("downwardAPI", &Map(&[opt("items", &DOWNWARD_ITEMS), opt("defaultMode", &MODE)])),
    opt("persistentVolumeClaim", &Map(&[req("claimName", &MOUNTED), opt("readOnly", &Bool)])),
    opt("hostPath", &Map(&[req("path", &As(format::no_backsteps)), opt("type", &OneOf(HOST_PATHS))])),
    opt("nfs", &Map(&[req("server", &Text), req("path", &Text), opt("readOnly", &Bool)])),
    opt("ephemeral", &Any),
    opt("csi", &Any),
    opt("image", &Any),
    opt("awsElasticBlockStore", &Any),
    opt("azureDisk", &Any),
    opt("azureFile", &Any),
    opt("cephfs", &Any),
    opt("cinder", &Any),
    opt("fc", &Any),
    opt("flexVolume", &Any),
    opt("flocker", &Any),
    opt("gcePersistentDisk", &Any),
    opt("gitRepo", &Any),
    opt("glusterfs", &Any),
    opt("iscsi", &Any),
    opt("photonPersistentDisk", &Any),
    opt("portworxVolume", &Any),
    opt("quobyte", &Any),
    opt("rbd", &Any),
    opt("scaleIO", &Any),
    opt("storageos", &Any),
    opt("vsphereVolume", &Any),
]);

const TOLERATION: Shape = Also(&TOLERATION_FIELDS, field_rules::toleration);
const TOLERATION_FIELDS: Shape = Map(&[
    opt("key", &Text),
    opt("operator", &OneOf(&["Exists", "Equal", "Lt", "Gt"])),
    opt("value", &Text),
    opt("effect", &OneOf(&["NoSchedule", "PreferNoSchedule", "NoExecute", ""])),
    opt("tolerationSeconds", &ANY_INT),
]);

const NODE_TERM: Shape = Map(&[opt("matchExpressions", &NODE_MATCH), opt("matchFields", &NODE_MATCH)]);
const NODE_MATCH: Shape = List(&Also(
    &Map(&[
        req("key", &Text),
        req("operator", &OneOf(&["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"])),
        opt("values", &List(&Text)),
    ]),
    field_rules::expression,
));
const POD_TERM: Shape = Map(&[
    req("topologyKey", &As(format::qualified_name)),
    opt("labelSelector", &SELECTOR),
    opt("namespaceSelector", &SELECTOR),
    opt("namespaces", &List(&Text)),
    opt("matchLabelKeys", &List(&Text)),
    opt("mismatchLabelKeys", &List(&Text)),
]);
const WEIGHT: Shape = Int(1, 100);
const POD_AFFINITY: Shape = Map(&[
    opt("requiredDuringSchedulingIgnoredDuringExecution", &List(&POD_TERM)),
    opt(
        "preferredDuringSchedulingIgnoredDuringExecution",
        &List(&Map(&[req("weight", &WEIGHT), req("podAffinityTerm", &POD_TERM)])),
    ),
]);
const AFFINITY: Shape = Map(&[
    opt(
        "nodeAffinity",
        &Map(&[
            opt("requiredDuringSchedulingIgnoredDuringExecution", &Map(&[req("nodeSelectorTerms", &List(&NODE_TERM))])),
            opt(
                "preferredDuringSchedulingIgnoredDuringExecution",
                &List(&Map(&[req("weight", &WEIGHT), req("preference", &NODE_TERM)])),
            ),
        ]),
    ),
    opt("podAffinity", &POD_AFFINITY),
    opt("podAntiAffinity", &POD_AFFINITY),
]);
const SPREAD: Shape = Also(&SPREAD_FIELDS, field_rules::spread);
const SPREAD_FIELDS: Shape = Map(&[
    req("maxSkew", &POSITIVE),
    req("topologyKey", &As(format::qualified_name)),
    req("whenUnsatisfiable", &OneOf(&["DoNotSchedule", "ScheduleAnyway"])),
    opt("labelSelector", &SELECTOR),
    opt("minDomains", &POSITIVE),
    opt("matchLabelKeys", &List(&Text)),
    opt("nodeAffinityPolicy", &OneOf(&["Honor", "Ignore"])),
    opt("nodeTaintsPolicy", &OneOf(&["Honor", "Ignore"])),
]);

/// The spec of a pod.
pub(super) const POD_SPEC: Shape = Also(&POD_FIELDS, field_rules::pod);
const POD_FIELDS: Shape = Map(&[
    req("containers", &List(&CONTAINER)),
    opt("initContainers", &List(&CONTAINER)),
    opt("ephemeralContainers", &Any),
    opt("volumes", &List(&VOLUME)),
    opt("serviceAccountName", &NAME),
    opt("serviceAccount", &NAME),
    opt("automountServiceAccountToken", &Bool),
    opt("securityContext", &POD_SECURITY),
    opt("imagePullSecrets", &List(&Map(&[opt("name", &As(format::pull_secret))]))),
    opt("restartPolicy", &OneOf(&["Always", "OnFailure", "Never"])),
    opt("terminationGracePeriodSeconds", &LONG),
    opt("activeDeadlineSeconds", &Int(1, i64::MAX)),
    opt("nodeSelector", &Free(format::qualified_name, &As(format::label_value))),
    opt("nodeName", &NAME),
    opt("affinity", &AFFINITY),
    opt("tolerations", &List(&TOLERATION)),
    opt("topologySpreadConstraints", &Also(&List(&SPREAD), field_rules::spreads)),
    opt("priority", &ANY_INT),
    opt("priorityClassName", &NAME),
    opt("preemptionPolicy", &OneOf(&["Never", "PreemptLowerPriority"])),
    opt("schedulerName", &Text),
    opt("schedulingGates", &Any),
    opt("runtimeClassName", &NAME),
    opt("hostNetwork", &Bool),
    opt("hostPID", &Bool),
    opt("hostIPC", &Bool),
    opt("hostUsers", &Bool),
    opt("hostname", &LABEL),
    opt("hostnameOverride", &NAME),
    opt("subdomain", &LABEL),
    opt("setHostnameAsFQDN", &Bool),
    opt("shareProcessNamespace", &Bool),
    opt("hostAliases", &List(&Map(&[req("ip", &As(format::ip)), opt("hostnames", &List(&NAME))]))),
    opt("dnsPolicy", &OneOf(&["ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"])),
    opt(
        "dnsConfig",
        &Map(&[
            opt("nameservers", &List(&As(format::ip))),
            opt("searches", &List(&Text)),
            opt("options", &List(&Map(&[opt("name", &Text), opt("value", &Text)]))),
        ]),
    ),
    opt("enableServiceLinks", &Bool),
    opt("os", &Map(&[req("name", &OneOf(&["linux", "windows"]))])),
    opt("overhead", &Free(format::qualified_name, &Quantity)),
    opt("readinessGates", &List(&Map(&[req("conditionType", &Text)]))),
    opt("resourceClaims", &Any),
    opt("resources", &RESOURCES),
    opt("workloadRef", &Any),
]);

/// The template of a pod in a workload.
pub(super) const POD_TEMPLATE: Shape = Map(&[opt("metadata", &POD_METADATA), req("spec", &POD_SPEC)]);
const POD_METADATA: Shape = Map(&[
    opt("name", &Text),
    opt("namespace", &Text),
    opt("labels", &TEXTS),
    opt("annotations", &TEXTS),
    opt("creationTimestamp", &Any),
    opt("finalizers", &List(&Text)),
]);
