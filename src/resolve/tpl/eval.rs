//! Evaluates the syntax tree of a template.

use std::borrow::Cow;

use serde_json::{Map, Number, Value};

use super::parse::{Base, Call, Operand, Part, Pipeline};
use super::{TplError, ValuesOwner, functions, helpers};
use crate::resolve::context::Context;

/// The maximum length of the result: a few nested ranges can multiply a string.
const LONGEST: usize = 1 << 20;

/// A value of the language. The root is not a tree of values: its fields are read on demand.
#[derive(Debug, Clone)]
pub(super) enum Datum<'v> {
    /// The initial `.` and `$`.
    Root,
    /// `.Values`: the component's section, with `global`.
    Values,
    /// The value of a missing key.
    Nothing,
    /// Any other value.
    Plain(Cow<'v, Value>),
}

impl Datum<'_> {
    pub(super) fn owned(value: impl Into<Value>) -> Self {
        Datum::Plain(Cow::Owned(value.into()))
    }

    /// Whether it counts as true: neither zero nor empty.
    pub(super) fn truth(&self) -> bool {
        match self {
            Datum::Root | Datum::Values => true,
            Datum::Nothing => false,
            Datum::Plain(value) => match &**value {
                Value::Null => false,
                Value::Bool(on) => *on,
                Value::Number(number) => number.as_f64() != Some(0.0),
                Value::String(text) => !text.is_empty(),
                Value::Array(items) => !items.is_empty(),
                Value::Object(map) => !map.is_empty(),
            },
        }
    }
}

/// The environment of an evaluation.
pub(super) struct Scope<'s, 'v> {
    pub cx: &'s Context<'v>,
    pub chart: ValuesOwner<'s>,
    variables: Vec<(&'s str, Datum<'v>)>,
    /// The nesting depth of templates within templates.
    pub depth: usize,
}

/// Evaluates a whole template.
pub(super) fn run(cx: &Context, chart: ValuesOwner, parts: &[Part]) -> Result<String, TplError> {
    nested(cx, chart, parts, 0)
}

/// The same for a template within a template.
pub(super) fn nested(cx: &Context, chart: ValuesOwner, parts: &[Part], depth: usize) -> Result<String, TplError> {
    let mut scope = Scope { cx, chart, variables: Vec::new(), depth };
    let mut out = String::new();
    scope.parts(parts, &Datum::Root, &mut out)?;
    Ok(out)
}

impl<'s, 'v> Scope<'s, 'v> {
    fn parts(&mut self, parts: &'s [Part<'s>], dot: &Datum<'v>, out: &mut String) -> Result<(), TplError> {
        let outer = self.variables.len();
        for part in parts {
            self.part(part, dot, out)?;
            if out.len() > LONGEST {
                return Err(TplError::new(0, "the result is larger than 1 MiB"));
            }
        }
        self.variables.truncate(outer);
        Ok(())
    }

    fn part(&mut self, part: &'s Part<'s>, dot: &Datum<'v>, out: &mut String) -> Result<(), TplError> {
        match part {
            Part::Text(text) => out.push_str(text),
            Part::Output(pipeline) => {
                let value = self.pipeline(pipeline, dot)?;
                out.push_str(&functions::text(&value, pipeline.at)?);
            }
            Part::Template { at, name, argument } => {
                if let Some(argument) = argument {
                    let value = self.pipeline(argument, dot)?;
                    helpers::needs_root(&value, argument.at)?;
                }
                out.push_str(&helpers::named(self, name, *at)?);
            }
            Part::Set { at, name, new, value } => {
                let value = self.pipeline(value, dot)?;
                if *new {
                    self.variables.push((name, value));
                } else {
                    match self.variables.iter_mut().rfind(|(known, _)| known == name) {
                        Some((_, old)) => *old = value,
                        None => return Err(TplError::new(*at, format!("`${name}` is not declared"))),
                    }
                }
            }
            Part::Choice { with, branches, otherwise } => {
                let outer = self.variables.len();
                for (test, body) in branches {
                    let value = self.pipeline(&test.value, dot)?;
                    let holds = value.truth();
                    if let Some(name) = test.name {
                        self.variables.push((name, value.clone()));
                    }
                    if holds {
                        self.parts(body, if *with { &value } else { dot }, out)?;
                        self.variables.truncate(outer);
                        return Ok(());
                    }
                }
                self.parts(otherwise, dot, out)?;
                self.variables.truncate(outer);
            }
            Part::Range { names, over, body, otherwise } => {
                let entries = functions::entries(self.pipeline(over, dot)?, over.at)?;
                if entries.is_empty() {
                    return self.parts(otherwise, dot, out);
                }
                let outer = self.variables.len();
                for (key, item) in entries {
                    match names.as_slice() {
                        [] => {}
                        [value] => self.variables.push((value, item.clone())),
                        [first, value, ..] => self.variables.extend([(*first, key), (*value, item.clone())]),
                    }
                    self.parts(body, &item, out)?;
                    self.variables.truncate(outer);
                }
            }
        }
        Ok(())
    }

    pub(super) fn pipeline(&mut self, pipeline: &'s Pipeline<'s>, dot: &Datum<'v>) -> Result<Datum<'v>, TplError> {
        let mut last = None;
        for command in &pipeline.commands {
            last = Some(self.command(command, dot, last)?);
        }
        last.ok_or_else(|| TplError::new(pipeline.at, "an expression is missing"))
    }

    fn command(
        &mut self,
        command: &'s Call<'s>,
        dot: &Datum<'v>,
        piped: Option<Datum<'v>>,
    ) -> Result<Datum<'v>, TplError> {
        let Some((first, rest)) = command.operands.split_first() else {
            return Err(TplError::new(command.at, "an expression is missing"));
        };
        let Base::Function(name) = first.base else {
            // `.Files.Get "name"` has a message of its own.
            let value = self.operand(first, dot)?;
            return match rest.is_empty() && piped.is_none() {
                true => Ok(value),
                false => Err(TplError::new(command.at, "only functions take arguments")),
            };
        };
        // These two evaluate their arguments one by one, and may stop early.
        if matches!(name, "and" | "or") {
            let mut value = None;
            for operand in rest {
                let next = self.operand(operand, dot)?;
                let decided = next.truth() == (name == "or");
                value = Some(next);
                if decided {
                    return value.ok_or_else(|| missing(name, first.at));
                }
            }
            return piped.or(value).ok_or_else(|| missing(name, first.at));
        }
        let mut arguments = Vec::with_capacity(rest.len() + 1);
        for operand in rest {
            arguments.push(self.operand(operand, dot)?);
        }
        arguments.extend(piped);
        match name {
            "include" => {
                let [Datum::Plain(called), argument] = arguments.as_slice() else {
                    return Err(missing(name, first.at));
                };
                helpers::needs_root(argument, first.at)?;
                let called = called.as_str().ok_or_else(|| missing(name, first.at))?;
                Ok(Datum::owned(helpers::named(self, called, first.at)?))
            }
            "tpl" => {
                let [text, argument] = arguments.as_slice() else { return Err(missing(name, first.at)) };
                helpers::needs_root(argument, first.at)?;
                self.inner(&functions::text(text, first.at)?, first.at)
            }
            _ => functions::call(name, arguments, first.at),
        }
    }

    /// A template within a template.
    fn inner(&self, text: &str, at: usize) -> Result<Datum<'v>, TplError> {
        if self.depth == 4 {
            return Err(TplError::new(at, "`tpl` calls itself too often"));
        }
        let outer = |fault: TplError| TplError { at, ..fault };
        let parts = super::parse::parse(text).map_err(outer)?;
        nested(self.cx, self.chart, &parts, self.depth + 1).map(Datum::owned).map_err(outer)
    }

    fn operand(&mut self, operand: &'s Operand<'s>, dot: &Datum<'v>) -> Result<Datum<'v>, TplError> {
        let mut value = match &operand.base {
            Base::Dot => dot.clone(),
            Base::Variable("") => Datum::Root,
            Base::Variable(name) => match self.variables.iter().rfind(|(known, _)| known == name) {
                Some((_, value)) => value.clone(),
                None => return Err(TplError::new(operand.at, format!("`${name}` is not declared"))),
            },
            Base::Literal(value) => Datum::owned(value.clone()),
            Base::Inner(pipeline) => self.pipeline(pipeline, dot)?,
            Base::Function(name) => functions::call(name, Vec::new(), operand.at)?,
        };
        for (n, key) in operand.keys.iter().enumerate() {
            value = self.field(value, key, operand, n)?;
        }
        Ok(value)
    }

    fn field(&self, value: Datum<'v>, key: &str, operand: &Operand, n: usize) -> Result<Datum<'v>, TplError> {
        match value {
            Datum::Root => self.root(key, operand.at),
            Datum::Values => Ok(self.values(key)),
            Datum::Plain(Cow::Borrowed(Value::Object(map))) => Ok(borrowed(map.get(key))),
            Datum::Plain(Cow::Owned(Value::Object(mut map))) => {
                Ok(map.remove(key).map_or(Datum::Nothing, Datum::owned))
            }
            Datum::Plain(_) | Datum::Nothing => {
                let path = operand.keys[..n].join(".");
                Err(TplError::new(operand.at, format!("`.{path}` is not a map, so it has no `{key}`"))
                    .hint("set the values that it names, or write the text itself"))
            }
        }
    }

    fn root(&self, key: &str, at: usize) -> Result<Datum<'v>, TplError> {
        let release = self.cx.release;
        let mut map = Map::new();
        match key {
            "Values" => return Ok(Datum::Values),
            "Release" => {
                map.insert("Name".to_owned(), release.name.clone().into());
                map.insert("Namespace".to_owned(), release.namespace.clone().into());
                map.insert("Service".to_owned(), "Helm".into());
                map.insert("IsUpgrade".to_owned(), release.is_upgrade.into());
                map.insert("IsInstall".to_owned(), (!release.is_upgrade).into());
            }
            "Chart" => {
                map.insert("Name".to_owned(), self.chart.name.into());
            }
            "Capabilities" => {
                let version = release.kube_version;
                let text = format!("v{}.{}.0", version.major, version.minor);
                let kube = serde_json::json!({
                    "Version": text, "GitVersion": text, "Major": version.major.to_string(), "Minor": version.minor.to_string(),
                });
                map.insert("KubeVersion".to_owned(), kube);
            }
            "Files" => {
                let fault = TplError::new(at, "`.Files` holds the files of a chart, and there is none");
                return Err(fault.hint("put the text into a ConfigMap of your own, and name it here"));
            }
            _ => return Err(TplError::new(at, format!("`.{key}` is not known here"))),
        }
        Ok(Datum::owned(map))
    }

    /// `.Values.<key>`.
    pub(super) fn values(&self, key: &str) -> Datum<'v> {
        match key {
            "global" => borrowed(Some(self.cx.section("global"))),
            _ => borrowed(self.cx.section(self.chart.key).get(key)),
        }
    }
}

/// One of the user's values. Helm reads every number as a float, which is visible from a million on.
pub(super) fn borrowed(value: Option<&Value>) -> Datum<'_> {
    match value {
        None => Datum::Nothing,
        Some(Value::Number(number)) => {
            Datum::owned(number.as_f64().and_then(Number::from_f64).map_or(Value::Null, Value::Number))
        }
        Some(value) => Datum::Plain(Cow::Borrowed(value)),
    }
}

pub(super) fn missing(name: &str, at: usize) -> TplError {
    TplError::new(at, format!("`{name}` has too few arguments, too many, or of another kind"))
}
