//! Marks that another program has to fill in before a file is one of values.

/// What to do with a file that another program has to fill in.
pub const RENDER_FIRST: &str = "the file is a template of Terraform, envsubst or Helm: let that program write the values first, as with `envsubst < values.yaml`";

/// Whether a string holds a mark of a template: `${PORT}`, `%{ if x }`, `{{ .Values.port }}`.
pub fn is_mark(text: &str) -> bool {
    text.contains("{{") || is_foreign(text)
}

/// The same without `{{ }}`, which GitLab's chart itself evaluates in some values, between quotes.
pub fn is_foreign(text: &str) -> bool {
    ["${", "%{ ", "<%="].iter().any(|mark| text.contains(mark))
}
