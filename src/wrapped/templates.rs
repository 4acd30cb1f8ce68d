//! Files in other languages, and templates that another program has to evaluate before they are YAML.

use super::node::{get, text};
use crate::diag::{Diagnostic, Location};
use crate::yaml::Node;

/// The finding about a Terraform file; `None` for other files.
pub(super) fn terraform(file: usize, name: &str, text: &str) -> Option<Diagnostic> {
    let resource = "resource \"helm_release\"";
    let is_block = |line: &str| {
        ["resource \"", "module \"", "locals {", "variable \""].iter().any(|block| line.starts_with(block))
    };
    if !name.ends_with(".tf") && !name.ends_with(".hcl") && !text.contains(resource) {
        return None;
    }
    let (number, line) = text
        .lines()
        .enumerate()
        .find(|(_, line)| line.starts_with(resource))
        .or_else(|| text.lines().enumerate().find(|(_, line)| is_block(line)))?;
    if let Some(finding) = applied(file, name, text) {
        return Some(finding);
    }
    let release = line.strip_prefix(resource).and_then(|rest| rest.split('"').nth(1)).unwrap_or("NAME");
    let hint = format!(
        "let Terraform write them: with `output \"values\" {{ value = helm_release.{release}.values[0] }}`, `terraform output -raw values` prints \
         them, and `--set` replaces its `set` blocks; `helm get values RELEASE -o yaml` prints those of a running release"
    );
    let at = Location { source: file, line: number + 1, column: 1, len: line.trim_end().len() };
    let message = format!("`{name}` is Terraform configuration, and the values inside it are not YAML yet");
    Some(Diagnostic::error("not-values", message).at(at).hint(hint))
}

/// The finding about an object in a here document, which Terraform applies as it is.
fn applied(file: usize, name: &str, text: &str) -> Option<Diagnostic> {
    const OBJECTS: [&str; 4] = ["GitLab", "HelmRelease", "Application", "HelmChart"];
    let (number, line, object) = text.lines().enumerate().find_map(|(number, line)| {
        let object = line.strip_prefix("resource \"kubectl_manifest\" \"")?.split('"').next()?;
        let mut block = text.lines().skip(number).take_while(|line| !line.starts_with('}'));
        let is_one = |line: &str| line.trim().strip_prefix("kind: ").is_some_and(|kind| OBJECTS.contains(&kind));
        block.any(is_one).then_some((number, line, object))
    })?;
    let hint = format!(
        "let Terraform write it: with `output \"object\" {{ value = kubectl_manifest.{object}.yaml_body }}`, `terraform output -raw object` \
         prints the object, and `-f -` takes it"
    );
    let at = Location { source: file, line: number + 1, column: 1, len: line.trim_end().len() };
    let message = format!("`{name}` is Terraform configuration, and the object inside it is not YAML yet");
    Some(Diagnostic::error("not-values", message).at(at).hint(hint))
}

/// The finding about a shell script that applies an object in a here document; `None` for other files.
pub(super) fn script(file: usize, text: &str) -> Option<Diagnostic> {
    let is_script = |line: &str| line.contains("<<") && line.contains("kubectl") || line.starts_with("#!");
    let (number, line) = text.lines().enumerate().find(|(_, line)| line.contains("<<"))?;
    let object = |line: &str| line.starts_with("apiVersion:") || line.starts_with("kind:");
    (text.lines().any(is_script) && text.lines().skip(number).any(object)).then(|| {
        let at = Location { source: file, line: number + 1, column: 1, len: line.trim_end().len() };
        Diagnostic::error("not-values", "this is a shell script, and the object in it is no file yet")
            .at(at)
            .hint("let the shell write the lines of the here document: replace the command that reads them by `cat > object.yaml`, run it, and give that file")
    })
}

/// The finding about a template of OpenShift; `None` for other objects.
pub(super) fn openshift(root: &Node) -> Option<Diagnostic> {
    let group = text(root, "apiVersion").unwrap_or_default();
    let is_template = text(root, "kind").as_deref() == Some("Template") && get(root, "objects").is_some();
    (is_template && (group == "v1" || group.starts_with("template.openshift.io/"))).then(|| {
        let at = get(root, "kind").map_or(root.at, |kind| kind.key.unwrap_or(kind.at));
        Diagnostic::error("not-values", "this is a template of OpenShift, whose parameters are not filled in yet")
            .at(at)
            .hint("let OpenShift's client evaluate it: `oc process --local -f FILE -o yaml` prints the objects, and `-f -` takes them")
    })
}

/// The finding about a file that is not YAML because it is a template of helmfile or Helm.
pub(super) fn of_a_tool(file: usize, text: &str) -> Option<Diagnostic> {
    let starts = |key: &str| text.lines().any(|line| line.starts_with(key));
    let (number, line) = text.lines().enumerate().find(|(_, line)| line.contains("{{"))?;
    let column = line.find("{{").unwrap_or_default() + 1;
    let (tool, hint) = if starts("releases:") {
        (
            "helmfile",
            "let helmfile evaluate it: `helmfile write-values` writes the values of each release, and `-f` takes them",
        )
    } else if starts("apiVersion:") && starts("kind:") && text.contains(".Values") {
        ("Helm", "let Helm evaluate it: `helm template CHART -s templates/FILE` prints the object, and `-f -` takes it")
    } else {
        return None;
    };
    let at = Location { source: file, line: number + 1, column, len: 2 };
    Some(Diagnostic::error("not-values", format!("this is a template of {tool}, and not yet YAML")).at(at).hint(hint))
}
