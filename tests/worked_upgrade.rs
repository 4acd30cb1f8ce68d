//! The worked upgrade of `docs/worked-upgrade.md`: a production values file of the 16 series, taken to 18.9.
//!
//! The page is the script: its `gitlab-render` lines run in their order, what it shows of the answers has to be so, and
//! its edits are made. `UPDATE_EXPECT=1 cargo test worked_upgrade` writes the values that come out.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use serde_json::Value;
use tempfile::TempDir;

use crate::common::{Ran, root, run, unexpected, words};
use crate::upgrade::documented;

/// What cannot be seen without a cluster: it has the Prometheus operator.
const CLUSTER: &str = "-a monitoring.coreos.com/v1";
const FINAL: &str = "values-18.9.8.yaml";

fn ask(at: &Path, command: &str) -> Ran {
    run(at, &words(command), &BTreeMap::new(), "")
}

fn here(file: &str) -> String {
    fs::read_to_string(root().join("tests/upgrade/worked").join(file)).expect("it is kept with the tests")
}

/// A part of the page that does something.
#[derive(Debug)]
enum Part {
    /// A command, what it says, how it ends.
    Run { command: String, says: Vec<String>, status: i32 },
    /// Lines of a file that a person changes.
    Edit { file: String, before: String, after: String },
}

fn page() -> Vec<Part> {
    let text = fs::read_to_string(root().join("docs/worked-upgrade.md")).expect("there is a page");
    let mut parts = Vec::new();
    let mut in_diff = false;
    for line in text.lines() {
        if let Some(fence) = line.strip_prefix("```") {
            in_diff = fence == "diff";
            continue;
        }
        match (parts.last_mut(), line.strip_prefix("    ")) {
            _ if in_diff => edit(&mut parts, line),
            (_, Some(shown)) if shown.starts_with("$ ") => {
                parts.push(Part::Run { command: shown[2..].to_owned(), says: Vec::new(), status: 0 });
            }
            (Some(Part::Run { status, .. }), Some("(exit status 1)")) => *status = 1,
            (Some(Part::Run { says, .. }), Some(shown)) => says.push(shown.to_owned()),
            _ => {}
        }
    }
    parts
}

fn edit(parts: &mut Vec<Part>, line: &str) {
    if let Some(file) = line.strip_prefix("--- ") {
        parts.push(Part::Edit { file: file.to_owned(), before: String::new(), after: String::new() });
        return;
    }
    let Some(Part::Edit { before, after, .. }) = parts.last_mut() else { panic!("an edit names its file: {line}") };
    let (mark, rest) = line.split_at(1);
    for (text, marks) in [(before, " -"), (after, " +")] {
        if marks.contains(mark) {
            text.push_str(rest);
            text.push('\n');
        }
    }
}

/// What is shown and not said. `...` stands for any number of lines, and at the end of a line for the rest of it.
fn unsaid(says: &[String], output: &str) -> Option<String> {
    let lines: Vec<&str> = output.trim_end().lines().collect();
    let (mut at, mut anywhere) = (0, false);
    for shown in says {
        if shown == "..." {
            anywhere = true;
            continue;
        }
        let fits = |line: &&str| match shown.strip_suffix(" ...") {
            Some(start) => line.starts_with(start),
            None => line == shown,
        };
        let rest = &lines[at..];
        let found = if anywhere { rest.iter().position(&fits) } else { rest.first().filter(|l| fits(l)).map(|_| 0) };
        match found {
            Some(position) => at += position + 1,
            None => {
                return Some(format!(
                    "{shown}\nis not in, or not at once in\n{}",
                    rest[..rest.len().min(12)].join("\n")
                ));
            }
        }
        anywhere = false;
    }
    (!anywhere && at < lines.len() && !says.is_empty()).then(|| format!("more is said:\n{}", lines[at..].join("\n")))
}

/// A folder in which the page was done, and what went otherwise than it says.
fn walked() -> &'static (TempDir, Vec<String>) {
    static WALK: OnceLock<(TempDir, Vec<String>)> = OnceLock::new();
    WALK.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a directory");
        fs::write(folder.path().join("values.yaml"), here("values.yaml")).expect("the values are written");
        let wrong = page().iter().filter_map(|part| go(part, folder.path())).collect();
        (folder, wrong)
    })
}

fn go(part: &Part, at: &Path) -> Option<String> {
    match part {
        Part::Edit { file, before, after } => {
            let path = at.join(file);
            let text = fs::read_to_string(&path).expect("the file to be edited is there");
            if text.matches(before.as_str()).count() != 1 {
                return Some(format!("{file} does not have exactly once\n{before}"));
            }
            fs::write(path, text.replace(before.as_str(), after)).expect("the file is written");
            None
        }
        Part::Run { command, says, status } => {
            // Helm's and the shell's are not ours
            let ours = command.strip_prefix("gitlab-render ")?;
            let (ours, into) = ours.split_once(" > ").map_or((ours, None), |(ours, file)| (ours, Some(file)));
            let got = ask(at, ours);
            if let Some(file) = into {
                fs::write(at.join(file), &got.stdout).expect("the file is written");
            }
            let shown = if into.is_some() { got.stderr.clone() } else { format!("{}{}", got.stdout, got.stderr) };
            if got.status != Some(*status) {
                return Some(format!("{command}: ends with {:?}\n{}", got.status, got.stderr));
            }
            unsaid(says, &shown).map(|why| format!("{command}: {why}"))
        }
    }
}

fn at_the_end() -> &'static Path {
    walked().0.path()
}

#[test]
fn the_page_tells_what_happens_and_its_values_are_those_that_are_kept() {
    let (folder, wrong) = walked();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    let ours = page()
        .iter()
        .filter(|p| matches!(p, Part::Run { command, .. } if command.starts_with("gitlab-render")))
        .count();
    assert!(ours >= 25, "{ours} commands");
    let text = fs::read_to_string(folder.path().join(FINAL)).expect("the values are there");
    let kept = root().join("tests/upgrade/worked").join(FINAL);
    assert_eq!(unexpected(&kept, &text), None);
}

fn plan(from: &str, values: &str) -> Value {
    let asked = format!("upgrade plan --from {from} --to 18.9 -f {values} --name prod -n gitlab {CLUSTER} -o json");
    let got = ask(at_the_end(), &asked);
    assert_eq!(got.status, Some(0), "{}", got.stderr);
    serde_json::from_str(&got.stdout).expect("a plan is JSON")
}

fn texts<'a>(rows: &'a Value, key: &str) -> Vec<&'a str> {
    rows.as_array().expect("a list").iter().map(|row| row[key].as_str().expect("a text")).collect()
}

#[test]
fn the_plan_stops_where_gitlab_wants_it_and_names_the_values_that_break() {
    let plan = plan("16.5.1", "values.yaml");
    let stops = plan["stops"].as_array().expect("there are stops");
    let wanted = documented().into_iter().filter(|stop| (16, 5) < stop.series && stop.series < (18, 9));
    let wanted: Vec<_> = wanted.map(|stop| stop.newest).chain(["18.9.8".to_owned()]).collect();
    assert_eq!(texts(&plan["stops"], "gitlab"), wanted);
    let required =
        ["always", "always", "conditional", "always", "always", "always", "always", "always", "always", "always", "no"];
    assert_eq!(texts(&plan["stops"], "required"), required);
    let found: Vec<(&str, &str, &str)> = stops
        .iter()
        .flat_map(|stop| stop["values"].as_array().expect("a list").iter().map(move |value| (stop, value)))
        .filter(|(_, value)| value["line"].is_number())
        .map(|(stop, value)| (&stop["gitlab"], &value["action"], &value["path"]))
        .map(|(stop, action, path)| (stop.as_str().unwrap(), action.as_str().unwrap(), path.as_str().unwrap()))
        .collect();
    let wanted = [
        ("16.7.10", "delete", "registry.database.discovery"),
        ("17.1.8", "decide", "global.busybox"),
        ("17.1.8", "move", "gitlab.kas.privateApi.tls.enabled"),
        ("17.1.8", "move", "gitlab.kas.privateApi.tls.secretName"),
        ("17.1.8", "decide", "gitlab.sidekiq.pods[0].queueSelector"),
        ("17.1.8", "decide", "gitlab.sidekiq.pods[2].queueSelector"),
        ("17.1.8", "decide", "gitlab.sidekiq.pods[2].negateQueues"),
        ("17.1.8", "decide", "global.registry.notifications.endpoints[0].threshold"),
        ("17.11.7", "move", r"gitlab.webservice.ingress.annotations.nginx\.ingress\.kubernetes\.io/service-upstream"),
        ("17.11.7", "delete", "gitlab.kas.redis.enabled"),
        ("18.2.8", "move", "certmanager.install"),
        ("18.2.8", "delete", "nginx-ingress.podSecurityPolicy"),
        ("18.2.8", "decide", "gitlab.webservice.monitoring.ipWhitelist"),
        ("18.5.7", "keep", "global.psql.host"),
    ];
    assert_eq!(found, wanted);
}

/// What a person has to decide keeps nobody from seeing what becomes of the objects.
#[test]
fn objects_are_compared_wherever_both_ends_are_rendered() {
    let told = |plan: &Value| -> Vec<(String, bool, bool)> {
        let stops = plan["stops"].as_array().expect("there are stops").iter();
        let rendered =
            |stop: &Value| stop["objects"].as_array().expect("a list").iter().all(|object| object["from"] == "render");
        let undecided = |stop: &Value| {
            stop["notes"].to_string().contains("without the values that need a decision: `global.busybox`")
        };
        stops.map(|stop| (stop["gitlab"].as_str().unwrap().to_owned(), rendered(stop), undecided(stop))).collect()
    };
    for (gitlab, rendered, undecided) in told(&plan("16.5.1", "values.yaml")) {
        let late = ["18.5.7", "18.8.11", "18.9.8"].contains(&gitlab.as_str());
        assert_eq!((rendered, undecided), (late, late), "{gitlab}");
    }
    let decided = told(&plan("18.2.8", "values-18.2.8.yaml"));
    assert!(
        decided.len() == 3 && decided.iter().all(|(_, rendered, undecided)| *rendered && !undecided),
        "{decided:?}"
    );
}

/// A command without what the plan adds for the case that it fails, which the page leaves out.
fn shortened(command: &str) -> String {
    let kept = command.starts_with("test -s ");
    let short = command.split_once(".part && mv ").filter(|_| !kept);
    short.map_or(command, |(short, _)| short).to_owned()
}

/// What the page lets Helm and the shell do is what the plan says, and so is what it renders.
#[test]
fn the_page_follows_the_plan() {
    let plans = [plan("16.5.1", "values.yaml"), plan("18.2.8", "values-18.2.8.yaml")];
    let mut planned = BTreeSet::new();
    for stop in plans.iter().flat_map(|plan| plan["stops"].as_array().expect("a list")) {
        for step in stop["steps"].as_array().expect("a list") {
            planned
                .extend(step["commands"].as_array().expect("a list").iter().filter_map(Value::as_str).map(shortened));
        }
    }
    let mut done = BTreeSet::new();
    for part in page() {
        if let Part::Run { command, .. } = part {
            let of_the_plan =
                ["helm ", "sh ", "gitlab-render values migrate", "gitlab-render template", "gitlab-render adopt"];
            if of_the_plan.iter().any(|start| command.starts_with(start)) {
                done.insert(command);
            }
        }
    }
    // two looks that no plan has: whether decisions are left, and what is missing without `-a`
    let own: Vec<_> =
        done.difference(&planned).filter(|c| !c.ends_with("--diff") && !c.contains("without-monitors")).collect();
    assert!(own.is_empty(), "{own:?}\n{planned:#?}");
    let migrations = planned.iter().filter(|command| command.starts_with("gitlab-render values migrate"));
    let left: Vec<_> = migrations.filter(|c| !done.contains(*c)).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_second_run_changes_nothing_and_comments_stay() {
    let at = at_the_end();
    let mut steps = 0;
    for part in page() {
        let Part::Run { command, .. } = part else { continue };
        let Some(command) = command.strip_prefix("gitlab-render ").filter(|c| c.starts_with("values migrate")) else {
            continue;
        };
        let Some((flags, made)) = command.split_once(" -o ") else { continue };
        let (_, releases) = flags.split_once(" --from ").expect("it says from where");
        let before = fs::read_to_string(at.join(made)).expect("it was made");
        let again = ask(at, &format!("values migrate -f {made} --from {releases} --in-place --no-verify"));
        assert_eq!(again.status, Some(0), "{made}: {}", again.stderr);
        assert_eq!(fs::read_to_string(at.join(made)).expect("it is there"), before, "{made}");
        steps += 1;
    }
    assert_eq!(steps, 11);
    let comments = |text: &str| -> BTreeSet<String> {
        text.lines().filter_map(|line| Some(line.split_once("# ")?.1.to_owned())).collect()
    };
    let last = fs::read_to_string(at.join(FINAL)).expect("the values are there");
    let (first, last) = (comments(&here("values.yaml")), comments(&last));
    let gone: Vec<_> = first.difference(&last).map(String::as_str).collect();
    let by_hand = [
        "A queue for each worker: the selectors of the Sidekiq pods below need it.",
        "Docker Hub counts our pulls, so this one comes from the mirror.",
    ];
    assert_eq!(gone, by_hand);
    let come: Vec<_> = last.difference(&first).collect();
    assert_eq!(come, ["Which queue a job goes to; each group of Sidekiq pods below takes one."]);
}

fn template(more: &str) -> Ran {
    let got = ask(at_the_end(), &format!("template prod -n gitlab -f {FINAL} {CLUSTER} --is-upgrade {more}"));
    assert_eq!((got.status, got.stderr.as_str()), (Some(0), ""), "{more}");
    got
}

fn ids(objects: &Value) -> Vec<String> {
    let objects = objects.as_array().or(objects["items"].as_array()).expect("objects");
    let id = |object: &Value| {
        let name = object["name"].as_str().or(object["metadata"]["name"].as_str()).expect("a name");
        format!("{}/{name}", object["kind"].as_str().expect("a kind"))
    };
    objects.iter().map(id).collect()
}

/// Without a warning, each object in one phase, and the phases together are the whole.
#[test]
fn the_last_render_is_whole_in_its_phases() {
    let json =
        |more: &str| -> Value { serde_json::from_str(&template(&format!("{more} -o json")).stdout).expect("JSON") };
    let listed = json("--list-phases");
    let mut all = Vec::new();
    for phase in listed["phases"].as_array().expect("a list") {
        let name = phase["phase"].as_str().expect("a name");
        let objects = ids(&phase["objects"]);
        assert_eq!(objects, ids(&json(&format!("--phase {name}"))), "{name}");
        all.extend(objects);
    }
    let once: BTreeSet<_> = all.iter().collect();
    assert_eq!(once.len(), all.len(), "an object is in two phases");
    // all at once, which warns that nothing waits
    let whole = ask(
        at_the_end(),
        &format!("template prod -n gitlab -f {FINAL} {CLUSTER} --is-upgrade --phase pre,main,post,test -o json"),
    );
    let whole = ids(&serde_json::from_str(&whole.stdout).expect("JSON"));
    assert_eq!(all.iter().collect::<BTreeSet<_>>(), whole.iter().collect::<BTreeSet<_>>());
    assert!(whole.len() > 80, "{}", whole.len());
}

#[test]
fn each_step_has_its_risk_and_the_end_validates() {
    let at = at_the_end();
    let diff = "diff gitlab-18.8.11.yaml gitlab-18.9.8.yaml --name prod -n gitlab";
    let told: Value = serde_json::from_str(&ask(at, &format!("{diff} -o json")).stdout).expect("JSON");
    let mut classes = BTreeMap::new();
    for object in told["objects"].as_array().unwrap_or_else(|| panic!("{told:#}")) {
        *classes.entry(object["class"].as_str().expect("a class").to_owned()).or_insert(0) += 1;
    }
    assert_eq!(classes, BTreeMap::from([("none".into(), 4), ("outage".into(), 1), ("restart".into(), 16)]));
    for (classes, status) in [("data,replace,exposure", 0), ("outage", 1), ("restart,data", 1)] {
        assert_eq!(ask(at, &format!("{diff} --fail-on {classes}")).status, Some(status), "{classes}");
    }
    for version in ["1.33", "1.34", "1.35"] {
        let asked =
            format!("validate -f {FINAL} --name-template prod -n gitlab {CLUSTER} --kube-version {version} --strict");
        let got = ask(at, &asked);
        assert_eq!((got.status, got.stdout.as_str()), (Some(0), ""), "{version}");
    }
}
