//! The command line that a later run of this program needs to render the same release.

use crate::cli::{ReleaseArgs, UnknownKeys, ValuesArgs};
use crate::commands::release::name;
use crate::pipeline::KubeVersion;
use crate::redact::Redacted;
use crate::shell::quoted;

/// `gitlab-render template NAME ...` with the same release and the same values. Values that look like secrets
/// are masked: who runs it has to put them in again.
pub fn template(release: &ReleaseArgs, values: &ValuesArgs) -> String {
    let mut words = vec!["gitlab-render template".to_owned()];
    words.extend(name(release).ok());
    words.push(flag("-n", &release.namespace));
    words.extend(values.files.iter().map(|file| flag("-f", file)));
    words.extend(sets(values));
    words.extend(values.profile.iter().map(|name| flag("--profile", name)));
    words.extend(release.gitlab_version.iter().map(|version| flag("--gitlab-version", version)));
    words.extend(cluster(release.kube_version, &release.api_versions));
    words.extend(release.is_upgrade.then(|| "--is-upgrade".to_owned()));
    words.extend(let_through(values));
    words.join(" ")
}

fn flag(name: &str, value: &str) -> String {
    format!("{name} {}", quoted(value))
}

/// The flags that give single values.
pub fn sets(values: &ValuesArgs) -> Vec<String> {
    let all = [
        ("--set-json", &values.set_json),
        ("--set", &values.set),
        ("--set-string", &values.set_string),
        ("--set-file", &values.set_file),
        ("--set-literal", &values.set_literal),
    ];
    let masked = |text: &String| Redacted::of(text).line(1).map_or_else(String::new, |shown| shown.text);
    all.into_iter().flat_map(|(name, given)| given.iter().map(move |text| flag(name, &masked(text)))).collect()
}

/// The flags that say what the cluster is.
pub fn cluster(version: Option<KubeVersion>, api_versions: &[String]) -> Vec<String> {
    let version = version.map(|version| flag("--kube-version", &format!("{}.{}", version.major, version.minor)));
    version.into_iter().chain(api_versions.iter().map(|text| flag("-a", text))).collect()
}

/// The flags that let doubtful values through.
pub fn let_through(values: &ValuesArgs) -> Vec<String> {
    let all = [
        ("--unknown-keys warn", values.unknown_keys == UnknownKeys::Warn),
        ("--skip-schema-validation", values.skip_schema_validation),
    ];
    all.into_iter().filter(|(_, on)| *on).map(|(flag, _)| flag.to_owned()).collect()
}
