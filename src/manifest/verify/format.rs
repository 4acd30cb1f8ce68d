//! The formats of strings in Kubernetes; each function returns the reason why a string does not conform.

use std::net::IpAddr;

use serde_json::Value;

/// The result of a format check: the error is the reason.
pub type FormatCheck = Result<(), String>;

/// A string that is short enough to be shown.
pub fn shown(text: &str) -> String {
    let mut short: String = text.chars().take(60).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    format!("`{}`", short.replace('`', "'"))
}

/// The candidate that a misspelt word probably means.
pub fn nearest<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    let scored = candidates.map(|name| (strsim::jaro_winkler(&word, &name.to_lowercase()), name));
    let (score, name) = scored.max_by(|a, b| a.0.total_cmp(&b.0))?;
    (score > 0.85).then_some(name)
}

/// The type of a value in words, for a sentence.
pub fn sort_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "`true` or `false`",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "a map",
    }
}

/// An integer, also one that the values hold as `3.0`.
pub fn whole(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_f64().filter(|f| f.fract() == 0.0 && f.abs() < 1e15).map(|f| f as i64))
}

fn lower(b: u8) -> bool {
    b.is_ascii_lowercase() || b.is_ascii_digit()
}

/// Lower-case letters, digits and dashes, up to 63: a part of a host name.
pub fn label_name(text: &str) -> FormatCheck {
    let bytes = text.as_bytes();
    let ends = bytes.first().is_some_and(|b| lower(*b)) && bytes.last().is_some_and(|b| lower(*b));
    if bytes.len() > 63 {
        return Err(format!("{} is longer than 63 characters", shown(text)));
    }
    if !ends || !bytes.iter().all(|b| lower(*b) || *b == b'-') {
        return Err(format!(
            "{} is not a name of lower-case letters, digits and `-`, with a letter or digit at both ends",
            shown(text)
        ));
    }
    Ok(())
}

/// A [`label_name`] that begins with a letter.
pub fn service_name(text: &str) -> FormatCheck {
    label_name(text)?;
    if text.as_bytes()[0].is_ascii_digit() {
        return Err(format!("{} begins with a digit, a Service's name with a letter", shown(text)));
    }
    Ok(())
}

/// Labels as in [`label_name`] joined by dots, up to 253 characters.
pub fn subdomain(text: &str) -> FormatCheck {
    if text.len() > 253 {
        return Err(format!("{} is longer than 253 characters", shown(text)));
    }
    let part = |bytes: &[u8]| {
        bytes.first().is_some_and(|b| lower(*b))
            && bytes.last().is_some_and(|b| lower(*b))
            && bytes.iter().all(|b| lower(*b) || *b == b'-')
    };
    if !text.as_bytes().split(|b| *b == b'.').all(part) {
        return Err(format!(
            "{} is not a name of lower-case letters, digits, `-` and `.`, with a letter or digit at both ends",
            shown(text)
        ));
    }
    Ok(())
}

/// The name of an object that is mounted: letters, digits, `-`, `_` and `.`, up to 253 characters.
pub fn mounted_name(text: &str) -> FormatCheck {
    let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    if (1..=253).contains(&text.len()) && text.bytes().all(fits) { Ok(()) } else { subdomain(text) }
}

/// The name of an image pull Secret; the empty string means none.
pub fn pull_secret(text: &str) -> FormatCheck {
    if text.is_empty() { Ok(()) } else { mounted_name(text) }
}

/// The name of a class; the empty string means none.
pub fn class(text: &str) -> FormatCheck {
    if text.is_empty() { Ok(()) } else { subdomain(text) }
}

/// A name as part of a path: anything but `/`, `%`, `.` and `..`.
pub fn path_name(text: &str) -> FormatCheck {
    if text.is_empty() || text == "." || text == ".." || text.contains(['/', '%']) {
        return Err(format!("{} cannot be a part of a path", shown(text)));
    }
    Ok(())
}

fn word(text: &str, longest: usize) -> bool {
    let bytes = text.as_bytes();
    bytes.len() <= longest
        && bytes.first().is_some_and(u8::is_ascii_alphanumeric)
        && bytes.last().is_some_and(u8::is_ascii_alphanumeric)
        && bytes.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

/// The key of a label or annotation: `[prefix/]name`.
pub fn qualified_name(text: &str) -> FormatCheck {
    let name = match text.split_once('/') {
        Some((prefix, name)) => {
            subdomain(prefix).map_err(|reason| format!("before the `/`, {reason}"))?;
            name
        }
        None => text,
    };
    if word(name, 63) {
        return Ok(());
    }
    Err(format!(
        "{} is not a key: up to 63 letters, digits, `-`, `_` and `.`, with a letter or digit at both ends",
        shown(text)
    ))
}

/// A resource that a container can request: one of Kubernetes' own, or one with a prefix.
pub fn resource_name(text: &str) -> FormatCheck {
    let own = matches!(text, "cpu" | "memory" | "ephemeral-storage" | "storage") || text.starts_with("hugepages-");
    match text.contains('/') {
        true => qualified_name(text),
        false if own => Ok(()),
        false => Err(format!(
            "{} is not a resource of Kubernetes itself, and other resources need a prefix: `example.com/gpu`",
            shown(text)
        )),
    }
}

/// A path after a domain: `k8s.io/ingress-nginx`.
pub fn domain_path(text: &str) -> FormatCheck {
    let good = text.split_once('/').is_some_and(|(domain, path)| subdomain(domain).is_ok() && !path.is_empty());
    if good {
        Ok(())
    } else {
        Err(format!("{} is not a path behind a domain, like `example.com/controller`", shown(text)))
    }
}

/// The value of a label.
pub fn label_value(text: &str) -> FormatCheck {
    if text.is_empty() || word(text, 63) {
        return Ok(());
    }
    Err(format!(
        "{} is not a label's value: up to 63 letters, digits, `-`, `_` and `.`, with a letter or digit at both ends",
        shown(text)
    ))
}

/// The key of a ConfigMap or Secret.
pub fn config_key(text: &str) -> FormatCheck {
    let good = !text.is_empty()
        && text.len() <= 253
        && text != "."
        && !text.starts_with("..")
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
    if good { Ok(()) } else { Err(format!("{} is not a key of letters, digits, `-`, `_` and `.`", shown(text))) }
}

/// The name of an environment variable: printable ASCII without `=`.
pub fn env_name(text: &str) -> FormatCheck {
    if !text.is_empty() && text.bytes().all(|b| matches!(b, b' '..=b'~') && b != b'=') {
        return Ok(());
    }
    Err(format!("{} is not a name for an environment variable", shown(text)))
}

/// The name of a port: a service name of RFC 6335, up to 15 characters.
pub fn port_name(text: &str) -> FormatCheck {
    let good = label_name(text).is_ok()
        && text.len() <= 15
        && text.bytes().any(|b| b.is_ascii_lowercase())
        && !text.contains("--");
    if good {
        return Ok(());
    }
    Err(format!(
        "{} is not a port's name: up to 15 lower-case letters, digits and single `-`, at least one letter",
        shown(text)
    ))
}

/// The host of an Ingress: a domain name with an optional leading `*.`.
pub fn ingress_host(text: &str) -> FormatCheck {
    if text.parse::<IpAddr>().is_ok() {
        return Err(format!("{} is an IP address, but a host name is needed", shown(text)));
    }
    subdomain(text.strip_prefix("*.").unwrap_or(text))
}

/// A path inside a volume.
pub fn local_path(text: &str) -> FormatCheck {
    let inside = !text.is_empty() && !text.starts_with(['/']) && !text.starts_with("..") && no_backsteps(text).is_ok();
    if inside { Ok(()) } else { Err(format!("{} must stay inside the volume", shown(text))) }
}

/// A path without `..`.
pub fn no_backsteps(text: &str) -> FormatCheck {
    if text.split('/').any(|part| part == "..") {
        Err(format!("{} must not contain `..`", shown(text)))
    } else {
        Ok(())
    }
}

/// A field of a pod that an environment variable can read.
pub fn env_field(text: &str) -> FormatCheck {
    let fields = [
        "metadata.name",
        "metadata.namespace",
        "metadata.uid",
        "spec.nodeName",
        "spec.serviceAccountName",
        "status.hostIP",
        "status.hostIPs",
        "status.podIP",
        "status.podIPs",
    ];
    if fields.contains(&text) || subscripted(text) {
        return Ok(());
    }
    let known: Vec<String> = fields.iter().map(|field| format!("`{field}`")).collect();
    Err(format!(
        "{} is not {}, `metadata.labels['KEY']` or `metadata.annotations['KEY']`",
        shown(text),
        known.join(", ")
    ))
}

/// A field of a pod that a file can hold.
pub fn file_field(text: &str) -> FormatCheck {
    let fields = ["metadata.name", "metadata.namespace", "metadata.uid", "metadata.labels", "metadata.annotations"];
    if fields.contains(&text) || subscripted(text) {
        return Ok(());
    }
    let known: Vec<String> = fields.iter().map(|field| format!("`{field}`")).collect();
    Err(format!("{} is not one of {}", shown(text), known.join(", ")))
}

fn subscripted(text: &str) -> bool {
    ["metadata.labels['", "metadata.annotations['"].iter().any(|start| text.starts_with(start)) && text.ends_with("']")
}

/// A resource of a container that a variable or a file can hold.
pub fn resource_field(text: &str) -> FormatCheck {
    let resource = text.strip_prefix("limits.").or_else(|| text.strip_prefix("requests."));
    let known = |name: &str| matches!(name, "cpu" | "memory" | "ephemeral-storage") || name.starts_with("hugepages-");
    if resource.is_some_and(known) {
        return Ok(());
    }
    Err(format!("{} is not `cpu`, `memory` or `ephemeral-storage` after `limits.` or `requests.`", shown(text)))
}

/// The name of a time zone, as far as the syntax tells.
pub fn time_zone(text: &str) -> FormatCheck {
    let letters = text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'_' | b'-' | b'+'));
    if !text.is_empty() && letters && !text.eq_ignore_ascii_case("local") {
        return Ok(());
    }
    Err(format!("{} is not a time zone like `Etc/UTC`", shown(text)))
}

/// Names joined by at least two dots.
pub fn qualified_domain(text: &str) -> FormatCheck {
    subdomain(text)?;
    if text.split('.').count() < 3 {
        return Err(format!("{} needs at least three parts, like `check.gitlab.example.com`", shown(text)));
    }
    Ok(())
}

/// An IP address.
pub fn ip(text: &str) -> FormatCheck {
    text.parse::<IpAddr>().map(|_| ()).map_err(|_| format!("{} is not an IP address", shown(text)))
}

/// A range of addresses, `10.9.8.0/24`.
pub fn cidr(text: &str) -> FormatCheck {
    let good = text.trim().split_once('/').is_some_and(|(address, bits)| {
        let most = match address.parse::<IpAddr>() {
            Ok(IpAddr::V4(_)) => 32,
            Ok(IpAddr::V6(_)) => 128,
            Err(_) => return false,
        };
        bits.parse::<u8>().is_ok_and(|n| n <= most)
    });
    if good { Ok(()) } else { Err(format!("{} is not a range of addresses like `10.9.8.0/24`", shown(text))) }
}

/// Base64 with its padding, as in `Secret.data`; never shown.
pub fn base64(text: &str) -> FormatCheck {
    let bytes: Vec<u8> = text.bytes().filter(|b| !matches!(b, b'\n' | b'\r')).collect();
    let body = bytes.strip_suffix(b"==").or_else(|| bytes.strip_suffix(b"=")).unwrap_or(&bytes);
    let good =
        bytes.len().is_multiple_of(4) && body.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/'));
    if good { Ok(()) } else { Err("not base64".to_owned()) }
}

/// The numeric value of a quantity, 0.25 for `250m`: exact enough to compare requests with limits.
pub fn quantity(text: &str) -> Result<f64, String> {
    let bad = || format!("{} is not a quantity like `500m`, `2` or `1.5Gi`", shown(text));
    let body = text.strip_prefix(['+', '-']).unwrap_or(text);
    let end = body.bytes().position(|b| !b.is_ascii_digit() && b != b'.').unwrap_or(body.len());
    let (digits, suffix) = body.split_at(end);
    if digits.matches('.').count() > 1 || !digits.bytes().any(|b| b.is_ascii_digit()) {
        return Err(bad());
    }
    let factor = match suffix {
        "" => 1.0,
        "n" => 1e-9,
        "u" => 1e-6,
        "m" => 1e-3,
        "k" => 1e3,
        "M" => 1e6,
        "G" => 1e9,
        "T" => 1e12,
        "P" => 1e15,
        "E" => 1e18,
        "Ki" => 1024.0,
        "Mi" => 1024_f64.powi(2),
        "Gi" => 1024_f64.powi(3),
        "Ti" => 1024_f64.powi(4),
        "Pi" => 1024_f64.powi(5),
        "Ei" => 1024_f64.powi(6),
        _ => {
            let exponent = suffix.strip_prefix(['e', 'E']).ok_or_else(bad)?;
            let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
            if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
                return Err(bad());
            }
            10_f64.powi(exponent.parse().map_err(|_| bad())?)
        }
    };
    let size: f64 = digits.parse().map_err(|_| bad())?;
    Ok(if text.starts_with('-') { -size * factor } else { size * factor })
}
