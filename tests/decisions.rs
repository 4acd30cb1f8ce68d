//! Decisions on the way to a release: open ones become questions in the file, answers become values, in every form of a file.

use std::collections::BTreeMap;
use std::fs;

use crate::common::{Ran, root, run, words};

fn ask(folder: &tempfile::TempDir, command: &str) -> Ran {
    run(folder.path(), &words(command), &BTreeMap::new(), "")
}

fn with(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        fs::write(folder.path().join(name), text).expect("the file is written");
    }
    folder
}

/// Everything but the way in is decided.
const STORES: &str = "\
certmanager-issuer: {email: a@example.com}
trialStores:
  enabled: true
";

#[test]
fn an_open_decision_is_a_question_until_it_is_answered() {
    let folder = with(&[("a.yaml", STORES)]);
    let got = ask(&folder, "values migrate -f a.yaml --to 19.2 -o b.yaml");
    assert_eq!(got.status, Some(1), "{}", got.stderr);
    assert!(got.stderr.contains("warning[decision]: `way-in`: a decision is needed"), "{}", got.stderr);
    let text = fs::read_to_string(folder.path().join("b.yaml")).expect("it was written");
    assert!(text.contains("    enabled: false # ?: way-in: stay with Ingress and NGINX"), "{text}");
    // A second run adds nothing, and says the same.
    let again = ask(&folder, "values migrate -f b.yaml --to 19.2");
    assert_eq!((again.status, again.stdout), (Some(1), text));
    // One warning of `template`, an error with `--strict`; the plan still has the decision.
    let got = ask(&folder, "template prod -f b.yaml --gitlab-version 19.2");
    assert_eq!(got.status, Some(0), "{}", got.stderr);
    let count = got.stderr.matches("warning[open-questions]: 1 value is still an example for an open decision").count();
    assert_eq!(count, 1, "{}", got.stderr);
    let got = ask(&folder, "template prod -f b.yaml --gitlab-version 19.2 --strict");
    assert_eq!((got.status, got.stdout.as_str()), (Some(3), ""));
    let plan = ask(&folder, "upgrade plan --from 18.11 --to 19.2 -f b.yaml --name prod -n gitlab");
    assert!(plan.stdout.contains("`--answer way-in=gateway`"), "{}", plan.stdout);
    // Answered by a flag, or by hand.
    let got = ask(&folder, "values migrate -f b.yaml --to 19.2 --answer way-in=gateway -o c.yaml");
    assert_eq!(got.status, Some(0), "{}", got.stderr);
    let text = fs::read_to_string(folder.path().join("b.yaml")).expect("it is there");
    fs::write(
        folder.path().join("d.yaml"),
        text.replace(" # ?: way-in: stay with Ingress and NGINX, or go over to the Gateway?", ""),
    )
    .expect("it is written");
    for (file, kind) in [("c.yaml", "Gateway"), ("d.yaml", "Ingress")] {
        let got = ask(&folder, &format!("template prod -f {file} --gitlab-version 19.2 --strict -q"));
        assert_eq!(got.status, Some(0), "{}", got.stderr);
        assert!(got.stdout.contains(&format!("\nkind: {kind}\n")), "{file}");
        let got = ask(&folder, &format!("values migrate -f {file} --to 19.2 --strict"));
        assert_eq!(got.status, Some(0), "{}", got.stderr);
    }
}

#[test]
fn strict_writes_nothing_while_a_decision_is_open() {
    let folder = with(&[("a.yaml", STORES)]);
    for more in ["-o b.yaml", "--in-place", ""] {
        let got = ask(&folder, &format!("values migrate -f a.yaml --to 19.2 --strict {more}"));
        assert_eq!((got.status, got.stdout.as_str()), (Some(3), ""), "{}", got.stderr);
        assert!(got.stderr.contains("error[decision]"), "{}", got.stderr);
    }
    assert!(!folder.path().join("b.yaml").exists());
    assert_eq!(fs::read_to_string(folder.path().join("a.yaml")).expect("it is there"), STORES);
}

/// What one file decides is no question in another, and a value of the last layer wins.
#[test]
fn several_files_are_one_set_of_values() {
    let first = "global:\n  ingress:\n    enabled: true\nnginx-ingress:\n  enabled: true\n";
    let folder = with(&[("a.yaml", first), ("b.yaml", STORES)]);
    let got = ask(&folder, "values migrate -f a.yaml -f b.yaml --to 19.2 --in-place");
    assert_eq!(got.status, Some(1), "{}", got.stderr);
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).expect("it is there");
    assert_eq!(read("a.yaml"), first);
    let second = read("b.yaml");
    assert!(second.contains("enabled: false # ?: way-in"), "{second}");
    let got = ask(&folder, "values migrate -f a.yaml -f b.yaml --to 19.2 --in-place --answer way-in=gateway");
    assert_eq!(got.status, Some(0), "{}", got.stderr);
    assert_eq!(read("a.yaml"), first.replace("true", "false"), "the file that has a value gets the new one");
}

#[test]
fn the_forms_of_a_file_are_kept() {
    let all = "way-in=ingress,postgresql=stand-in,redis=stand-in,objects=stand-in,registry=stand-in,backups=stand-in";
    for (text, part) in [
        ("", "gatewayApi:\n    enabled: false # ?: way-in"),
        ("# ours\n", "# ours\nglobal:\n  gatewayApi:\n    enabled: false # ?: way-in"),
        ("global:\n", "global:\n  gatewayApi:\n    enabled: false # ?: way-in"),
        ("global: null\n", "global:\n  gatewayApi:\n    enabled: false # ?: way-in"),
        (
            "a.b: &x {c: 1}\nglobal: {edition: ce, hosts: {domain: \"d.io\"}} # ours\n",
            "global: # ours\n  edition: ce\n  hosts: {domain: \"d.io\"}\n  gatewayApi:\n",
        ),
        ("global:\r\n    edition: ce\r\n", "    gatewayApi:\r\n        enabled: false # ?: way-in"),
        ("global: &g\n  psql: {}\n", "  psql:\n    host: db.example.com # ?: postgresql: host"),
        ("global: {psql: {}, edition: ce}\n", "  psql:\n    host: db.example.com # ?: postgresql: host"),
        ("redis:\n  install: true # as ever\n", "redis:\n  install: false # as ever\n"),
        ("global:\n  psql:\n    host: ''\n", "    host: db.example.com # ?: postgresql: host"),
        ("global:\n  psql:\n    host: '' # soon\n", "    host: '' # soon\n"),
        ("{\"global\": {\"edition\": \"ce\"}}\n", "{\"global\": {\"edition\": \"ce\"}}\n"),
    ] {
        let folder = with(&[("a.yaml", text)]);
        let got = ask(&folder, "values migrate -f a.yaml --to 19.2 --no-verify");
        assert_eq!(got.status, Some(1), "{}", got.stderr);
        assert!(got.stdout.contains(part), "{text:?} has no {part:?}:\n{}", got.stdout);
        assert!(got.stderr.contains("6 decisions left"), "{}", got.stderr);
        let got = ask(&folder, &format!("values migrate -f a.yaml --to 19.2 --no-verify --answer {all}"));
        assert_eq!(got.status, Some(0), "{text:?}: {}", got.stderr);
        assert!(!got.stdout.contains("# ?:") && got.stdout.contains("trialStores"), "{}", got.stdout);
    }
}

#[test]
fn an_answer_that_fits_nothing_leads_on() {
    let folder = with(&[("a.yaml", STORES), ("s.yaml", "global: {edition: ce}\n")]);
    for (answer, said) in [
        ("way-in=istio", "`way-in=ingress`, `way-in=own`, `way-in=gateway`"),
        ("way=ingress", "there is no decision with this name between these releases"),
        ("way-in", "`DECISION=ANSWER` or `PATH=VALUE`"),
        ("=x", "`DECISION=ANSWER` or `PATH=VALUE`"),
        ("global.psql.host=db", "questions are open at `global.gatewayApi.enabled`"),
    ] {
        let got = ask(&folder, &format!("values migrate -f a.yaml --to 19.2 --answer {answer}"));
        assert_eq!((got.status, got.stdout.as_str()), (Some(2), ""), "{}", got.stderr);
        assert!(got.stderr.contains("error[answer]") && got.stderr.contains(said), "{}", got.stderr);
    }
    let got = ask(&folder, "values migrate -f a.yaml --to 18.11 --answer way-in=ingress");
    assert!(got.stderr.contains("there are no decisions between these releases"), "{}", got.stderr);
    // A value that reads as something else is quoted.
    let got = ask(
        &folder,
        "values migrate -f s.yaml --to 19.2 --no-verify --answer global.psql.host=yes,global.redis.host=1.5",
    );
    assert!(got.stdout.contains("    host: \"yes\"\n") && got.stdout.contains("    host: \"1.5\"\n"), "{}", got.stdout);
}

/// Values inside the file of another tool are asked and answered where they stand.
#[test]
fn a_file_of_another_tool_takes_questions_and_answers() {
    let application = "\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: gitlab}
spec:
  source:
    chart: gitlab
    repoURL: https://charts.gitlab.io
    targetRevision: 9.11.0
    helm:
      releaseName: prod
      values: |
        certmanager-issuer: {email: a@example.com}
        trialStores: {enabled: true}
  destination: {namespace: gitlab}
";
    let folder = with(&[("app.yaml", application)]);
    let got = ask(&folder, "values migrate -f app.yaml --to 19.2 --in-place --no-verify");
    assert_eq!(got.status, Some(1), "{}", got.stderr);
    let text = fs::read_to_string(folder.path().join("app.yaml")).expect("it is there");
    assert!(text.contains("\n            enabled: false # ?: way-in: stay"), "{text}");
    assert!(text.ends_with("  destination: {namespace: gitlab}\n"), "{text}");
    let got = ask(&folder, "template -f app.yaml --gitlab-version 19.2 --strict");
    assert_eq!((got.status, got.stdout.as_str()), (Some(3), ""), "{}", got.stderr);
    let got = ask(&folder, "values migrate -f app.yaml --to 19.2 --in-place --no-verify --answer way-in=gateway");
    assert_eq!(got.status, Some(0), "{}", got.stderr);
    let got = ask(&folder, "template -f app.yaml --gitlab-version 19.2 --strict -q");
    assert!(got.status == Some(0) && got.stdout.contains("\nkind: Gateway\n"), "{}", got.stderr);
}

/// What an answer only fills stays as the user has it, with a note; every key of every answer is tried.
#[test]
fn an_answer_fills_what_is_not_set_and_never_overwrites_it() {
    let text = fs::read_to_string(root().join("charts/releases/decisions.json")).expect("the table is read");
    let table: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
    let mut tried = 0;
    for decision in table["decisions"].as_array().expect("a list") {
        for answer in decision["answers"].as_array().expect("a list") {
            for write in answer["write"].as_array().expect("a list") {
                if write["fill"] != true && write.get("ask").is_none() {
                    continue;
                }
                let path = write["path"].as_str().expect("a path");
                let mine = match &write["value"] {
                    serde_json::Value::Bool(on) => (!on).to_string(),
                    serde_json::Value::String(_) => "mine".to_owned(),
                    _ if path.ends_with("certificateRefs") => "[{name: mine}]".to_owned(),
                    _ => "{mine: mine}".to_owned(),
                };
                let given =
                    format!("{}={}", decision["id"].as_str().expect("an id"), answer["id"].as_str().expect("an id"));
                let value = path.rsplit('.').fold(mine.clone(), |inner, key| format!("{{{key}: {inner}}}"));
                let folder = with(&[("mine.yaml", &format!("{}\n", &value[1..value.len() - 1]))]);
                let got = ask(
                    &folder,
                    &format!("values migrate -f mine.yaml --to 19.2 --no-verify --answer {given} -o new.yaml"),
                );
                let new =
                    fs::read_to_string(folder.path().join("new.yaml")).unwrap_or_else(|_| panic!("{}", got.stderr));
                let new: serde_yaml::Value = serde_yaml::from_str(&new).expect("it is YAML");
                let there = path.split('.').fold(&new, |at, key| &at[key]);
                let kept: serde_yaml::Value = serde_yaml::from_str(&mine).expect("it is YAML");
                assert_eq!(*there, kept, "{given} {path}\n{}", got.stderr);
                let noted = got.stderr.contains(&format!("note[answer-kept]: `{path}: {mine}` stays"));
                assert_eq!(noted, write["value"].is_boolean(), "{given} {path}\n{}", got.stderr);
                tried += 1;
            }
        }
    }
    assert!(tried >= 18, "{tried}");
}

/// On the way from Ingress to the Gateway, certificates, issuers and plain HTTP are carried over; the rest is named, with what
/// takes its place, by `migrate`, by the plan, and by `template` where a certificate would be missing.
#[test]
fn what_ingress_had_is_carried_to_the_gateway_or_named() {
    let values = "\
certmanager-issuer: {email: a@example.com}
trialStores: {enabled: true}
global:
  ingress:
    enabled: true
    class: nginx
    annotations: {cert-manager.io/cluster-issuer: le, nginx.ingress.kubernetes.io/whitelist-source-range: 10.0.0.0/8}
    tls: {secretName: wild}
  pages: {enabled: true}
registry: {ingress: {tls: {secretName: images}}}
gitlab: {webservice: {ingress: {proxyReadTimeout: 900}}}
nginx-ingress: {controller: {service: {loadBalancerIP: 192.0.2.1}}}
";
    let folder =
        with(&[("a.yaml", values), ("off.yaml", "global: {ingress: {enabled: true, tls: {enabled: false}}}\n")]);
    let plan = ask(&folder, "upgrade plan --from 18.11 --to 19.2 -f a.yaml --name prod -n gitlab");
    let got = ask(&folder, "values migrate -f a.yaml --to 19.2 --answer way-in=gateway -o b.yaml");
    let text = fs::read_to_string(folder.path().join("b.yaml")).expect("it was written");
    let new: serde_yaml::Value = serde_yaml::from_str(&text).expect("it is YAML");
    let gateway = &new["gatewayApiResources"]["gateway"];
    for (listener, secret) in
        [("gitlab-web", "wild"), ("registry-web", "images"), ("kas-web", "wild"), ("pages-web", "wild")]
    {
        assert_eq!(gateway["listeners"][listener]["tls"]["certificateRefs"][0]["name"], secret, "{listener}\n{text}");
    }
    assert_eq!(gateway["annotations"]["cert-manager.io/cluster-issuer"], "le", "{text}");
    assert_eq!(gateway["annotations"].as_mapping().map(|map| map.len()), Some(1), "{text}");
    for (path, instead) in [
        ("global.ingress.class", "`gatewayApiResources.class.name`"),
        ("global.ingress.annotations.nginx\\.ingress\\.kubernetes\\.io/whitelist-source-range", "securityPolicySpec"),
        ("gitlab.webservice.ingress.proxyReadTimeout", "`gitlab.webservice.gatewayRoute.timeouts.request`"),
        ("nginx-ingress.controller.service.loadBalancerIP", "`gatewayApiResources.gateway.addresses`"),
    ] {
        let warned = got.stderr.split("warning[left-behind]: ").find(|part| part.starts_with(&format!("`{path}`")));
        assert!(warned.is_some_and(|part| part.contains(instead)), "{path}\n{}", got.stderr);
        let planned = plan.stdout.lines().find(|line| line.contains(&format!("nothing reads `{path}` then")));
        assert!(planned.is_some_and(|line| line.contains(instead)), "{path}\n{}", plan.stdout);
    }
    assert!(!got.stderr.contains("left-behind]: `global.ingress.tls"), "{}", got.stderr);
    let got = ask(&folder, "template prod -f b.yaml --gitlab-version 19.2");
    assert!(got.status == Some(0) && !got.stderr.contains("certificate-unread"), "{}", got.stderr);
    // written by hand, without the certificate
    let by_hand = text
        .replace("[{name: wild}]", "[{name: gitlab-tls}]")
        .replace("annotations: {cert-manager", "annotations: {other");
    fs::write(folder.path().join("c.yaml"), by_hand).expect("it is written");
    let off = "--set global.gatewayApi.configureCertmanager=false";
    let got = ask(&folder, &format!("template prod -f c.yaml --gitlab-version 19.2 {off}"));
    assert!(got.stderr.contains("warning[certificate-unread]: `global.ingress.tls.secretName`"), "{}", got.stderr);
    // Without an address there is no issuer that would make the Secrets of the listeners.
    let none = "--set global.gatewayApi.configureCertmanager=true --set certmanager-issuer.email=";
    let got = ask(&folder, &format!("template prod -f c.yaml --gitlab-version 19.2 {none}"));
    assert!(got.stderr.contains("warning[certificate-unread]: `global.ingress.tls.secretName`"), "{}", got.stderr);
    assert!(got.stderr.contains("or name a certificate in `gatewayApiResources.gateway.listeners."), "{}", got.stderr);
    let lint = ask(&folder, &format!("lint -f c.yaml --gitlab-version 19.2 {off}"));
    assert!((lint.stdout + &lint.stderr).contains("certificate-unread"));
    ask(&folder, "values migrate -f off.yaml --to 19.2 --no-verify --answer way-in=gateway -o off19.yaml");
    let text = fs::read_to_string(folder.path().join("off19.yaml")).expect("it was written");
    assert!(text.contains("    protocol: HTTP\n"), "{text}");
}

/// Notes about the Gateway are for those who have it, and those about moving data for those who have data to move.
#[test]
fn notes_fit_the_answer() {
    let folder = with(&[("a.yaml", STORES)]);
    for (answer, is_gateway) in [("ingress", false), ("own", false), ("gateway", true)] {
        let got = ask(
            &folder,
            &format!("values migrate -f a.yaml --from 18.11 --to 19.2 --answer way-in={answer} -o b.yaml --force"),
        );
        let notes: Vec<&str> = got.stderr.lines().filter(|line| line.starts_with("note[changes]")).collect();
        assert_eq!(notes.iter().any(|note| note.contains("global.gatewayApi")), is_gateway, "{answer}: {notes:#?}");
        assert!(
            !notes.iter().any(|note| note.contains("minio") || note.contains("postgresql")),
            "{answer}: {notes:#?}"
        );
        assert!(!notes.iter().any(|note| note.contains("global.ingress")), "{answer}: {notes:#?}");
    }
}
