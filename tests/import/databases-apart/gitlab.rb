external_url 'https://gitlab.example.com'
gitlab_rails['databases']['main']['enable'] = true
gitlab_rails['databases']['main']['db_host'] = 'main.db.example.com'
gitlab_rails['databases']['main']['db_password'] = 'hunter2'
gitlab_rails['databases']['ci']['enable'] = true
gitlab_rails['databases']['ci']['db_host'] = 'ci.db.example.com'
gitlab_rails['databases']['ci']['db_port'] = '5433'
gitlab_rails['databases']['ci']['db_database'] = 'gitlabhq_ci'
gitlab_rails['databases']['ci']['db_password'] = 'hunter2'
gitlab_rails['databases']['ci']['db_pool'] = 10
gitlab_rails['databases']['sec'] = { 'enable' => false, 'db_username' => ENV['SEC'] }
gitlab_rails['databases']['elsewhere']['db_host'] = 'x.example.com'
