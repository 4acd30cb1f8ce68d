//! Objects by the names that kubectl accepts.

use crate::manifest::ObjectId;

/// kubectl's short names of the kinds that are rendered.
const SHORT: [(&str, &str); 24] = [
    ("clusterroles", "clusterrole"),
    ("cm", "configmap"),
    ("cj", "cronjob"),
    ("deploy", "deployment"),
    ("ds", "daemonset"),
    ("ev", "event"),
    ("gtw", "gateway"),
    ("hpa", "horizontalpodautoscaler"),
    ("ing", "ingress"),
    ("netpol", "networkpolicy"),
    ("no", "node"),
    ("ns", "namespace"),
    ("pc", "priorityclass"),
    ("pdb", "poddisruptionbudget"),
    ("pmon", "podmonitor"),
    ("po", "pod"),
    ("pv", "persistentvolume"),
    ("pvc", "persistentvolumeclaim"),
    ("rs", "replicaset"),
    ("sa", "serviceaccount"),
    ("sc", "storageclass"),
    ("smon", "servicemonitor"),
    ("sts", "statefulset"),
    ("svc", "service"),
];

/// Whether a word names an object: `Deployment/prod-kas`, `deploy/prod-kas`, `deployments.apps/prod-kas`, or the name
/// alone.
pub fn selects(word: &str, id: &ObjectId) -> bool {
    match word.split_once('/') {
        Some((kind, name)) => name == id.name && is_kind(kind, id),
        None => word == id.name,
    }
}

fn is_kind(word: &str, id: &ObjectId) -> bool {
    let word = word.to_lowercase();
    let (kind, group) = word.split_once('.').map_or((word.as_str(), None), |(kind, group)| (kind, Some(group)));
    let full = SHORT.iter().find(|(short, _)| *short == kind).map_or(kind, |(_, full)| full);
    let own = id.kind.to_lowercase();
    let plural = match own.strip_suffix('y') {
        Some(stem) if !own.ends_with("way") => format!("{stem}ies"),
        _ if own.ends_with('s') => format!("{own}es"),
        _ => format!("{own}s"),
    };
    let named = full == own || full == plural;
    // `deployments.apps`, and `deployments.v1.apps`.
    let grouped =
        group.is_none_or(|group| group == id.group() || group.split_once('.').is_some_and(|(_, g)| g == id.group()));
    named && grouped
}

/// The name of a release, other than `release`, in which a word would name one of these objects of `release`.
pub fn release_named<'i>(word: &str, release: &str, ids: impl Iterator<Item = &'i ObjectId>) -> Option<String> {
    let (kind, name) = word.split_once('/').map_or((None, word), |(kind, name)| (Some(kind), name));
    let rest = |id: &'i ObjectId| id.name.strip_prefix(release).filter(|_| kind.is_none_or(|kind| is_kind(kind, id)));
    let other = |rest: &str| name.strip_suffix(rest).filter(|other| !rest.is_empty() && !other.is_empty());
    // `gitlab-webservice-default` is `webservice-default` of `gitlab`, not the `default` of `gitlab-webservice`.
    ids.filter_map(rest).filter_map(other).min_by_key(|other| other.len()).map(str::to_owned)
}

/// The objects whose names are the most similar to a word, at most five.
pub fn nearest<'i>(word: &str, ids: impl Iterator<Item = &'i ObjectId>) -> Vec<String> {
    let (kind, name) = word.split_once('/').map_or((None, word), |(kind, name)| (Some(kind), name));
    let mut all: Vec<(bool, f64, String)> = ids
        .map(|id| {
            let of_kind = kind.is_none_or(|kind| is_kind(kind, id));
            let part = !name.is_empty() && id.name.contains(name);
            let likeness = if part { 1.0 } else { strsim::jaro_winkler(name, &id.name) };
            (of_kind, likeness, id.to_string())
        })
        .collect();
    all.sort_by(|a, b| b.0.cmp(&a.0).then(b.1.total_cmp(&a.1)));
    all.into_iter().filter(|(_, likeness, _)| *likeness > 0.6).take(5).map(|(_, _, id)| id).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_named_as_kubectl_names_it() {
        let id = |version: &str, kind: &str| ObjectId {
            api_version: version.to_owned(),
            kind: kind.to_owned(),
            namespace: None,
            name: "prod-kas".to_owned(),
        };
        let deployment = id("apps/v1", "Deployment");
        for word in
            ["Deployment/prod-kas", "deploy/prod-kas", "deployments/prod-kas", "deployment.apps/prod-kas", "prod-kas"]
        {
            assert!(selects(word, &deployment), "{word}");
        }
        for word in ["Deployment/prod", "sts/prod-kas", "deployment.batch/prod-kas", "prod"] {
            assert!(!selects(word, &deployment), "{word}");
        }
        assert!(selects("netpol/prod-kas", &id("networking.k8s.io/v1", "NetworkPolicy")));
        assert!(selects("ingresses.v1.networking.k8s.io/prod-kas", &id("networking.k8s.io/v1", "Ingress")));
        assert!(selects("networkpolicies/prod-kas", &id("networking.k8s.io/v1", "NetworkPolicy")));
        assert!(selects("gateways/prod-kas", &id("gateway.networking.k8s.io/v1", "Gateway")));
        let ids = [deployment, id("v1", "Service")];
        let release = |word: &str| release_named(word, "prod", ids.iter());
        assert_eq!(release("deploy/my-gitlab-kas").as_deref(), Some("my-gitlab"));
        assert_eq!(release("sts/my-gitlab-kas"), None);
        assert_eq!(release("-kas"), None);
    }
}
