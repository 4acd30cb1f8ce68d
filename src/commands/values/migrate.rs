//! `gitlab-render values migrate`.

use std::path::{Path, PathBuf};

use clap::Args;

use super::parts::{Given, Whole, in_files, read};
use crate::cli::{DEFAULT_NAME, newest_kubernetes};
use crate::commands::Exit;
use crate::diag::{Diagnostic, Failure, Fault, Severity, Sources};
use crate::files::write_file;
use crate::pipeline::Target;
use crate::pipeline::decide::{self, Decided, GivenAnswer};
use crate::pipeline::migrate::{self, File, Sameness};
use crate::ui::Ui;
use crate::upgrade::migrate::Migrated;
use crate::upgrade::rules::ReleaseSpan;

/// `gitlab-render values migrate`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct MigrateArgs {
    /// Values file; `-` reads stdin. Repeatable or a comma list: each is rewritten on its own, and all are rendered together.
    #[arg(short = 'f', long = "values", value_name = "FILE", required = true, value_delimiter = ',')]
    pub files: Vec<String>,
    /// Path of the values in files of another form, such as `spec.values` or `charts[0].values`.
    #[arg(long, value_name = "PATH")]
    pub values_at: Option<String>,
    /// Release that the values were written for; with it, changed defaults and meanings on the way are reported too.
    #[arg(long, value_name = "VERSION")]
    pub from: Option<String>,
    /// Release that they are rewritten for, by GitLab's version or the chart's; the default is what `template` renders.
    #[arg(long, value_name = "VERSION")]
    pub to: Option<String>,
    /// Write each file back where it came from.
    #[arg(short = 'i', long, conflicts_with_all = ["output", "diff"])]
    pub in_place: bool,
    /// File to write to; without it, and with `-`, stdout.
    #[arg(short = 'o', long, value_name = "FILE", conflicts_with = "diff")]
    pub output: Option<PathBuf>,
    /// Replace an existing file.
    #[arg(long, requires = "output")]
    pub force: bool,
    /// Print what would change as a unified diff, and write nothing.
    #[arg(long)]
    pub diff: bool,
    /// Render the values before and after, and report whether the result is the same; done where the release can be rendered.
    #[arg(long, overrides_with = "no_verify")]
    pub verify: bool,
    /// Do not render.
    #[arg(long)]
    pub no_verify: bool,
    /// Turn keys that nothing reads into comments.
    #[arg(long)]
    pub comment_unknown: bool,
    /// Answer to a decision, `way-in=ingress`, or to an open question of the file, `global.psql.host=db.example.com`. Repeatable
    /// or a comma list. What is not answered is written into the file as an example with a question, `# ?:`.
    #[arg(long = "answer", value_name = "DECISION=ANSWER", value_delimiter = ',')]
    pub answers: Vec<String>,
    /// Write nothing while a decision is open.
    #[arg(long)]
    pub strict: bool,
}

const EXAMPLES: &str = "\
Examples:
  The changes, and the decisions that are left:
    gitlab-render values migrate -f values.yaml --diff

  For GitLab 18.9, coming from 16.11, in the file itself:
    gitlab-render values migrate -f values.yaml --from 16.11 --to 18.9 \\
      --in-place

  Into another file:
    gitlab-render values migrate -f values.yaml -o values-18.yaml

  For GitLab 19.2, which stays with Ingress:
    gitlab-render values migrate -f values.yaml --from 18.11 --to 19.2 \\
      --answer way-in=ingress --in-place";

impl MigrateArgs {
    /// Rewrites, reports what was done, and writes the result.
    pub fn run(&self, ui: &Ui) -> Result<Exit, Failure> {
        self.check()?;
        let span = migrate::span(self.from.as_deref(), self.to.as_deref())
            .map_err(|diagnostic| Diagnostic { fault: Fault::Usage, ..diagnostic })?;
        let answers = self.answers.iter().map(|text| GivenAnswer::read(text, &span)).collect::<Result<Vec<_>, _>>()?;
        let Given { files, wholes } = read(&self.files, self.values_at.as_deref())?;
        let (mut migrated, refused) = migrate::migrate(&files, &span);
        if refused.is_empty() {
            wholes.iter().for_each(|whole| whole.mark_globals(&mut migrated));
        }
        // A key that nothing read before changes the render once it is read.
        let by_rules = migrated.clone();
        let mut decided = Decided::default();
        if refused.is_empty() {
            decided = decide::decide(&files, &mut migrated, &span, &answers)?;
        }
        if refused.is_empty() && !self.no_verify {
            migrate::move_known(&files, &mut migrated, &span, &target());
        }
        if self.comment_unknown && refused.is_empty() {
            migrate::comment_unknown(&files, &mut migrated, &span, &target());
        }
        if let Some((last, before)) = refused.split_last() {
            before.iter().for_each(|failure| ui.report(&failure.report.0, &failure.sources));
            return Err(last.clone());
        }
        let sources = in_files(&wholes, &texts(&files, |file| &file.text), &mut decided.report);
        ui.report(&decided.report, &sources);
        if let Some(last) = migrated.last_mut() {
            last.open += decided.open;
        }
        let mut left = false;
        for whole in &wholes {
            let parts = &mut migrated[whole.parts.clone()];
            whole.keep_globals(&files[whole.parts.clone()], parts);
            whole.place(parts);
            parts.iter().for_each(|one| ui.report(&one.report, &one.sources));
            let fixed = whole.not_edited(&span);
            ui.report(&fixed.warnings, &fixed.value);
            let (changed, open) = parts
                .iter()
                .fold((0, fixed.warnings.len()), |(changed, open), one| (changed + one.changed, open + one.open));
            left |= open > 0;
            ui.report(&[summary(&whole.name, changed, open, &span)], &Sources::default());
            let others = whole.others();
            ui.report(&others.warnings, &others.value);
        }
        let passed = migrate::passed(&files, &migrated, &span);
        ui.report(&passed.warnings, &passed.value);
        if self.strict && left {
            let message = "`--strict`: some decisions are still open, so nothing was written";
            return Err(Diagnostic::error("decision", message)
                .hint("the warnings above list the answers to each; without the flag, the file contains them as open questions")
                .into());
        }
        let changed = left || migrated.iter().any(|one| one.changed > 0);
        wholes.iter().try_for_each(|whole| whole.check(&migrated))?;
        if self.diff {
            for whole in &wholes {
                let new = whole.text(&migrated);
                ui.out(migrate::text_diff(&whole.name, &whole.old, &new).as_bytes())?;
            }
        } else {
            self.write(&wholes, &migrated, ui)?;
        }
        let same = self.verify(&files, &by_rules, &span, ui);
        let accepted = self.accepted(&files, &wholes, &migrated, &span, ui);
        Ok(if left || !same || !accepted || (self.diff && changed) { Exit::Found } else { Exit::Done })
    }

    fn check(&self) -> Result<(), Failure> {
        let refuse = |message: &str, hint: &str| Err(Diagnostic::usage("usage", message).hint(hint).into());
        if self.files.len() > 1 && !self.in_place && !self.diff {
            return refuse(
                "several files cannot be written to one place",
                "write them back with `--in-place`, or show the changes with `--diff`",
            );
        }
        if self.in_place && self.files.iter().any(|name| name == "-") {
            return refuse("stdin cannot be written to in place", "leave `--in-place` out: the result goes to stdout");
        }
        if self.files.iter().any(|name| name.starts_with("profile:")) {
            return refuse("a profile is always written for the current release", "name your own values files");
        }
        Ok(())
    }

    fn write(&self, wholes: &[Whole], migrated: &[Migrated], ui: &Ui) -> Result<(), Failure> {
        for whole in wholes {
            let text = whole.text(migrated);
            if self.in_place {
                if text != whole.old {
                    write_file(Path::new(&whole.name), &text, true)?;
                }
            } else {
                match self.output.as_deref().filter(|path| *path != Path::new("-")) {
                    Some(path) => write_file(path, &text, self.force)?,
                    None => ui.out(text.as_bytes())?,
                }
            }
        }
        Ok(())
    }

    /// Reports what `template` still refuses in the migrated values; false where it refuses anything.
    fn accepted(&self, files: &[File], wholes: &[Whole], migrated: &[Migrated], span: &ReleaseSpan, ui: &Ui) -> bool {
        if self.no_verify {
            return true;
        }
        let Some(Failure { report, .. }) = migrate::refused(files, migrated, span, target()) else { return true };
        let mut errors: Vec<Diagnostic> =
            report.0.into_iter().filter(|found| found.severity == Severity::Error).collect();
        let sources = in_files(wholes, &texts(migrated, |one| &one.text), &mut errors);
        ui.report(&errors, &sources);
        let message = match errors.len() {
            1 => "`template` would refuse the migrated values for one error".to_owned(),
            count => format!("`template` would refuse the migrated values for {count} errors"),
        };
        let unread = errors.iter().any(migrate::is_unread);
        let finding = Diagnostic::warning("still-refused", message);
        ui.report(
            &[match unread && !self.comment_unknown {
                true => finding.hint("`--comment-unknown` turns keys that nothing reads into comments"),
                false => finding.hint("fix each at the line shown; line numbers refer to the migrated values"),
            }],
            &Sources::default(),
        );
        false
    }

    /// Renders before and after, where that was requested or something changed; false where the results differ.
    fn verify(&self, files: &[File], migrated: &[Migrated], span: &ReleaseSpan, ui: &Ui) -> bool {
        let changed = migrated.iter().any(|one| one.changed > 0);
        if self.no_verify || !(changed || self.verify) {
            return true;
        }
        let sameness = migrate::compare_renders(files, migrated, span, target());
        let answer = match &sameness {
            Sameness::Same => Diagnostic::note("same-render", "the render is the same before and after the migration"),
            Sameness::Differs(objects) => {
                Diagnostic::warning("other-render", format!("the render changes: {}", objects.join(", ")))
                    .hint("check that this is intended: the old values had an effect, and a different one")
            }
            Sameness::OldRefused => Diagnostic::note(
                "not-compared",
                "the old values cannot be rendered for the new release, so the renders were not compared",
            ),
            // `accepted` reports these.
            Sameness::NewRefused => return true,
            Sameness::Unknown if self.verify => Diagnostic::note(
                "not-compared",
                format!("chart {} is not among the releases that can be rendered", span.to),
            ),
            Sameness::Unknown => return true,
        };
        ui.report(&[answer], &Sources::default());
        !matches!(sameness, Sameness::Differs(_))
    }
}

fn texts<T>(all: &[T], text: fn(&T) -> &String) -> Vec<&str> {
    all.iter().map(|one| text(one).as_str()).collect()
}

/// The request that checks values whose release is not known yet.
fn target() -> Target {
    Target {
        name: DEFAULT_NAME.to_owned(),
        namespace: "default".to_owned(),
        is_upgrade: false,
        kube_version: newest_kubernetes(None),
        api_versions: Vec::new(),
        gitlab_version: None,
    }
}

fn summary(name: &str, changed: usize, open: usize, span: &ReleaseSpan) -> Diagnostic {
    let count = |n: usize, one: &str, many: &str| format!("{n} {}", if n == 1 { one } else { many });
    let done = match (changed, open) {
        (0, 0) => "nothing to change".to_owned(),
        (changed, 0) => count(changed, "change", "changes"),
        (changed, open) => {
            format!("{}, {}", count(changed, "change", "changes"), count(open, "decision left", "decisions left"))
        }
    };
    Diagnostic::note("summary", format!("`{name}` for chart {}: {done}", span.to))
}
