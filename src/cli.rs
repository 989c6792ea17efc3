//! The command line: what can be asked for, and how the answer becomes an exit code. Each
//! sub-command has its own file; what it does is done elsewhere.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use clap::{Parser, Subcommand};

use crate::config::{self, Config, Problems, Settings};

mod backup;
mod check;
mod deliver;
mod demo;
mod explain;
mod finding;
mod health;
mod inbox;
pub mod inspect;
mod json;
mod knowledge;
mod links;
mod log;
mod man;
mod outbox;
mod print;
mod run;
mod sessions;
mod statistics;
mod ticket;

/// Failed.
const FAILED: u8 = 1;
/// The arguments make no sense together (`EX_USAGE`); `clap` itself answers 2.
const USAGE: u8 = 64;
/// Try again later (`EX_TEMPFAIL`).
const TRY_AGAIN: u8 = 75;
/// The configuration is wrong (`EX_CONFIG`).
const CONFIGURATION: u8 = 78;

/// What a thread may still take at the end, to finish a file or a system call.
const LAST_CALL: Duration = Duration::from_secs(1);

/// A help desk driven by e-mail.
///
/// Mailboxes in, tickets, acknowledgements and answers out. `guichet demo` shows it without any
/// server; `guichet check` says what is wrong with an installation before it matters.
#[derive(Debug, Parser)]
#[command(
    name = "guichet",
    version,
    max_term_width = 100,
    subcommand_required = true,
    arg_required_else_help = true,
    after_long_help = "Exit codes: 0 done, 1 failed, 2 or 64 wrong usage, 75 try again later, \
                       78 wrong configuration."
)]
struct Cli {
    /// The configuration [default: ./config.toml, else /etc/guichet/config.toml]
    #[arg(long, global = true, value_name = "PATH", env = "GUICHET_CONFIG")]
    config: Option<PathBuf>,

    /// What to log, as in "debug" or "info,guichet::imap=trace" [default: $RUST_LOG, else info for
    /// run and warn elsewhere]
    #[arg(long, global = true, value_name = "FILTER", env = "GUICHET_LOG")]
    log: Option<String>,

    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Run(run::Arguments),
    Check(check::Arguments),
    Explain(explain::Arguments),
    Inspect(inspect::Inspect),
    Deliver(deliver::Arguments),
    Ticket(ticket::Arguments),
    Outbox(outbox::Arguments),
    Inbox(inbox::Arguments),
    Sessions(sessions::Arguments),
    Links(links::Arguments),
    Statistics(statistics::Arguments),
    Health(health::Arguments),
    Knowledge(knowledge::Arguments),
    Backup(backup::BackupArguments),
    Restore(backup::RestoreArguments),
    Demo(demo::Arguments),
    Man(man::ManArguments),
    Completions(man::CompletionsArguments),
}

/// Runs the program and says how it went.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    if let Err(error) = log::start(cli.log.as_deref(), matches!(cli.command, Command::Run(_))) {
        eprintln!("guichet: {error:#}");
        return ExitCode::from(USAGE);
    }
    let context = Context {
        file: config::locate(cli.config.as_deref()),
    };
    let result = match cli.command {
        Command::Run(_) => run::run(&context),
        Command::Check(arguments) => check::run(&context, &arguments),
        Command::Explain(arguments) => explain::run(&context, &arguments),
        Command::Inspect(arguments) => inspect(cli.config.as_deref(), &arguments),
        Command::Deliver(arguments) => deliver::run(&context, &arguments),
        Command::Ticket(arguments) => ticket::run(&context, &arguments),
        Command::Outbox(arguments) => outbox::run(&context, &arguments),
        Command::Inbox(arguments) => inbox::run(&context, &arguments),
        Command::Sessions(arguments) => sessions::run(&context, &arguments),
        Command::Links(arguments) => links::run(&context, &arguments),
        Command::Statistics(arguments) => statistics::run(&context, &arguments),
        Command::Health(arguments) => health::run(&context, &arguments),
        Command::Knowledge(arguments) => knowledge::run(&context, &arguments),
        Command::Backup(arguments) => backup::back_up(&context, &arguments),
        Command::Restore(arguments) => backup::restore(&context, &arguments),
        Command::Demo(arguments) => demo::run(&arguments),
        Command::Man(arguments) => man::man(&arguments),
        Command::Completions(arguments) => man::completions(&arguments),
    };
    match result {
        Ok(code) => code,
        Err(error) => {
            print::error(&error);
            ExitCode::from(exit_code(&error))
        }
    }
}

/// `inspect` needs no configuration; one that is named gives the prefixes of its references.
fn inspect(config: Option<&Path>, arguments: &inspect::Inspect) -> anyhow::Result<ExitCode> {
    let prefixes: Vec<String> = match config {
        None => Vec::new(),
        Some(file) => Config::load_without_secrets(file)?
            .policy
            .teams
            .iter()
            .map(|team| team.prefix.clone())
            .collect(),
    };
    inspect::run(arguments, &prefixes)
}

/// What every sub-command is given.
struct Context {
    file: PathBuf,
}

impl Context {
    fn settings(&self) -> Result<Settings, Problems> {
        Config::load(&self.file)
    }

    /// For a command that logs in nowhere.
    fn settings_without_secrets(&self) -> Result<Settings, Problems> {
        Config::load_without_secrets(&self.file)
    }
}

/// Runs one command to its end.
fn block_on<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("starting")?;
    let result = runtime.block_on(work);
    runtime.shutdown_timeout(LAST_CALL);
    result
}

/// The bytes of a file, or of standard input for `-`.
fn read_input(file: &Path) -> anyhow::Result<Vec<u8>> {
    if file == Path::new("-") {
        let mut bytes = Vec::new();
        std::io::stdin()
            .lock()
            .read_to_end(&mut bytes)
            .context("reading standard input")?;
        return Ok(bytes);
    }
    std::fs::read(file).with_context(|| format!("reading {}", file.display()))
}

/// The arguments make no sense together, or name something that does not exist.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Usage(String);

/// It may work later.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct TryAgain(String);

fn exit_code(error: &anyhow::Error) -> u8 {
    for cause in error.chain() {
        if cause.is::<Usage>() {
            return USAGE;
        }
        if cause.is::<TryAgain>() {
            return TRY_AGAIN;
        }
        if cause.is::<Problems>() {
            return CONFIGURATION;
        }
    }
    FAILED
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_arguments_are_consistent() {
        super::Cli::command().debug_assert();
    }
}
