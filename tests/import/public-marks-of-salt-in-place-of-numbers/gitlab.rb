external_url 'https://{{ pillar["gitlab"]["domain"] }}'
gitlab_rails['omniauth_enabled'] = true
gitlab_rails['omniauth_providers'] = [
  {
    "name" => "google_oauth2",
    "app_id" => "{{ pillar['gitlab']['google_oauth2']['app_id'] }}",
    "app_secret" => "{{ pillar['gitlab']['google_oauth2']['app_secret'] }}",
    "args" => { "access_type" => "offline", "approval_prompt" => '' }
  }
]
gitlab_rails['smtp_enable'] = true
gitlab_rails['smtp_address'] = "{{ pillar['gitlab']['smtp']['address'] }}"
gitlab_rails['smtp_port'] = {{ pillar['gitlab']['smtp']['port'] }}
gitlab_rails['smtp_password'] = "{{ pillar['gitlab']['smtp']['password'] }}"
gitlab_rails['smtp_authentication'] = "login"
gitlab_rails['incoming_email_enabled'] = true
gitlab_rails['incoming_email_address'] = "{{ pillar['gitlab']['incoming_email']['address'] }}"
gitlab_rails['incoming_email_email'] = "{{ pillar['gitlab']['incoming_email']['email'] }}"
gitlab_rails['incoming_email_password'] = "{{ pillar['gitlab']['incoming_email']['password'] }}"
gitlab_rails['incoming_email_host'] = "{{ pillar['gitlab']['incoming_email']['host'] }}"
gitlab_rails['incoming_email_port'] = {{ pillar['gitlab']['incoming_email']['port'] }}
gitlab_rails['incoming_email_ssl'] = true
registry['enable'] = true
