//! Configuration files and scripts: text in its own language, from a template engine (minijinja) over a view.

use std::sync::LazyLock;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Value;
use minijinja::{Environment, Error, ErrorKind, Output, State, UndefinedBehavior};

use super::laid::Laid;
use super::shape::Fault;
use crate::bundle;

/// Block tags on lines of their own leave no empty line; a file keeps its last newline.
static SYNTAX: LazyLock<SyntaxConfig> = LazyLock::new(|| {
    let mut syntax = SyntaxConfig::builder();
    syntax.trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true);
    syntax.build().unwrap_or_default()
});

/// Shell scripts have the language's own whitespace: a tag may stand in the middle of a line there, and what
/// follows it counts.
static SCRIPT_SYNTAX: LazyLock<SyntaxConfig> =
    LazyLock::new(|| SyntaxConfig::builder().keep_trailing_newline(true).build().unwrap_or_default());

/// An engine over the embedded templates, without functions.
fn environment(syntax: &SyntaxConfig) -> Environment<'static> {
    let mut environment = Environment::empty();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_syntax(syntax.clone());
    environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
    environment.set_loader(|name| Ok(bundle::template(name).map(str::to_owned)));
    environment.add_test("none", minijinja::tests::is_none);
    environment
}

/// Makes texts of the embedded files; one is compiled when it is first used.
pub(super) struct Files {
    files: Environment<'static>,
    scripts: Environment<'static>,
}

impl Files {
    pub(super) fn new() -> Self {
        let mut files = environment(&SYNTAX);
        let mut scripts = environment(&SCRIPT_SYNTAX);
        files.set_formatter(|out, state, value| format(out, state, value));
        scripts.set_formatter(|out, state, value| format(out, state, value));
        files.add_filter("inner", super::erb::inner);
        files.add_filter("tagged", super::erb::tagged);
        Files { files, scripts }
    }

    /// The text of a file over a view: the file of a template's component where there is one, else the shared one, or
    /// one that is named with its component.
    ///
    /// # Errors
    /// A file and a view that do not fit.
    pub(super) fn text(&self, template: &str, name: &str, view: Option<serde_json::Value>) -> Result<String, Fault> {
        let component = template.split('/').next().unwrap_or_default();
        let own = format!("{component}/files/{name}");
        let name = match name {
            path if path.contains('/') => path.to_owned(),
            _ if bundle::template(&own).is_some() => own,
            _ => format!("_shared/files/{name}"),
        };
        let view = view.map_or(Value::from(()), Laid::value);
        let script = name.ends_with(".sh");
        let environment = if script { &self.scripts } else { &self.files };
        let text = environment.get_template(&name).and_then(|file| file.render(view));
        let text = text.map_err(|error| fault(&name, &error))?;
        Ok(if script { text } else { super::erb::finished(text) })
    }
}

/// Where the innermost cause of an error is, and what it is.
fn fault(name: &str, error: &Error) -> Fault {
    let mut cause = error as &dyn std::error::Error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    let inner = cause.downcast_ref::<Error>().unwrap_or(error);
    let what = format!("{} {}", inner.kind(), inner.detail().unwrap_or(""));
    Fault::new(inner.name().unwrap_or(name), inner.line().unwrap_or(0), what)
}

/// In a YAML file with ERB or gomplate tags: JSON. In another file: the plain text of a scalar.
fn format(out: &mut Output, state: &State, value: &Value) -> Result<(), Error> {
    if value.is_undefined() {
        return Err(Error::from(ErrorKind::UndefinedError));
    }
    if [".yml.erb", ".yml.tpl"].iter().any(|end| state.name().ends_with(end)) {
        return super::erb::write(out, value);
    }
    if value.is_none() {
        return Err(Error::new(ErrorKind::InvalidOperation, "a null cannot be written into a file"));
    }
    if value.as_str().is_none() && !value.is_number() && value.as_object().is_some() {
        return Err(Error::new(ErrorKind::InvalidOperation, "only a scalar can be written into a file"));
    }
    write!(out, "{value}").map_err(Error::from)
}
