external_url 'https://gitlab.example.com'
gitlab_rails['ldap_enabled'] = ENV['LDAP'] == 'yes'
gitlab_rails['ldap_enabled'] = ENV['LDAP_ENABLED']
gitlab_rails['ldap_servers'] = { 'main' => { 'label' => 'LDAP', 'host' => 'ldap.example.com', 'password' => 'hunter2' } }
