//! The `guichet` program: arguments in, an exit code out.

use std::process::ExitCode;

fn main() -> ExitCode {
    guichet::cli::main()
}
