//! `gitlab-render template`.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::cli::{Form, HooksName, OutputArgs, PhaseName, TemplateArgs};
use crate::commands::canary::{canary, flags};
use crate::commands::images::rewrite;
use crate::commands::request::request;
use crate::commands::{Exit, Stop, again, inputs::inputs, phases, release::release};
use crate::diag::Diagnostic;
use crate::pipeline::images::Rewrite;
use crate::pipeline::{self, Format, Hooks, Phase, Rendered, Request, Select};
use crate::shell::quoted;
use crate::ui::Ui;

/// Renders and writes, or says what is wrong and writes nothing.
pub fn run(args: &TemplateArgs, ui: &Ui) -> Result<Exit, Stop> {
    let request = asked(args)?;
    let rendered = pipeline::template(&request).map_err(|f| Stop::refused(f.report, f.sources))?;
    ui.report(&rendered.warnings, &rendered.sources);
    if args.phases.list_phases {
        ui.out(list_phases(args, &rendered).as_bytes())?;
        return Ok(Exit::Done);
    }
    if let Some(warning) = pipeline::at_once(&request, &rendered) {
        ui.report(&[warning], &rendered.sources);
    }
    let format = match args.output.output {
        Form::Yaml => Format::Yaml,
        Form::Json => Format::Json,
    };
    let directory = directory(&args.output, &request);
    pipeline::emit(&rendered, format, directory.as_deref(), &mut ui.stdout())?;
    if ui.verbose() {
        ui.report(&[summary(&request, &rendered)], &rendered.sources);
    }
    // The process ends here; giving back every node of the manifests one by one takes a tenth of a render.
    std::mem::forget(rendered);
    Ok(Exit::Done)
}

/// What to do, phase by phase, with this same command line.
fn list_phases(args: &TemplateArgs, rendered: &Rendered) -> String {
    let mut template = again::template(&args.release, &args.values);
    template.extend(args.select.components.iter().map(|name| format!(" --component {name}")));
    template.push_str(&flags(&args.canary));
    for (flag, on) in [
        (" --keep-helm-metadata", args.phases.keep_helm_metadata),
        (" --skip-stand-ins", args.phases.skip_stand_ins),
        (" --no-hooks", args.select.no_hooks),
        (" --skip-post-migrations", args.phases.skip_post_migrations),
    ] {
        template.push_str(if on { flag } else { "" });
    }
    let digests = args.images.digests.as_ref().map(|path| path.to_string_lossy().into_owned());
    for (flag, given) in [(" --registry-mirror ", &args.images.registry_mirror), (" --digests ", &digests)] {
        if let Some(text) = given {
            template.push_str(flag);
            template.push_str(&quoted(text));
        }
    }
    let (steps, namespace) = (pipeline::steps(rendered), &args.release.namespace);
    match args.output.output {
        Form::Yaml => phases::script(&steps, &template, namespace),
        Form::Json => phases::as_json(&steps, &template, namespace),
    }
}

/// Gives the arguments their meaning.
fn asked(args: &TemplateArgs) -> Result<Request, Stop> {
    if let Some(chart) = &args.chart {
        let message = format!("a chart (`{chart}`) is not needed: this program is the chart");
        let hint = "leave it out; `--gitlab-version` picks the GitLab version";
        return Err(Stop::usage(Diagnostic::error("chart-not-needed", message).hint(hint)));
    }
    if args.phases.hooks == Some(HooksName::Flux) && args.output.output_dir.is_none() {
        let message = "`--hooks flux` writes a directory for each phase, and none is named";
        let hint = "add `--output-dir DIR`; for one phase on stdout, use `--hooks none --phase NAME`";
        return Err(Stop::usage(Diagnostic::error("no-directory", message).hint(hint)));
    }
    let select = select(args, rewrite(&args.images)?);
    Ok(request(release(&args.release)?, inputs(&args.values)?, &args.values, select))
}

fn select(TemplateArgs { select: args, phases, canary: set, .. }: &TemplateArgs, images: Rewrite) -> Select {
    let by_phase = phases.list_phases || !phases.phases.is_empty();
    let wanted = match phases.list_phases {
        true => Phase::ALL.to_vec(),
        false => phases.phases.iter().map(|phase| self::phase(*phase)).collect(),
    };
    Select {
        show_only: args.show_only.iter().map(|path| source(path)).collect(),
        components: args.components.clone(),
        no_hooks: args.no_hooks,
        skip_tests: args.skip_tests,
        skip_stand_ins: phases.skip_stand_ins,
        phases: wanted,
        hooks: match phases.hooks {
            Some(HooksName::ArgoCd) => Hooks::ArgoCd,
            Some(HooksName::Flux) => Hooks::Flux,
            Some(HooksName::None) => Hooks::None,
            Some(HooksName::Helm) => Hooks::Helm,
            // Who takes phases one by one needs no hooks.
            None if by_phase => Hooks::None,
            None => Hooks::Helm,
        },
        images,
        skip_post_migrations: phases.skip_post_migrations,
        keep_helm_metadata: phases.keep_helm_metadata,
        canary: canary(set),
        splits: set.split.clone(),
    }
}

fn phase(name: PhaseName) -> Phase {
    match name {
        PhaseName::Pre => Phase::Pre,
        PhaseName::Main => Phase::Main,
        PhaseName::Post => Phase::Post,
        PhaseName::Test => Phase::Test,
    }
}

/// What our `# Source:` lines call a template: Helm's spellings of the same place have more folders.
///
/// `gitaly/statefulset.yaml`, `gitaly/templates/statefulset.yaml` and
/// `charts/gitlab/charts/gitaly/templates/statefulset.yaml` are one.
fn source(path: &str) -> String {
    let Some((before, file)) = path.split_once("templates/") else { return path.to_owned() };
    let component = before.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    if component.is_empty() {
        return path.to_owned();
    }
    format!("{component}/{file}")
}

fn directory(args: &OutputArgs, request: &Request) -> Option<PathBuf> {
    let directory = args.output_dir.as_ref()?;
    Some(if args.release_name { directory.join(&request.target.name) } else { directory.clone() })
}

fn summary(request: &Request, rendered: &Rendered) -> Diagnostic {
    let manifests = rendered.objects.manifests();
    let components: BTreeSet<_> = manifests.iter().map(|m| &*m.component).collect();
    let components: Vec<_> = components.into_iter().collect();
    let version = request.target.kube_version;
    Diagnostic::note(
        "summary",
        format!(
            "release `{}` for Kubernetes {}.{}: {} objects of {}",
            request.target.name,
            version.major,
            version.minor,
            manifests.len(),
            components.join(", "),
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::source;

    #[test]
    fn a_template_has_one_name_in_all_spellings() {
        for path in [
            "gitaly/statefulset.yaml",
            "gitaly/templates/statefulset.yaml",
            "charts/gitlab/charts/gitaly/templates/statefulset.yaml",
        ] {
            assert_eq!(source(path), "gitaly/statefulset.yaml");
        }
        assert_eq!(source("webservice"), "webservice");
    }
}
