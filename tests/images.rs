//! Images: pinned ones, and Jobs that become others when their images do.

use std::collections::BTreeMap;
use std::fs;

use crate::common::{run, words};

/// Pinning takes the list that `images` gives, with a digest for each.
#[test]
fn every_image_can_be_pinned_also_behind_a_mirror() {
    let directory = tempfile::tempdir().expect("a directory");
    let (here, none) = (directory.path(), BTreeMap::new());
    let listed = run(here, &words("images -q"), &none, "").stdout;
    let images: Vec<&str> = listed.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert!(images.len() > 10, "{listed}");
    let digest = |number: usize| format!("sha256:{number:064x}");
    // nginx's image is pinned by its default value
    let wanted = images.iter().enumerate().filter(|(_, image)| !image.contains('@'));
    let lines: String = wanted.map(|(number, image)| format!("{image}@{}\n", digest(number))).collect();
    fs::write(here.join("digests"), lines).expect("the digests are written");
    let pinned = run(here, &words("images -q --digests digests --registry-mirror m.test/x"), &none, "");
    assert_eq!(pinned.status, Some(0), "{}", pinned.stderr);
    assert_eq!(pinned.stdout.lines().count(), images.len());
    for line in pinned.stdout.lines() {
        assert!(line.starts_with("m.test/x/") && line.contains("@sha256:"), "{line}");
    }
}

/// A Job cannot be changed: one with another image is another Job.
#[test]
fn jobs_with_other_images_have_other_names() {
    let directory = tempfile::tempdir().expect("a directory");
    let names = |args: &str| -> Vec<String> {
        let got = run(directory.path(), &words(args), &BTreeMap::new(), "").stdout;
        let jobs = got.split("---\n").filter(|document| document.contains("\nkind: Job\n"));
        jobs.filter_map(|job| job.lines().find(|l| l.starts_with("  name: ")).map(str::to_owned)).collect()
    };
    let (plain, mirrored) = (names("template -q"), names("template -q --registry-mirror m.test"));
    let split = names("template -q --skip-post-migrations");
    let migrations = |names: &[String]| names.iter().find(|name| name.contains("-migrations-")).cloned();
    assert!(migrations(&plain).is_some(), "{plain:?}");
    assert_ne!(migrations(&plain), migrations(&mirrored));
    assert_ne!(migrations(&plain), migrations(&split));
}
