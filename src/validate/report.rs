//! Writes findings for people and for programs.

use std::collections::HashMap;
use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{Finding, Findings, RequiredSecret, Severity};
use crate::diag::register;
use crate::manifest::content;
use crate::{escape, redact};

/// One line per finding in the format of compilers, followed by its hint.
pub fn text(checked: &Findings, least: Severity) -> String {
    let mut out = String::new();
    for f in checked.all.iter().filter(|f| f.severity >= least) {
        let mut text = format!("{}:{}:{}: {}[{}]: ", f.file, f.line, f.column, f.severity.word(), f.code);
        // Writing to a String cannot fail.
        if let Some(id) = &f.object {
            let _ = write!(text, "`{id}`: ");
        }
        if !f.path.is_empty() {
            let _ = write!(text, "`{}`: ", f.path);
        }
        text.push_str(&f.message);
        let _ = writeln!(out, "{}", escape::line(&redact::text(&text)));
        if let Some(hint) = &f.hint {
            let _ = writeln!(out, "  hint: {}", escape::line(&redact::text(hint)));
        }
    }
    out
}

/// A summary of the run in one sentence.
pub fn summary(checked: &Findings) -> String {
    let errors = checked.count(Severity::Error);
    let warnings = checked.count(Severity::Warning) - errors;
    let mut out = format!(
        "Kubernetes 1.{}: {}, {}, {}",
        checked.minor,
        counted(checked.objects, "object"),
        counted(errors, "error"),
        counted(warnings, "warning")
    );
    if !checked.skipped.is_empty() {
        let kinds: Vec<String> = checked.skipped.iter().map(|(kind, n)| format!("{n} `{kind}`")).collect();
        let _ = write!(out, "; only names and labels were checked of {}", kinds.join(", "));
    }
    let made = checked.secrets.iter().filter(|secret| secret.made_by.is_some()).count();
    if !checked.secrets.is_empty() {
        let _ = write!(
            out,
            "; {} not in the set; its objects create {made} of them",
            counted(checked.secrets.len(), "Secret")
        );
    }
    out
}

fn counted(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

/// The required Secrets, one per line, in columns separated by tabs.
pub fn secrets(all: &[RequiredSecret]) -> String {
    let mut out = String::from("NAMESPACE\tSECRET\tKEYS\tMADE BY\tNEEDED BY\n");
    for secret in all {
        let keys = if secret.keys.is_empty() { "-".to_owned() } else { secret.keys.join(",") };
        let made_by = secret.made_by.as_deref().unwrap_or("you");
        let needed_by = secret.needed_by.join(",");
        let columns = [secret.namespace.as_str(), &secret.name, &keys, made_by, &needed_by];
        let columns = columns.map(|column| escape::line(column).replace('\t', " "));
        out.push_str(&columns.join("\t"));
        out.push('\n');
    }
    out
}

/// The result as JSON; `schemas/validate.output.schema.json` describes it.
pub fn json(checked: &Findings) -> Value {
    let findings: Vec<Value> = checked.all.iter().map(finding).collect();
    let skipped: Vec<Value> =
        checked.skipped.iter().map(|(kind, objects)| json!({ "kind": kind, "objects": objects })).collect();
    json!({
        "version": 1,
        "kubernetes": format!("1.{}", checked.minor),
        "objects": checked.objects,
        "errors": checked.count(Severity::Error),
        "warnings": checked.count(Severity::Warning) - checked.count(Severity::Error),
        "findings": findings,
        "skipped": skipped,
        "requiredSecrets": checked.secrets.iter().map(required_secret).collect::<Vec<_>>(),
    })
}

fn required_secret(secret: &RequiredSecret) -> Value {
    json!({
        "namespace": secret.namespace, "name": secret.name, "keys": secret.keys,
        "madeBy": secret.made_by, "neededBy": secret.needed_by,
    })
}

fn finding(f: &Finding) -> Value {
    let object = f
        .object
        .as_ref()
        .map(|id| json!({ "apiVersion": id.api_version, "kind": id.kind, "namespace": id.namespace, "name": id.name }));
    json!({
        "code": f.code, "severity": f.severity.word(), "file": f.file, "line": f.line, "column": f.column,
        "object": object, "path": f.path, "message": redact::text(&f.message), "hint": f.hint.as_deref().map(redact::text),
    })
}

/// A finding as one sentence.
fn sentence(f: &Finding) -> String {
    let object = f.object.as_ref().map(|id| format!("{id}: ")).unwrap_or_default();
    let hint = f.hint.as_ref().map(|hint| format!(" ({hint})")).unwrap_or_default();
    let path = if f.path.is_empty() { String::new() } else { format!("{}: ", f.path) };
    redact::text(&format!("{object}{path}{}{hint}", f.message))
}

/// SARIF 2.1.0, for code scanning.
pub fn sarif(checked: &Findings) -> Value {
    let mut codes: Vec<&str> = checked.all.iter().map(|f| f.code).collect();
    codes.sort_unstable();
    codes.dedup();
    let level = |severity: Severity| match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    };
    let results: Vec<Value> = checked
        .all
        .iter()
        .map(|f| {
            let region = json!({ "startLine": f.line, "startColumn": f.column });
            let mut result = json!({
                "ruleId": f.code,
                "ruleIndex": codes.binary_search(&f.code).unwrap_or_default(),
                "level": level(f.severity),
                "message": { "text": sentence(f) },
                "locations": [{ "physicalLocation": { "artifactLocation": { "uri": uri(&f.file) }, "region": region } }],
            });
            if let Some(id) = &f.object {
                let name = format!("{}/{}", id.namespace.as_deref().unwrap_or_default(), id);
                result["locations"][0]["logicalLocations"] =
                    json!([{ "fullyQualifiedName": format!("{name}:{}", f.path), "kind": "object" }]);
            }
            result
        })
        .collect();
    let rules: Vec<Value> = codes.iter().map(|code| rule(code)).collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": { "name": "gitlab-render", "version": env!("CARGO_PKG_VERSION"), "rules": rules } },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

/// A code with what code scanning shows about it.
fn rule(code: &str) -> Value {
    let Some(entry) = register::find(code) else { return json!({ "id": code }) };
    json!({
        "id": code,
        "shortDescription": { "text": entry.meaning },
        "fullDescription": { "text": entry.meaning },
        "help": { "text": entry.next },
    })
}

/// A path as a URI reference.
fn uri(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' | b'~' => out.push(char::from(byte)),
            _ => {
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
    out
}

/// A Code Quality report for GitLab's merge requests.
pub fn code_quality(checked: &Findings) -> Value {
    let mut times: HashMap<String, usize> = HashMap::new();
    let issues = checked.all.iter().map(|f| {
        let same = format!("{}\n{}\n{}", f.file, f.code, sentence(f));
        // The fingerprint does not contain the line, so that a finding keeps it when lines move.
        let n = times.entry(same.clone()).and_modify(|n| *n += 1).or_insert(0);
        let fingerprint = content::hex(format!("{same}\n{n}").as_bytes());
        let severity = match f.severity {
            Severity::Error => "major",
            Severity::Warning => "minor",
            Severity::Note => "info",
        };
        json!({
            "type": "issue",
            "description": sentence(f),
            "check_name": f.code,
            "fingerprint": fingerprint,
            "severity": severity,
            "categories": ["Bug Risk"],
            "location": { "path": f.file.trim_start_matches("./"), "lines": { "begin": f.line } },
        })
    });
    Value::Array(issues.collect())
}

/// JUnit's XML: a test case for each finding, or one for the whole run with its summary. An error is a failed one. What is
/// less severe passes, and its sentence is the output of the test case: JUnit knows no other severity, and a warning that
/// failed would fail the pipeline.
pub fn junit(checked: &Findings, suite: &str, summary: &str) -> String {
    let failed = checked.all.iter().filter(|f| f.severity == Severity::Error).count();
    let tests = checked.all.len().max(1);
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(out, "<testsuites><testsuite name=\"{suite}\" tests=\"{tests}\" failures=\"{failed}\">");
    if checked.all.is_empty() {
        let _ = writeln!(out, "<testcase name=\"{}\"/>", escape::xml(summary));
    }
    for f in &checked.all {
        let place = format!("{}:{}:{}", f.file, f.line, f.column);
        let said = escape::xml(&sentence(f));
        let result = match f.severity {
            Severity::Error => format!("<failure type=\"{}\" message=\"{said}\"/>", f.code),
            severity => format!("<system-out>{}[{}]: {said}</system-out>", severity.word(), f.code),
        };
        let _ = writeln!(
            out,
            "<testcase classname=\"{}\" name=\"{}\" file=\"{}\">{result}</testcase>",
            f.code,
            escape::xml(&place),
            escape::xml(&f.file),
        );
    }
    out.push_str("</testsuite></testsuites>\n");
    out
}
