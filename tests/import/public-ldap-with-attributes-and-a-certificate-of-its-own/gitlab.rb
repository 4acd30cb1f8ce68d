external_url 'https://gitlab.mycompany.example'
gitlab_rails['ldap_enabled'] = true
gitlab_rails['ldap_servers'] = YAML.load <<-'EOS' # close this block with 'EOS' below
   main:
     label: 'LDAP'
     host: 'ldap.mycompany.example'
     port: 636
     uid: 'sAMAccountName'
     bind_dn: 'cn=admin,dc=mycompany,dc=example'
     password: 'hunter2'
     encryption: 'simple_tls'
     verify_certificates: true
     ca_file: '/etc/gitlab/ssl/ca.crt'
     active_directory: true
     base: 'dc=mycompany,dc=example'
     user_filter: ''
     attributes:
       username: ['uid', 'userid', 'sAMAccountName']
       email:    ['mail', 'email', 'userPrincipalName']
       name:       'cn'
   second.site:
     label: 'Second'
     host: 'ldap2.mycompany.example'
     port: 389
     uid: 'uid'
     encryption: 'plain'
     base: 'dc=second'
     password: 'hunter2'
EOS
git_data_dirs({"default" => { "path" => "/data/git-data"} })
gitlab_rails['uploads_directory'] = '/data/uploads'
gitlab_rails['shared_path'] = '/data/shared'
gitlab_ci['builds_directory'] = '/data/builds'
gitlab_rails['backup_path'] = '/backup'
