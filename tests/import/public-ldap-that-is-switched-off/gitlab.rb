external_url 'https://gitlab.example.com'
gitlab_rails['ldap_enabled'] = false
gitlab_rails['ldap_servers'] = {
  'main' => {
    'host' => 'ldap.example.com',
    'port' => 389,
    'password' => ENV['LDAP_PASSWORD']
  }
}
