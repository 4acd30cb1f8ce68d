external_url 'https://gitlab.example.edu';
gitlab_rails['omniauth_enabled'] = true;
gitlab_rails['omniauth_allow_single_sign_on'] = true;
gitlab_rails['omniauth_block_auto_created_users'] = false;
gitlab_rails['omniauth_auto_sign_in_with_provider'] = 'csh';
gitlab_rails['omniauth_providers'] = [{'name'=>'openid_connect', 'args'=>{'name'=>'csh', 'scope'=>['openid', 'profile'], 'discovery'=>true, 'issuer'=>'https://sso.example.edu', 'client_options'=>{'port'=>'443', 'identifier'=>'gitlab', 'secret'=>'hunter2'}}}];
