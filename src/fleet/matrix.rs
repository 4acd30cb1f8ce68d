//! Environments that are combinations: `region × stage`.

use std::collections::BTreeMap;

use super::MOST;
use super::fields::FleetFields;
use crate::diag::Diagnostic;
use crate::yaml::{Kind, Node};

/// The axes, and the environment of each combination of them.
pub(super) struct Matrix<'n> {
    /// The environment; `{axis}` stands for the value of an axis.
    pub(super) name: String,
    pub(super) environment: Option<&'n Node>,
    axes: Vec<(String, Vec<String>)>,
    exclude: Vec<BTreeMap<String, String>>,
}

impl<'n> Matrix<'n> {
    /// Reads a matrix; `None` where it has an error, which is added to `findings`.
    pub(super) fn of(node: &'n Node, findings: &mut Vec<Diagnostic>) -> Option<Self> {
        let before = findings.len();
        let mut fields = FleetFields::of(node, findings);
        let name = fields.string("name");
        let of = fields.node("of");
        let exclude = fields.list("exclude");
        let environment = fields.node("environment");
        fields.finish("a matrix");
        let mut axes = Vec::new();
        if let Some(of) = of {
            let names: Vec<String> = match &of.kind {
                Kind::Map(entries) => entries.iter().map(|(name, _)| name.clone()).collect(),
                _ => Vec::new(),
            };
            let mut fields = FleetFields::of(of, findings);
            for name in names {
                let before = fields.findings.len();
                let values: Vec<String> = fields.strings(&name).into_iter().map(|(value, _)| value).collect();
                if values.is_empty() && fields.findings.len() == before {
                    let message = format!("the axis `{name}` has no values, so the matrix has no environments");
                    let at = fields.place(&name).unwrap_or(of.at);
                    let hint = "write its values as a list, or remove the matrix";
                    fields.findings.push(Diagnostic::error("fleet", message).at(at).hint(hint));
                }
                axes.push((name, values));
            }
        }
        let exclude = exclude.iter().map(|one| excluded(one, &axes, findings)).collect();
        let matrix = Matrix { name: name.unwrap_or_default(), environment, axes, exclude };
        let missing = matrix.axes.iter().find(|(axis, _)| !matrix.name.contains(&format!("{{{axis}}}")));
        if matrix.axes.is_empty() || matrix.name.is_empty() {
            let message = "a matrix has a `name` and its axes below `of`";
            findings.push(
                Diagnostic::error("fleet", message)
                    .at(node.at)
                    .hint("write `name: \"{stage}-{region}\"` and `of: {stage: [dev, prod], region: [eu, us]}`"),
            );
        } else if let Some((axis, _)) = missing {
            let message = format!(
                "the name `{}` does not contain `{axis}`, so several environments would have the same name",
                matrix.name
            );
            findings.push(Diagnostic::error("fleet", message).at(node.at).hint(format!("add `{{{axis}}}` to it")));
        } else if matrix.axes.iter().map(|(_, values)| values.len()).product::<usize>() > MOST {
            let message = format!("a matrix of more than {MOST} combinations");
            findings.push(Diagnostic::error("fleet", message).at(node.at).hint("divide the fleet"));
        } else if findings.len() == before && matrix.combinations().is_empty() {
            let message = "`exclude` leaves out every combination of this matrix, so it has no environments";
            findings.push(Diagnostic::error("fleet", message).at(node.at).hint("exclude less, or remove the matrix"));
        }
        (findings.len() == before).then_some(matrix)
    }

    /// All combinations, the last axis fastest, without those that are excluded.
    pub(super) fn combinations(&self) -> Vec<BTreeMap<String, String>> {
        let mut all = vec![BTreeMap::new()];
        for (axis, values) in &self.axes {
            all = all
                .into_iter()
                .flat_map(|one: BTreeMap<String, String>| {
                    values.iter().map(move |value| {
                        let mut next = one.clone();
                        next.insert(axis.clone(), value.clone());
                        next
                    })
                })
                .collect();
        }
        let excluded = |one: &BTreeMap<String, String>| {
            self.exclude
                .iter()
                .any(|exclude| !exclude.is_empty() && exclude.iter().all(|(axis, value)| one.get(axis) == Some(value)))
        };
        all.retain(|one| !excluded(one));
        all
    }
}

/// A combination that is left out, by some of its axes. An axis or a value that the matrix does not have is an error: what
/// was meant would be rendered.
fn excluded(node: &Node, axes: &[(String, Vec<String>)], findings: &mut Vec<Diagnostic>) -> BTreeMap<String, String> {
    let mut chosen = BTreeMap::new();
    let mut fields = FleetFields::of(node, findings);
    for (axis, _) in axes {
        chosen.extend(fields.string(axis).map(|value| (axis.clone(), value)));
    }
    fields.finish("an `exclude` of this matrix");
    for (axis, values) in axes {
        let Some(value) = chosen.get(axis).filter(|value| !values.contains(value)) else { continue };
        let message = format!("`exclude` names the {axis} `{value}`, which the matrix does not have");
        findings.push(Diagnostic::error("fleet", message).at(node.at).hint(format!("it has {}", values.join(", "))));
    }
    chosen
}

/// A string in which the values of a combination replace `{axis}`.
pub(super) fn filled(text: &str, combination: &BTreeMap<String, String>) -> String {
    combination.iter().fold(text.to_owned(), |text, (axis, value)| text.replace(&format!("{{{axis}}}"), value))
}
