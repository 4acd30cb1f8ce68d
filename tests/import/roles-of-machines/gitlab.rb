roles ['geo_primary_role', 'postgres_role', 'monitoring_role', 'odd_role']
gitlab_rails['geo_node_name'] = 'here'
gitlab_rails['db_host'] = '10.0.0.5'
gitlab_rails['db_password'] = 'hunter2'
