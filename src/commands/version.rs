//! `gitlab-render version`.

use crate::cli::{VersionArgs, VersionForm};
use crate::commands::{Exit, Stop};
use crate::pipeline;
use crate::ui::Ui;

/// The version of the official chart whose values we take and whose objects we write.
pub const CHART_VERSION: &str = "9.9.1";

/// Says what this program is made of.
pub fn run(args: &VersionArgs, ui: &Ui) -> Result<Exit, Stop> {
    let own = env!("CARGO_PKG_VERSION");
    let gitlab = pipeline::gitlab_versions();
    let text = match args.output {
        Some(VersionForm::Json) => {
            let answer = serde_json::json!({ "version": own, "chart": CHART_VERSION, "gitlab": gitlab });
            format!("{answer:#}\n")
        }
        None => format!(
            "gitlab-render {own}\nstands in for chart gitlab {CHART_VERSION}\nknows GitLab {}\n",
            gitlab.join(", ")
        ),
    };
    ui.out(text.as_bytes())?;
    Ok(Exit::Done)
}
