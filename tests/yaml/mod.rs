//! Reading YAML: one meaning wherever a text stands, and limits that hold for every input.

mod kinds;
mod limits;
mod lines;
mod others;
mod places;
