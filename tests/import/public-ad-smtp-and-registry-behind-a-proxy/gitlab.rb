external_url 'https://gitlab.example.net'
nginx['enable'] = true
nginx['listen_port'] = 80
nginx['listen_https'] = false
nginx['proxy_set_headers'] = {
  'X-Forwarded-Proto' => 'https',
  'X-Forwarded-Ssl' => 'on'
}
gitlab_rails['initial_root_password'] = File.read('/run/secrets/gitlab-application-password')
gitlab_rails['initial_shared_runners_registration_token'] = File.read('/run/secrets/gitlab-runner-token')
gitlab_rails['lfs_enabled'] = true
gitlab_rails['gitlab_shell_ssh_port'] = 2222
letsencrypt['enable'] = false
registry_external_url 'https://registry.example.net'
gitlab_rails['registry_enabled'] = true
registry['enable'] = true
registry['registry_http_addr'] = "0.0.0.0:5000"
registry_nginx['enable'] = false
gitlab_rails['smtp_enable'] = true
gitlab_rails['smtp_address'] = "smtp-relay.example.com"
gitlab_rails['smtp_port'] = 587
gitlab_rails['smtp_user_name'] = "gitlab@example.net"
gitlab_rails['smtp_password'] = "hunter2"
gitlab_rails['smtp_domain'] = "smtp-relay.example.com"
gitlab_rails['smtp_authentication'] = "login"
gitlab_rails['smtp_enable_starttls_auto'] = true
gitlab_rails['smtp_tls'] = false
gitlab_rails['gitlab_email_from'] = "gitlab@example.net"
gitlab_rails['gitlab_email_reply_to'] = "gitlab@example.net"
gitlab_rails['ldap_enabled'] = true
gitlab_rails['prevent_ldap_sign_in'] = false
gitlab_rails['ldap_servers'] = YAML.load <<-'EOS'
  main: # 'main' is the provider ID
    label: 'LDAP'
    host: 'domain-controller.example.net'
    port: 389
    uid: 'sAMAccountName'
    bind_dn: 'gitlab-ldap@example.net'
    password: 'hunter2'
    encryption: 'plain'
    verify_certificates: true
    active_directory: true
    allow_username_or_email_login: false
    base: 'OU=Users,DC=example,DC=net'
    user_filter: ''
EOS
