external_url "https://gitlab.example.com"
gitlab_rails['omniauth_providers'] = [{name: "sa\nml: x", args: {}}, {name: "sa ml: x"}, {name: ENV['N']}, {name: "\u2028"}]
gitlab_rails['ldap_servers'] = {"ma\nin" => {'host'=>'h','password'=>'hunter2'}, "a.b" => {'host' => 'i'}}
gitlab_rails["a\nb"] = 1
gitlab_rails['ldap_enabled'] = true
