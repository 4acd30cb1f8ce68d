gitlab_rails['ldap_servers'] = {
  'main' => {
    'label' => 'LDAP', 'host' => 'ldap.example.com', 'port' => 389, 'uid' => 'uid', 'encryption' => 'start_tls',
    'bind_dn' => 'cn=x', 'password' => 'hunter2', 'base' => 'dc=example,dc=com',
  }
}
gitlab_rails['ldap_enabled'] = true
