//! How much values may say.

use serde_json::Value;

use crate::diag::{Diagnostic, Step, ValuePath};
use crate::schema;

/// The maximum number of keys and items that are read, at all depths.
///
/// Many values are written into each of a hundred containers: eight MiB of variables would be gigabytes of objects, none of
/// which a cluster accepts.
const MOST_ENTRIES: usize = 10_000;

/// The maximum length of all strings that are read, in bytes. A cluster keeps no object that is larger than about 1.5 MiB, and
/// no ConfigMap or Secret larger than 1 MiB; Helm keeps all values in one of those.
const MOST_TEXT: usize = 1 << 20;

#[derive(Debug, Clone, Copy, Default)]
struct Size {
    entries: usize,
    text: usize,
}

impl Size {
    fn of(value: &Value) -> Self {
        match value {
            Value::Object(map) => Size::sum(map.values(), map.keys().map(String::len).sum()),
            Value::Array(items) => Size::sum(items.iter(), 0),
            Value::String(text) => Size { entries: 0, text: text.len() },
            _ => Size::default(),
        }
    }

    fn sum<'v>(inner: impl Iterator<Item = &'v Value>, keys: usize) -> Self {
        inner.fold(Size { entries: 0, text: keys }, |all, value| {
            let Size { entries, text } = Size::of(value);
            Size { entries: all.entries + 1 + entries, text: all.text + text }
        })
    }

    fn is_too_large(self) -> bool {
        self.entries > MOST_ENTRIES || self.text > MOST_TEXT
    }
}

/// The finding about values that make objects which no cluster accepts, at the largest part. Unknown keys do not count: they
/// are reported as such.
pub(super) fn find(user: &Value) -> Option<Diagnostic> {
    if !Size::of(user).is_too_large() {
        return None;
    }
    let known = schema::known(user);
    let size = Size::of(&known);
    if !size.is_too_large() {
        return None;
    }
    let (path, Size { entries, text }) = largest(&known, size);
    let has = match entries > MOST_ENTRIES / 2 {
        true => format!("{entries} values"),
        false => format!("{} KiB of strings", text.div_ceil(1024)),
    };
    let most = format!("all values together may have {MOST_ENTRIES} keys and items and {} KiB", MOST_TEXT / 1024);
    Some(
        Diagnostic::error("too-large", format!("`{path}` has {has}, more than any object of a cluster may hold"))
            .at_value(path)
            .hint(format!("{most}; put large data into ConfigMaps of your own and refer to them")),
    )
}

/// The innermost part that has most of the values or of the strings.
fn largest(value: &Value, size: Size) -> (ValuePath, Size) {
    let (mut path, mut at, mut size) = (ValuePath::root(), value, size);
    loop {
        let children: Vec<(Step, &Value)> = match at {
            Value::Object(map) => map.iter().map(|(key, inner)| (Step::Key(key.as_str().into()), inner)).collect(),
            Value::Array(items) => items.iter().enumerate().map(|(n, inner)| (Step::Index(n), inner)).collect(),
            _ => Vec::new(),
        };
        let most = |(step, inner): (Step, &'_ Value)| {
            let part = Size::of(inner);
            let main =
                if size.entries > MOST_ENTRIES { part.entries * 2 > size.entries } else { part.text * 2 > size.text };
            main.then_some((step, part))
        };
        let Some((step, part)) = children.into_iter().find_map(most) else { return (path, size) };
        path.0.push(step);
        let Some(inner) = path.within(value) else { return (path, size) };
        (at, size) = (inner, part);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::find;

    fn message(user: &Value) -> Option<String> {
        find(user).map(|found| found.message)
    }

    #[test]
    fn the_largest_part_is_named() {
        let many: Value = (0..20_000).map(|n| (format!("A{n}"), json!("1"))).collect::<serde_json::Map<_, _>>().into();
        let long = "x".repeat(2 << 20);
        for (user, named) in [
            (json!({"global": {"extraEnv": many, "edition": "ce"}}), "`global.extraEnv` has 20000 values"),
            (json!({"global": {"extraEnv": {"A": long}}}), "`global.extraEnv.A` has 2048 KiB of strings"),
        ] {
            let message = message(&user).unwrap_or_default();
            assert!(message.starts_with(named), "{message}");
        }
        assert_eq!(message(&json!({"global": {"extraEnv": {"A": "1"}}})), None);
        assert_eq!(message(&json!({"a": {"b": many}})), None, "unknown keys are reported as such");
    }
}
