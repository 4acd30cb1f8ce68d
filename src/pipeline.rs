//! Stand-in until the real one lands.
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
    Set(String),
    SetString(String),
    SetJson(String),
    SetFile(String),
    SetLiteral(String),
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
    pub warnings: Vec<Diagnostic>,
    pub sources: Sources,
}
#[derive(Debug, Clone)]
pub struct Failure {
    pub report: Report,
    pub sources: Sources,
}
pub fn template(_: &Request) -> Result<Rendered, Failure> {
    Ok(Rendered::default())
}
pub fn write_stdout(_: &Rendered, _json: bool) -> Vec<u8> {
    Vec::new()
}
pub fn gitlab_versions() -> Vec<String> {
    vec!["18.9.1".into()]
}
