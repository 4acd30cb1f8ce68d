//! The files of `values/`: what each is for, and what only its user can say.
//!
//! The first line of a file is a comment that says what it is for. A value that is an example ends in a
//! comment that starts with [`MARK`]: the question that it stands for.

use crate::bundle;
use crate::diag::{Diagnostic, Location};

/// What `init` writes where nothing is named.
pub const FIRST: &str = "evaluation";

/// Stands between a value that is an example and the question that it answers.
pub const MARK: &str = "# ?: ";

/// One file of `values/`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Profile {
    /// The file's name without its extension.
    pub name: &'static str,
    /// The whole file.
    pub text: &'static str,
}

/// What a profile cannot know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question<'t> {
    /// Counted from 1, in lines.
    pub line: usize,
    /// Where the value starts that is an example; counted from 1, in characters.
    pub column: usize,
    /// How long that value is, in characters.
    pub len: usize,
    /// What is asked, as the file has it.
    pub text: &'t str,
    /// The value that stands there.
    pub example: &'t str,
}

impl Profile {
    /// What the file is for: its first line.
    pub fn purpose(&self) -> &'static str {
        self.text.lines().next().unwrap_or_default().trim_start_matches(['#', ' '])
    }

    /// What is to be answered before the file is good for more than a look, from top to bottom.
    pub fn questions(&self) -> Vec<Question<'static>> {
        questions(self.text)
    }
}

impl Question<'_> {
    /// The place of the example in the text with this number.
    pub fn at(&self, source: usize) -> Location {
        Location { source, line: self.line, column: self.column, len: self.len }
    }
}

/// The questions of a text, from top to bottom.
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

/// All profiles, in order of their names.
pub fn all() -> impl Iterator<Item = Profile> {
    bundle::profiles().filter_map(|name| Some(Profile { name, text: bundle::profile(name)? }))
}

/// The profile with this name.
///
/// # Errors
/// There is none.
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

/// What was probably meant: a name with a slip in it, a part of a name, or a word of what the profile is for.
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
