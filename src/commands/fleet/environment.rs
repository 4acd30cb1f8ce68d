//! Turns an environment of a fleet into a request.

use std::path::Path;

use clap::ValueEnum;

use crate::cli::{ValuesArgs, Wanted, parse_api_version, parse_kube_version, parse_namespace, parse_release_name};
use crate::diag::{Diagnostic, Failure, Report};
use crate::emit::Format;
use crate::fleet::Environment;
use crate::phases::Hooks;
use crate::pipeline::Request;
use crate::schema::UnknownKeys;

/// The render of an environment.
///
/// # Errors
/// Settings of the environment that no flag would accept, and files that cannot be read.
pub(super) fn request(environment: &Environment) -> Result<Request, Failure> {
    let mut wrong = Vec::new();
    let mut refuse = |key: &str, text: &str, why: String| {
        wrong.push(environment.at(key, Diagnostic::error("fleet", format!("`{key}: {text}`: {why}"))));
    };
    let mut checked = |key: &str, text: &Option<String>, check: fn(&str) -> Result<String, String>| {
        text.as_deref().and_then(|text| check(text).map_err(|why| refuse(key, text, why)).ok())
    };
    let name = checked("release", &environment.release, parse_release_name);
    let namespace = checked("namespace", &environment.namespace, parse_namespace);
    let api_versions = environment
        .api_versions
        .iter()
        .filter_map(|version| parse_api_version(version).map_err(|why| refuse("apiVersions", version, why)).ok());
    let api_versions = api_versions.collect();
    let kube_version = environment.kubernetes.as_deref();
    let kube_version =
        kube_version.and_then(|text| parse_kube_version(text).map_err(|why| refuse("kubernetes", text, why)).ok());
    let hooks = choice(environment.hooks.as_deref(), "hooks", &mut refuse);
    let unknown_keys = choice::<UnknownKeys>(environment.unknown_keys.as_deref(), "unknownKeys", &mut refuse);
    let missing = environment.values.iter().filter(|file| !file.starts_with("profile:") && !Path::new(file).exists());
    wrong.extend(missing.map(|file| {
        let finding = Diagnostic::environment("file-unreadable", format!("`{file}` does not exist"));
        environment.at(file, finding.hint("check the path; it is relative to the file that names it"))
    }));
    if !wrong.is_empty() {
        return Err(Failure { report: Report(wrong), sources: environment.sources.as_ref().clone() });
    }
    let values = ValuesArgs {
        files: environment.values.clone(),
        set: environment.set.clone(),
        profile: environment.profile.clone(),
        unknown_keys: unknown_keys.unwrap_or_default(),
        ..ValuesArgs::default()
    };
    let wanted = Wanted {
        name,
        namespace,
        is_upgrade: environment.is_upgrade,
        kube_version,
        api_versions,
        gitlab_version: environment.gitlab.clone(),
    };
    Ok(Request { hooks: hooks.unwrap_or(Hooks::Helm), ..values.request(wanted)? })
}

/// The form of an environment's manifests.
///
/// # Errors
/// A form that is not known.
pub(super) fn format(environment: &Environment) -> Result<Format, Failure> {
    let mut wrong = Vec::new();
    let mut refuse = |key: &str, text: &str, why: String| {
        wrong.push(environment.at(key, Diagnostic::error("fleet", format!("`{key}: {text}`: {why}"))));
    };
    let format = choice(environment.output.as_deref(), "output", &mut refuse);
    match wrong.is_empty() {
        true => Ok(format.unwrap_or_default()),
        false => Err(Failure { report: Report(wrong), sources: environment.sources.as_ref().clone() }),
    }
}

fn choice<T: ValueEnum>(text: Option<&str>, key: &str, refuse: &mut dyn FnMut(&str, &str, String)) -> Option<T> {
    let text = text?;
    let found = T::from_str(text, false);
    let names = || {
        let names = T::value_variants().iter().filter_map(ValueEnum::to_possible_value);
        names.map(|value| value.get_name().to_owned()).collect::<Vec<_>>().join(", ")
    };
    found.map_err(|_| refuse(key, text, format!("write one of {}", names()))).ok()
}
