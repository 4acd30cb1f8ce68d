external_url 'https://gitlab.test.example.at'
gitlab_rails['omniauth_enabled'] = true
gitlab_rails['omniauth_allow_single_sign_on'] = true
gitlab_rails['omniauth_auto_sign_in_with_provider'] = 'shibboleth'
gitlab_rails['omniauth_block_auto_created_users'] = false
gitlab_rails['omniauth_providers'] = [
  { "name" => 'shibboleth',
    "args" => {
      "shib_session_id_field" => "HTTP_SHIB_SESSION_ID",
      "uid_field" => 'HTTP_X_USERID',
      "name_field" => 'HTTP_X_GIVENNAME' + ' ' + 'HTTP_X_PRINCIPALNAME',
      "info_fields" => {
        "first_name" => 'HTTP_X_GIVENNAME',
        "email" => 'HTTP_X_MAIL'
      },
      "debug" => false
    }
  }
]
