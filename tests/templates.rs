//! The lint of templates: they show objects, they do not compute.

use gitlab_render::bundle::{self, TEMPLATES};
use gitlab_render::render;

/// Names of tags that a manifest may have.
const TAGS: [&str; 6] = ["if", "elif", "else", "endif", "for", "endfor"];

fn manifests() -> impl Iterator<Item = (&'static str, &'static str)> {
    TEMPLATES.iter().copied().filter(|(name, _)| !name.contains("/files/"))
}

/// Where a rule is broken: `name:line: what`.
fn broken(rule: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let mut found = Vec::new();
    for (name, text) in manifests() {
        for (line, number) in text.lines().zip(1..) {
            if let Some(what) = rule(line) {
                found.push(format!("{name}:{number}: {what}"));
            }
        }
    }
    found
}

/// Reports all breaks at once.
fn assert_kept(found: &[String]) {
    assert!(manifests().count() > 3, "no templates were found");
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn an_interpolation_is_a_whole_node() {
    assert_kept(&broken(|line| {
        let start = line.find("{{")?;
        let before = &line[..start];
        let after = &line[line.rfind("}}")? + 2..];
        let node = before.trim().is_empty() || before.ends_with(": ") || before.ends_with("- ");
        let whole = node && after.trim().is_empty() && line.matches("{{").count() == 1;
        (!whole).then(|| "an interpolation must be a whole node".to_owned())
    }));
}

#[test]
fn nothing_is_derived() {
    assert_kept(&broken(|line| {
        let inside = line.split("{{").nth(1).and_then(|rest| rest.split("}}").next()).unwrap_or("");
        // what stands in quotes is the name of a file
        let inside: String = inside.split('"').step_by(2).collect();
        if inside.contains('|') {
            return Some("filters belong in Rust".to_owned());
        }
        if inside.contains(['~', '+', '*', '/', '%']) || inside.contains(" - ") {
            return Some("computing belongs in Rust".to_owned());
        }
        None
    }));
}

#[test]
fn tags_stand_alone_and_are_if_or_for() {
    assert_kept(&broken(|line| {
        let tag = line.split("{%").nth(1)?;
        let name = tag.trim_start_matches('-').split_whitespace().next().unwrap_or("");
        if !TAGS.contains(&name) {
            return Some(format!("`{name}` is not for manifests"));
        }
        let alone = line.trim_start().starts_with("{%") && line.trim_end().ends_with("%}");
        (!alone).then(|| "a tag stands on a line of its own".to_owned())
    }));
}

#[test]
fn one_object_a_file_named_by_its_kind() {
    let mut wrong = Vec::new();
    for (name, text) in manifests().filter(|(name, _)| !name.starts_with("_shared/")) {
        let kinds: Vec<_> = text.lines().filter_map(|line| line.strip_prefix("kind: ")).collect();
        let file = name.rsplit('/').next().unwrap().trim_end_matches(".yaml");
        match kinds.as_slice() {
            [kind] if kind.starts_with("{{") => {}
            [kind] => {
                let kind = kind.to_lowercase();
                if file != kind && !file.starts_with(&format!("{kind}-")) {
                    wrong.push(format!("{name}: a {kind}"));
                }
            }
            _ => wrong.push(format!("{name}: {} objects", kinds.len())),
        }
    }
    assert_kept(&wrong);
}

#[test]
fn a_component_has_a_template_of_its_own_only_where_it_differs() {
    let shared = |name: &str| bundle::template(&format!("_shared/objects/{}", name.rsplit('/').next()?));
    let wrong = manifests().filter(|(name, text)| !name.starts_with("_shared/") && shared(name) == Some(text));
    let wrong: Vec<_> = wrong.map(|(name, _)| format!("{name}: the same is in charts/_shared/objects")).collect();
    assert_kept(&wrong);
}

#[test]
fn every_template_can_be_compiled() {
    let faults: Vec<_> = TEMPLATES.iter().filter_map(|(name, text)| render::check(name, text).err()).collect();
    assert_kept(&faults);
}

/// What would make a template mean something else than it shows.
#[test]
fn a_template_has_only_what_it_needs() {
    for (text, why) in [
        ("", "empty"),
        ("a: &x 1\n", "plain value"),
        ("a: 1\nb: *x\n", "plain value"),
        ("a: !!str 1\n", "plain value"),
        ("a: |\n  text\n", "plain value"),
        ("a: x{{ b }}\n", "plain value"),
        ("a: \"{{ b }}\"\n", "plain value"),
        ("{{ a }}: 1\n", ""),
        ("a: 1\n---\nb: 1\n", "plain line"),
        ("on: 1\n", ""),
        ("a:\n  b: 1\n c: 1\n", ""),
        ("a: {{ b | upper }}\n", "path"),
        ("a: {{ b + 1 }}\n", "path"),
        ("{% if a %}\na: 1\n", "endif"),
        ("{% for a of b %}\na: 1\n{% endfor %}\n", "in"),
        ("a: 1\n{% endif %}\n", "fits nowhere"),
        ("a: {{ fragment(pod) }}\n", "fragment"),
        ("a: {{ text(\"x\") }}\n", "text"),
    ] {
        let fault = render::check("x", text).expect_err(text);
        assert!(fault.starts_with("x") && fault.contains(why), "{text:?}: {fault}");
    }
}

/// Tags of files that would be rendered as something else than they show.
#[test]
fn a_file_has_only_tags_that_are_known() {
    for (text, why) in [
        ("{{ a", "closed"),
        ("{% raw %}\n{% a %}\n", "closed"),
        ("{% if a %}\n", "endif"),
        ("{% for a in b %}\n{% endif %}\n", "endfor"),
        ("{% endif %}\n", "closes nothing"),
        ("{% macro a %}\n", "no such tag"),
        ("{{ a | upper }}", "no such filter"),
        ("{{ a + 1 }}", "path"),
        ("{% if a > 1 %}{% endif %}", "condition"),
    ] {
        let fault = render::check("kas/files/config.yml", text).expect_err(text);
        assert!(fault.contains(why), "{text:?}: {fault}");
    }
    let fault = render::check("kas/files/config.ini", "").expect_err("there is no such format");
    assert!(fault.contains("writer"), "{fault}");
}
