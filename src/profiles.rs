//! The profiles of `values/`: the purpose of each, and the values that only its user knows.
//!
//! The first line of a file is a comment with its purpose. An example value ends in a comment that starts with
//! [`MARK`]: the question that the user has to answer.

use crate::bundle;
use crate::diag::{Diagnostic, Location};

/// The profile that `init` writes where none is named.
pub const FIRST: &str = "evaluation";

/// The separator between an example value and its question.
pub const MARK: &str = "# ?: ";

/// One file of `values/`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Profile {
    /// The file's name without its extension.
    pub name: &'static str,
    /// The whole file.
    pub text: &'static str,
}

/// An open question of a profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question<'t> {
    /// Counted from 1, in lines.
    pub line: usize,
    /// The column at which the example value starts; counted from 1, in characters.
    pub column: usize,
    /// How long that value is, in characters.
    pub len: usize,
    /// The question, as in the file.
    pub text: &'t str,
    /// The example value.
    pub example: &'t str,
}

impl Profile {
    /// The purpose of the file: its first line.
    pub fn purpose(&self) -> &'static str {
        self.text.lines().next().unwrap_or_default().trim_start_matches(['#', ' '])
    }

    /// The questions to answer before the file is used for more than a trial, from top to bottom.
    pub fn questions(&self) -> Vec<Question<'static>> {
        questions(self.text)
    }
}

impl Question<'_> {
    /// The place of the example in the source with this number.
    pub fn at(&self, source: usize) -> Location {
        Location { source, line: self.line, column: self.column, len: self.len }
    }
}

/// The questions of a file, from top to bottom.
pub fn questions(text: &str) -> Vec<Question<'_>> {
    text.lines().zip(1..).filter_map(|(text, line)| question(text, line)).collect()
}

fn question(line: &str, number: usize) -> Option<Question<'_>> {
    let (before, text) = line.split_once(MARK)?;
    let before = before.trim_end();
    let start = before.rfind(": ").or_else(|| before.rfind("- ")).map(|at| at + 2).filter(|_| !before.is_empty())?;
    let count = |text: &str| text.chars().count();
    Some(Question {
        line: number,
        column: count(&before[..start]) + 1,
        len: count(&before[start..]),
        text: text.trim(),
        example: &before[start..],
    })
}

/// All profiles, sorted by name.
pub fn all() -> impl Iterator<Item = Profile> {
    bundle::profiles().filter_map(|name| Some(Profile { name, text: bundle::profile(name)? }))
}

/// The profile with this name.
///
/// # Errors
/// No profile has this name.
pub fn find(name: &str) -> Result<Profile, Diagnostic> {
    let known = bundle::profiles().find(|known| *known == name);
    known.and_then(|name| Some(Profile { name, text: bundle::profile(name)? })).ok_or_else(|| unknown(name))
}

fn unknown(name: &str) -> Diagnostic {
    let likely = likely(&name.to_lowercase());
    let diagnostic = Diagnostic::error("unknown-profile", format!("there is no profile `{name}`"));
    match likely.is_empty() {
        true => diagnostic.hint("`gitlab-render profiles` lists them all"),
        false => {
            diagnostic.hint(format!("did you mean {}? `gitlab-render profiles` lists them all", likely.join(" or ")))
        }
    }
}

/// The profile that was probably meant: a name with a typing error, a part of a name, or a word of a purpose.
fn likely(wanted: &str) -> Vec<String> {
    let near = all().map(|profile| (strsim::jaro_winkler(wanted, profile.name), profile));
    let near = near.max_by(|a, b| a.0.total_cmp(&b.0)).filter(|(score, _)| *score >= 0.88).map(|(_, profile)| profile);
    let speaks_of = |profile: &Profile| {
        let purpose = profile.purpose().to_lowercase();
        let word = purpose.split(|c: char| !c.is_alphanumeric()).any(|word| word == wanted);
        wanted.len() > 1 && (word || profile.name.contains(wanted))
    };
    let named: Vec<_> = all().filter(speaks_of).collect();
    let meant = if named.is_empty() { Vec::from_iter(near) } else { named };
    meant.iter().take(4).map(|profile| format!("`{}`", profile.name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_where_its_example_is() {
        let text =
            "# For a test\na:\n  host: db.example.com # ?: the host\n  list:\n    - one  # ?: an item\n# ?: nothing\n";
        let questions = Profile { name: "test", text }.questions();
        let expected = [
            Question { line: 3, column: 9, len: 14, text: "the host", example: "db.example.com" },
            Question { line: 5, column: 7, len: 3, text: "an item", example: "one" },
        ];
        assert_eq!(questions, expected);
    }

    #[test]
    fn a_name_that_is_nearly_right_gets_the_right_one() {
        let hint = |name: &str| find(name).map(|profile| profile.name).map_err(|d| d.hint.unwrap_or_default());
        assert_eq!(hint("evaluation"), Ok("evaluation"));
        for (wrong, meant) in [
            ("evalution", "`evaluation`"),
            ("airgapped", "`air-gapped`"),
            ("hybrid-10k", "`reference-hybrid-10k`"),
            ("GCP", "`google-cloud`"),
            ("eks", "`aws`"),
            ("ubi", "`fips`"),
            ("geo", "`geo-primary` or `geo-secondary`"),
        ] {
            assert!(hint(wrong).is_err_and(|hint| hint.contains(&format!("did you mean {meant}?"))), "{wrong}");
        }
        assert!(hint("nowhere").is_err_and(|hint| !hint.contains("did you mean")));
    }
}
