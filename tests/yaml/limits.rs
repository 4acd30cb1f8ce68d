//! Size, depth and aliases: refused with a message, whichever command reads the text, and never a crash.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};

use crate::common::run;

/// Texts that are too deep for anybody, by name.
fn deep(depth: usize) -> Vec<(&'static str, String)> {
    vec![
        ("lists in one line", format!("a: 1\nx:\n  {}1\n", "- ".repeat(depth))),
        ("lists at the root", format!("{}1\n", "- ".repeat(depth))),
        ("brackets", format!("a: {}\n", "[".repeat(depth))),
        ("closed brackets", format!("a: {}{}\n", "[".repeat(depth), "]".repeat(depth))),
        ("braces", format!("a: {}1{}\n", "{a: ".repeat(depth), "}".repeat(depth))),
        ("JSON", format!("{{\"a\": {}{}}}", "[".repeat(depth), "]".repeat(depth))),
        ("maps, line by line", (0..depth.min(3000)).map(|n| format!("{}a:\n", " ".repeat(n))).collect()),
        ("keys that are lists", format!("{}a: 1\n", "? ".repeat(depth))),
    ]
}

/// Runs the program over a file `x.yaml`; what it said, where it ended as it should.
fn refused(text: &str, args: &[&str]) -> Result<(), String> {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("x.yaml"), text).expect("the file is written");
    std::fs::write(folder.path().join("y.yaml"), "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n")
        .expect("too");
    let args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
    let mut command = Command::new(env!("CARGO_BIN_EXE_gitlab-render"));
    command.args(&args).current_dir(folder.path()).stdin(Stdio::null());
    let ran = command.output().expect("it runs");
    match ran.status.code() {
        Some(1..=3) => Ok(()),
        other => Err(format!(
            "{args:?}: {other:?} {}",
            String::from_utf8_lossy(&ran.stderr).chars().take(300).collect::<String>()
        )),
    }
}

#[test]
fn no_depth_is_a_crash() {
    let mut wrong = Vec::new();
    for (what, text) in deep(20_000) {
        let inner: String = text.lines().map(|line| format!("      {line}\n")).collect();
        let as_text = format!("gitlab:\n  webservice:\n    extraVolumes: |\n{inner}");
        for (text, args) in [
            (&text, &["template", "-f", "x.yaml"][..]),
            (&text, &["validate", "x.yaml"]),
            (&text, &["diff", "x.yaml", "y.yaml"]),
            (&text, &["values", "migrate", "-f", "x.yaml"]),
            (&as_text, &["template", "-f", "x.yaml"]),
        ] {
            if let Err(why) = refused(text, args) {
                wrong.push(format!("{what}: {why}"));
            }
        }
    }
    for (flag, text) in [
        ("--set-json", format!("a={}", "[".repeat(20_000))),
        ("--set-json", "{\"a\":".repeat(20_000)),
        ("--set", format!("a{}=1", ".a".repeat(20_000))),
        ("--set", format!("a{}=1", "[0]".repeat(20_000))),
    ] {
        if let Err(why) = refused("", &["template", flag, &text]) {
            wrong.push(format!("{flag}: {}", why.chars().rev().take(300).collect::<String>()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What other readers have that could go too deep: templates in values, and the settings of a Linux package.
#[test]
fn no_depth_of_another_language_is_a_crash() {
    let deep = 20_000;
    let mut wrong = Vec::new();
    for text in [
        format!("{}1{}", "(".repeat(deep), ")".repeat(deep)),
        format!("{} .Values.a {}", "(not ".repeat(deep), ")".repeat(deep)),
        format!("1 {}", "| quote ".repeat(deep)),
        "}}{{ if .Values.a ".repeat(deep),
        "}}{{ range .Values.a ".repeat(deep),
        format!(".Values{}", ".a".repeat(deep)),
    ] {
        let values = format!(
            "gitlab:\n  webservice:\n    extraEnv:\n      A: '{{{{ {text} }}}}'\n    annotations: {{a: '{{{{ {text} }}}}'}}\n"
        );
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("x.yaml"), values).expect("the file is written");
        let ran = run(folder.path(), &["template", "-f", "x.yaml"].map(str::to_owned), &BTreeMap::new(), "");
        if ran.status.is_none_or(|code| code > 3) {
            wrong.push(format!("{:.40}: {:?}", text, ran.status));
        }
    }
    for text in [
        format!("gitlab_rails['a'] = {}1{}\n", "[".repeat(deep), "]".repeat(deep)),
        format!("gitlab_rails['a'] = {}1{}\n", "{ 'a' => ".repeat(deep), "}".repeat(deep)),
        format!("gitlab_rails['a'] = {}1{}\n", "(".repeat(deep), ")".repeat(deep)),
        format!("gitlab_rails{} = 1\n", "['a']".repeat(deep)),
        "if true\n".repeat(deep),
        format!("gitlab_rails['a'] = 1{}\n", " + 1".repeat(deep)),
        format!("gitlab_rails['ldap_servers'] = YAML.load <<-'EOS'\n{}1\nEOS\n", "- ".repeat(deep)),
        format!("gitlab_rails['a'] = \"{}\"\n", "#{".repeat(deep)),
        format!("gitlab_rails['a'] = {}1\n", "!".repeat(deep)),
        format!("gitlab_rails['a'] = {}1\n", "-".repeat(deep)),
        format!("gitlab_rails['a'] = {}\n", "%w[".repeat(deep)),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("gitlab.rb"), &text).expect("the file is written");
        let args = ["import", "gitlab.rb", "gitlab.rb"].map(str::to_owned);
        let ran = run(folder.path(), &args, &BTreeMap::new(), "");
        if ran.status.is_none_or(|code| code > 3) {
            wrong.push(format!("{:.40}: {:?} {:.200}", text, ran.status, ran.stderr));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Aliases that repeat aliases.
#[test]
fn aliases_are_counted_in_every_command() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for n in 1..9 {
        bomb.push_str(&format!("a{n}: &a{n} [{}]\n", vec![format!("*a{}", n - 1); 10].join(", ")));
    }
    let inner: String = bomb.lines().map(|line| format!("      {line}\n")).collect();
    let as_text = format!("gitlab:\n  webservice:\n    extraVolumes: |\n{inner}");
    let manifest = format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\n{bomb}");
    for (text, args) in [
        (&bomb, &["template", "-f", "x.yaml"][..]),
        (&bomb, &["values", "migrate", "-f", "x.yaml"]),
        (&manifest, &["validate", "x.yaml"]),
        (&manifest, &["diff", "x.yaml", "y.yaml"]),
        (&as_text, &["template", "-f", "x.yaml"]),
    ] {
        refused(text, args).unwrap_or_else(|why| panic!("{why}"));
    }
}

/// A pipe that never ends is not read to its end.
#[test]
fn an_endless_stdin_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("x.yaml"), "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n")
        .expect("a file");
    for args in [
        &["template", "-f", "-"][..],
        &["validate", "-"],
        &["diff", "-", "x.yaml"],
        &["diff", "x.yaml", "-"],
        &["values", "migrate", "-f", "-"],
        &["import", "gitlab.rb", "-"],
    ] {
        let mut endless = Command::new("yes").arg("a: 1").stdout(Stdio::piped()).spawn().expect("`yes` is there");
        let stdin = endless.stdout.take().expect("it is piped");
        let mut command = Command::new(env!("CARGO_BIN_EXE_gitlab-render"));
        let ran = command.args(args).current_dir(folder.path()).stdin(stdin).output().expect("it runs");
        endless.kill().expect("it is running");
        endless.wait().expect("it ends");
        let said = String::from_utf8_lossy(&ran.stderr);
        assert!(matches!(ran.status.code(), Some(1..=3)), "{args:?}: {:?} {said}", ran.status);
        assert!(said.contains("too-long") || said.contains("larger than the limit of"), "{args:?}: {said}");
    }
}

/// Work that grows with the square of an input: the bounds hold for a debug build on a busy machine, and are far below
/// what such growth would take.
#[test]
fn long_inputs_take_time_in_proportion() {
    let folder = tempfile::tempdir().expect("a folder");
    let timed = |text: String, line: &str| {
        std::fs::write(folder.path().join("x.yaml"), text).expect("the file is written");
        let began = std::time::Instant::now();
        let ran = run(folder.path(), &crate::common::words(line), &BTreeMap::new(), "");
        assert!(ran.status.is_some_and(|code| code <= 3), "{line}: {:?}", ran.status);
        (began.elapsed(), ran)
    };
    let documents =
        |count: usize| (0..count).map(|n| format!("---\nglobal:\n  hosts: {{domain: a{n}.example.com}}\n")).collect();
    let (few, _) = timed(documents(1000), "values migrate -f x.yaml");
    let (many, _) = timed(documents(10_000), "values migrate -f x.yaml");
    assert!(many < few * 40, "{few:?} for 1,000 documents, {many:?} for 10,000");
    let (_, ran) = timed((0..200_000).map(|n| format!("key{n}: 1\n")).collect(), "template -f x.yaml");
    assert!(ran.stderr.contains("`key100` and 199899 keys after it are not known"), "{:.2000}", ran.stderr);
}
