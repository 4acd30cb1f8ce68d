prometheus['enable'] = false
grafana['enable'] = false
alertmanager['enable'] = false
node_exporter['enable'] = false
mattermost_external_url 'https://mattermost.example.com'
logging['svlogd_size'] = 200 * 1024 * 1024
user['uid'] = 998
consul['configuration'] = { retry_join: %w(10.6.0.11 10.6.0.12) }
patroni['enable'] = true
gitlab_rails['backup_keep_time'] = 604_800
gitlab_rails['made_up'] = 1
made_up['x'] = 1
