external_url 'https://git.example.org'
gitlab_rails['gitlab_email_enabled'] = true
gitlab_rails['gitlab_email_from'] = 'git@example.org'
gitlab_rails['gitlab_email_display_name'] = 'Example GitLab'
gitlab_rails['gitlab_email_reply_to'] = 'noreply@example.org'
gitlab_rails['smtp_enable'] = true
gitlab_rails['smtp_address'] = "mail.example.org"
gitlab_rails['smtp_domain'] = "example.org"
gitlab_rails['smtp_openssl_verify_mode'] = 'none'
# Incoming email (reply by email)
gitlab_rails['incoming_email_enabled'] = true
gitlab_rails['incoming_email_address'] = "incoming+%{key}@example.org"
gitlab_rails['incoming_email_email'] = "incoming@example.org"
gitlab_rails['incoming_email_password'] = "hunter2"
gitlab_rails['incoming_email_host'] = "mail.example.org"
gitlab_rails['incoming_email_mailbox_name'] = "inbox"
