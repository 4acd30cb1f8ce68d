//! Files of other tools that contain values give what their values give.

use std::collections::BTreeMap;
use std::fs;

use serde::Deserialize;

use crate::common::{root, run};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    case: Vec<Case>,
}

/// Files, of which the first in `files` that is not named in `args` or by another file is given with `-f`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    origin: String,
    release: String,
    #[serde(default)]
    namespace: Option<String>,
    #[serde(default)]
    version: Option<String>,
    #[serde(default)]
    args: Vec<String>,
    /// The plain values that mean the same.
    values: String,
    files: BTreeMap<String, String>,
}

impl Case {
    /// The file that is given first: the one that is none of the others' parts.
    fn main(&self) -> &str {
        let mains = [
            "app.yaml",
            "deploy/app.yaml",
            "set.yaml",
            "chart.yaml",
            "mygitlab.yaml",
            "gitlab.yaml",
            "helmfile.yaml",
            "stack.yaml",
            "release.yaml",
            "k/kustomization.yaml",
            "values.yaml",
            "bigbang.yaml",
        ];
        let found = mains.into_iter().find(|name| self.files.contains_key(*name));
        found.unwrap_or(if self.files.contains_key("kustomization.yaml") { "kustomization.yaml" } else { "base.yaml" })
    }
}

#[test]
fn files_of_other_tools_give_what_their_values_give() {
    let text = fs::read_to_string(root().join("tests/wrapped/cases.toml")).expect("the cases can be read");
    let cases: File = toml::from_str(&text).expect("the cases are TOML");
    let mut wrong = Vec::new();
    for case in &cases.case {
        let dir = tempfile::tempdir().expect("a folder");
        for (name, text) in &case.files {
            let path = dir.path().join(name);
            fs::create_dir_all(path.parent().expect("it has one")).expect("a folder");
            fs::write(path, text).expect("it can be written");
        }
        fs::write(dir.path().join("plain-values.yaml"), &case.values).expect("it can be written");
        let render = |args: Vec<String>| {
            let mut all: Vec<String> = ["template", "--unknown-keys", "warn"].map(str::to_owned).to_vec();
            all.extend(args);
            run(dir.path(), &all, &BTreeMap::new(), "")
        };
        let mut args = vec!["-f".to_owned(), case.main().to_owned()];
        args.extend(case.args.iter().cloned());
        let found = render(args);
        let mut args: Vec<String> =
            vec!["--name".to_owned(), case.release.clone(), "-f".to_owned(), "plain-values.yaml".to_owned()];
        args.extend(case.namespace.iter().flat_map(|namespace| ["-n".to_owned(), namespace.clone()]));
        args.extend(case.version.iter().flat_map(|version| ["--gitlab-version".to_owned(), version.clone()]));
        let wanted = render(args);
        if found.status != Some(0) || wanted.status != Some(0) {
            wrong.push(format!("{}\n{}\n{}", case.origin, found.stderr, wanted.stderr));
        } else if found.stdout != wanted.stdout {
            let differs = found.stdout.lines().zip(wanted.stdout.lines()).find(|(a, b)| a != b);
            wrong.push(format!("{}: {differs:?}", case.origin));
        }
    }
    assert!(cases.case.len() >= 19 && wrong.is_empty(), "{}", wrong.join("\n\n"));
}
