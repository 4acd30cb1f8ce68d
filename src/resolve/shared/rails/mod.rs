//! What all Rails processes share: configuration files, secrets, environment and mounts.
//!
//! A component with Rails in it calls [`config`] for the `data` of its ConfigMap, through
//! `fragment("rails-config", config)`; [`secret_sources`] for what is mounted below `/etc/gitlab`;
//! [`env`] and [`mounts`] for its containers.

use serde_json::json;

use crate::model::Node;
use crate::resolve::plan::View;
use crate::resolve::workload::{Container, Workload};
use crate::view;

/// Which process of Rails the files are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Process {
    /// Puma.
    Webservice,
    /// Background jobs.
    Sidekiq,
    /// Backups and the console.
    Toolbox,
    /// The Job that changes the database's schema.
    Migrations,
    /// Geo's log cursor.
    GeoLogcursor,
}

/// Where a container finds its configuration templates, and writes the configuration to.
pub const TEMPLATES: &str = "/var/opt/gitlab/templates";

/// The configuration of a process: the fields of `_shared/templates/rails-config.yaml`, which gives the
/// whole `data` of the ConfigMap.
pub fn config(_w: &Workload, _process: Process) -> View {
    view! {}
}

/// The sources of the projected volume `init-<component>-secrets`.
pub fn secret_sources(_w: &Workload, _process: Process) -> Vec<Node> {
    Vec::new()
}

/// The variables that every Rails container has.
pub fn env() -> [(&'static str, String); 3] {
    [
        ("CONFIG_TEMPLATE_DIRECTORY", TEMPLATES.to_owned()),
        ("CONFIG_DIRECTORY", "/srv/gitlab/config".to_owned()),
        ("ENABLE_BOOTSNAP", "1".to_owned()),
    ]
}

/// What a main container of Rails mounts from its ConfigMap's volume and its secrets' volume, and from
/// further volumes that settings ask for (Gitaly's TLS authority and the like are in the certificates).
/// `init`: an init container needs less of it.
pub fn mounts(container: Container, process: Process, config: &str, secrets: &str, init: bool) -> Container {
    let read_only = json!({"readOnly": true});
    let mut container = container
        .mount(config, TEMPLATES, if process == Process::Sidekiq { read_only.clone() } else { json!({}) })
        .mount(secrets, "/etc/gitlab", read_only)
        .mount(
            secrets,
            "/srv/gitlab/config/secrets.yml",
            if init {
                json!({"subPath": "rails-secrets/secrets.yml", "readOnly": true})
            } else {
                json!({"subPath": "rails-secrets/secrets.yml"})
            },
        );
    if init || process == Process::Migrations {
        return container;
    }
    container = container
        .mount(config, "/srv/gitlab/config/initializers/smtp_settings.rb", json!({"subPath": "smtp_settings.rb"}))
        .mount(config, "/etc/krb5.conf", json!({"subPath": "krb5.conf"}));
    if matches!(process, Process::Webservice | Process::Sidekiq) {
        container = container.mount(config, "/srv/gitlab/INSTALLATION_TYPE", json!({"subPath": "installation_type"}));
    }
    container
}
