//! Renders: values and `--set`, texts that are templates, files that hold values.

use gitlab_render::diag::Failure;
use gitlab_render::pipeline::{Rendered, Request, Target, render};
use gitlab_render::resolve::KubeVersion;
use gitlab_render::schema::UnknownKeys;
use gitlab_render::values::{Flag, Input};
use serde_json::{Value, json};

use super::{PART, no_bug, utf8};

fn rendered(inputs: Vec<Input>) -> Option<Rendered> {
    let target = Target {
        name: "t".to_owned(),
        namespace: "default".to_owned(),
        is_upgrade: false,
        kube_version: KubeVersion { major: 1, minor: 35 },
        api_versions: Vec::new(),
        gitlab_version: None,
    };
    match render(&Request { unknown_keys: UnknownKeys::Warn, ..Request::new(target, inputs) }) {
        Ok(rendered) => {
            no_bug(&rendered.warnings);
            Some(rendered)
        }
        Err(Failure { report, .. }) => {
            no_bug(&report.0);
            None
        }
    }
}

fn file(bytes: Vec<u8>) -> Input {
    Input::File { name: "values.yaml".to_owned(), bytes }
}

/// What is written is YAML that others read as the same object.
fn written(rendered: &Rendered) {
    for manifest in rendered.objects.manifests() {
        super::text::round_trip(&manifest.body);
    }
}

/// A values file, and after each [`PART`] an argument of `--set-string` (behind an `s`), `--set-json` (`j`), `--set-literal` (`l`)
/// or `--set` (any other letter).
pub fn values(data: &[u8]) {
    let parts: Vec<&[u8]> = match utf8(data) {
        Some(text) => text.split(PART).map(str::as_bytes).collect(),
        None => vec![data],
    };
    let mut inputs = vec![file(parts[0].to_vec())];
    for (text, number) in parts.iter().skip(1).take(4).filter_map(|part| utf8(part)).zip(1..) {
        let flag = |text: &str| Flag { number, text: text.to_owned() };
        inputs.push(match text.split_at_checked(1) {
            Some(("s", text)) => Input::SetString(flag(text)),
            Some(("j", text)) => Input::SetJson(flag(text)),
            Some(("l", text)) => Input::SetLiteral(flag(text)),
            Some((_, text)) => Input::Set(flag(text)),
            None => continue,
        });
    }
    if let Some(rendered) = rendered(inputs) {
        written(&rendered);
    }
}

/// A text where the official chart evaluates templates, one that becomes a string and one that becomes a block.
pub fn tpl(data: &[u8]) {
    let Some(text) = utf8(data) else { return };
    let values = json!({"gitlab": {
        "migrations": {"scriptTpl": text},
        "gitaly": {"extraVolumes": text},
    }});
    // A text that is no list is refused as volumes; alone it is only evaluated.
    if let Some(rendered) = rendered(vec![file(values.to_string().into_bytes())]) {
        written(&rendered);
    }
    let values = json!({"gitlab": {"migrations": {"scriptTpl": text}}});
    rendered(vec![file(values.to_string().into_bytes())]);
}

/// Values that reach configuration files and scripts; `{}` is a place for the text.
const REACHED: &str = r#"
certmanager-issuer: {email: a@example.com}
global:
  tracing: {connection: {string: {}}}
  psql: {host: {}, database: {}, username: {}, password: {secret: pg}}
  redis: {host: {}, user: {}, auth: {secret: r}}
  smtp: {enabled: true, address: {}, domain: {}, password: {secret: s}}
  praefect: {enabled: true, psql: {host: {}, user: {}, dbName: {}}, virtualStorages: [{name: default, gitalyReplicas: 1, maxUnavailable: 1}]}
  registry: {notifications: {endpoints: [{name: a, url: {}, headers: {X: {secret: {}, key: k}}}]}}
  pages: {enabled: true}
  appConfig: {incomingEmail: {enabled: true, address: {}, host: {}, user: {}, password: {secret: m}}}
gitlab:
  gitaly:
    git: {config: [{key: {}, value: {}}]}
    logging: {sentryDsn: {}}
  praefect: {logging: {level: {}}}
  gitlab-pages: {gitlabServer: {}, statusUri: {}, sentry: {enabled: true, dsn: {}}}
  gitlab-shell: {config: {ciphers: [{}], macs: [{}], kexAlgorithms: [{}]}, logging: {format: {}}}
"#;

/// A text at one of the places that configuration files are made of, by the first byte: every file is read by a parser of
/// its format, or the run refuses.
pub fn files(data: &[u8]) {
    let Some((place, text)) = data.split_first() else { return };
    let Some(text) = utf8(text) else { return };
    let parts: Vec<&str> = REACHED.split("{}").collect();
    let place = usize::from(*place) % (parts.len() - 1);
    let quoted = Value::from(text).to_string();
    let mut values = parts[0].to_owned();
    for (number, part) in parts[1..].iter().enumerate() {
        values.push_str(if number == place { &quoted } else { "plain" });
        values.push_str(part);
    }
    let Some(rendered) = rendered(vec![file(values.into_bytes())]) else { return };
    written(&rendered);
    for manifest in rendered.objects.manifests().iter().filter(|manifest| manifest.id.kind == "ConfigMap") {
        let Some(data) = manifest.body["data"].as_object() else { continue };
        for (name, content) in data {
            let Some(content) = content.as_str() else { continue };
            if let Err(error) = parsed(name, content) {
                panic!("place {place}: {}/{name}: {error}\n{content}", manifest.id.name);
            }
        }
    }
}

/// Reads a file as its program does once the tags in it are replaced.
fn parsed(name: &str, text: &str) -> Result<(), String> {
    if name.ends_with(".toml.tpl") {
        let plain = without_tags(text, "{%", "%}");
        // The branches of a tag may set a table more than once.
        let until = plain.find("# Uploads go to the buckets").unwrap_or(plain.len());
        return toml::from_str::<toml::Table>(&plain[..until]).map(|_| ()).map_err(|error| error.to_string());
    }
    let yaml = name.ends_with(".yml") || name.ends_with(".yml.erb") || name.ends_with(".yaml");
    if yaml && !name.contains("gomplate") {
        // Only these are run through Ruby; elsewhere a mark of a tag is text.
        let ruby = name.ends_with(".erb") || name == "mail_room.yml";
        return super::is_yaml(&if ruby { without_tags(text, "<%", "%>") } else { text.to_owned() });
    }
    Ok(())
}

/// The text with a word in place of each tag that is a value, and without the others.
fn without_tags(text: &str, open: &str, close: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(open) {
        let end = rest[start..].find(close).map_or(rest.len(), |end| start + end + 2);
        let tag = &rest[start..end];
        plain.push_str(&rest[..start]);
        let value = match open {
            "{%" if tag.contains("ToJSON") => "\"tag\"",
            "{%" if tag.starts_with("{%-") => "",
            "<%" if !tag.starts_with("<%=") => "",
            _ => "tag",
        };
        plain.push_str(value);
        rest = &rest[end..];
    }
    plain + rest
}
