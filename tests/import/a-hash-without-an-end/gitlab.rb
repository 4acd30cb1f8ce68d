gitlab_rails['env'] = {
  'a' => 'b',
