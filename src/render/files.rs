//! Configuration files and scripts: files in languages of their own, each a [`FileTemplate`] over a view.

use std::cell::RefCell;
use std::rc::Rc;

use serde_json::Value;

use super::Compiled;
use super::file_template::{FileScope, FileTemplate};
use super::shape::TemplateFault;
use crate::bundle;

/// Renders the embedded files; each is compiled at its first use.
#[derive(Default)]
pub(super) struct FileTemplates {
    compiled: Compiled<FileTemplate<'static>>,
    /// The values that no file can hold, of all files since they were last taken.
    refused: RefCell<Vec<TemplateFault>>,
}

impl FileTemplates {
    /// Notes a value that a file cannot hold; the file is filled to its end, so that one run names all of them.
    pub(super) fn refuse(&self, fault: TemplateFault) {
        self.refused.borrow_mut().push(fault);
    }

    /// What was refused so far.
    pub(super) fn take_refused(&self) -> Vec<TemplateFault> {
        self.refused.take()
    }

    /// Renders a file over a view: the file of a template's component where there is one, else the shared one, or one
    /// that is named with its component.
    ///
    /// # Errors
    /// A file and a view that do not match.
    pub(super) fn text(&self, template: &str, name: &str, view: &Value) -> Result<String, TemplateFault> {
        let component = template.split('/').next().unwrap_or_default();
        let own = format!("{component}/files/{name}");
        let name = match name {
            path if path.contains('/') => path.to_owned(),
            _ if bundle::template(&own).is_some() => own,
            _ => format!("_shared/files/{name}"),
        };
        let template = self.template(&name)?;
        let out = String::with_capacity(template.length());
        let mut scope = FileScope { files: self, view, variables: Vec::new(), out };
        scope.fill(&template)?;
        Ok(template.finished(scope.out))
    }

    /// The compiled template of a file, by its full name.
    ///
    /// # Errors
    /// There is no such file, or it is not a valid template.
    pub(super) fn template(&self, name: &str) -> Result<Rc<FileTemplate<'static>>, TemplateFault> {
        self.compiled.template(name, FileTemplate::compile)
    }
}
