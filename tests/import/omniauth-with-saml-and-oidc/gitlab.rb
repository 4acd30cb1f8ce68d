gitlab_rails['omniauth_allow_single_sign_on'] = ['saml', 'openid_connect']
gitlab_rails['omniauth_block_auto_created_users'] = false
gitlab_rails['omniauth_auto_link_user'] = %w(saml)
gitlab_rails['omniauth_providers'] = [
  {
    name: 'saml',
    args: {
      assertion_consumer_service_url: 'https://gitlab.example.com/users/auth/saml/callback',
      idp_cert_fingerprint: 'hunter2',
    }
  },
  { name: "openid_connect", args: { name: "openid_connect", client_options: { secret: "hunter2" } } }
]
