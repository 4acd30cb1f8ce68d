//! The functions that people use in values: those of Go's templates, and those that Helm adds.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use super::TplError;
use super::eval::{Datum, borrowed, missing};

/// Calls a function; a piped value is its last argument.
pub(super) fn call<'v>(name: &str, arguments: Vec<Datum<'v>>, at: usize) -> Result<Datum<'v>, TplError> {
    let few = || missing(name, at);
    match (name, arguments.as_slice()) {
        ("default", [other, given]) => return Ok(if given.truth() { given.clone() } else { other.clone() }),
        ("coalesce", all) => return Ok(all.iter().find(|d| d.truth()).cloned().unwrap_or(Datum::Nothing)),
        ("ternary", [yes, no, test]) => return Ok(if test.truth() { yes.clone() } else { no.clone() }),
        ("required", [message, given]) => {
            let empty = match given {
                Datum::Nothing => true,
                Datum::Plain(value) => value.is_null() || **value == "",
                Datum::Root | Datum::Values => false,
            };
            return if empty { Err(TplError::new(at, text(message, at)?)) } else { Ok(given.clone()) };
        }
        ("fail", [message]) => return Err(TplError::new(at, text(message, at)?)),
        ("not", [given]) => return Ok(Datum::owned(!given.truth())),
        ("empty", [given]) => return Ok(Datum::owned(!given.truth())),
        ("index" | "get", [from, keys @ ..]) if !keys.is_empty() => return index(from, keys, at),
        ("first" | "last", [list]) => {
            let entries = entries(list.clone(), at)?;
            let one = if name == "first" { entries.into_iter().next() } else { entries.into_iter().last() };
            return Ok(one.map_or(Datum::Nothing, |(_, item)| item));
        }
        _ => {}
    }
    if let Some(result) = of_texts(name, &arguments, at)? {
        return Ok(Datum::owned(result));
    }
    let values: Vec<Cow<Value>> = arguments.into_iter().map(|d| plain(d, at)).collect::<Result<_, _>>()?;
    let values: Vec<&Value> = values.iter().map(|value| &**value).collect();
    of_values(name, &values, at)?.map(Datum::owned).ok_or_else(|| match KNOWN.contains(&name) {
        true => few(),
        false => unknown(name, at),
    })
}

/// The known functions, to distinguish wrong arguments from an unknown name.
const KNOWN: &[&str] = &[
    "add",
    "b64dec",
    "b64enc",
    "cat",
    "contains",
    "default",
    "dict",
    "div",
    "empty",
    "eq",
    "fail",
    "first",
    "ge",
    "get",
    "gt",
    "has",
    "hasKey",
    "hasPrefix",
    "hasSuffix",
    "indent",
    "index",
    "int",
    "int64",
    "join",
    "kindIs",
    "last",
    "le",
    "len",
    "list",
    "lower",
    "lt",
    "mod",
    "mul",
    "ne",
    "nindent",
    "nospace",
    "not",
    "print",
    "printf",
    "quote",
    "repeat",
    "replace",
    "required",
    "splitList",
    "squote",
    "sub",
    "ternary",
    "title",
    "toJson",
    "toString",
    "toYaml",
    "trim",
    "trimAll",
    "trimPrefix",
    "trimSuffix",
    "trunc",
    "upper",
];

fn unknown(name: &str, at: usize) -> TplError {
    let fault = TplError::new(at, format!("the function `{name}` is not supported"));
    match name {
        "lookup" => fault.hint("no cluster is contacted; write the value itself"),
        "now" | "date" | "uuidv4" | "genCA" | "genSelfSignedCert" | "genSignedCert" | "genPrivateKey" => {
            fault.hint("the same values give the same objects; write the value itself, or name a Secret")
        }
        _ if name.starts_with("rand") => {
            fault.hint("the same values give the same objects; write the value itself, or name a Secret")
        }
        "env" | "expandenv" => fault.hint("give the value with `--set`, or in a file of its own with `-f`"),
        _ => fault,
    }
}

/// A value as a string, as `{{ }}` writes it.
pub(super) fn text(datum: &Datum, at: usize) -> Result<String, TplError> {
    match datum {
        Datum::Root | Datum::Values => Err(TplError::new(at, "this is a map, not a string")),
        Datum::Nothing => {
            Err(TplError::new(at, "this is not set").hint("set the value that it names, or give one with `default`"))
        }
        Datum::Plain(value) => match &**value {
            Value::Array(_) | Value::Object(_) => {
                Err(TplError::new(at, "this is a list or a map, not a string").hint("write it with `toYaml`"))
            }
            value => Ok(scalar(value)),
        },
    }
}

/// A scalar as Go prints it.
fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => whole.to_string(),
            None => number.as_f64().map_or_else(String::new, float),
        },
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// The shortest form, with an exponent from a million on and below a ten-thousandth.
fn float(number: f64) -> String {
    let short = format!("{number:e}");
    let (digits, exponent) = short.split_once('e').unwrap_or((&short, "0"));
    let power: i32 = exponent.parse().unwrap_or_default();
    if !(-4..6).contains(&power) {
        let sign = if power < 0 { '-' } else { '+' };
        format!("{digits}e{sign}{:02}", power.abs())
    } else {
        number.to_string()
    }
}

fn plain<'v>(datum: Datum<'v>, at: usize) -> Result<Cow<'v, Value>, TplError> {
    match datum {
        Datum::Plain(value) => Ok(value),
        Datum::Nothing => Ok(Cow::Owned(Value::Null)),
        Datum::Root | Datum::Values => {
            Err(TplError::new(at, "all values together cannot be an argument here")
                .hint("name the value that is meant"))
        }
    }
}

/// The elements of `range`: keys or positions, and items; maps are sorted by key.
pub(super) fn entries<'v>(datum: Datum<'v>, at: usize) -> Result<Vec<(Datum<'v>, Datum<'v>)>, TplError> {
    let value = match datum {
        Datum::Plain(value) => value,
        Datum::Nothing => return Ok(Vec::new()),
        Datum::Root | Datum::Values => {
            return Err(TplError::new(at, "`range` cannot iterate over all values").hint("name the list that is meant"));
        }
    };
    let mut all: Vec<(Value, Datum)> = match value {
        Cow::Borrowed(Value::Array(items)) => {
            items.iter().enumerate().map(|(n, item)| (n.into(), borrowed(Some(item)))).collect()
        }
        Cow::Borrowed(Value::Object(map)) => {
            map.iter().map(|(key, item)| (key.as_str().into(), borrowed(Some(item)))).collect()
        }
        Cow::Owned(Value::Array(items)) => {
            items.into_iter().enumerate().map(|(n, item)| (n.into(), Datum::owned(item))).collect()
        }
        Cow::Owned(Value::Object(map)) => map.into_iter().map(|(key, item)| (key.into(), Datum::owned(item))).collect(),
        value if value.is_null() => Vec::new(),
        _ => return Err(TplError::new(at, "this is neither a list nor a map")),
    };
    if all.iter().any(|(key, _)| key.is_string()) {
        all.sort_by(|a, b| a.0.as_str().cmp(&b.0.as_str()));
    }
    Ok(all.into_iter().map(|(key, item)| (Datum::owned(key), item)).collect())
}

fn index<'v>(from: &Datum<'v>, keys: &[Datum<'v>], at: usize) -> Result<Datum<'v>, TplError> {
    let mut value = from.clone();
    for key in keys {
        let Datum::Plain(key) = key else { return Err(missing("index", at)) };
        let found =
            entries(value, at)?.into_iter().find(|(known, _)| matches!(known, Datum::Plain(known) if known == key));
        value = found.map_or(Datum::Nothing, |(_, item)| item);
    }
    Ok(value)
}

/// Functions with string arguments; numbers are converted to strings.
fn of_texts(name: &str, arguments: &[Datum], at: usize) -> Result<Option<Value>, TplError> {
    let known = matches!(
        name,
        "lower"
            | "upper"
            | "title"
            | "trim"
            | "trimSuffix"
            | "trimPrefix"
            | "trimAll"
            | "replace"
            | "trunc"
            | "indent"
            | "nindent"
            | "b64enc"
            | "b64dec"
            | "nospace"
            | "contains"
            | "hasPrefix"
            | "hasSuffix"
            | "repeat"
            | "splitList"
    );
    if !known {
        return Ok(None);
    }
    let texts: Vec<String> = arguments.iter().map(|d| text(d, at)).collect::<Result<_, _>>()?;
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let number = |text: &str| text.parse::<i64>().map_err(|_| missing(name, at));
    Ok(Some(match (name, texts.as_slice()) {
        ("lower", [text]) => text.to_lowercase().into(),
        ("upper", [text]) => text.to_uppercase().into(),
        ("title", [text]) => title(text).into(),
        ("trim", [text]) => text.trim().into(),
        ("nospace", [text]) => text.split_whitespace().collect::<String>().into(),
        ("trimSuffix", [end, text]) => text.strip_suffix(end).unwrap_or(text).into(),
        ("trimPrefix", [start, text]) => text.strip_prefix(start).unwrap_or(text).into(),
        ("trimAll", [set, text]) => text.trim_matches(|c| set.contains(c)).into(),
        ("replace", [old, new, text]) => text.replace(old, new).into(),
        ("contains", [part, text]) => text.contains(part).into(),
        ("hasPrefix", [start, text]) => text.starts_with(start).into(),
        ("hasSuffix", [end, text]) => text.ends_with(end).into(),
        ("splitList", [at, text]) => text.split(at).map(Value::from).collect::<Vec<_>>().into(),
        ("repeat", [times, text]) => {
            let times = usize::try_from(number(times)?).unwrap_or_default();
            if times.saturating_mul(text.len()) > 1 << 16 {
                return Err(TplError::new(at, "the result of `repeat` is too large"));
            }
            text.repeat(times).into()
        }
        ("trunc", [length, text]) => {
            let length = number(length)?;
            let (most, count) = (usize::try_from(length.unsigned_abs()).unwrap_or(usize::MAX), text.chars().count());
            match length < 0 {
                true => text.chars().skip(count.saturating_sub(most)).collect::<String>().into(),
                false => text.chars().take(most).collect::<String>().into(),
            }
        }
        ("indent", [by, text]) => indent(number(by)?, text).into(),
        ("nindent", [by, text]) => format!("\n{}", indent(number(by)?, text)).into(),
        ("b64enc", [text]) => STANDARD.encode(text).into(),
        ("b64dec", [text]) => {
            let bytes = STANDARD.decode(text).ok().and_then(|bytes| String::from_utf8(bytes).ok());
            bytes.ok_or_else(|| TplError::new(at, "this is not the base64 of a string"))?.into()
        }
        _ => return Err(missing(name, at)),
    }))
}

fn indent(by: i64, text: &str) -> String {
    let pad = " ".repeat(usize::try_from(by).unwrap_or_default().min(200));
    text.split('\n').map(|line| format!("{pad}{line}")).collect::<Vec<_>>().join("\n")
}

fn title(text: &str) -> String {
    let mut inside = false;
    text.chars()
        .map(|c| {
            let letter = if inside { c } else { c.to_ascii_uppercase() };
            inside = c.is_alphanumeric();
            letter
        })
        .collect()
}

/// The other functions.
fn of_values(name: &str, values: &[&Value], at: usize) -> Result<Option<Value>, TplError> {
    let few = || missing(name, at);
    Ok(Some(match (name, values) {
        // These two skip nulls.
        ("quote", all) => quoted(all, |text| Value::from(text).to_string()),
        ("squote", all) => quoted(all, |text| format!("'{text}'")),
        ("toString", [value]) | ("print", [value]) => scalar(value).into(),
        ("cat", all) => all.iter().map(|v| scalar(v)).collect::<Vec<_>>().join(" ").into(),
        ("printf", [Value::String(format), arguments @ ..]) => printf(format, arguments, at)?.into(),
        ("toJson", [value]) => value.to_string().into(),
        ("toYaml", [value]) => yaml(value).into(),
        ("eq", [value, others @ ..]) if !others.is_empty() => others.iter().any(|other| equal(value, other)).into(),
        ("ne", [a, b]) => (!equal(a, b)).into(),
        ("lt" | "le" | "gt" | "ge", [a, b]) => compare(name, a, b).ok_or_else(few)?.into(),
        ("len", [Value::Array(items)]) => items.len().into(),
        ("len", [Value::Object(map)]) => map.len().into(),
        ("len", [Value::String(text)]) => text.len().into(),
        ("int" | "int64", [value]) => number(value).trunc().to_string().parse::<i64>().unwrap_or_default().into(),
        ("add", all) => all.iter().map(|v| number(v) as i64).fold(0_i64, i64::wrapping_add).into(),
        ("mul", all) => all.iter().map(|v| number(v) as i64).fold(1_i64, i64::wrapping_mul).into(),
        ("sub", [a, b]) => (number(a) as i64).wrapping_sub(number(b) as i64).into(),
        ("div", [a, b]) => (number(a) as i64).checked_div(number(b) as i64).ok_or_else(few)?.into(),
        ("mod", [a, b]) => (number(a) as i64).checked_rem(number(b) as i64).ok_or_else(few)?.into(),
        ("list", all) => all.iter().map(|v| (*v).clone()).collect::<Vec<_>>().into(),
        ("dict", all) => {
            let pairs = all.chunks(2).map(|pair| match pair {
                [key, value] => Ok((scalar(key), (*value).clone())),
                _ => Err(few()),
            });
            Value::Object(pairs.collect::<Result<Map<_, _>, _>>()?)
        }
        ("join", [Value::String(with), Value::Array(items)]) => {
            items.iter().map(scalar).collect::<Vec<_>>().join(with).into()
        }
        ("has", [item, Value::Array(items)]) => items.iter().any(|one| equal(one, item)).into(),
        ("hasKey", [Value::Object(map), Value::String(key)]) => map.contains_key(key).into(),
        ("kindIs", [Value::String(kind), value]) => (*kind == kind_of(value)).into(),
        _ => return Ok(None),
    }))
}

fn quoted(values: &[&Value], quote: impl Fn(&str) -> String) -> Value {
    let texts: Vec<String> = values.iter().filter(|v| !v.is_null()).map(|v| quote(&scalar(v))).collect();
    texts.join(" ").into()
}

fn equal(a: &Value, b: &Value) -> bool {
    match (a.as_f64(), b.as_f64()) {
        (Some(a), Some(b)) => a.total_cmp(&b).is_eq(),
        _ => a == b,
    }
}

fn compare(name: &str, a: &Value, b: &Value) -> Option<bool> {
    let order = match (a, b) {
        (Value::String(a), Value::String(b)) => a.cmp(b),
        _ => a.as_f64()?.total_cmp(&b.as_f64()?),
    };
    Some(match name {
        "lt" => order.is_lt(),
        "le" => order.is_le(),
        "gt" => order.is_gt(),
        _ => order.is_ge(),
    })
}

fn number(value: &Value) -> f64 {
    match value {
        Value::String(text) => text.parse().unwrap_or_default(),
        Value::Bool(on) => f64::from(u8::from(*on)),
        other => other.as_f64().unwrap_or_default(),
    }
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "invalid",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float64",
        Value::Number(_) => "int",
        Value::String(_) => "string",
        Value::Array(_) => "slice",
        Value::Object(_) => "map",
    }
}

/// `%s`, `%v`, `%d`, `%q` and `%%`.
fn printf(format: &str, arguments: &[&Value], at: usize) -> Result<String, TplError> {
    let mut out = String::new();
    let mut arguments = arguments.iter();
    let mut chars = format.chars();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let verb = chars.next();
        if verb == Some('%') {
            out.push('%');
            continue;
        }
        let value = arguments.next().ok_or_else(|| TplError::new(at, "`printf` has more `%` than arguments"))?;
        match (verb, value) {
            (Some('s' | 'v'), Value::Null) => return Err(TplError::new(at, "an argument of `printf` has no value")),
            (Some('s'), Value::String(text)) => out.push_str(text),
            (Some('v'), value) if !value.is_object() && !value.is_array() => out.push_str(&scalar(value)),
            (Some('d'), Value::Number(number)) if number.is_i64() || number.is_u64() => {
                out.push_str(&number.to_string())
            }
            (Some('q'), Value::String(text)) => out.push_str(&Value::from(text.as_str()).to_string()),
            (Some('d'), Value::Number(_)) => {
                return Err(TplError::new(at, "`%d` takes whole numbers only").hint("write `(int .Values.x)` or `%v`"));
            }
            _ => return Err(TplError::new(at, "a `%` of `printf` does not match its argument")),
        }
    }
    match arguments.next() {
        None => Ok(out),
        Some(_) => Err(TplError::new(at, "`printf` has more arguments than `%`")),
    }
}

/// A value as YAML: one line per entry, with JSON after the key or the dash, so that it is read back unchanged.
fn yaml(value: &Value) -> String {
    match value {
        Value::Object(map) if !map.is_empty() => {
            let mut lines: Vec<String> =
                map.iter().map(|(key, value)| format!("{}: {value}", Value::from(key.as_str()))).collect();
            lines.sort();
            lines.join("\n")
        }
        Value::Array(items) if !items.is_empty() => {
            items.iter().map(|item| format!("- {item}")).collect::<Vec<_>>().join("\n")
        }
        Value::Number(_) => scalar(value),
        other => other.to_string(),
    }
}
