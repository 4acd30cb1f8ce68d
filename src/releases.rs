//! stub
/// Image tags of one GitLab version, by component.
#[derive(Debug, Clone)]
pub struct Images {
    /// Rails and helper images.
    pub gitlab: String,
    /// gitaly and praefect.
    pub gitaly: String,
    /// gitlab-shell.
    pub shell: String,
    /// kas.
    pub kas: String,
    /// gitlab-pages.
    pub pages: String,
    /// mailroom.
    pub mailroom: String,
    /// gitlab-exporter, without `v`.
    pub exporter: String,
}
impl Images {
    /// The development branch, as the conformance facts have it.
    pub fn development() -> Self {
        let master = || "master".to_owned();
        Images { gitlab: master(), gitaly: master(), shell: "main".into(), kas: master(), pages: master(), mailroom: master(), exporter: "16.6.0".into() }
    }
}
