//! The input of a KRM function: a list of objects, and the configuration of the function.

use serde_json::{Map, Value};

use crate::diag::{Failure, Report, Sources, code};
use crate::manifest::Manifest;
use crate::yaml::node::Node;
use crate::yaml::read;

/// A ResourceList of the KRM functions specification.
#[derive(Debug, Clone)]
pub struct ResourceList(Map<String, Value>);

impl ResourceList {
    /// Reads a list; `None` where the input is something else. `name` is the user's name for the input.
    ///
    /// # Errors
    /// Input that is not YAML.
    pub fn read(text: String, name: &str) -> Result<Option<Self>, Failure> {
        let value = match read::document(&text, 0, 0) {
            Ok(node) => node.map(Node::into_value),
            Err(Report(found)) if found.iter().any(|d| d.code == code::NOT_A_MAP) => None,
            Err(report) => {
                let mut sources = Sources::default();
                sources.add(name.to_owned(), text);
                return Err(Failure { report, sources });
            }
        };
        Ok(match value {
            Some(Value::Object(list)) if list.get("kind").is_some_and(|kind| kind == "ResourceList") => {
                Some(ResourceList(list))
            }
            _ => None,
        })
    }

    /// Takes out the object that configures the function, which is input only.
    pub fn take_function_config(&mut self) -> Value {
        self.0.shift_remove("functionConfig").unwrap_or_default()
    }

    /// Appends objects.
    pub fn extend(&mut self, manifests: &[Manifest]) {
        if let Value::Array(items) = self.0.entry("items").or_insert_with(|| Value::Array(Vec::new())) {
            items.extend(manifests.iter().map(|manifest| manifest.body.clone()));
        }
    }

    /// The list as JSON, which is also YAML.
    pub fn into_text(self) -> String {
        format!("{:#}\n", Value::Object(self.0))
    }
}
