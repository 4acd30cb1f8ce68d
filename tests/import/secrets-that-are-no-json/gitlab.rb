external_url 'https://a.b'
