//! Keys that no release of the official chart reads at this position and that people write all the same, as data.
//!
//! Keys that a release removed are not here: they have a row in `charts/releases/value-rules.json`, which
//! [`upgrade::removed`](crate::upgrade::removed) reads.

/// Unknown keys and what to write instead: those of other charts, and those that belong elsewhere. `*` is any key.
pub(super) fn unknown() -> impl Iterator<Item = (&'static str, &'static str)> {
    rows(include_str!("misplaced.tsv"))
}

/// What to write instead of exactly this key.
pub(super) fn answer(key: &str) -> Option<&'static str> {
    unknown().find(|(pattern, _)| *pattern == key).map(|(_, hint)| hint)
}

/// Keys that the schemas accept because people write them, that have no effect, and what to write instead.
pub(super) fn without_effect() -> impl Iterator<Item = (&'static str, &'static str)> {
    rows(include_str!("unread.tsv"))
}

/// The rows of a table: a pattern and a hint, separated by a tab.
fn rows(table: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    table.lines().filter_map(|row| row.split_once('\t'))
}

/// The name of a setting in other charts, the key that it has here, and the start of the hint.
pub(super) const SYNONYMS: &[(&str, &str, &str)] = &[
    ("auth", "authToken", "write"),
    ("autoscaling", "hpa", "scaling is set under"),
    ("containers", "extraContainers", "write"),
    ("db", "database", "write"),
    ("dbName", "database", "write"),
    ("dbname", "database", "write"),
    ("enable", "install", "write"),
    ("enabled", "install", "write"),
    ("env", "extraEnv", "write"),
    ("existingSecret", "secret", "write"),
    ("host", "address", "write"),
    ("hpa", "autoscaling", "scaling is set under"),
    ("horizontalPodAutoscaler", "hpa", "scaling is set under"),
    ("hostname", "host", "write"),
    ("initContainers", "extraInitContainers", "write"),
    ("install", "enabled", "write"),
    ("maxReplicas", "maxReplicaCount", "write"),
    ("minReplicas", "replicas", "write"),
    ("minReplicas", "replicaCount", "write"),
    ("podAnnotations", "annotations", "write"),
    ("podDisruptionBudget", "pdb", "write"),
    ("podSecurityContext", "securityContext", "write"),
    ("replicaCount", "minReplicas", "the number of pods is scaled, from"),
    ("replicaCount", "replicas", "write"),
    ("replica", "minReplicas", "the number of pods is scaled, from"),
    ("replica", "replicaCount", "write"),
    ("replicas", "minReplicas", "the number of pods is scaled, from"),
    ("replicas", "replicaCount", "write"),
    ("secret", "secretName", "write"),
    ("secretKey", "key", "write"),
    ("secretName", "secret", "write"),
    ("server", "address", "write"),
    ("sidecars", "extraContainers", "write"),
    ("storage", "size", "write"),
    ("storage", "persistence", "write"),
    ("user", "username", "write"),
    ("user", "user_name", "write"),
    ("username", "user", "write"),
    ("volumeMounts", "extraVolumeMounts", "write"),
    ("volumes", "extraVolumes", "write"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_has_a_pattern_and_a_hint() {
        for table in [include_str!("misplaced.tsv"), include_str!("unread.tsv")] {
            assert_eq!(rows(table).count(), table.lines().count());
        }
        let patterns: Vec<_> = unknown().map(|(pattern, _)| pattern).collect();
        assert!(patterns.is_sorted(), "sort misplaced.tsv");
    }
}
