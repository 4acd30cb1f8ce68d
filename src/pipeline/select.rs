//! Selects objects of a render.

use std::collections::BTreeSet;

use super::Output;
use crate::diag::Diagnostic;
use crate::manifest::{Ordered, Phase};
use crate::phases::{self, Hooks};

/// Keeps the objects that `output` selects. Returns an error for each template and component that has no object.
pub(super) fn select(objects: &mut Ordered, output: &Output, hooks: Hooks, is_upgrade: bool) -> Vec<Diagnostic> {
    let all = objects.manifests();
    let no_template = output.show_only.iter().filter(|s| !all.iter().any(|m| m.source == **s));
    let no_component = output.components.iter().filter(|c| !all.iter().any(|m| *m.component == ***c));
    let mut missing: Vec<Diagnostic> = no_template
        .map(|name| {
            let component = name.split('/').next().unwrap_or_default();
            let near = all.iter().filter(|m| *m.component == *component).map(|m| m.source.as_str());
            nothing_selected("template", name, near)
        })
        .collect();
    missing.extend(no_component.map(|name| nothing_selected("component", name, all.iter().map(|m| &*m.component))));
    objects.retain(|object| {
        let shown = output.show_only.is_empty() || output.show_only.contains(&object.source);
        let component = output.components.is_empty() || output.components.iter().any(|c| **c == *object.component);
        let hook = output.no_hooks && object.hook.is_some();
        let test = output.skip_tests && object.phase == Phase::Test;
        let phase = phases::wanted(object, &output.phases, hooks, is_upgrade);
        shown && component && phase && !hook && !test
    });
    missing
}

fn nothing_selected<'a>(what: &str, name: &str, available: impl Iterator<Item = &'a str>) -> Diagnostic {
    let available: BTreeSet<_> = available.map(|name| format!("`{name}`")).collect();
    let available: Vec<_> = available.into_iter().collect();
    let hint = match available.is_empty() {
        true => "`--component NAME` selects a component, `-v` lists those that have objects".to_owned(),
        false => format!("with these values, the choices are {}", available.join(", ")),
    };
    Diagnostic::error("nothing-selected", format!("no object comes from the {what} `{name}`")).hint(hint)
}
