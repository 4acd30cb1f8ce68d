external_url 'https://mycompany.co.uk'
gitlab_rails['redis_queues_instance'] = 'rediss://user:pw@q.example.com:6380/3'
gitlab_rails['redis_cache_instance'] = 'redis://:pw2@mymaster:6379'
gitlab_rails['redis_cache_sentinels'] = [{'host' => '10.0.0.1', 'port' => 26379}]
gitlab_rails['redis_trace_chunks_instance'] = 'redis://user@t.example.com'
gitlab_rails['gitlab_default_can_create_group'] = false
gitlab_rails['allowed_hosts'] = ['a.example.com']
gitlab_rails['smtp_enable'] = true
gitlab_rails['smtp_address'] = "smtp.example.com"
gitlab_rails['smtp_authentication'] = false
gitlab_rails['ldap_enabled'] = true
gitlab_rails['ldap_servers'] = {'main' => {'label' => 'LDAP', 'host' => 'ldap.example.com', 'port' => 636, 'uid' => 'uid', 'encryption' => 'simple_tls', 'base' => 'dc=a', 'sync_ssh_keys' => 'sshPublicKey'}}
redis['enable'] = false
gitlab_rails['redis_host'] = 'r.example.com'
