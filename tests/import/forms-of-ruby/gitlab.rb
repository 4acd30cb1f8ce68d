external_url 'https://gitlab.example.com'
=begin
gitlab_rails['time_zone'] = 'commented out'
=end
gitlab_rails[:time_zone] = %q{Europe/Berlin} # a comment; and more
gitlab_rails['gitlab_email_display_name'] = %Q(Git\u{4c}ab "#1")
gitlab_rails['gitlab_email_from'] = 'git' \
  '@example.com'
gitlab_rails['webhook_timeout'] = "25".to_i
gitlab_rails['webhook_timeout'] ||= 99
gitlab_rails['graphql_timeout'] ||= 31
gitlab_rails['gitlab_email_subject_suffix'] = <<~EOS.chomp
  two \
  lines\tand a tab
EOS
gitlab_rails['gitlab_email_reply_to'] = "no#$reply@example.com"
gitlab_rails['omniauth_allow_single_sign_on'] = %w[saml
  openid_connect]
gitlab_rails['env'] = { A: 'b', 'C' => { d: 1 }.to_json, "E": :symbol }
puma['worker_processes'] = 3 if ENV['BIG']
[1, 2].each { |n|
  puma['max_threads'] = 7
}
sidekiq['concurrency'] = 15
