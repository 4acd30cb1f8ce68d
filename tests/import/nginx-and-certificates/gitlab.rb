external_url 'https://gitlab.example.com'
letsencrypt['enable'] = false
nginx['client_max_body_size'] = '250m'
nginx['ssl_certificate'] = "/etc/gitlab/ssl/gitlab.crt"
nginx['ssl_certificate_key'] = "/etc/gitlab/ssl/gitlab.key"
nginx['hsts_max_age'] = 63072000
nginx['custom_gitlab_server_config'] = "location ^~ /foo { deny all; }"
nginx['redirect_http_to_https'] = true
gitlab_rails['db_sslca'] = '/etc/ca.pem'
gitlab_rails['db_sslcert'] = '/etc/cert.pem'
gitlab_rails['db_sslkey'] = '/etc/key.pem'
