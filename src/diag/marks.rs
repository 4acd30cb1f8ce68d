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

/// Whether a string is visibly not filled in: it holds a mark of a template language that no chart evaluates, a word in
/// angle brackets, or a word such as `CHANGEME` or `your-bucket`. Scripts and configuration files, which have several
/// lines, may mean what they say.
pub fn is_unfilled(text: &str) -> bool {
    let text = text.trim();
    if text.lines().count() != 1 {
        return false;
    }
    let named = |rest: &str| rest.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    let in_braces = text.split("${").skip(1).any(|rest| named(rest) && rest.contains('}'));
    in_braces || text.contains("<%=") || has_variable(text) || has_word_in_brackets(text) || has_word_to_replace(text)
}

/// `<your domain>`, but neither a mail address nor markup.
fn has_word_in_brackets(text: &str) -> bool {
    let inner = text.split('<').skip(1).filter_map(|rest| rest.split_once('>')).map(|(inner, _)| inner);
    let is_word = |inner: &str| {
        inner.len() > 2
            && inner.starts_with(|c: char| c.is_ascii_alphabetic())
            && inner.chars().all(|c| c.is_ascii_alphanumeric() || " _-".contains(c))
    };
    !text.contains("</") && inner.into_iter().any(is_word)
}

/// Words that nobody means, without the characters between their parts.
const TO_REPLACE: [&str; 8] =
    ["changeme", "changethis", "fixme", "placeholder", "replaceme", "replacethis", "tobedone", "todo"];

fn has_word_to_replace(text: &str) -> bool {
    text.split(['.', '/', '@', ':', ' ', ',']).any(|part| {
        let plain: String = part.chars().filter(|c| c.is_ascii_alphanumeric()).collect::<String>().to_ascii_lowercase();
        let is_crossed = plain.len() > 2 && plain.bytes().all(|b| b == b'x');
        let starts = |start: &str| {
            part.len() > start.len() && part.get(..start.len()).is_some_and(|s| s.eq_ignore_ascii_case(start))
        };
        let is_yours = ["your-", "your_", "replace-with-", "replace_with_", "<your"].into_iter().any(starts);
        let is_your_domain = ["yourdomain", "yourcompany", "yourbucket"].contains(&plain.as_str());
        TO_REPLACE.contains(&plain.as_str()) || is_crossed || is_yours || is_your_domain
    })
}

/// Whether a string contains a shell variable: `$DOMAIN`.
fn has_variable(text: &str) -> bool {
    text.split('$').skip(1).any(|rest| {
        let name = rest.bytes().take_while(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || *b == b'_').count();
        name > 2 && rest.starts_with(|c: char| c.is_ascii_uppercase())
    })
}

#[cfg(test)]
mod tests {
    use super::is_unfilled;

    #[test]
    fn what_is_not_filled_in_is_told_from_what_is_meant() {
        for unfilled in [
            "${BUCKET}",
            "s3://${BUCKET}/x",
            "$DB_USER",
            "CHANGEME",
            "change-me",
            "<your-domain>",
            "https://<your domain>/",
            "REPLACE_ME",
            "xxx.example.com",
            "your-bucket",
            "YOUR_BUCKET",
            "admin@yourdomain.com",
            "<%= bucket %>",
            "TODO",
        ] {
            assert!(is_unfilled(unfilled), "{unfilled}");
        }
        for meant in [
            "gitlab.example.com",
            "GitLab <gitlab@example.com>",
            "$1",
            "$remote_addr",
            "$(POD_IP)",
            "postgresql-password",
            "100%",
            "a\nb ${C}\n",
            "<b>bold</b>",
            "exchange-mx",
            "todolist",
            "AWS_ACCESS_KEY_ID",
            "$5.00",
            "xx",
            "p@$$word",
        ] {
            assert!(!is_unfilled(meant), "{meant}");
        }
    }
}
