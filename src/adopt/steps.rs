//! The steps of a hand-over, in the order in which they are safe.

use super::{Guide, TakeoverStep, Tool};
use crate::phases::marks::{RELEASE_NAME, RELEASE_NAMESPACE};
use crate::shell::{APPLICABLE_AGAIN, Saved, for_each_volume, kept_once, kept_once_through, kubectl_apply, written};

/// The file that keeps Helm's own release record during the hand-over.
const BACKUP: &str = "helm-release.yaml";

/// The script that renames Helm as a field manager.
const FIELDS: &str = "transfer-fields.sh";

/// All of them.
pub(super) fn steps(guide: &Guide) -> Vec<TakeoverStep> {
    let before = [record(guide), pause(guide), keep_volumes(guide), others(guide), compare(guide), fields(guide)];
    let after = [apply(guide), check(guide), hooks(guide), unmark(guide), forget(guide)];
    before.into_iter().chain(after).chain(companions(guide)).chain([back(guide)]).collect()
}

fn step(id: &'static str, title: impl Into<String>, text: &[&str], commands: Vec<String>) -> TakeoverStep {
    TakeoverStep { id, title: title.into(), text: text.iter().map(|text| (*text).to_owned()).collect(), commands }
}

impl Guide {
    /// The render command that all steps use.
    fn ours(&self, phases: &str) -> String {
        format!("{} --phase {phases}", self.release.template)
    }

    /// The file with the manifests that are compared and marked. kubectl finds nothing to do in an empty stream and succeeds, so
    /// what comes from a render that may fail is not piped.
    fn manifests(&self) -> String {
        format!("adopt-{}.yaml", self.release.name)
    }

    /// kubectl's flag for a stream of manifests: none where each says its own namespace.
    fn place(&self) -> String {
        if self.apart { String::new() } else { format!(" -n {}", self.release.namespace) }
    }

    /// The command that applies a stream of manifests, up to `-f`.
    fn apply(&self) -> String {
        kubectl_apply(Some(self.release.namespace.as_str()).filter(|_| !self.apart))
    }

    /// A selector of the Secrets in which Helm keeps the release.
    fn secrets(&self) -> String {
        format!("-n {} -l owner=helm,name={}", self.release.namespace, self.release.name)
    }
}

fn record(guide: &Guide) -> TakeoverStep {
    let (name, namespace) = (&guide.release.name, &guide.release.namespace);
    let mut commands = vec![
        format!("helm list -n {namespace} -f '^{name}$'"),
        format!("helm get metadata {name} -n {namespace}"),
        format!("helm get values {name} -n {namespace}"),
        kept_once_through(
            APPLICABLE_AGAIN,
            BACKUP,
            &format!("kubectl get secret {} -o yaml", guide.secrets()),
            Saved::List,
        ),
    ];
    let toolbox = guide.objects.iter().find(|id| id.kind == "Deployment" && id.name.ends_with("toolbox"));
    if let Some(toolbox) = toolbox {
        commands.push(format!("kubectl exec -n {namespace} deploy/{} -- backup-utility", toolbox.name));
    }
    if let Some(secret) = &guide.rails_secret {
        let secret = format!("kubectl get secret {secret} -n {namespace} -o yaml");
        commands.push(kept_once_through(APPLICABLE_AGAIN, "rails-secret.yaml", &secret, Saved::Objects));
    }
    let backup = match toolbox {
        Some(_) => {
            "A backup contains the repositories and the database, but not the key that decrypts the encrypted data in it: keep both."
        }
        None => {
            "These values switch the toolbox off, in which backups are made: switch it on by `helm upgrade` first, or back up the \
             database, the repositories and the object storage by other means. Keep the key that decrypts the database, too."
        }
    };
    let version = match &guide.release.gitlab {
        Some(gitlab) => format!(
            "The release must be `deployed`, and run GitLab {gitlab}, which the commands here render: taking over must change \
             nothing, upgrades come later. `helm get metadata` shows the version of the chart and of GitLab (APP_VERSION). The values \
             must be the ones you pass here."
        ),
        None => "The release must be `deployed`, and the values must be the ones you pass here.".to_owned(),
    };
    step(
        "record",
        "Record the current state, and back it up",
        &[
            &version,
            "The Secrets `sh.helm.release.v1.*` are Helm's only record of the release, and a rollback needs them. They contain your \
             values, including passwords: protect the file accordingly. (Helm may also be configured by HELM_DRIVER to \
             keep ConfigMaps; then save those.)",
            backup,
        ],
        commands,
    )
}

fn pause(guide: &Guide) -> TakeoverStep {
    let (name, namespace) = (&guide.release.name, &guide.release.namespace);
    step(
        "pause",
        "Stop everything that runs Helm automatically",
        &[
            "Disable any pipeline that runs `helm upgrade`. If an Argo CD Application installs the chart, turn off its automated \
             sync, and delete it later without its resources. If a Flux HelmRelease installs it, suspend that, and delete it later \
             while it is suspended, which leaves the release unchanged. Run the commands that apply to you:",
            "Do not run `helm uninstall`, now or later: it deletes the objects that you are about to take over.",
        ],
        vec![
            format!("flux suspend helmrelease {name} -n {namespace}"),
            format!(
                "kubectl patch application {name} -n argocd --type merge -p '{{\"spec\":{{\"syncPolicy\":{{\"automated\":null}}}}}}'"
            ),
        ],
    )
}

fn keep_volumes(guide: &Guide) -> TakeoverStep {
    let namespace = &guide.release.namespace;
    let claims = match guide.claims.is_empty() {
        true => "With these values, GitLab has no volume claims.".to_owned(),
        false => format!("With these values, the following claims hold GitLab's data: {}.", listed(&guide.claims)),
    };
    let kept: Vec<_> = guide.kept.iter().map(ToString::to_string).collect();
    let kept = match kept.is_empty() {
        true => String::new(),
        false => format!(
            "Helm keeps these objects when it uninstalls the release (`helm.sh/resource-policy: keep`), and so do all tools that this guide uses: {}.",
            listed(&kept)
        ),
    };
    let mut text =
        vec![claims, "No step deletes a claim. As a precaution: a retained volume outlives its claim.".to_owned()];
    text.extend(Some(kept).filter(|kept| !kept.is_empty()));
    TakeoverStep {
        id: "volumes",
        title: "Make sure that volumes survive".to_owned(),
        text,
        commands: vec![
            kept_once("claims-before.txt", &list_claims(namespace), Saved::Table),
            for_each_volume(
                &format!("-n {namespace}"),
                "kubectl patch pv \"$volume\" -p '{\"spec\":{\"persistentVolumeReclaimPolicy\":\"Retain\"}}'",
            ),
        ],
    }
}

fn others(guide: &Guide) -> TakeoverStep {
    let (name, namespace) = (&guide.release.name, &guide.release.namespace);
    let mut text = vec![match guide.others.is_empty() {
        true => "With these values none of them is part of the release.".to_owned(),
        false => "With these values, these charts are part of the Helm release; they are not rendered here. No step deletes any \
                  of their objects before the second-to-last one, which gives each chart a release of its own. Until then they keep running \
                  unchanged and receive no updates. There is no hurry."
            .to_owned(),
    }];
    for other in &guide.others {
        let chart = other.chart;
        let data = if chart.has_data { ", holds data" } else { "" };
        text.push(format!("- {} {} (`{}`{data}). {}", chart.name, other.version, chart.switch, chart.if_deleted));
    }
    let commands = match guide.others.is_empty() {
        true => Vec::new(),
        false => ["app.kubernetes.io/instance", "release"]
            .map(|label| format!("kubectl get deploy,sts,ds,pvc -n {namespace} -l {label}={name}"))
            .to_vec(),
    };
    TakeoverStep { id: "others", title: "Identify the objects that are not rendered here".to_owned(), text, commands }
}

/// Gives the third-party charts releases of their own; `None` where the release has no such charts.
fn companions(guide: &Guide) -> Option<TakeoverStep> {
    if guide.others.is_empty() {
        return None;
    }
    let (name, namespace) = (&guide.release.name, &guide.release.namespace);
    let mut text = vec![
        "Their objects belonged to the Helm release; now that its record is removed, they belong to no release. Do this when you \
         want to update one of these charts; until then it keeps running. The command writes each chart as a release of its own, in \
         the same version, with your section of the values, and under a release name that preserves the names of its objects."
            .to_owned(),
        format!(
            "A workload selects its pods by the name of the release, `{name}`, and that cannot be changed in place: the workloads are \
             deleted and created again. Custom resource definitions, Services, Secrets and claims are not deleted; they only change \
             their owner. If the names under `helm.sh/chart` differ from those in the cluster, nothing is deleted: look up \
             the names in the cluster and use those."
        ),
    ];
    let reported = guide.others.iter().map(|other| format!("- {}: {}", other.chart.name, other.chart.while_replaced));
    text.extend(reported);
    let render = guide.release.template.replacen("gitlab-render template", "gitlab-render companions", 1);
    let packed: Vec<_> =
        guide.others.iter().map(|other| format!("{}-{}", other.chart.section, other.version)).collect();
    let select = format!(
        "deploy,sts,ds -n {namespace} -l 'app.kubernetes.io/instance={name},helm.sh/chart in ({})'",
        packed.join(",")
    );
    let delete = format!("kubectl get {select}\nkubectl delete {select}");
    let (way, commands) = match guide.tool {
        Tool::Kubectl => (
            "`--take-ownership` needs Helm 3.17. From now on, run the script again to update a chart.",
            vec![written("companions.sh", &render), delete, "sh companions.sh --take-ownership".to_owned()],
        ),
        Tool::ArgoCd => (
            "The Applications have no automated sync and do not prune.",
            vec![
                written("companions.yaml", &format!("{render} --as argocd")),
                delete,
                "kubectl apply -f companions.yaml".to_owned(),
                guide.others.iter().map(|o| format!("argocd app sync {}", o.release)).collect::<Vec<_>>().join("\n"),
            ],
        ),
        Tool::Flux => (
            "Flux takes over existing objects when it installs a chart (2.5 and newer, unless `disableTakeOwnership` is set).",
            vec![
                written("companions.yaml", &format!("{render} --as flux")),
                delete,
                format!("kubectl apply -f companions.yaml\nflux get helmreleases -n {namespace} --watch"),
            ],
        ),
    };
    text.push(way.to_owned());
    let title = "Give the third-party charts releases of their own".to_owned();
    Some(TakeoverStep { id: "companions", title, text, commands })
}

fn compare(guide: &Guide) -> TakeoverStep {
    let (place, file) = (guide.place(), guide.manifests());
    let workloads: Vec<_> = guide
        .objects
        .iter()
        .filter(|id| matches!(id.kind.as_str(), "Deployment" | "StatefulSet" | "DaemonSet"))
        .map(ToString::to_string)
        .collect();
    TakeoverStep {
        id: "compare",
        title: "Compare before anything changes".to_owned(),
        text: vec![
            "`kubectl get` lists each rendered object that exists in the cluster. `NotFound` is expected for Jobs, whose names end in \
             a hash. For a workload it means that its name differs, so that a second workload would be created beside the first: in that case, stop."
                .to_owned(),
            format!("The workloads: {}.", listed(&workloads)),
            "`kubectl diff` sends the objects to the server as a dry run, so it also finds what the server would \
             refuse. Expected differences: the label `app.kubernetes.io/managed-by`, the labels `chart` and `heritage` \
             of pods, checksums, and the wording of scripts and configuration files. Pods are replaced once. Unexpected differences, which are a reason to stop: a changed selector, \
             `serviceName`, `volumeClaimTemplates`, an `immutable` field, a size of a claim."
                .to_owned(),
        ],
        commands: vec![
            written(&file, &guide.ours("main,post")),
            format!("kubectl get{place} -f {file} -o name"),
            format!("kubectl diff{place} --server-side --force-conflicts -f {file}"),
        ],
    }
}

/// A kubectl template that prints one command for each object in which Helm is a field manager; the command turns
/// Helm's entry into ours. `kubectl get` returns one object by itself and several as a list.
fn rename_managers() -> String {
    let entry = concat!(
        r#"{{define "rename"}}{{$object := .}}{{range $i, $m := .metadata.managedFields}}{{if eq $m.manager "helm"}}"#,
        r#"kubectl patch {{$object.kind}} {{$object.metadata.name}}{{with $object.metadata.namespace}} -n {{.}}{{end}}"#,
        r#" --type=json -p '"'"'[{"op":"replace","path":"/metadata/managedFields/{{$i}}/manager","value":"gitlab-render"},"#,
        r#"{"op":"replace","path":"/metadata/managedFields/{{$i}}/operation","value":"Apply"}]'"'"'"#,
        r#"{{"\n"}}{{end}}{{end}}{{end}}"#,
    );
    format!(
        "'{entry}{{{{if .items}}}}{{{{range .items}}}}{{{{template \"rename\" .}}}}{{{{end}}}}{{{{else}}}}{{{{template \"rename\" .}}}}{{{{end}}}}'"
    )
}

fn fields(guide: &Guide) -> TakeoverStep {
    step(
        "fields",
        "Transfer Helm's fields",
        &[
            "The API server records for each field which manager wrote it. As long as `helm` is listed beside a second manager, a \
             later apply stops halfway with conflicts, at the first field that changes. Forcing the conflicts would leave Helm as \
             the owner of the fields that only it wrote, and these would never be removed. So Helm's entry is renamed: \
             `gitlab-render` remains as the only manager, and fields that it no longer renders are removed when it applies.",
            "The first command writes one `kubectl patch` for each object into a script. Read it before you run it; it changes nothing but the \
             name of the manager. Repeat both commands if a patch is refused because an object changed at the same moment.",
        ],
        vec![
            written(
                FIELDS,
                &format!(
                    "kubectl get{} --ignore-not-found --show-managed-fields -o go-template={} -f {}",
                    guide.place(),
                    rename_managers(),
                    guide.manifests()
                ),
            ),
            format!("sh -e {FIELDS}"),
        ],
    )
}

fn apply(guide: &Guide) -> TakeoverStep {
    match guide.tool {
        Tool::Kubectl => apply_kubectl(guide),
        Tool::ArgoCd => apply_argo_cd(guide),
        Tool::Flux => apply_flux(guide),
    }
}

/// The field manager that a tool applies as from now on; `None` where it is ours.
fn other_manager(tool: &str, name: &str) -> String {
    format!(
        "{tool} uses server-side apply as the field manager `{name}` and forces conflicts itself. Beside it, `gitlab-render` \
         remains an owner of the fields that Helm wrote; as long as that entry exists, these fields can be changed but not removed."
    )
}

fn apply_kubectl(guide: &Guide) -> TakeoverStep {
    let namespace = &guide.release.namespace;
    let name = &guide.release.name;
    step(
        "apply",
        "Apply",
        &[
            "The script contains the manifests, applies them phase by phase by server-side apply as the field manager \
             `gitlab-render`, and waits for each Job and each workload. If a Job fails, the script prints the last lines of its log \
             and stops; when you run the script again, it deletes the failed Job and continues.",
            "Keep using `--server-side --field-manager=gitlab-render` afterwards, as the script does: it removes fields that a later \
             render no longer contains.",
        ],
        vec![
            written(&format!("adopt-{name}.sh"), &format!("{} --list-phases", guide.release.template)),
            format!("sh adopt-{name}.sh"),
            format!(
                "kubectl get deploy,sts -n {namespace} -l release={name} --show-managed-fields -o jsonpath='{{range .items[*]}}{{.kind}}/{{.metadata.name}}: {{.metadata.managedFields[*].manager}}{{\"\\n\"}}{{end}}'"
            ),
        ],
    )
}

fn apply_argo_cd(guide: &Guide) -> TakeoverStep {
    let name = &guide.release.name;
    step(
        "apply",
        "Commit the directory, and sync manually",
        &[
            "The Application in `manifests/argocd.yaml` has no automated sync and no pruning until the first sync is done and \
             checked. Keep resource tracking at annotations (the default since 3.0): tracking by label would overwrite \
             `app.kubernetes.io/instance`.",
            "Pruning deletes only objects that the Application tracks, never those of third-party charts.",
            &other_manager("Argo CD", "argocd-controller"),
        ],
        vec![
            format!("{} --hooks argocd --output-dir manifests", guide.release.template),
            "kubectl apply -f manifests/argocd.yaml".to_owned(),
            format!("argocd app diff {name}-gitlab\nargocd app sync {name}-gitlab"),
        ],
    )
}

fn apply_flux(guide: &Guide) -> TakeoverStep {
    let name = &guide.release.name;
    let dir = format!("clusters/{name}/gitlab");
    step(
        "apply",
        "Commit the directory, and let Flux apply it",
        &[
            "Each phase waits for the previous one. Flux prunes only objects that it has applied before, never those of third-party \
             charts.",
            &other_manager("Flux", "kustomize-controller"),
        ],
        vec![
            format!("{} --hooks flux --output-dir {dir}", guide.release.template),
            format!("flux diff kustomization {name}-main --path ./{dir}/main --kustomization-file ./{dir}/flux.yaml"),
            format!("kubectl apply -f {dir}/flux.yaml\nflux get kustomizations --watch"),
        ],
    )
}

fn hooks(guide: &Guide) -> TakeoverStep {
    let hooks: Vec<_> = guide.hooks.iter().map(ToString::to_string).collect();
    let (who, commands) = match guide.tool {
        Tool::Kubectl => (
            "Nothing runs them automatically any more. For each upgrade, `--list-phases` writes the commands in order: the upgrade \
             check, the Secrets, the deployment, the record of what is installed.",
            vec![written("upgrade.sh", &format!("{} --is-upgrade --list-phases", guide.release.template))],
        ),
        Tool::ArgoCd => (
            "Argo CD runs them as its own hooks, before and after each sync. From now on, render with `--is-upgrade`, which adds \
             the upgrade check.",
            vec![format!("{} --is-upgrade --hooks argocd --output-dir manifests", guide.release.template)],
        ),
        Tool::Flux => (
            "Flux runs them in the first of its Kustomizations. From now on, render with `--is-upgrade`, which adds the upgrade check.",
            vec![format!(
                "{} --is-upgrade --hooks flux --output-dir clusters/{}/gitlab",
                guide.release.template, guide.release.name
            )],
        ),
    };
    TakeoverStep {
        id: "hooks",
        title: "Replace what Helm ran as hooks".to_owned(),
        text: vec![
            format!("These ran around every install and upgrade: {}, the upgrade check, and the test.", listed(&hooks)),
            who.to_owned(),
            "The test runs on demand: `--phase test`.".to_owned(),
        ],
        commands,
    }
}

fn unmark(guide: &Guide) -> TakeoverStep {
    step(
        "unmark",
        "Remove Helm's marks",
        &[
            &format!(
                "Helm knows its objects by the label `app.kubernetes.io/managed-by: Helm` and the annotations `{RELEASE_NAME}` and \
                 `{RELEASE_NAMESPACE}`. The label changed when the new manifests were applied. This alone does not prevent a `helm \
                 upgrade` that somebody starts by mistake from reverting the changes: Helm checks the annotations of objects that are \
                 new to it, and the release's Secrets for all others. It is refused once these Secrets are deleted, in the next step."
            ),
            "Leave this step out, and render with `--keep-helm-metadata`, if you want to be able to switch between both tools \
             for a while. The annotations stay on the objects of third-party charts, which need them to be taken over.",
        ],
        vec![format!(
            "kubectl annotate{} -f {} {RELEASE_NAME}- {RELEASE_NAMESPACE}-",
            guide.place(),
            guide.manifests()
        )],
    )
}

fn forget(guide: &Guide) -> TakeoverStep {
    step(
        "forget",
        "Remove Helm's record of the release",
        &["Do this only when everything works, days later if you like. Deleting the Secrets deletes nothing else; \
             `helm list` no longer shows the release, and `helm uninstall` no longer finds it."],
        vec![format!("kubectl delete secret {}", guide.secrets())],
    )
}

fn check(guide: &Guide) -> TakeoverStep {
    let (name, namespace) = (&guide.release.name, &guide.release.namespace);
    step(
        "check",
        "Check afterwards",
        &[
            "The claims are the same and bound, every pod is ready, no workload occurs twice, and no difference is left. Jobs that \
             Helm left behind have finished and may be deleted. The last command runs the login test.",
        ],
        vec![
            format!("{} | diff claims-before.txt -", list_claims(namespace)),
            format!("kubectl get deploy,sts,ds -n {namespace} -l release={name}"),
            format!(
                "kubectl diff{} --server-side --field-manager=gitlab-render -f {}",
                guide.place(),
                guide.manifests()
            ),
            format!("{} | {} -f -", guide.ours("test"), guide.apply()),
        ],
    )
}

fn back(guide: &Guide) -> TakeoverStep {
    let namespace = &guide.release.namespace;
    let stop = match guide.tool {
        Tool::Kubectl => "Nothing else may apply the new manifests in the meantime.",
        Tool::ArgoCd => "First delete the Application without its resources: `argocd app delete --cascade=false`.",
        Tool::Flux => {
            "First suspend the Kustomizations, set `prune: false` in them, apply that, and delete them: a Kustomization that prunes would \
             delete what it has applied."
        }
    };
    step(
        "back",
        "Roll back to Helm",
        &[
            stop,
            "With its Secrets, Helm knows the release again; with its ownership labels and annotations, it accepts the objects as its \
             own. `helm upgrade` with the same chart and values then continues from there. If step \"Remove Helm's record of the release\" was not done, the first command is \
             not needed. Helm 4 uses server-side apply and therefore needs `--force-conflicts`.",
        ],
        vec![
            // an annotation with the whole object, as an apply on the client's side makes it, has no room for a release
            format!("kubectl apply -n {namespace} --server-side --force-conflicts -f {BACKUP}"),
            format!("{} --keep-helm-metadata | {} -f -", guide.ours("main,post"), guide.apply()),
            guide.release.helm.clone(),
        ],
    )
}

/// Compares the cluster before and after: the compared output has nothing that changes with time.
fn list_claims(namespace: &str) -> String {
    format!(
        "kubectl get pvc -n {namespace} -o custom-columns=NAME:.metadata.name,STATUS:.status.phase,VOLUME:.spec.volumeName"
    )
}

fn listed(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
