//! The files that `values migrate` rewrites, and their parts.

use std::ops::Range;

use crate::cli::values_file;
use crate::diag::{Diagnostic, Failure, Location, Report, Sources, Warned};
use crate::files::Stdin;
use crate::pipeline::migrate::{self, File};
use crate::upgrade::migrate::Migrated;
use crate::upgrade::rules::ReleaseSpan;
use crate::values::Input;
use crate::wrapped::{self, Region};

/// All input of a run.
pub(super) struct Given {
    /// The parts: each is values only, on its lines of the file.
    pub(super) files: Vec<File>,
    /// The files that contain them.
    pub(super) wholes: Vec<Whole>,
}

/// A file of the user.
pub(super) struct Whole {
    /// Its name as the user wrote it.
    pub(super) name: String,
    /// Its text.
    pub(super) old: String,
    /// The range of its parts.
    pub(super) parts: Range<usize>,
    /// The lines of the parts; `None` where the whole file is values.
    region: Option<Region>,
}

impl Whole {
    /// The text of the file with its parts rewritten.
    pub(super) fn text(&self, migrated: &[Migrated]) -> String {
        self.with(&migrated.iter().map(|one| one.text.as_str()).collect::<Vec<_>>())
    }

    /// The text of the file with these texts as its parts; `texts` are those of all files.
    fn with(&self, texts: &[&str]) -> String {
        let own = &texts[self.parts.clone()];
        match &self.region {
            Some(region) => region.with(own),
            None => own.concat(),
        }
    }

    /// Marks the parts that are only the globals of an umbrella chart.
    pub(super) fn mark_globals(&self, migrated: &mut [Migrated]) {
        let Some(region) = &self.region else { return };
        for (number, one) in migrated[self.parts.clone()].iter_mut().enumerate() {
            one.only_globals = region.only_globals(number);
        }
    }

    /// Undoes changes that would write keys beside the globals of an umbrella chart, where GitLab's chart does not read them.
    pub(super) fn keep_globals(&self, old: &[File], migrated: &mut [Migrated]) {
        let Some(region) = &self.region else { return };
        for (number, (old, one)) in old.iter().zip(migrated).enumerate().filter(|(_, (_, one))| one.changed > 0) {
            if !region.takes(number, &one.text) {
                let message = "these globals of an umbrella chart are not edited: some changes would add keys beside GitLab's globals that GitLab's chart does not read";
                let finding = Diagnostic::warning("not-editable", message).hint(
                    "move them below the section of GitLab's chart first, or make the changes listed above manually",
                );
                one.report.push(finding);
                one.text.clone_from(&old.text);
                (one.open, one.changed) = (one.open + one.changed, 0);
            }
        }
    }

    /// Converts the places in reports to those of the file.
    pub(super) fn place(&self, migrated: &mut [Migrated]) {
        let Some(region) = &self.region else { return };
        for (number, one) in migrated.iter_mut().enumerate() {
            one.report.iter_mut().for_each(|finding| finding.relocate(&mut |at| region.place(number, at)));
            one.sources = self.sources();
        }
    }

    /// Converts the places in a report about texts of the parts to those of the file with these texts.
    fn place_in(&self, texts: &[&str], report: &mut [Diagnostic]) {
        let Some(region) = &self.region else { return };
        let relocation = region.relocation(&texts[self.parts.clone()]);
        let mut relocate = |at: &mut Location| {
            if self.parts.contains(&at.source) {
                relocation(at.source - self.parts.start, at);
            }
        };
        report.iter_mut().for_each(|finding| finding.relocate(&mut relocate));
    }

    /// The refusal of an edit after which the tool of the file would read something else; `migrated` are the parts of all
    /// files.
    pub(super) fn check(&self, migrated: &[Migrated]) -> Result<(), Diagnostic> {
        let texts: Vec<&str> = migrated[self.parts.clone()].iter().map(|one| one.text.as_str()).collect();
        match &self.region {
            Some(region) if !region.is_read_as(&texts) => {
                let message =
                    format!("`{}` is not edited: its form does not allow the changes listed above", self.name);
                Err(Diagnostic::error("not-editable", message)
                    .hint("write the values as a block of lines without quotes around all of them; or make the changes manually"))
            }
            _ => Ok(()),
        }
    }

    fn sources(&self) -> Sources {
        let mut sources = Sources::default();
        sources.add(&self.name, self.old.as_str());
        sources
    }

    /// Warnings about values that the rules would rewrite and that are not lines of their own.
    pub(super) fn not_edited(&self, span: &ReleaseSpan) -> Warned<Sources> {
        let fixed = self.region.iter().flat_map(|region| region.fixed());
        let warnings = fixed.flat_map(|fixed| {
            let file = File { name: self.name.clone(), text: fixed.text.clone(), reader: None };
            let (migrated, _) = migrate::migrate(&[file], span);
            migrated.into_iter().flat_map(|one| one.report).map(|found| {
                let warning =
                    Diagnostic::warning("not-editable", format!("not edited here: {}", found.message)).at(fixed.at);
                warning.hint(found.hint.unwrap_or_else(|| "make this change manually".to_owned()))
            })
        });
        Warned { warnings: warnings.collect(), value: self.sources() }
    }

    /// Notes about the files to which this one refers.
    pub(super) fn others(&self) -> Warned<Sources> {
        let others = self.region.iter().flat_map(|region| region.others());
        let note = |(name, at): &(String, _)| {
            Diagnostic::note("values-inside", format!("`{name}` also contains values, but is a separate file"))
                .at(*at)
                .hint("name it with `-f` to rewrite it")
        };
        Warned { warnings: others.map(note).collect(), value: self.sources() }
    }
}

/// Converts the places in a report about texts of the parts to those of the files with these texts, which it returns.
pub(super) fn in_files(wholes: &[Whole], texts: &[&str], report: &mut [Diagnostic]) -> Sources {
    let mut sources = Sources::default();
    for whole in wholes {
        whole.place_in(texts, report);
        let text = whole.with(texts);
        // one for each part, because the numbers of the sources are those of the parts
        for _ in whole.parts.clone() {
            sources.add(&whole.name, text.as_str());
        }
    }
    sources
}

/// Reads all files; every one that cannot be read is in the report.
///
/// # Errors
/// Files that cannot be read, and what [`Region::find`] refuses.
pub(super) fn read(names: &[String], at: Option<&str>) -> Result<Given, Failure> {
    let mut given = Given { files: Vec::new(), wholes: Vec::new() };
    let mut wrong = Vec::new();
    let mut stdin = Stdin::default();
    for name in names {
        match values_file(name.trim(), &mut stdin) {
            Ok(Input::File { name, bytes }) => {
                let file = File::new(name, bytes)?;
                let region = Region::find(&file.name, &file.text, at)?;
                let texts = region.as_ref().map_or_else(|| vec![file.text.clone()], Region::texts);
                let first = given.files.len();
                let is_globals = |part| region.as_ref().is_some_and(|region| region.only_globals(part));
                given.files.extend(texts.into_iter().enumerate().map(|(part, text)| File {
                    name: file.name.clone(),
                    text,
                    reader: is_globals(part).then_some(wrapped::globals),
                }));
                let parts = first..given.files.len();
                given.wholes.push(Whole { name: file.name, old: file.text, parts, region });
            }
            Ok(_) => {}
            Err(diagnostic) => wrong.push(diagnostic),
        }
    }
    if wrong.is_empty() { Ok(given) } else { Err(Report(wrong).into()) }
}
