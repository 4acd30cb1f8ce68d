gitlab_rails['incoming_email_enabled'] = true
gitlab_rails['incoming_email_address'] = "incoming@example.com"
gitlab_rails['incoming_email_email'] = "incoming@example.com"
gitlab_rails['incoming_email_inbox_method'] = 'microsoft_graph'
gitlab_rails['incoming_email_inbox_options'] = {
  'tenant_id': '11111111-1111-1111-1111-111111111111',
  'client_id': '22222222-2222-2222-2222-222222222222',
  'client_secret': 'hunter2',
  'poll_interval': 60 # seconds
}
