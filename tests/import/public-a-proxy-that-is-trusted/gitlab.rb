external_url 'https://gitlab.example.com'
nginx['listen_port'] = 80

nginx['listen_https'] = false
nginx['http2_enabled'] = false
nginx['real_ip_trusted_addresses'] = ['192.0.2.75']

nginx['real_ip_header'] = 'X-Real-IP'
nginx['real_ip_recursive'] = 'on'
