gitaly['enable'] = false
gitlab_rails['repositories_storages'] = {
  'default' => { 'gitaly_address' => 'tcp://gitaly1.internal:8075' },
  'storage2' => { 'gitaly_address' => 'tls://gitaly2.internal:9999' },
}
gitlab_rails['gitaly_token'] = 'hunter2'
redis['enable'] = false
redis['master_name'] = 'gitlab-redis'
redis['master_password'] = 'hunter3'
gitlab_rails['redis_sentinels'] = [{'host' => '10.0.0.1', 'port' => 26379}]
