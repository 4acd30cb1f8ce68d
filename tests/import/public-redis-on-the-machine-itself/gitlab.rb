external_url 'http://gitlab.example.com'
redis['bind']='127.0.0.1'
redis['port']=6379
gitlab_rails['redis_host'] = '127.0.0.1'
gitlab_rails['initial_root_password']=File.read('/initial_root_password')
