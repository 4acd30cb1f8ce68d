//! Which items of two lists belong together: those with the same key where the list has one, those with the most content in
//! common otherwise.
//!
//! Source of the keys: `x-kubernetes-list-map-keys` and `x-kubernetes-patch-merge-key` in the OpenAPI document of Kubernetes. Lists
//! that are replaced as a whole there (`atomic`) have the key by which their reader tells items apart, or none.

use std::collections::{BTreeSet, HashMap, VecDeque};

use serde_json::Value;

use super::objects::source_key;

/// Lists whose order has no meaning.
const SETS: [&str; 38] = [
    "accessModes",
    "add",
    "addresses",
    "apiGroups",
    "backendRefs",
    "certificateRefs",
    "drop",
    "egress",
    "endpoints",
    "externalIPs",
    "finalizers",
    "from",
    "hostnames",
    "hosts",
    "ingress",
    "matchExpressions",
    "matchFields",
    "matchNames",
    "matches",
    "metrics",
    "namespaces",
    "nodeSelectorTerms",
    "nonResourceURLs",
    "parentRefs",
    "podMetricsEndpoints",
    "policyTypes",
    "ports",
    "preferredDuringSchedulingIgnoredDuringExecution",
    "requiredDuringSchedulingIgnoredDuringExecution",
    "resourceNames",
    "resources",
    "rules",
    "loadBalancerSourceRanges",
    "subjects",
    "tls",
    "to",
    "tolerations",
    "verbs",
];

/// Whether the order of a list, by its key, has no meaning.
pub(super) fn is_set(list: &str) -> bool {
    SETS.contains(&list)
}

/// The field by which the items of a list are identified.
#[derive(Clone, Copy)]
pub(super) struct ItemKey(&'static [&'static str]);

/// The field by which whole objects in a list are identified, such as claim templates.
const OBJECT_NAME: &str = "metadata.name";
/// The list of a projected volume, whose items are identified by what they read.
const SOURCE: ItemKey = ItemKey(&["sources"]);
/// The host of an Ingress rule; a rule without one is for all hosts.
const HOST: &str = "host";

impl ItemKey {
    pub fn of(self, item: &Value) -> String {
        if self.0 == SOURCE.0 {
            return source_key(item);
        }
        let text = |field: &&str| match at(item, field) {
            Some(Value::String(text)) => Some(text.clone()),
            Some(Value::Null) | None => match *field {
                "protocol" => Some("TCP".to_owned()),
                HOST => Some("*".to_owned()),
                _ => None,
            },
            Some(other) => Some(other.to_string()),
        };
        self.0.iter().filter_map(text).collect::<Vec<_>>().join(",")
    }

    /// Whether each item of a list has another key.
    fn tells_apart(self, items: &[Value]) -> bool {
        let has_it = |item: &Value| match self.0[0] {
            HOST => item.get(HOST).is_some() || item.get("http").is_some(),
            field => at(item, field).is_some(),
        };
        let whole = self.0 == SOURCE.0 || items.iter().all(has_it);
        let mut names: Vec<String> = items.iter().map(|item| self.of(item)).collect();
        names.sort();
        whole && names.windows(2).all(|pair| pair[0] != pair[1])
    }
}

/// The field of a list's item.
fn at<'v>(item: &'v Value, field: &str) -> Option<&'v Value> {
    field.split('.').try_fold(item, |item, key| item.get(key))
}

/// The key of both lists, by the first way that tells all items of each apart.
pub(super) fn merge_key(list: &str, old: &[Value], new: &[Value]) -> Option<ItemKey> {
    let keys: &[&[&'static str]] = match list {
        "volumeMounts" => &[&["mountPath", "subPath"]],
        "volumeDevices" => &[&["devicePath"]],
        "ports" => &[&["name"], &["port", "protocol"], &["containerPort", "protocol"]],
        "paths" => &[&["path", "pathType"]],
        "rules" => &[&[HOST], &["alert"], &["record"]],
        "topologySpreadConstraints" => &[&["topologyKey", "whenUnsatisfiable"], &["topologyKey", "labelSelector"]],
        "items" => &[&["key"], &["path"]],
        "hostAliases" => &[&["ip"]],
        "readinessGates" => &[&["conditionType"]],
        "matchExpressions" => &[&["key", "operator"]],
        "filters" | "policies" => &[&["type"]],
        "endpoints" | "podMetricsEndpoints" => &[&["port", "path"]],
        "parentRefs" | "targetRefs" => &[&["name"], &["name", "namespace", "sectionName", "port"]],
        "backendRefs" | "certificateRefs" => &[&["name"], &["name", "namespace", "kind", "port"]],
        "subjects" => &[&["name"], &["kind", "name", "namespace"]],
        "envFrom" | "verbs" | "tls" | "metrics" | "tolerations" | "from" | "to" => &[],
        "sources" => &[SOURCE.0],
        "volumeClaimTemplates" => &[&[OBJECT_NAME]],
        _ => &[&["name"]],
    };
    keys.iter().copied().map(ItemKey).find(|key| key.tells_apart(old) && key.tells_apart(new))
}

/// The name that reports give an item of a list, `list` being its key; `None` where position identifies the items.
pub fn item_names(list: &str, items: &[Value]) -> Option<Vec<String>> {
    let key = merge_key(list, items, items).filter(|_| items.iter().all(Value::is_object))?;
    Some(items.iter().map(|item| key.of(item)).collect())
}

/// The position of the item of a list that reports call `name`; `list` is the key of the list.
pub fn position(list: &str, items: &[Value], name: &str) -> Option<usize> {
    let scalar = |item: &Value| match item {
        Value::String(text) => text == name,
        Value::Number(number) => number.to_string() == name,
        _ => false,
    };
    let keyed = merge_key(list, items, items).and_then(|key| items.iter().position(|item| key.of(item) == name));
    let named = |field: &str| items.iter().position(|item| item.pointer(field).is_some_and(scalar));
    keyed
        .or_else(|| ["/name", "/metadata/name", "/key", "/host", "/path"].into_iter().find_map(named))
        .or_else(|| items.iter().position(scalar))
}

/// Items of two lists that belong together, by their positions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ItemPair {
    /// An item of both lists.
    Both(usize, usize),
    /// An item that only the old list has, and the position in the new list before which it stood.
    Gone(usize, usize),
    /// An item that only the new list has.
    New(usize),
}

/// Pairs items by their key; in the order of the new list.
pub(super) fn by_key(key: ItemKey, old: &[Value], new: &[Value]) -> Vec<ItemPair> {
    let places: HashMap<String, usize> = new.iter().enumerate().map(|(place, item)| (key.of(item), place)).collect();
    let partners: Vec<Option<usize>> = old.iter().map(|item| places.get(&key.of(item)).copied()).collect();
    in_order(&partners, new.len())
}

/// Pairs equal items, and of the others those with the most content in common; in the order of the new list.
pub(super) fn by_content(is_set: bool, old: &[Value], new: &[Value]) -> Vec<ItemPair> {
    let mut partners = equal_items(old, new);
    if !is_set {
        keep_rising(&mut partners);
    }
    // In a list with an order, only items between the same two equal ones are the same item.
    let mut gaps_of_new = vec![0; new.len()];
    let mut gaps_of_old = vec![0; old.len()];
    if !is_set {
        let taken: BTreeSet<usize> = partners.iter().flatten().copied().collect();
        let mut gap = 0;
        for (place, of) in gaps_of_new.iter_mut().enumerate() {
            *of = gap;
            gap += usize::from(taken.contains(&place));
        }
        gap = 0;
        for (partner, of) in partners.iter().zip(&mut gaps_of_old) {
            *of = gap;
            gap += usize::from(partner.is_some());
        }
    }
    let taken: BTreeSet<usize> = partners.iter().flatten().copied().collect();
    let olds: Vec<usize> = (0..old.len()).filter(|place| partners[*place].is_none()).collect();
    let news: Vec<usize> = (0..new.len()).filter(|place| !taken.contains(place)).collect();
    for (from, to) in similar(&olds, &news, old, new, |from, to| gaps_of_old[from] == gaps_of_new[to]) {
        partners[from] = Some(to);
    }
    in_order(&partners, new.len())
}

/// For each old item the first equal new item that no other one has.
fn equal_items(old: &[Value], new: &[Value]) -> Vec<Option<usize>> {
    let mut places: HashMap<String, VecDeque<usize>> = HashMap::new();
    for (place, item) in new.iter().enumerate() {
        places.entry(item.to_string()).or_default().push_back(place);
    }
    old.iter().map(|item| places.get_mut(&item.to_string()).and_then(VecDeque::pop_front)).collect()
}

/// Keeps the longest run of partners that rises, and so has the same order in both lists.
fn keep_rising(partners: &mut [Option<usize>]) {
    // For each length the old item at which the run of that length with the smallest end ends.
    let mut ends: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = vec![None; partners.len()];
    for from in 0..partners.len() {
        let Some(to) = partners[from] else { continue };
        let length = ends.partition_point(|end| partners[*end] < Some(to));
        before[from] = length.checked_sub(1).map(|shorter| ends[shorter]);
        match ends.get_mut(length) {
            Some(end) => *end = from,
            None => ends.push(from),
        }
    }
    let mut kept = BTreeSet::new();
    let mut last = ends.last().copied();
    while let Some(from) = last {
        kept.insert(from);
        last = before[from];
    }
    for (from, partner) in partners.iter_mut().enumerate() {
        if !kept.contains(&from) {
            *partner = None;
        }
    }
}

/// More pairs than this are not compared: such lists are not written by people.
const MOST_PAIRS: usize = 40_000;

/// The items that are not equal and belong together: one that is left on each side, or two with a third of their content in
/// common, the most similar first.
fn similar(
    olds: &[usize],
    news: &[usize],
    old: &[Value],
    new: &[Value],
    may: impl Fn(usize, usize) -> bool,
) -> Vec<(usize, usize)> {
    if let ([from], [to]) = (olds, news) {
        let maps = old[*from].is_object() && new[*to].is_object();
        return if maps && may(*from, *to) { vec![(*from, *to)] } else { Vec::new() };
    }
    if olds.len().saturating_mul(news.len()) > MOST_PAIRS {
        return Vec::new();
    }
    let content = |items: &[Value], places: &[usize]| -> Vec<BTreeSet<String>> {
        places.iter().map(|place| leaves(&items[*place])).collect()
    };
    let (of_old, of_new) = (content(old, olds), content(new, news));
    let mut scored: Vec<(usize, usize, usize)> = Vec::new();
    for (from, before) in olds.iter().zip(&of_old) {
        for (to, after) in news.iter().zip(&of_new) {
            let common = before.intersection(after).count();
            let all = before.union(after).count();
            if common * 3 >= all && common > 0 && may(*from, *to) {
                scored.push((common * 1_000 / all, *from, *to));
            }
        }
    }
    scored.sort_by_key(|(score, from, to)| (std::cmp::Reverse(*score), *from, *to));
    let (mut froms, mut tos) = (BTreeSet::new(), BTreeSet::new());
    let mut pairs = Vec::new();
    for (_, from, to) in scored {
        if !froms.contains(&from) && !tos.contains(&to) {
            froms.insert(from);
            tos.insert(to);
            pairs.push((from, to));
        }
    }
    pairs
}

/// Each scalar in an item, with its path; the position in a list does not count.
fn leaves(item: &Value) -> BTreeSet<String> {
    fn collect(path: &str, value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(map) if !map.is_empty() => {
                map.iter().for_each(|(key, inner)| collect(&format!("{path}.{key}"), inner, found));
            }
            Value::Array(items) if !items.is_empty() => {
                items.iter().for_each(|inner| collect(&format!("{path}[]"), inner, found));
            }
            other => {
                found.insert(format!("{path}={other}"));
            }
        }
    }
    let mut found = BTreeSet::new();
    if item.is_object() {
        collect("", item, &mut found);
    }
    found
}

/// The pairs in the order of the new list; an item that is gone comes after the one that it stood behind.
fn in_order(partners: &[Option<usize>], length: usize) -> Vec<ItemPair> {
    let mut with: Vec<Option<usize>> = vec![None; length];
    let mut gone: Vec<Vec<usize>> = vec![Vec::new(); length + 1];
    let mut behind = 0;
    for (from, partner) in partners.iter().enumerate() {
        match partner {
            Some(to) => {
                with[*to] = Some(from);
                behind = to + 1;
            }
            None => gone[behind].push(from),
        }
    }
    let mut pairs = Vec::with_capacity(length);
    for (to, gone) in gone.iter().enumerate() {
        pairs.extend(gone.iter().map(|from| ItemPair::Gone(*from, to)));
        match with.get(to) {
            Some(Some(from)) => pairs.push(ItemPair::Both(*from, to)),
            Some(None) => pairs.push(ItemPair::New(to)),
            None => {}
        }
    }
    pairs
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::ItemPair::{Both, Gone, New};
    use super::{by_content, by_key, merge_key};

    fn items(list: Value) -> Vec<Value> {
        list.as_array().cloned().unwrap_or_default()
    }

    #[test]
    fn an_item_that_is_put_in_between_is_the_only_new_one() {
        let old = items(json!([{"a": 1}, {"a": 2}, {"a": 3}]));
        let new = items(json!([{"a": 1}, {"b": 9}, {"a": 2}, {"a": 3}]));
        for is_set in [true, false] {
            assert_eq!(by_content(is_set, &old, &new), [Both(0, 0), New(1), Both(1, 2), Both(2, 3)]);
            assert_eq!(by_content(is_set, &new, &old), [Both(0, 0), Gone(1, 1), Both(2, 1), Both(3, 2)]);
        }
    }

    #[test]
    fn an_item_that_moves_counts_where_the_order_does() {
        let old = items(json!(["a", "b", "c"]));
        let new = items(json!(["c", "a", "b"]));
        assert_eq!(by_content(true, &old, &new), [Both(2, 0), Both(0, 1), Both(1, 2)]);
        assert_eq!(by_content(false, &old, &new), [New(0), Both(0, 1), Both(1, 2), Gone(2, 3)]);
    }

    #[test]
    fn items_that_differ_belong_together_by_what_they_have_in_common() {
        let rule = |group: &str, kind: &str, verbs: &[&str]| json!({"apiGroups": [group], "resources": [kind], "verbs": verbs});
        let old = vec![rule("", "pods", &["get"]), rule("apps", "deployments", &["get"])];
        let new = vec![
            rule("", "secrets", &["get"]),
            rule("apps", "deployments", &["get", "patch"]),
            rule("", "pods", &["get", "list"]),
        ];
        assert_eq!(by_content(true, &old, &new), [New(0), Both(1, 1), Both(0, 2)]);
    }

    #[test]
    fn rules_of_an_ingress_are_told_apart_by_their_host_and_there_may_be_none() {
        let old = items(json!([{"host": "a", "http": {}}, {"http": {}}]));
        let new = items(json!([{"http": {}}, {"host": "b", "http": {}}, {"host": "a", "http": {}}]));
        let key = merge_key("rules", &old, &new).expect("hosts tell them apart");
        assert_eq!(key.of(&old[1]), "*");
        assert_eq!(by_key(key, &old, &new), [Both(1, 0), New(1), Both(0, 2)]);
    }
}
