//! Completion in real shells: the script is loaded, a line is completed, and the candidates are read.
//!
//! bash is always there; zsh and fish are left out, with a word, where they are not installed.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::common::{Ran, root, run, words};

fn ran(line: &str) -> Ran {
    run(root(), &words(line), &std::collections::BTreeMap::new(), "")
}

/// The candidates of one line in one shell; none where the shell is not installed.
fn candidates(shell: &str, line: &str) -> Option<Vec<String>> {
    let found = Command::new(shell).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    if !found.is_ok_and(|status| status.success()) {
        eprintln!("{shell} is not installed: its completion is not tried");
        return None;
    }
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("script");
    fs::write(&script, ran(&format!("completion {shell}")).stdout).unwrap();
    let script = script.display();
    let program = match shell {
        "bash" => format!(
            "source {script}; COMP_LINE='{line}'; COMP_POINT=${{#COMP_LINE}}; read -r -a COMP_WORDS <<<\"$COMP_LINE\"; \
             COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); compopt() {{ :; }}; \
             _gitlab_render_values gitlab-render \"${{COMP_WORDS[-1]}}\" \"${{COMP_WORDS[-2]}}\"; printf '%s\\n' \"${{COMPREPLY[@]}}\""
        ),
        "fish" => format!("source {script}; complete -C '{line}'"),
        // what zsh's own functions would show is what they are called with
        _ => format!(
            "compdef() {{ : }}; compadd() {{ print -rl -- ${{(P)@[-1]}} }}; source {script}; \
             words=(${{(s: :):-'{line}'}}); CURRENT=${{#words}}; _gitlab-render_values"
        ),
    };
    let binary = Path::new(env!("CARGO_BIN_EXE_gitlab-render")).parent().unwrap();
    let path = format!("{}:{}", binary.display(), std::env::var("PATH").unwrap());
    let bare: &[&str] = match shell {
        "bash" => &["--norc", "--noprofile"],
        "fish" => &["--no-config"],
        _ => &["-f"],
    };
    let mut command = Command::new(shell);
    command.args(bare).args(["-c", &program]).env("PATH", path).env("HOME", folder.path()).current_dir(root());
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    Some(text.lines().map(|line| line.split('\t').next().unwrap_or_default().to_owned()).collect())
}

#[test]
fn shells_complete_what_the_program_knows() {
    let cases = [
        ("template --set gitlab.sidekiq.conc", "gitlab.sidekiq.concurrency="),
        ("template --set global.edition=ce,global.ingress.tls.en", "global.edition=ce,global.ingress.tls.enabled="),
        ("template --set gitlab.sidekiq.pods[0].conc", "gitlab.sidekiq.pods[0].concurrency="),
        ("explain side", "sidekiq"),
        ("explain gitlab.webservice.minR", "gitlab.webservice.minReplicas"),
        ("impact global.ingress.tls.en", "global.ingress.tls.enabled="),
        ("template --profile eval", "evaluation"),
        ("template --component gitlab-sh", "gitlab-shell"),
        ("template --gitlab-version 18.1", "18.10."),
        ("template -s gitaly/state", "gitaly/statefulset.yaml"),
        ("why -f tests/why/prod.yaml --name prod Deployment/prod-ka", "Deployment/prod-kas"),
        ("why -f tests/why/prod.yaml Service/release-name-gitaly spec.clus", "spec.clusterIP"),
        ("tem", "template"),
        ("lint --ped", "--pedantic"),
    ];
    let mut wrong = Vec::new();
    for shell in ["bash", "zsh", "fish"] {
        for (line, expected) in cases {
            // what clap's own functions of zsh add cannot be read without a terminal
            if shell == "zsh" && (line == "tem" || line.ends_with("--ped")) {
                continue;
            }
            let Some(found) = candidates(shell, &format!("gitlab-render {line}")) else { break };
            // bash takes what stands behind `=` and `:` for a word of its own
            let expected = match (shell, line.rsplit_once(['=', ':'])) {
                ("bash", Some((before, _))) if line.starts_with("template --set") => {
                    let typed = before.rsplit(' ').next().unwrap_or_default().len() + 1;
                    &expected[typed.min(expected.len())..]
                }
                _ => expected,
            };
            if !found.iter().any(|candidate| candidate.starts_with(expected)) {
                wrong.push(format!("{shell}: {line}: {expected} is not among {found:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_command_has_a_manual_page() {
    let folder = tempfile::tempdir().unwrap();
    let ran = ran(&format!("man {}", folder.path().display()));
    assert_eq!(ran.status, Some(0), "{}", ran.stderr);
    for command in
        ["explain", "why", "impact", "lint", "values", "values-migrate", "schema", "explore", "secrets", "completion"]
    {
        let page = folder.path().join(format!("gitlab-render-{command}.1"));
        let text = fs::read_to_string(&page).unwrap_or_default();
        assert!(text.contains(".SH DESCRIPTION") || text.contains(".SH SYNOPSIS"), "{command}: {text:.100}");
    }
    assert!(!folder.path().join("gitlab-render-__complete.1").exists());
}
