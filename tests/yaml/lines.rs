//! The quick reader never takes a text otherwise than the full one.

use gitlab_render::yaml::{lines, read};
use serde_json::json;

/// Everything that the quick reader knows.
const TEXT: &str = "# a comment\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: m\n\nspec:\n  replicas: 3\n  on.x/y: \"on\"\n  list:\n  - ~\n  - name: a b\n    image: 'x: y'\n    args:\n      - -c\n      - \"1\"\n      - {}\n    # inside\n    ports: []\n    verbs: [get, \"*\", 010]\n  - - 1\n    - - true\n      - 010\n  -\n    k: v\n  deep:\n      deeper:\n        path: /a:b#c\n        url: http://x:80/y\n  none:\n  script: |\n    set -e\n\n      x # y\n    # z\n  kept: |+\n    k\n\n  cut: |-\n    c\n\n  last: yes\n";

#[test]
fn it_agrees_with_the_full_reader() {
    let value = lines::value(TEXT).expect("all of it is plain");
    assert_eq!(value["spec"]["list"][3], json!({ "k": "v" }));
    assert_eq!(value["spec"]["script"], "set -e\n\n  x # y\n# z\n");
    assert_eq!(value["spec"]["list"][1]["verbs"], json!(["get", "*", 8]));
    // Every character left out, doubled or changed for another one.
    let characters: Vec<char> = TEXT.chars().collect();
    let (mut differ, mut taken) = (Vec::new(), 0);
    for at in 0..characters.len() {
        let (before, after) = (&characters[..at], &characters[at + 1..]);
        let mut changes: Vec<Vec<char>> = vec![vec![], vec![characters[at]], vec![characters[at]; 2]];
        changes.extend(" \n:-#\"'\t{}[]|>&*!?%@,0a\u{e000}~\r".chars().map(|c| vec![c]));
        changes.extend([": ", " #", "\n ", "\n- ", "- ", "  ", "null", "\n\n", "|-"].map(|s| s.chars().collect()));
        for change in changes {
            let text: String = before.iter().chain(&change).chain(after).collect();
            let Some(quick) = lines::value(&text).filter(serde_json::Value::is_object) else { continue };
            taken += 1;
            let full = read::document(&text, 0, 0).map(|node| node.map(|node| node.to_value()));
            if full.as_ref().ok() != Some(&Some(quick.clone())) {
                differ.push(format!("{at} {change:?}: {quick:?} is not {full:?}"));
            }
        }
    }
    assert!(differ.is_empty(), "{} differ, as {:#?}", differ.len(), &differ[..differ.len().min(5)]);
    assert!(taken > 5000, "{taken}");
}
