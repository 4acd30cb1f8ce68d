external_url 'https://${GITLAB_HOST}'
registry_external_url 'https://${REGISTRY_HOST}'
pages_external_url 'http://${PAGES_HOST}'
gitlab_rails['trusted_proxies'] = ['${GITLAB_TRUSTED_PROXY}']
gitlab_rails['db_host'] = "postgres"
gitlab_rails['redis_host'] = "redis"
gitlab_rails['smtp_enable'] = ${GITLAB_SMTP_ENABLE}
gitlab_rails['smtp_address'] = "${GITLAB_SMTP_ADDRESS}"
gitlab_rails['smtp_port'] = ${GITLAB_SMTP_PORT}
gitlab_rails['smtp_user_name'] = "${GITLAB_SMTP_USERNAME}"
gitlab_rails['smtp_password'] = "${GITLAB_SMTP_PASSWORD}"
gitlab_rails['smtp_authentication'] = "login"
gitlab_rails['smtp_enable_starttls_auto'] = true
gitlab_rails['smtp_tls'] = true
gitlab_rails['gitlab_email_from'] = 'gitlab@${GITLAB_SMTP_DOMAIN}'
