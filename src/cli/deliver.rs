//! `guichet deliver`: a mail on standard input, handed to the daemon.

use std::io::Read;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;

use super::{Context, FAILED, TRY_AGAIN};
use crate::config::deliver_socket;
use crate::pipe::{self, Answer, Envelope};

/// Where the systemd unit puts the socket.
const USUAL_SOCKET: &str = "/run/guichet/deliver.sock";

/// Postfix kills a pipe after 1000 seconds; answer before that.
const PATIENCE: Duration = Duration::from_mins(5);

/// Hand a mail to the desk
///
/// Reads one raw message from standard input and gives it to the running desk through its socket.
/// The exit code is 0 only after the mail is safely stored. When the desk cannot take it now, the
/// code is 75 (EX_TEMPFAIL), and a mail server keeps the mail and tries again.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  guichet deliver --account support < mail.eml\n  \"|/usr/bin/guichet deliver --account support --recipient support@example.org\"   (in .forward)\n\nSee docs/operations.md for Postfix, .forward, fetchmail and getmail."
)]
pub struct Arguments {
    /// Account of the configuration that it counts as
    #[arg(long, value_name = "NAME")]
    account: String,
    /// Envelope recipient: ${recipient} of Postfix
    #[arg(long, value_name = "ADDRESS")]
    recipient: Option<String>,
    /// Envelope sender: ${sender} of Postfix; empty for the null sender. Whose a mail is that names none
    #[arg(long, value_name = "ADDRESS")]
    sender: Option<String>,
    /// The desk's socket [default: deliver.socket of the configuration]
    #[arg(long, value_name = "PATH")]
    socket: Option<PathBuf>,
}

/// Hands it over.
pub fn run(context: &Context, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let mut raw = Vec::new();
    if let Err(error) = std::io::stdin().lock().read_to_end(&mut raw) {
        eprintln!("guichet: reading the mail: {error}");
        return Ok(ExitCode::from(TRY_AGAIN));
    }
    let socket = arguments
        .socket
        .clone()
        .or_else(|| deliver_socket(&context.file))
        .unwrap_or_else(|| PathBuf::from(USUAL_SOCKET));
    let envelope = Envelope {
        account: arguments.account.clone(),
        recipient: arguments.recipient.clone(),
        sender: arguments.sender.clone(),
    };
    let code = match pipe::submit(&socket, &envelope, &raw, PATIENCE) {
        Ok(Answer::Stored) => 0,
        Ok(Answer::Later(why)) => {
            eprintln!("guichet: not now: {why}");
            TRY_AGAIN
        }
        Ok(Answer::Refused(why)) => {
            eprintln!("guichet: refused: {why}");
            FAILED
        }
        // Whatever happened, the mail server still has the mail.
        Err(error) => {
            eprintln!("guichet: {}: {error}", socket.display());
            TRY_AGAIN
        }
    };
    Ok(ExitCode::from(code))
}
