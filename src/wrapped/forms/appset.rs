//! Argo CD's ApplicationSets whose generators are lists: their Applications follow from the file alone.

use serde_json::Value;

use crate::diag::Location;
use crate::wrapped::node::{get, is_true, items, text};
use crate::yaml::{Entries, Kind, Node};

/// The most Applications that are made.
const MOST: usize = 1_000;

/// The parameters of one Application: paths and their strings.
type Element = Vec<(String, String)>;

/// The Applications of an ApplicationSet; `None` where other generators, functions of templates, or anything else that
/// only the controller knows take part in them.
pub(in crate::wrapped) fn applications(root: &Node) -> Option<Vec<Node>> {
    if text(root, "kind").as_deref() != Some("ApplicationSet") || get(root, "spec.templatePatch").is_some() {
        return None;
    }
    let go = is_true(root, "spec.goTemplate");
    let template = get(root, "spec.template")?;
    let mut elements = Vec::new();
    for generator in items(root, "spec.generators") {
        elements.extend(of_generator(generator, go, true)?);
    }
    if elements.is_empty() || elements.len() > MOST {
        return None;
    }
    elements.iter().map(|element| application(root, template, element, go)).collect()
}

/// The elements of a generator: a list, or two lists with all their combinations.
fn of_generator(generator: &Node, go: bool, outermost: bool) -> Option<Vec<Element>> {
    let Kind::Map(entries) = &generator.kind else { return None };
    let only: Vec<&String> = entries.iter().filter(|(_, node)| !node.is_null()).map(|(key, _)| key).collect();
    match only[..] {
        [key] if key == "list" => {
            let Kind::Map(list) = &get(generator, "list")?.kind else { return None };
            if list.iter().any(|(key, _)| key != "elements") {
                return None;
            }
            items(generator, "list.elements").iter().map(|element| parameters(element, go)).collect()
        }
        [key] if key == "matrix" && outermost => {
            let Kind::Map(matrix) = &get(generator, "matrix")?.kind else { return None };
            let [first, second] = items(generator, "matrix.generators") else { return None };
            if matrix.len() != 1 {
                return None;
            }
            let (first, second) = (of_generator(first, go, false)?, of_generator(second, go, false)?);
            let pairs = first.iter().flat_map(|a| second.iter().map(move |b| (a, b)));
            pairs.map(|(a, b)| joined(a, b)).collect()
        }
        _ => None,
    }
}

/// The parameters of both; the controller refuses, or merges, those that both have.
fn joined(a: &Element, b: &Element) -> Option<Element> {
    let twice = a.iter().any(|(name, _)| b.iter().any(|(other, _)| name == other));
    (!twice).then(|| a.iter().chain(b).cloned().collect())
}

/// The parameters of an element, each with its path.
fn parameters(element: &Node, go: bool) -> Option<Element> {
    let Kind::Map(entries) = &element.kind else { return None };
    let mut all = Vec::new();
    for (key, node) in entries.iter() {
        collect(key.clone(), node, go, &mut all)?;
    }
    Some(all)
}

fn collect(path: String, node: &Node, go: bool, all: &mut Element) -> Option<()> {
    let text = match &node.kind {
        Kind::Scalar(Value::String(text)) => text.clone(),
        // Without Go templates every parameter is a string; with them, larger numbers are written in another form.
        Kind::Scalar(Value::Bool(value)) if go => value.to_string(),
        Kind::Scalar(Value::Number(number)) if go => {
            number.as_i64().filter(|number| number.abs() < 1_000_000)?.to_string()
        }
        Kind::Map(entries) if go || path == "values" => {
            return entries.iter().try_for_each(|(key, inner)| {
                // A key with a dot, or another one of ours, has no path that a simple template names.
                let nested = matches!(inner.kind, Kind::Map(_)) && !go;
                (!nested).then_some(())?;
                collect(format!("{path}.{key}"), inner, go, all)
            });
        }
        _ => return None,
    };
    // What the second list of a matrix takes from the first is a template itself.
    (!text.contains("{{")).then(|| all.push((path, text)))
}

fn application(root: &Node, template: &Node, element: &Element, go: bool) -> Option<Node> {
    let mut entries = Entries::default();
    let kind = get(root, "kind")?;
    entries.insert("apiVersion".to_owned(), get(root, "apiVersion")?.clone());
    entries.insert(
        "kind".to_owned(),
        Node { kind: Kind::Scalar(Value::String("Application".to_owned())), ..kind.clone() },
    );
    for key in ["metadata", "spec"] {
        entries.insert(key.to_owned(), filled(get(template, key)?, element, go)?);
    }
    Some(Node { key: None, at: root.at, kind: Kind::Map(entries) })
}

/// A node in which the parameters replace their marks.
fn filled(node: &Node, element: &Element, go: bool) -> Option<Node> {
    let kind = match &node.kind {
        Kind::Scalar(Value::String(text)) if text.contains("{{") => {
            Kind::Scalar(Value::String(replaced(text, element, go)?))
        }
        Kind::Scalar(value) => Kind::Scalar(value.clone()),
        Kind::List(items) => Kind::List(items.iter().map(|item| filled(item, element, go)).collect::<Option<_>>()?),
        Kind::Map(entries) => {
            let mut new = Entries::default();
            for (key, inner) in entries.iter() {
                if key.contains("{{") {
                    return None;
                }
                new.insert(key.clone(), filled(inner, element, go)?);
            }
            Kind::Map(new)
        }
    };
    let (key, at): (Option<Location>, Location) = (node.key, node.at);
    Some(Node { key, at, kind })
}

/// A string with its marks replaced; `None` where a mark is more than the name of a parameter.
fn replaced(text: &str, element: &Element, go: bool) -> Option<String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        let (mark, after) = after.split_once("}}")?;
        let name = mark.trim();
        let name = if go { name.strip_prefix('.')? } else { name };
        let value = element.iter().find(|(parameter, _)| parameter == name).map(|(_, value)| value);
        out += before;
        out += value?;
        rest = after;
    }
    Some(out + rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::read;

    fn sets(text: &str) -> Option<Vec<Value>> {
        let root = read::read(&format!("kind: ApplicationSet\napiVersion: argoproj.io/v1alpha1\nspec:\n{text}"), 0)
            .ok()?
            .value;
        Some(applications(&root)?.iter().map(|one| one.to_value()["spec"].clone()).collect())
    }

    #[test]
    fn lists_and_their_combinations_are_filled_in() {
        let list = "  generators: [{list: {elements: [{a: x, values: {b: v}}, {a: z, values: {b: w}}]}}]\n  template: {metadata: {}, spec: {s: 'q-{{ a }}-{{values.b}}'}}\n";
        let found = sets(list).expect("they are made");
        assert_eq!(found, [serde_json::json!({"s": "q-x-v"}), serde_json::json!({"s": "q-z-w"})]);
        let matrix = "  goTemplate: true\n  generators: [{matrix: {generators: [{list: {elements: [{a: 1}, {a: true}]}}, {list: {elements: [{b: {c: x}}]}}]}}]\n  template: {metadata: {}, spec: {s: '{{.a}}{{ .b.c }}'}}\n";
        let found = sets(matrix).expect("they are made");
        assert_eq!(found, [serde_json::json!({"s": "1x"}), serde_json::json!({"s": "truex"})]);
    }

    #[test]
    fn what_only_the_controller_knows_is_not_guessed() {
        let template = "  template: {metadata: {}, spec: {s: '{{a}}'}}\n";
        for generators in [
            "  generators: [{clusters: {}}]\n",
            "  generators: [{list: {elements: [{a: x}]}, selector: {matchLabels: {a: x}}}]\n",
            "  generators: [{list: {elements: [{a: x}], template: {spec: {}}}}]\n",
            "  generators: [{list: {elements: [{a: 1}]}}]\n",
            "  generators: [{list: {elements: [{b: x}]}}]\n",
            "  generators: [{list: {elements: [{a: '{{b}}'}]}}]\n",
            "  generators: [{list: {elementsYaml: x}}]\n",
            "  generators: [{list: {elements: [{a: x}]}}, {git: {}}]\n",
            "  generators: [{matrix: {generators: [{list: {elements: [{a: x}]}}, {clusters: {}}]}}]\n",
            "  generators: [{matrix: {generators: [{list: {elements: [{a: x}]}}, {list: {elements: [{a: y}]}}]}}]\n",
        ] {
            assert_eq!(sets(&format!("{generators}{template}")), None, "{generators}");
        }
        let go = "  goTemplate: true\n  generators: [{list: {elements: [{a: x}]}}]\n";
        for text in ["{{ .a | upper }}", "{{ index . \"a\" }}", "{{- .a }}", "{{ .b }}", "{{ $.a }}"] {
            assert_eq!(sets(&format!("{go}  template: {{metadata: {{}}, spec: {{s: '{text}'}}}}\n")), None, "{text}");
        }
    }
}
