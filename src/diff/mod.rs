//! The changes between two sets of objects, by object and field, and the effect of each on a running GitLab.
//!
//! [`compare`] pairs the objects ([`objects`]), walks their fields ([`fields`]; [`lists`] pairs the items of lists, [`defaults`]
//! has what a server fills in by itself), and takes the effect of each change from [`risk`]. [`report`] writes the result for
//! people and programs.

mod defaults;
mod embedded;
mod fields;
mod lists;
mod objects;
pub mod report;
mod risk;

use std::fmt;

use serde_json::Value;

use crate::companions::CompanionChart;
use crate::manifest::ObjectId;

pub use lists::{item_names, position as item};
pub use objects::{Object, release_of};

/// The effect of a change, from harmless to harmful.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// No visible effect.
    None,
    /// Pods restart, a few at a time.
    Restart,
    /// The server refuses the change: the object has to be deleted and created again.
    Replace,
    /// Stored data or a secret is affected.
    Data,
    /// More can be reached, or may do more, than before.
    Exposure,
    /// Something is unavailable, for a while or for good.
    Outage,
}

impl Class {
    /// All classes, the harmless ones first.
    pub const ALL: [Class; 6] =
        [Class::None, Class::Restart, Class::Replace, Class::Data, Class::Exposure, Class::Outage];

    /// The word on the command line and in every report.
    pub fn word(self) -> &'static str {
        match self {
            Class::None => "none",
            Class::Restart => "restart",
            Class::Replace => "replace",
            Class::Data => "data",
            Class::Exposure => "exposure",
            Class::Outage => "outage",
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// The reason for a class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Risk {
    /// How bad it is.
    pub class: Class,
    /// The effect, in a sentence without a period.
    pub reason: String,
    /// The next step, where there is one.
    pub way: Option<String>,
}

/// The change of an object as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ObjectFate {
    /// It is only in the new set.
    Added,
    /// It is only in the old set.
    Removed,
    /// It is in both, and differs.
    Changed,
    /// It is renamed, because its name ends in a hash of its content: the new object has this name.
    Renamed(String),
}

/// One field that differs.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldChange {
    /// `spec.template.spec.containers[webservice].image`.
    pub path: String,
    steps: Vec<fields::FieldStep>,
    /// The value before.
    pub old: Option<Value>,
    /// The value after.
    pub new: Option<Value>,
}

/// One object that differs.
#[derive(Debug, Clone)]
pub struct ObjectChange {
    /// The object; as it was in the old set where it is in both.
    pub id: ObjectId,
    /// What happened to it.
    pub what: ObjectFate,
    /// The fields that differ; empty for objects that were added or removed.
    pub fields: Vec<FieldChange>,
    /// The effects, worst first; at least one.
    pub risks: Vec<Risk>,
    /// The old object, for reports that show objects whole.
    pub old: Option<Value>,
    /// The new object.
    pub new: Option<Value>,
}

impl ObjectChange {
    /// The worst class.
    pub fn class(&self) -> Class {
        self.risks.iter().map(|risk| risk.class).max().unwrap_or(Class::None)
    }
}

/// Two sets of objects, compared.
#[derive(Debug, Clone, Default)]
pub struct Comparison {
    /// The differences: worst class first, then by kind and name.
    pub changes: Vec<ObjectChange>,
    /// How many objects are the same on both sides.
    pub same: usize,
    /// How many objects were skipped because a controller or Kubernetes itself creates them.
    pub passed_over: usize,
    /// How many hooks and finished Jobs only one side has: they run at each change and are deleted afterwards.
    pub hooks: usize,
    /// Scripts and configuration of Helm's chart that this program writes in its own words with the same meaning: the
    /// object and the field.
    pub rewritten: Vec<(ObjectId, FieldChange)>,
    /// Objects named by their content that another author gave another name: old and new.
    pub renamed: Vec<(ObjectId, String)>,
    /// Objects of charts that are not rendered here and that a release of the official chart contains: they are not
    /// touched.
    pub companions: Vec<(&'static CompanionChart, ObjectId)>,
}

impl Comparison {
    /// Reports reworded scripts and configuration as changes, for readers who want to see them all.
    pub fn show_rewritten(&mut self) {
        for (id, field) in std::mem::take(&mut self.rewritten) {
            match self.changes.iter_mut().find(|change| change.id == id) {
                Some(change) => change.fields.push(field),
                None => {
                    let risks = vec![Risk::new(Class::None, "the same content, formatted differently")];
                    let what = ObjectFate::Changed;
                    self.changes.push(ObjectChange { id, what, fields: vec![field], risks, old: None, new: None });
                    self.same = self.same.saturating_sub(1);
                }
            }
        }
    }

    /// How many objects there are in a class.
    pub fn count(&self, class: Class) -> usize {
        self.changes.iter().filter(|change| change.class() == class).count()
    }
}

/// Compares the current objects with the future ones. `namespace` is that of objects that name none.
pub fn compare(old: Vec<Object>, new: Vec<Object>, namespace: &str) -> Comparison {
    let mut pairs = objects::pair(old, new, namespace);
    objects::forget_scaling(&mut pairs.pairs);
    let found: Vec<fields::Changes> = pairs
        .pairs
        .iter()
        .map(|pair| match (&pair.old, &pair.new) {
            (Some(old), Some(new)) => fields::changes(&pair.id.kind, old, new),
            _ => fields::Changes::default(),
        })
        .collect();
    let world = risk::World::of(&pairs.pairs, &found);
    let mut changes: Vec<ObjectChange> = Vec::new();
    let mut same = 0;
    let mut rewritten = Vec::new();
    let mut renamed = Vec::new();
    for (index, (pair, found)) in pairs.pairs.iter().zip(found).enumerate() {
        let fields = found.fields;
        rewritten.extend(found.rewritten.into_iter().map(|field| (pair.id.clone(), field)));
        let what = match (&pair.old, &pair.new) {
            (None, _) => ObjectFate::Added,
            (_, None) => ObjectFate::Removed,
            (Some(old), Some(new)) => match &pair.renamed {
                Some(name) if fields.is_empty() && objects::are_foreign(old, new) => {
                    renamed.push((pair.id.clone(), name.clone()));
                    same += 1;
                    continue;
                }
                Some(name) => ObjectFate::Renamed(name.clone()),
                None if fields.is_empty() => {
                    same += 1;
                    continue;
                }
                None => ObjectFate::Changed,
            },
        };
        let risks = world.risks(index, pair, &fields);
        let (old, new) = (pair.old.as_ref(), pair.new.as_ref());
        let body = |object: Option<&Object>| object.map(|object| object.body.clone());
        changes.push(ObjectChange { id: pair.id.clone(), what, fields, risks, old: body(old), new: body(new) });
    }
    changes.sort_by(|a, b| {
        b.class().cmp(&a.class()).then_with(|| (&a.id.kind, &a.id.name).cmp(&(&b.id.kind, &b.id.name)))
    });
    let objects::Pairs { passed_over, hooks, companions, .. } = pairs;
    Comparison { changes, same, passed_over, hooks, rewritten, renamed, companions }
}
