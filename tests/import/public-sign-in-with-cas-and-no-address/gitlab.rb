gitlab_rails['gitlab_email_enabled'] = false
gitlab_rails['omniauth_enabled'] = true
gitlab_rails['omniauth_allow_single_sign_on'] = true
gitlab_rails['omniauth_block_auto_created_users'] = false
gitlab_rails['omniauth_providers'] = [
  {
    name: "cas3",
    label: "cas",
    args: {
            url: 'https://login.example.edu',
            login_url: '/cas/login',
            service_validate_url: '/cas/serviceValidate',
            logout_url: '/cas/logout'}
  }
]
