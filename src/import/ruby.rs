//! Parses the part of Ruby that `gitlab.rb` files are written in: assignments, calls, and literals. Nothing is run: an
//! expression that would have to be evaluated is kept as [`Value::Computed`], and statements of other kinds as
//! [`StatementKind::Code`].

use super::scan::Scan;

/// The maximum nesting of brackets.
const MAX_DEPTH: usize = 64;

/// A value as it is written in the file.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Nil,
    Bool(bool),
    Int(i64),
    Float(f64),
    /// A string or a symbol.
    Text(String),
    List(Vec<Value>),
    Map(Vec<(Value, Value)>),
    /// `YAML.load` of a string.
    Yaml(String),
    /// An expression whose value only a run would give, such as `ENV['X']`: its form without its content.
    Computed(&'static str),
}

/// The kind of a statement.
#[derive(Debug, Clone, PartialEq)]
pub enum StatementKind {
    /// `gitlab_rails['smtp_address'] = ...` and `external_url '...'`: the name and its keys, and the value.
    Set(Vec<String>, Value),
    /// `gitlab_rails['smtp_port'] ||= ...`, which counts where nothing was set before: the name and its keys, and the value.
    Default(Vec<String>, Value),
    /// `gitlab_rails['omniauth_providers'] << ...` and `+= [...]`: the name and its keys, and the added items.
    Add(Vec<String>, Value),
    /// Anything else: its first line.
    Code(String),
}

/// One statement.
#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    /// Counted from 1.
    pub line: usize,
    /// Its kind.
    pub what: StatementKind,
    /// Whether it stands in a block, such as `if ... end`, and may not run at all.
    pub in_block: bool,
}

/// All statements of a file, in order.
///
/// # Errors
/// Line and reason of an unterminated string or bracket.
pub fn parse(text: &str) -> Result<Vec<Statement>, (usize, String)> {
    // Ruby takes both as a line break, in strings too.
    let text = text.replace("\r\n", "\n");
    let mut scan = Scan::new(&text);
    let mut statements = Vec::new();
    let mut blocks = 0_usize;
    loop {
        scan.skip_blank();
        if scan.at_end() || scan.at_data() {
            return Ok(statements);
        }
        let line = scan.line();
        let start = scan.position();
        match statement(&mut scan) {
            Ok(what) => statements.push(Statement { line, what, in_block: blocks > 0 }),
            Err(UnreadStatement::Unclosed(line, reason)) => return Err((line, reason)),
            Err(UnreadStatement::Unknown) => {
                scan.rewind(start);
                let text = scan.take_line();
                statements.push(Statement {
                    line,
                    what: StatementKind::Code(text.trim().to_owned()),
                    in_block: blocks > 0,
                });
                blocks =
                    if opens_block(text) { blocks + 1 } else { blocks - usize::from(closes_block(text) && blocks > 0) };
            }
        }
    }
}

fn opens_block(line: &str) -> bool {
    const WORDS: [&str; 10] = ["if", "unless", "case", "begin", "while", "until", "for", "def", "class", "module"];
    let line = line.trim();
    let first = |text: &str| text.split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default().to_owned();
    // `x = if a`, where the value is that of the block.
    let assigned = line.split_once('=').map(|(_, value)| first(value.trim_start())).unwrap_or_default();
    let opens =
        WORDS.contains(&first(line).as_str()) || matches!(assigned.as_str(), "if" | "unless" | "case" | "begin");
    // `names.each { |name|`
    let brace = line.ends_with('{') || (line.ends_with('|') && line.contains("{ |"));
    (opens || brace || line.ends_with(" do") || line.contains(" do |")) && !line.ends_with(" end")
}

fn closes_block(line: &str) -> bool {
    let line = line.trim();
    line.starts_with('}') || line.split(|c: char| !c.is_ascii_alphabetic()).next() == Some("end")
}

/// The reason why a statement was not parsed.
pub(super) enum UnreadStatement {
    /// It is unterminated.
    Unclosed(usize, String),
    /// Its kind is not supported.
    Unknown,
}

type Read<T> = Result<T, UnreadStatement>;

fn statement(scan: &mut Scan) -> Read<StatementKind> {
    let name = scan.identifier().ok_or(UnreadStatement::Unknown)?;
    const WORDS: [&str; 14] = [
        "if", "unless", "else", "elsif", "end", "def", "require", "begin", "rescue", "while", "case", "when", "do",
        "return",
    ];
    if WORDS.contains(&name.as_str()) {
        return Err(UnreadStatement::Unknown);
    }
    let mut path = vec![name];
    while scan.eat('[') {
        scan.skip_blank();
        match expression(scan, 0)? {
            Value::Text(key) => path.push(key),
            Value::Int(number) => path.push(number.to_string()),
            _ => return Err(UnreadStatement::Unknown),
        }
        scan.skip_blank();
        if !scan.eat(']') {
            return Err(UnreadStatement::Unknown);
        }
    }
    scan.skip_space();
    if path.len() > 1 && (scan.starts("<< ") || scan.starts("+=")) {
        let one = scan.eat_word("<<");
        if !one {
            scan.eat_word("+=");
        }
        scan.skip_blank();
        let value = expression(scan, 0)?;
        scan.skip_space();
        return match value {
            _ if !scan.at_line_end() => Err(UnreadStatement::Unknown),
            value if one => Ok(StatementKind::Add(path, Value::List(vec![value]))),
            value @ Value::List(_) => Ok(StatementKind::Add(path, value)),
            _ => Err(UnreadStatement::Unknown),
        };
    }
    let is_default = scan.eat_word("||=");
    let value = if is_default || (scan.peek() == Some('=') && !scan.starts("==") && scan.eat('=')) {
        scan.skip_blank();
        expression(scan, 0)?
    } else if path.len() == 1 && scan.eat('(') {
        scan.skip_blank();
        let value = expression(scan, 0)?;
        scan.skip_blank();
        if !scan.eat(')') {
            return Err(UnreadStatement::Unknown);
        }
        value
    } else if path.len() == 1 && scan.peek().is_some_and(|c| matches!(c, '\'' | '"' | '[' | '{' | 'E' | '%' | '<')) {
        expression(scan, 0)?
    } else {
        return Err(UnreadStatement::Unknown);
    };
    scan.skip_space();
    // `x = 1 if y` and similar modifiers.
    if !scan.at_line_end() {
        return Err(UnreadStatement::Unknown);
    }
    Ok(if is_default { StatementKind::Default(path, value) } else { StatementKind::Set(path, value) })
}

fn expression(scan: &mut Scan, depth: usize) -> Read<Value> {
    let mut value = operand(scan, depth)?;
    loop {
        let here = scan.position();
        scan.skip_space();
        if scan.peek() == Some('\\') && scan.starts("\\\n") {
            scan.eat('\\');
            scan.skip_blank();
        }
        match scan.peek() {
            Some('+') if !scan.starts("+=") => {
                scan.eat('+');
                scan.skip_blank();
                value = joined(value, operand(scan, depth)?);
            }
            Some('*' | '/' | '-') if !matches!(value, Value::Text(_)) => {
                let operator = scan.bump().unwrap_or_default();
                scan.skip_blank();
                value = computed(&value, operator, &operand(scan, depth)?);
            }
            // Adjacent strings are concatenated.
            Some('\'' | '"') if matches!(value, Value::Text(_)) => value = joined(value, operand(scan, depth)?),
            Some('|') if scan.starts("||") => {
                scan.eat_word("||");
                scan.skip_blank();
                let other = operand(scan, depth)?;
                value = if matches!(value, Value::Nil) { other } else { value };
            }
            Some('?') => return Err(UnreadStatement::Unknown),
            _ => {
                scan.rewind(here);
                return Ok(value);
            }
        }
    }
}

fn joined(a: Value, b: Value) -> Value {
    match (a, b) {
        (Value::Text(a), Value::Text(b)) => Value::Text(a + &b),
        (Value::Int(a), Value::Int(b)) => a.checked_add(b).map_or(Value::Computed("a sum"), Value::Int),
        (Value::List(mut a), Value::List(b)) => {
            a.extend(b);
            Value::List(a)
        }
        _ => Value::Computed("a sum"),
    }
}

fn computed(a: &Value, operator: char, b: &Value) -> Value {
    let (Value::Int(a), Value::Int(b)) = (a, b) else { return Value::Computed("a calculation") };
    let result = match operator {
        '*' => a.checked_mul(*b),
        '/' => a.checked_div(*b),
        _ => a.checked_sub(*b),
    };
    result.map_or(Value::Computed("a calculation"), Value::Int)
}

fn operand(scan: &mut Scan, depth: usize) -> Read<Value> {
    if depth > MAX_DEPTH {
        return Err(UnreadStatement::Unknown);
    }
    let value = match scan.peek().ok_or(UnreadStatement::Unknown)? {
        '\'' | '"' => text(scan.quoted()?),
        '[' => {
            let line = scan.line();
            scan.eat('[');
            list(scan, ']', line, depth)?
        }
        '{' => map(scan, depth)?,
        '(' => {
            scan.eat('(');
            scan.skip_blank();
            let value = expression(scan, depth + 1)?;
            scan.skip_blank();
            if !scan.eat(')') {
                return Err(UnreadStatement::Unknown);
            }
            value
        }
        ':' => {
            scan.eat(':');
            match scan.peek() {
                Some('\'' | '"') => text(scan.quoted()?),
                _ => Value::Text(scan.identifier().ok_or(UnreadStatement::Unknown)?),
            }
        }
        '%' => scan.percent()?,
        '<' => text(scan.heredoc()?),
        c if c.is_ascii_digit() || c == '-' => scan.number().ok_or(UnreadStatement::Unknown)?,
        _ => word(scan, depth)?,
    };
    methods(scan, value, depth)
}

/// A string, or [`Value::Computed`] where it interpolates code.
fn text((text, has_code): (String, bool)) -> Value {
    if has_code { Value::Computed("a string with code in it") } else { Value::Text(text) }
}

fn word(scan: &mut Scan, depth: usize) -> Read<Value> {
    let name = scan.identifier().ok_or(UnreadStatement::Unknown)?;
    match name.as_str() {
        "true" => return Ok(Value::Bool(true)),
        "false" => return Ok(Value::Bool(false)),
        "nil" => return Ok(Value::Nil),
        _ => {}
    }
    let what = match name.as_str() {
        "ENV" => "an environment variable",
        "File" | "IO" => "a file's content",
        "YAML" | "JSON" => {
            let loads = [".load", ".safe_load", ".parse"].iter().any(|method| scan.eat_word(method));
            let bracket = scan.eat('(');
            match bracket {
                true => scan.skip_blank(),
                false => scan.skip_space(),
            }
            if !loads {
                return Err(UnreadStatement::Unknown);
            }
            let inner = operand(scan, depth + 1)?;
            if bracket {
                scan.skip_blank();
                if !scan.eat(')') {
                    return Err(UnreadStatement::Unknown);
                }
            }
            return Ok(match inner {
                Value::Text(text) => Value::Yaml(text),
                _ => Value::Computed("a parsed text"),
            });
        }
        _ => "another setting",
    };
    arguments(scan, depth)?;
    Ok(Value::Computed(what))
}

/// Skips `[...]`, `(...)` and `.method` after a computed value.
fn arguments(scan: &mut Scan, depth: usize) -> Read<()> {
    loop {
        let line = scan.line();
        if scan.eat('[') {
            list(scan, ']', line, depth)?;
        } else if scan.eat('(') {
            list(scan, ')', line, depth)?;
        } else if scan.eat('.') || scan.eat_word("::") {
            scan.identifier().ok_or(UnreadStatement::Unknown)?;
        } else {
            return Ok(());
        }
    }
}

/// Method calls on a value: some leave a literal as it is, all others make it computed.
fn methods(scan: &mut Scan, mut value: Value, depth: usize) -> Read<Value> {
    while scan.eat('.') {
        let name = scan.identifier().ok_or(UnreadStatement::Unknown)?;
        let line = scan.line();
        let with_arguments = scan.eat('(');
        if with_arguments {
            list(scan, ')', line, depth)?;
        }
        value = match (name.as_str(), value) {
            ("freeze" | "dup", value) if !with_arguments => value,
            ("to_s" | "to_sym", value @ Value::Text(_)) | ("to_i", value @ Value::Int(_)) if !with_arguments => value,
            ("to_s", Value::Int(number)) => Value::Text(number.to_string()),
            ("to_s", Value::Bool(value)) => Value::Text(value.to_string()),
            ("to_i", Value::Text(text)) if !with_arguments && !text.contains('_') => {
                let text = text.trim_start();
                let end = text.char_indices().find(|(at, c)| !(c.is_ascii_digit() || (*at == 0 && *c == '-')));
                Value::Int(text[..end.map_or(text.len(), |(at, _)| at)].parse().unwrap_or(0))
            }
            ("to_json", value) if !with_arguments => {
                super::special::plain(value).map_or_else(Value::Computed, |value| Value::Text(value.to_string()))
            }
            ("strip", Value::Text(text)) => Value::Text(text.trim().to_owned()),
            ("chomp", Value::Text(text)) if !with_arguments => {
                let rest = text.strip_suffix('\n').unwrap_or(&text);
                Value::Text(rest.strip_suffix('\r').unwrap_or(rest).to_owned())
            }
            _ => Value::Computed("a calculation"),
        };
    }
    Ok(value)
}

fn list(scan: &mut Scan, end: char, line: usize, depth: usize) -> Read<Value> {
    let mut items = Vec::new();
    loop {
        scan.skip_blank();
        if scan.eat(end) {
            return Ok(Value::List(items));
        }
        if scan.at_end() {
            return Err(UnreadStatement::Unclosed(line, format!("a `{}` is missing", end)));
        }
        let item = expression(scan, depth + 1)?;
        scan.skip_blank();
        // A hash without braces as the last argument.
        if scan.eat_word("=>") {
            scan.skip_blank();
            let value = expression(scan, depth + 1)?;
            items.push(Value::Map(vec![(item, value)]));
        } else {
            items.push(item);
        }
        scan.skip_blank();
        if !scan.eat(',') && scan.peek() != Some(end) {
            return if scan.at_end() {
                Err(UnreadStatement::Unclosed(line, format!("a `{end}` is missing")))
            } else {
                Err(UnreadStatement::Unknown)
            };
        }
    }
}

fn map(scan: &mut Scan, depth: usize) -> Read<Value> {
    let line = scan.line();
    let unclosed = |scan: &Scan| match scan.at_end() {
        true => UnreadStatement::Unclosed(line, "a `}` is missing".to_owned()),
        false => UnreadStatement::Unknown,
    };
    scan.eat('{');
    let mut entries = Vec::new();
    loop {
        scan.skip_blank();
        if scan.eat('}') {
            return Ok(Value::Map(entries));
        }
        if scan.at_end() {
            return Err(unclosed(scan));
        }
        let key = match scan.short_key() {
            Some(key) => Value::Text(key),
            None => {
                let key = operand(scan, depth + 1)?;
                scan.skip_blank();
                // `"key": value` and `"key" => value`
                if !scan.eat_word("=>") && !scan.eat(':') {
                    return Err(unclosed(scan));
                }
                key
            }
        };
        scan.skip_blank();
        if scan.at_end() {
            return Err(unclosed(scan));
        }
        entries.push((key, expression(scan, depth + 1)?));
        scan.skip_blank();
        if !scan.eat(',') && scan.peek() != Some('}') {
            return Err(unclosed(scan));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn only(text: &str) -> StatementKind {
        parse(text).map(|statements| statements[0].what.clone()).unwrap_or(StatementKind::Code(String::new()))
    }

    fn set(path: &[&str], value: Value) -> StatementKind {
        StatementKind::Set(path.iter().map(|key| (*key).to_owned()).collect(), value)
    }

    #[test]
    fn statements_of_every_form() {
        let t = |text: &str| Value::Text(text.to_owned());
        assert_eq!(only("external_url 'https://a'"), set(&["external_url"], t("https://a")));
        assert_eq!(only("a['b'][\"c\"] = 1_000 # x"), set(&["a", "b", "c"], Value::Int(1000)));
        assert_eq!(
            only("a['b'] = {\n 'x' => [1, true, nil], # c\n y: :z,\n}"),
            set(
                &["a", "b"],
                Value::Map(vec![
                    (t("x"), Value::List(vec![Value::Int(1), Value::Bool(true), Value::Nil])),
                    (t("y"), t("z")),
                ]),
            )
        );
        assert_eq!(only("a['b'] = \"x\\n#{y}\""), set(&["a", "b"], Value::Computed("a string with code in it")));
        assert_eq!(only("a['b'] = ENV['X'] || 1"), set(&["a", "b"], Value::Computed("an environment variable")));
        assert_eq!(
            only("a['b'] = YAML.load <<-'EOS'\n  m: 1\n  EOS\n"),
            set(&["a", "b"], Value::Yaml("  m: 1\n".to_owned()))
        );
        assert_eq!(only("a['b'] = 60 * 60"), set(&["a", "b"], Value::Int(3600)));
        assert_eq!(only("a['b'] = %w(x y)"), set(&["a", "b"], Value::List(vec![t("x"), t("y")])));
        assert_eq!(only("roles ['a_role']"), set(&["roles"], Value::List(vec![t("a_role")])));
        assert_eq!(
            only("git_data_dirs({'default' => {'path' => '/x'}})"),
            set(&["git_data_dirs"], Value::Map(vec![(t("default"), Value::Map(vec![(t("path"), t("/x"))]))]),)
        );
        assert_eq!(only("if x"), StatementKind::Code("if x".to_owned()));
        assert_eq!(only("a['b'] = 1 if x"), StatementKind::Code("a['b'] = 1 if x".to_owned()));
        let added = StatementKind::Add(vec!["a".to_owned(), "b".to_owned()], Value::List(vec![t("c")]));
        assert_eq!(only("a['b'] << 'c'"), added);
        assert_eq!(only("a['b'] += ['c']"), added);
        assert_eq!(only(r#"a['b'] = "\u00e9\x41\u{1F600}\101""#), set(&["a", "b"], t("\u{e9}A\u{1f600}A")));
        assert_eq!(parse("a['b'] = 1\n__END__\na['c'] = 2").map(|all| all.len()), Ok(1));
    }

    #[test]
    fn what_has_no_end_is_told_with_its_line() {
        assert_eq!(parse("\na['b'] = 'x").map_err(|(line, _)| line), Err(2));
        assert_eq!(parse("a['b'] = {\n'x' => 1\n").map_err(|(line, _)| line), Err(1));
        assert_eq!(parse("a['b'] = <<EOS\nx\n").map_err(|(line, _)| line), Err(1));
    }
}
