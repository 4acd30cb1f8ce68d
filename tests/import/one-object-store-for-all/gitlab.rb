gitlab_rails['object_store']['enabled'] = true
gitlab_rails['object_store']['proxy_download'] = true
gitlab_rails['object_store']['connection'] = {
  'provider' => 'AWS',
  'region' => 'eu-central-1',
  'aws_access_key_id' => 'AKIAhunter2',
  'aws_secret_access_key' => 'hunter2'
}
gitlab_rails['object_store']['objects']['artifacts']['bucket'] = 'example-artifacts'
gitlab_rails['object_store']['objects']['lfs']['bucket'] = 'example-lfs'
