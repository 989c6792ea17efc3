//! The `guichet` program: arguments in, an exit code out.

use std::process::ExitCode;

/// The system's allocator keeps what large mails took, once for each thread, for the life of the
/// process (`docs/performance.md`).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    guichet::cli::main()
}
