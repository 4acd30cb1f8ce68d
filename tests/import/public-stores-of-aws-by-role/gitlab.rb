# This config provides gitlab access to AWS resources (RDS, S3, ElastiCache)
external_url 'https://gitlab.example.com'
postgresql['enable'] = false
gitlab_rails['db_adapter'] = 'postgresql'
gitlab_rails['db_database'] = 'postgres'
gitlab_rails['db_encoding'] = 'unicode'
gitlab_rails['db_host'] = 'gitlab.abc.eu-west-1.rds.amazonaws.com'
gitlab_rails['db_port'] = 5432
gitlab_rails['db_password'] = 'hunter2'
postgresql['auto_restart_on_version_change'] = false

redis['enable'] = false
gitlab_rails['redis_host'] = 'gitlab.abc.cache.amazonaws.com'
gitlab_rails['redis_port'] = '6379'
gitlab_rails['redis_password'] = 'hunter2'
gitlab_rails['redis_ssl'] = false

gitlab_rails['object_store']['enabled'] = true
gitlab_rails['object_store']['connection'] = {
'provider' => 'AWS',
'region' => 'eu-west-1',
'use_iam_profile' => true,
'aws_signature_version' => 4
}

gitlab_rails['object_store']['objects']['artifacts']['bucket'] = "gl-artifacts-example"
gitlab_rails['object_store']['objects']['external_diffs']['bucket'] = "gl-external-diffs-example"
gitlab_rails['object_store']['objects']['uploads']['bucket'] = "gl-uploads-example"
gitlab_rails['object_store']['objects']['lfs']['bucket'] = "gl-lfs-example"
gitlab_rails['object_store']['objects']['packages']['bucket'] = "gl-packages-example"
gitlab_rails['object_store']['objects']['dependency_proxy']['bucket'] = "gl-dependency-proxy-example"
gitlab_rails['object_store']['objects']['terraform_state']['bucket'] = "gl-terraform-example"
