//! The schemas as they are written, with descriptions and defaults.

use gitlab_render::reference;
pub use gitlab_render::reference::{PathStep as Step, SchemaPart as Part, definitions, document};

/// The steps of a recorded path. Its dots have no backslashes: a key with a slash begins with a domain of two labels.
pub fn steps(path: &str) -> Vec<Step<'_>> {
    let Some(slash) = path.find('/') else { return reference::steps(path) };
    let domain = path[..slash].rmatch_indices('.').nth(1).map_or(0, |(dot, _)| dot);
    let mut steps = reference::steps(&path[..domain]);
    steps.push(Step::Key(path[domain..].trim_start_matches('.')));
    steps
}

/// The schema of a recorded path; `None` where it is unknown.
pub fn part(path: &str) -> Option<Part> {
    steps(path).iter().try_fold(document(), |part, step| match step {
        Step::Key(key) => part.property(key).or_else(|| part.others()),
        Step::Item => part.items(),
    })
}
