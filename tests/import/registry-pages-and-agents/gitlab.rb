external_url 'https://gitlab.example.com'
registry_external_url 'https://registry.example.com'
pages_external_url "http://pages.example.com"
gitlab_kas_external_url 'wss://kas.example.com'
registry['database'] = { 'enabled' => true, 'host' => 'db.example.com', 'port' => 5432, 'user' => 'registry', 'password' => 'hunter2', 'dbname' => 'registry', 'sslmode' => 'require' }
registry['storage'] = { 's3' => { 'accesskey' => 'hunter2', 'bucket' => 'x' } }
gitlab_pages['access_control'] = true
gitlab_pages['max_connections'] = 500
