//! The files, streams and commands that a command line names; besides [`emit`](crate::emit) the only module that opens
//! files.

mod command;
mod read;
mod write;

pub use self::command::output_of;
pub use self::read::{
    Stdin, Unreadable, manifest_texts, manifests_below, read_limited, read_text, read_text_once, unreadable,
};
pub use self::write::write_file;
