//! The page of a plan in a real Chromium, driven through its debugging pipe: what was ticked is remembered, nothing is
//! fetched, and a telephone's width is enough.
//!
//! Ignored by a plain `cargo test`; `.ci/run` runs it where Chromium can be had. By hand:
//! `cargo test plan_page -- --ignored`, with `CHROMIUM` naming another program than the usual ones.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::common::{run, words};

/// What Debian and others call it.
const NAMES: [&str; 4] = ["chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"];

/// A browser and its messages: JSON that ends in a null byte, both ways.
pub struct Browser {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    next: u64,
    session: Option<String>,
    /// Addresses that pages asked for.
    pub requests: Vec<String>,
    loaded: bool,
    _profile: TempDir,
}

impl Browser {
    pub fn start() -> Self {
        let named = std::env::var("CHROMIUM").ok();
        let has = |name: &&&str| Command::new(name).arg("--version").output().is_ok_and(|ran| ran.status.success());
        let program = named.or_else(|| NAMES.iter().find(has).map(|name| (*name).to_owned()));
        let program = program.expect("Chromium is installed, or CHROMIUM names it");
        let profile = tempfile::tempdir().expect("a directory");
        // the pipe is on descriptors 3 and 4
        let line = "exec \"$0\" --headless --no-sandbox --disable-gpu --no-first-run --disable-background-networking \
                    --disable-component-update --disable-default-apps --user-data-dir=\"$1\" --remote-debugging-pipe \
                    3<&0 4>&1 0</dev/null 1>/dev/null 2>/dev/null";
        let mut command = Command::new("sh");
        command.args(["-c", line, &program]).arg(profile.path());
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the browser starts");
        let (to, from) = (child.stdin.take().expect("a pipe"), child.stdout.take().expect("a pipe"));
        let from = BufReader::new(from);
        let mut browser =
            Browser { child, to, from, next: 0, session: None, requests: Vec::new(), loaded: false, _profile: profile };
        let target = browser.ask("Target.createTarget", json!({"url": "about:blank"}));
        let attach = json!({"targetId": target["targetId"], "flatten": true});
        let attached = browser.ask("Target.attachToTarget", attach);
        browser.session = attached["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page.enable", "Network.enable"] {
            browser.ask(domain, json!({}));
        }
        browser
    }

    /// Sends a command and gives its result; what happens meanwhile is noted.
    pub fn ask(&mut self, method: &str, params: Value) -> Value {
        self.next += 1;
        let mut message = json!({"id": self.next, "method": method, "params": params});
        if let Some(session) = &self.session {
            message["sessionId"] = session.as_str().into();
        }
        self.to.write_all(format!("{message}\0").as_bytes()).expect("the browser listens");
        loop {
            let answer = self.hear();
            if answer["id"] == self.next {
                assert!(answer.get("error").is_none(), "{method}: {answer}");
                return answer["result"].clone();
            }
        }
    }

    fn hear(&mut self) -> Value {
        let mut bytes = Vec::new();
        self.from.read_until(0, &mut bytes).expect("the browser answers");
        bytes.pop();
        let message: Value = serde_json::from_slice(&bytes).expect("the browser has not ended");
        match message["method"].as_str() {
            Some("Network.requestWillBeSent") => {
                self.requests.push(message["params"]["request"]["url"].as_str().unwrap_or_default().to_owned());
            }
            Some("Page.loadEventFired") => self.loaded = true,
            _ => {}
        }
        message
    }

    /// Shows a page, or the same one again, and waits until it has loaded.
    pub fn show(&mut self, url: Option<&str>) {
        self.loaded = false;
        match url {
            Some(url) => self.ask("Page.navigate", json!({"url": url})),
            None => self.ask("Page.reload", json!({"ignoreCache": true})),
        };
        while !self.loaded {
            self.hear();
        }
    }

    pub fn value(&mut self, script: &str) -> Value {
        self.ask("Runtime.evaluate", json!({"expression": script, "returnByValue": true}))["result"]["value"].clone()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const TICKED: &str = "[...document.querySelectorAll('input:checked')].map(box => box.id).join(' ')";

fn plan(at: &Path, file: &str, args: &str) -> String {
    let got = run(at, &words(&format!("upgrade plan {args} -o html")), &BTreeMap::new(), "");
    assert_eq!(got.status, Some(0), "{}", got.stderr);
    std::fs::write(at.join(file), got.stdout).expect("the page is written");
    format!("file://{}", at.join(file).display())
}

#[test]
#[ignore = "needs Chromium, see docs/testing.md"]
fn plan_page_works_in_a_real_browser() {
    let folder = tempfile::tempdir().expect("a directory");
    let here = folder.path();
    let long = plan(here, "long.html", "--from 13.12 --name prod -n gitlab");
    let short = plan(here, "short.html", "--from 18.8 --to 18.9 --with argocd");
    let mut browser = Browser::start();
    for width in [360, 1280_u64] {
        let screen = json!({"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 600});
        browser.ask("Emulation.setDeviceMetricsOverride", screen);
        browser.show(Some(&long));
        let needed = browser.value("document.documentElement.scrollWidth");
        assert!(needed.as_u64().is_some_and(|needed| needed <= width), "{needed} px are needed, {width} are there");
        let small = "[...document.querySelectorAll('p,li,td,span,h1,h2')].every(e => parseFloat(getComputedStyle(e).fontSize) >= 12)";
        assert_eq!(browser.value(small), true, "letters are too small to read");
    }
    let boxes = browser.value("document.querySelectorAll('input[type=checkbox]').length");
    assert!(boxes.as_u64().is_some_and(|boxes| boxes > 100), "{boxes} boxes");
    assert_eq!(browser.value(TICKED), "");

    // one by the mouse's way, one by its label
    browser.value("document.getElementById('s1-2').click()");
    browser.value("document.querySelector('label[for=s3-1]').click()");
    browser.show(None);
    assert_eq!(browser.value(TICKED), "s1-2 s3-1", "what was ticked is forgotten");
    browser.value("document.getElementById('s1-2').click()");
    browser.show(None);
    assert_eq!(browser.value(TICKED), "s3-1", "what was ticked off is still there");

    // another plan has ticks of its own
    browser.show(Some(&short));
    assert_eq!(browser.value(TICKED), "");
    let inside = "[...document.querySelectorAll('a')].every(a => a.getAttribute('href').startsWith('#') \
                  && document.getElementById(a.getAttribute('href').slice(1)))";
    assert_eq!(browser.value(inside), true, "a link leads nowhere");

    // whatever the browser asked for was one of the two pages
    let others: Vec<_> = browser.requests.iter().filter(|url| **url != long && **url != short).collect();
    assert!(others.is_empty(), "the page fetches {others:?}");
    assert!(browser.requests.len() >= 5);
    println!("the page of a plan in a real browser: {boxes} boxes, 360 px are enough, nothing is fetched");
}
