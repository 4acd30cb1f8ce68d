//! The plan as a self-contained page: checkboxes whose state the browser keeps, and commands to copy.

use std::fmt::Write;

use super::{
    choices, condition, decisions, difference, heading, needs, object, place, question, remedy, state, summary, title,
};
use crate::upgrade::plan::{PlannedStop, UpgradePlan};

/// The style: light or dark as the system prefers; wide commands scroll by themselves.
const STYLE: &str = "\
:root{color-scheme:light dark;font:1rem/1.5 system-ui,sans-serif}\
body{max-width:60rem;margin:0 auto;padding:1rem;overflow-wrap:anywhere}\
pre{overflow-x:auto;overflow-wrap:normal;padding:.6rem;border:1px solid #8886;border-radius:.4rem}\
table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.3rem .5rem;border-bottom:1px solid #8886;vertical-align:top}\
label{display:block}input[type=checkbox]{margin-right:.5rem}input:checked+span{opacity:.6;text-decoration:line-through}\
details{margin:.8rem 0}summary{font-weight:600;cursor:pointer}.downtime{color:#b00020}";

/// Checkbox states are stored under the plan's title, so that two plans do not share them; the page also works in a
/// browser that stores nothing.
const SCRIPT: &str = "\
(function(){var key='gitlab-render plan: '+document.title,kept={};\
try{kept=JSON.parse(localStorage.getItem(key)||'{}')}catch(e){}\
document.querySelectorAll('input[type=checkbox]').forEach(function(box){\
box.checked=!!kept[box.id];box.addEventListener('change',function(){kept[box.id]=box.checked;\
try{localStorage.setItem(key,JSON.stringify(kept))}catch(e){}})})})();";

/// The plan as a page.
pub fn html(plan: &UpgradePlan) -> String {
    let title = escaped(&title(plan));
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" \
         content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n\
         <h1>{title}</h1>\n<p>{}.</p>\n",
        escaped(&summary(plan))
    );
    for note in &plan.notes {
        let _ = writeln!(out, "<p><em>{}</em></p>", escaped(note));
    }
    if !plan.decisions.is_empty() {
        out.push_str("<h2>Decisions</h2>\n");
        let mut boxes = Boxes { stop: 0, next: 0 };
        for decision in &plan.decisions {
            boxes.tick(&mut out, &question(decision), &choices(decision), &[]);
        }
    }
    out.push_str("<table>\n<thead><tr><th scope=\"col\">Stop</th><th scope=\"col\">Needs</th></tr></thead>\n<tbody>\n");
    for (number, stop) in (1..).zip(&plan.stops) {
        let heading = escaped(&heading(stop, number == plan.stops.len()));
        let needs = escaped(&needs(plan, number, stop));
        let _ = writeln!(out, "<tr><td><a href=\"#stop-{number}\">{number}. {heading}</a></td><td>{needs}</td></tr>");
    }
    out.push_str("</tbody>\n</table>\n");
    for (number, stop) in (1..).zip(&plan.stops) {
        page(&mut out, stop, number, number == plan.stops.len());
    }
    let _ = write!(out, "</main>\n<script>{SCRIPT}</script>\n</body>\n</html>\n");
    out
}

fn page(out: &mut String, stop: &PlannedStop, number: usize, last: bool) {
    let _ = writeln!(out, "<h2 id=\"stop-{number}\">{number}. {}</h2>", escaped(&heading(stop, last)));
    for note in &stop.notes {
        let _ = writeln!(out, "<p><em>{}</em></p>", escaped(note));
    }
    let mut boxes = Boxes { stop: number, next: 0 };
    if !stop.conditions.is_empty() {
        out.push_str("<h3>Only if one of these holds</h3>\n");
        for it in &stop.conditions {
            boxes.tick(out, &condition(it), &[], it.command.as_slice());
        }
    }
    if decisions(stop).next().is_some() {
        out.push_str("<h3>Decisions</h3>\n");
    }
    for value in decisions(stop) {
        let at = place(value).map(|place| format!("{place}: ")).unwrap_or_default();
        boxes.tick(out, &format!("{at}{}", value.what), &remedy(value), &[]);
    }
    out.push_str("<h3>Before</h3>\n");
    for check in &stop.before {
        boxes.tick(out, &format!("{}{}", check.what, state(check)), &[], &check.commands);
    }
    if !stop.objects.is_empty() {
        out.push_str("<details><summary>Changes of the objects</summary>\n<ul>\n");
        for change in &stop.objects {
            let _ = writeln!(out, "<li>{} ({})</li>", escaped(&object(change)), escaped(&change.effect));
        }
        out.push_str("</ul>\n</details>\n");
    }
    if !stop.differences.is_empty() {
        out.push_str(
            "<details><summary>What these releases do differently, where your values use it</summary>\n<ul>\n",
        );
        for passed in &stop.differences {
            let _ = writeln!(out, "<li>{}</li>", escaped(&difference(passed)));
        }
        out.push_str("</ul>\n</details>\n");
    }
    out.push_str("<h3>Steps</h3>\n");
    for step in &stop.steps {
        let down = if step.downtime { " [downtime]" } else { "" };
        boxes.tick(out, &format!("{}{down}", step.what), &step.details, &step.commands);
    }
}

/// The checkboxes of a stop, numbered so that the browser finds them again.
struct Boxes {
    stop: usize,
    next: usize,
}

impl Boxes {
    fn tick(&mut self, out: &mut String, text: &str, details: &[String], commands: &[String]) {
        self.next += 1;
        let id = format!("s{}-{}", self.stop, self.next);
        let _ = writeln!(
            out,
            "<label for=\"{id}\"><input type=\"checkbox\" id=\"{id}\"><span>{}</span></label>",
            escaped(text)
        );
        if !details.is_empty() {
            out.push_str("<ul>\n");
            for detail in details {
                let _ = writeln!(out, "<li>{}</li>", escaped(detail));
            }
            out.push_str("</ul>\n");
        }
        if !commands.is_empty() {
            let _ = writeln!(out, "<pre><code>{}</code></pre>", escaped(&commands.join("\n")));
        }
    }
}

/// Escapes a string for HTML.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn nothing_becomes_markup() {
        assert_eq!(escaped("<a href=\"x\">'&"), "&lt;a href=&quot;x&quot;&gt;&#39;&amp;");
    }
}
