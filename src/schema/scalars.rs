//! Scalars that do not mean what was intended: a number in place of a string, a quantity without its unit.

use serde_json::Value;

use crate::diag::{Diagnostic, LineIndex, Location, Step, ValuePath};
use crate::values::Merged;

/// An error for each string whose spelling is lost because YAML reads it as a number or a boolean: `18.10` becomes
/// `18.1`, `012` becomes `10`, `yes` becomes `true`.
///
/// `paths` are those of numbers and booleans where a string is intended.
pub(super) fn lost_texts(merged: &Merged, paths: &[ValuePath]) -> Vec<Diagnostic> {
    let mut sources = Vec::new();
    let lost = |path: &&ValuePath| {
        let (Some(origin), Some(value)) = (merged.origins.exact(path), path.within(&merged.user)) else { return false };
        written(merged, origin.value, &mut sources).is_some_and(|text| loses(text, value))
    };
    paths.iter().filter(lost).map(finding).collect()
}

fn finding(path: &ValuePath) -> Diagnostic {
    let message = format!("`{path}` must be a string, and without quotes YAML reads this value differently");
    Diagnostic::error("lost-text", message).at_value(path.clone()).hint("put it in quotes")
}

/// Whether a plain scalar with this spelling has another one after it was read as the value.
fn loses(text: &str, value: &Value) -> bool {
    match value {
        Value::Number(number) => {
            text.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c)) && text != number.to_string()
        }
        Value::Bool(_) => ["yes", "no", "on", "off", "y", "n"].contains(&text.to_ascii_lowercase().as_str()),
        _ => false,
    }
}

/// The spelling of a scalar, that of its anchor where it is an alias. `sources` caches the lines of sources by their
/// numbers.
fn written<'m>(merged: &'m Merged, at: Location, sources: &mut Vec<(usize, LineIndex<'m>)>) -> Option<&'m str> {
    let source: &'m str = &merged.sources.get(at.source)?.text;
    let known = sources.iter().position(|(number, _)| *number == at.source);
    let index = known.unwrap_or_else(|| {
        sources.push((at.source, LineIndex::of(source)));
        sources.len() - 1
    });
    let line = sources[index].1.get(at.line.checked_sub(1)?)?;
    let start = line.char_indices().nth(at.column.checked_sub(1)?)?.0;
    let rest = &line[start..];
    let end = rest.char_indices().nth(at.len).map_or(rest.len(), |(end, _)| end);
    let text = &rest[..end];
    let Some(name) = text.strip_prefix('*') else { return Some(text) };
    let anchor = format!("&{name} ");
    let value = source[source.find(&anchor)? + anchor.len()..].trim_start_matches(' ');
    value.split(|c: char| c.is_whitespace() || ",]}#".contains(c)).next()
}

/// A mebibyte: less memory or storage is useless.
const LEAST_BYTES: f64 = 1_048_576.0;
/// No pod requests as many processors.
const MOST_CPUS: f64 = 100.0;

/// A warning about an implausible quantity: `memory: 10m` is a hundredth of a byte, `cpu: 500` is 500 processors.
pub(super) fn unit(path: &ValuePath, value: &Value) -> Option<Diagnostic> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, suffix) = text.split_at(digits);
    let amount = number.parse::<f64>().ok()? * factor(suffix)?;
    let key = path.0.iter().rev().find_map(|step| match step {
        Step::Key(key) if ["cpu", "memory", "size", "storage", "ephemeral-storage", "sizeLimit"].contains(&&**key) => {
            Some(&**key)
        }
        _ => None,
    })?;
    let (is, meant) = match key {
        "cpu" if amount >= MOST_CPUS => (format!("`{text}` means {amount} processors"), format!("{number}m")),
        "cpu" => return None,
        _ if amount <= 0.0 || amount >= LEAST_BYTES => return None,
        "memory" => (bytes(&text, suffix, amount), format!("{number}Mi")),
        _ if suffix.is_empty() => (bytes(&text, suffix, amount), format!("{number}Gi")),
        _ => (bytes(&text, suffix, amount), format!("{number}Mi")),
    };
    let message = format!("`{path}`: {is}");
    Some(
        Diagnostic::warning("odd-quantity", message)
            .at_value(path.clone())
            .hint(format!("write the unit that is meant, as `{meant}`")),
    )
}

fn bytes(text: &str, suffix: &str, amount: f64) -> String {
    match suffix {
        "m" | "u" | "n" => {
            format!("`{text}` is smaller than it looks: the suffix `{suffix}` makes it a fraction of a byte")
        }
        "" => format!("`{text}` without a unit means bytes"),
        _ => format!("`{text}` is only {amount} bytes"),
    }
}

fn factor(suffix: &str) -> Option<f64> {
    Some(match suffix {
        "" => 1.0,
        "n" => 1e-9,
        "u" => 1e-6,
        "m" => 1e-3,
        "k" => 1e3,
        "M" => 1e6,
        "G" => 1e9,
        "T" => 1e12,
        "Ki" => 1024.0,
        "Mi" => 1_048_576.0,
        "Gi" => 1_073_741_824.0,
        "Ti" => 1_099_511_627_776.0,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::{loses, unit};
    use crate::diag::ValuePath;
    use serde_json::json;

    #[test]
    fn a_number_keeps_its_text_only_where_it_is_written_as_it_is_printed() {
        let cases = [
            ("18.10", json!(18.1)),
            ("012", json!(10)),
            ("1_000", json!(1000)),
            ("1e3", json!(1000)),
            ("0x1F", json!(31)),
            ("1.0", json!(1)),
            ("+5", json!(5)),
            ("yes", json!(true)),
            ("off", json!(false)),
        ];
        for (text, value) in cases {
            assert!(loses(text, &value), "{text} becomes {value}");
        }
        for (text, value) in
            [("18.9", json!(18.9)), ("16", json!(16)), ("-1", json!(-1)), ("true", json!(true)), ("True", json!(true))]
        {
            assert!(!loses(text, &value), "{text} stays {value}");
        }
    }

    #[test]
    fn a_quantity_that_nobody_can_mean_is_told_with_its_unit() {
        let meant = |path: &str, value| unit(&ValuePath::dotted(path), &value).and_then(|found| found.hint);
        for (path, value, unit) in [
            ("a.persistence.size", json!(100), "`100Gi`"),
            ("a.persistence.size", json!("50"), "`50Gi`"),
            ("a.resources.requests.memory", json!("10m"), "`10Mi`"),
            ("a.resources.limits.memory", json!(512), "`512Mi`"),
            ("a.resources.limits.ephemeral-storage", json!("100m"), "`100Mi`"),
            ("a.resources.requests.cpu", json!(1000), "`1000m`"),
            ("a.resources.requests.cpu", json!("100Mi"), "`100m`"),
            ("a.hpa.memory.targetAverageValue", json!("400m"), "`400Mi`"),
        ] {
            assert!(meant(path, value.clone()).is_some_and(|hint| hint.contains(unit)), "{path}: {value}");
        }
        for (path, value) in [
            ("a.persistence.size", json!("50Gi")),
            ("a.persistence.size", json!(0)),
            ("a.resources.requests.memory", json!("2.5G")),
            ("a.resources.requests.memory", json!(134_217_728)),
            ("a.resources.requests.cpu", json!(4)),
            ("a.resources.requests.cpu", json!("900m")),
            ("a.hpa.cpu.targetAverageValue", json!("1")),
        ] {
            assert_eq!(meant(path, value.clone()), None, "{path}: {value}");
        }
    }
}
