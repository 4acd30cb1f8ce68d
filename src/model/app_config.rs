//! `global.appConfig`: settings of the Rails application.
//!
//! Sections that go into `gitlab.yml` unchanged are a [`Node`]; those that other settings follow from have a type. In a
//! view, the names are those of `gitlab.yml`.

use serde::{Deserialize, Serialize};

use super::{Node, NodeMap, NonEmpty, Number, Text};

macro_rules! settings {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_attribute:meta])* $field:ident: $type:ty),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Default, Serialize, Deserialize)]
        #[serde(default, rename_all(deserialize = "camelCase"))]
        #[allow(missing_docs)] // The names are those of the values.
        pub struct $name { $($(#[$field_attribute])* pub $field: $type,)* }
    };
}

settings!(
    /// The whole section.
    AppConfig {
        action_cable_allowed_origins: Node,
        application_settings_cache_seconds: Node,
        artifacts: Store,
        cdn_host: Node,
        cell: Cell,
        ci_id_tokens: CiIdTokens,
        ci_secure_files: Store,
        content_security_policy: ContentSecurityPolicy,
        #[serde(rename = "cron_jobs")]
        cron_jobs: NodeMap,
        database_traffic_capture: TrafficCapture,
        default_color_mode: Node,
        default_projects_features: ProjectsFeatures,
        default_syntax_highlighting_theme: Node,
        default_theme: Node,
        dependency_proxy: Store,
        duo_auth: DuoAuth,
        enable_impersonation: Node,
        enable_seat_link: Node,
        enable_usage_ping: Node,
        external_diffs: Store,
        extra: Extra,
        #[serde(rename = "gitlab_docs")]
        gitlab_docs: NodeMap,
        #[serde(rename = "gitlab_kas")]
        gitlab_kas: Kas,
        #[serde(rename(deserialize = "graphQlTimeout"))]
        graphql_timeout: Node,
        git_timeout: Node,
        gravatar: Gravatar,
        iam_auth_service: IamAuthService,
        incoming_email: IncomingEmail,
        initial_defaults: InitialDefaults,
        issue_closing_pattern: Node,
        kerberos: Kerberos,
        ldap: Ldap,
        lfs: Store,
        max_request_duration_seconds: Option<Number>,
        #[serde(rename = "microsoft_graph_mailer")]
        microsoft_graph_mailer: GraphMailer,
        #[serde(rename = "object_store")]
        object_store: Consolidated,
        oidc_provider: OidcProvider,
        omniauth: Omniauth,
        packages: Store,
        relative_url_root: Text,
        sentry: Sentry,
        service_desk_email: IncomingEmail,
        sidekiq: Sidekiq,
        smartcard: Smartcard,
        terraform_state: Store,
        uploads: Store,
        username_changing_enabled: Node,
        webhook_timeout: Node,
        workspaces: Workspaces,
    }
);

settings!(
    /// The service for identity and access management.
    IamAuthService {
        enabled: bool,
        http: Endpoint,
        grpc: Endpoint,
        jwt_audience: Text,
        jwt_issuer: Option<Text>,
        auth_token: SecretKey,
    }
);

settings!(
    /// The address of a service.
    Endpoint {
        host: Text,
        port: Node,
    }
);

settings!(
    /// A Secret and a key in it.
    SecretKey {
        secret: Option<Text>,
        key: Option<Text>,
    }
);

impl SecretKey {
    /// The Secret and the key, where a Secret is named.
    pub fn named<'a>(&'a self, default_key: &'a str) -> Option<(&'a str, &'a str)> {
        let secret = self.secret.non_empty()?;
        Some((secret, self.key.non_empty().unwrap_or(default_key)))
    }

    /// The Secret and the key, where both are named.
    pub fn named_both(&self) -> Option<(&str, &str)> {
        self.secret.non_empty().zip(self.key.non_empty())
    }
}

settings!(
    /// Objects of one kind in object storage.
    Store {
        enabled: bool,
        bucket: Text,
        #[serde(rename = "proxy_download")]
        proxy_download: Node,
        when: Node,
        connection: SecretKey,
        cdn: SecretKey,
    }
);

settings!(
    /// One connection for all kinds of objects.
    Consolidated {
        enabled: bool,
        #[serde(rename = "proxy_download")]
        proxy_download: Node,
        #[serde(rename = "storage_options")]
        storage_options: NodeMap,
        connection: SecretKey,
    }
);

settings!(Cell { enabled: bool, id: Node, database: CellDatabase, topology_service_client: CellTopology });
settings!(CellDatabase { skip_sequence_alteration: Node });
settings!(CellTopology { address: Node, tls: CellTls });
settings!(CellTls { enabled: bool, secret: Option<Text>, });
settings!(CiIdTokens { issuer_url: Text });
settings!(ContentSecurityPolicy {
    enabled: bool,
    #[serde(rename = "report_only")]
    report_only: Node,
    directives: NodeMap,
});
settings!(
    /// The recording of queries for a later replay.
    TrafficCapture {
        config: TrafficConfig,
    }
);
settings!(TrafficConfig { storage: TrafficStorage });
settings!(TrafficStorage { connector: TrafficConnector });
settings!(TrafficConnector { provider: Node, project_id: Node, credentials: Node, bucket: Node });
settings!(ProjectsFeatures {
    issues: Node,
    merge_requests: Node,
    wiki: Node,
    snippets: Node,
    builds: Node,
    container_registry: Node,
});
settings!(DuoAuth { enabled: bool, hostname: Node, integration_key: Node, secret_key: SecretKey });
settings!(
    /// Identifiers of web analytics services.
    Extra {
        bizible: Node,
        google_analytics_id: Node,
        google_tag_manager_nonce_id: Node,
        matomo_disable_cookies: Node,
        matomo_site_id: Node,
        matomo_url: Node,
        one_trust_id: Node,
    }
);
settings!(
    Kas {
        enabled: Option<bool>,
        external_url: Option<Text>,
        internal_url: Option<Text>,
        client_timeout_seconds: Node,
        secret: Option<Text>,
        key: Option<Text>,
    }
);
settings!(Gravatar { plain_url: Node, ssl_url: Node });
settings!(IncomingEmail { enabled: bool, address: Node, delivery_method: Text, auth_token: SecretKey });
settings!(InitialDefaults { signup_enabled: Node, gitlab_product_usage_data: Node });
settings!(
    Kerberos {
        enabled: bool,
        keytab: SecretKey,
        service_principal_name: Text,
        krb5_config: Text,
        dedicated_port: KerberosPort,
        simple_ldap_linking_allowed_realms: Vec<Node>,
    }
);
settings!(KerberosPort { enabled: Node, port: Node, https: Node });
settings!(Ldap { prevent_signin: bool, servers: NodeMap });
settings!(GraphMailer {
    enabled: bool,
    #[serde(rename = "user_id")]
    user_id: Node,
    tenant: Node,
    #[serde(rename = "client_id")]
    client_id: Node,
    #[serde(rename = "azure_ad_endpoint")]
    azure_ad_endpoint: Node,
    #[serde(rename = "graph_endpoint")]
    graph_endpoint: Node,
    #[serde(rename = "client_secret")]
    client_secret: SecretKey,
});
settings!(OidcProvider { openid_id_token_expire_in_seconds: Node });
settings!(
    Omniauth {
        enabled: Node,
        auto_sign_in_with_provider: Node,
        sync_profile_from_provider: Node,
        sync_profile_attributes: Node,
        allow_single_sign_on: Node,
        block_auto_created_users: Node,
        auto_link_ldap_user: Node,
        auto_link_saml_user: Node,
        auto_link_user: Node,
        external_providers: Node,
        allow_bypass_two_factor: Node,
        saml_message_max_byte_size: Node,
        providers: Vec<Node>,
    }
);
settings!(Sentry {
    enabled: bool,
    dsn: Node,
    #[serde(rename = "clientside_dsn")]
    clientside_dsn: Node,
    environment: Node,
});
settings!(Sidekiq { routing_rules: Vec<Node>, });
settings!(
    Smartcard {
        enabled: bool,
        #[serde(rename(deserialize = "CASecret"))]
        ca_secret: Option<Text>,
        client_certificate_required_host: Option<Text>,
        required_for_git_access: Node,
        san_extensions: Node,
    }
);
settings!(Workspaces { enabled: bool, host: Option<Text>, });
