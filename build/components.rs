//! The components of a tree: a folder in `charts/` with a `component.json`.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

pub type Outcome<T> = Result<T, Box<dyn Error>>;

/// A component, as its folder declares it.
pub struct Component {
    /// The folder's name.
    pub name: String,
    /// The folder.
    pub folder: PathBuf,
    /// Where its section is in the values, `gitlab.gitaly`; none where it has no section of its own.
    pub key: Option<String>,
    /// The values path that switches it on.
    pub switch: Option<String>,
    /// The component whose defaults it starts from.
    pub defaults: Option<String>,
    /// Whether a second set of its pods may run beside the first.
    pub second_set: bool,
}

/// What `component.json` may hold.
const FIELDS: [&str; 4] = ["key", "switch", "defaults", "second_set"];

/// All components below `charts/`, by name.
pub fn all(root: &Path) -> Outcome<Vec<Component>> {
    let folders = sorted(&root.join("charts"))?;
    folders.into_iter().filter(|folder| folder.join("component.json").is_file()).map(component).collect()
}

fn component(folder: PathBuf) -> Outcome<Component> {
    let path = folder.join("component.json");
    let declared = read_json(&path)?;
    let fields = declared.as_object().ok_or_else(|| format!("{}: not a map", path.display()))?;
    if let Some(field) = fields.keys().find(|field| !FIELDS.contains(&field.as_str())) {
        return Err(format!("{}: there is no field `{field}`", path.display()).into());
    }
    let text = |field: &str| declared.get(field).and_then(Value::as_str).map(str::to_owned);
    let key = text("key");
    Ok(Component {
        name: file_name(&folder),
        switch: text("switch").or_else(|| key.as_ref().map(|key| format!("{key}.enabled"))),
        defaults: text("defaults"),
        second_set: declared.get("second_set").and_then(Value::as_bool).unwrap_or(false),
        key,
        folder,
    })
}

impl Component {
    /// The path of its schema, if it has one.
    pub fn schema(&self) -> Option<PathBuf> {
        Some(self.folder.join("values.schema.json")).filter(|path| path.is_file())
    }
}

/// The entries of a folder by name; none where there is no folder.
pub fn sorted(folder: &Path) -> Outcome<Vec<PathBuf>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut paths = fs::read_dir(folder)?.map(|e| e.map(|e| e.path())).collect::<Result<Vec<_>, _>>()?;
    paths.sort();
    Ok(paths)
}

pub fn file_name(path: &Path) -> String {
    path.file_name().and_then(|n| n.to_str()).unwrap_or_default().to_owned()
}

pub fn read_json(path: &Path) -> Outcome<Value> {
    let text = fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))?;
    serde_json::from_str(&text).map_err(|e| format!("{}: {e}", path.display()).into())
}
