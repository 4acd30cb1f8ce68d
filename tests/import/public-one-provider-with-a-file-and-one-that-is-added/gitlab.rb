external_url 'https://gitlab.example.com'
gitlab_rails['omniauth_allow_single_sign_on'] = ['saml']
gitlab_rails['omniauth_providers'] = [
  {
    name: 'saml',
    label: 'Company Login',
    args: {
      assertion_consumer_service_url: 'https://gitlab.example.com/users/auth/saml/callback',
      idp_cert: File.read('/etc/gitlab/saml.crt'),
      idp_sso_target_url: ENV['SAML_URL'],
      issuer: 'https://gitlab.example.com'
    }
  }
]
gitlab_rails['omniauth_providers'] << { 'name' => 'google_oauth2', 'app_id' => 'x', 'app_secret' => 'hunter2' }
