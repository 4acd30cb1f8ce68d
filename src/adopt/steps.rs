//! The steps of a hand-over, in the order in which they are safe.

use super::{Guide, TakeoverStep, Tool};
use crate::phases::marks::{RELEASE_NAME, RELEASE_NAMESPACE};
use crate::shell::{APPLICABLE_AGAIN, kubectl_apply};

/// The file that keeps Helm's own release record during the hand-over.
const BACKUP: &str = "helm-release.yaml";

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
        format!("kubectl get secret {} -o yaml | {APPLICABLE_AGAIN} > {BACKUP}", guide.secrets()),
    ];
    let toolbox = guide.objects.iter().find(|id| id.kind == "Deployment" && id.name.ends_with("toolbox"));
    if let Some(toolbox) = toolbox {
        commands.push(format!("kubectl exec -n {namespace} deploy/{} -- backup-utility", toolbox.name));
        commands.push(format!(
            "kubectl get secret {name}-rails-secret -n {namespace} -o yaml | {APPLICABLE_AGAIN} > rails-secret.yaml"
        ));
    }
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
            "The Secrets `sh.helm.release.v1.*` are all that Helm knows of the release. With them you can go back. They hold your \
             values, passwords included: keep the file as you would keep those. (Helm may also be configured by HELM_DRIVER to \
             keep ConfigMaps; then save those.)",
            "A backup has repositories and the database, and not the key that opens what is encrypted in it: keep both.",
        ],
        commands,
    )
}

fn pause(guide: &Guide) -> TakeoverStep {
    let (name, namespace) = (&guide.release.name, &guide.release.namespace);
    step(
        "pause",
        "Stop whatever runs Helm by itself",
        &[
            "A pipeline with `helm upgrade`: switch it off. An Argo CD Application of the chart: take automated sync from it, and \
             later delete it without its resources. A HelmRelease of Flux: suspend it, and later delete it while it is suspended, \
             which leaves the release alone. Of these, run what applies to you:",
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
        true => "With these values GitLab has no claims of its own.".to_owned(),
        false => format!("Claims that hold GitLab's data with these values: {}.", listed(&guide.claims)),
    };
    let kept: Vec<_> = guide.kept.iter().map(ToString::to_string).collect();
    let kept = match kept.is_empty() {
        true => String::new(),
        false => format!(
            "Helm leaves these alone when it uninstalls (`helm.sh/resource-policy: keep`), and so does every tool here: {}.",
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
            format!("{} > claims-before.txt", list_claims(namespace)),
            format!(
                "for volume in $(kubectl get pvc -n {namespace} -o jsonpath='{{.items[*].spec.volumeName}}'); do\n  kubectl patch pv \
                 \"$volume\" -p '{{\"spec\":{{\"persistentVolumeReclaimPolicy\":\"Retain\"}}}}'\ndone"
            ),
        ],
    }
}

fn others(guide: &Guide) -> TakeoverStep {
    let (name, namespace) = (&guide.release.name, &guide.release.namespace);
    let mut text = vec![match guide.others.is_empty() {
        true => "With these values none of them is part of the release.".to_owned(),
        false => "These are part of the Helm release with these values, and are not rendered here. No step deletes an object of \
                  theirs before the last but one, which gives each a release of its own. Until then they go on running as they are, and \
                  nobody updates them. There is no hurry."
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
    TakeoverStep { id: "others", title: "Know which objects are not rendered here".to_owned(), text, commands }
}

/// Gives the third-party charts releases of their own; `None` where the release has no such charts.
fn companions(guide: &Guide) -> Option<TakeoverStep> {
    if guide.others.is_empty() {
        return None;
    }
    let (name, namespace) = (&guide.release.name, &guide.release.namespace);
    let mut text = vec![
        "The Helm release held their objects, and since it is forgotten nobody does. Do this when you want to update one; until \
         then it runs on. The command writes each as a release of its own, in the same version, with your section of the values, and \
         under a name with which its objects keep theirs."
            .to_owned(),
        format!(
            "A workload selects its pods by the name of the release, `{name}`, and that cannot be changed in place: the workloads are \
             deleted and made again. Custom resource definitions, Services, Secrets and claims are not deleted; they only change \
             their owner. Should the names under `helm.sh/chart` not be those in the cluster, nothing is deleted: look, and \
             name them as they are."
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
            "`--take-ownership` needs Helm 3.17. From now on each is updated by running the script anew.",
            vec![format!("{render} > companions.sh"), delete, "sh companions.sh --take-ownership".to_owned()],
        ),
        Tool::ArgoCd => (
            "The Applications have no automated sync and do not prune.",
            vec![
                format!("{render} --as argocd > companions.yaml"),
                delete,
                "kubectl apply -f companions.yaml".to_owned(),
                guide.others.iter().map(|o| format!("argocd app sync {}", o.release)).collect::<Vec<_>>().join("\n"),
            ],
        ),
        Tool::Flux => (
            "Flux takes over what is there when it installs (2.5 and newer, unless `disableTakeOwnership` is set).",
            vec![
                format!("{render} --as flux > companions.yaml"),
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
    let namespace = &guide.release.namespace;
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
            "`kubectl get` names each of our objects that is there. `NotFound` may be said of Jobs, whose names end in a hash; of a \
             workload it means that a name differs, and that a second one would stand beside the first: stop there."
                .to_owned(),
            format!("The workloads: {}.", listed(&workloads)),
            "`kubectl diff` asks the server, so it also finds what the server would refuse. Expected: the label \
             `app.kubernetes.io/managed-by`, labels `chart` and `heritage` of pods, checksums and texts of scripts and \
             configuration. Pods are replaced once. Not expected, and a reason to stop: a changed selector, \
             `serviceName`, `volumeClaimTemplates`, an `immutable` field, a size of a claim."
                .to_owned(),
        ],
        commands: vec![
            format!("{} | kubectl get -n {namespace} -f - -o name", guide.ours("main,post")),
            format!("{} | kubectl diff -n {namespace} --server-side --force-conflicts -f -", guide.ours("main,post")),
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
    let namespace = &guide.release.namespace;
    step(
        "fields",
        "Transfer Helm's fields",
        &[
            "The API server keeps for each field who wrote it. As long as `helm` is there beside a second manager, a later apply \
             stops half way with conflicts, at the first field that changes; forcing each of them would leave Helm as the owner of \
             fields that only it wrote, and these would never be removed. So Helm's entry is renamed: one manager stays, \
             `gitlab-render`, and what it no longer renders is removed when it applies.",
            "The command prints one `kubectl patch` for each object. Read them first (without `| sh`); they change nothing but the \
             name of the manager. Repeat it if it is refused because an object changed at the same moment.",
        ],
        vec![format!(
            "{} | kubectl get -n {namespace} --ignore-not-found --show-managed-fields -o go-template={} -f - | sh",
            guide.ours("main,post"),
            rename_managers()
        )],
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
        "{tool} applies on the server's side as the field manager `{name}` and forces conflicts itself. Beside it `gitlab-render` \
         stays an owner of the fields that Helm wrote; they can be changed and not removed, as long as it is there."
    )
}

fn apply_kubectl(guide: &Guide) -> TakeoverStep {
    let namespace = &guide.release.namespace;
    let name = &guide.release.name;
    step(
        "apply",
        "Apply",
        &[
            "The script contains the manifests, applies them phase by phase on the server's side as the field manager \
             `gitlab-render`, and waits for each Job and each workload. Where a Job fails, it shows the Job's last lines and stops; \
             run again, it deletes the failed Job and goes on.",
            "Stay with `--server-side --field-manager=gitlab-render` afterwards, as the script does: it removes fields that a later \
             render no longer has.",
        ],
        vec![
            format!("{} --list-phases > adopt-{name}.sh", guide.release.template),
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
        "Commit the directory, and sync by hand",
        &[
            "The Application in `manifests/argocd.yaml` has no automated sync and no pruning until the first sync is done and \
             checked. Keep resource tracking at annotations (the default since 3.0): tracking by label would write over \
             `app.kubernetes.io/instance`.",
            "Pruning deletes only what the Application tracks: what belongs to third-party charts is never among it.",
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
            "Each phase waits for the one before. What Flux prunes is only what it has applied before: what belongs to charts of \
             others is never among it.",
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
            "Nobody runs them by themselves now. For each upgrade, `--list-phases` gives the commands in their order: the upgrade \
             check, the Secrets, the deployment, the record of what is installed.",
            vec![format!("{} --is-upgrade --list-phases > upgrade.sh", guide.release.template)],
        ),
        Tool::ArgoCd => (
            "Argo CD runs them by its own hooks, before and after each sync. Renders from now on take `--is-upgrade`, which adds \
             the upgrade check.",
            vec![format!("{} --is-upgrade --hooks argocd --output-dir manifests", guide.release.template)],
        ),
        Tool::Flux => (
            "Flux runs them as the first of its Kustomizations. Renders from now on take `--is-upgrade`, which adds the upgrade check.",
            vec![format!(
                "{} --is-upgrade --hooks flux --output-dir clusters/{}/gitlab",
                guide.release.template, guide.release.name
            )],
        ),
    };
    TakeoverStep {
        id: "hooks",
        title: "Know what Helm ran as hooks".to_owned(),
        text: vec![
            format!("These ran around every install and upgrade: {}, the upgrade check, and the test.", listed(&hooks)),
            who.to_owned(),
            "The test runs on demand: `--phase test`.".to_owned(),
        ],
        commands,
    }
}

fn unmark(guide: &Guide) -> TakeoverStep {
    let namespace = &guide.release.namespace;
    step(
        "unmark",
        "Remove Helm's marks",
        &[
            &format!(
                "Helm knows its objects by the label `app.kubernetes.io/managed-by: Helm` and the annotations `{RELEASE_NAME}` and \
                 `{RELEASE_NAMESPACE}`. The label has changed when ours was applied. This alone does not keep a `helm upgrade` that \
                 somebody starts by mistake from changing things back: Helm looks at the annotations of objects that are new to it, \
                 and at the release's Secrets for all others. It is refused once those are gone, in the next step."
            ),
            "Leave this step out, and render with `--keep-helm-metadata`, if you want to go back and forth for a while. The \
             annotations stay on what belongs to third-party charts: their own charts ask for them when they take over.",
        ],
        vec![format!(
            "{} | kubectl annotate -n {namespace} -f - {RELEASE_NAME}- {RELEASE_NAMESPACE}-",
            guide.ours("main,post")
        )],
    )
}

fn forget(guide: &Guide) -> TakeoverStep {
    step(
        "forget",
        "Remove Helm's record of the release",
        &["Only when everything is well, days later if you like. Deleting the Secrets deletes nothing else; \
             `helm list` no longer has the release, and `helm uninstall` can no longer find it."],
        vec![format!("kubectl delete secret {}", guide.secrets())],
    )
}

fn check(guide: &Guide) -> TakeoverStep {
    let (name, namespace) = (&guide.release.name, &guide.release.namespace);
    step(
        "check",
        "Check afterwards",
        &[
            "The claims are the same and bound, every pod is ready, no workload occurs twice, and nothing differs any more. Jobs \
             that Helm left are done and may be deleted. The last command runs the login test.",
        ],
        vec![
            format!("{} | diff claims-before.txt -", list_claims(namespace)),
            format!("kubectl get deploy,sts,ds -n {namespace} -l release={name}"),
            format!(
                "{} | kubectl diff -n {namespace} --server-side --field-manager=gitlab-render -f -",
                guide.ours("main,post")
            ),
            format!("{} | {} -f -", guide.ours("test"), kubectl_apply(namespace)),
        ],
    )
}

fn back(guide: &Guide) -> TakeoverStep {
    let namespace = &guide.release.namespace;
    let stop = match guide.tool {
        Tool::Kubectl => "Nothing else must apply ours in the meantime.",
        Tool::ArgoCd => "First delete the Application without its resources: `argocd app delete --cascade=false`.",
        Tool::Flux => {
            "First suspend the Kustomizations, set `prune: false` in them, let that be applied, and delete them: one that prunes would \
             delete what it has applied."
        }
    };
    step(
        "back",
        "Roll back to Helm",
        &[
            stop,
            "With its Secrets, Helm knows the release again; with its marks, it takes the objects for its own. `helm upgrade` with the \
             same chart and values then goes on from there. If step \"Remove Helm's record of the release\" was not done, the first command is \
             not needed. Helm 4 applies on the server's side: there it needs `--force-conflicts`.",
        ],
        vec![
            // an annotation with the whole object, as an apply on the client's side makes it, has no room for a release
            format!("kubectl apply -n {namespace} --server-side --force-conflicts -f {BACKUP}"),
            format!("{} --keep-helm-metadata | {} -f -", guide.ours("main,post"), kubectl_apply(namespace)),
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
