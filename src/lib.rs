//! GitLab's deployment as Kubernetes manifests, from values in the dialect of the official Helm chart.
//!
//! The stages, in order; [`pipeline`] joins them:
//!
//! 1. [`values::load`] and [`values::merge`]: bytes to values, each with the place it came from.
//! 2. [`model`]: values as types.
//! 3. [`mod@resolve`]: the plan, which objects there are and what each shows. The only home of derivation.
//! 4. [`mod@render`]: the template of each object, filled with its view.
//! 5. [`manifest::verify`], [`manifest::order`]: objects that a cluster takes, in an order it takes.
//!
//! Around a render: [`phases`] decides when an object is applied, and by which tool; [`images`] lists the images, and
//! where they can be pulled from; [`canary`] makes a second set of a component's pods beside the first; [`validate`]
//! checks manifests of any origin; [`diff`] describes the effect of a change. [`companions`] are the third-party charts
//! that are not rendered. Around a release: [`profiles`] to start from, [`import`] from a Linux package, [`adopt`] from
//! Helm, and [`upgrade`] with the path, the values that break and their new form.
//!
//! Findings are data ([`diag`]) until [`ui`] prints them, without what [`redact`] recognizes as a secret. [`bundle`]
//! has the embedded files, [`schema`] the types of values, [`releases`] the data about GitLab's releases; [`cli`] and
//! [`commands`] are the command line, [`tree`] merges trees, [`shell`] quotes commands that are printed for copying, [`kubectl`] reads a
//! cluster, [`git`] a commit. [`wrapped`] extracts values from the files of other tools, [`fleet`] names many environments.

pub mod adopt;
pub mod bundle;
pub mod canary;
pub mod cli;
pub mod commands;
pub mod companions;
pub mod diag;
pub mod diff;
pub mod emit;
pub mod escape;
pub mod explore;
pub mod files;
pub mod fleet;
pub mod git;
pub mod images;
pub mod import;
pub mod kubectl;
pub mod lint;
pub mod manifest;
pub mod model;
pub mod phases;
pub mod pipeline;
pub mod profiles;
pub mod redact;
pub mod reference;
pub mod releases;
pub mod render;
pub mod resolve;
pub mod schema;
pub mod shell;
pub mod tree;
pub mod ui;
pub mod upgrade;
pub mod validate;
pub mod values;
pub mod why;
pub mod wrapped;
pub mod yaml;
