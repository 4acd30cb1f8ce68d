//! Values to plan: the only home of derivation. Pure: no YAML, no files, no clock.
//!
//! [`context`] has the input of all components, [`labels`], [`image`] and [`workload`] make the common parts of
//! workloads, [`shared`] has the settings on which components must agree, and [`component`] has one module for each
//! component.

pub mod checks;
pub mod component;
pub mod context;
pub mod gateway;
pub mod image;
pub mod labels;
pub mod monitoring;
pub mod network;
pub mod plan;
pub mod scaling;
pub mod shared;
pub mod tpl;
pub mod workload;

pub use context::{Context, KubeVersion, Release};
pub use plan::{Plan, View};

/// A part of GitLab that can be deployed.
pub struct Component {
    /// The folder in `charts/`, the module, and the schema's stem.
    pub name: &'static str,
    /// The path of its section in the values, `gitlab.gitaly`.
    pub key: &'static str,
    /// Plans its objects.
    pub resolve: fn(&Context, &mut Plan),
}

/// Plans the objects of every component.
///
/// `planned` is called after each component. A view takes as much memory as the object that is made from it, so the objects
/// of a component are made before the next one is planned.
pub fn resolve(context: &Context, planned: &mut dyn FnMut(&mut Plan)) -> Plan {
    checks::check(context);
    plan(context, Plan::default(), component::ALL.iter().copied(), planned)
}

/// Plans the objects of one component, by its name, or those of one of its templates. Contradictory settings are not
/// reported.
pub fn resolve_component(
    context: &Context,
    name: &str,
    template: Option<&str>,
    planned: &mut dyn FnMut(&mut Plan),
) -> Plan {
    let empty = template.map_or_else(Plan::default, Plan::of_template);
    plan(context, empty, component::ALL.iter().copied().filter(|component| component.name == name), planned)
}

fn plan<'c>(
    context: &Context,
    mut plan: Plan,
    components: impl Iterator<Item = &'c Component>,
    planned: &mut dyn FnMut(&mut Plan),
) -> Plan {
    for component in components {
        (component.resolve)(context, &mut plan);
        plan.keep_wanted();
        planned(&mut plan);
    }
    plan.diagnostics.extend(context.take_findings());
    plan
}
