//! The result of resolve: the list of objects, each with its template and the template's view.

use std::cell::Cell;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::diag::Diagnostic;
use crate::manifest::Phase;

/// The fields that one template may read: flat, with every optional field, null where absent.
#[derive(Debug, Clone, Default)]
pub struct View(pub Map<String, Value>);

impl View {
    /// Adds a field; replaces one of the same name.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Serialize) -> Self {
        self.0.insert(name.to_owned(), node(value));
        self
    }

    /// The same with a tree, which is moved.
    #[must_use]
    pub fn with_tree(mut self, name: &str, tree: impl IntoTree) -> Self {
        self.0.insert(name.to_owned(), tree.into_tree());
        self
    }

    /// Adds the fields of a struct.
    #[must_use]
    pub fn over(mut self, fields: impl Serialize) -> Self {
        if let Value::Object(fields) = node(fields) {
            self.0.extend(fields);
        }
        self
    }
}

impl Serialize for View {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

/// A typed value as the tree of which templates and manifests consist.
///
/// Our types have only string keys and a `Serialize` that cannot fail, so nothing is lost here.
pub fn node(value: impl Serialize) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}

/// A field on its way into a view: a tree is cloned, any other value is serialized.
///
/// `(&Field(&value)).node()` resolves to [`TreeField`] where that is implemented, and to [`TypedField`] one reference
/// further.
pub struct Field<'a, T>(pub &'a T);

/// Fields that are trees.
pub trait TreeField {
    /// The tree.
    fn node(&self) -> Value;
}

/// A tree that is moved into a view instead of copied.
pub struct Moved(Cell<Value>);

/// For large fields of a view, `pod: moved(pod)`.
pub fn moved(part: impl IntoTree) -> Moved {
    Moved(Cell::new(part.into_tree()))
}

impl TreeField for Field<'_, Moved> {
    fn node(&self) -> Value {
        self.0.0.take()
    }
}

/// Values that become a tree without a copy.
pub trait IntoTree {
    /// The tree.
    fn into_tree(self) -> Value;
}

impl IntoTree for Value {
    fn into_tree(self) -> Value {
        self
    }
}

impl IntoTree for String {
    fn into_tree(self) -> Value {
        Value::String(self)
    }
}

impl IntoTree for Map<String, Value> {
    fn into_tree(self) -> Value {
        Value::Object(self)
    }
}

impl IntoTree for View {
    fn into_tree(self) -> Value {
        Value::Object(self.0)
    }
}

impl<T: IntoTree> IntoTree for Vec<T> {
    fn into_tree(self) -> Value {
        Value::Array(self.into_iter().map(T::into_tree).collect())
    }
}

impl<T: IntoTree> IntoTree for Option<T> {
    fn into_tree(self) -> Value {
        self.map_or(Value::Null, T::into_tree)
    }
}

/// All other fields.
pub trait TypedField {
    /// The tree that the value serializes to.
    fn node(&self) -> Value;
}

impl TreeField for Field<'_, Value> {
    fn node(&self) -> Value {
        self.0.clone()
    }
}

impl TreeField for Field<'_, Map<String, Value>> {
    fn node(&self) -> Value {
        Value::Object(self.0.clone())
    }
}

impl TreeField for Field<'_, Vec<Value>> {
    fn node(&self) -> Value {
        Value::Array(self.0.clone())
    }
}

impl TreeField for Field<'_, View> {
    fn node(&self) -> Value {
        Value::Object(self.0.0.clone())
    }
}

impl TreeField for Field<'_, Vec<View>> {
    fn node(&self) -> Value {
        Value::Array(self.0.iter().map(|view| Value::Object(view.0.clone())).collect())
    }
}

impl<T: TreeOwned> TreeField for Field<'_, &T> {
    fn node(&self) -> Value {
        self.0.to_tree()
    }
}

/// Trees behind a reference.
pub trait TreeOwned {
    /// A copy.
    fn to_tree(&self) -> Value;
}

impl TreeOwned for Value {
    fn to_tree(&self) -> Value {
        self.clone()
    }
}

impl TreeOwned for Map<String, Value> {
    fn to_tree(&self) -> Value {
        Value::Object(self.clone())
    }
}

impl<T: Serialize> TypedField for &Field<'_, T> {
    fn node(&self) -> Value {
        node(self.0)
    }
}

/// Makes a [`View`]: `view! { replicas, selector: labels.selector() }`.
#[macro_export]
macro_rules! view {
    (@value $name:ident) => { (&$crate::resolve::plan::Field(&$name)).node() };
    (@value $name:ident $value:expr) => { (&$crate::resolve::plan::Field(&$value)).node() };
    ($($name:ident $(: $value:expr)?),* $(,)?) => {{
        #[allow(unused_imports)] // One of them is enough for some views, none for an empty one.
        use $crate::resolve::plan::{TreeField as _, TypedField as _, moved};
        #[allow(unused_mut)]
        // Reserving the capacity avoids repeated copies of a growing map.
        let mut fields = serde_json::Map::with_capacity([$(stringify!($name)),*].len());
        $(fields.insert(stringify!($name).to_owned(), $crate::view!(@value $name $($value)?));)*
        $crate::resolve::plan::View(fields)
    }};
}

/// An object to be rendered.
#[derive(Debug, Clone)]
pub struct Planned {
    /// The component it belongs to: the folder of its template.
    pub component: &'static str,
    /// The template's name in that folder: `deployment.yaml`.
    pub template: &'static str,
    /// The fields that the template may read.
    pub view: View,
    /// The phase in which it is applied.
    pub phase: Phase,
    /// Pod annotations with the hash of another object's content, so that pods restart when it changes.
    pub checksums: Vec<Checksum>,
    /// How its name is formed.
    pub naming: Naming,
    /// One of the user's trees that is merged over the object: keys that no template knows.
    pub over: Value,
}

/// How an object's name is formed. A Job is immutable: a changed Job needs a new name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Naming {
    /// The name in the template.
    Given,
    /// With a hash of the content and this suffix.
    ByContent(&'static str),
    /// The same where nothing deletes the Job of the last run: Helm does so before it runs a hook.
    ByContentWithoutHelm,
}

/// A pod annotation that tracks another object's content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checksum {
    /// The annotation, `checksum/config`.
    pub annotation: String,
    /// The kind of the tracked object.
    pub kind: &'static str,
    /// The name of the tracked object.
    pub name: String,
}

/// Planned objects and findings.
#[derive(Debug, Default)]
pub struct Plan {
    /// The objects, in the order of the components.
    pub objects: Vec<Planned>,
    /// Warnings and errors; with an error nothing is rendered.
    pub diagnostics: Vec<Diagnostic>,
    /// The only template of which objects are wanted; `None`: all are.
    only: Option<String>,
}

impl Plan {
    /// A plan of which only the objects of one template are wanted.
    pub fn of_template(template: &str) -> Self {
        Plan { only: Some(template.to_owned()), ..Plan::default() }
    }

    /// Whether objects of a template are wanted. A component may leave out others that take long to plan, because
    /// [`Self::keep_wanted`] removes them anyway.
    pub fn wants(&self, template: &str) -> bool {
        self.only.as_ref().is_none_or(|only| only == template)
    }

    /// Removes the objects that are not wanted.
    pub fn keep_wanted(&mut self) {
        if let Some(only) = &self.only {
            self.objects.retain(|planned| planned.template == only);
        }
    }

    /// Plans an object of the main phase; the result can be refined.
    pub fn add(&mut self, component: &'static str, template: &'static str, view: View) -> &mut Planned {
        self.objects.push(Planned {
            component,
            template,
            view,
            phase: Phase::Main,
            checksums: Vec::new(),
            naming: Naming::Given,
            over: Value::Null,
        });
        let last = self.objects.len() - 1;
        &mut self.objects[last]
    }

    /// Adds a finding.
    pub fn say(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }
}

impl Planned {
    /// Sets the phase.
    pub fn phase(&mut self, phase: Phase) -> &mut Self {
        self.phase = phase;
        self
    }

    /// Ends the name in a hash of the content.
    pub fn name_by_content(&mut self) -> &mut Self {
        self.name_by_content_and("")
    }

    /// The same with a suffix.
    pub fn name_by_content_and(&mut self, end: &'static str) -> &mut Self {
        self.naming = Naming::ByContent(end);
        self
    }

    /// Ends the name in a hash of the content where Helm is not there to delete the Job of the last run.
    pub fn name_by_content_without_helm(&mut self) -> &mut Self {
        self.naming = Naming::ByContentWithoutHelm;
        self
    }

    /// Merges a tree over the object, for keys that only the user knows: those of a ConfigMap, or a whole object.
    pub fn overlay(&mut self, tree: Value) -> &mut Self {
        self.over = tree;
        self
    }

    /// Adds a pod annotation that changes with the content of a ConfigMap.
    pub fn follows(&mut self, annotation: &str, configmap: &str) -> &mut Self {
        self.checksums.push(Checksum {
            annotation: annotation.to_owned(),
            kind: "ConfigMap",
            name: configmap.to_owned(),
        });
        self
    }
}

impl View {
    /// Adds pod annotations; existing ones are kept.
    pub fn annotate(&mut self, annotations: &Map<String, Value>) {
        if let Some(Value::Object(there)) = self.0.get_mut("annotations") {
            for (key, value) in annotations {
                there.entry(key.clone()).or_insert_with(|| value.clone());
            }
        }
    }
}
