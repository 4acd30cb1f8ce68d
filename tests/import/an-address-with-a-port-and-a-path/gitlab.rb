external_url "http://intranet.example.com:8080/gitlab/"
