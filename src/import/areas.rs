//! Settings that a release cannot do without: where one of them is not carried over, the import is incomplete.

use std::fmt;

/// The function that is lost with a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Area {
    /// GitLab's address.
    Address,
    /// PostgreSQL and Redis.
    Database,
    /// Mail in both directions.
    Mail,
    /// How people sign in.
    SignIn,
    /// Storage of repositories, files and backups.
    Storage,
}

impl fmt::Display for Area {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Area::Address => "address",
            Area::Database => "database",
            Area::Mail => "mail",
            Area::SignIn => "sign-in",
            Area::Storage => "storage",
        })
    }
}

/// Prefixes of the settings of each area.
const BEGINNINGS: [(&str, Area); 21] = [
    ("external_url", Area::Address),
    ("registry_external_url", Area::Address),
    ("pages_external_url", Area::Address),
    ("db_", Area::Database),
    ("redis_", Area::Database),
    ("smtp_", Area::Mail),
    ("incoming_email_", Area::Mail),
    ("service_desk_email_", Area::Mail),
    ("microsoft_graph_mailer_", Area::Mail),
    ("ldap_", Area::SignIn),
    ("omniauth_", Area::SignIn),
    ("kerberos_", Area::SignIn),
    ("smartcard_", Area::SignIn),
    ("duo_auth", Area::SignIn),
    ("prevent_ldap_", Area::SignIn),
    ("git_data_dir", Area::Storage),
    ("repositories_storages", Area::Storage),
    ("object_store", Area::Storage),
    ("backup_upload_", Area::Storage),
    ("storage", Area::Storage),
    ("gitaly_address", Area::Storage),
];

/// The area of a setting, `gitlab_rails.smtp_address`, or of a line of code that names one.
pub fn of(text: &str) -> Option<Area> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let area = |word: &str| {
        let named = BEGINNINGS.iter().find(|(beginning, _)| word.starts_with(beginning)).map(|(_, area)| *area);
        // Such as `artifacts_object_store_connection`.
        named.or_else(|| word.contains("_object_store_").then_some(Area::Storage))
    };
    words.filter(|word| !word.ends_with("_worker_cron")).find_map(area)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_and_lines_of_code_have_an_area() {
        assert_eq!(of("gitlab_rails.smtp_address"), Some(Area::Mail));
        assert_eq!(of("gitlab_rails['ldap_servers'] = x if y"), Some(Area::SignIn));
        assert_eq!(of("gitlab_rails.lfs_object_store_connection"), Some(Area::Storage));
        assert_eq!(of("registry.storage"), Some(Area::Storage));
        assert_eq!(of("external_url"), Some(Area::Address));
        assert_eq!(of("gitlab_rails.ldap_sync_worker_cron"), None);
        assert_eq!(of("gitlab_rails.time_zone"), None);
        assert_eq!(of("nginx.listen_port"), None);
    }
}
