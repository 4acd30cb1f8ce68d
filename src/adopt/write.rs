//! A guide as text: for a terminal, or as Markdown.

use std::fmt::Write as _;

use super::Guide;

/// The layout of the guide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// For a terminal: commands are indented.
    Text,
    /// Markdown: commands are in fenced blocks.
    Markdown,
}

/// The whole guide, from its title to the way back.
pub fn write(guide: &Guide, layout: Layout) -> String {
    let (release, namespace) = (&guide.release.name, &guide.release.namespace);
    let title = format!("Release {release} in namespace {namespace}: from Helm to {}", guide.tool.name());
    let mut text = heading(layout, "#", &title);
    let _ = writeln!(
        text,
        "{} objects, {} claims with data. No cluster was contacted: each step names what to compare with the cluster.",
        guide.objects.len(),
        guide.claims.len()
    );
    for (step, number) in guide.steps.iter().zip(1..) {
        text.push('\n');
        text.push_str(&heading(layout, "##", &format!("{number}. {}", step.title)));
        for paragraph in &step.text {
            let _ = writeln!(text, "{paragraph}");
        }
        for block in &step.commands {
            block_of(&mut text, layout, block);
        }
    }
    text
}

fn heading(layout: Layout, marks: &str, title: &str) -> String {
    match layout {
        Layout::Text if marks == "#" => format!("{title}\n{}\n\n", "=".repeat(title.chars().count())),
        Layout::Text => format!("{title}\n\n"),
        Layout::Markdown => format!("{marks} {title}\n\n"),
    }
}

fn block_of(text: &mut String, layout: Layout, block: &str) {
    // What is not a command is a file.
    let language = if block.starts_with("apiVersion:") { "yaml" } else { "sh" };
    match layout {
        Layout::Markdown => {
            let _ = writeln!(text, "\n```{language}\n{block}\n```");
        }
        Layout::Text => {
            text.push('\n');
            for line in block.lines() {
                let _ = writeln!(text, "    {line}");
            }
        }
    }
}
