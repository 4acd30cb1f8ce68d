//! The comparison as JSON for programs: `schemas/diff.schema.json` describes it.

use serde_json::{Map, Value, json};

use super::{Class, Comparison, sides, without_known};
use crate::diff::ObjectFate;
use crate::redact;

/// The comparison as one JSON object, with a newline at its end.
pub fn json(comparison: &Comparison) -> String {
    let objects: Vec<Value> = comparison
        .changes
        .iter()
        .map(|change| {
            let (what, new_name) = match &change.what {
                ObjectFate::Added => ("added", None),
                ObjectFate::Removed => ("removed", None),
                ObjectFate::Changed => ("changed", None),
                ObjectFate::Renamed(name) => ("renamed", Some(name)),
            };
            let kind = change.id.kind.as_str();
            let fields: Vec<Value> = change
                .fields
                .iter()
                .map(|field| match sides(kind, field) {
                    None => json!({"path": redact::text(&field.path), "secret": true}),
                    Some([old, new]) => json!({"path": redact::text(&field.path), "old": old, "new": new}),
                })
                .collect();
            let risks: Vec<Value> = change
                .risks
                .iter()
                .map(|risk| json!({"class": risk.class.word(), "reason": risk.reason, "way": risk.way}))
                .collect();
            json!({
                "apiVersion": change.id.api_version, "kind": kind, "namespace": change.id.namespace,
                "name": change.id.name, "change": what, "newName": new_name, "class": change.class().word(),
                "risks": risks, "fields": fields,
            })
        })
        .collect();
    let classes: Map<String, Value> =
        Class::ALL.iter().map(|class| (class.word().to_owned(), comparison.count(*class).into())).collect();
    let companions: Vec<Value> = comparison
        .companions
        .iter()
        .map(|(chart, id)| {
            json!({"chart": chart.name, "apiVersion": id.api_version, "kind": id.kind, "namespace": id.namespace, "name": id.name})
        })
        .collect();
    let whole = json!({
        "version": 1,
        "summary": {"same": comparison.same, "passedOver": comparison.passed_over, "classes": classes},
        "objects": objects,
        "companions": companions,
    });
    without_known(comparison, format!("{whole:#}\n"))
}
