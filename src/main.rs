//! The command; everything it does is in the library.

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// A render is a hundred thousand small allocations: with the system's allocator they are a third of it.
/// Without huge pages, which would put 8 MiB on the peak.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    gitlab_render::ui::report_panics();
    gitlab_render::commands::run(std::env::args_os()).into()
}
