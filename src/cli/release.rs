//! The release that is rendered, and the cluster it is for.

use clap::Args;

use crate::pipeline::Target;
use crate::resolve::KubeVersion;
use crate::wrapped::ReleaseFacts;

/// The name that Helm gives a release without a name.
pub const DEFAULT_NAME: &str = "release-name";

/// The default Kubernetes version: the newest one that the output was checked against and that the GitLab version is
/// known to run on.
pub fn newest_kubernetes(gitlab: Option<&str>) -> KubeVersion {
    KubeVersion::newest_for(gitlab)
}

/// The release to render, for commands whose subject is a release.
#[derive(Debug, Args)]
#[command(next_help_heading = "Release")]
pub struct ReleaseArgs {
    /// Name of the release; the names of its objects start with it.
    #[arg(value_name = "NAME", id = "subject", value_parser = parse_release_name, conflicts_with = "name")]
    pub subject: Option<String>,
    /// The other flags.
    #[command(flatten)]
    pub flags: ReleaseFlags,
}

impl ReleaseArgs {
    /// The target, as far as the command line gives it.
    pub fn wanted(&self) -> Wanted {
        let flags = self.flags.wanted();
        Wanted { name: self.subject.clone().or(flags.name), ..flags }
    }
}

/// The release to render, given by flags only.
#[derive(Debug, Args)]
#[command(next_help_heading = "Release")]
pub struct ReleaseFlags {
    /// Name of the release.
    #[arg(long, id = "name", value_name = "NAME", alias = "name-template", value_parser = parse_release_name)]
    pub name: Option<String>,
    /// Namespace that the objects go to; without it, the one that a file given with -f names, or `default`.
    #[arg(short = 'n', long, value_name = "NAMESPACE", value_parser = parse_namespace)]
    pub namespace: Option<String>,
    /// Render an upgrade of an existing release instead of a first install.
    #[arg(long)]
    pub is_upgrade: bool,
    /// GitLab version to deploy; the default is the newest patch of the chart's series.
    #[arg(long, value_name = "VERSION")]
    pub gitlab_version: Option<String>,
    /// The cluster.
    #[command(flatten)]
    pub cluster: ClusterArgs,
}

impl ReleaseFlags {
    /// The target, as far as the command line gives it.
    pub fn wanted(&self) -> Wanted {
        Wanted {
            name: self.name.clone(),
            namespace: self.namespace.clone(),
            is_upgrade: self.is_upgrade,
            gitlab_version: self.gitlab_version.clone(),
            ..self.cluster.wanted()
        }
    }
}

/// The release and the cluster as given on the command line. A file that is given with `-f` may add what is missing.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// The release's name.
    pub name: Option<String>,
    /// The namespace it goes to.
    pub namespace: Option<String>,
    /// Whether it replaces an earlier one.
    pub is_upgrade: bool,
    /// The cluster's version.
    pub kube_version: Option<KubeVersion>,
    /// API versions that the cluster has besides Kubernetes' own.
    pub api_versions: Vec<String>,
    /// The GitLab version.
    pub gitlab_version: Option<String>,
}

impl Wanted {
    /// The target of the render: the command line first, then the files, then the defaults.
    pub fn target(self, facts: &ReleaseFacts) -> Target {
        self.target_or(facts, DEFAULT_NAME, "default")
    }

    /// As [`Self::target`], with other defaults for the release's name and namespace.
    pub fn target_or(self, facts: &ReleaseFacts, name: &str, namespace: &str) -> Target {
        let gitlab_version = self.gitlab_version.or_else(|| facts.gitlab.clone());
        let of_file = || facts.kube_version.as_deref().and_then(|version| parse_kube_version(version).ok());
        Target {
            name: self.name.or_else(|| facts.name.clone()).unwrap_or_else(|| name.to_owned()),
            namespace: self.namespace.or_else(|| facts.namespace.clone()).unwrap_or_else(|| namespace.to_owned()),
            is_upgrade: self.is_upgrade,
            kube_version: self
                .kube_version
                .or_else(of_file)
                .unwrap_or_else(|| newest_kubernetes(gitlab_version.as_deref())),
            api_versions: if self.api_versions.is_empty() { facts.api_versions.clone() } else { self.api_versions },
            gitlab_version,
        }
    }
}

/// The cluster that a render is for.
#[derive(Debug, Args)]
#[command(next_help_heading = "Release")]
pub struct ClusterArgs {
    /// Kubernetes version to render for; the default is the newest one known.
    #[arg(long, value_name = "VERSION", value_parser = parse_kube_version)]
    pub kube_version: Option<KubeVersion>,
    /// API version that the cluster has besides those of Kubernetes: `monitoring.coreos.com/v1`. Repeatable or a comma list.
    #[arg(short = 'a', long, value_name = "GROUP/VERSION", value_delimiter = ',', value_parser = parse_api_version)]
    pub api_versions: Vec<String>,
}

impl ClusterArgs {
    /// A target of which the cluster is known.
    pub fn wanted(&self) -> Wanted {
        Wanted { kube_version: self.kube_version, api_versions: self.api_versions(), ..Wanted::default() }
    }

    /// The API versions, without the empty strings that a stray comma leaves.
    pub fn api_versions(&self) -> Vec<String> {
        self.api_versions.iter().filter(|version| !version.is_empty()).cloned().collect()
    }
}

/// Parses a release name: at most 53 characters as in Helm, and a valid label, because Services are named after it.
///
/// # Errors
/// A name that Kubernetes would refuse, a path to a chart, or one of Helm's name templates.
pub fn parse_release_name(text: &str) -> Result<String, String> {
    if text.contains("{{") {
        let why = "name templates are not supported, because most of Helm's functions for them are random and the same input \
                   must give the same manifests. Write the name itself";
        return Err(why.to_owned());
    }
    if text == "." || text.contains('/') {
        return Err("this looks like a chart, which is not needed: the first argument is the release's name".to_owned());
    }
    parse_label(text, 53)?;
    if !text.starts_with(|c: char| c.is_ascii_lowercase()) {
        return Err("it must start with a letter, because Services are named after it".to_owned());
    }
    Ok(text.to_owned())
}

/// Parses a namespace: a label of at most 63 characters.
///
/// # Errors
/// A name that Kubernetes would refuse.
pub fn parse_namespace(text: &str) -> Result<String, String> {
    parse_label(text, 63)?;
    Ok(text.to_owned())
}

/// Checks a label as Kubernetes defines it, of at most `most` characters.
///
/// # Errors
/// The first rule that it breaks.
pub fn parse_label(text: &str, longest: usize) -> Result<(), String> {
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    if text.is_empty() {
        return Err("it must not be empty".to_owned());
    }
    if text.len() > longest {
        return Err(format!("it has {} characters, and at most {longest} are allowed", text.chars().count()));
    }
    if let Some(c) = text.chars().find(|c| !(c.is_ascii_lowercase() || c.is_ascii_digit() || *c == '-')) {
        return Err(format!("`{}` is not allowed: use lower-case letters, digits and `-`", c.escape_debug()));
    }
    if !edge(text.chars().next()) || !edge(text.chars().last()) {
        return Err("it must start and end with a letter or a digit".to_owned());
    }
    Ok(())
}

/// Parses a Kubernetes version as clusters and Helm write it: `1.35`, `v1.35.2`, `1.34.1-gke.100`.
///
/// # Errors
/// A string that is not a version.
pub fn parse_kube_version(text: &str) -> Result<KubeVersion, String> {
    let wrong = || "write it as `1.35` or `v1.35.2`".to_owned();
    let numbers = text.strip_prefix('v').unwrap_or(text);
    let numbers = numbers.split(['-', '+']).next().unwrap_or(numbers);
    let parts = numbers
        .split('.')
        .map(|part| if part.bytes().all(|b| b.is_ascii_digit()) { part.parse().ok() } else { None })
        .collect::<Option<Vec<u32>>>()
        .ok_or_else(wrong)?;
    match parts[..] {
        [major, minor] | [major, minor, _] => Ok(KubeVersion { major, minor }),
        _ => Err(wrong()),
    }
}

/// Parses an API version: `v1`, `apps/v1`, or `apps/v1/Deployment` as in Helm. A stray comma gives an empty string,
/// which is accepted.
///
/// # Errors
/// A string that is not an API version.
pub fn parse_api_version(text: &str) -> Result<String, String> {
    let text = text.trim();
    let mut parts = text.split('/');
    let (first, second, kind, rest) = (parts.next().unwrap_or_default(), parts.next(), parts.next(), parts.next());
    let (group, version) = second.map_or((None, first), |version| (Some(first), version));
    let domain = |group: &str| {
        let label = |label: &str| parse_label(label, 63).is_ok();
        group.split('.').all(label)
    };
    let right = is_api_version(version)
        && group.is_none_or(domain)
        && kind.is_none_or(|kind| kind.starts_with(|c: char| c.is_ascii_uppercase()))
        && rest.is_none();
    if right || text.is_empty() {
        return Ok(text.to_owned());
    }
    Err("write it as `GROUP/VERSION`: `monitoring.coreos.com/v1`".to_owned())
}

/// Whether a string is a version of an API: `v1`, `v2beta1`, `v1alpha2`.
fn is_api_version(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let Some(rest) = text.strip_prefix('v') else { return false };
    match ["alpha", "beta"].iter().find_map(|word| rest.split_once(word)) {
        Some((major, minor)) => digits(major) && digits(minor),
        None => digits(rest),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_kubernetes_would_refuse_are_refused() {
        assert_eq!(parse_release_name("prod-2").as_deref(), Ok("prod-2"));
        assert!(parse_release_name(&"a".repeat(53)).is_ok());
        for bad in ["", "Prod", "a.b", "a_b", "-a", "a-", "1a", "gitlab/gitlab", ".", "{{ x }}", &"a".repeat(54)] {
            assert!(parse_release_name(bad).is_err(), "{bad} was accepted");
        }
    }

    #[test]
    fn kube_versions_are_read_in_every_spelling() {
        for text in ["1.34", "v1.34", "1.34.2", "v1.34.2-gke.100+x"] {
            assert_eq!(parse_kube_version(text), Ok(KubeVersion { major: 1, minor: 34 }), "{text}");
        }
        for bad in ["", "1", "latest", "1.x", "1.2.3.4", "1.-2", "1.+3"] {
            assert!(parse_kube_version(bad).is_err(), "{bad} was accepted");
        }
    }

    #[test]
    fn an_api_version_has_a_version() {
        for text in
            ["v1", "apps/v1", "monitoring.coreos.com/v1", "keda.sh/v1alpha1/ScaledObject", " autoscaling/v2beta2 ", ""]
        {
            assert_eq!(parse_api_version(text).as_deref(), Ok(text.trim()), "{text}");
        }
        for bad in
            ["foo", "monitoring.coreos.com", "a/b", "a/v", "/v1", "a/v1/b", "a/v1/B/c", "a b/v1", "v1beta", "A/v1"]
        {
            assert!(parse_api_version(bad).is_err(), "{bad} was accepted");
        }
    }
}
