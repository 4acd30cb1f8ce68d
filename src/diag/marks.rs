//! Placeholders that another program has to fill in before a file holds values.

/// The next step for a file that another program has to fill in.
pub const RENDER_FIRST: &str = "the file is a template of Terraform, envsubst or Helm: let that program write the values first, as with `envsubst < values.yaml`";

/// Whether a string holds a placeholder of a template language: `${PORT}`, `%{ if x }`, `{{ .Values.port }}`.
pub fn is_mark(text: &str) -> bool {
    text.contains("{{") || is_foreign(text)
}

/// The same without `{{ }}`, which GitLab's chart itself evaluates in some quoted values.
pub fn is_foreign(text: &str) -> bool {
    ["${", "%{ ", "<%="].iter().any(|mark| text.contains(mark))
}
