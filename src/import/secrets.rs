//! How to create Secrets; their content is never shown.

use serde_json::Value;

use super::{From, Import, Secret};
use crate::diag::Diagnostic;

/// The targets of `gitlab-secrets.json`: the entry, the Secret, its key, the `jq` expression, and the values path that
/// names the Secret.
/// path that names the Secret.
const OF_THE_PACKAGE: [(&str, &str, &str, &str, &str); 8] = [
    (
        "/gitlab_rails/secret_key_base",
        "gitlab-rails-secrets",
        "secrets.yml",
        "{production: (.gitlab_rails | with_entries(select(.key | test(\"_key|secret_key_base|salt\"))))}",
        "global.railsSecrets",
    ),
    (
        "/gitlab_shell/secret_token",
        "gitlab-shell-token",
        "secret",
        ".gitlab_shell.secret_token",
        "global.shell.authToken",
    ),
    (
        "/gitlab_workhorse/secret_token",
        "gitlab-workhorse-secret",
        "shared_secret",
        ".gitlab_workhorse.secret_token",
        "global.workhorse",
    ),
    ("/gitaly/auth_token", "gitlab-gitaly-token", "token", ".gitaly.auth_token", "global.gitaly.authToken"),
    (
        "/gitlab_pages/api_secret_key",
        "gitlab-pages-api",
        "shared_secret",
        ".gitlab_pages.api_secret_key",
        "global.pages.apiSecret",
    ),
    (
        "/gitlab_kas/api_secret_key",
        "gitlab-kas-secret",
        "kas_shared_secret",
        ".gitlab_kas.api_secret_key",
        "global.appConfig.gitlab_kas",
    ),
    (
        "/registry/http_secret",
        "gitlab-registry-httpsecret",
        "secret",
        ".registry.http_secret",
        "global.registry.httpSecret",
    ),
    (
        "/registry/internal_key",
        "gitlab-registry-certificate",
        "registry-auth.key",
        ".registry.internal_key",
        "global.registry.certificate",
    ),
];

impl Import {
    /// Names the Secrets that carry over what a package generated for itself, so that data that it encrypted can be
    /// read.
    pub(super) fn secrets_of_the_package(&mut self, json: &str) -> Result<(), Diagnostic> {
        let read: Value = serde_json::from_str(json).map_err(|error| {
            Diagnostic::error("bad-secrets", format!("the secrets, line {}: not valid JSON", error.line()))
                .hint("name the file `/etc/gitlab/gitlab-secrets.json` of the package")
        })?;
        for (there, name, item, jq, to) in OF_THE_PACKAGE {
            if read.pointer(there).is_none_or(Value::is_null) {
                continue;
            }
            match to {
                "global.railsSecrets" | "global.registry.certificate" => self.put(&format!("{to}.secret"), name.into()),
                _ => {
                    self.put(&format!("{to}.secret"), name.into());
                    self.put(&format!("{to}.key"), item.into());
                }
            }
            self.secrets.retain(|secret| secret.name != name || secret.item != item);
            self.secrets.push(Secret { name: name.to_owned(), item: item.to_owned(), from: From::Json(jq) });
            if item == "registry-auth.key" {
                let from = From::Json(".registry.internal_certificate");
                self.secrets.push(Secret { name: name.to_owned(), item: "registry-auth.crt".to_owned(), from });
            }
        }
        Ok(())
    }
}

/// Comments with the commands that create the Secrets: one each, with values from a prompt, a file or `jq`.
pub(super) fn commands(secrets: &[Secret], namespace: &str) -> String {
    if secrets.is_empty() {
        return String::new();
    }
    let mut out = "#\n# Create these Secrets first:\n#\n".to_owned();
    let mut done: Vec<&str> = Vec::new();
    for secret in secrets {
        if done.contains(&secret.name.as_str()) {
            continue;
        }
        done.push(&secret.name);
        let all = || secrets.iter().filter(|other| other.name == secret.name);
        let create = format!("kubectl create secret generic {} -n {namespace}", secret.name);
        for one in all() {
            match &one.from {
                From::Setting(setting, line) => {
                    out.push_str(&format!(
                        "#   # {} of {setting}, line {line}, into a file `{}`\n",
                        one.item,
                        file(one)
                    ));
                }
                From::Json(jq) => {
                    let raw = if jq.starts_with('{') { "" } else { "-j " };
                    out.push_str(&format!("#   jq {raw}'{jq}' gitlab-secrets.json > {}\n", file(one)));
                }
            }
        }
        let items: Vec<String> = all().map(|one| format!("--from-file={}={}", one.item, file(one))).collect();
        let files: Vec<String> = all().map(file).collect();
        out.push_str(&format!("#   {create} {} && rm {}\n", items.join(" "), files.join(" ")));
    }
    out.push_str("#\n# A file with a password must not end with a line break: `printf %s PASSWORD > FILE`.\n#\n");
    out
}

fn file(secret: &Secret) -> String {
    format!("{}.{}", secret.name, secret.item)
}
