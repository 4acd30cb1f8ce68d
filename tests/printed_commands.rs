//! The commands that plans and guides print: a shell reads them, nothing in them is left to be filled in, they name what is
//! there, and one that fails stops those that need it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::common::{root, run, words};

const TOOLS: [&str; 4] = ["kubectl", "helm", "argocd", "flux"];
const RENAMED: &str = "-f tests/data/renamed.values.yaml -a keda.sh/v1alpha1";

/// A step: its details, and its commands.
struct Step {
    text: Vec<String>,
    commands: Vec<String>,
}

fn strings(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

fn json(args: &str) -> Value {
    let got = run(root(), &words(args), &BTreeMap::new(), "");
    serde_json::from_str(&got.stdout).unwrap_or_else(|_| panic!("{args}: {}", got.stderr))
}

/// The checks and steps of all stops of a plan.
fn plan(args: &str) -> Vec<Step> {
    let plan = json(&format!("upgrade plan {args} --name prod -n git -o json"));
    let stops = plan["stops"].as_array().expect("stops").iter();
    let steps =
        stops.flat_map(|stop| ["before", "steps"].map(|part| &stop[part])).filter_map(Value::as_array).flatten();
    steps.map(|step| Step { text: strings(&step["details"]), commands: strings(&step["commands"]) }).collect()
}

fn guide(args: &str) -> Vec<Step> {
    let guide = json(&format!("adopt prod -n git {args} -o json"));
    let steps = guide["steps"].as_array().expect("steps").iter();
    steps.map(|step| Step { text: strings(&step["text"]), commands: strings(&step["commands"]) }).collect()
}

/// All commands that are printed for some values, with what printed them.
fn printed() -> Vec<(String, Vec<Step>)> {
    let mut all = Vec::new();
    for tool in TOOLS {
        for hop in ["--from 13.12 --to 17.3", "--from 17.11 --to 19.2", "--from 18.8 --to 18.10 --zero-downtime"] {
            for values in ["", RENAMED, "-f tests/upgrade/toolbox-off.yaml"] {
                let args = format!("{hop} --with {tool} {values}");
                all.push((args.clone(), plan(&args)));
            }
        }
    }
    for tool in ["kubectl", "argocd", "flux"] {
        for values in [RENAMED, "-f tests/upgrade/toolbox-off.yaml"] {
            let args = format!("{values} --to {tool}");
            all.push((args.clone(), guide(&args)));
        }
    }
    all
}

/// Why a shell does not read a script; empty where it does.
fn unread(script: &str) -> String {
    let mut shell = Command::new("sh").arg("-n").stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("a shell");
    shell.stdin.take().expect("a pipe").write_all(script.as_bytes()).expect("the script is written");
    String::from_utf8_lossy(&shell.wait_with_output().expect("it ends").stderr).into_owned()
}

/// Words in capitals that stand for something, and braces of the data.
fn holes(text: &str) -> Vec<String> {
    let braces = text.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(inside, _)| inside);
    let named =
        braces.filter(|inside| !inside.is_empty() && inside.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'));
    // `${chart:?…}` and a field of JSON have other characters in them.
    let named = named.filter(|inside| !text.contains(&format!("${{{inside}}}")) && !["end", "else"].contains(inside));
    let capitals = text.split(|c: char| !(c.is_ascii_uppercase() || c == '_')).filter(|word| {
        ["BACKUP_ID", "VOLUME", "TOKEN_FILE", "NAME", "NAMESPACE", "FILE", "VERSION", "REVISION"].contains(word)
    });
    let columns = text.contains("custom-columns=") || text.contains("'^NAME '");
    let capitals = capitals.filter(|_| !columns);
    named.chain(capitals).map(str::to_owned).collect()
}

#[test]
fn a_shell_reads_all_commands_and_nothing_is_left_to_be_filled_in() {
    let mut wrong = BTreeSet::new();
    for (args, steps) in printed() {
        let script: String =
            steps.iter().flat_map(|step| &step.commands).map(|command| format!("(\n{command}\n)\n")).collect();
        let said = unread(&script);
        if !said.is_empty() {
            wrong.insert(format!("{args}: {said}"));
        }
        for step in &steps {
            for text in &step.commands {
                wrong.extend(holes(text).into_iter().map(|hole| format!("{hole} in {text}")));
            }
            for text in &step.text {
                let data = [
                    "{release}",
                    "{namespace}",
                    "{toolbox}",
                    "{redis}",
                    "{minio}",
                    "{rails-secret}",
                    "{runner-secret}",
                ];
                wrong.extend(data.iter().filter(|hole| text.contains(**hole)).map(|hole| format!("{hole} in {text}")));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Names of objects in a command, `deploy/prod-toolbox` and `secret keys-of-rails`.
fn named(command: &str) -> Vec<String> {
    const KINDS: [&str; 6] = ["secret", "configmap", "statefulset", "deployment", "deploy", "pvc"];
    let mut found = Vec::new();
    let all: Vec<&str> = command.split_whitespace().collect();
    for (at, word) in all.iter().enumerate() {
        let by_kind = (KINDS.contains(word)).then(|| all.get(at + 1)).flatten().filter(|name| !name.starts_with('-'));
        let slashed = word.split_once('/').filter(|(kind, _)| KINDS.contains(kind)).map(|(_, name)| name);
        found.extend(by_kind.copied().into_iter().chain(slashed).map(|name| name.trim_end_matches(';').to_owned()));
    }
    found.retain(|name| {
        name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            && !["generic", "replicas"].contains(&name.as_str())
    });
    found
}

#[test]
fn commands_name_what_the_values_have_named() {
    let flags = format!("{RENAMED} --gitlab-version 18.10");
    let render = format!("template prod -n git {flags} --is-upgrade --phase pre,main,post -o json");
    let objects = json(&render);
    let mut there: BTreeSet<String> = objects["items"]
        .as_array()
        .expect("objects")
        .iter()
        .filter_map(|object| object["metadata"]["name"].as_str())
        .map(str::to_owned)
        .collect();
    there.extend(["keys-of-rails", "key-of-runner"].map(str::to_owned));
    let mut steps = Vec::new();
    for tool in TOOLS {
        for hop in ["--from 17.11 --to 18.10", "--from 18.8 --to 18.10 --zero-downtime"] {
            steps.extend(plan(&format!("{hop} --with {tool} {RENAMED}")));
        }
    }
    steps.extend(["kubectl", "argocd", "flux"].into_iter().flat_map(|tool| guide(&format!("{RENAMED} --to {tool}"))));
    let commands: Vec<String> = steps.into_iter().flat_map(|step| step.commands).collect();
    let absent: BTreeSet<String> = commands
        .iter()
        .flat_map(|command| named(command).into_iter().map(move |name| (name, command)))
        .filter(|(name, _)| !there.contains(name))
        .map(|(name, command)| format!("{name}: {command}"))
        .collect();
    assert!(absent.is_empty(), "{absent:#?}");
    for wanted in ["secret keys-of-rails ", "configmap prod-it-chart-info ", "app in (web,jobs)", "app=web,"] {
        assert!(commands.iter().any(|command| command.contains(wanted)), "no {wanted}");
    }
    let fixed = ["app=webservice,", "(webservice,sidekiq)", "app=sidekiq,", "prod-rails-secret"];
    let fixed: Vec<_> = commands.iter().filter(|command| fixed.iter().any(|name| command.contains(name))).collect();
    assert!(fixed.is_empty(), "{fixed:#?}");
}

/// A folder with programs that do nothing, of which some fail.
fn programs(at: &Path, failing: &str) {
    for name in ["gitlab-render", "kubectl", "helm", "sleep"] {
        let fails = if name == failing { "echo \"$0 fails\" >&2; exit 3" } else { "echo \"$0 $*\" >>\"$LOG\"" };
        let file = at.join(name);
        fs::write(&file, format!("#!/bin/sh\n{fails}\n")).expect("written");
        fs::set_permissions(file, fs::Permissions::from_mode(0o755)).expect("made to run");
    }
}

/// Runs lines as a person pastes them: the next one is run whatever became of the one before. The exit status of the last, what
/// was said, and what the other programs were asked.
fn pasted(failing: &str, lines: &str, files: &[&str]) -> (bool, String, String) {
    let folder = tempfile::tempdir().expect("a directory");
    let bin = folder.path().join("bin");
    fs::create_dir(&bin).expect("a directory");
    programs(&bin, failing);
    for file in files {
        fs::write(folder.path().join(file), "echo an old one\n").expect("written");
    }
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap_or_default());
    let log = folder.path().join("log");
    let mut shell = Command::new("sh");
    shell.args(["-c", lines]).current_dir(folder.path()).env("PATH", path).env("LOG", &log);
    let ran = shell.output().expect("a shell");
    let said = String::from_utf8_lossy(&ran.stderr).into_owned();
    (ran.status.success(), said, fs::read_to_string(log).unwrap_or_default())
}

#[test]
fn what_cannot_be_rendered_is_neither_run_nor_compared() {
    let mut seen = 0;
    let mut lists = vec![plan(&format!("--from 18.8 --to 18.10 {RENAMED}")), guide(&format!("{RENAMED} --to kubectl"))];
    lists.push(plan(&format!("--from 18.8 --to 18.10 --zero-downtime {RENAMED}")));
    lists.push(plan(&format!("--from 18.8 --to 18.10 --zero-downtime --with flux {RENAMED}")));
    for steps in lists {
        for step in steps {
            let commands = step.commands;
            for (at, command) in commands.iter().enumerate() {
                let Some((before, rest)) = command.split_once(".part && mv ") else { continue };
                let Some(file) = before.rsplit(' ').next().filter(|_| !command.starts_with("test -s ")) else {
                    continue;
                };
                let tool = command.split_whitespace().next().unwrap_or_default();
                // The file of an earlier attempt is there.
                let (works, said, _) = pasted(tool, command, &[file]);
                assert!(!works && said.contains(&format!("{file} is not written: do not go on")), "{rest}: {said}");
                let Some(next) = commands.get(at + 1).filter(|next| next.contains(file)) else { continue };
                seen += 1;
                let (works, said, log) = pasted(tool, &format!("{command}\n{next}"), &[file]);
                let harmless = log.lines().all(|line| line.contains("/kubectl get") || line.contains("/kubectl diff"));
                assert!((!works || next.starts_with("kubectl ")) && harmless, "{command}\n{next}\n{said}{log}");
            }
        }
    }
    assert!(seen >= 5, "{seen}");
}

#[test]
fn a_script_of_companions_stops_where_helm_cannot_render() {
    let values = root().join("tests/data/renamed.values.yaml");
    let directory = tempfile::tempdir().expect("a directory");
    let text = fs::read_to_string(values).expect("values");
    let text = text.replace("nginx-ingress: {namespaceOverride: edge}\n", "");
    fs::write(directory.path().join("values.yaml"), text).expect("written");
    let args = "companions prod -n git -f values.yaml --gitlab-version 19.2 --unknown-keys warn";
    let script = run(directory.path(), &words(args), &BTreeMap::new(), "");
    assert!(script.stdout.contains("-crds "), "{}{}", script.stdout, script.stderr);
    let (works, said, log) = pasted("helm", &script.stdout, &[]);
    assert!(!works && said.contains("nothing has been applied") && log.is_empty(), "{said}{log}");
    let (works, said, log) = pasted("", &script.stdout, &[]);
    assert!(works && log.contains("kubectl apply --server-side"), "{said}{log}");
}

#[test]
fn a_dump_stops_at_the_first_command_that_fails() {
    let values = "diff tests/data/renamed.values.yaml -a keda.sh/v1alpha1 --name prod -n git --print-kubectl-get";
    let got = run(root(), &words(values), &BTreeMap::new(), "");
    assert!(got.stdout.contains("kubectl get "), "{}", got.stderr);
    let (works, said, _) = pasted("kubectl", &got.stdout, &[]);
    assert!(!works && said.matches("fails").count() == 1, "{said}");
    // The reader on the right side of a pipe sees only that the end is missing.
    let begins = "# gitlab-render: a dump begins\napiVersion: v1\nkind: List\nitems: []\n";
    let against = words("diff - tests/data/renamed.values.yaml -a keda.sh/v1alpha1");
    let got = run(root(), &against, &BTreeMap::new(), begins);
    assert_eq!(got.status, Some(3), "{}", got.stdout);
    assert!(got.stderr.contains("incomplete-dump"), "{}", got.stderr);
}
