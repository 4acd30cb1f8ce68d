external_url ENV['EXTERNAL_URL']
gitlab_rails['smtp_address'] = ENV.fetch('SMTP_HOST', 'localhost')
gitlab_rails['db_password'] = File.read('/etc/gitlab/db').strip
gitlab_rails['gitlab_email_from'] = "gitlab@#{node['fqdn']}"
gitlab_rails['smtp_port'] = 500 + 87
gitlab_rails['time_zone'] = 'Europe/' + 'Berlin'
host = `hostname`
if node['fqdn'] == 'a'
  gitlab_rails['webhook_timeout'] = 20
end
gitlab_rails['graphql_timeout'] = 30 if true
