//! The build script: it embeds `charts/`, `schemas/` and `values/`. `build/embed.rs` does the work, and a test runs it on
//! a tree of its own.

#[path = "build/components.rs"]
mod components;
#[path = "build/embed.rs"]
mod embed;
#[path = "src/bundle/packed_tree.rs"]
mod packed_tree;
#[path = "build/releases.rs"]
mod releases;
#[path = "build/root_schema.rs"]
mod root_schema;

use std::path::PathBuf;

fn main() -> components::Outcome<()> {
    let root = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR")?);
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    for folder in ["charts", "schemas", "values", "src/resolve/component", "build.rs", "build", "src/bundle"] {
        println!("cargo::rerun-if-changed={folder}");
    }
    embed::everything(&root, &out, |text| serde_saphyr::from_str(text).map_err(|e| e.to_string()))
}
