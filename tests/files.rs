//! The files of other programs below `charts/*/files`: a lint over their templates, and a whole release whose values
//! try to get out of every file.

use std::collections::BTreeMap;

use gitlab_render::bundle::TEMPLATES;
use gitlab_render::pipeline::render;
use gitlab_render::render::FileFormat;
use serde_json::Value;

use crate::common::{file, release};

/// Where text goes into a file as it is, with the reason.
const VERBATIM: [(&str, &str, &str); 4] = [
    ("redis/files/start-master.sh", "command", "commands to run first, as `preExecCmds` documents"),
    ("_shared/files/configure.sh", "p.file", "a pattern of ours"),
    ("gitlab-shell/files/sshd_config", "supplemental", "lines of sshd's own, as the values document"),
    ("toolbox/files/backup-tools.sh", "backup", "words that the shell expands, as `extraArgs` documents"),
];

/// Each interpolation of a file: its template, the number of its line, the line, and where in it `{{` is.
fn interpolations() -> Vec<(&'static str, usize, &'static str, usize)> {
    let mut found = Vec::new();
    for (name, text) in TEMPLATES.iter().filter(|(name, _)| name.contains("/files/")) {
        let mut raw = false;
        for (number, line) in text.lines().enumerate() {
            for (at, _) in line.match_indices("{{") {
                let before = &line[..at];
                let opened = before.rfind("{% raw").or_else(|| before.rfind("{%- raw"));
                let closed = before.rfind("endraw");
                let here = match (opened, closed) {
                    (None, None) => raw,
                    (opened, closed) => opened > closed,
                };
                if !here {
                    found.push((*name, number + 1, line, at));
                }
            }
            let opened = line.rfind("{% raw").or_else(|| line.rfind("{%- raw"));
            let closed = line.rfind("endraw");
            if opened.is_some() || closed.is_some() {
                raw = opened > closed;
            }
        }
    }
    found
}

/// What is between the braces.
fn expression(line: &str, at: usize) -> &str {
    line[at + 2..].split("}}").next().unwrap().trim()
}

#[test]
fn every_value_is_written_by_the_writer_of_its_format() {
    let all = interpolations();
    assert!(all.len() > 250, "only {} interpolations were found", all.len());
    let mut wrong = Vec::new();
    for (name, number, line, at) in all {
        let expression = expression(line, at);
        let place = format!("{name}:{number}: `{expression}`");
        let Some(format) = FileFormat::of(name) else {
            wrong.push(format!("{place}: no writer is known for this file"));
            continue;
        };
        let filter = expression.split_once('|').map(|(_, filter)| filter.trim());
        if filter == Some("verbatim") {
            let named = expression.split('|').next().unwrap().trim();
            if !VERBATIM.iter().any(|(file, what, _)| *file == name && *what == named) {
                wrong.push(format!("{place}: `verbatim` is for what is listed in tests/files.rs"));
            }
            continue;
        }
        // what a tag or another interpolation has between quotes is no quote of the file
        let before = without_tags(&line[..at]);
        let open = open_quote(&before);
        let inside = |quote: char| open == Some(quote);
        let part = matches!(filter, Some("inner" | "url" | "address" | "conninfo"));
        match format {
            FileFormat::Shell if inside('"') || inside('\'') => {
                wrong.push(format!("{place}: the writer quotes; leave the quotes out"))
            }
            FileFormat::Shell if filter.is_some() => wrong.push(format!("{place}: a script needs no filter")),
            FileFormat::Json | FileFormat::Toml if inside('\'') => {
                wrong.push(format!("{place}: single quotes know no escapes"))
            }
            FileFormat::Json | FileFormat::Toml if inside('"') && !part => {
                wrong.push(format!("{place}: `inner` is for a part of a string"))
            }
            FileFormat::Flags | FileFormat::Sshd | FileFormat::Nginx if filter.is_some() => {
                wrong.push(format!("{place}: this format knows no filter"))
            }
            _ => {}
        }
    }
    for (name, text) in TEMPLATES.iter().filter(|(name, _)| name.contains("/files/") && name.ends_with(".sh")) {
        wrong.extend(in_heredocs(text).into_iter().map(|line| format!("{name}:{line}: a value in a here-document")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The quote that is open at the end of a text.
fn open_quote(text: &str) -> Option<char> {
    let mut open = None;
    let mut escaped = false;
    for c in text.chars() {
        match (open, c) {
            _ if escaped => {}
            (None, '"' | '\'') => open = Some(c),
            (Some(quote), c) if c == quote => open = None,
            _ => {}
        }
        escaped = c == '\\' && !escaped;
    }
    open
}

/// What stands before a place without tags that are closed; inside a tag of Ruby's, only what is in the tag counts.
fn without_tags(text: &str) -> String {
    if let Some(tag) = text.rfind("<%").filter(|tag| !text[*tag..].contains("%>")) {
        return without_tags(&text[tag + 2..]);
    }
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = ["{%", "{{", "<%"].iter().filter_map(|open| rest.find(open)).min() {
        out.push_str(&rest[..start]);
        let close = match &rest[start..start + 2] {
            "{%" => "%}",
            "<%" => "%>",
            _ => "}}",
        };
        rest = rest[start..].find(close).map_or("", |end| &rest[start + end + 2..]);
    }
    out + rest
}

/// The lines of a script that have a value between `<<WORD` and `WORD`, where no quoting helps.
fn in_heredocs(text: &str) -> Vec<usize> {
    let mut end: Option<String> = None;
    let mut found = Vec::new();
    for (number, line) in text.lines().enumerate() {
        match &end {
            Some(word) if line.trim() == word => end = None,
            Some(_) if line.contains("{{") => found.push(number + 1),
            Some(_) => {}
            None => {
                if let Some((_, rest)) = line.split_once("<<").filter(|(_, rest)| !rest.starts_with('<')) {
                    let word = rest.trim_start_matches('-').trim_matches(['\'', '"', ' ']);
                    let word: String = word.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
                    end =
                        (!word.is_empty() && word.chars().all(|c| c.is_ascii_uppercase() || c == '_')).then_some(word);
                }
            }
        }
    }
    found
}

/// Values that reach files, each `{}` a place for a text. The reader of the text knows where it must be found.
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
gitlab:
  gitaly:
    git: {config: [{key: {}, value: {}}]}
    logging: {sentryDsn: {}}
    cgroups: {enabled: true, mountpoint: {}, hierarchyRoot: {}}
  praefect: {logging: {level: {}}}
  gitlab-pages: {gitlabServer: {}, statusUri: {}, sentry: {enabled: true, dsn: {}}}
  gitlab-shell: {config: {ciphers: [{}], macs: [{}], kexAlgorithms: [{}]}, logging: {format: {}}}
"#;

/// Every text of every ConfigMap, by object and key.
fn texts(values: String) -> Option<BTreeMap<String, String>> {
    let rendered = render(&release("t", "default", vec![file(values.into_bytes())])).ok()?;
    let maps = rendered.objects.manifests().iter().filter(|object| object.id.kind == "ConfigMap");
    let entries = maps.flat_map(|object| {
        let data = object.body["data"].as_object().cloned().unwrap_or_default();
        data.into_iter()
            .map(|(key, text)| (format!("{}/{key}", object.id.name), text.as_str().unwrap_or_default().to_owned()))
    });
    Some(entries.collect())
}

/// The tags that the program which reads a file first runs, in their order: gomplate or Ruby, by the file's name.
fn tags<'a>(name: &str, text: &'a str) -> Vec<&'a str> {
    let (open, close) = match name {
        name if name.ends_with(".tpl") => ("{%", "%}"),
        name if name.ends_with(".erb") || name.ends_with("mail_room.yml") => ("<%", "%>"),
        _ => return Vec::new(),
    };
    let mut tags = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find(open) {
        let end = rest[start..].find(close).map_or(rest.len(), |end| start + end + 2);
        tags.push(&rest[start..end]);
        rest = &rest[end..];
    }
    tags.into_iter().filter(|tag| *tag != "{% \"{%\" %}").collect()
}

#[test]
fn no_value_opens_a_tag_or_breaks_a_file() {
    let plain = texts(REACHED.replace("{}", "plain")).expect("plain values render");
    let places = REACHED.matches("{}").count();
    let hostile = [
        r#"{% file.Read "/etc/gitlab-secrets/x" %}"#,
        r#"<%= File.read("/etc/passwd") %>#{`id`}#$0"#,
        "a\"b'c\\d",
        "a: b #c",
    ];
    let mut wrong = Vec::new();
    let mut rendered = 0;
    for place in 0..places {
        for text in hostile {
            let quoted = Value::from(text).to_string();
            let mut n = 0;
            let values = REACHED.split("{}").collect::<Vec<_>>();
            let values = values.iter().enumerate().fold(String::new(), |mut out, (index, part)| {
                if index > 0 {
                    out.push_str(if n == place { &quoted } else { "plain" });
                    n += 1;
                }
                out + part
            });
            // refused is as good as unchanged
            let Some(found) = texts(values) else { continue };
            rendered += 1;
            for (name, content) in &found {
                let before = plain.get(name).map(|text| tags(name, text)).unwrap_or_default();
                if plain.contains_key(name) && tags(name, content) != before {
                    wrong.push(format!("place {place}: {name}: the tags are others with {text}"));
                }
                if name.ends_with("toml.tpl")
                    && let Err(error) = toml(content)
                {
                    wrong.push(format!("place {place}: {name} with {text}: {error}"));
                }
            }
        }
    }
    assert!(rendered >= places, "only {rendered} of {} render", places * hostile.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Reads TOML in whose tags any text may come.
fn toml(text: &str) -> Result<toml::Table, String> {
    let mut plain = String::new();
    let mut rest = text;
    while let Some(start) = rest.find("{%") {
        let end = rest[start..].find("%}").map_or(rest.len(), |end| start + end + 2);
        let tag = &rest[start..end];
        plain.push_str(&rest[..start]);
        // only a tag that ends a line is a value
        if tag.contains("ToJSON") {
            plain.push_str("\"tag\"");
        } else if !tag.starts_with("{%-") {
            plain.push_str("tag");
        }
        rest = &rest[end..];
    }
    plain.push_str(rest);
    // the branches of a tag may set a table more than once
    let until = plain.find("# Uploads go to the buckets").unwrap_or(plain.len());
    toml::from_str(&plain[..until]).map_err(|e| format!("{e}"))
}
