//! Secrets that are recognized by their form, regardless of their names.

use std::sync::OnceLock;

use regex::Regex;

use super::Cut;
use super::looks::{gives_nothing_away, is_random};
use super::names::{Above, NameMeaning, is_secret, meaning};

/// The parts of a line whose form is that of a secret, in order and without overlap.
pub fn cuts(line: &str) -> Vec<Cut> {
    let mut cuts = Vec::new();
    pem(line, &mut cuts);
    urls(line, &mut cuts);
    addresses(line, &mut cuts);
    // `npm_packages` is a word, a token contains digits.
    let digit = |c: char| c.is_ascii_digit();
    if line.contains(digit) {
        for shape in SHAPES.iter().filter(|shape| shape.signs.iter().any(|sign| line.contains(sign))) {
            shape.secrets(line, |secret| secret.contains(digit), &mut cuts);
        }
        long_words(line, &mut cuts);
    }
    if AUTHENTICATION.signs.iter().any(|sign| line.contains(sign)) {
        AUTHENTICATION.secrets(line, |secret| secret.contains(|c: char| c.is_ascii_digit() || c == '='), &mut cuts);
    }
    for shape in SETTINGS.iter().filter(|shape| shape.signs.iter().any(|sign| line.contains(sign))) {
        shape.secrets(line, |secret| !gives_nothing_away(secret), &mut cuts);
    }
    defaults(line, &mut cuts);
    super::encoded::cuts(line, &mut cuts);
    merged(cuts)
}

/// Sorts ranges and joins those that overlap.
pub fn merged(mut cuts: Vec<Cut>) -> Vec<Cut> {
    cuts.retain(|(start, end)| start < end);
    cuts.sort_unstable();
    let mut out: Vec<Cut> = Vec::new();
    for (start, end) in cuts {
        match out.last_mut() {
            Some(last) if start < last.1 => last.1 = last.1.max(end),
            _ => out.push((start, end)),
        }
    }
    out
}

/// A kind of secret that a pattern recognizes.
struct Shape {
    /// Every match of the pattern contains one of these strings: searching for them is faster, and most patterns never
    /// have to be compiled.
    signs: &'static [&'static str],
    /// The first group of the pattern is the secret.
    pattern: &'static str,
    regex: OnceLock<Option<Regex>>,
}

impl Shape {
    const fn new(signs: &'static [&'static str], pattern: &'static str) -> Self {
        Shape { signs, pattern, regex: OnceLock::new() }
    }

    /// The patterns are constant, and a test compiles them all.
    fn regex(&self) -> Option<&Regex> {
        self.regex.get_or_init(|| Regex::new(self.pattern).ok()).as_ref()
    }

    /// Adds secrets that are recognized by heuristics.
    fn secrets(&self, line: &str, likely: impl Fn(&str) -> bool, cuts: &mut Vec<Cut>) {
        let found = self.regex().into_iter().flat_map(|regex| regex.captures_iter(line));
        let secrets = found.filter_map(|found| found.get(1)).filter(|secret| likely(secret.as_str()));
        cuts.extend(secrets.map(|secret| (secret.start(), secret.end())));
    }
}

static SHAPES: [Shape; 17] = [
    // GitLab
    Shape::new(
        &["gl", "GR1348941"],
        r"(?-u:\b)(?:gl(?:pat|ptt|rtr?|dt|cbt|agent|oas|ft|imt|soat|ffct|wt)-|GR1348941)([A-Za-z0-9_.-]{8,})",
    ),
    // code hosts, registries and chats
    Shape::new(
        &["gh", "github_pat_", "npm_", "pypi-", "dckr_", "xox", "xapp-", "hf_", "ATATT", "ATBB", "lin_api_", "glsa_"],
        r"(?-u:\b)(?:gh[pousr]_|github_pat_|npm_|pypi-|dckr_(?:pat|oat)_|xox[a-z]-|xapp-|hf_|ATATT|ATBB|lin_api_|glsa_)([A-Za-z0-9_.=-]{8,})",
    ),
    // clouds
    Shape::new(
        &["AKIA", "ASIA", "AROA", "AIDA", "ABIA", "ACCA"],
        r"(?-u:\b)(?:AKIA|ASIA|AROA|AIDA|ABIA|ACCA)([A-Za-z0-9/+=]{8,})",
    ),
    Shape::new(
        &[
            "AIza",
            "ya29.",
            "GOCSPX-",
            "_v1_",
            "hv",
            "tskey-",
            "NRAK-",
            "SG.",
            "sk-",
            "k_live_",
            "k_test_",
            "shp",
            "PMAK-",
            "age-secret-key-1",
            "AGE-SECRET-KEY-1",
            "rubygems_",
            "sntry",
            "sq0",
            "figd_",
            "whsec_",
            "pul-",
            "LTAI",
            "EAACEdEose0cBA",
        ],
        r"(?-u:\b)(?:rubygems_|sntry[su]_|sq0(?:csp|atp)-|figd_|whsec_|pul-|LTAI|EAACEdEose0cBA|AIza|ya29\.|GOCSPX-|do[opr]_v1_|hv[sbr]\.|tskey-|NRAK-|SG\.|sk-|[srp]k_(?:live|test)_|shp(?:at|ss|ca|pa)_|PMAK-|age-secret-key-1|AGE-SECRET-KEY-1)([A-Za-z0-9_./+=-]{8,})",
    ),
    // JSON Web Tokens
    Shape::new(&["eyJ"], r"(?-u:\b)eyJ([A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*)*)"),
    // PEM in base64
    Shape::new(&["LS0tLS1CRUdJTi"], r"LS0tLS1CRUdJTi([A-Za-z0-9+/=]+)"),
    // hashes of passwords
    Shape::new(&["$"], r"(\$(?:2[abxy]|apr1|[156y]|argon2[a-z]*)\$[A-Za-z0-9./$,=+_-]{8,})"),
    // passwords in files of LDAP and HTTP servers
    Shape::new(
        &["}"],
        r"\{(?:S?SHA(?:256|512)?|S?MD5|CRYPT|PLAIN|CLEARTEXT|ARGON2|PBKDF2[A-Z0-9-]*)\}([^ \t\x22'`,}]{4,})",
    ),
    // the cookie of a session
    Shape::new(&["_session"], r"(?-u:\b)[a-z_]*_session=([A-Za-z0-9%._+/=-]{8,})"),
    // webhooks
    Shape::new(
        &["://"],
        r"://(?:[0-9A-Za-z_.-]*hooks?\.[0-9A-Za-z_.-]+|chat\.googleapis\.com)/(?:services|workflows|triggers|hooks|v1/spaces|catch|incoming)/([^ \t\x22'`<>]+)",
    ),
    Shape::new(
        &["discord"],
        r"://[^ \t/\x22']*(?:discord|discordapp)\.com/api/(?:v[0-9]+/)?webhooks/([^ \t\x22'`<>]+)",
    ),
    Shape::new(
        &["office", "logic.azure.com", "powerplatform.com"],
        r"://[^ \t/\x22']*(?:office\.com|office365\.com|logic\.azure\.com|powerplatform\.com)(?::[0-9]+)?/(?:webhookb?2?|workflows)/([^ \t\x22'`<>]+)",
    ),
    Shape::new(&["api.telegram.org/bot"], r"://api\.telegram\.org/bot([^ \t/\x22'`<>]+)"),
    // Mattermost, Rocket.Chat, Feishu, Webex and their like
    Shape::new(
        &["hook", "/integration/", "/with/key/"],
        r"://[^ \t\x22']+/(?:hooks?|webhooks/incoming|bot/v2/hook|integration|with/key)/([A-Za-z0-9_/-]{8,})",
    ),
    // a line of .netrc
    Shape::new(&["login"], r"(?-u:\b)login[ \t]+[^ \t]+[ \t]+password[ \t]+[\x22']?([^ \t\x22'$]+)"),
    Shape::new(&["password"], r"^[ \t+-]*password[ \t]+[\x22']?([^ \t\x22'$:=]{4,})[\x22']?[ \t]*$"),
    Shape::new(
        &["dentified", "IDENTIFIED", "assword", "PASSWORD"],
        r"(?-u:\b)(?:[Ii]dentified[ \t]+by|IDENTIFIED[ \t]+BY|[Pp]assword|PASSWORD)[ \t]+[\x22']([^\x22'$]+)[\x22']",
    ),
];

/// Lines of configuration files in which a word and a blank precede the secret, with digits or without.
static SETTINGS: [Shape; 4] = [
    // redis.conf and its Sentinel
    Shape::new(
        &["requirepass", "masterauth", "auth-pass", "sentinel-pass"],
        r"^[ \t+-]*(?:requirepass|masterauth|sentinel-pass|sentinel[ \t]+(?:auth-pass[ \t]+[^ \t]+|sentinel-pass))[ \t]+[\x22']?([^ \t\x22'$]+)",
    ),
    // the users of Redis: `user default on >SECRET ~* +@all`
    Shape::new(&["user "], r"(?-u:\b)user[ \t]+[^ \t]+[ \t](?:[^>]*[ \t])?[>#]([^ \t>]{4,})"),
    // the users of PgBouncer
    Shape::new(&["\""], r"^[ \t+-]*\x22[A-Za-z0-9_.@-]+\x22[ \t]+\x22([^\x22$ ]{6,})\x22[ \t]*$"),
    Shape::new(&["SCRAM-SHA-"], r"SCRAM-SHA-(?:1|256|512)\$([^ \t\x22']+)"),
];

/// A variable with a value to take in its absence: `getenv "DB_PASSWORD" "SECRET"`, `${DB_PASSWORD:-SECRET}`.
static DEFAULTS: [Shape; 2] = [
    Shape::new(
        &["env", "ENV"],
        r"(?:getenv|ENV\.fetch|getEnv|env)[( \t]*[\x22'`](?P<name>[A-Za-z0-9_]+)[\x22'`][ \t]*,?[ \t]*[\x22'`](?P<value>[^\x22'`]+)[\x22'`]",
    ),
    Shape::new(&["${"], r"\$\{(?P<name>[A-Za-z0-9_]+):?[-=](?P<value>[^}$]+)\}"),
];

/// The value that a variable with a secret's name has in its absence.
fn defaults(line: &str, cuts: &mut Vec<Cut>) {
    for shape in DEFAULTS.iter().filter(|shape| shape.signs.iter().any(|sign| line.contains(sign))) {
        for found in shape.regex().into_iter().flat_map(|regex| regex.captures_iter(line)) {
            let (Some(name), Some(value)) = (found.name("name"), found.name("value")) else { continue };
            // A folder with secrets is none itself.
            if !value.as_str().starts_with('/') && Above::default().hides(name.as_str(), value.as_str()) {
                cuts.push((value.start(), value.end()));
            }
        }
    }
}

/// `Basic dXNlcjpwYXNz`; the words alone occur in prose.
static AUTHENTICATION: Shape = Shape::new(
    &["asic", "BASIC", "earer", "BEARER", "egotiate"],
    r"(?-u:\b)(?:[Bb]asic|[Bb]earer|BASIC|BEARER|[Nn]egotiate)[ \t]+([A-Za-z0-9._~+/=-]{8,})",
);

/// Long words that alternate several times between upper case, lower case and digits.
fn long_words(line: &str, cuts: &mut Vec<Cut>) {
    let in_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/');
    let mut at = 0;
    while let Some(start) = line[at..].find(in_word).map(|n| at + n) {
        let end = line[start..].find(|c| !in_word(c)).map_or(line.len(), |n| start + n);
        at = end;
        if end - start < 20 {
            continue;
        }
        let end = end + line[end..].bytes().take(2).take_while(|b| *b == b'=').count();
        at = end;
        let word = &line[start..end];
        let changes = word.as_bytes().windows(2).filter(|w| w[0].is_ascii_digit() != w[1].is_ascii_digit()).count();
        let (upper, lower) =
            (word.contains(|c: char| c.is_ascii_uppercase()), word.contains(|c: char| c.is_ascii_lowercase()));
        if upper && lower && changes >= 4 {
            cuts.push((start, end));
        }
    }
}

/// The content of a PEM block that is written in one line.
fn pem(line: &str, cuts: &mut Vec<Cut>) {
    for (begin, _) in line.match_indices("-----BEGIN ") {
        let label = begin + "-----BEGIN ".len();
        let from = line[label..].find("-----").map_or(label, |n| label + n + 5);
        let to = line[from..].find("-----END").map_or(line.len(), |n| from + n);
        cuts.push((from, to));
    }
}

/// The password in `user:password@tcp(host:port)/database`, as programs in Go write an address, and in
/// `user:password@host.example.com` without a scheme.
fn addresses(line: &str, cuts: &mut Vec<Cut>) {
    for (at, _) in line.match_indices('@') {
        let ends = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '=' | '`' | ',');
        let login = line[..at].rsplit(ends).next().unwrap_or_default();
        let rest = &line[at + 1..];
        let host =
            rest.split(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '.' | '-')).next().unwrap_or_default();
        let go = rest.starts_with("tcp(") || rest.starts_with("unix(");
        let Some((user, password)) = login.split_once(':') else { continue };
        let scheme = matches!(user, "mailto" | "sip" | "sips" | "acct" | "xmpp" | "npm");
        let known =
            host.trim_matches('.').contains('.') && !scheme && !user.is_empty() && !login.contains(['/', '%', '{']);
        if go || (known && !password.is_empty() && !gives_nothing_away(password)) {
            cuts.push((at - password.len(), at));
        }
    }
}

/// Credentials in URLs: before the host, and in the query.
fn urls(line: &str, cuts: &mut Vec<Cut>) {
    for (sign, _) in line.match_indices("://") {
        let start = sign + 3;
        let end = line[start..]
            .find(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`' | '<' | '>' | '|'))
            .map_or(line.len(), |n| start + n);
        let scheme = line[..sign].rsplit(|c: char| !c.is_ascii_alphanumeric() && c != '+').next().unwrap_or_default();
        if let Some(at) = end_of_userinfo(&line[start..end], scheme).map(|n| start + n) {
            userinfo(line, scheme, start, at, cuts);
        }
        query(line, start, end, cuts);
    }
}

/// The position of the `@` before the host. A password may contain a slash, though it should be escaped.
fn end_of_userinfo(url: &str, scheme: &str) -> Option<usize> {
    let slash = url.find(['/', '?', '#']).unwrap_or(url.len());
    let last = url.rfind('@')?;
    let first = &url[..slash];
    let port = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let with_password = first.split_once(':').is_some_and(|(_, rest)| !port(rest) || !scheme.starts_with("http"));
    // An `@` in the query belongs to an address there.
    let query = url.find('?').unwrap_or(url.len());
    match with_password {
        true if last < query || first.rfind('@').is_none() => Some(last),
        _ => first.rfind('@'),
    }
}

fn userinfo(line: &str, scheme: &str, start: usize, at: usize, cuts: &mut Vec<Cut>) {
    let info = &line[start..at];
    let is_word = |user: &str| {
        user.len() <= 32
            && user.starts_with(|c: char| c.is_ascii_lowercase())
            && user.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-".contains(c))
            && !is_random(user)
    };
    match info.split_once(':') {
        // ssh://git@host
        None if scheme.ends_with("ssh") || (is_word(info) && !info.contains(|c: char| c.is_ascii_digit())) => {}
        None => cuts.push((start, at)),
        // A token in the place of the user, and a word that marks it as one.
        Some((_, "" | "x-oauth-basic" | "x")) => cuts.push((start, at)),
        Some((user, _)) if user.is_empty() || is_word(user) => cuts.push((start + user.len() + 1, at)),
        Some(_) => cuts.push((start, at)),
    }
}

fn query(line: &str, start: usize, end: usize, cuts: &mut Vec<Cut>) {
    let Some(from) = line[start..end].find('?').map(|n| start + n + 1) else { return };
    let mut at = from;
    for pair in line[from..end].split(['&', ';']) {
        if let Some((name, value)) = pair.split_once('=') {
            let short = name.rsplit("%5B").next().unwrap_or(name);
            let hides =
                is_secret(short) || meaning(short) == NameMeaning::Reference || Above::default().hides(short, value);
            if hides && !value.is_empty() {
                cuts.push((at + name.len() + 1, at + pair.len()));
            }
        }
        at += pair.len() + 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_compiles() {
        assert!(SHAPES.iter().chain(&SETTINGS).chain(&DEFAULTS).all(|shape| shape.regex().is_some()));
        assert!(AUTHENTICATION.regex().is_some());
    }
}
