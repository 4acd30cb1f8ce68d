external_url 'http://gitlab.example.com'
redis['enable'] = false
gitlab_rails['redis_host'] = "redis.example.com"
gitlab_rails['redis_port'] = 6379
gitlab_rails['redis_ssl'] = false
gitlab_rails['redis_password'] = 12345hunter
gitlab_rails['redis_database'] = 1
gitlab_rails['redis_enable_client'] = true
