//! Interim: `template NAME -f FILE`, for the conformance run, until the command line is merged.
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let mut tree: serde_json::Value = serde_json::from_str(gitlab_render::bundle::DEFAULTS).unwrap();
    let at = args.iter().position(|a| a == "-f").unwrap();
    let text = std::fs::read_to_string(&args[at + 1]).unwrap();
    let user = gitlab_render::manifest::read::parse(&text, &mut |_| None).unwrap();
    gitlab_render::resolve::context::overlay(&mut tree, &user);
    let release = gitlab_render::resolve::Release {
        name: args[2].clone(), namespace: "default".into(), is_upgrade: false,
        kube_version: gitlab_render::resolve::KubeVersion { major: 1, minor: 35 },
        api_versions: args.iter().filter_map(|a| a.strip_prefix("--api-versions=")).map(str::to_owned).collect(),
        images: gitlab_render::releases::Images::development(),
    };
    match gitlab_render::pipeline::objects(&release, &tree) {
        Ok(list) => {
            let mut out = String::new();
            for (source, body) in list {
                gitlab_render::manifest::write::write_stream(&mut out, &source, &body);
            }
            print!("{out}");
        }
        Err(report) => {
            for d in report.0 {
                eprintln!("error[{}]: {}", d.code, d.message);
            }
            std::process::exit(3);
        }
    }
}
