//! The command line that renders the same release again, for guides and plans to print.

use super::{ClusterArgs, ReleaseArgs, ValuesArgs};
use crate::diag::Diagnostic;
use crate::pipeline::Target;
use crate::redact;
use crate::schema::UnknownKeys;
use crate::shell::quoted;

/// The words of a command line, each quoted for a shell.
#[derive(Debug, Default)]
pub struct Rerun {
    words: Vec<String>,
    /// The flag whose value is a secret, which no printed command may show.
    secret: Option<String>,
}

impl Rerun {
    /// `gitlab-render template NAME ...` with the same release and the same values.
    pub fn template(release: &ReleaseArgs, target: &Target, values: &ValuesArgs) -> Self {
        let mut words = Rerun { words: vec!["gitlab-render template".to_owned()], secret: None };
        words.word(&target.name);
        words.option("-n", Some(&target.namespace));
        words.options("-f", &values.files);
        words.options("--values-from", &values.values_from);
        words.option("--values-at", values.values_at.as_deref());
        words.sets(values);
        words.option("--profile", values.profile.as_deref());
        words.option("--gitlab-version", release.flags.gitlab_version.as_deref());
        words.cluster(&release.flags.cluster);
        words.flag("--is-upgrade", release.flags.is_upgrade);
        words.leniency(values);
        words
    }

    /// Adds one word.
    pub fn word(&mut self, word: &str) {
        self.words.push(quoted(word));
    }

    /// Adds a flag without a value, where it is set.
    pub fn flag(&mut self, name: &str, on: bool) {
        self.words.extend(on.then(|| name.to_owned()));
    }

    /// Adds a flag with its value, where it has one.
    pub fn option(&mut self, name: &str, value: Option<&str>) {
        let Some(value) = value else { return };
        let shown = redact::command(value);
        if shown != value {
            self.secret = Some(format!("{name} {shown}"));
        }
        self.words.push(format!("{name} {}", quoted(value)));
    }

    /// Adds a flag once for each value.
    pub fn options(&mut self, name: &str, values: impl IntoIterator<Item = impl AsRef<str>>) {
        values.into_iter().for_each(|value| self.option(name, Some(value.as_ref())));
    }

    /// Adds the flags that set single values.
    pub fn sets(&mut self, values: &ValuesArgs) {
        for (name, given) in [
            ("--set-json", &values.set_json),
            ("--set", &values.set),
            ("--set-string", &values.set_string),
            ("--set-file", &values.set_file),
            ("--set-literal", &values.set_literal),
        ] {
            self.options(name, given);
        }
    }

    /// Adds the flags that describe the cluster.
    pub fn cluster(&mut self, cluster: &ClusterArgs) {
        let version = cluster.kube_version.map(|version| format!("{}.{}", version.major, version.minor));
        self.option("--kube-version", version.as_deref());
        self.options("-a", cluster.api_versions());
    }

    /// Adds the flags that relax checks.
    pub fn leniency(&mut self, values: &ValuesArgs) {
        self.flag("--unknown-keys warn", values.unknown_keys == UnknownKeys::Warn);
        self.flag("--skip-schema-validation", values.skip_schema_validation);
    }

    /// The command line.
    ///
    /// # Errors
    /// A value that looks like a secret: commands are printed, kept and shown to others.
    pub fn line(&self) -> Result<String, Diagnostic> {
        self.checked()?;
        Ok(self.words.join(" "))
    }

    /// The same, to be appended to another command: each word after a space.
    ///
    /// # Errors
    /// As [`Rerun::line`].
    pub fn tail(&self) -> Result<String, Diagnostic> {
        self.checked()?;
        Ok(self.words.iter().map(|word| format!(" {word}")).collect())
    }

    fn checked(&self) -> Result<(), Diagnostic> {
        let Some(secret) = &self.secret else { return Ok(()) };
        let message = format!("`{secret}`: the value looks like a secret, and the printed commands would contain it");
        Err(Diagnostic::usage("secret-in-command", message).hint("put it into a values file, and name that with `-f`"))
    }
}
