//! Advice for a value that makes objects invalid: a change that was tried and removes the fault.

use serde_json::Value;

use super::variants::{Variant, Variants};
use crate::diag::{ValuePath, marks};

/// A shorter string is never too long for a name.
const LONG: usize = 20;

/// A sentence that advises what to write at `path`; `helps` tells whether a variant is free of the fault.
///
/// `None` where none of the usual mistakes is the reason.
pub(super) fn for_value(variants: &Variants<'_>, path: &ValuePath, helps: &dyn Fn(&Variant) -> bool) -> Option<String> {
    let leaves = variants.leaves();
    let (_, value) = leaves.iter().find(|(leaf, _)| leaf == path)?;
    let text = value.as_str()?;
    if marks::is_mark(text) {
        return Some(marks::RENDER_FIRST.to_owned());
    }
    let try_text = |new: &str| helps(&variants.with(&[(path, Value::String(new.to_owned()))]));
    for (new, how) in mended(text) {
        if try_text(&new) {
            return Some(format!("write `{new}`, {how}"));
        }
    }
    let shortest: String = text.chars().take(1).collect();
    (text.len() > LONG && try_text(&shortest)).then(|| {
        // The longest prefix that is accepted.
        let (mut fits, mut too_long) = (1, text.chars().count());
        while too_long - fits > 1 {
            let middle = usize::midpoint(fits, too_long);
            let part: String = text.chars().take(middle).collect();
            // A prefix may not end with every character.
            if try_text(&part) || try_text(&format!("{}x", part.chars().take(middle - 1).collect::<String>())) {
                fits = middle;
            } else {
                too_long = middle;
            }
        }
        format!("write a shorter string here, of at most {fits} characters")
    })
}

/// The string without the usual mistakes in names and hosts, and a description of the change.
fn mended(text: &str) -> Vec<(String, String)> {
    let mut all = Vec::new();
    let trimmed = text.trim();
    if trimmed != text {
        all.push((trimmed.to_owned(), "without spaces around it".to_owned()));
    }
    if let Some((scheme, rest)) = trimmed.split_once("://") {
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let how = if host == rest { format!("without `{scheme}://`") } else { "the host alone".to_owned() };
        all.push((host.to_owned(), how));
        if let Some((name, port)) = host.rsplit_once(':')
            && port.bytes().all(|b| b.is_ascii_digit())
        {
            all.push((name.to_owned(), format!("without `{scheme}://` and without the port")));
        }
    }
    let dotless = trimmed.trim_matches('.');
    if dotless != trimmed && !dotless.is_empty() {
        all.push((dotless.to_owned(), "without dots around it".to_owned()));
    }
    let slashless = trimmed.trim_matches('/');
    if slashless != trimmed && !slashless.is_empty() && !trimmed.contains("://") {
        all.push((slashless.to_owned(), "without slashes around it".to_owned()));
    }
    let lower = trimmed.to_lowercase();
    if lower != trimmed {
        all.push((lower.clone(), "in lower case".to_owned()));
    }
    let dashed = trimmed.replace('_', "-");
    if dashed != trimmed {
        all.push((dashed, "with `-` in place of `_`".to_owned()));
        if lower != trimmed {
            all.push((lower.replace('_', "-"), "in lower case and with `-` in place of `_`".to_owned()));
        }
    }
    all
}
