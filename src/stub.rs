//! Interim: what `pipeline` will have for the commands; goes away when it has.
#![allow(missing_docs)]
use crate::diag::*;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct KubeVersion {
    pub major: u32,
    pub minor: u32,
}
#[derive(Debug, Clone)]
pub struct Release {
    pub name: String,
    pub namespace: String,
    pub is_upgrade: bool,
    pub kube_version: KubeVersion,
    pub api_versions: Vec<String>,
    pub gitlab_version: Option<String>,
}
#[derive(Debug, Clone)]
pub enum Input {
    File { name: String, bytes: Vec<u8> },
    Set(Flag),
    SetString(Flag),
    SetJson(Flag),
    SetLiteral(Flag),
    SetFile(Flag, Vec<FileContent>),
}
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flag {
    pub number: usize,
    pub text: String,
}
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileContent {
    pub path: String,
    pub content: Result<Vec<u8>, String>,
}
pub const MAX_BYTES: usize = 8 << 20;
pub fn set_file_paths(_: &str) -> Vec<String> {
    Vec::new()
}
pub fn profile(_: &str) -> Option<&'static str> {
    None
}
pub fn profiles() -> Vec<&'static str> {
    Vec::new()
}
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnknownKeys {
    Error,
    Warn,
}
#[derive(Debug, Clone, Default)]
pub struct Select {
    pub show_only: Vec<String>,
    pub components: Vec<String>,
    pub no_hooks: bool,
    pub skip_tests: bool,
}
#[derive(Debug, Clone)]
pub struct Request {
    pub release: Release,
    pub inputs: Vec<Input>,
    pub unknown_keys: UnknownKeys,
    pub skip_schema_validation: bool,
    pub profile: Option<String>,
    pub select: Select,
}
#[derive(Debug, Clone, Default)]
pub struct Rendered {
    pub objects: Vec<(String, serde_json::Value)>,
    pub warnings: Vec<Diagnostic>,
    pub sources: Sources,
}
#[derive(Debug, Clone)]
pub struct Failure {
    pub report: Report,
    pub sources: Sources,
}
pub fn template(request: &Request) -> Result<Rendered, Failure> {
    let fail = |report: Report| Failure { report, sources: Sources::default() };
    let bug = |e: String| fail(Diagnostic::bug("interim", e).into());
    let mut tree: serde_json::Value = serde_json::from_str(crate::bundle::DEFAULTS).map_err(|e| bug(e.to_string()))?;
    for input in &request.inputs {
        if let Input::File { bytes, .. } = input {
            let text = String::from_utf8_lossy(bytes);
            let user = crate::manifest::read::parse(&text, &mut |_| None).map_err(|e| bug(e.to_string()))?;
            crate::resolve::context::overlay(&mut tree, &user);
        }
    }
    let release = crate::resolve::Release {
        name: request.release.name.clone(),
        namespace: request.release.namespace.clone(),
        is_upgrade: request.release.is_upgrade,
        kube_version: crate::resolve::KubeVersion {
            major: request.release.kube_version.major,
            minor: request.release.kube_version.minor,
        },
        api_versions: request.release.api_versions.clone(),
        images: crate::releases::Images::development(),
    };
    let objects = crate::pipeline::objects(&release, &tree).map_err(fail)?;
    Ok(Rendered { objects, ..Rendered::default() })
}
pub fn write_stdout(rendered: &Rendered, _json: bool) -> Vec<u8> {
    let mut out = String::new();
    for (source, body) in &rendered.objects {
        crate::manifest::write::write_stream(&mut out, source, body);
    }
    out.into_bytes()
}
pub fn gitlab_versions() -> Vec<String> {
    vec!["18.9.1".into()]
}
