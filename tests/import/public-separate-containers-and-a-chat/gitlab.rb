external_url "#{ENV['GITLAB_EXTERNAL_SCHEME']}://#{ENV['GITLAB_EXTERNAL_HOSTNAME']}"
nginx['enable'] = false
gitlab_workhorse['listen_network'] = 'tcp'
postgresql['enable'] = false
gitlab_rails['db_host'] = 'gitlab-postgresql'
gitlab_rails['db_password'] = ENV['POSTGRES_PASSWORD']
gitlab_rails['db_username'] = ENV['POSTGRES_USER']
redis['enable'] = false
gitlab_rails['redis_host'] = 'gitlab-redis'
mattermost['file_directory'] = '/gitlab-data/mattermost';
mattermost['sql_data_source'] = "user=#{ENV['POSTGRES_USER']} host=gitlab-postgresql password=#{ENV['POSTGRES_PASSWORD']}";
mattermost['gitlab_enable'] = true;
