external_url 'https://gitlab.example.com'
=begin
gitlab_rails['time_zone'] = 'UTC'
=end
gitlab_rails['object_store']['enabled'] = true
gitlab_rails['object_store']['remote_directory'] = 'gitlab' # one bucket for all
gitlab_rails['object_store']['connection'] = 
{
  'provider' => 'AWS',
  'region' => 'us-west-1',
  'use_iam_profile' => true
}
gitlab_rails['object_store']['uploads']['enabled'] = true
gitlab_rails['object_store']['objects']['lfs']['bucket'] = 'lfs'
gitlab_rails['object_store']['objects']['artifacts'] = { 'bucket' => 'artifacts', 'connection' => { 'provider' => 'AWS' } }
gitlab_rails['object_store']['objects']['packages'] = 'packages'
gitlab_rails['redis_host'] = 'redis.example.com'
gitlab_rails['redis_port'] = '6379'
gitlab_rails['redis_ssl'] = true
