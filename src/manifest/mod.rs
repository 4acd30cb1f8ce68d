//! stub
/// When an object has to be applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase { /// a
 Pre, /// b
 Main, /// c
 Post, /// d
 Test }
