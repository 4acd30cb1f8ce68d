redis['master_name'] = 'gitlab-redis'
redis['master_password'] = 'hunter2'
gitlab_rails['redis_sentinels'] = [
  {'host' => '10.0.0.1', 'port' => 26379},
  {'host' => '10.0.0.2', 'port' => '26379'},
]
gitlab_rails['redis_cache_instance'] = 'redis://:hunter2@cache.example.com:6380/0'
gitlab_rails['redis_queues_instance'] = "redis://queues.example.com"
gitlab_rails['redis_shared_state_instance'] = "unix:/var/run/redis.sock"
