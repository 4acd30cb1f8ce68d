//! Every input that is kept in `fuzz/corpus/` through its target: what a fuzzer once found does not come back.

#[path = "../fuzz/src/lib.rs"]
mod targets;

use crate::common::root;

/// A target: it panics where a property does not hold.
type Target = fn(&[u8]);

#[test]
fn every_kept_input_passes_its_target() {
    let targets: &[(&str, Target)] = &[
        ("files", targets::files),
        ("gitlab_rb", targets::gitlab_rb),
        ("manifests", targets::manifests),
        ("migrate", targets::migrate),
        ("tpl", targets::tpl),
        ("values", targets::values),
        ("yaml", targets::yaml),
    ];
    let corpus = root().join("fuzz/corpus");
    let names = |folder: &std::path::Path| -> Vec<String> {
        let entries = std::fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    };
    assert_eq!(names(&corpus), targets.iter().map(|(name, _)| (*name).to_owned()).collect::<Vec<_>>());
    for (target, run) in targets {
        let folder = corpus.join(target);
        let kept = names(&folder);
        assert!((3..=40).contains(&kept.len()), "{target}: {} inputs are kept", kept.len());
        for name in kept {
            let data = std::fs::read(folder.join(&name)).unwrap();
            assert!(data.len() <= 8192, "{target}/{name} is large");
            let passed = std::panic::catch_unwind(|| run(&data));
            assert!(passed.is_ok(), "{target}/{name}: stands above");
        }
        assert!(root().join(format!("fuzz/fuzz_targets/{target}.rs")).is_file(), "{target} is not given to libFuzzer");
    }
}
