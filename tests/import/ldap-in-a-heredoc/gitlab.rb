gitlab_rails['ldap_enabled'] = true
gitlab_rails['prevent_ldap_sign_in'] = false
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
gitlab_rails['time_zone'] = 'Europe/Berlin'
