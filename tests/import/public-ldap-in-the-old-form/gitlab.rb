external_url 'https://gitlab.example.jp'
gitlab_rails['ldap_enabled'] = true
gitlab_rails['ldap_servers'] = YAML.load <<-EOS
main:
  label: 'LDAP'     ## the label
  host: 'ldap.example.jp' ## name or address
  port: 389         ## the port
  method: 'tls'   ## "tls", "ssl" or "plain"
  bind_dn: 'cn=gitlab,dc=example,dc=co,dc=jp'
  password: 'hunter2'
  uid: 'uid'        ## the attribute
  active_directory: false
  allow_username_or_email_login: false
  base: 'ou=Users,dc=example,dc=co,dc=jp'
  user_filter: '(&(objectclass=posixAccount)(!(gidNumber=10001)))'
EOS
