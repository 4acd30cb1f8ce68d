gitlab_rails['object_store'] = {
  'enabled' => true,
  'proxy_download' => false,
  'connection' => {'provider' => 'Google', 'google_project' => 'p', 'google_json_key_string' => 'hunter2'},
  'objects' => {
    'artifacts' => {'bucket' => 'a'},
    'external_diffs' => {'bucket' => 'b', 'enabled' => false},
    'pages' => {'bucket' => 'c'},
    'unheard_of' => {'bucket' => 'd'},
  },
}
