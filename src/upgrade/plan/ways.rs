//! The differences between deployment tools: suspending the tool, applying, and the rollback.

use serde_json::Value;

use super::commands::{MIGRATIONS, Writer, sets};
use super::steps::step;
use super::{StepKind, UpgradeStep, With, renders, toolbox_of};
use crate::releases::{Series, series_of};
use crate::shell::written;
use crate::upgrade::series::all_series;

/// The value of the official chart that skips post-deployment migrations.
const SKIP_POST: &str = "gitlab.migrations.extraEnv.SKIP_POST_DEPLOYMENT_MIGRATIONS";
/// The time limit of Argo CD and Flux for a release, in seconds: large migrations take an hour.
const SYNC_SECONDS: u32 = 7200;
/// What to do about a Job that a second try finds under the same name; the words for that try follow.
const FAILED_JOB: &str = "a failed Job stays failed: `kubectl logs` shows the reason; delete it, and ";
/// What a shell into which lines are pasted does not ensure.
const GO_ON: &str =
    "run one command at a time: continue with the next command or step only when the previous one has succeeded";
/// The phases for which Flux has a Kustomization.
const PHASES: [&str; 3] = ["pre", "main", "post"];

/// The migrations that an apply runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Migrations {
    All,
    WithoutPost,
    /// The remaining ones, after [`Migrations::WithoutPost`].
    Post,
}

impl Writer<'_> {
    /// The directory in the repository that Argo CD or Flux applies, where it contains rendered manifests.
    pub fn directory(&self) -> Option<String> {
        match self.with() {
            With::ArgoCd if self.ours() => Some("manifests".to_owned()),
            With::Flux if self.ours() => Some(format!("clusters/{}/gitlab", self.name)),
            _ => None,
        }
    }

    /// Argo CD's Application: for the directory, or for the chart.
    fn application(&self) -> String {
        if self.ours() { format!("{}-gitlab", self.name) } else { self.name.to_owned() }
    }

    /// Flux's Kustomizations for the directory.
    fn kustomizations(&self) -> String {
        PHASES.map(|phase| format!("{}-{phase}", self.name)).join(" ")
    }

    /// The file with the commit that runs before.
    pub fn commit_file(&self) -> String {
        format!("commit-{}.txt", self.hop.from.gitlab)
    }

    /// The file with the previous object of Argo CD or Flux.
    pub fn object_file(&self) -> String {
        let kind = if self.with() == With::ArgoCd { "application" } else { "helmrelease" };
        format!("{kind}-{}.yaml", self.hop.from.gitlab)
    }

    pub fn adopt_flag(&self) -> &'static str {
        match self.with() {
            With::ArgoCd => " --to argocd",
            With::Flux => " --to flux",
            With::Kubectl | With::Helm => "",
        }
    }

    /// The commands that enable the toolbox in the running release.
    pub fn with_toolbox(&self) -> Vec<String> {
        let Writer { name, namespace, .. } = self;
        let from = self.hop.from;
        let toolbox = toolbox_of(from);
        match self.with() {
            _ if self.ours() => vec![format!(
                "gitlab-render template {name} -n {namespace}{}{} --gitlab-version {} --component toolbox | {} -f -",
                self.values_before(),
                self.hop.ask.flags.render,
                from.gitlab,
                self.apply_with_kubectl()
            )],
            With::ArgoCd => {
                let set = format!("argocd app set {name} --helm-set gitlab.{toolbox}.enabled=true");
                vec![set, self.sync(), self.synced()]
            }
            With::Flux => {
                let set = format!(
                    "kubectl patch helmrelease {name} -n {namespace} --type merge -p '{{\"spec\":{{\"values\":{{\"gitlab\":\
                     {{\"{toolbox}\":{{\"enabled\":true}}}}}}}}}}'"
                );
                vec![set, self.reconcile_release()]
            }
            With::Kubectl | With::Helm => vec![format!(
                "helm upgrade {name} gitlab/gitlab --version {} -n {namespace}{}",
                self.running_chart(),
                self.values_before()
            )],
        }
    }

    /// The commands that keep Argo CD or Flux from restoring what a person removes.
    fn held(&self) -> Option<String> {
        let Writer { name, namespace, .. } = self;
        match self.with() {
            With::ArgoCd => Some(format!("argocd app set {} --sync-policy none", self.application())),
            With::Flux if self.ours() => Some(format!("flux suspend kustomization {}", self.kustomizations())),
            With::Flux => Some(format!("flux suspend helmrelease {name} -n {namespace}")),
            With::Kubectl | With::Helm => None,
        }
    }

    /// The step for it, before a person deletes or scales objects that the tool has applied.
    pub fn hold(&self) -> Option<UpgradeStep> {
        let (tool, detail) = match self.with() {
            With::ArgoCd => ("Argo CD", "a manual sync still works; enable automated sync again after the stop"),
            _ => ("Flux", "the apply below resumes it"),
        };
        let what = format!("prevent {tool} from restoring what the next steps remove");
        Some(step(StepKind::Prepare, what, vec![self.held()?]).detail(detail))
    }

    fn commit(&self, dir: &str, what: &str) -> String {
        // In double quotes, because the common steps of a plan have variables in place of versions.
        format!("git add --all {dir} && git commit -m \"{what}\" && git push")
    }

    fn sync(&self) -> String {
        format!("argocd app sync {} --prune --timeout {SYNC_SECONDS}", self.application())
    }

    fn synced(&self) -> String {
        format!("argocd app wait {} --sync --health --timeout {SYNC_SECONDS}", self.application())
    }

    fn reconcile(&self) -> Vec<String> {
        let each =
            PHASES.map(|phase| format!("flux reconcile kustomization {}-{phase} --timeout {SYNC_SECONDS}s", self.name));
        [vec!["flux reconcile source git flux-system".to_owned()], each.to_vec()].concat()
    }

    fn reconcile_release(&self) -> String {
        let Writer { name, namespace, .. } = self;
        format!("flux reconcile helmrelease {name} -n {namespace} --with-source --timeout {SYNC_SECONDS}s")
    }

    /// The values for the chart besides those of the files.
    fn asked_with(&self, migrations: Migrations) -> Vec<(&'static str, Value)> {
        let skip = (migrations == Migrations::WithoutPost).then(|| (SKIP_POST, Value::from("true")));
        self.asked().into_iter().chain(skip).collect()
    }

    /// Applies the new release with these migrations.
    fn put(&self, what: String, migrations: Migrations) -> UpgradeStep {
        let (details, commands) = match (self.with(), self.directory()) {
            (With::ArgoCd, Some(dir)) => self.put_argo_cd(&dir, migrations),
            (With::Flux, Some(dir)) => self.put_flux(&dir, migrations),
            (With::ArgoCd, None) => self.put_application(migrations),
            (With::Flux, None) => self.put_helm_release(migrations),
            _ if self.ours() => self.put_kubectl(migrations),
            _ => (vec![FAILED_JOB.to_owned() + "upgrade again"], self.put_helm(migrations)),
        };
        let mut made = step(StepKind::Apply, what, commands);
        made.details = details;
        made
    }

    fn put_kubectl(&self, migrations: Migrations) -> (Vec<String>, Vec<String>) {
        let old = self.old_manifests();
        match migrations {
            // The last step of an upgrade without downtime is a script, too: pasted lines would go on to the record of the new
            // version after migrations that failed. What runs already is applied again, and nothing of it changes.
            Migrations::All | Migrations::Post => {
                let (to, script) = (self.hop.to.gitlab, format!("upgrade-{}.sh", self.hop.to.gitlab));
                let detail = format!(
                    "the script contains the manifests, and deletes at its end what gitlab-render made, {old} has and GitLab {to} no longer needs"
                );
                let write = written(&script, &self.template(&format!(" --list-phases --prune-from {old}")));
                (vec![detail], vec![write, format!("sh {script}")])
            }
            Migrations::WithoutPost => {
                // The phase has two Jobs, the upgrade check and the one that creates Secrets: the script waits for each by its name.
                let script = format!("check-{}.sh", self.hop.to.gitlab);
                let checked = written(&script, &self.template(" --skip-post-migrations --phase pre --list-phases"));
                let main = self.phase(" --skip-post-migrations --phase main");
                // A subshell fails as a whole under `set -e`, and pasted lines do not pass by a check that failed.
                let commands = vec![checked, format!("(sh {script} && {main})"), self.migrations_done()];
                (vec![GO_ON.to_owned()], commands)
            }
        }
    }

    fn put_helm(&self, migrations: Migrations) -> Vec<String> {
        let skip = if migrations == Migrations::WithoutPost {
            format!(" --set-string {SKIP_POST}=true")
        } else {
            String::new()
        };
        [vec![self.helm(&skip)], self.migrations_awaited()].concat()
    }

    /// A disabled migrations Job need not be waited for.
    fn migrations_awaited(&self) -> Vec<String> {
        let off = self.asked().contains(&(MIGRATIONS, false.into()));
        if off { Vec::new() } else { vec![self.migrations_done()] }
    }

    fn put_argo_cd(&self, dir: &str, migrations: Migrations) -> (Vec<String>, Vec<String>) {
        let to = self.hop.to.gitlab;
        let (skip, what) = match migrations {
            Migrations::WithoutPost => {
                (" --skip-post-migrations", format!("GitLab {to} without post-deployment migrations"))
            }
            Migrations::All | Migrations::Post => ("", format!("GitLab {to}")),
        };
        let details = vec![
            "Argo CD runs the upgrade check first, then the migrations, and replaces pods when they have finished; `--prune` deletes what \
             is no longer rendered"
                .to_owned(),
            format!("a Job that has failed fails the sync: `kubectl logs` shows the reason, and the next sync of `{dir}` runs it anew"),
        ];
        let render = self.template(&format!("{skip} --hooks argocd --output-dir {dir}"));
        (details, vec![render, self.commit(dir, &what), self.sync(), self.synced()])
    }

    fn put_flux(&self, dir: &str, migrations: Migrations) -> (Vec<String>, Vec<String>) {
        let to = self.hop.to.gitlab;
        let mut commands = Vec::new();
        let mut details = Vec::new();
        let (skip, what) = match migrations {
            Migrations::WithoutPost => {
                let script = format!("migrate-{to}.sh");
                let phases =
                    " --skip-post-migrations --component upgrade-check,migrations --phase pre,main --list-phases";
                commands.push(written(&script, &self.template(phases)));
                commands.push(format!("sh {script}"));
                details.push(
                    "the script checks and migrates while the previous pods run; Flux finds its Jobs complete, and replaces the pods"
                        .to_owned(),
                );
                (" --skip-post-migrations", format!("GitLab {to} without post-deployment migrations"))
            }
            Migrations::All | Migrations::Post => ("", format!("GitLab {to}")),
        };
        details.push(
            "Flux applies one phase after the other, and stops at one that is not ready; objects that are no longer rendered are pruned".to_owned(),
        );
        details.push(FAILED_JOB.to_owned() + "reconcile again");
        commands.push(self.template(&format!("{skip} --hooks flux --output-dir {dir}")));
        commands.push(self.commit(dir, &what));
        commands.extend(self.reconcile());
        (details, commands)
    }

    fn put_application(&self, migrations: Migrations) -> (Vec<String>, Vec<String>) {
        let name = self.name;
        let files = self.files();
        let mut details = vec![format!(
            "if the Application is in git, write the same there: `targetRevision` is {}, and the values",
            self.chart_to_write()
        )];
        let values = match &files[..] {
            [file] => format!(" --values-literal-file {}", file.after),
            _ => {
                let named: Vec<_> = files.iter().map(|file| format!("`{}`", file.after)).collect();
                details.push(format!(
                    "set the values of the Application to those of {}; the last file wins",
                    named.join(", ")
                ));
                String::new()
            }
        };
        details.extend(self.given_sets("the Application's parameters"));
        let asked = sets("helm-set", &self.asked_with(migrations));
        let unset = (migrations == Migrations::Post).then(|| format!("argocd app unset {name} -p {SKIP_POST}"));
        let set = self.with_chart(|chart| format!("argocd app set {name} --revision {chart}{values}{asked}"));
        let commands = unset.into_iter().chain([set, self.sync()]).chain(self.migrations_awaited());
        (details, commands.collect())
    }

    fn put_helm_release(&self, migrations: Migrations) -> (Vec<String>, Vec<String>) {
        let chart = self.chart_to_write();
        let named: Vec<_> = self.files().iter().map(|file| format!("`{}`", file.after)).collect();
        let mut details = vec![
            format!(
                "in the HelmRelease, `spec.chart.spec.version` is {chart}, and the values are those of {}; commit and push",
                named.join(", ")
            ),
            "its `spec.timeout` is `60m` or more, and `spec.upgrade.remediation` has no retries: a rollback during migrations causes \
             damage"
                .to_owned(),
        ];
        if migrations != Migrations::All {
            details.push(
                "`spec.upgrade.disableWait` is true: it must not wait for pods whose rollout is paused".to_owned(),
            );
        }
        let asked = self.asked_with(migrations);
        details.extend(
            asked.iter().map(|(path, value)| format!("for this upgrade, its values contain `{path}: {value}`")),
        );
        if migrations == Migrations::Post {
            details.push(format!("remove `{SKIP_POST}` from the values again"));
        }
        details.extend(self.given_sets("the HelmRelease's values"));
        (details, [vec![self.reconcile_release()], self.migrations_awaited()].concat())
    }

    /// The place for single values of the command line in a repository, where no command line is typed again.
    fn given_sets(&self, place: &str) -> Option<String> {
        let sets = self.hop.ask.flags.sets.trim();
        (!sets.is_empty()).then(|| format!("write what `{sets}` says into {place}, too"))
    }

    /// Applies the release. `held`: an earlier step has suspended the tool.
    pub fn apply(&self, held: bool) -> UpgradeStep {
        let (from, to) = (self.hop.from.gitlab, self.hop.to.gitlab);
        let what = match (self.with(), self.ours()) {
            (With::Kubectl, true) => {
                format!("apply GitLab {to} in phases: the script waits for each phase, and stops if one fails")
            }
            _ => format!("apply GitLab {to}"),
        };
        let mut step = self.put(what, Migrations::All);
        if held && self.with() == With::Flux {
            let (name, namespace) = (self.name, self.namespace);
            let resume = match self.ours() {
                true => format!("flux resume kustomization {}", self.kustomizations()),
                false => format!("flux resume helmrelease {name} -n {namespace}"),
            };
            let at = step.commands.iter().position(|command| command.starts_with("flux reconcile kustomization"));
            step.commands.insert(at.unwrap_or(0), resume);
        }
        let failures = super::facts().failures.iter();
        let reached = |gitlab: &str| series_of(gitlab).is_some_and(|s| from.series() < s && s <= to.series());
        let known = failures.filter(|row| reached(&row.gitlab));
        step.details.extend(known.map(|row| format!("if the migrations fail with `{}`: {}", row.error, row.todo)));
        let passed = |series: &Series| from.series() < *series && *series < to.series();
        if all_series().iter().any(passed) {
            step.downtime = true;
            let automated = self.held().filter(|_| self.with() == With::ArgoCd);
            let held = automated.map(|command| format!(" (`{command}` keeps them there)")).unwrap_or_default();
            step.details.push(format!(
                "the upgrade skips minor versions: enable maintenance mode, or scale webservice and Sidekiq to 0 before, with \
                 `{}`{held}; the next steps start them again",
                self.stop_writing().join("` and `")
            ));
        }
        step
    }

    /// The step that starts what was scaled to 0: renders and charts leave the number of pods to autoscalers, and these do not
    /// touch a Deployment at 0.
    pub fn start_again(&self) -> Option<UpgradeStep> {
        let what = "scale up what was scaled to 0: autoscalers do not";
        Some(step(StepKind::Apply, what, self.scale_up()).detail("if nothing was stopped, this changes nothing"))
    }

    /// The command that pauses or resumes the rollout of a component's Deployments.
    fn rollout(&self, verb: &str, component: &str) -> String {
        let Writer { name, namespace, .. } = self;
        let app = self.hop.app(component);
        format!(
            "kubectl rollout {verb} -n {namespace} $(kubectl get deployments -n {namespace} -l app={app},release={name} -o name)"
        )
    }

    /// The commands that resume what an upgrade without downtime has paused; kubectl refuses what is not paused.
    fn resume(&self) -> Vec<String> {
        match self.hop.ask.zero_downtime && self.directory().is_none() {
            true => ["webservice", "sidekiq"].map(|app| format!("{} || :", self.rollout("resume", app))).to_vec(),
            false => Vec::new(),
        }
    }

    pub fn apply_while_running(&self) -> Vec<UpgradeStep> {
        let outside = step(
            StepKind::Apply,
            "upgrade Gitaly outside of the cluster first: it must never be older than Rails",
            Vec::new(),
        )
        .detail("and Praefect with it");
        let without =
            "apply without the post-deployment migrations: the running pods are compatible with the others".to_owned();
        let rest = "run the post-deployment migrations: no pod of the previous release runs any more, and from here on only the backup \
                    leads back"
            .to_owned();
        let (without, rest) = (self.put(without, Migrations::WithoutPost), self.put(rest, Migrations::Post));
        // Migrations precede pods in the waves of Argo CD, and Flux applies them before anything else.
        if self.directory().is_some() {
            return vec![outside, without, rest];
        }
        let name = self.name;
        let each = |verb: &str, app: &str| self.rollout(verb, app);
        let pause = vec![each("pause", "webservice"), each("pause", "sidekiq")];
        let sidekiq = vec![
            each("resume", "sidekiq"),
            self.rolled_out(&format!("app={},release={name}", self.hop.app("sidekiq"))),
        ];
        let web = vec![
            each("resume", "webservice"),
            self.rolled_out(&format!("app={},release={name}", self.hop.app("webservice"))),
        ];
        vec![
            outside,
            step(StepKind::Apply, "pause the rollout of webservice and Sidekiq", pause),
            without,
            step(StepKind::Apply, "resume the rollout of Sidekiq", sidekiq),
            step(StepKind::Apply, "resume the rollout of webservice", web),
            rest,
        ]
    }

    /// The end of the chart's deployment: the first release that is rendered here runs.
    pub fn hand_over(&self) -> Option<UpgradeStep> {
        if self.ours() || self.with() == With::Helm || !renders(self.hop.to.gitlab) {
            return None;
        }
        let to = self.hop.to.gitlab;
        let guide =
            written(&format!("adopt-{to}.txt"), &format!("{}{}", self.ours_lasting("adopt"), self.adopt_flag()));
        let (what, commands, later) = match self.with() {
            With::ArgoCd => (
                "hand the release over from the chart to a directory in git, as the guide describes",
                vec![guide],
                "later stops are rendered here, committed and synced",
            ),
            With::Flux => (
                "hand the release over from the HelmRelease to Kustomizations, as the guide describes",
                vec![guide],
                "later stops are rendered here, committed and reconciled",
            ),
            With::Kubectl | With::Helm => (
                "hand the release over from Helm to kubectl, as the guide describes",
                vec![
                    guide,
                    written(&self.new_manifests(), &format!("{} --phase main,post", self.ours_lasting("template"))),
                ],
                "later stops are rendered here and applied in phases; the second command saves the manifests that they start from",
            ),
        };
        let other = "`--with` plans for another tool: helm (which keeps managing the release), argocd or flux";
        let made = step(StepKind::HandOver, what, commands).detail(later);
        Some(if self.with() == With::Kubectl { made.detail(other) } else { made })
    }

    /// The commands that restore the previous release.
    fn put_back(&self) -> Vec<String> {
        let Writer { name, namespace, .. } = self;
        let from = self.hop.from;
        match (self.with(), self.directory()) {
            (With::Flux, Some(dir)) => vec![
                self.restore(&dir),
                "flux reconcile source git flux-system".to_owned(),
                format!("flux resume kustomization {}", self.kustomizations()),
                format!("flux suspend kustomization {}", self.kustomizations()),
            ],
            (_, Some(dir)) => vec![self.restore(&dir), self.sync()],
            (With::ArgoCd, None) => {
                let files = self.files();
                let values = match &files[..] {
                    [file] => format!(" --values-literal-file {}", file.before),
                    _ => String::new(),
                };
                let chart = match from.has_chart() {
                    true => from.chart.to_string(),
                    // `argocd app get -o yaml` writes it below `source:`
                    false => format!("\"$(awk '/targetRevision:/ {{print $2; exit}}' {})\"", self.object_file()),
                };
                vec![format!("argocd app set {name} --revision {chart}{values}"), self.sync()]
            }
            _ if self.ours() => vec![format!("{} -f {}", self.apply_with_kubectl(), self.old_manifests())],
            _ => vec![format!("helm rollback {name} \"$(cat {})\" -n {namespace}", self.revision())],
        }
    }

    fn restore(&self, dir: &str) -> String {
        let from = self.hop.from.gitlab;
        format!(
            "git restore --source=\"$(cat {})\" --staged --worktree {dir} && git commit -m \"back to GitLab {from}\" && git push",
            self.commit_file()
        )
    }

    pub fn back(&self) -> UpgradeStep {
        let from = self.hop.from;
        let Writer { name, namespace, .. } = self;
        let back: Vec<_> = self.hop.manual().filter_map(|row| row.back.as_ref()).collect();
        let extra: Vec<String> =
            back.iter().flat_map(|work| &work.commands).map(|command| self.hop.command(command, from)).collect();
        let alone = back.is_empty();
        let toolbox = format!("deployment/{name}-{}", toolbox_of(from));
        let restore = vec![
            format!("kubectl apply -n {namespace} --server-side --force-conflicts -f {}", self.rails_secret_file()),
            // a pod reads the Secret when it starts; webservice and Sidekiq stand still
            format!("kubectl rollout restart {toolbox} -n {namespace}"),
            format!("kubectl rollout status {toolbox} -n {namespace} --timeout=15m"),
            self.hop.toolbox(from, &format!("backup-utility --restore -t \"$(cat {})\"", self.hop.backup_file())),
        ];
        let database = [self.stop_writing(), restore, self.scale_up()].concat();
        let held: Vec<_> = self.held().into_iter().collect();
        let go_on = match (self.with(), self.ours()) {
            (With::Flux, true) => vec![format!("flux resume kustomization {}", self.kustomizations())],
            _ => Vec::new(),
        };
        // The manifests of before the plan have no toolbox, and a newer one restores no older backup.
        let toolbox_on = self.ours() && self.hop.first && self.hop.is_toolbox_off();
        let toolbox_on = if toolbox_on { self.with_toolbox() } else { Vec::new() };
        let put_back = [self.put_back(), toolbox_on].concat();
        let commands = [held, self.stop_writing(), extra, put_back, self.resume(), database, go_on].concat();
        let mut step = step(StepKind::Back, format!("if it fails: the rollback to GitLab {}", from.gitlab), commands);
        step.details.extend(back.iter().flat_map(|work| &work.todo).cloned());
        if alone {
            let which = match (self.with(), self.ours()) {
                (With::ArgoCd, true) => "syncing the previous commit",
                (With::Flux, true) => "reconciling the previous commit",
                (With::ArgoCd, false) => "syncing the previous chart",
                (_, true) => "`kubectl apply` of the old manifests",
                (_, false) => "`helm rollback`",
            };
            let resumed = if self.resume().is_empty() { "" } else { " and then `kubectl rollout resume`" };
            step.details.push(match self.hop.ask.zero_downtime {
                true => format!(
                    "as long as no post-deployment migration has run, {which}{resumed} is sufficient: pods of the previous minor are compatible \
                     with the other migrations"
                ),
                false => format!("as long as no migration has run, {which} is sufficient"),
            });
        }
        match (self.with(), self.ours()) {
            (With::ArgoCd, false) => step.details.push(format!(
                "`{}` has the previous parameters; also restore them in git if the Application is there",
                self.object_file()
            )),
            (With::ArgoCd, true) => {
                step.details.push("enable automated sync again when everything works, if it was enabled".to_owned());
            }
            (With::Flux, false) => step.details.push(format!(
                "put the chart version and the values of `{}` back into the HelmRelease in git, and only then `flux resume helmrelease \
                 {name} -n {namespace}`",
                self.object_file()
            )),
            _ => {}
        }
        let from = from.gitlab;
        step.detail(format!(
            "otherwise run all commands: GitLab cannot downgrade the database, so the backup of GitLab {from} is restored on GitLab \
             {from}, with the Rails secret of that time; data written since then is lost"
        ))
    }
}
