//! Who may use whom: the table of imports, compared with the sources.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::common::root;

/// What a module of the crate may name after `crate::`, itself aside.
const ALLOWED: &[(&str, &[&str])] = &[
    ("bundle", &[]),
    ("diag", &[]),
    ("tree", &[]),
    ("model", &["diag"]),
    ("yaml", &["diag", "tree"]),
    ("values", &["diag", "yaml"]),
    // of releases the version that the values are for
    ("schema", &["bundle", "diag", "releases", "tree", "values"]),
    ("releases", &["bundle", "diag"]),
    ("manifest", &["diag", "tree", "yaml"]),
    // of bundle the list of components that may have a second set
    ("canary", &["bundle", "diag", "manifest"]),
    ("emit", &["diag", "manifest", "yaml"]),
    ("phases", &["diag", "manifest", "shell", "yaml"]),
    // of companions which there are, of phases the marks, of shell the commands that a guide prints
    ("adopt", &["companions", "manifest", "phases", "shell"]),
    // of manifest only the phase, of releases only the image tags, of shell the quoting of a word
    // of bundle the tables that the components' files say
    ("resolve", &["bundle", "diag", "manifest", "model", "releases", "shell", "tree", "view"]),
    ("render", &["bundle", "diag", "resolve", "shell", "tree", "yaml"]),
    ("profiles", &["bundle", "diag"]),
    ("companions", &["diag", "releases", "shell", "values", "yaml"]),
    // of releases the table of removed values
    // of profiles the form of a question in a file
    ("upgrade", &["bundle", "diag", "profiles", "releases", "shell", "values", "yaml"]),
    ("validate", &["bundle", "diag", "escape", "manifest", "redact", "releases", "shell", "yaml"]),
    ("fleet", &["diag", "yaml"]),
    // of schema the known keys, of releases which are rendered
    ("wrapped", &["diag", "releases", "schema", "values", "yaml"]),
    ("files", &["diag", "yaml"]),
    (
        "pipeline",
        &[
            "adopt",
            "bundle",
            "canary",
            "companions",
            "diag",
            "diff",
            "emit",
            "escape",
            "explore",
            "images",
            "import",
            "kubectl",
            "lint",
            "manifest",
            "phases",
            "profiles",
            "redact",
            "reference",
            "releases",
            "render",
            "resolve",
            "schema",
            "shell",
            "tree",
            "upgrade",
            "validate",
            "values",
            "why",
            "yaml",
        ],
    ),
    // of the stages the types that flags give, and their names
    (
        "cli",
        &[
            "adopt", "diag", "diff", "emit", "files", "fleet", "images", "manifest", "phases", "pipeline", "profiles",
            "redact", "resolve", "schema", "shell", "upgrade", "values", "wrapped",
        ],
    ),
    // of the stages the types that flags give, and the writers of reports; a stage is run by the pipeline alone
    (
        "commands",
        &[
            "adopt",
            "canary",
            "cli",
            "companions",
            "diag",
            "diff",
            "emit",
            "explore",
            "files",
            "fleet",
            "git",
            "images",
            "kubectl",
            "lint",
            "manifest",
            "phases",
            "pipeline",
            "profiles",
            "redact",
            "reference",
            "releases",
            "schema",
            "shell",
            "ui",
            "upgrade",
            "validate",
            "values",
            "wrapped",
            "why",
        ],
    ),
    // the types of layers
    ("explore", &["why"]),
    // of diff what it calls the items of a list
    ("why", &["diag", "diff", "escape", "manifest", "yaml"]),
    // of schema what is known of keys that nothing reads, of upgrade what became of keys
    ("reference", &["bundle", "diag", "releases", "schema", "tree", "upgrade", "yaml"]),
    ("ui", &["cli", "diag", "redact"]),
    // the syntax of YAML and its limits
    ("redact", &["diag", "yaml"]),
    ("escape", &[]),
    ("shell", &[]),
    ("git", &["diag"]),
    ("kubectl", &["diag"]),
    ("lint", &["diag", "manifest", "redact"]),
    ("images", &["diag", "manifest", "yaml"]),
    ("import", &["diag", "manifest", "redact", "values", "yaml"]),
    ("diff", &["companions", "diag", "escape", "manifest", "redact", "yaml"]),
];

/// Crates that only the named modules may use.
const OWNED: &[(&str, &[&str])] = &[
    ("jsonschema::", &["schema"]),
    ("regex::", &["redact", "validate"]),
    ("saphyr_parser::", &["yaml"]),
    ("clap::", &["cli", "commands", "ui"]),
    ("annotate_snippets::", &["ui"]),
    // emit asks for the current directory, which it must not replace, and for its own program; ui for NO_COLOR and TERM; Argo CD
    // gives its plugin variables,
    // which become arguments
    ("std::env", &["commands", "emit", "main", "ui"]),
    ("clap_mangen::", &["commands"]),
    ("std::fs", &["emit", "files"]),
    // no render runs a program: of files the command of `--values-from`
    // (render's own tests run a shell)
    ("std::process::{Command", &["files", "git", "kubectl"]),
    ("std::process::Command", &["kubectl", "render"]),
    ("std::time", &[]),
];

fn sources() -> Vec<(String, PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let inside = path.strip_prefix(root().join("src")).unwrap().to_owned();
                let first = inside.iter().next().unwrap().to_str().unwrap();
                let module = first.trim_end_matches(".rs").to_owned();
                found.push((module, inside, code(&path)));
            }
        }
    }
    found
}

/// A source without its comments and unit tests.
fn code(path: &Path) -> String {
    let text = std::fs::read_to_string(path).unwrap();
    let end = text.find("#[cfg(test)]").unwrap_or(text.len());
    let kept = text[..end].lines().filter(|line| !line.trim_start().starts_with("//"));
    kept.collect::<Vec<_>>().join("\n")
}

/// The words after each `crate::`.
fn named(code: &str) -> BTreeSet<&str> {
    code.split("crate::")
        .skip(1)
        .filter_map(|rest| rest.split(|c: char| !c.is_ascii_lowercase() && c != '_').next())
        .filter(|name| !name.is_empty())
        .collect()
}

#[test]
fn modules_use_what_the_table_allows() {
    let table: BTreeMap<_, _> = ALLOWED.iter().copied().collect();
    let mut wrong = Vec::new();
    for (module, path, code) in sources() {
        if module == "main" || module == "lib" {
            continue;
        }
        let Some(allowed) = table.get(module.as_str()) else {
            wrong.push(format!("`{module}` is not in the table of tests/architecture.rs"));
            continue;
        };
        for used in named(&code) {
            if used != module && !allowed.contains(&used) {
                wrong.push(format!("src/{}: `{module}` must not use `{used}`", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn crates_stay_where_they_belong() {
    let mut wrong = Vec::new();
    for (module, path, code) in sources() {
        for (name, owners) in OWNED {
            if code.contains(name) && !owners.contains(&module.as_str()) {
                wrong.push(format!("src/{}: `{module}` must not use `{name}`", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn components_do_not_know_each_other() {
    let mut seen = 0;
    let mut wrong = Vec::new();
    for (_, path, code) in sources() {
        if path.starts_with("resolve/component") {
            seen += 1;
            let own = path.iter().nth(2).unwrap().to_str().unwrap().trim_end_matches(".rs").to_owned();
            for rest in code.split("component::").skip(1) {
                let other = rest.split(|c: char| !c.is_ascii_lowercase() && c != '_').next().unwrap();
                if other != own {
                    wrong.push(format!("src/{}: uses the component `{other}`", path.display()));
                }
            }
        }
    }
    assert!(seen > 1, "no components were found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn files_stay_readable() {
    let mut long = Vec::new();
    for folder in ["src", "tests", "build", "benches"] {
        for path in rust_files(&root().join(folder)) {
            let lines = std::fs::read_to_string(&path).unwrap().lines().count();
            let most = if path.ends_with("src/main.rs") { 40 } else { 600 };
            if lines > most {
                long.push(format!("{}: {lines} lines", path.strip_prefix(root()).unwrap().display()));
            }
        }
    }
    assert!(long.is_empty(), "split these files:\n{}", long.join("\n"));
}

/// All Rust files below a folder.
fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(rust_files(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
    found
}

/// The words of a source that look like a version of GitLab, of its chart or of Kubernetes.
fn versions(code: &str) -> Vec<&str> {
    let number = |text: &str| text.parse::<u32>().ok();
    let words = code.split(|c: char| !c.is_ascii_alphanumeric() && c != '.' && c != '_');
    words
        .filter(|word| {
            let word = word.trim_start_matches('v').trim_end_matches('.');
            let parts: Option<Vec<u32>> = word.split('.').map(number).collect();
            match parts.as_deref() {
                Some([major @ 11..=30, minor] | [major @ 11..=30, minor, _]) => *minor < 20 && *major < 30,
                Some([9..=10, minor] | [9..=10, minor, _]) => *minor < 12,
                Some([1, minor] | [1, minor, _]) => (20..60).contains(minor),
                _ => false,
            }
        })
        .collect()
}

/// Versions that a source has as pairs of numbers (`series <= (15, 0)`, `(14, _) =>`, a constant `(33, 37)`) or in a sentence
/// (`GitLab 18`, `Kubernetes 1.35`).
fn versions_in_disguise(code: &str) -> Vec<&str> {
    let pair = r"[<>=!]=? \((?:1[1-9]|[23][0-9]), [0-9]+\)|: \(u32, u32\) = \([0-9]+, [0-9]+\)|\((?:\.\.=)?(?:1[1-9]|2[0-9]), _\) =>";
    let sentence = r"(?:GitLab|chart|charts) v?[0-9]+|Kubernetes 1\.[0-9]+";
    let pattern = regex::Regex::new(&format!("{pair}|{sentence}")).unwrap();
    // `'u' => (16, 4)` is an arm of a match.
    let found = pattern.find_iter(code).filter(|found| !code[..found.start()].ends_with('='));
    found.map(|found| found.as_str()).collect()
}

#[test]
fn versions_are_data() {
    assert_eq!(versions_in_disguise("if series <= (15, 0) {"), ["<= (15, 0)"]);
    assert_eq!(versions_in_disguise("const MINORS: (u32, u32) = (33, 37);"), [": (u32, u32) = (33, 37)"]);
    assert_eq!(versions_in_disguise("too old for GitLab 18"), ["GitLab 18"]);
    let mut wrong = Vec::new();
    for (module, path, code) in sources() {
        // Help texts have examples of versions; a version that counts for something stands alone in its quotes.
        let literals: Vec<&str> = code.split('"').collect();
        let alone = literals.iter().filter(|text| !text.contains(|c: char| c.is_whitespace()));
        let found: Vec<_> = match module.as_str() {
            "cli" | "commands" => alone.flat_map(|text| versions(text)).collect(),
            _ => [versions(&code), versions_in_disguise(&code)].concat(),
        };
        if !found.is_empty() {
            wrong.push(format!("src/{}: {}", path.display(), found.join(", ")));
        }
    }
    assert!(wrong.is_empty(), "versions belong into charts/releases:\n{}", wrong.join("\n"));
}

/// Type names that several modules have, and why no reader confuses them.
const SHARED_NAMES: &[(&str, &str)] = &[
    ("Node", "in `model` a value that is passed on as it is, in `yaml` a value with its place: no stage sees both"),
    ("Release", "in `resolve` what is rendered for, in `releases` a pair of versions: no stage sees both"),
    ("Workload", "in `model` the settings of a workload, in `resolve` what is made of them"),
];

/// The types that a source declares for others.
fn types(code: &str) -> Vec<&str> {
    let declared = code.lines().filter_map(|line| {
        let line = line.trim_start();
        let line =
            line.strip_prefix("pub ").or_else(|| line.strip_prefix("pub(")?.split_once(") ").map(|(_, line)| line))?;
        ["struct ", "enum ", "trait ", "type "].iter().find_map(|word| line.strip_prefix(word))
    });
    declared.filter_map(|rest| rest.split(|c: char| !c.is_alphanumeric()).next()).collect()
}

#[test]
fn a_type_name_stands_for_one_thing() {
    let all = sources();
    let mut places: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (_, path, code) in &all {
        // a component calls the types of its settings by the keys that they are read from, see CONTRIBUTING.md
        if path.starts_with("resolve/component") || path.starts_with("resolve/shared") {
            continue;
        }
        for name in types(code) {
            places.entry(name).or_default().push(path.display().to_string());
        }
    }
    let allowed = |name: &str| SHARED_NAMES.iter().any(|(allowed, _)| *allowed == name);
    let twice: Vec<_> = places.iter().filter(|(name, places)| places.len() > 1 && !allowed(name)).collect();
    assert!(twice.is_empty(), "one name for two things: {twice:#?}");
    let unneeded: Vec<_> = SHARED_NAMES.iter().filter(|(name, _)| places[name].len() < 2).collect();
    assert!(unneeded.is_empty(), "these names are unique: {unneeded:?}");
}

#[test]
fn decisions_do_not_hang_on_our_own_words() {
    const FIELDS: [&str; 9] = ["code", "action", "effect", "required", "why", "reason", "message", "what", "status"];
    let mut wrong = Vec::new();
    for (_, path, code) in sources() {
        for field in FIELDS {
            for operator in ["==", "!="] {
                if code.contains(&format!(".{field} {operator} \"")) {
                    wrong.push(format!("src/{}: `.{field} {operator} \"...\"`", path.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "use an enum, or a constant of diag::code:\n{}", wrong.join("\n"));
}
