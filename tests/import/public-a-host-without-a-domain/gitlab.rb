external_url 'http://xa-gitlab'
gitlab_rails['backup_keep_time'] = 604800
gitlab_rails['time_zone'] = 'Asia/Shanghai'
gitlab_rails['gitlab_shell_ssh_port'] = 1022
#gitlab_rails['ldap_enabled'] = true
#gitlab_rails['ldap_servers'] = YAML.load <<-EOS
#main:
#  label: 'LDAP'
#EOS
