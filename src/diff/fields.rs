//! The fields that differ between two versions of one object.

use serde_json::{Map, Value};

use super::embedded::{self, EmbeddedMeaning};
use super::lists::{ItemKey, ItemPair, by_content, by_key, is_set, merge_key};
use super::objects::are_foreign;
use super::{FieldChange, Object, defaults};

/// A field on the way down: its path for people, its path for [`defaults`], and its path as steps.
#[derive(Clone, Default)]
struct Path {
    /// `spec.template.spec.containers[webservice].image`.
    shown: String,
    /// `spec.template.spec.containers[].image`.
    plain: String,
    steps: Vec<FieldStep>,
}

/// One step on the way to a field in the new object.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum FieldStep {
    Key(String),
    /// A position in the new list.
    Item(usize),
    /// An item that only the old list has: the position in the new list before which it stood.
    Gone(usize),
    /// The order of the items of a list.
    Order,
}

impl Path {
    fn key(&self, key: &str) -> Self {
        let mut shown = self.shown.clone();
        if key.contains(['.', '/', '[', ' ']) {
            shown.push_str(&format!("[{key}]"));
        } else {
            if !shown.is_empty() {
                shown.push('.');
            }
            shown.push_str(key);
        }
        let plain = if self.plain.is_empty() { key.to_owned() } else { format!("{}.{key}", self.plain) };
        Path { shown, plain, steps: self.step(FieldStep::Key(key.to_owned())) }
    }

    fn item(&self, name: &str, step: FieldStep) -> Self {
        Path { shown: format!("{}[{name}]", self.shown), plain: format!("{}[]", self.plain), steps: self.step(step) }
    }

    fn step(&self, step: FieldStep) -> Vec<FieldStep> {
        let mut steps = self.steps.clone();
        steps.push(step);
        steps
    }

    /// The last key; for an item, the key of its list.
    fn last(&self) -> &str {
        self.plain.rsplit('.').next().unwrap_or_default().trim_end_matches("[]")
    }
}

/// All fields that differ, in the order of the new object.
pub(super) fn changes(kind: &str, old: &Object, new: &Object) -> Changes {
    let foreign = are_foreign(old, new);
    let mut walk = Walk { kind, live: (old.live, new.live), foreign, found: Changes::default() };
    walk.both(&Path::default(), &old.body, &new.body);
    walk.found
}

/// What differs between two versions of an object.
#[derive(Default)]
pub(super) struct Changes {
    /// The fields, in the order of the new object.
    pub fields: Vec<FieldChange>,
    /// Strings that Helm's chart and this program write in different words, and that configure the same.
    pub rewritten: Vec<FieldChange>,
}

struct Walk<'a> {
    kind: &'a str,
    /// Whether the old and the new object were read from a cluster.
    live: (bool, bool),
    /// Whether one side was written by Helm's chart and the other by this program.
    foreign: bool,
    found: Changes,
}

impl Walk<'_> {
    fn both(&mut self, path: &Path, old: &Value, new: &Value) {
        if old == new {
            return;
        }
        match (old, new) {
            (Value::Object(old), Value::Object(new)) => self.maps(path, old, new),
            (Value::Array(old), Value::Array(new)) => self.lists(path, old, new),
            _ if same_scalar(path, old, new) => {}
            (Value::String(old), Value::String(new)) if self.foreign => self.texts(path, old, new),
            _ => self.report(path, Some(old), Some(new)),
        }
    }

    /// Compares two strings of different authors by their meaning; a difference is shown in the normalized form.
    fn texts(&mut self, path: &Path, old: &str, new: &str) {
        let data = matches!(self.kind, "ConfigMap" | "Secret") && path.plain.starts_with("data.");
        let change = |old: &str, new: &str| FieldChange {
            path: path.shown.clone(),
            steps: path.steps.clone(),
            old: Some(old.into()),
            new: Some(new.into()),
        };
        if data {
            let key = path.plain.trim_start_matches("data.");
            match (embedded::meaning(key, old), embedded::meaning(key, new)) {
                (EmbeddedMeaning::Configuration(before), EmbeddedMeaning::Configuration(after)) if before != after => {
                    return self.found.fields.push(change(&before, &after));
                }
                (EmbeddedMeaning::Script, EmbeddedMeaning::Script)
                | (EmbeddedMeaning::Configuration(_), EmbeddedMeaning::Configuration(_)) => {
                    return self.found.rewritten.push(change(old, new));
                }
                _ => {}
            }
        }
        // Where one side marks a script, the other is a script too, however short.
        let argument = matches!(path.last(), "command" | "args");
        if argument && (embedded::is_shell(old) || embedded::is_shell(new)) {
            return self.found.rewritten.push(change(old, new));
        }
        self.report(path, Some(&old.into()), Some(&new.into()));
    }

    fn maps(&mut self, path: &Path, old: &Map<String, Value>, new: &Map<String, Value>) {
        for (key, new_value) in new {
            match old.get(key) {
                // A server serves every version of a group; names were compared when the objects were paired.
                Some(_) if path.plain.is_empty() && key == "apiVersion" => {}
                Some(_) if path.plain == "metadata" && matches!(key.as_str(), "name" | "namespace") => {}
                Some(old_value) if old_value == new_value => {}
                Some(old_value) if self.is_chosen(&path.key(key).plain, old_value, new_value) => {}
                Some(old_value) if self.says_nothing(&path.key(key).plain, old_value, new_value, (old, new)) => {}
                Some(old_value) => self.both(&path.key(key), old_value, new_value),
                None => self.one(&path.key(key), None, Some(new_value), (old, new)),
            }
        }
        for (key, old_value) in old.iter().filter(|(key, _)| !new.contains_key(*key)) {
            self.one(&path.key(key), Some(old_value), None, (old, new));
        }
    }

    /// Whether neither of two values was asked for: a server chose it, or a manifest leaves the choice to one.
    fn is_chosen(&self, path: &str, old: &Value, new: &Value) -> bool {
        let open = |value: &Value, live: bool| value != "None" && (live || value == "");
        defaults::is_chosen(self.kind, path) && open(old, self.live.0) && open(new, self.live.1)
    }

    /// Whether one side has a field without a value, and the other what a server writes then.
    fn says_nothing(
        &self,
        path: &str,
        old: &Value,
        new: &Value,
        around: (&Map<String, Value>, &Map<String, Value>),
    ) -> bool {
        let is_nothing = |value: &Value| {
            value.is_null() || value.as_str() == Some("") || value.as_array().is_some_and(Vec::is_empty)
        };
        (is_nothing(new) && defaults::is_default(self.kind, path, old, around.0, self.live.0))
            || (is_nothing(old) && defaults::is_default(self.kind, path, new, around.1, self.live.1))
    }

    /// A field that only one side has; `around` is the map that contains it, on both sides.
    fn one(
        &mut self,
        path: &Path,
        old: Option<&Value>,
        new: Option<&Value>,
        around: (&Map<String, Value>, &Map<String, Value>),
    ) {
        let Some(value) = old.or(new) else { return };
        if path.plain == "metadata.namespace" || is_checksum(path) {
            return;
        }
        let live = if old.is_some() { self.live.0 } else { self.live.1 };
        let with = if old.is_some() { around.0 } else { around.1 };
        if defaults::is_default(self.kind, &path.plain, value, with, live) {
            return;
        }
        self.report(path, old, new);
    }

    fn lists(&mut self, path: &Path, old: &[Value], new: &[Value]) {
        if let Some(key) = merge_key(path.last(), old, new) {
            return self.keyed(path, key, old, new);
        }
        // Arguments of a container, one of which is a script.
        if self.foreign && matches!(path.last(), "command" | "args") && old.len() == new.len() {
            let program = embedded::program(old).filter(|program| Some(*program) == embedded::program(new));
            for (index, (old, new)) in old.iter().zip(new).enumerate() {
                let path = path.item(&index.to_string(), FieldStep::Item(index));
                match program == Some(index) && old != new {
                    true => self.rewritten(&path, old, new),
                    false => self.both(&path, old, new),
                }
            }
            return;
        }
        let has_maps = old.iter().chain(new).any(Value::is_object);
        let is_set = is_set(path.last());
        let pairs = by_content(is_set, old, new);
        let kept = pairs.iter().any(|pair| matches!(pair, ItemPair::Both(..)));
        // Arguments of a command depend on each other, so they are shown together.
        if has_maps || (is_set && kept) {
            self.items(path, &pairs, (old, new), |item, place| match item {
                Value::String(text) if is_set => text.clone(),
                _ => place.to_string(),
            });
        } else {
            self.report(path, Some(&Value::Array(old.to_vec())), Some(&Value::Array(new.to_vec())));
        }
    }

    /// Compares the items of two lists that belong together.
    fn items(
        &mut self,
        path: &Path,
        pairs: &[ItemPair],
        (old, new): (&[Value], &[Value]),
        name: impl Fn(&Value, usize) -> String,
    ) {
        let none = Map::new();
        for pair in pairs {
            match *pair {
                ItemPair::Both(from, to) => {
                    let path = path.item(&name(&new[to], to), FieldStep::Item(to));
                    self.both(&path, &old[from], &new[to]);
                }
                ItemPair::New(to) => {
                    let path = path.item(&name(&new[to], to), FieldStep::Item(to));
                    self.one(&path, None, Some(&new[to]), (&none, &none));
                }
                ItemPair::Gone(from, to) => {
                    let path = path.item(&name(&old[from], from), FieldStep::Gone(to));
                    self.one(&path, Some(&old[from]), None, (&none, &none));
                }
            }
        }
    }

    fn keyed(&mut self, path: &Path, key: ItemKey, old: &[Value], new: &[Value]) {
        self.items(path, &by_key(key, old, new), (old, new), |item, _| key.of(item));
        // Init containers run one after the other.
        let common = |items: &[Value], others: &[Value]| -> Vec<String> {
            let names = items.iter().map(|item| key.of(item));
            names.filter(|name| others.iter().any(|other| key.of(other) == *name)).collect()
        };
        if path.last() == "initContainers" {
            let (before, after) = (common(old, new), common(new, old));
            if before != after {
                let path = Path { steps: path.step(FieldStep::Order), ..path.clone() };
                self.report(&path, Some(&before.into()), Some(&after.into()));
            }
        }
    }

    /// Whether this is a program that we wrote in words of our own.
    fn rewritten(&mut self, path: &Path, old: &Value, new: &Value) {
        let change = FieldChange {
            path: path.shown.clone(),
            steps: path.steps.clone(),
            old: Some(old.clone()),
            new: Some(new.clone()),
        };
        self.found.rewritten.push(change);
    }

    fn report(&mut self, path: &Path, old: Option<&Value>, new: Option<&Value>) {
        if is_checksum(path) {
            return;
        }
        let steps = path.steps.clone();
        self.found.fields.push(FieldChange { path: path.shown.clone(), steps, old: old.cloned(), new: new.cloned() });
    }
}

/// The new object with the old values in the fields that differ, and nothing else: reports show it line by line.
pub(super) fn before(new: &Value, changes: &[FieldChange]) -> Value {
    let mut body = new.clone();
    // The last item of a list comes first, so that the positions of the others stay valid.
    for change in changes.iter().rev() {
        put(&mut body, &change.steps, change.old.as_ref());
    }
    body
}

fn put(value: &mut Value, steps: &[FieldStep], old: Option<&Value>) {
    let Some((step, rest)) = steps.split_first() else {
        if let Some(old) = old {
            *value = old.clone();
        }
        return;
    };
    match (step, value) {
        (FieldStep::Key(key), Value::Object(map)) if rest.is_empty() => match old {
            Some(old) => {
                map.insert(key.clone(), old.clone());
            }
            None => {
                map.remove(key);
            }
        },
        (FieldStep::Key(key), Value::Object(map)) => {
            if let Some(inner) = map.get_mut(key) {
                put(inner, rest, old);
            }
        }
        (FieldStep::Item(index), Value::Array(items)) if *index < items.len() => {
            if rest.is_empty() && old.is_none() {
                items.remove(*index);
            } else {
                put(&mut items[*index], rest, old);
            }
        }
        (FieldStep::Gone(index), Value::Array(items)) => {
            let index = (*index).min(items.len());
            items.splice(index..index, old.cloned());
        }
        _ => {}
    }
}

/// Whether a field is a hash of what the pods read: its source is compared by itself.
fn is_checksum(path: &Path) -> bool {
    path.plain.contains("annotations.checksum/")
}

/// Whether Kubernetes treats two scalars as equal: quantities in different units, durations in different forms.
fn same_scalar(path: &Path, old: &Value, new: &Value) -> bool {
    let quantities = path.plain.contains("resources.")
        || path.plain.contains(".capacity")
        || path.plain.ends_with("target.value")
        || ["sizeLimit", "averageValue", "storage", "cpu", "memory", "divisor"].contains(&path.last());
    quantities && quantity(old).is_some_and(|old| Some(old) == quantity(new))
}

/// A quantity in billionths.
pub(super) fn quantity(value: &Value) -> Option<i128> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    let end = text.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '-' | '+'))).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let scale: i128 = match unit {
        "Ki" => ONE << 10,
        "Mi" => ONE << 20,
        "Gi" => ONE << 30,
        "Ti" => ONE << 40,
        "Pi" => ONE << 50,
        "Ei" => ONE << 60,
        _ => 10_i128.checked_pow(u32::try_from(power(unit)? + 9).ok()?)?,
    };
    if fraction.len() > 9 || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let whole: i128 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let places = u32::try_from(fraction.len()).ok()?;
    let part: i128 = if fraction.is_empty() { 0 } else { fraction.parse().ok()? };
    let sign = if number.starts_with('-') { -1 } else { 1 };
    whole.checked_mul(scale)?.checked_add(sign * part.checked_mul(scale)? / 10_i128.pow(places))
}

/// One, as [`quantity`] counts.
const ONE: i128 = 1_000_000_000;

/// The power of ten of a decimal unit, `k` or `e3`.
fn power(unit: &str) -> Option<i32> {
    let powers =
        [("n", -9), ("u", -6), ("m", -3), ("", 0), ("k", 3), ("M", 6), ("G", 9), ("T", 12), ("P", 15), ("E", 18)];
    let named = powers.iter().find(|(name, _)| *name == unit).map(|(_, power)| *power);
    named.or_else(|| unit.strip_prefix(['e', 'E'])?.parse().ok().filter(|power| (-9..=18).contains(power)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::quantity;

    #[test]
    fn quantities_are_equal_in_every_unit() {
        for (a, b) in [
            ("1", "1000m"),
            ("0.5", "500m"),
            ("1Gi", "1024Mi"),
            ("1.5Gi", "1536Mi"),
            ("2k", "2000"),
            ("-1.5", "-1500m"),
            ("1e3", "1k"),
            ("1E-3", "1m"),
            ("5u", "5000n"),
            ("1Pi", "1024Ti"),
        ] {
            assert_eq!(quantity(&json!(a)), quantity(&json!(b)), "{a} and {b}");
            assert!(quantity(&json!(a)).is_some());
        }
        assert_ne!(quantity(&json!("1G")), quantity(&json!("1Gi")));
        assert_eq!(quantity(&json!("10x")), None);
    }
}
