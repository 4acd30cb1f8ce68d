//! The command; everything it does is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    gitlab_render::ui::report_panics();
    gitlab_render::commands::run(std::env::args_os()).into()
}
