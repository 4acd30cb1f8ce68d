//! Configuration files and scripts: files in languages of their own, rendered by a template engine (minijinja) over a
//! view.

use std::sync::LazyLock;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Value;
use minijinja::{Environment, Error, ErrorKind, Output, State, UndefinedBehavior};

use super::formats::{self, FileFormat};
use super::shape::TemplateFault;
use super::view_value::ViewValue;
use crate::bundle;

/// Block tags on lines of their own leave no empty line; a file keeps its final newline.
static SYNTAX: LazyLock<SyntaxConfig> = LazyLock::new(|| {
    let mut syntax = SyntaxConfig::builder();
    syntax.trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true);
    syntax.build().unwrap_or_default()
});

/// Shell scripts keep the engine's default whitespace: a tag may be in the middle of a line there, and the following
/// characters matter.
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

/// Renders the embedded files; each is compiled at its first use.
pub(super) struct FileTemplates {
    files: Environment<'static>,
    scripts: Environment<'static>,
}

impl FileTemplates {
    pub(super) fn new() -> Self {
        let mut files = environment(&SYNTAX);
        let mut scripts = environment(&SCRIPT_SYNTAX);
        files.set_formatter(|out, state, value| format(out, state, value));
        scripts.set_formatter(|out, state, value| format(out, state, value));
        for environment in [&mut files, &mut scripts] {
            environment.add_filter("inner", formats::inner);
            environment.add_filter("plain", formats::plain);
            environment.add_filter("literal", formats::literal);
            environment.add_filter("tagged", formats::tagged);
            environment.add_filter("url", formats::url);
            environment.add_filter("conninfo", formats::conninfo);
            environment.add_filter("bare", formats::bare);
            environment.add_filter("verbatim", formats::verbatim);
        }
        FileTemplates { files, scripts }
    }

    /// Renders a file over a view: the file of a template's component where there is one, else the shared one, or one
    /// that is named with its component.
    ///
    /// # Errors
    /// A file and a view that do not match.
    pub(super) fn text(
        &self,
        template: &str,
        name: &str,
        view: Option<serde_json::Value>,
    ) -> Result<String, TemplateFault> {
        let component = template.split('/').next().unwrap_or_default();
        let own = format!("{component}/files/{name}");
        let name = match name {
            path if path.contains('/') => path.to_owned(),
            _ if bundle::template(&own).is_some() => own,
            _ => format!("_shared/files/{name}"),
        };
        let view = view.map_or(Value::from(()), ViewValue::value);
        let script = FileFormat::of(&name) == Some(FileFormat::Shell);
        let environment = if script { &self.scripts } else { &self.files };
        let text = environment.get_template(&name).and_then(|file| file.render(view));
        let text = text.map_err(|error| fault(&name, &error))?;
        Ok(if script { text } else { formats::finished(text) })
    }
}

/// The innermost cause of an error: its line and its kind.
fn fault(name: &str, error: &Error) -> TemplateFault {
    let mut cause = error as &dyn std::error::Error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    let inner = cause.downcast_ref::<Error>().unwrap_or(error);
    let (place, line) = (inner.name().unwrap_or(name), inner.line().unwrap_or(0));
    let detail = inner.detail().unwrap_or("");
    if inner.kind() == ErrorKind::BadEscape {
        let (component, file) = place.split_once("/files/").unwrap_or(("", place));
        let setting = setting(place, line).map_or(String::new(), |setting| format!(", `{setting}`"));
        let what = format!("`{file}` of {component}{setting}: the values hold what this file cannot: {detail}");
        return TemplateFault::of_values(&format!("{place}{setting}"), what);
    }
    TemplateFault::new(place, line, format!("{} {detail}", inner.kind()))
}

/// The name that a line of a file's template sets.
fn setting(name: &str, line: usize) -> Option<&'static str> {
    let text = bundle::template(name)?.lines().nth(line.checked_sub(1)?)?;
    let name = text.split("{{").next()?.trim().trim_end_matches(['=', ':', ' ', '"']);
    (!name.is_empty() && !name.contains("{%")).then_some(name)
}

/// Formats a value for the language of the file.
fn format(out: &mut Output, state: &State, value: &Value) -> Result<(), Error> {
    if value.is_undefined() {
        return Err(Error::from(ErrorKind::UndefinedError));
    }
    match FileFormat::of(state.name()) {
        Some(format) => format.write(out, value),
        None => Err(Error::new(ErrorKind::InvalidOperation, "no writer is known for the format of this file")),
    }
}
