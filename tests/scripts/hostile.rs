//! Each script with texts in its values that a shell would run, if anything but the writer had put them there.

use super::*;

const TEXTS: [&str; 6] = [
    "$(touch OWNED)",
    "`touch OWNED`",
    "'; touch OWNED; '",
    "\"; touch OWNED; \"",
    "x\ntouch OWNED\n",
    "\\'; touch OWNED #",
];

/// Programs of a cluster, which do nothing here.
const PROGRAMS: [&str; 14] = [
    "mc",
    "psql",
    "curl",
    "gitlab-runner",
    "redis-server",
    "redis-cli",
    "openssl",
    "ssh-keygen",
    "backup-utility",
    "gsutil",
    "sleep",
    "kill",
    "nc",
    "rails",
];

/// Where a value is a part of the script by its documentation, or a pattern of ours.
const VERBATIM: [(&str, &str); 3] = [
    ("redis/start-master.sh", "/before/*"),
    ("toolbox/backup-tools.sh", "/backup"),
    ("_shared/configure.sh", "/place/*/file"),
];

/// The pointers to all texts of a view.
fn texts(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::String(_) => found.push(at.to_owned()),
        Value::Object(map) => map.iter().for_each(|(key, inner)| texts(inner, &format!("{at}/{key}"), found)),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(n, inner)| texts(inner, &format!("{at}/{n}"), found))
        }
        _ => {}
    }
}

/// Whether a script takes a branch by this text, and so cannot have another there.
fn decides(pointer: &str) -> bool {
    pointer.ends_with("/generator")
}

fn is_verbatim(name: &str, pointer: &str) -> bool {
    let general: Vec<&str> =
        pointer.split('/').map(|part| if part.parse::<u32>().is_ok() { "*" } else { part }).collect();
    VERBATIM.contains(&(name, general.join("/").as_str()))
}

#[test]
fn no_value_of_a_script_is_run() {
    let mut owned = Vec::new();
    let mut runs = 0;
    for (name, views) in views() {
        for view in &views {
            let mut pointers = Vec::new();
            texts(view, "", &mut pointers);
            pointers.retain(|pointer| !decides(pointer) && !is_verbatim(&name, pointer));
            if pointers.is_empty() {
                continue;
            }
            for text in TEXTS {
                let mut view = view.clone();
                pointers.iter().for_each(|pointer| *view.pointer_mut(pointer).unwrap() = text.into());
                let script = render(&name, &view);
                let sandbox = Sandbox::new();
                PROGRAMS.iter().for_each(|program| sandbox.program(program, "#!/bin/sh\nexit 0\n"));
                let shell = if script.starts_with("#!/bin/sh") { "sh" } else { "bash" };
                sandbox.write("script", &script);
                let mut limited = Command::new("timeout");
                limited.args(["5", shell]).arg(sandbox.path("script")).current_dir(sandbox.path("home"));
                let path = format!("{}:{}", sandbox.str("bin"), std::env::var("PATH").unwrap());
                limited.env("PATH", path).env("HOME", sandbox.path("home")).env("STORE", sandbox.path("store"));
                limited.envs([("MINIO_ATTEMPTS", "1"), ("MINIO_PAUSE", "0"), ("BACKUP_BACKEND", "gcs")]);
                limited.env("CONFIG_TEMPLATE_DIRECTORY", sandbox.path("home"));
                limited.stdin(std::process::Stdio::null());
                limited.output().unwrap();
                runs += 1;
                for folder in ["", "home/"] {
                    if sandbox.exists(&format!("{folder}OWNED")) {
                        owned.push(format!("{name}: {text:?} was run"));
                    }
                }
            }
        }
    }
    assert!(runs > 60, "only {runs} runs");
    assert!(owned.is_empty(), "{}", owned.join("\n"));
}
