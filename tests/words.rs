//! Phrases of earlier versions that a reader had to translate. `CONTRIBUTING.md` has the rules; this list keeps the worst away.

use crate::common::root;

/// Each phrase, in lower case, and what to write instead.
fn phrases() -> impl Iterator<Item = (&'static str, &'static str)> {
    include_str!("words.tsv").lines().filter_map(|row| row.split_once('\t'))
}

/// Files below a folder with one of these extensions.
fn files(folder: &str, found: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(root().join(folder)).unwrap() {
        let path = entry.unwrap().path();
        let name = path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
        if path.is_dir() {
            files(&name, found);
        } else if path.extension().is_some_and(|e| ["rs", "md", "tsv", "json", "yaml", "toml"].iter().any(|x| e == *x))
        {
            found.push(path);
        }
    }
}

#[test]
fn plain_english() {
    let mut all = Vec::new();
    for folder in ["src", "build", "docs", "charts", "values", "schemas"] {
        files(folder, &mut all);
    }
    all.extend(["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"].map(|page| root().join(page)));
    let mut wrong = Vec::new();
    for path in all {
        let text = std::fs::read_to_string(&path).unwrap().to_lowercase();
        for (number, line) in text.lines().enumerate() {
            for (phrase, instead) in phrases().filter(|(phrase, _)| line.contains(phrase)) {
                let name = path.strip_prefix(root()).unwrap().display();
                wrong.push(format!("{name}:{}: `{phrase}`: rather `{instead}`", number + 1));
            }
        }
    }
    assert!(wrong.is_empty(), "{} phrases:\n{}", wrong.len(), wrong.join("\n"));
}
