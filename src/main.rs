//! The binary; everything else is in the library.

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// A render makes a hundred thousand small allocations: with the system's allocator they are a third of its cost. Huge
/// pages would add 8 MiB to the peak, so they are off.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    gitlab_render::ui::report_panics();
    gitlab_render::commands::run(std::env::args_os()).into()
}
