################
## a-database-and-redis-elsewhere
################

postgresql['enable'] = false
redis['enable'] = false
#! documentation
gitlab_rails['db_adapter'] = 'postgresql'
#! documentation
gitlab_rails['db_encoding'] = 'unicode'
#! documentation
gitlab_rails['db_host'] = '10.1.0.5'
#! documentation
gitlab_rails['db_port'] = "5433"
#! documentation
gitlab_rails['db_database'] = 'gitlab'
#! documentation
gitlab_rails['db_username'] = 'gitlab'
#! documentation
gitlab_rails['db_password'] = 'hunter2'
#! documentation
gitlab_rails['db_load_balancing'] = { 'hosts' => ['10.1.0.6', '10.1.0.7'] }
#! documentation
gitlab_rails['redis_host'] = '10.1.0.6'
#! documentation
gitlab_rails['redis_port'] = 6379
#! documentation
gitlab_rails['redis_password'] = 'hunter2'

################
## an-address-with-a-port-and-a-path
################

external_url "http://intranet.example.com:8080/gitlab/"

################
## gitaly-elsewhere
################

gitaly['enable'] = false
#! documentation
gitlab_rails['repositories_storages'] = {
  'default' => { 'gitaly_address' => 'tcp://gitaly1.internal:8075' },
  'storage2' => { 'gitaly_address' => 'tls://gitaly2.internal:9999' },
}
#! documentation
gitlab_rails['gitaly_token'] = 'hunter2'

################
## gitaly-here-and-there-in-the-old-form
################

git_data_dirs({
  "default" => { "path" => "/mnt/nas/git-data" },
  "other" => { "gitaly_address" => "tcp://10.0.0.9:8075" }
})

################
## gitaly-in-the-new-form
################

gitaly['configuration'] = {
  listen_addr: '0.0.0.0:8075',
  auth: { token: 'hunter2' },
  storage: [ { name: 'default', path: '/var/opt/gitlab/git-data/repositories' } ],
  pack_objects_cache: { enabled: true },
  logging: { level: 'warn', format: 'json' },
}

################
## incoming-mail
################

#! documentation
gitlab_rails['incoming_email_enabled'] = true
#! documentation
gitlab_rails['incoming_email_address'] = "incoming+%{key}@example.com"
#! documentation
gitlab_rails['incoming_email_email'] = "incoming@example.com"
#! documentation
gitlab_rails['incoming_email_password'] = 'hunter2'
#! documentation
gitlab_rails['incoming_email_host'] = "imap.example.com"
#! documentation
gitlab_rails['incoming_email_port'] = '993'
#! documentation
gitlab_rails['incoming_email_ssl'] = true
#! documentation
gitlab_rails['incoming_email_mailbox_name'] = "inbox"
#! documentation
gitlab_rails['incoming_email_idle_timeout'] = 60

################
## ldap-in-a-hash
################

#! documentation
gitlab_rails['ldap_servers'] = {
  'main' => {
    'label' => 'LDAP', 'host' => 'ldap.example.com', 'port' => 389, 'uid' => 'uid', 'encryption' => 'start_tls',
    'bind_dn' => 'cn=x', 'password' => 'hunter2', 'base' => 'dc=example,dc=com',
  }
}

################
## ldap-in-a-heredoc
################

#! documentation
gitlab_rails['ldap_enabled'] = true
#! documentation
gitlab_rails['prevent_ldap_sign_in'] = false
#! documentation
gitlab_rails['ldap_servers'] = YAML.load <<-'EOS'
  main: # 'main' is the GitLab 'provider ID' of this LDAP server
    label: 'LDAP'
    host: 'ldap.example.com'
    port: 636
    uid: 'sAMAccountName'
    bind_dn: 'CN=gitlab,DC=example,DC=com'
    password: 'hunter2'
    encryption: 'simple_tls'
    verify_certificates: true
    active_directory: true
    base: 'DC=example,DC=com'
EOS
#! documentation
gitlab_rails['time_zone'] = 'Europe/Berlin'

################
## lets-encrypt
################

external_url 'https://gitlab.example.com'
letsencrypt['enable'] = true
letsencrypt['contact_emails'] = ['ops@example.com']
letsencrypt['auto_renew'] = true

################
## mail-from-microsoft-graph
################

#! documentation
gitlab_rails['incoming_email_enabled'] = true
#! documentation
gitlab_rails['incoming_email_address'] = "incoming@example.com"
#! documentation
gitlab_rails['incoming_email_email'] = "incoming@example.com"
#! documentation
gitlab_rails['incoming_email_inbox_method'] = 'microsoft_graph'
#! documentation
gitlab_rails['incoming_email_inbox_options'] = {
  'tenant_id': '11111111-1111-1111-1111-111111111111',
  'client_id': '22222222-2222-2222-2222-222222222222',
  'client_secret': 'hunter2',
  'poll_interval': 60 # seconds
}

################
## mail-over-smtp
################

external_url 'https://gitlab.example.com'
#! documentation
gitlab_rails['gitlab_email_from'] = 'gitlab@example.com'
#! documentation
gitlab_rails['gitlab_email_display_name'] = "GitLab \"Example\""
#! documentation
gitlab_rails['smtp_enable'] = true
#! documentation
gitlab_rails['smtp_address'] = "smtp.example.com"
#! documentation
gitlab_rails['smtp_port'] = 587
#! documentation
gitlab_rails['smtp_user_name'] = "gitlab"
#! documentation
gitlab_rails['smtp_password'] = "hunter2"
#! documentation
gitlab_rails['smtp_domain'] = "example.com"
#! documentation
gitlab_rails['smtp_authentication'] = "login"
#! documentation
gitlab_rails['smtp_enable_starttls_auto'] = true
#! documentation
gitlab_rails['smtp_tls'] = false
#! documentation
gitlab_rails['smtp_openssl_verify_mode'] = 'peer'

################
## nginx-and-certificates
################

external_url 'https://gitlab.example.com'
letsencrypt['enable'] = false
nginx['client_max_body_size'] = '250m'
nginx['ssl_certificate'] = "/etc/gitlab/ssl/gitlab.crt"
nginx['ssl_certificate_key'] = "/etc/gitlab/ssl/gitlab.key"
nginx['hsts_max_age'] = 63072000
nginx['custom_gitlab_server_config'] = "location ^~ /foo { deny all; }"
nginx['redirect_http_to_https'] = true
#! documentation
gitlab_rails['db_sslca'] = '/etc/ca.pem'
#! documentation
gitlab_rails['db_sslcert'] = '/etc/cert.pem'
#! documentation
gitlab_rails['db_sslkey'] = '/etc/key.pem'

################
## nothing-but-comments
################

## GitLab configuration settings
# external_url 'https://gitlab.example.com'
=begin
#! documentation
gitlab_rails['smtp_enable'] = true
=end

################
## omniauth-with-saml-and-oidc
################

#! documentation
gitlab_rails['omniauth_allow_single_sign_on'] = ['saml', 'openid_connect']
#! documentation
gitlab_rails['omniauth_block_auto_created_users'] = false
#! documentation
gitlab_rails['omniauth_auto_link_user'] = %w(saml)
#! documentation
gitlab_rails['omniauth_providers'] = [
  {
    name: 'saml',
    args: {
      assertion_consumer_service_url: 'https://gitlab.example.com/users/auth/saml/callback',
      idp_cert_fingerprint: 'hunter2',
    }
  },
  { name: "openid_connect", args: { name: "openid_connect", client_options: { secret: "hunter2" } } }
]

################
## one-line
################

external_url 'https://gitlab.example.com'

################
## one-object-store-for-all
################

#! documentation
gitlab_rails['object_store']['enabled'] = true
#! documentation
gitlab_rails['object_store']['proxy_download'] = true
#! documentation
gitlab_rails['object_store']['connection'] = {
  'provider' => 'AWS',
  'region' => 'eu-central-1',
  'aws_access_key_id' => 'AKIAhunter2',
  'aws_secret_access_key' => 'hunter2'
}
#! documentation
gitlab_rails['object_store']['objects']['artifacts']['bucket'] = 'example-artifacts'
#! documentation
gitlab_rails['object_store']['objects']['lfs']['bucket'] = 'example-lfs'

################
## one-object-store-for-all-in-one-hash
################

#! documentation
gitlab_rails['object_store'] = {
  'enabled' => true,
  'proxy_download' => false,
  'connection' => {'provider' => 'Google', 'google_project' => 'p', 'google_json_key_string' => 'hunter2'},
  'objects' => {
    'artifacts' => {'bucket' => 'a'},
    'external_diffs' => {'bucket' => 'b', 'enabled' => false},
    'pages' => {'bucket' => 'c'},
    'unheard_of' => {'bucket' => 'd'},
  },
}

################
## puma-sidekiq-and-workhorse
################

puma['worker_processes'] = 4
puma['min_threads'] = 4
puma['max_threads'] = 4
puma['per_worker_max_memory_mb'] = 1200
sidekiq['concurrency'] = 15
sidekiq['queue_groups'] = ['*'] * 4
sidekiq['routing_rules'] = [['resource_boundary=cpu', 'cpu'], ['*', 'default']]
gitlab_workhorse['env'] = { 'X' => 'y' }
#! documentation
gitlab_rails['env'] = { 'MALLOC_CONF' => 'dirty_decay_ms:1000' }

################
## redis-by-sentinels-and-by-kind
################

redis['master_name'] = 'gitlab-redis'
redis['master_password'] = 'hunter2'
#! documentation
gitlab_rails['redis_sentinels'] = [
  {'host' => '10.0.0.1', 'port' => 26379},
  {'host' => '10.0.0.2', 'port' => '26379'},
]
#! documentation
gitlab_rails['redis_cache_instance'] = 'redis://:hunter2@cache.example.com:6380/0'
#! documentation
gitlab_rails['redis_queues_instance'] = "redis://queues.example.com"
#! documentation
gitlab_rails['redis_shared_state_instance'] = "unix:/var/run/redis.sock"

################
## registry-pages-and-agents
################

external_url 'https://gitlab.example.com'
registry_external_url 'https://registry.example.com'
pages_external_url "http://pages.example.com"
gitlab_kas_external_url 'wss://kas.example.com'
registry['database'] = { 'enabled' => true, 'host' => 'db.example.com', 'port' => 5432, 'user' => 'registry', 'password' => 'hunter2', 'dbname' => 'registry', 'sslmode' => 'require' }
registry['storage'] = { 's3' => { 'accesskey' => 'hunter2', 'bucket' => 'x' } }
gitlab_pages['access_control'] = true
gitlab_pages['max_connections'] = 500

################
## roles-of-machines
################

roles ['geo_primary_role', 'postgres_role', 'monitoring_role', 'odd_role']
#! documentation
gitlab_rails['geo_node_name'] = 'here'

################
## secrets-that-are-no-json
################

external_url 'https://a.b'

################
## services-that-stay-outside
################

prometheus['enable'] = false
grafana['enable'] = false
alertmanager['enable'] = false
node_exporter['enable'] = false
mattermost_external_url 'https://mattermost.example.com'
logging['svlogd_size'] = 200 * 1024 * 1024
user['uid'] = 998
consul['configuration'] = { retry_join: %w(10.6.0.11 10.6.0.12) }
patroni['enable'] = true
#! documentation
gitlab_rails['backup_keep_time'] = 604_800
#! documentation
gitlab_rails['made_up'] = 1
made_up['x'] = 1

################
## what-only-a-run-would-tell
################

external_url ENV['EXTERNAL_URL']
#! documentation
gitlab_rails['smtp_address'] = ENV.fetch('SMTP_HOST', 'localhost')
#! documentation
gitlab_rails['db_password'] = File.read('/etc/gitlab/db').strip
#! documentation
gitlab_rails['gitlab_email_from'] = "gitlab@#{node['fqdn']}"
#! documentation
gitlab_rails['smtp_port'] = 500 + 87
#! documentation
gitlab_rails['time_zone'] = 'Europe/' + 'Berlin'
host = `hostname`
if node['fqdn'] == 'a'
  gitlab_rails['webhook_timeout'] = 20
end
#! documentation
gitlab_rails['graphql_timeout'] = 30 if true

################
## with-the-secrets-of-the-package
################

external_url 'https://gitlab.example.com'

