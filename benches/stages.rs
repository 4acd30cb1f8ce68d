//! What each stage of a render costs: read, merge, validate, resolve, render, verify, write, and the whole.
//!
//! `cargo bench`; the numbers are compared with those of the commit before, on the same machine in the same minute.

use divan::Bencher;
use gitlab_render::pipeline::{self, Request, Target};
use gitlab_render::render::{Renderer, render};
use gitlab_render::resolve::{Context, KubeVersion, Release, resolve};
use gitlab_render::schema::{self, CheckOptions};
use gitlab_render::validate::files::ManifestText;
use gitlab_render::values::{self, Input};
use gitlab_render::{bundle, emit, manifest, releases};

fn main() {
    divan::main();
}

/// A values file of about 150 lines, as users write them.
const USERS_FILE: &str = include_str!("values-150.yaml");

fn inputs() -> Vec<Input> {
    vec![Input::File { name: "values.yaml".to_owned(), bytes: USERS_FILE.into() }]
}

fn defaults() -> serde_json::Value {
    bundle::defaults()
}

fn merged() -> values::Merged {
    let layers = values::load(&inputs()).expect("the file is right").value;
    values::merge(layers, defaults()).value
}

fn request(inputs: Vec<Input>) -> Request {
    let target = Target {
        name: "bench".to_owned(),
        namespace: "default".to_owned(),
        is_upgrade: false,
        kube_version: KubeVersion { major: 1, minor: 35 },
        api_versions: Vec::new(),
        gitlab_version: None,
    };
    Request::new(target, inputs)
}

fn release() -> Release {
    Release {
        name: "bench".to_owned(),
        namespace: "default".to_owned(),
        is_upgrade: false,
        kube_version: KubeVersion { major: 1, minor: 35 },
        api_versions: Vec::new(),
        images: releases::ImageTags::development(),
    }
}

#[divan::bench]
fn read(bencher: Bencher) {
    let inputs = inputs();
    bencher.bench(|| values::load(&inputs).is_ok());
}

#[divan::bench]
fn defaults_from_json() -> serde_json::Value {
    defaults()
}

#[divan::bench]
fn merge(bencher: Bencher) {
    let layers = values::load(&inputs()).expect("the file is right").value;
    bencher.with_inputs(|| (layers.clone(), defaults())).bench_values(|(layers, tree)| values::merge(layers, tree));
}

#[divan::bench]
fn validate(bencher: Bencher) {
    let merged = merged();
    bencher.bench(|| schema::violations(&merged.user, &merged.tree, &CheckOptions::default()));
}

#[divan::bench]
fn plan(bencher: Bencher) {
    let (release, merged) = (release(), merged());
    bencher.bench(|| resolve(&Context::new(&release, &merged.tree, |_| Err(String::new())), &mut |_| ()));
}

#[divan::bench]
fn templates(bencher: Bencher) {
    let (release, merged) = (release(), merged());
    bencher
        .with_inputs(|| resolve(&Context::new(&release, &merged.tree, |_| Err(String::new())), &mut |_| ()))
        .bench_values(|mut plan| render(&Renderer::new(), &mut plan.objects).is_ok());
}

/// What every render pays for the check of its own output: at most 2 ms.
#[divan::bench]
fn verify(bencher: Bencher) {
    let rendered = pipeline::render(&request(inputs())).expect("the file is right");
    let manifests = rendered.objects.manifests().to_vec();
    bencher.with_inputs(|| manifests.clone()).bench_values(|manifests| manifest::verify(manifests).is_ok());
}

/// `validate` of what a render wrote: reading, schemas, references.
#[divan::bench]
fn validate_texts(bencher: Bencher) {
    let rendered = pipeline::render(&request(inputs())).expect("the file is right");
    let mut out = Vec::new();
    emit::to_stdout(&rendered.objects, emit::Format::Yaml, &mut out).expect("a vector takes everything");
    let text = String::from_utf8(out).expect("YAML is text");
    let version = KubeVersion { major: 1, minor: 35 };
    bencher
        .with_inputs(|| vec![ManifestText { name: "-".to_owned(), text: text.as_str().into(), named: true }])
        .bench_values(|texts| pipeline::validate::texts(texts, version, "default"));
}

#[divan::bench]
fn write(bencher: Bencher) {
    let rendered = pipeline::render(&request(inputs())).expect("the file is right");
    bencher.bench(|| {
        let mut out = Vec::new();
        emit::to_stdout(&rendered.objects, emit::Format::Yaml, &mut out).map(|()| out)
    });
}

#[divan::bench]
fn whole_default() -> bool {
    pipeline::render(&request(Vec::new())).is_ok()
}

#[divan::bench]
fn whole_150_lines() -> bool {
    pipeline::render(&request(inputs())).is_ok()
}
