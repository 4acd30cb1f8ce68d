//! Placeholders that another program has to fill in before a file holds values.

/// The next step for a file that another program has to fill in.
pub const RENDER_FIRST: &str = "the file is a template of Terraform, envsubst or Helm: let that program write the values first, for example with `envsubst < values.yaml`";

/// Whether a string holds a placeholder of a template language: `${PORT}`, `%{ if x }`, `{{ .Values.port }}`, `$PORT`.
pub fn is_mark(text: &str) -> bool {
    text.contains("{{") || is_foreign(text) || has_variable(text)
}

/// The same without shell variables, and without `{{ }}`, which GitLab's chart itself evaluates in some quoted values.
pub fn is_foreign(text: &str) -> bool {
    ["${", "%{ ", "<%="].iter().any(|mark| text.contains(mark))
}

/// Whether a string contains a shell variable: `$DOMAIN`.
fn has_variable(text: &str) -> bool {
    text.split('$').skip(1).any(|rest| {
        let name = rest.bytes().take_while(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || *b == b'_').count();
        name > 2 && rest.starts_with(|c: char| c.is_ascii_uppercase())
    })
}
