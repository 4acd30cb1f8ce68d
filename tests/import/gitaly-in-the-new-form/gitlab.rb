gitaly['configuration'] = {
  listen_addr: '0.0.0.0:8075',
  auth: { token: 'hunter2' },
  storage: [ { name: 'default', path: '/var/opt/gitlab/git-data/repositories' } ],
  pack_objects_cache: { enabled: true },
  logging: { level: 'warn', format: 'json' },
}
