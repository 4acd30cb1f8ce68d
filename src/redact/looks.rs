//! Classifies values by what they look like.

use super::names::is_secret;

/// A scalar without quotes, tag, anchor and comment.
fn bare(value: &str) -> &str {
    let mut value = value.trim();
    while value.starts_with(['&', '!']) {
        value = value.split_once(' ').map_or("", |(_, rest)| rest.trim_start());
    }
    for quote in ['"', '\''] {
        if let Some((inner, _)) = value.strip_prefix(quote).and_then(|rest| rest.split_once(quote)) {
            return inner;
        }
    }
    value.split(" #").next().unwrap_or(value).trim_end_matches([',', '}', ']', ' '])
}

/// Whether a value reveals nothing: none, a boolean, the header of a block.
pub fn gives_nothing_away(value: &str) -> bool {
    let mut value = value.split(" #").next().unwrap_or(value).trim();
    while value.starts_with(['&', '!']) {
        value = value.split_once(' ').map_or("", |(_, rest)| rest.trim_start());
    }
    let block = value.strip_prefix(['|', '>']).is_some_and(|r| r.chars().all(|c| matches!(c, '+' | '-' | '0'..='9')));
    block
        || value.chars().all(|c| "{}[](),\"' ".contains(c))
        || value.starts_with('#')
        || matches!(
            value.trim_end_matches([',', '}', ']', ' ']),
            "" | "true"
                | "false"
                | "yes"
                | "no"
                | "on"
                | "off"
                | "null"
                | "~"
                | "{"
                | "["
                | "\"\""
                | "''"
                | "None"
                | "nil"
        )
}

/// Whether a value only names the source of a secret: a tag of a template, an environment variable, a file's path; or is a list of
/// such in brackets.
pub fn is_pointer(value: &str) -> bool {
    let value = bare(value);
    let inside = |open: &str, close: &str| value.strip_prefix(open).is_some_and(|rest| rest.ends_with(close));
    if let Some(items) = value.strip_prefix('[') {
        return items.trim_end_matches(']').split(',').all(is_pointer);
    }
    // A word in upper case stands for a value that a script inserts: SECRET_KEY
    let placeholder = is_variable(value) && value.contains('_') && !value.contains(|c: char| c.is_ascii_digit());
    placeholder
        || tags(value).is_some_and(|(tags, rest)| tags.into_iter().all(is_reference) && are_settings(&rest))
        || (["ENV[", "ENV.fetch(", "File.read(", "YAML.load", "Settings.", "file."]
            .iter()
            .any(|call| value.starts_with(call))
            && is_reference(value))
        || value.starts_with('*')
        || value.strip_prefix("$(").is_some_and(|rest| is_variable(rest.trim_end_matches(')')))
        || (inside("${", "}") && is_variable(&value[2..value.len() - 1]))
        || value.strip_prefix('$').is_some_and(is_variable)
        || is_path(value)
        || is_values_file(value)
}

/// Whether a value is the name of a file of values, as the keys of a Secret with values are called: `prod.yaml`.
fn is_values_file(value: &str) -> bool {
    let stem = [".yaml", ".yml", ".json"].iter().find_map(|end| value.strip_suffix(end));
    stem.is_some_and(|stem| !stem.is_empty() && stem.bytes().all(|b| b.is_ascii_lowercase() || b"-._".contains(&b)))
}

fn is_variable(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
}

fn is_path(value: &str) -> bool {
    value.strip_prefix('/').is_some_and(|rest| {
        rest.contains('/')
            && rest.starts_with(|c: char| c.is_ascii_lowercase())
            && rest
                .split('/')
                .all(|part| part.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c)) && !is_random(part))
    })
}

/// The contents of the tags `<% %>`, `{% %}` and `{{ }}` in a value, and the text around them; `None` where there are
/// no tags.
fn tags(value: &str) -> Option<(Vec<&str>, String)> {
    let (mut tags, mut around) = (Vec::new(), String::new());
    let mut rest = value.trim();
    loop {
        let next = [("<%", "%>"), ("{%", "%}"), ("{{", "}}")]
            .into_iter()
            .filter_map(|(open, close)| Some((rest.find(open)?, open, close)))
            .min();
        let Some((at, open, close)) = next else { break };
        around.push_str(&rest[..at]);
        let inner = &rest[at + open.len()..];
        // A value may end with its first line.
        let end = inner.find(close).unwrap_or(inner.len());
        tags.push(&inner[..end]);
        rest = inner.get(end + close.len()..).unwrap_or_default();
    }
    around.push_str(rest);
    (!tags.is_empty()).then_some((tags, around))
}

/// Whether the text around tags has no place for a secret: nothing but signs, or settings of which those with a
/// secret's name are empty, as in `dbname=x password='<%= ... %>'`.
fn are_settings(text: &str) -> bool {
    text.split(|c: char| c.is_whitespace() || ";&,".contains(c)).all(|word| match word.split_once('=') {
        _ if !word.contains(char::is_alphanumeric) => true,
        Some((name, value)) if name.len() > 2 && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_') => {
            !is_secret(name) || !value.contains(char::is_alphanumeric)
        }
        _ => false,
    })
}

/// Whether an expression refers to a value that is elsewhere: it consists of fields, variables and functions. A string
/// in it is a path, the name of a variable or of a template, and no other word is in it.
fn is_reference(expression: &str) -> bool {
    let mut rest = expression.trim_matches(['-', '=', ' ']);
    let mut before = "";
    while let Some(c) = rest.chars().next() {
        if let '"' | '\'' | '`' = c {
            let end = rest[1..].find(c).map_or(rest.len(), |n| n + 1);
            let text = &rest[1..end];
            let names = [
                "include", "template", "lookup", "index", "get", "dig", "tpl", "env", "secret", "printf", "key",
                "split", "join",
            ];
            let named = names.contains(&before) && could_be_a_name(text.trim_matches(['%', '/', '.']));
            // A regular expression may contain a quote, and a few signs are no secret.
            let few = text.chars().filter(|c| c.is_alphanumeric()).count() < 4;
            if !(few || is_variable(text) || is_path(text) || named) {
                return false;
            }
            rest = rest.get(end + 1..).unwrap_or_default();
            continue;
        }
        let is_word = |c: char| c.is_alphanumeric() || "_.$@?!".contains(c);
        let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
        if end == 0 {
            rest = &rest[c.len_utf8()..];
            continue;
        }
        let word = &rest[..end];
        let short = word.len() <= 2 || (word.bytes().all(|b| b.is_ascii_digit() || b == b'.') && word.len() <= 4);
        if !(short
            || word.starts_with(['.', '$', '@'])
            || word.split('.').all(|part| is_function(part) || part.is_empty()))
        {
            return false;
        }
        before = word;
        rest = &rest[end..];
    }
    true
}

/// Functions and methods that read, encode or convert a value, of Go's templates, gomplate, ERB and Jinja.
fn is_function(word: &str) -> bool {
    const FUNCTIONS: &[&str] = &[
        "ENV",
        "File",
        "JSON",
        "Settings",
        "YAML",
        "abort",
        "and",
        "b64dec",
        "b64enc",
        "base64",
        "chomp",
        "coalesce",
        "conv",
        "data",
        "datasource",
        "decode",
        "default",
        "dig",
        "do",
        "each",
        "else",
        "encode",
        "end",
        "env",
        "exist",
        "exists",
        "fail",
        "fetch",
        "file",
        "first",
        "force_encoding",
        "get",
        "getenv",
        "gsub",
        "if",
        "include",
        "indent",
        "index",
        "inspect",
        "join",
        "key",
        "last",
        "load",
        "load_file",
        "lookup",
        "lower",
        "map",
        "nil",
        "nindent",
        "not",
        "or",
        "parse",
        "password",
        "print",
        "printf",
        "println",
        "quote",
        "range",
        "read",
        "rescue",
        "regexp",
        "replace",
        "required",
        "sha256sum",
        "secret",
        "split",
        "squote",
        "strings",
        "strip",
        "sub",
        "substr",
        "template",
        "ternary",
        "then",
        "to_a",
        "to_h",
        "to_i",
        "to_json",
        "to_s",
        "to_sym",
        "toJson",
        "toString",
        "toYaml",
        "toYAML",
        "toJSON",
        "ToJSON",
        "tpl",
        "trim",
        "trimSuffix",
        "TrimSpace",
        "Read",
        "ReadFile",
        "unless",
        "upper",
        "urlquery",
        "vault",
        "with",
        "Exists",
    ];
    FUNCTIONS.contains(&word)
}

/// Methods of authentication, which are not secret.
pub fn is_method(value: &str) -> bool {
    const METHODS: [&str; 20] = [
        "start_tls",
        "starttls",
        "simple_tls",
        "tls",
        "ssl",
        "optional",
        "basic",
        "digest",
        "plain",
        "login",
        "cram_md5",
        "cram-md5",
        "none",
        "bearer",
        "oauth2",
        "ldap",
        "sasl",
        "ntlm",
        "kerberos",
        "required",
    ];
    METHODS.contains(&bare(value).to_ascii_lowercase().as_str())
}

/// Whether a value may be the name of a Secret, of a key in one, or of a label.
pub fn could_be_a_name(value: &str) -> bool {
    let name = bare(value);
    // `key: topology.kubernetes.io/zone` of a toleration or of an affinity.
    let name = match name.split_once('/') {
        Some((domain, label)) if is_lower_domain(domain) => label,
        _ => name,
    };
    !name.is_empty()
        && name.len() <= 253
        && name.starts_with(|c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '{' | '<'))
        && name.chars().all(|c| c.is_ascii_alphanumeric() || " ._-{}%<>=\"".contains(c))
        && !name.split(['.', '-', '_']).any(is_random)
}

/// Whether a string is a domain of several labels in lower case, as the prefix of a label's name is.
fn is_lower_domain(text: &str) -> bool {
    text.contains('.')
        && text.split('.').all(|part| {
            !part.is_empty()
                && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
                && !is_random(part)
        })
}

/// Whether a word looks random: it alternates between letters and digits several times.
pub fn is_random(word: &str) -> bool {
    if word.len() < 8 || !word.bytes().all(|b| b.is_ascii_alphanumeric() || b"+/=".contains(&b)) {
        return false;
    }
    let bytes = word.as_bytes();
    let changes = bytes.windows(2).filter(|w| w[0].is_ascii_digit() != w[1].is_ascii_digit()).count();
    let upper = bytes.iter().any(u8::is_ascii_uppercase);
    let lower = bytes.iter().any(u8::is_ascii_lowercase);
    match (upper, lower) {
        (true, true) => changes >= 2,
        _ => word.len() >= 16 && changes >= 4,
    }
}
