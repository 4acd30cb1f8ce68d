//! The compact schemas of `schemas/objects/`, read one type at a time as objects ask for them.
//!
//! The readme of that folder describes the format. A file is scanned once for its lines; the line of a type is parsed
//! when an object first needs it.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::sync::LazyLock;

use percent::decoded;

/// The number of files.
const FILES: usize = 6;

/// Embeds a file of `schemas/objects/`, as `build.rs` compresses it.
macro_rules! packed {
    ($name:literal) => {
        include_bytes!(concat!(env!("OUT_DIR"), "/objects/", $name, ".z"))
    };
}

/// The published schemas in the order of their files, Kubernetes' own first; decompressed at their first use.
static TEXTS: LazyLock<[String; FILES]> = LazyLock::new(|| {
    [
        unpacked(packed!("kubernetes")),
        unpacked(packed!("cert-manager")),
        unpacked(packed!("envoy-gateway")),
        unpacked(packed!("gateway-api")),
        unpacked(packed!("keda")),
        unpacked(packed!("prometheus-operator")),
    ]
});

/// Decompresses a file; a test reads them all, so the empty string for corrupt data never occurs.
fn unpacked(bytes: &[u8]) -> String {
    let text = miniz_oxide::inflate::decompress_to_vec(bytes).unwrap_or_default();
    String::from_utf8(text).unwrap_or_default()
}

pub use crate::bundle::KUBERNETES_MINORS as MINORS;

/// A range of Kubernetes versions, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KubernetesSpan {
    /// The first minor.
    pub first: u32,
    /// The last minor.
    pub last: u32,
}

impl KubernetesSpan {
    const ALL: KubernetesSpan = KubernetesSpan { first: 0, last: u32::MAX };

    /// Parses `34-35`, `34-`, `-35`.
    fn parse(text: &str) -> Self {
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        KubernetesSpan { first: first.parse().unwrap_or(0), last: last.parse().unwrap_or(u32::MAX) }
    }

    /// Whether a minor is in the range.
    pub fn has(self, minor: u32) -> bool {
        (self.first..=self.last).contains(&minor)
    }
}

/// A kind in one API version.
#[derive(Debug, Clone, Copy)]
pub struct KindSchema {
    /// `apps/v1`.
    pub api_version: &'static str,
    /// `Deployment`.
    pub kind: &'static str,
    /// The Kubernetes versions that have it.
    pub span: KubernetesSpan,
    /// The Kubernetes versions in which it is deprecated.
    pub deprecated: Option<KubernetesSpan>,
    /// The index of its file, 0 for Kubernetes' own.
    pub text: usize,
    type_name: &'static str,
}

impl KindSchema {
    /// `apps`, empty for the core group.
    pub fn group(&self) -> &'static str {
        self.api_version.split_once('/').map_or("", |(group, _)| group)
    }
}

/// The type of a value.
#[derive(Debug)]
pub enum Type {
    /// Any value.
    Any,
    /// A map of any values.
    AnyMap,
    /// A string with a length in characters and a pattern of [`Schemas::pattern`] by file and number.
    Text { least: usize, most: usize, pattern: Option<(usize, usize)> },
    /// One of these strings.
    OneOf(Vec<String>),
    /// A boolean.
    Bool,
    /// An integer within bounds.
    Int(i64, i64),
    /// Any number.
    Number,
    /// A quantity, `500m`.
    Quantity,
    /// An integer or a string.
    IntOrText,
    /// Bytes in base64.
    Bytes,
    /// A timestamp.
    Time,
    /// A list of a length with items of one type; no two may agree in the fields of `unique`, where an empty name is
    /// the item itself.
    List { item: Box<Type>, least: usize, most: usize, unique: Vec<&'static str> },
    /// A map with any keys.
    Map(Box<Type>),
    /// A type with fields: its file and its name.
    Fields(usize, &'static str),
}

/// A field of a type.
#[derive(Debug)]
pub struct FieldSchema {
    /// Its name.
    pub name: &'static str,
    /// Whether it is required.
    pub required: bool,
    /// The Kubernetes versions that have it.
    pub span: KubernetesSpan,
    /// Its type.
    pub holds: Type,
}

/// The fields of a type, sorted by name; a name may occur more than once, for several versions.
#[derive(Debug)]
pub struct Fields {
    fields: Vec<FieldSchema>,
    /// Whether unknown fields are kept.
    pub open: bool,
    /// Whether the type is Kubernetes' own.
    pub built_in: bool,
    /// Whether any field is required.
    pub requires: bool,
}

impl Fields {
    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &FieldSchema> {
        self.fields.iter()
    }

    /// The fields of a name, for all versions.
    pub fn named(&self, name: &str) -> &[FieldSchema] {
        let start = self.fields.partition_point(|field| field.name < name);
        let rest = &self.fields[start..];
        &rest[..rest.iter().take_while(|field| field.name == name).count()]
    }
}

/// The line of a type, and its fields after their first use.
struct Line {
    text: &'static str,
    fields: OnceCell<Fields>,
}

/// All schemas.
pub struct Schemas {
    kinds: Vec<KindSchema>,
    by_name: HashMap<(&'static str, &'static str), usize>,
    types: [HashMap<&'static str, Line>; FILES],
    patterns: [Vec<&'static str>; FILES],
}

impl Schemas {
    /// Indexes the lines of all files; none is parsed yet.
    pub fn new() -> Self {
        let mut schemas = Schemas {
            kinds: Vec::new(),
            by_name: HashMap::new(),
            types: Default::default(),
            patterns: Default::default(),
        };
        for (number, text) in TEXTS.iter().enumerate() {
            let types = &mut schemas.types[number];
            types.reserve(if number == 0 { 600 } else { 150 });
            for line in text.lines() {
                if let Some(kind) = line.strip_prefix("= ") {
                    schemas.kinds.extend(kind_line(kind, number));
                } else if let Some(pattern) = line.strip_prefix("~ ") {
                    schemas.patterns[number].push(pattern);
                } else {
                    let (name, fields) = line.split_once(' ').unwrap_or((line, "*:x"));
                    types.insert(name, Line { text: fields, fields: OnceCell::new() });
                }
            }
        }
        let names = schemas.kinds.iter().enumerate();
        schemas.by_name = names.map(|(i, kind)| ((kind.api_version, kind.kind), i)).collect();
        schemas
    }

    /// A kind by its API version and name.
    pub fn kind(&self, api_version: &str, kind: &str) -> Option<&KindSchema> {
        self.by_name.get(&(api_version, kind)).map(|i| &self.kinds[*i])
    }

    /// All kinds.
    pub fn kinds(&self) -> &[KindSchema] {
        &self.kinds
    }

    /// Whether a type is that of the objects of a kind.
    pub fn is_kind(&self, text: usize, name: &str) -> bool {
        self.kinds.iter().any(|kind| kind.text == text && kind.type_name == name)
    }

    /// The fields of a kind's objects.
    pub fn object(&self, kind: &KindSchema) -> Option<&Fields> {
        self.fields(kind.text, kind.type_name)
    }

    /// The fields of a type. Custom resources use the types of Kubernetes' own metadata.
    pub fn fields(&self, text: usize, name: &str) -> Option<&Fields> {
        let own = self.types[text].get(name).map(|line| (line, text));
        let (line, text) = own.or_else(|| self.types[0].get(name).map(|line| (line, 0)))?;
        Some(line.fields.get_or_init(|| parse_fields(line.text, text)))
    }

    /// The pattern of a [`Type::Text`].
    pub fn pattern(&self, (text, number): (usize, usize)) -> Option<&'static str> {
        self.patterns[text].get(number).copied()
    }
}

/// Parses `apps/v1 Deployment@34- Deployment deprecated@36-`.
fn kind_line(line: &'static str, text: usize) -> Option<KindSchema> {
    let mut words = line.split(' ');
    let api_version = words.next()?;
    let (kind, span) = spanned(words.next()?);
    let type_name = words.next()?;
    let deprecated = words.find_map(|word| word.strip_prefix("deprecated"));
    let deprecated = deprecated.map(|rest| rest.strip_prefix('@').map_or(KubernetesSpan::ALL, KubernetesSpan::parse));
    Some(KindSchema { api_version, kind, span, deprecated, text, type_name })
}

fn spanned(word: &'static str) -> (&'static str, KubernetesSpan) {
    word.split_once('@').map_or((word, KubernetesSpan::ALL), |(name, span)| (name, KubernetesSpan::parse(span)))
}

/// Parses `name!@34-:type`, separated by spaces.
fn parse_fields(line: &'static str, text: usize) -> Fields {
    let mut out = Fields { fields: Vec::new(), open: false, built_in: text == 0, requires: false };
    for word in line.split(' ') {
        let Some((name, holds)) = word.split_once(':') else { continue };
        if name == "*" {
            out.open = true;
            continue;
        }
        let (name, span) = spanned(name);
        let (name, required) = name.strip_suffix('!').map_or((name, false), |name| (name, true));
        out.requires |= required;
        out.fields.push(FieldSchema { name, required, span, holds: parse_type(holds, text) });
    }
    out.fields.sort_by_key(|field| field.name);
    out
}

fn parse_type(word: &'static str, text: usize) -> Type {
    if let Some(inner) = word.strip_prefix('{') {
        return Type::Map(Box::new(parse_type(&inner[..inner.rfind('}').unwrap_or(inner.len())], text)));
    }
    if let Some(rest) = word.strip_prefix('[') {
        let end = rest.rfind(']').unwrap_or(rest.len());
        let (limits, unique) = match rest[end..].split_once('%') {
            Some((limits, keys)) => (limits, keys.split(',').collect()),
            None => (&rest[end..], Vec::new()),
        };
        let (least, most) = range(limits.trim_start_matches(']'), '{', ",", '}');
        return Type::List { item: Box::new(parse_type(&rest[..end], text)), least, most, unique };
    }
    let (letter, rest) = word.split_at(word.len().min(1));
    match letter {
        "x" => Type::Any,
        "o" => Type::AnyMap,
        "b" => Type::Bool,
        "n" => Type::Number,
        "q" => Type::Quantity,
        "p" => Type::IntOrText,
        "y" => Type::Bytes,
        "t" => Type::Time,
        "i" | "l" => {
            let all = if letter == "i" { (i64::from(i32::MIN), i64::from(i32::MAX)) } else { (i64::MIN, i64::MAX) };
            let limits = rest.strip_prefix('(').and_then(|r| r.strip_suffix(')')).and_then(|r| r.split_once(".."));
            let (low, high) = limits.unwrap_or(("", ""));
            Type::Int(low.parse().unwrap_or(all.0), high.parse().unwrap_or(all.1))
        }
        "s" => match rest.strip_prefix('(') {
            Some(words) => Type::OneOf(words.trim_end_matches(')').split('|').map(decoded).collect()),
            None => {
                let (limits, pattern) = match rest.split_once('~') {
                    Some((limits, number)) => (limits, number.parse().ok()),
                    None => (rest, None),
                };
                let (least, most) = range(limits, '{', ",", '}');
                Type::Text { least, most, pattern: pattern.map(|number| (text, number)) }
            }
        },
        _ => Type::Fields(text, word),
    }
}

/// Parses `{1,16}`; either number may be missing, and the whole as well.
fn range(text: &str, open: char, between: &str, close: char) -> (usize, usize) {
    let inner = text.strip_prefix(open).and_then(|rest| rest.strip_suffix(close));
    let (low, high) = inner.and_then(|inner| inner.split_once(between)).unwrap_or_default();
    (low.parse().unwrap_or(0), high.parse().unwrap_or(usize::MAX))
}

mod percent {
    /// Decodes `a%20b`; the tool that makes the schemas encodes separators so.
    pub fn decoded(text: &str) -> String {
        let mut bytes = Vec::with_capacity(text.len());
        let mut rest = text.as_bytes();
        while let Some((first, after)) = rest.split_first() {
            let hex = after.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
            match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
                Some(byte) if *first == b'%' => {
                    bytes.push(byte);
                    rest = &after[2..];
                }
                _ => {
                    bytes.push(*first);
                    rest = after;
                }
            }
        }
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_every_schema_is_understood() {
        let schemas = Schemas::new();
        let mut fields = 0;
        fn check(schemas: &Schemas, holds: &Type) {
            match holds {
                Type::List { item, .. } => check(schemas, item),
                Type::Map(item) => check(schemas, item),
                Type::Fields(text, name) => assert!(schemas.fields(*text, name).is_some(), "{name}"),
                Type::Text { pattern: Some(pattern), .. } => assert!(schemas.pattern(*pattern).is_some()),
                _ => {}
            }
        }
        for kind in schemas.kinds() {
            assert!(schemas.object(kind).is_some(), "{kind:?}");
        }
        for (number, types) in schemas.types.iter().enumerate() {
            for name in types.keys() {
                for field in schemas.fields(number, name).expect("it is in the map").iter() {
                    fields += 1;
                    check(&schemas, &field.holds);
                }
            }
        }
        assert!(schemas.kinds().len() > 140 && fields > 5000, "{} kinds, {fields} fields", schemas.kinds().len());
    }

    #[test]
    fn words_with_spaces_are_written_with_percents() {
        assert_eq!(decoded("a%20b%7C"), "a b|");
        assert_eq!(decoded("100%"), "100%");
    }
}
