//! The register of findings: the meaning of each code, its severity, and the next step.
//!
//! The codes are stable: scripts and people search for them. `register.tsv` is the table, sorted by code, with the
//! columns code, severities (the usual one first), meaning and next step. `docs/diagnostics.md` is generated from it.

use std::fmt::Write;

/// An entry of the register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// The code, `unknown-key`.
    pub code: &'static str,
    /// `error`, `warning`, `note`; `bug` and `environment` are errors that the user did not cause.
    pub severities: &'static str,
    /// One sentence about the finding.
    pub meaning: &'static str,
    /// One sentence about the next step.
    pub next: &'static str,
}

const TABLE: &str = include_str!("register.tsv");

/// All entries, sorted by code.
pub fn all() -> impl Iterator<Item = Entry> {
    TABLE.lines().filter_map(|line| {
        let mut columns = line.split('\t');
        let mut column = || columns.next();
        Some(Entry { code: column()?, severities: column()?, meaning: column()?, next: column()? })
    })
}

/// The entry of a code.
pub fn find(code: &str) -> Option<Entry> {
    all().find(|entry| entry.code == code)
}

/// The code that a misspelt one probably means.
pub fn nearest(code: &str) -> Option<&'static str> {
    let likeness = |entry: &Entry| strsim::jaro_winkler(entry.code, code);
    let near = all().max_by(|a, b| likeness(a).total_cmp(&likeness(b)))?;
    (likeness(&near) > 0.8).then_some(near.code)
}

/// The register as a page of documentation.
pub fn markdown() -> String {
    let mut page = String::from(
        "# Diagnostics\n\nEvery finding has a code that stays the same between releases. `gitlab-render explain CODE` prints \
         its entry.\nA `bug` is an error of the program, `environment` one of the machine it runs on. This page is generated \
         from\n`src/diag/register.tsv`.\n\n| code | severity | what was found | what to do |\n|---|---|---|---|\n",
    );
    for Entry { code, severities, meaning, next } in all() {
        let cell = |text: &str| text.replace('|', "\\|");
        // Writing to a String cannot fail.
        let _ = writeln!(page, "| `{code}` | {} | {} | {} |", severities.replace(',', ", "), cell(meaning), cell(next));
    }
    page
}
