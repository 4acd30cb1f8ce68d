## GitLab configuration settings
# external_url 'https://gitlab.example.com'
=begin
gitlab_rails['smtp_enable'] = true
=end
