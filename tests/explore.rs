//! `explore`: one page without network and secrets, tried in a real Chromium as the page of a plan is.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};

use crate::common::{root, run};
use crate::plan_page::Browser;

fn page(at: &Path, args: &[&str]) -> String {
    let args: Vec<String> = ["explore", "--name", "prod"].iter().chain(args).map(|arg| (*arg).to_owned()).collect();
    let got = run(at, &args, &BTreeMap::new(), "");
    assert_eq!(got.status, Some(0), "{}", got.stderr);
    got.stdout
}

fn data(page: &str) -> Value {
    let start = page.split_once("id=\"data\">").unwrap().1;
    serde_json::from_str(start.split_once("</script>").unwrap().0).unwrap()
}

#[test]
fn explore_shows_each_field_with_the_values_that_decide_it() {
    let text = "</script><script>document.title='broken'</script>";
    let values = root().join("tests/why/prod.yaml").display().to_string();
    let set = format!("global.extraEnv.NOTE={text},global.extraEnv.API_TOKEN=hunter2hunter2");
    let page = page(root(), &["-f", &values, "--set", &set]);
    assert!(page.len() < 3 << 20, "{} bytes", page.len());
    assert!(
        !page.contains("hunter2") && !page.contains("<script>document.title"),
        "a value became markup, or is a secret"
    );
    assert!(!page.contains("http-equiv=\"refresh\"") && page.contains("default-src 'none'"));
    let data = data(&page);
    let values = data["values"].as_array().unwrap();
    let number = values.iter().position(|value| value["path"] == "global.hosts.domain").unwrap();
    assert_eq!((&values[number]["line"], &values[number]["overridden"][0]["layer"]), (&json!(5), &json!("default")));
    let object = data["objects"].as_array().unwrap().iter().find(|o| o["id"] == "Ingress/prod-registry").unwrap();
    let field = object["fields"]
        .as_array()
        .unwrap()
        .iter()
        .find(|f| f[0] == "spec.rules[0].host")
        .or_else(|| object["fields"].as_array().unwrap().iter().find(|f| f[1] == "registry.corp.example.org"));
    assert!(field.unwrap()[2].as_array().unwrap().contains(&json!(number)), "{field:?}");
    // Defaults that are written into fields.
    let defaults = data["defaults"].as_array().unwrap();
    let mut named = std::collections::BTreeMap::new();
    for object in data["objects"].as_array().unwrap() {
        for field in object["fields"].as_array().unwrap() {
            for number in field[3].as_array().unwrap() {
                let path = defaults[usize::try_from(number.as_u64().unwrap()).unwrap()][0].as_str().unwrap();
                named
                    .entry(path)
                    .or_insert_with(Vec::new)
                    .push((object["id"].as_str().unwrap(), field[0].as_str().unwrap()));
            }
        }
    }
    assert!(named.len() > 250, "{}", named.len());
    assert_eq!(named.len(), defaults.len(), "each default is in a field");
    for path in [
        "gitlab.gitlab-shell.service.internalPort",
        "upgradeCheck.securityContext.fsGroup",
        "global.kubectl.image.repository",
    ] {
        assert!(named.contains_key(path), "{path}");
    }
}

#[test]
fn explore_of_the_largest_profile_is_small_and_has_the_stops_of_an_upgrade() {
    let page = page(root(), &["--profile", "reference-cloud-native-xlarge", "--from", "18.2"]);
    assert!(page.len() < 3 << 20, "{} bytes", page.len());
    let data = data(&page);
    assert!(data["stops"].as_array().unwrap().len() > 1, "{}", data["stops"]);
    assert!(data["objects"].as_array().unwrap().len() > 40);
}

#[test]
#[ignore = "needs Chromium, see docs/testing.md"]
fn explore_page_works_in_a_real_browser() {
    let folder = tempfile::tempdir().unwrap();
    let values = root().join("tests/why/prod.yaml").display().to_string();
    let text = page(folder.path(), &["-f", &values, "--set", "global.extraEnv.NOTE=</script><b>x"]);
    let file = folder.path().join("explore.html");
    std::fs::write(&file, text).unwrap();
    let url = format!("file://{}", file.display());
    let mut browser = Browser::start();
    for width in [360, 1280_u64] {
        let screen = json!({"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 600});
        browser.ask("Emulation.setDeviceMetricsOverride", screen);
        browser.show(Some(&url));
        let needed = browser.value("document.documentElement.scrollWidth");
        assert!(needed.as_u64().is_some_and(|needed| needed <= width), "{needed} px are needed, {width} are there");
    }
    // search, click a field, read its why
    browser.value(
        "(function(){var s=document.getElementById('search');s.value='ingress/prod-registry host';s.dispatchEvent(new Event('input'))})()",
    );
    let count = browser.value("document.getElementById('count').textContent");
    assert!(count.as_str().is_some_and(|count| count.contains("field")), "{count}");
    let button = "[...document.querySelectorAll('#results button')].find(b => b.textContent.endsWith('registry.corp.example.org'))";
    browser.value(&format!("{button}.click()"));
    assert_eq!(browser.value(&format!("{button}.getAttribute('aria-expanded')")), "true");
    let why = browser.value("document.querySelector('#results .why').textContent");
    let why = why.as_str().unwrap_or_default();
    assert!(why.contains("global.hosts.domain") && why.contains("prod.yaml:5"), "{why}");
    // a default
    browser.value(
        "(function(){var s=document.getElementById('search');s.value='upgrade-check securityContext.fsGroup';s.dispatchEvent(new Event('input'))})()",
    );
    browser.value("document.querySelector('#results button').click()");
    let why = browser.value("document.querySelector('#results .why').textContent");
    assert!(why.as_str().is_some_and(|why| why.contains("upgradeCheck.securityContext.fsGroup: 65534")), "{why}");
    // a value and what it reaches
    browser.value("[...document.querySelectorAll('#values details')].find(d => d.textContent.startsWith('global.hosts.domain')).open = true");
    browser.value("new Promise(done => setTimeout(done, 50))");
    let reached = browser.value("document.querySelectorAll('#values details[open] button').length");
    assert!(reached.as_u64().is_some_and(|reached| reached > 5), "{reached}");
    assert_eq!(browser.value("document.querySelectorAll('b').length"), 0, "a value became markup");
    let others: Vec<_> = browser.requests.iter().filter(|asked| **asked != url).collect();
    assert!(others.is_empty(), "the page fetches {others:?}");
}
