//! The schemas as they are written, with descriptions and defaults, which the build leaves out.

use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};
use std::sync::LazyLock;

use serde_json::{Map, Value};

use crate::build_tree::{components, root_schema};
use crate::common::root;

/// A place in the schemas, references followed.
#[derive(Clone)]
pub struct Part {
    /// What stands there, no reference.
    pub schema: &'static Map<String, Value>,
    file: &'static Path,
    /// The references that led here, the first one first, and the schema itself.
    chain: Vec<&'static Map<String, Value>>,
}

/// A step of a values path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step<'a> {
    Key(&'a str),
    Item,
}

type Files = HashMap<PathBuf, Value>;

static FILES: LazyLock<Files> = LazyLock::new(|| {
    let charts =
        std::fs::read_dir(root().join("charts")).unwrap().map(|c| c.unwrap().path().join("values.schema.json"));
    let shared = std::fs::read_dir(root().join("schemas")).unwrap().map(|f| f.unwrap().path());
    let paths = charts.chain(shared).filter(|p| p.is_file() && p.extension().is_some_and(|e| e == "json"));
    let read = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).unwrap();
        let schema = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        (path.strip_prefix(root()).unwrap().to_owned(), schema)
    };
    let mut files: Files = paths.map(read).collect();
    let composed = root_schema::composed(root(), &components::all(root()).unwrap()).unwrap();
    files.insert(PathBuf::from("schemas/root.schema.json"), composed);
    files
});

static FREE: LazyLock<Map<String, Value>> = LazyLock::new(Map::new);

/// The schema of the whole document.
pub fn document() -> Part {
    of_file(Path::new("schemas/root.schema.json")).unwrap()
}

fn of_file(file: &Path) -> Option<Part> {
    let (file, schema) = FILES.get_key_value(file)?;
    Some(Part::at(schema, file))
}

/// The definitions of a file of definitions.
pub fn definitions(file: &str) -> Vec<(&'static str, Part)> {
    let (file, tree) = FILES.get_key_value(Path::new(file)).unwrap();
    let all = tree["$defs"].as_object().unwrap();
    all.iter().map(|(name, schema)| (name.as_str(), Part::at(schema, file))).collect()
}

impl Part {
    fn at(schema: &'static Value, file: &'static Path) -> Part {
        let mut part = Part { schema: schema.as_object().unwrap_or(&FREE), file, chain: Vec::new() };
        loop {
            part.chain.push(part.schema);
            let Some(target) = part.schema.get("$ref").and_then(Value::as_str) else { return part };
            (part.schema, part.file) = followed(target, part.file);
        }
    }

    /// What the first reference here points to.
    pub fn reference(&self) -> Option<&'static str> {
        self.chain.first()?.get("$ref")?.as_str()
    }

    /// Names of the definitions that led here, the nearest first: `Name`, `DNSSubdomainOrEmpty`.
    pub fn kinds(&self) -> Vec<&'static str> {
        let name = |s: &&'static Map<String, Value>| Some(s.get("$ref")?.as_str()?.split_once("#/$defs/")?.1);
        self.chain.iter().filter_map(name).collect()
    }

    /// A keyword such as `description`, from the nearest place that has it.
    pub fn keyword(&self, keyword: &str) -> Option<&'static Value> {
        self.chain.iter().find_map(|schema| schema.get(keyword))
    }

    /// A known key of a map, its own or one of its groups.
    pub fn property(&self, key: &str) -> Option<Part> {
        match self.schema.get("properties").and_then(|own| own.get(key)) {
            Some(Value::Bool(false)) => None,
            Some(schema) => Some(Part::at(schema, self.file)),
            None => self.groups().find_map(|group| group.property(key)),
        }
    }

    /// All known keys of a map, those of its groups first.
    pub fn properties(&self) -> Vec<(&'static str, Part)> {
        let without = self.without();
        let own: Vec<_> = self.own_properties().collect();
        let lent = self.groups().flat_map(|group| group.properties());
        let free = |key: &str| !without.contains(&key) && own.iter().all(|(mine, _)| *mine != key);
        let mut all: Vec<_> = lent.filter(|(key, _)| free(key)).collect();
        all.extend(own);
        all
    }

    /// The known keys of a map, but for those of its groups.
    pub fn own_properties(&self) -> impl Iterator<Item = (&'static str, Part)> + use<> {
        let file = self.file;
        let known = self.schema.get("properties").and_then(Value::as_object);
        let known = known.into_iter().flatten().filter(|(_, schema)| **schema != Value::Bool(false));
        known.map(move |(key, schema)| (key.as_str(), Part::at(schema, file)))
    }

    /// Keys of groups that a map does without.
    pub fn without(&self) -> Vec<&'static str> {
        let known = self.schema.get("properties").and_then(Value::as_object);
        known
            .into_iter()
            .flatten()
            .filter(|(_, schema)| **schema == Value::Bool(false))
            .map(|(key, _)| key.as_str())
            .collect()
    }

    /// The groups of keys that a map takes by `allOf`.
    pub fn groups(&self) -> impl Iterator<Item = Part> + use<> {
        let file = self.file;
        let all = self.schema.get("allOf").and_then(Value::as_array);
        all.into_iter().flatten().filter(|part| part.get("$ref").is_some()).map(move |part| Part::at(part, file))
    }

    /// Those groups that several components share, also where a group of the component's own takes them.
    pub fn shared_groups(&self) -> Vec<Part> {
        let shared = |group: Part| match group.file.ends_with("definitions.json") {
            true => vec![group],
            false => group.shared_groups(),
        };
        self.groups().flat_map(shared).collect()
    }

    /// What a list holds.
    pub fn items(&self) -> Option<Part> {
        self.schema.get("items").map(|schema| Part::at(schema, self.file))
    }

    /// The schemas of which one is to fit.
    pub fn alternatives(&self) -> Vec<Part> {
        let all = ["anyOf", "oneOf"].iter().find_map(|keyword| self.schema.get(*keyword)?.as_array());
        all.into_iter().flatten().map(|schema| Part::at(schema, self.file)).collect()
    }

    /// What stands under keys that are free; none where there are no such keys.
    pub fn others(&self) -> Option<Part> {
        let others = ["additionalProperties", "unevaluatedProperties"].iter().find_map(|word| self.schema.get(*word));
        match others {
            Some(Value::Bool(false)) => None,
            Some(schema) => Some(Part::at(schema, self.file)),
            None => Some(Part { schema: &FREE, file: self.file, chain: Vec::new() }),
        }
    }

    /// Whether this is below a map whose keys and values are free.
    pub fn is_free(&self) -> bool {
        self.chain.is_empty()
    }

    /// Whether something but a type says what may stand here.
    pub fn is_told_otherwise(&self) -> bool {
        ["enum", "const", "anyOf", "oneOf"].iter().any(|keyword| self.schema.contains_key(*keyword))
            || self.kinds().contains(&"Free")
    }

    /// The types that a value may have; none: all.
    pub fn types(&self) -> Vec<&'static str> {
        match self.schema.get("type") {
            Some(Value::String(one)) => vec![one],
            Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        }
    }
}

fn followed(target: &str, file: &Path) -> (&'static Map<String, Value>, &'static Path) {
    let (path, pointer) = target.split_once('#').unwrap_or((target, ""));
    let mut there = if path.is_empty() { file.to_owned() } else { file.parent().unwrap().join(path) };
    let mut plain = PathBuf::new();
    for step in there.components() {
        match step {
            Component::ParentDir => drop(plain.pop()),
            step => plain.push(step),
        }
    }
    there = plain;
    let (file, tree) = FILES.get_key_value(&there).unwrap_or_else(|| panic!("`{target}` names no file"));
    let schema = tree.pointer(pointer).and_then(Value::as_object);
    (schema.unwrap_or_else(|| panic!("`{target}` leads nowhere")), file)
}

/// The steps of `gitlab.gitaly.external[].name`; a key with a slash in it may have dots.
pub fn steps(path: &str) -> Vec<Step<'_>> {
    let (plain, rest) = match path.find('/') {
        Some(slash) => {
            let domain = path[..slash].rmatch_indices('.').nth(1).map_or(0, |(dot, _)| dot);
            (&path[..domain], Some(&path[domain..]))
        }
        None => (path, None),
    };
    let mut steps = Vec::new();
    for key in plain.split('.') {
        let name = key.trim_end_matches("[]");
        steps.extend((!name.is_empty()).then_some(Step::Key(name)));
        steps.extend((name != key).then_some(Step::Item));
    }
    steps.extend(rest.map(|key| Step::Key(key.trim_start_matches('.'))));
    steps
}

/// The schema of a values path; none where it is not known.
pub fn part(path: &str) -> Option<Part> {
    steps(path).iter().try_fold(document(), |part, step| match step {
        Step::Key(key) => part.property(key).or_else(|| part.others()),
        Step::Item => part.items(),
    })
}
