//! What the arguments ask to be rendered.

use crate::cli::{self, ValuesArgs};
use crate::pipeline::{Input, Request, Select, Target, UnknownKeys};

/// A render of these inputs, read as the flags about values say.
pub fn request(target: Target, inputs: Vec<Input>, values: &ValuesArgs, select: Select) -> Request {
    Request {
        target,
        inputs,
        unknown_keys: match values.unknown_keys {
            cli::UnknownKeys::Error => UnknownKeys::Error,
            cli::UnknownKeys::Warn => UnknownKeys::Warn,
        },
        skip_schema_validation: values.skip_schema_validation,
        profile: values.profile.clone(),
        select,
    }
}
