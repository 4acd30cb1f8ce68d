//! Classifies values by the names of their settings.

use std::borrow::Cow;

use super::looks::{could_be_a_name, gives_nothing_away, is_method, is_pointer};

/// The class of the value under a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameMeaning {
    /// Nothing that has to be hidden.
    Plain,
    /// A secret, or a map or list of secrets.
    Secret,
    /// A secret where it is a scalar; a map of this name is harmless: `auth`, `pin`.
    Weak,
    /// The name of a Secret or of a key in one: `secret: my-secret`, `key: password`.
    Reference,
    /// HTTP headers, which often authenticate.
    Headers,
    /// Options of another program, where `secret` does not name a Kubernetes Secret.
    Options,
}

/// The class that the keys above a key give it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Above {
    secret: bool,
    headers: bool,
    options: bool,
    /// Within the map that refers to a Secret: `secret: {name: my-secret, key: password}`.
    reference: bool,
}

impl Above {
    /// The context of a key's children.
    pub fn below(self, key: &str) -> Self {
        let meaning = meaning(key);
        Above {
            secret: self.secret || meaning == NameMeaning::Secret,
            headers: meaning == NameMeaning::Headers || (self.headers && !is_harmless_header(key)),
            options: self.options || meaning == NameMeaning::Options,
            reference: meaning == NameMeaning::Reference,
        }
    }

    /// The same where everything below a key is secret, regardless of the key.
    pub fn all_secret(self) -> Self {
        Above { secret: true, ..self }
    }

    /// Whether all items of a list, which have no key, are hidden.
    pub fn hides_items(self) -> bool {
        self.secret || self.headers
    }

    /// Whether an item of a list is hidden; those of `keys` are hidden that cannot be the names of keys.
    pub fn hides_item(self, item: &str) -> bool {
        self.hides_items() || (self.reference && !could_be_a_name(item) && !gives_nothing_away(item))
    }

    /// Whether the value of a key is hidden.
    pub fn hides(self, key: &str, value: &str) -> bool {
        if gives_nothing_away(value) {
            return false;
        }
        match meaning(key) {
            NameMeaning::Secret => !is_pointer(value),
            NameMeaning::Reference => (self.options || !could_be_a_name(value)) && !is_pointer(value),
            NameMeaning::Weak => !is_pointer(value) && !is_method(value),
            NameMeaning::Plain if self.reference && key == "name" => !could_be_a_name(value),
            NameMeaning::Plain if self.secret => !is_pointer(value) && !stands_beside_secrets(key),
            NameMeaning::Plain if self.headers => !is_pointer(value) && !is_harmless_header(key),
            NameMeaning::Plain | NameMeaning::Headers | NameMeaning::Options => false,
        }
    }
}

/// Whether the value of this name is probably secret. The name may be a path.
pub fn is_secret(name: &str) -> bool {
    let (above, last) = at_the_end(name);
    matches!(meaning(last), NameMeaning::Secret | NameMeaning::Weak)
        || (above.secret && meaning(last) == NameMeaning::Plain && !stands_beside_secrets(last))
}

/// The last key of a path, and the context that the keys before it give.
pub fn at_the_end(path: &str) -> (Above, &str) {
    let mut above = Above::default();
    if path.starts_with("checksum/") {
        return (above, path);
    }
    let mut last = "";
    for segment in path.split(['.', '/']) {
        if !last.is_empty() {
            above = above.below(last);
        }
        last = segment.split('[').next().unwrap_or(segment);
    }
    // `tls.key` and `id_rsa.pem` are names of files that contain a key.
    let dotted =
        matches!(last, "key" | "pem") && path.contains(['.', '/']) && !path.contains("password") && !above.secret;
    if dotted && path.matches('.').count() == 1 {
        return (above, path);
    }
    (above, last)
}

/// The class of a key's value.
pub fn meaning(segment: &str) -> NameMeaning {
    const ANYWHERE: [&str; 37] = [
        "password",
        "passwd",
        "passphr",
        "secret",
        "token",
        "credential",
        "privatekey",
        "apikey",
        "accesskey",
        "accountkey",
        "encryptionkey",
        "signingkey",
        "masterkey",
        "sharedkey",
        "connectionstring",
        "dockerconfig",
        "authorization",
        "bearer",
        "passcode",
        "requirepass",
        "masterauth",
        "webhookurl",
        "htpasswd",
        "authkey",
        "kubeconfig",
        "unsealkey",
        "dockercfg",
        "kennwort",
        "motdepasse",
        "contrase",
        "пароль",
        "密码",
        "pincode",
        "mnemonic",
        "privatemac",
        "seedphrase",
        "activationcode",
    ];
    const AS_A_WORD: [&str; 20] = [
        "key",
        "keys",
        "pwd",
        "pw",
        "pass",
        "pem",
        "dsn",
        "otp",
        "salt",
        "cookie",
        "creds",
        "cred",
        "jwt",
        "pat",
        "psk",
        "passphrase",
        "pfx",
        "hmac",
        "pswd",
        "senha",
    ];
    const WEAK: [&str; 5] = ["auth", "pin", "sig", "signature", "auths"];
    /// Words that end like an abbreviation of a password: `bindpw`, `dbpass`.
    const OTHERS: [&str; 7] = ["bypass", "compass", "encompass", "surpass", "trespass", "underpass", "overpass"];
    let abbreviates =
        |word: &str| ["pw", "pwd", "pass"].iter().any(|end| word.ends_with(end)) && !OTHERS.contains(&word);
    /// Suffixes for properties of a secret: its name, its location, whether it exists, its lifetime. None of them is
    /// the secret.
    const ABOUT_ONE: [&str; 61] = [
        "name",
        "names",
        "path",
        "file",
        "files",
        "enabled",
        "disabled",
        "expiry",
        "expiration",
        "expires",
        "length",
        "class",
        "issuer",
        "service",
        "realm",
        "ttl",
        "timeout",
        "in",
        "prefix",
        "suffix",
        "second",
        "seconds",
        "minute",
        "minutes",
        "hour",
        "hours",
        "day",
        "days",
        "lifetime",
        "duration",
        "url",
        "uri",
        "endpoint",
        "type",
        "types",
        "count",
        "policy",
        "audience",
        "ref",
        "refs",
        "mount",
        "mounts",
        "version",
        "algorithm",
        "algorithms",
        "mode",
        "format",
        "dir",
        "directory",
        "size",
        "required",
        "bits",
        "rotation",
        "host",
        "port",
        "address",
        "digits",
        "min",
        "max",
        "limit",
        "domain",
    ];
    const NOT_ONE: [&str; 5] = ["shared-secrets", "sharedSecrets", "topologyKey", "issuerRef", "unknownKeys"];
    /// Maps and lists about Secrets, whose entries are names.
    const OF_NAMES: [&str; 6] =
        ["imagepullsecrets", "pullsecrets", "secretkeyref", "configmapkeyref", "secretref", "serviceaccounttoken"];
    const OPTIONS: [&str; 3] = ["args", "clientoptions", "options"];
    // An annotation with the digest of a Secret.
    if segment.is_empty() || segment.starts_with("checksum/") || NOT_ONE.contains(&segment) {
        return NameMeaning::Plain;
    }
    let words = words(segment);
    let joined = words.concat();
    let last = words.last().map(String::as_str).unwrap_or_default();
    if OF_NAMES.contains(&joined.as_str()) {
        return NameMeaning::Plain;
    }
    if OPTIONS.contains(&joined.as_str()) {
        return NameMeaning::Options;
    }
    if last == "headers" {
        return NameMeaning::Headers;
    }
    if refers(&words, &joined) {
        return NameMeaning::Reference;
    }
    let named = ANYWHERE.iter().any(|w| joined.contains(w))
        || words.iter().any(|w| AS_A_WORD.contains(&w.as_str()))
        || last == "private"
        || words.iter().any(|word| abbreviates(word))
        || words.iter().any(|word| is_misspelt(word))
        || is_misspelt(&joined);
    // `max_tokens` counts them.
    let counts = last == "tokens" && words.iter().any(|word| matches!(word.as_str(), "max" | "min" | "num"));
    if named {
        return if counts || ABOUT_ONE.contains(&last) { NameMeaning::Plain } else { NameMeaning::Secret };
    }
    // `encrypt` is Consul's name for the key of its gossip.
    if WEAK.contains(&last) || joined == "encrypt" {
        return NameMeaning::Weak;
    }
    NameMeaning::Plain
}

/// `secret`, `key`, `existingSecret`, `tlsSecret`, `passwordKey`, `auth-secret`.
fn refers(words: &[String], joined: &str) -> bool {
    const OF_SECRETS: [&str; 18] = [
        "existing",
        "pull",
        "tls",
        "cert",
        "ca",
        "certificate",
        "certificates",
        "credentials",
        "password",
        "rails",
        "config",
        "connection",
        "hostkeys",
        "storage",
        "registry",
        "name",
        "auth",
        "license",
    ];
    const OF_KEYS: [&str; 6] = ["password", "secret", "token", "username", "user", "config"];
    if matches!(joined, "secret" | "key" | "keys" | "existingsecret" | "keyname" | "secretname" | "casecret") {
        return true;
    }
    match words {
        [before @ .., last] if last == "secret" => {
            before.last().is_some_and(|word| OF_SECRETS.contains(&word.as_str()))
        }
        // MinIO and S3 call a secret `secretKey` too.
        [before @ .., last] if last == "key" => {
            before.len() > 1 && before.last().is_some_and(|word| OF_KEYS.contains(&word.as_str()))
                || matches!(joined, "passwordkey" | "usernamekey" | "configkey" | "adminkey")
        }
        _ => false,
    }
}

/// Whether a word is a misspelling, by one or two letters, of one that names secrets.
fn is_misspelt(word: &str) -> bool {
    const SHORT: [&str; 4] = ["secret", "token", "apikey", "passwd"];
    const LONG: [&str; 6] = ["password", "passphrase", "credential", "credentials", "accesskey", "privatekey"];
    /// Other words that resemble them.
    const OTHERS: [&str; 5] = ["taken", "tokio", "secrecy", "secure", "passwordless"];
    if word.len() < 4 || word.len() > 14 || OTHERS.contains(&word) {
        return false;
    }
    let near = |known: &str, slips| {
        word.len().abs_diff(known.len()) <= slips
            && letters(word, known) <= slips
            && strsim::damerau_levenshtein(word, known) <= slips
    };
    SHORT.iter().any(|known| near(known, 1)) || LONG.iter().any(|known| near(known, 2))
}

/// How many letters of one word the other lacks: a lower bound of the edit distance that costs a fraction of computing
/// it.
fn letters(one: &str, two: &str) -> usize {
    let mut counts = [0_i8; 32];
    one.chars().for_each(|c| counts[c as usize % 32] += 1);
    two.chars().for_each(|c| counts[c as usize % 32] -= 1);
    let sum = |sign: i8| counts.iter().map(|count| usize::from((count * sign).max(0).unsigned_abs())).sum::<usize>();
    sum(1).max(sum(-1))
}

/// `rootPassword`, `root_password` and `ROOT-PASSWORD` are the same two words.
fn words(segment: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut previous_lower = false;
    let mut new = true;
    for c in segment.chars() {
        if !c.is_alphanumeric() {
            new = true;
            continue;
        }
        if new || (c.is_uppercase() && previous_lower) {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut() {
            word.extend(c.to_lowercase());
        }
        previous_lower = !c.is_uppercase();
        new = false;
    }
    words
}

/// Whether a key is `value`, as an environment variable or a header has it, or a misspelling of it.
pub fn is_value(key: &str) -> bool {
    key == "value" || (key.len() >= 4 && strsim::damerau_levenshtein(key, "value") <= 1)
}

/// Keys beside a secret in its map that are not secret.
fn stands_beside_secrets(key: &str) -> bool {
    const BESIDE: [&str; 32] = [
        "name",
        "namespace",
        "enabled",
        "create",
        "generate",
        "install",
        "file",
        "path",
        "host",
        "hostname",
        "domain",
        "port",
        "type",
        "kind",
        "url",
        "uri",
        "length",
        "items",
        "mode",
        "defaultmode",
        "optional",
        "usesecret",
        "audience",
        "provider",
        "region",
        "bucket",
        "endpoint",
        "realm",
        "service",
        "issuer",
        "rootcertbundle",
        "autoredirect",
    ];
    let words = words(key);
    BESIDE.contains(&words.concat().as_str())
        || words
            .last()
            .is_some_and(|word| matches!(word.as_str(), "name" | "file" | "path" | "enabled" | "seconds" | "mode"))
}

/// Headers that describe a message and do not authenticate its sender.
fn is_harmless_header(key: &str) -> bool {
    const HARMLESS: [&str; 25] = [
        "accept",
        "acceptencoding",
        "acceptlanguage",
        "cachecontrol",
        "connection",
        "contentencoding",
        "contentlength",
        "contenttype",
        "host",
        "location",
        "origin",
        "referer",
        "server",
        "useragent",
        "vary",
        "via",
        "name",
        "value",
        "enabled",
        "xcontenttypeoptions",
        "xframeoptions",
        "xxssprotection",
        "stricttransportsecurity",
        "contentsecuritypolicy",
        "referrerpolicy",
    ];
    let joined = words(key).concat();
    HARMLESS.contains(&joined.as_str()) || joined.starts_with("xforwarded") || joined.starts_with("accesscontrol")
}

/// The key that a hint suggests instead of the written one.
pub fn suggested(hint: &str) -> Option<Cow<'_, str>> {
    let (_, rest) = hint.split_once("did you mean `")?;
    rest.split('`').next().map(Cow::Borrowed)
}
