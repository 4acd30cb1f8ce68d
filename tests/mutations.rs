//! Values with one byte changed, removed or doubled: a diagnostic or a render, never a panic, never a bug of ours.
//!
//! A fixed sample of 2,000 mutations of `tests/mutations/documents.json.gz`: values documents of every group of the
//! conformance corpus, and some that people wrote. A plain `cargo test` tries each tenth of them, which takes seconds and not
//! a minute; `MUTATIONS=all cargo test`, as `.ci/run` does, tries them all.

use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use flate2::read::GzDecoder;
use gitlab_render::diag::Fault;
use gitlab_render::pipeline;
use serde::Deserialize;

use crate::common::{file, release, root};

const MUTATIONS: u64 = 2_000;

#[derive(Deserialize)]
struct Document {
    name: String,
    text: String,
}

fn documents() -> Vec<Document> {
    let file = std::fs::File::open(root().join("tests/mutations/documents.json.gz")).unwrap();
    let mut text = String::new();
    GzDecoder::new(file).read_to_string(&mut text).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// The next number of a fixed sequence (Knuth's MMIX constants).
fn next(state: &mut u64) -> usize {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    usize::try_from(*state >> 33).unwrap()
}

/// One byte of the text changed, removed or doubled.
fn mutate(text: &str, state: &mut u64) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    let at = next(state) % bytes.len();
    match next(state) % 3 {
        0 => bytes[at] = u8::try_from(next(state) % 256).unwrap(),
        1 => drop(bytes.remove(at)),
        _ => bytes.insert(at, bytes[at]),
    }
    bytes
}

/// What is wrong with how a mutation ended; the number finds it again.
fn run(documents: &[Document], number: u64) -> Option<String> {
    let mut state = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let document = &documents[next(&mut state) % documents.len()];
    let bytes = mutate(&document.text, &mut state);
    match catch_unwind(AssertUnwindSafe(|| pipeline::render(&release("test", "default", vec![file(bytes)])))) {
        Err(_) => Some(format!("mutation {number} of {}: a panic", document.name)),
        Ok(Err(failure)) => {
            let ours: Vec<_> = failure.report.0.iter().filter(|d| d.fault == Fault::Bug).map(|d| &d.message).collect();
            (!ours.is_empty()).then(|| format!("mutation {number} of {}: {ours:?}", document.name))
        }
        Ok(Ok(_)) => None,
    }
}

#[test]
fn one_byte_more_or_less_is_never_a_panic() {
    let step = if std::env::var_os("MUTATIONS").is_some_and(|wanted| wanted == "all") { 1 } else { 10 };
    let documents = documents();
    assert!(documents.len() > 100);
    let workers = thread::available_parallelism().map_or(2, |n| n.get() as u64);
    let numbers: Vec<u64> = (0..MUTATIONS).step_by(step).collect();
    let wrong: Vec<String> = thread::scope(|scope| {
        let documents = &documents;
        let handles: Vec<_> = (0..workers)
            .map(|worker| {
                let mine: Vec<u64> =
                    numbers.iter().copied().filter(|n| (n / step as u64) % workers == worker).collect();
                scope.spawn(move || mine.into_iter().filter_map(|n| run(documents, n)).collect::<Vec<_>>())
            })
            .collect();
        handles.into_iter().flat_map(|handle| handle.join().unwrap()).collect()
    });
    assert!(wrong.is_empty(), "{} of {MUTATIONS}:\n{}", wrong.len(), wrong.join("\n"));
}
