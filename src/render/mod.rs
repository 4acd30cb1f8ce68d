//! Plan to objects: the template of each object is filled with its view.
//!
//! A template is a tree with holes ([`shape`]), not a string that is parsed again: a value keeps its type and cannot
//! inject anything. Configuration files and scripts are strings ([`files`]), in which the writer of their format quotes
//! each value.

mod file_tags;
mod file_template;
mod files;
mod formats;
mod path;
mod shape;

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use serde_json::Value;

use crate::bundle;
use crate::diag::Diagnostic;
use crate::resolve::plan::{Planned, View};
use file_template::FileTemplate;
use files::FileTemplates;
use shape::{ObjectTemplate, TemplateFault, TemplateScope};

pub use formats::FileFormat;

/// The object of a planned template.
#[derive(Debug)]
pub struct FilledTemplate {
    /// The object, without nulls.
    pub body: Value,
    /// The component and the kind of template, `gitaly/statefulset.yaml`: the name by which users select it.
    pub source: String,
}

/// Fills templates; each is compiled at its first use.
pub struct Renderer {
    shapes: Compiled<ObjectTemplate<'static>>,
    files: FileTemplates,
}

impl Default for Renderer {
    fn default() -> Self {
        Self::new()
    }
}

impl Renderer {
    /// Uses the embedded templates.
    pub fn new() -> Self {
        Renderer { shapes: Compiled::default(), files: FileTemplates::default() }
    }

    /// Fills one template with its view and returns the object, without nulls.
    ///
    /// # Errors
    /// A value that the format of a file cannot represent. A template that does not match its view is a bug in this program;
    /// the message contains no values.
    pub fn object(&self, name: &str, view: View) -> Result<Value, Vec<Diagnostic>> {
        let filled = self.fill(name, Value::Object(view.0));
        self.unless_refused(filled)
    }

    /// Renders one file, `gitaly/files/config.toml.tpl`, over its view.
    ///
    /// # Errors
    /// As [`Self::object`].
    pub fn file(&self, name: &str, view: View) -> Result<String, Vec<Diagnostic>> {
        let text = self.files.text(name, name, &Value::Object(view.0));
        self.unless_refused(text)
    }

    fn unless_refused<T>(&self, filled: Result<T, TemplateFault>) -> Result<T, Vec<Diagnostic>> {
        let mut faults = self.files.take_refused();
        match filled {
            Ok(filled) if faults.is_empty() => return Ok(filled),
            Ok(_) => {}
            Err(fault) => faults.push(fault),
        }
        Err(faults.into_iter().map(TemplateFault::diagnostic).collect())
    }

    fn fill(&self, name: &str, view: Value) -> Result<Value, TemplateFault> {
        let shape = self.shapes.template(name, ObjectTemplate::compile)?;
        TemplateScope::new(self, name, view).fill(&shape)
    }
}

/// Embedded templates by name; each is compiled at its first use.
struct Compiled<T>(RefCell<HashMap<&'static str, Rc<T>>>);

impl<T> Default for Compiled<T> {
    fn default() -> Self {
        Compiled(RefCell::default())
    }
}

impl<T> Compiled<T> {
    /// # Errors
    /// There is no such template, or it is not valid.
    fn template(
        &self,
        name: &str,
        compile: fn(&'static str, &'static str) -> Result<T, TemplateFault>,
    ) -> Result<Rc<T>, TemplateFault> {
        if let Some(template) = self.0.borrow().get(name) {
            return Ok(Rc::clone(template));
        }
        let (name, text) =
            bundle::named_template(name).ok_or_else(|| TemplateFault::new(name, 0, "there is no such template"))?;
        let template = Rc::new(compile(name, text)?);
        self.0.borrow_mut().insert(name, Rc::clone(&template));
        Ok(template)
    }
}

/// Fills the template of each planned object and consumes its view; all failures are reported.
pub fn render(renderer: &Renderer, objects: &mut [Planned]) -> Result<Vec<FilledTemplate>, Vec<Diagnostic>> {
    let mut done = Vec::with_capacity(objects.len());
    let mut failed = Vec::new();
    for object in objects {
        let source = [object.component, "/", object.template].concat();
        let template = bundle::object_template(object.component, object.template);
        match renderer.object(&template, std::mem::take(&mut object.view)) {
            Ok(body) => done.push(FilledTemplate { body, source }),
            Err(diagnostics) => failed.extend(diagnostics),
        }
    }
    if failed.is_empty() { Ok(done) } else { Err(failed) }
}

/// Whether a string is a template that [`render`] can fill.
///
/// # Errors
/// The first line that is not valid in a template.
pub fn check(name: &str, text: &str) -> Result<(), String> {
    let compiled = match name.contains("/files/") {
        true => FileTemplate::compile(name, text).map(|_| ()),
        false => ObjectTemplate::compile(name, text).map(|_| ()),
    };
    compiled.map_err(|TemplateFault { place, what, .. }| format!("{place}: {what}"))
}
