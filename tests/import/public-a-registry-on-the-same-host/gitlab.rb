external_url 'https://gitlab.example.com'
registry_external_url 'https://gitlab.example.com:5050'
gitlab_kas_external_url 'wss://gitlab.example.com/-/kubernetes-agent/'
gitlab_rails['registry_enabled'] = true
gitlab_rails['registry_host'] = "gitlab.example.com"
gitlab_rails['registry_port'] = "5050"
gitlab_rails['registry_path'] = "/var/opt/gitlab/gitlab-rails/shared/registry"
registry_nginx['ssl_certificate'] = "/etc/letsencrypt/live/gitlab.example.com/fullchain.pem"
