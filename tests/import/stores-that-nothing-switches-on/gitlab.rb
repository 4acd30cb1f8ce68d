external_url 'https://gitlab.example.com'
gitlab_rails['object_store']['connection'] = { 'provider' => 'AWS', 'aws_secret_access_key' => 'hunter2' }
gitlab_rails['artifacts_object_store_connection'] = { 'provider' => 'AWS', 'aws_secret_access_key' => 'hunter2' }
gitlab_rails['lfs_object_store_enabled'] = true
gitlab_rails['lfs_object_store_connection'] = { 'provider' => 'AWS', 'aws_secret_access_key' => 'hunter2' }
gitlab_rails['terraform_state_object_store_enabled'] = true
gitlab_rails['terraform_state_object_store_connection'] = { 'provider' => 'AWS', 'aws_secret_access_key' => 'hunter2' }
