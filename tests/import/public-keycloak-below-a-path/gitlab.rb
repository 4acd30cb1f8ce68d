external_url 'https://test.example.dev/gitlab/'
letsencrypt['enable'] = false

gitlab_rails['gitlab_root_email']="admin@example.eu"
gitlab_rails['initial_root_password'] = ENV["ADMIN_PASSWORD"]

gitlab_rails['omniauth_providers'] = [
  { 'name' => 'openid_connect',
    'label' => 'Keycloak',
#    'icon' => '<custom_provider_icon>',
    'args' => {
      'name' => 'openid_connect',
      'scope' => ['openid','profile'],
      'issuer' => 'https://test.example.dev/keycloak/auth/realms/x',
      'discovery' => true,
      'client_options' => {
        'identifier' => 'gitlab',
        'secret' => 'hunter2',
        'redirect_uri' => 'https://test.example.dev/gitlab//users/auth/openid_connect/callback'
      }
    }
  }
]

gitlab_rails['block_auto_created_users'] = true
gitlab_rails['omniauth_allow_single_sign_on'] = ['openid_connect']
gitlab_rails['omniauth_block_auto_created_users'] = false
gitlab_rails['omniauth_auto_link_user'] = ['openid_connect']
gitlab_rails['omniauth_sync_profile_from_provider'] = ['openid_connect']
gitlab_rails['omniauth_sync_profile_attributes'] = ['email', 'user_name','first_name', 'last_name']
gitlab_rails['omniauth_auto_sign_in_with_provider'] = 'openid_connect'
