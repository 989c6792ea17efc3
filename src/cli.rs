//! The command line.

pub mod inspect;

use clap::Parser;

#[derive(Parser)]
#[command(name = "guichet")]
enum Command {
    Inspect(inspect::Inspect),
}

/// Runs the program and says how it went.
pub fn main() -> std::process::ExitCode {
    let Command::Inspect(args) = Command::parse();
    inspect::run(&args, &[]).unwrap_or_else(|error| {
        eprintln!("guichet: {error:#}");
        std::process::ExitCode::FAILURE
    })
}
