//! Secrets in base64: a word that decodes to a text with a secret in it, such as `user:password` of a Docker configuration or a file
//! of a Secret.

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::{Cut, Redacted};

/// Shorter words decode to nothing that could be recognized.
const LEAST: usize = 16;

const EITHER: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, EITHER);
const URL: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, EITHER);

/// The words of a line that are secrets in base64.
pub fn cuts(line: &str, cuts: &mut Vec<Cut>) {
    let in_word = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_');
    let bytes = line.as_bytes();
    let mut at = 0;
    while bytes.len() - at >= LEAST {
        let start = at;
        at += bytes[at..].iter().take_while(|byte| in_word(byte)).count();
        let end = at + bytes[at..].iter().take(2).take_while(|byte| **byte == b'=').count();
        at = end.max(start + 1);
        if end - start < LEAST {
            continue;
        }
        let word = &line[start..end];
        if may_be_text(word) && decoded(word).is_some_and(|text| is_secret(&text)) {
            cuts.push((start, end));
        }
    }
}

/// Whether a word may decode to ASCII, of which the first of four signs has only the lower half of the alphabet: most words are none
/// then, and need not be decoded.
fn may_be_text(word: &str) -> bool {
    word.bytes().step_by(4).all(|sign| matches!(sign, b'A'..=b'Z' | b'a'..=b'f'))
}

/// The text that a word stands for; words that are none decode to bytes that are no text.
fn decoded(word: &str) -> Option<String> {
    let engine = if word.contains(['-', '_']) { &URL } else { &STANDARD };
    let text = String::from_utf8(engine.decode(word).ok()?).ok()?;
    let reads = |c: char| !c.is_control() || matches!(c, '\n' | '\r' | '\t');
    (text.chars().all(reads) && text.is_ascii()).then_some(text)
}

fn is_secret(text: &str) -> bool {
    // `user:password`, as HTTP's basic authentication and Docker's `auth` have it.
    let login = text.split_once(':').is_some_and(|(user, password)| {
        !user.is_empty()
            && !text.contains(char::is_whitespace)
            && !text.contains("//")
            && password.len() >= 4
            && password.contains(|c: char| !c.is_ascii_digit())
    });
    login || Redacted::of(text).whole() != text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        let mut found = Vec::new();
        let line = format!("a: {}", STANDARD.encode(text));
        cuts(&line, &mut found);
        found.into_iter().map(|(start, end)| line[start..end].to_owned()).collect()
    }

    #[test]
    fn secrets_in_base64_and_nothing_else() {
        for text in [
            "user:Tr0ub4dorZ",
            "password: hunter2222\n",
            "postgres://gitlab:abcdefgh@db.example.com/x",
            "{\"auths\":{\"r\":{\"auth\":\"dTpwYXNzd29yZA==\"}}}",
            "users:\n- user:\n    token: abcdefgh\n",
            "[default]\naws_secret_access_key = abcdefgh\n",
        ] {
            assert_eq!(shown(text), STANDARD.encode(text), "{text}");
        }
        for text in
            ["hello world of texts", "https://example.com/path", "10.0.0.1:8080 and more", "a sentence: with a colon"]
        {
            assert_eq!(shown(text), "", "{text}");
        }
        // letters of several bytes
        assert_eq!(shown("äöü: ß"), "");
        cuts("übergroße Schlüsselwörter: ééééééééééééééééé", &mut Vec::new());
        // names of objects and images
        for line in [
            "release-name-webservice-default",
            "registry.gitlab.com/gitlab-org/build/cng",
            "gitlabwebservicedefaultname",
        ] {
            let mut found = Vec::new();
            cuts(line, &mut found);
            assert!(found.is_empty(), "{line}");
        }
    }
}
