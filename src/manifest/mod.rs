//! Kubernetes objects as data: read from rendered templates, verified, ordered and written.

pub mod content;
pub mod read;
pub mod write;

/// When an object has to be applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Before everything: the upgrade check, the shared secrets.
    Pre,
    /// The deployment itself.
    Main,
    /// After the rest runs.
    Post,
    /// On demand only.
    Test,
}
