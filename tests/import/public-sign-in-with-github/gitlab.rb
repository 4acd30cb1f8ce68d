external_url 'https://git-sandbox.example.org'
gitlab_rails['gitlab_ssh_host'] = 'git-sandbox.example.org'
gitlab_rails['time_zone'] = 'Europe/Paris'
gitlab_rails['omniauth_enabled'] = true
gitlab_rails['omniauth_allow_single_sign_on'] = ['github']
#gitlab_rails['omniauth_auto_sign_in_with_provider'] = 'github'
gitlab_rails['omniauth_block_auto_created_users'] = false
gitlab_rails['omniauth_providers'] = [
  {
    "name" => "github",
    "app_id" => "f25318f5",
    "app_secret" => "hunter2",
    "args" => { "scope" => "user:email" }
  }
]
gitlab_rails['gitlab_shell_ssh_port'] = 2222
