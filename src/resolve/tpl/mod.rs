//! Values that contain `{{ }}`: the fields that the official chart passes through its template engine are evaluated
//! here, in the subset of that language that people use in values files.
//!
//! [`lex`] and [`parse`] make a syntax tree, [`eval`] evaluates it, [`functions`] has the functions, [`helpers`] the
//! named templates of `include`. Everything outside of this subset is refused with its place. For a string without `{{`
//! the cost is one search for these two characters.

mod eval;
mod functions;
mod helpers;
mod lex;
mod parse;

use serde_json::Value;

use super::context::Context;
use crate::diag::{Diagnostic, ValuePath};
use crate::model::Node;

/// The chart that a value belongs to; it decides `.Values` and the owner of a value.
#[derive(Debug, Clone, Copy)]
pub struct ValuesOwner<'c> {
    /// The component's name, `gitaly`.
    pub name: &'c str,
    /// The path of its section in the values, `gitlab.gitaly`.
    pub key: &'c str,
}

/// A reason why a template cannot be evaluated, and its offset in bytes.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct TplError {
    at: usize,
    why: String,
    hint: Option<&'static str>,
}

impl TplError {
    fn new(at: usize, why: impl Into<String>) -> Self {
        TplError { at, why: why.into(), hint: None }
    }

    fn hint(self, hint: &'static str) -> Self {
        TplError { hint: Some(hint), ..self }
    }
}

/// Evaluates the string at a values path. A template that cannot be evaluated is a finding, and the result is empty.
pub fn text(cx: &Context, chart: ValuesOwner, path: &str, text: &str) -> String {
    if !text.contains("{{") {
        return text.to_owned();
    }
    let result = parse::parse(text).and_then(|parts| eval::run(cx, chart, &parts));
    result.unwrap_or_else(|fault| {
        cx.say(finding(path, text, &fault));
        String::new()
    })
}

/// The same for each string in a list or map.
pub fn tree(cx: &Context, chart: ValuesOwner, path: &str, value: &Node) -> Node {
    match value {
        Value::String(one) => Value::String(text(cx, chart, path, one)),
        Value::Array(items) => {
            let one = |(n, item)| tree(cx, chart, &format!("{path}[{n}]"), item);
            Value::Array(items.iter().enumerate().map(one).collect())
        }
        Value::Object(map) => {
            let one = |(key, item): (&String, &Value)| (key.clone(), tree(cx, chart, &format!("{path}.{key}"), item));
            Value::Object(map.iter().map(one).collect())
        }
        other => other.clone(),
    }
}

fn finding(path: &str, text: &str, fault: &TplError) -> Diagnostic {
    let before = &text[..fault.at.min(text.len())];
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    let place = match text.trim_end().contains('\n') {
        true => format!("line {line}, column {column} of the string"),
        false => format!("column {column} of the string"),
    };
    Diagnostic::error("value-template", format!("`{path}`: {place}: {}", fault.why))
        .at_value(ValuePath::indexed(path).unwrap_or_else(|| ValuePath::dotted(path)))
        .unreadable()
        .hint(fault.hint.unwrap_or("write what it stands for as plain text"))
}
