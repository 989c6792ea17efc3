//! The `guichet` program: arguments in, an exit code out.

use std::process::ExitCode;

/// For all of the program, SQLite included. It gives what large mails took back to the system within a
/// tenth of a second (`.cargo/config.toml`); the system's own keeps it, once for each thread
/// (`docs/performance.md`).
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    guichet::cli::main()
}
