external_url 'https://gitlab.example.com'
gitlab_rails['env'] = {
  'SECRET_TOKEN' => 'hunter2',
  'http_proxy' => 'http://proxy.example.com:3128',
  'https_proxy' => 'http://user:hunter2@proxy.example.com:3128',
  'no_proxy' => 'localhost,127.0.0.1',
  'PATH' => "/opt/gitlab/bin:/opt/gitlab/embedded/bin:/bin:/usr/bin",
  'GITLAB_LOG_LEVEL' => ENV['LEVEL'],
  'MAX' => 5
}
gitlab_rails['env']['AWS_SECRET_ACCESS_KEY'] = 'hunter2'
gitlab_rails['env']['SENTRY_RELEASE'] = 'x'
gitlab_rails["env"]["A\nB"] = "x"
