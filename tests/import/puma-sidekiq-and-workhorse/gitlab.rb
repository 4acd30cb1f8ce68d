puma['worker_processes'] = 4
puma['min_threads'] = 4
puma['max_threads'] = 4
puma['per_worker_max_memory_mb'] = 1200
sidekiq['concurrency'] = 15
sidekiq['queue_groups'] = ['*'] * 4
sidekiq['routing_rules'] = [['resource_boundary=cpu', 'cpu'], ['*', 'default']]
gitlab_workhorse['env'] = { 'X' => 'y' }
gitlab_rails['env'] = { 'MALLOC_CONF' => 'dirty_decay_ms:1000' }
