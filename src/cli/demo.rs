//! `guichet demo`: the desk in a box.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

/// Show the desk in a box, without any server
///
/// Makes a folder of its own, takes mails from a Maildir, answers into Maildirs, shows the page on
/// loopback, and plays a short conversation. Then it stays up and says how to drop a mail in.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  guichet demo\n  guichet demo --folder try --once")]
pub struct Arguments {
    /// Folder that it makes and uses
    #[arg(long, default_value = "demo", value_name = "PATH")]
    folder: PathBuf,
    /// Where the page listens; port 0 takes any
    #[arg(long, default_value = "127.0.0.1:8080", value_name = "ADDRESS")]
    listen: SocketAddr,
    /// End after the conversation instead of staying up
    #[arg(long)]
    once: bool,
}

/// Shows it.
pub fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let options = crate::demo::Options {
        folder: arguments.folder.clone(),
        listen: arguments.listen,
        once: arguments.once,
    };
    super::block_on(async {
        crate::demo::run(&options, async {
            // Without a handler the signal ends the process, which is an end as well.
            let _ = tokio::signal::ctrl_c().await;
        })
        .await?;
        Ok(ExitCode::SUCCESS)
    })
}
