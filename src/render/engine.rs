//! The template engine: minijinja with our formatter and the two functions `fragment` and `text`.

use std::fmt;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Object, ObjectRepr, Value};
use minijinja::{Environment, Error, ErrorKind, Output, State, UndefinedBehavior};

use super::laid::Laid;
use crate::bundle;
use crate::diag::Diagnostic;
use crate::resolve::plan::View;

/// Before the number of a hole: a private-use character, which no template holds.
pub const MARK_START: char = '\u{E000}';
/// After the number of a hole.
pub const MARK_END: char = '\u{E001}';

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

/// What stands in the place of a mark.
#[derive(Debug, Clone)]
pub enum Hole {
    /// A value of a view, put in whole.
    Value(serde_json::Value),
    /// The text of a fragment, to be read like the template that holds it.
    Fragment(String),
}

#[derive(Default)]
struct Holes(Mutex<Vec<Option<Hole>>>);

impl Holes {
    fn lay_aside(&self, hole: Hole) -> usize {
        let mut holes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        holes.push(Some(hole));
        holes.len() - 1
    }
}

/// A fragment's result on its way to the formatter.
#[derive(Debug)]
struct Mark(usize);

impl Object for Mark {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{MARK_START}{}{MARK_END}", self.0)
    }
}

/// Runs templates; a template is compiled when it is first used.
pub struct Renderer {
    environment: Environment<'static>,
    holes: Arc<Holes>,
}

impl Default for Renderer {
    fn default() -> Self {
        Self::new()
    }
}

impl Renderer {
    /// An engine over the embedded templates.
    pub fn new() -> Self {
        let holes = Arc::new(Holes::default());
        let mut environment = environment(&SYNTAX);
        let mut scripts = self::environment(&SCRIPT_SYNTAX);
        let aside = Arc::clone(&holes);
        scripts.set_formatter(move |out, state, value| format(&aside, out, state, value));
        let aside = Arc::clone(&holes);
        environment.set_formatter(move |out, state, value| format(&aside, out, state, value));
        let aside = Arc::clone(&holes);
        environment.add_function("fragment", move |state: &State, name: &str, view: Value| {
            let name = format!("_shared/{name}.yaml");
            let text = state.env().get_template(&name)?.render(view)?;
            Ok::<_, Error>(Value::from_object(Mark(aside.lay_aside(Hole::Fragment(text)))))
        });
        environment.add_function("text", move |state: &State, name: &str, view: Value| {
            let component = state.name().split('/').next().unwrap_or_default();
            let own = format!("{component}/files/{name}");
            let name = match name {
                path if path.contains('/') => path.to_owned(),
                _ if bundle::template(&own).is_some() => own,
                _ => format!("_shared/files/{name}"),
            };
            if name.ends_with(".sh") {
                return scripts.get_template(&name)?.render(view);
            }
            Ok::<_, Error>(super::erb::without_nulls(state.env().get_template(&name)?.render(view)?))
        });
        environment.add_function("yaml", |value: Value| {
            let mut text = String::new();
            crate::yaml::write::write_document(&mut text, &tree(&value)?);
            Ok::<_, Error>(text)
        });
        environment.add_filter("inner", super::erb::inner);
        environment.add_filter("tagged", super::erb::tagged);
        Renderer { environment, holes }
    }

    /// Runs one template over its view.
    ///
    /// # Errors
    /// A template and its view that do not fit are a bug of ours; the message has no values.
    pub fn run(&self, name: &str, view: View) -> Result<String, Diagnostic> {
        let view = Value::from_object(Laid::root(serde_json::Value::Object(view.0)));
        let run = || self.environment.get_template(name)?.render(view);
        run().map_err(|e| {
            let mut cause = &e as &dyn std::error::Error;
            while let Some(deeper) = cause.source() {
                cause = deeper;
            }
            let inner = cause.downcast_ref::<Error>().unwrap_or(&e);
            let place = inner.name().unwrap_or(name).to_owned();
            let line = inner.line().map_or(String::new(), |l| format!(":{l}"));
            let detail = inner.detail().unwrap_or("").to_owned();
            Diagnostic::bug("template-failed", format!("template `{place}{line}`: {} {detail}", inner.kind()))
        })
    }

    /// What was laid aside under this number; each can be taken once.
    pub fn take(&self, number: usize) -> Option<Hole> {
        self.holes.0.lock().unwrap_or_else(PoisonError::into_inner).get_mut(number).and_then(Option::take)
    }
}

/// A value as the tree that goes into a manifest.
fn tree(value: &Value) -> Result<serde_json::Value, Error> {
    match value.downcast_object_ref::<Laid>() {
        Some(laid) => Ok(laid.tree().clone()),
        None => serde_json::to_value(value).map_err(|_| Error::new(ErrorKind::BadSerialization, "not data")),
    }
}

/// In a manifest: a mark. In a YAML file with ERB or gomplate tags: JSON. In another file: the plain text of a scalar.
fn format(holes: &Holes, out: &mut Output, state: &State, value: &Value) -> Result<(), Error> {
    if value.is_undefined() {
        return Err(Error::from(ErrorKind::UndefinedError));
    }
    if state.name().ends_with(".yaml") && !state.name().contains("/files/") {
        if value.downcast_object_ref::<Mark>().is_some() {
            return write!(out, "{value}").map_err(Error::from);
        }
        let number = holes.lay_aside(Hole::Value(tree(value)?));
        return write!(out, "{MARK_START}{number}{MARK_END}").map_err(Error::from);
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
