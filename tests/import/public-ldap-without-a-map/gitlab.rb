external_url 'http://192.0.2.79'
gitlab_rails['ldap_enabled'] = true
gitlab_rails['ldap_servers'] = YAML.load <<-'EOS' # close this block with 'EOS' below
main:
  label: 'LDAP'
  host: '192.0.2.10'
  port: 389
  uid: 'sAMAccountName'
  password: 'hunter2'#the password
    encryption: 'plain'
EOS
