//! `gitlab-render man`, a hidden command for packaging.

use std::path::PathBuf;

use clap::{Args, Command, CommandFactory};
use clap_mangen::Man;

use super::{Cli, Exit};
use crate::diag::{Diagnostic, Failure};
use crate::files::write_file;
use crate::ui::Ui;

/// `gitlab-render man`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  gitlab-render man target/man && man target/man/gitlab-render-template.1")]
pub struct ManArgs {
    /// A folder that exists; pages that are there already are replaced.
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
}

impl ManArgs {
    /// Writes one page for the program and one for each command, `gitlab-render-values-migrate.1`.
    pub fn run(&self, _: &Ui) -> Result<Exit, Failure> {
        let mut program = Cli::command();
        program.build();
        self.page(&program)?;
        Ok(Exit::Done)
    }

    fn page(&self, command: &Command) -> Result<(), Failure> {
        for below in command.get_subcommands().filter(|below| !below.is_hide_set() && below.get_name() != "help") {
            self.page(below)?;
        }
        let page = Man::new(command.clone());
        let mut text = Vec::new();
        page.render(&mut text).map_err(|error| Diagnostic::bug("output", format!("a page cannot be made: {error}")))?;
        write_file(&self.folder.join(page.get_filename()), &String::from_utf8_lossy(&text), true)?;
        Ok(())
    }
}
