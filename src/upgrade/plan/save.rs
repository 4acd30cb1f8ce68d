//! Saving the running state, which a rollback needs.

use super::commands::Writer;
use super::steps::step;
use super::{StepKind, UpgradeStep, With};
use crate::shell::{APPLICABLE_AGAIN, Saved, kept_once, kept_once_through};

impl Writer<'_> {
    pub fn save(&self) -> UpgradeStep {
        let Writer { name, namespace, .. } = self;
        let (from, old) = (self.hop.from, self.old_manifests());
        let mut commands = Vec::new();
        match (self.with(), self.directory()) {
            (_, Some(_)) => commands.push(kept_once(&self.commit_file(), "git rev-parse HEAD", Saved::Text)),
            (With::ArgoCd, None) => commands.extend([
                kept_once(&old, &format!("argocd app manifests {name} --source live"), Saved::Objects),
                kept_once(&self.object_file(), &format!("argocd app get {name} -o yaml"), Saved::Object),
            ]),
            (_, None) => {
                if self.ours() {
                    if self.hop.first {
                        // for a release that is not Helm's the file is there, and an empty one must not replace it
                        commands.push(kept_once(&old, &self.running_manifests(), Saved::Objects));
                    }
                } else {
                    // a try that failed has a revision, too
                    let running = "awk '/^  revision:/ {r = $2} /^  status: deployed/ {print r}'";
                    let (revision, history) = (self.revision(), format!("helm history {name} -n {namespace} -o yaml"));
                    commands.push(kept_once_through(running, &revision, &history, Saved::Text));
                    let manifest = format!("helm get manifest {name} -n {namespace} --revision \"$(cat {revision})\"");
                    commands.push(kept_once(&old, &manifest, Saved::Objects));
                }
                if self.with() == With::Flux {
                    let release = format!("kubectl get helmrelease {name} -n {namespace} -o yaml");
                    commands.push(kept_once(&self.object_file(), &release, Saved::Objects));
                }
            }
        }
        commands.push(self.keep_replicas());
        let secret = format!("kubectl get secret {} -n {namespace} -o yaml", self.hop.rails_secret());
        commands.push(kept_once_through(APPLICABLE_AGAIN, &self.rails_secret_file(), &secret, Saved::Objects));
        let mut kept = step(StepKind::Prepare, format!("save what a rollback to {from} needs"), commands)
            .detail("a second attempt keeps the files of the first one, which contain the state before both");
        if self.ours() && self.hop.first {
            kept = match self.directory() {
                Some(dir) => kept.detail(format!(
                    "run the commands at the root of the repository in which `{dir}` has the manifests that were applied last"
                )),
                None if self.hop.ask.apart => kept.detail(format!(
                    "the values put objects into two namespaces, and the rollback applies `{old}` without `-n`: the manifests of Helm do \
                     not all say their namespace, so GitLab {} is rendered from the values that were applied last",
                    from.gitlab
                )),
                None => kept.detail(format!("if Helm does not manage the release, save the manifests that were applied last as `{old}`")),
            };
            let to = self.adopt_flag();
            kept = kept.detail(format!(
                "if the official chart runs, hand the release over first, and upgrade afterwards: `gitlab-render adopt{to}` has the \
                 steps"
            ));
        }
        match self.read_stdin() && self.hop.first {
            true => kept.detail("the values were read from stdin: save them as `values.yaml`, which the commands use"),
            false => kept,
        }
    }

    /// The command that prints the manifests of the running release, each with its namespace where there are two of them.
    fn running_manifests(&self) -> String {
        let Writer { name, namespace, .. } = self;
        match self.hop.ask.apart {
            true => self.ours_before(" --phase main,post"),
            false => format!("helm get manifest {name} -n {namespace}"),
        }
    }

    /// The command that renders the running release from the values that run.
    fn ours_before(&self, more: &str) -> String {
        let Writer { name, namespace, .. } = self;
        let (flags, from) = (&self.hop.ask.flags, self.hop.from.gitlab);
        let files: String = self.files().iter().map(|file| format!(" -f {}", file.before)).collect();
        format!(
            "gitlab-render template {name} -n {namespace}{files}{}{} --gitlab-version {from}{more}",
            flags.sets, flags.render
        )
    }
}
