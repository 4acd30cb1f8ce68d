git_data_dirs({
  "default" => { "path" => "/mnt/nas/git-data" },
  "other" => { "gitaly_address" => "tcp://10.0.0.9:8075" }
})
