//! The command lines of a plan's steps.

use super::{Hop, With, facts, renders, toolbox_of};
use crate::releases::catalogue::Release;
use crate::shell::{
    Saved, find_chart, found_chart, installed_chart, kept_once, kubectl_apply, newest_job_ended, quoted,
};

/// The user's additions to the commands, besides releases, names and files.
#[derive(Debug, Clone, Default)]
pub struct Flags {
    /// Single values, `--set` and related flags; each with a space before it.
    pub sets: String,
    /// Other flags of a render: about the cluster and about relaxed checks. Helm does not get them.
    pub render: String,
}

/// Writes the commands of one hop.
pub(super) struct Writer<'a> {
    pub hop: &'a Hop<'a>,
    pub name: &'a str,
    pub namespace: &'a str,
}

/// A values file before and after a hop.
pub(super) struct ValuesFile {
    /// The file for the previous release.
    pub before: String,
    /// The file for the new release.
    pub after: String,
    /// Whether the second is made from the first; a profile never is.
    pub rewritten: bool,
}

/// Flags of the `--set` family, of Helm or of Argo CD (`helm-set`), each with a space before it.
pub(super) fn sets(flag: &str, values: &[(&str, serde_json::Value)]) -> String {
    let one = |(path, value): &(&str, serde_json::Value)| match value {
        serde_json::Value::String(text) => format!(" --{flag}-string {}", quoted(&format!("{path}={text}"))),
        other => format!(" --{flag} {path}={other}"),
    };
    values.iter().map(one).collect()
}

/// The value that a major upgrade of the bundled PostgreSQL sets to `false` until its data are back.
pub(super) const MIGRATIONS: &str = "gitlab.migrations.enabled";
/// The annotation by which KEDA holds a Deployment at a number of pods.
const PAUSED: &str = "autoscaling.keda.sh/paused-replicas";
/// The components that write to the database.
const WRITERS: [&str; 2] = ["webservice", "sidekiq"];

/// The value that switches the toolbox of a release on.
fn toolbox_switch(release: Release) -> &'static str {
    if toolbox_of(release) == "toolbox" { "gitlab.toolbox.enabled" } else { "gitlab.task-runner.enabled" }
}

/// A command that shows the chart of a release that is not listed.
pub(super) fn search_chart(release: Release) -> String {
    // As a whole word: a patch is the beginning of others.
    format!("helm search repo gitlab/gitlab --versions | grep -wF v{}", release.gitlab)
}

/// The name of stdin among the inputs, and the file that replaces it in a plan.
const STDIN: (&str, &str) = ("stdin", "values.yaml");

/// `values.yaml` becomes `values-18.9.8.yaml` in the same folder; an earlier plan may have named it for the running
/// release.
fn named_for(file: &str, runs: &str, version: &str) -> String {
    let (folder, name) = file.rsplit_once('/').map_or(("", file), |(folder, name)| (&file[..=folder.len()], name));
    let (stem, end) = name.rsplit_once('.').filter(|(stem, _)| !stem.is_empty()).unwrap_or((name, "yaml"));
    let stem = stem.strip_suffix(runs).and_then(|stem| stem.strip_suffix('-')).unwrap_or(stem);
    format!("{folder}{stem}-{version}.{end}")
}

impl Writer<'_> {
    /// The tool that the plan is for.
    pub fn with(&self) -> With {
        self.hop.ask.with
    }

    /// The manifests of the previous release: a file, or the directory in the repository.
    pub fn old_manifests(&self) -> String {
        self.directory().unwrap_or_else(|| format!("gitlab-{}.yaml", self.hop.from.gitlab))
    }

    pub fn new_manifests(&self) -> String {
        format!("gitlab-{}.yaml", self.hop.to.gitlab)
    }

    /// Whether this program renders; otherwise Helm renders the chart, or the Helm that is built into Argo CD or Flux.
    /// A release is not handed over and upgraded at the same time, so both ends of the hop have to be known.
    pub fn ours(&self) -> bool {
        self.with() != With::Helm && renders(self.hop.from.gitlab) && renders(self.hop.to.gitlab)
    }

    /// The file with the number of the running Helm revision.
    pub fn revision(&self) -> String {
        format!("revision-{}.txt", self.hop.from.gitlab)
    }

    /// The file with the numbers of pods, a line for each Deployment that writes to the database.
    pub fn replicas(&self) -> String {
        format!("replicas-{}.txt", self.hop.from.gitlab)
    }

    /// The file with the Rails secret of the previous release.
    pub fn rails_secret_file(&self) -> String {
        format!("rails-secret-{}.yaml", self.hop.from.gitlab)
    }

    /// Values that this hop requires besides those of the files.
    pub fn asked(&self) -> Vec<(&'static str, serde_json::Value)> {
        let toolbox = self.hop.is_toolbox_off().then(|| (toolbox_switch(self.hop.to), true.into()));
        let rows = self.hop.manual().flat_map(|row| &row.set);
        toolbox.into_iter().chain(rows.map(|(path, value)| (path.as_str(), value.clone()))).collect()
    }

    /// Flags for the values that this hop requires, as `--set` of both programs accepts them.
    pub fn sets(&self) -> String {
        sets("set", &self.asked())
    }

    /// The flags with the values of the previous release, with the toolbox enabled.
    pub fn values_before(&self) -> String {
        let files: String = self.files().iter().map(|file| format!(" -f {}", file.before)).collect();
        format!("{files}{} --set {}=true", self.hop.ask.flags.sets, toolbox_switch(self.hop.from))
    }

    fn named(&self) -> Vec<String> {
        let named = self.hop.ask.values.map(|values| values.files.to_vec()).filter(|files| !files.is_empty());
        named.unwrap_or_else(|| vec![STDIN.1.to_owned()])
    }

    /// Whether the values came from stdin, which no step can read again.
    pub fn read_stdin(&self) -> bool {
        self.named().iter().any(|name| name == STDIN.0)
    }

    /// The profiles under the values.
    pub fn profiles(&self) -> Vec<String> {
        self.named().iter().filter_map(|name| name.strip_prefix("profile:")).map(str::to_owned).collect()
    }

    /// The user's files, and their names once they are migrated to this release; quoted for a shell.
    pub fn files(&self) -> Vec<ValuesFile> {
        let file = |name: String| {
            if let Some(profile) = name.strip_prefix("profile:") {
                // Helm knows no profiles: it gets the file that `init` writes.
                let name = if self.ours() { name.clone() } else { format!("{profile}.yaml") };
                return ValuesFile { before: quoted(&name), after: quoted(&name), rewritten: false };
            }
            let name = if name == STDIN.0 { STDIN.1 } else { &name };
            let runs = self.hop.ask.from.gitlab.to_string();
            let before = match self.hop.first {
                true => name.to_owned(),
                false => named_for(name, &runs, &self.hop.from.gitlab.to_string()),
            };
            let after = named_for(name, &runs, &self.hop.to.gitlab.to_string());
            ValuesFile { before: quoted(&before), after: quoted(&after), rewritten: true }
        };
        self.named().into_iter().map(file).collect()
    }

    /// The flags with the values.
    pub fn values(&self) -> String {
        let files: String = self.files().iter().map(|file| format!(" -f {}", file.after)).collect();
        files + &self.hop.ask.flags.sets + &self.sets()
    }

    /// The command that renders the new release.
    pub fn template(&self, more: &str) -> String {
        let Writer { name, namespace, .. } = self;
        let values = self.values();
        match self.ours() {
            true => format!("{} --is-upgrade{more}", self.ours_by("template")),
            false => self.with_chart(|chart| {
                format!(
                    "helm template {name} gitlab/gitlab --version {chart} -n {namespace}{values} --is-upgrade{more}"
                )
            }),
        }
    }

    /// A command that names the chart of the new release. A line before it finds a chart that is not listed.
    pub fn with_chart(&self, command: impl Fn(&str) -> String) -> String {
        let (to, gitlab) = (self.hop.to, self.hop.to.gitlab.to_string());
        match to.has_chart() {
            true => command(&to.chart.to_string()),
            false => format!("{}\n{}", find_chart(&gitlab), command(&found_chart(&gitlab))),
        }
    }

    /// The chart of the running release: what Helm has installed, where it is not listed.
    pub fn running_chart(&self) -> String {
        match self.hop.from.has_chart() {
            true => self.hop.from.chart.to_string(),
            false => installed_chart(self.name, self.namespace),
        }
    }

    /// The chart of the new release for people who write it into a file.
    pub fn chart_to_write(&self) -> String {
        let to = self.hop.to;
        match to.has_chart() {
            true => format!("`{}`", to.chart),
            false => format!("the chart of GitLab {}, from `{}`", to.gitlab, search_chart(to)),
        }
    }

    /// A command of this program with the new release and its values.
    pub fn ours_by(&self, command: &str) -> String {
        self.ours_with(command, &self.values())
    }

    /// The same without what only the upgrade itself requires: migrations that are off for a while would stay off.
    pub fn ours_lasting(&self, command: &str) -> String {
        let files: String = self.files().iter().map(|file| format!(" -f {}", file.after)).collect();
        let lasting: Vec<_> = self.asked().into_iter().filter(|(path, _)| *path != MIGRATIONS).collect();
        self.ours_with(command, &(files + &self.hop.ask.flags.sets + &sets("set", &lasting)))
    }

    fn ours_with(&self, command: &str, values: &str) -> String {
        let Writer { name, namespace, .. } = self;
        let (render, gitlab) = (&self.hop.ask.flags.render, self.hop.to.gitlab);
        format!("gitlab-render {command} {name} -n {namespace}{values}{render} --gitlab-version {gitlab}")
    }

    pub fn helm(&self, more: &str) -> String {
        let Writer { name, namespace, .. } = self;
        let values = self.values();
        self.with_chart(|chart| {
            format!("helm upgrade {name} gitlab/gitlab --version {chart} -n {namespace}{values}{more} --timeout 60m")
        })
    }

    pub fn phase(&self, more: &str) -> String {
        format!("{} | {} -f -", self.template(more), self.apply_with_kubectl())
    }

    /// The command that applies a render, up to `-f`.
    pub fn apply_with_kubectl(&self) -> String {
        kubectl_apply(Some(self.namespace).filter(|_| !self.hop.ask.apart))
    }

    pub fn migrations_done(&self) -> String {
        newest_job_ended(self.namespace, &format!("app=migrations,release={}", self.name))
    }

    pub fn rolled_out(&self, what: &str) -> String {
        format!("kubectl rollout status deployment -n {} -l {what} --timeout=15m", self.namespace)
    }

    /// A label selector for Deployments of these components of the release.
    fn selected(&self, components: &[&str]) -> String {
        let apps: Vec<_> = components.iter().map(|component| self.hop.app(component)).collect();
        format!("'app in ({}),release={}'", apps.join(","), self.name)
    }

    /// Commands that scale Deployments to 0. A HorizontalPodAutoscaler does not touch a Deployment at 0; KEDA has to be paused.
    pub fn stop(&self, components: &[&str]) -> Vec<String> {
        let (namespace, selected) = (self.namespace, self.selected(components));
        let pause = self
            .hop
            .has_keda()
            .then(|| format!("kubectl annotate scaledobject -n {namespace} -l {selected} --overwrite {PAUSED}=0"));
        let scale = format!("kubectl scale deployment -n {namespace} -l {selected} --replicas=0");
        pause.into_iter().chain([scale]).collect()
    }

    /// The components that this hop may stop.
    fn stopped(&self) -> Vec<&'static str> {
        let most = self.hop.manual().map(facts::Manual::stopped).max_by_key(Vec::len);
        most.filter(|stops| !stops.is_empty()).unwrap_or_else(|| WRITERS.to_vec())
    }

    /// Commands that stop everything that writes to the database.
    pub fn stop_writing(&self) -> Vec<String> {
        self.stop(&self.stopped())
    }

    /// A command that saves the numbers of pods, once: a second try must not save the zeros of the first.
    pub fn keep_replicas(&self) -> String {
        let (namespace, selected, file) = (self.namespace, self.selected(&self.stopped()), self.replicas());
        let line = "{range .items[*]}{.metadata.name} {.spec.replicas}{\"\\n\"}{end}";
        let numbers = format!("kubectl get deployment -n {namespace} -l {selected} -o jsonpath='{line}'");
        kept_once(&file, &numbers, Saved::Text)
    }

    /// Commands that restore the saved numbers of pods.
    pub fn scale_up(&self) -> Vec<String> {
        let namespace = self.namespace;
        let go_on = self.hop.has_keda().then(|| {
            let selected = self.selected(&self.stopped());
            format!("kubectl annotate scaledobject -n {namespace} -l {selected} {PAUSED}-")
        });
        let scale = format!(
            "while read -r deployment replicas; do kubectl scale deployment \"$deployment\" -n {namespace} \
             --replicas=\"$replicas\"; done < {}",
            self.replicas()
        );
        go_on.into_iter().chain([scale]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::named_for;

    #[test]
    fn files_are_named_for_a_release_where_they_are() {
        for (file, named) in [
            ("values.yaml", "values-18.9.8.yaml"),
            ("env.d/values", "env.d/values-18.9.8.yaml"),
            ("../values", "../values-18.9.8.yaml"),
            ("/etc/a.b.yml", "/etc/a.b-18.9.8.yml"),
            (".values", ".values-18.9.8.yaml"),
            ("values-18.8.11.yaml", "values-18.9.8.yaml"),
        ] {
            assert_eq!(named_for(file, "18.8.11", "18.9.8"), named);
        }
    }
}
