external_url 'https://gitlab.example.com'
gitlab_rails['ldap_servers'] = { 'main' => { 'label' => 'LDAP', 'host' => 'ldap.example.com', 'password' => 'hunter2' } }
