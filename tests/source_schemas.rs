//! The schemas as they are written, with descriptions and defaults.

pub use gitlab_render::reference::{PathStep as Step, SchemaPart as Part, definitions, document, part, steps};
