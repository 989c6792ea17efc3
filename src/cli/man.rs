//! `guichet man` and `guichet completions`: made from the arguments themselves.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::{Cli, print};

/// Write the manual pages
///
/// One page for the program and one for each sub-command.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  guichet man | man -l -\n  guichet man /usr/local/share/man/man1"
)]
pub struct ManArguments {
    /// Folder to write them to; without it the page of the program goes to standard output
    directory: Option<PathBuf>,
}

/// Write completions for a shell
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  guichet completions bash > /etc/bash_completion.d/guichet")]
pub struct CompletionsArguments {
    /// Which shell
    shell: Shell,
}

/// Writes the manual pages.
pub fn man(arguments: &ManArguments) -> anyhow::Result<ExitCode> {
    match &arguments.directory {
        Some(directory) => {
            std::fs::create_dir_all(directory)
                .and_then(|()| clap_mangen::generate_to(Cli::command(), directory))
                .with_context(|| format!("writing manual pages to {}", directory.display()))?;
        }
        None => {
            let mut page = Vec::new();
            clap_mangen::Man::new(Cli::command()).render(&mut page)?;
            print::bytes(&page)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Writes completions.
pub fn completions(arguments: &CompletionsArguments) -> anyhow::Result<ExitCode> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Cli::command(), "guichet", &mut script);
    print::bytes(&script)?;
    Ok(ExitCode::SUCCESS)
}
