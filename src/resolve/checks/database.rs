//! PostgreSQL: the server, the connection, and the credentials.

use serde_json::Value;

use super::{is_set, list, missing, refuse, refuse_beside, required, warn};
use crate::bundle::{Difference, POSTGRESQL_MINIMA};
use crate::model::NodeMap;
use crate::resolve::context::Context;
use crate::resolve::shared::postgres::{Database, databases};

/// The sections of components that connect to PostgreSQL.
const CLIENTS: [&str; 6] = [
    "gitlab.geo-logcursor",
    "gitlab.gitlab-exporter",
    "gitlab.migrations",
    "gitlab.sidekiq",
    "gitlab.toolbox",
    "gitlab.webservice",
];

/// The named connections in `psql`, besides the general one.
const PARTS: [&str; 4] = ["main", "ci", "sec", "embedding"];

/// Reports contradictory settings of databases.
pub(super) fn check(cx: &Context) {
    for rule in [
        version,
        undefined_server,
        password_file,
        certificates,
        geo_database,
        geo_tracking_database,
        load_balancing_of_ours,
        load_balancing_discovery,
        migrations_of_one_database,
        database_of_openbao,
    ] {
        rule(cx);
    }
}

/// OpenBao's database has a user of its own, and so a password of its own.
fn database_of_openbao(cx: &Context) {
    let bundled = cx.release.has(Difference::BundledDataStores) && cx.enabled("postgresql.install");
    let own = "global.openbao.psql.password.secret";
    let connection = "openbao.config.storage.postgresql.connection.password.secret";
    if cx.enabled("openbao.install")
        && cx.release.has(Difference::OpenbaoDatabase)
        && !bundled
        && !is_set(cx, own)
        && !is_set(cx, connection)
    {
        refuse(
            cx,
            "database-needed",
            own,
            "is missing, and OpenBao uses its own database with its own user",
            "create the database and its user, put the password into a Secret and name it here, its key in `global.openbao.psql.password.key`",
        );
    }
}

/// The minimum major version of a service for the release, by one of the tables of the data; 0 for releases before them.
pub(super) fn oldest(cx: &Context, minima: &[((u32, u32), u32)]) -> u32 {
    let series = cx.release.version().series();
    let minimum = minima.iter().rfind(|(since, _)| *since <= series);
    minimum.map_or(0, |(_, major)| *major)
}

fn version(cx: &Context) {
    if !cx.enabled("postgresql.install") {
        return;
    }
    let tag = cx.text("postgresql.image.tag").unwrap_or_default();
    let major: String = tag.chars().take_while(char::is_ascii_digit).collect();
    let oldest = oldest(cx, POSTGRESQL_MINIMA);
    if major.parse().is_ok_and(|major: u32| major < oldest) {
        let (gitlab, _) = cx.release.version().series();
        refuse(
            cx,
            "postgresql-version",
            "postgresql.image.tag",
            &format!("PostgreSQL {major} is too old for GitLab {gitlab}, which needs {oldest} or newer"),
            "upgrade the database with its data first: a newer server cannot read the files of the older one",
        );
    }
}

/// Without a host, connections go to the Service of the bundled PostgreSQL.
fn undefined_server(cx: &Context) {
    let own = |section: &str| {
        let parts = std::iter::once(String::new()).chain(PARTS.map(|part| format!(".{part}")));
        parts
            .flat_map(|part| ["host", "serviceName"].map(|key| format!("{section}.psql{part}.{key}")))
            .any(|p| is_set(cx, &p))
    };
    let all_clients =
        CLIENTS.iter().filter(|client| cx.enabled(&format!("{client}.enabled"))).all(|client| own(client));
    let bundled = cx.release.has(Difference::BundledDataStores);
    if bundled && !cx.enabled("postgresql.install") && !own("global") && !all_clients {
        warn(
            cx,
            "postgresql-host",
            "postgresql.install",
            "then no PostgreSQL is deployed, and `global.psql.host` does not name an external one: connections go to a Service that does not exist",
            "name your server in `global.psql.host`",
        );
    }
}

fn password_file(cx: &Context) {
    let global = |key: &str| cx.section(&format!("global.psql.password.{key}"));
    for client in std::iter::once("global").chain(CLIENTS) {
        let base = format!("{client}.psql.password");
        if client != "global" && cx.section(&base).is_null() {
            continue;
        }
        let own =
            |key: &str| Some(cx.section(&format!("{base}.{key}"))).filter(|v| !v.is_null()).unwrap_or(global(key));
        if own("useSecret") != &Value::Bool(false) {
            continue;
        }
        let switch = match cx.section(&format!("{base}.useSecret")) {
            Value::Null => "global.psql.password.useSecret".to_owned(),
            _ => format!("{base}.useSecret"),
        };
        if cx.enabled("postgresql.install") {
            refuse_beside(
                cx,
                "database-password-file",
                [&switch, "postgresql.install"],
                "the PostgreSQL that `postgresql.install` deploys takes its password from a Secret",
                "set `postgresql.install: false` and name your own server, or remove `useSecret: false`",
            );
        } else if matches!(own("file"), Value::Null) || own("file") == "" {
            required(
                cx,
                "database-password-file",
                &format!("{base}.file"),
                &format!("`{switch}` says that the password is not in a Secret"),
                "write the path of the file with the password inside of the containers, or name a Secret in `password.secret`",
            );
        }
    }
}

/// The keys of a Secret with certificates; the configuration refers to all three files.
const TLS_KEYS: [&str; 4] = ["secret", "clientCertificate", "clientKey", "serverCA"];

/// Refuses a connection with certificates of which only some are named.
pub(super) fn tls_keys(cx: &Context, base: &str, set: &NodeMap) {
    let there = |key: &&str| set.get(*key).is_some_and(|value| !value.is_null() && value != "");
    let missing: Vec<_> =
        TLS_KEYS.iter().copied().filter(|key| !there(key)).map(|key| format!("{base}.{key}")).collect();
    if missing.is_empty() {
        return;
    }
    let names: Vec<_> = missing.iter().map(String::as_str).collect();
    refuse(
        cx,
        "database-certificates",
        base,
        &format!("the certificates of the connection are incomplete; missing: {}", list(&names)),
        "name the Secret, and its keys with the client's certificate, the client's key and the server's CA",
    );
}

fn certificates(cx: &Context) {
    let sections = std::iter::once("global").chain(CLIENTS);
    for section in sections {
        for part in std::iter::once(String::new()).chain(PARTS.map(|part| format!(".{part}"))) {
            let base = format!("{section}.psql{part}.ssl");
            if cx.section(&base).as_object().is_some_and(|own| !own.is_empty()) {
                tls_keys(cx, &base, &cx.inherited::<NodeMap>("global.psql.ssl", &base));
            }
        }
    }
    let geo: NodeMap = cx.read("global.geo.psql.ssl");
    if cx.enabled("global.geo.enabled") && !geo.is_empty() {
        tls_keys(cx, "global.geo.psql.ssl", &geo);
    }
}

fn geo_database(cx: &Context) {
    if !cx.enabled("global.geo.enabled") {
        return;
    }
    let missing = missing(cx, &["global.psql.host", "global.psql.password.secret"]);
    if !missing.is_empty() {
        refuse(
            cx,
            "geo-database",
            "global.geo.enabled",
            &format!("Geo needs an external PostgreSQL; missing: {}", list(&missing)),
            "name the replicated database server and the Secret with its password",
        );
    }
}

fn geo_tracking_database(cx: &Context) {
    let secondary = cx.section("global.geo.role") == "secondary";
    if !cx.enabled("global.geo.enabled") || !secondary {
        return;
    }
    let missing = missing(cx, &["global.geo.psql.host", "global.geo.psql.password.secret"]);
    if !missing.is_empty() {
        refuse(
            cx,
            "geo-database",
            "global.geo.role",
            &format!("a secondary site needs its own tracking database; missing: {}", list(&missing)),
            "name its server and the Secret with its password",
        );
    }
}

/// Sections that may contain `load_balancing`, by their paths.
fn load_balancing<'c>(cx: &'c Context) -> impl Iterator<Item = (String, &'c Value)> {
    let parts = std::iter::once(String::new()).chain(PARTS.map(|part| format!(".{part}")));
    let parts: Vec<_> = parts.collect();
    let sections = std::iter::once("global").chain(CLIENTS);
    let paths = sections.flat_map(move |section| {
        parts.clone().into_iter().map(move |part| format!("{section}.psql{part}.load_balancing"))
    });
    paths
        .map(|path| (path.clone(), cx.section(&path)))
        .filter(|(_, set)| set.as_object().is_some_and(|m| !m.is_empty()))
}

fn load_balancing_of_ours(cx: &Context) {
    if !cx.enabled("postgresql.install") {
        return;
    }
    for (path, _) in load_balancing(cx) {
        // With a host of its own, GitLab does not use the PostgreSQL that is deployed here.
        if path.ends_with(".psql.load_balancing") {
            refuse_beside(
                cx,
                "load-balancing-without-replicas",
                [&path, "postgresql.install"],
                "reads are to be distributed to replicas, but the PostgreSQL that `postgresql.install` deploys has none",
                "set `postgresql.install: false` and name your own PostgreSQL in `global.psql.host`",
            );
        }
    }
}

fn load_balancing_discovery(cx: &Context) {
    for (path, set) in load_balancing(cx) {
        let hosts = set.get("hosts").filter(|hosts| !hosts.is_null());
        let discover = set.get("discover").filter(|discover| !discover.is_null());
        if hosts.is_some_and(|hosts| !hosts.is_array()) {
            let hint = "write the host names as a list, `[\"a\", \"b\"]`";
            refuse(cx, "load-balancing-hosts", &format!("{path}.hosts"), "expected a list of replicas", hint);
        }
        if hosts.is_none() && discover.is_none() {
            refuse(
                cx,
                "load-balancing-hosts",
                &path,
                "contains neither `hosts` nor `discover`, so no replica is found",
                "list the replicas in `hosts`, or name the DNS record that lists them in `discover.record`",
            );
        }
        if discover.is_some_and(|discover| discover.get("record").is_none_or(Value::is_null)) {
            refuse(
                cx,
                "load-balancing-discovery",
                &format!("{path}.discover"),
                "expected a map with the DNS record that lists the replicas, `record`",
                "write `discover: {record: secondary.postgresql.example.com}`, or list the replicas in `hosts`",
            );
        }
    }
}

/// Rails refuses to migrate one database under two names.
fn migrations_of_one_database(cx: &Context) {
    if !cx.enabled("gitlab.migrations.enabled") {
        return;
    }
    let all: Vec<Database> =
        databases(cx, "gitlab.migrations").into_iter().filter(|db| db.enabled && db.database_tasks).collect();
    for (index, database) in all.iter().enumerate() {
        let same = |other: &&Database| {
            (&other.host, &other.port, &other.database) == (&database.host, &database.port, &database.database)
        };
        let Some(other) = all[..index].iter().find(same) else { continue };
        // Migrations run for `main`.
        let name = if database.name == "main" { &other.name } else { &database.name };
        let paths = ["gitlab.migrations", "global"].map(|section| format!("{section}.psql.{name}.databaseTasks"));
        let path = paths.iter().find(|path| is_set(cx, path)).map_or("global.psql.databaseTasks", String::as_str);
        warn(
            cx,
            "database-tasks",
            path,
            &format!(
                "`{}` and `{}` are the same database, and Rails refuses to migrate one database under two names",
                other.name, database.name
            ),
            &format!("remove `databaseTasks: true`, or give `{name}` a database of its own in `global.psql.{name}`"),
        );
    }
}
