//! Input that is too large, too deep or no text ends in an error with its place, soon.

use std::time::{Duration, Instant};

use gitlab_render::diag::Diagnostic;
use gitlab_render::values::{Input, MAX_BYTES};
use gitlab_render::yaml;

use super::{bad, file, flag, good, places};

/// The one finding about a file, which must come soon; the time is generous for builds without optimization.
fn refused(bytes: Vec<u8>) -> Diagnostic {
    let start = Instant::now();
    let mut found = bad(&[Input::File { name: "a.yaml".to_owned(), bytes }]);
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
    found.retain(|d| d.code != "yaml-1.1");
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].hint.is_some());
    found.remove(0)
}

#[test]
fn a_line_of_100_mib() {
    let finding = refused(vec![b'x'; 100 << 20]);
    assert_eq!(finding.code, "too-long");
    assert_eq!(places(&finding)[0].line, 1);
}

#[test]
fn a_text_of_the_greatest_length_is_read() {
    let text = format!("x: {}", "a".repeat(MAX_BYTES - 3));
    assert_eq!(good(&[file("a.yaml", &text)]).warnings.len(), 0);
    assert_eq!(refused(format!("{text}a").into_bytes()).code, "too-long");
}

#[test]
fn an_alias_bomb() {
    let mut text = "a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n".to_owned();
    for i in 1..12 {
        let before = i - 1;
        text += &format!("a{i}: &a{i} [{}]\n", vec![format!("*a{before}"); 9].join(", "));
    }
    let finding = refused(text.into_bytes());
    assert_eq!(finding.code, "too-large");
    assert!(places(&finding)[0].line > 3);
    let long = format!("a: &a {}\nb: [{}]\n", "x".repeat(1 << 20), vec!["*a"; 10_000].join(","));
    assert_eq!(refused(long.into_bytes()).code, "too-large");
}

#[test]
fn maps_and_lists_10000_deep() {
    let lists = format!("x: {}{}", "[".repeat(10_000), "]".repeat(10_000));
    let maps = format!("x: {}1{}", "{a: ".repeat(10_000), "}".repeat(10_000));
    let dashes = "- ".repeat(10_000);
    let lines: String = (0..1_000).map(|i| format!("{}a:\n", " ".repeat(i))).collect();
    for text in [lists, maps, dashes, lines] {
        let finding = refused(text.into_bytes());
        assert_eq!(finding.code, "too-deep", "{finding:?}");
        let at = places(&finding)[0];
        assert!(at.line > yaml::MAX_DEPTH - 10 || at.column > yaml::MAX_DEPTH - 10, "{at:?}");
    }
}

#[test]
fn many_small_values() {
    let finding = refused("- \n".repeat(yaml::MAX_NODES + 1).into_bytes());
    assert_eq!(finding.code, "too-large");
}

#[test]
fn many_warnings_do_not_hide_an_error() {
    let text = format!("x:\n{}y: [\n", "- yes\n".repeat(yaml::MAX_FINDINGS + 50));
    assert_eq!(refused(text.into_bytes()).code, "yaml");
}

#[test]
fn bytes_that_are_not_utf_8() {
    let finding = refused(b"a: 1\nb: \xc3\xa9\xff\n".to_vec());
    assert_eq!(finding.code, "not-utf-8");
    assert_eq!((places(&finding)[0].line, places(&finding)[0].column), (2, 5));
    assert_eq!(refused("a: 1\n".encode_utf16().flat_map(u16::to_le_bytes).collect()).code, "control-character");
}

#[test]
fn characters_that_yaml_forbids() {
    let finding = refused(b"a: 1\nb: \"\xc3\xa9\x07\"\n".to_vec());
    assert_eq!(finding.message, "the character U+0007 is not allowed in YAML");
    assert_eq!((places(&finding)[0].line, places(&finding)[0].column), (2, 6));
}

#[test]
fn paths_of_set_that_are_too_long_or_too_high() {
    let deep = format!("{}x=1", "a.".repeat(1_000));
    let lists = format!("a{}=1", "[0]".repeat(10_000));
    for text in [deep, lists, "a[65537]=1".to_owned(), "a[99999999999999999999]=1".to_owned()] {
        let found = bad(&[Input::Set(flag(1, &text))]);
        assert_eq!((found.len(), found[0].code), (1, "set-syntax"), "{found:?}");
    }
    good(&[Input::Set(flag(1, "a[65536]=1"))]);
}
