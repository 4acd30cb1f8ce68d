external_url 'https://gitlab.example.com'
gitlab_rails['smtp_enable'] = "true"
gitlab_rails['smtp_address'] = 'smtp.example.com'
gitlab_rails['smtp_ssl'] = true
gitlab_rails['smtp_user_name'] = 'gitlab'
gitlab_rails['smtp_password'] = 'hunter2'
gitlab_rails['incoming_email_enabled'] = true
gitlab_rails['incoming_email_address'] = 'in+%{key}@example.com'
gitlab_rails['incoming_email_email'] = 'in@example.com'
gitlab_rails['incoming_email_password'] = 'hunter2'
gitlab_rails['incoming_email_host'] = 'imap.example.com'
gitlab_rails['service_desk_email_enabled'] = true
gitlab_rails['service_desk_email_address'] = 'desk+%{key}@example.com'
gitlab_rails['service_desk_email_email'] = 'desk@example.com'
gitlab_rails['service_desk_email_password'] = 'hunter2'
