postgresql['enable'] = false
redis['enable'] = false
gitlab_rails['db_adapter'] = 'postgresql'
gitlab_rails['db_encoding'] = 'unicode'
gitlab_rails['db_host'] = '10.1.0.5'
gitlab_rails['db_port'] = "5433"
gitlab_rails['db_database'] = 'gitlab'
gitlab_rails['db_username'] = 'gitlab'
gitlab_rails['db_password'] = 'hunter2'
gitlab_rails['db_load_balancing'] = { 'hosts' => ['10.1.0.6', '10.1.0.7'] }
gitlab_rails['redis_host'] = '10.1.0.6'
gitlab_rails['redis_port'] = 6379
gitlab_rails['redis_password'] = 'hunter2'
