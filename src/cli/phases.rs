//! Which phases are written, and whose marks the objects bear.

use clap::{Args, ValueEnum};

/// When objects are applied, and by whom.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Phases")]
pub struct PhaseArgs {
    /// Only objects of this phase: what to apply first, the deployment, what comes after, tests. Repeatable, or a comma list.
    #[arg(long = "phase", value_name = "PHASE", value_enum, value_delimiter = ',')]
    pub phases: Vec<PhaseName>,
    /// Write no manifests but what each phase holds, and the commands that apply it and wait for it.
    #[arg(long, conflicts_with_all = ["output_dir", "phases", "show_only", "hooks"])]
    pub list_phases: bool,
    /// Who runs what Helm runs as hooks; `helm` without --phase and --list-phases, `none` with them.
    #[arg(long, value_name = "TOOL", value_enum)]
    pub hooks: Option<HooksName>,
    /// Mark all objects as the Helm release's own, so that `helm upgrade` takes them again.
    #[arg(long)]
    pub keep_helm_metadata: bool,
    /// Leave post-deployment migrations to a second run without this flag, when no old pod runs any more.
    #[arg(long)]
    pub skip_post_migrations: bool,
    /// Leave out the small PostgreSQL, Redis and GitLab Runner: the release has its own, or others.
    #[arg(long)]
    pub skip_stand_ins: bool,
}

/// The phases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PhaseName {
    /// Before everything: the upgrade check, the Secrets that others mount.
    Pre,
    /// The deployment.
    Main,
    /// After it.
    Post,
    /// On demand.
    Test,
}

/// Tools that apply manifests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum HooksName {
    /// Helm's own annotations, as the official chart has them.
    Helm,
    /// Argo CD's hooks and sync waves.
    #[value(name = "argocd")]
    ArgoCd,
    /// A directory for each phase, and Flux's Kustomizations over them; needs --output-dir.
    Flux,
    /// No marks: phases are applied one after the other.
    None,
}
