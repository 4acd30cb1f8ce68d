//! Renders the same request with other values.
//!
//! A render takes milliseconds, so the effect of a value is found by rendering without it. Nothing has to be recorded
//! while values become objects, and a render that succeeds costs nothing more.

use std::borrow::Cow;
use std::collections::HashSet;

use serde_json::Value;

use super::layers::chart;
use super::objects::attempt;
use super::{Request, post_migrations};
use crate::diag::{Diagnostic, ValuePath};
use crate::manifest::Manifest;
use crate::values::{ChartDefaults, tree};

/// Renders variants of the user's values.
pub(super) struct Variants<'r> {
    request: &'r Request,
    chart: ChartDefaults,
    defaults: Value,
    user: &'r Value,
    left_out: Vec<ValuePath>,
}

/// The result of a variant, as far as it goes.
pub(super) struct Variant {
    /// The objects; `None` where a template or an option of the command line stops the render.
    pub manifests: Vec<Manifest>,
    /// The findings of resolving and rendering.
    pub found: Vec<Diagnostic>,
}

impl<'r> Variants<'r> {
    /// Variants of `user`, the merged layers of the user without our defaults; `left_out` is missing in all of them.
    ///
    /// # Errors
    /// The embedded defaults cannot be read: a bug.
    pub fn new(request: &'r Request, user: &'r Value, left_out: Vec<ValuePath>) -> Result<Self, Diagnostic> {
        let chart = chart(&request.target)?;
        let defaults = tree::over_defaults(Value::Null, chart.clone());
        Ok(Variants { request, chart, defaults, user, left_out })
    }

    /// The paths that are missing in all variants.
    pub fn left_out(&self) -> &[ValuePath] {
        &self.left_out
    }

    /// All of the user's values that are not left out anyway.
    pub fn leaves(&self) -> Vec<(ValuePath, &'r Value)> {
        let out = |path: &ValuePath| self.left_out.iter().any(|out| path.0.starts_with(&out.0));
        tree::leaves(self.user).into_iter().filter(|(path, _)| !out(path)).collect()
    }

    /// Renders without these values, so that their defaults apply. A switch with its default value is inverted instead:
    /// leaving it out would have no effect, but it may be a cause all the same.
    pub fn without(&self, paths: &[&ValuePath]) -> Variant {
        let mut out: HashSet<&ValuePath> = self.left_out.iter().collect();
        let mut user = Cow::Borrowed(self.user);
        for path in paths {
            match path.within(self.user) {
                Some(Value::Bool(on)) if path.within(&self.defaults) == Some(&Value::Bool(*on)) => {
                    user = Cow::Owned(tree::with(&user, path, Value::Bool(!on)));
                }
                _ => drop(out.insert(path)),
            }
        }
        self.of(tree::without(&user, &out))
    }

    /// Renders with another value at each of these paths, none of which is left out.
    pub fn with(&self, changes: &[(&ValuePath, Value)]) -> Variant {
        let mut user = self.user.clone();
        for (path, value) in changes {
            user = tree::with(&user, path, value.clone());
        }
        let changed = |path: &&ValuePath| !changes.iter().any(|(to, _)| to == path);
        let out: HashSet<&ValuePath> = self.left_out.iter().filter(changed).collect();
        self.of(tree::without(&user, &out))
    }

    /// Renders the given values.
    pub fn of(&self, user: Value) -> Variant {
        let mut values = tree::over_defaults(user, self.chart.clone());
        if self.request.skip_post_migrations {
            values = post_migrations::skipped(values);
        }
        let mut found = Vec::new();
        let manifests = attempt(self.request, &values, &mut found).unwrap_or_default();
        Variant { manifests, found }
    }
}
