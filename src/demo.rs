//! The desk in a box: a data folder of its own, a Maildir in, Maildirs out, the page on loopback,
//! and a short real conversation to watch. Nothing is simulated: each mail goes through the same
//! stations as everywhere else.

use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::config::Config;
use crate::mail::{self, Mail};
use crate::maildir::{self, Maildir};
use crate::service::{Clock, Service};

mod articles;
mod play;

/// How long a station may take before the demo says that something is wrong.
const PATIENCE: Duration = Duration::from_secs(20);

/// How the demo is started.
#[derive(Clone, Debug)]
pub struct Options {
    /// Folder that it makes and uses; nothing outside it is written.
    pub folder: PathBuf,
    /// Where the page listens; port 0 takes any.
    pub listen: SocketAddr,
    /// End after the conversation instead of staying up.
    pub once: bool,
}

/// Starts the desk, plays the conversation, then stays up until `shutdown`.
///
/// # Errors
/// When the folder cannot be used, or the desk does not answer.
pub async fn run(options: &Options, shutdown: impl Future<Output = ()>) -> Result<()> {
    let listener = tokio::net::TcpListener::bind(options.listen)
        .await
        .with_context(|| {
            format!(
                "listening on {} (choose another place with --listen, as in --listen 127.0.0.1:0)",
                options.listen
            )
        })?;
    let listen = listener.local_addr()?;
    let place = Place::make(&options.folder, listen)?;
    let settings = Config::load(&place.config).map_err(|problems| anyhow::anyhow!("{problems}"))?;
    let service = Service::open(settings, Clock::System)?;

    let (stop, stopped) = tokio::sync::watch::channel(false);
    let until = |mut stopped: tokio::sync::watch::Receiver<bool>| async move {
        let _ = stopped.wait_for(|stop| *stop).await;
    };
    let desk = tokio::spawn({
        let (service, stopped) = (service.clone(), stopped.clone());
        async move { service.run(until(stopped), || {}).await }
    });
    let page = tokio::spawn(crate::web::serve(
        service.clone(),
        listener,
        until(stopped.clone()),
    ));

    let played = async {
        play::conversation(&place).await?;
        if !options.once {
            stay(&place, listen);
            shutdown.await;
        }
        Ok(())
    }
    .await;
    stop.send_replace(true);
    desk.await??;
    page.await??;
    played
}

/// The folder of the demo.
struct Place {
    config: PathBuf,
    incoming: PathBuf,
    outgoing: PathBuf,
}

impl Place {
    fn make(folder: &Path, listen: SocketAddr) -> Result<Self> {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("making the folder {}", folder.display()))?;
        let folder = folder.canonicalize()?;
        let config = folder.join("config.toml");
        let text = include_str!("demo/config.toml").replace("127.0.0.1:8080", &listen.to_string());
        std::fs::write(&config, text)?;
        articles::write(&folder.join("knowledge"))?;
        let place = Self {
            config,
            incoming: folder.join("in"),
            outgoing: folder.join("out"),
        };
        Maildir::open(&place.incoming)?;
        // Mails of an earlier run are not this conversation's.
        for folder in std::fs::read_dir(&place.outgoing).into_iter().flatten() {
            let maildir = Maildir::open(folder?.path())?;
            for entry in maildir.list_new()?.mails {
                maildir.file(&entry)?;
            }
        }
        Ok(place)
    }

    /// Puts a mail where a mail server would.
    async fn deliver(&self, raw: String) -> Result<()> {
        let incoming = self.incoming.clone();
        let raw = raw.replace('\n', "\r\n");
        tokio::task::spawn_blocking(move || maildir::deliver(&incoming, raw.as_bytes())).await??;
        Ok(())
    }

    /// Waits for a mail to `address` whose subject holds `about`; each mail is given once.
    async fn wait_for(&self, address: &str, about: &str) -> Result<Mail> {
        let started = Instant::now();
        let root = self.outgoing.join(address);
        loop {
            if root.is_dir() {
                let maildir = Maildir::open(&root)?;
                for entry in maildir.list_new()?.mails {
                    let Some(bytes) = maildir.read(&entry, 50 << 20)? else {
                        continue;
                    };
                    let read = mail::read(&bytes);
                    let subject = read.subject.clone().unwrap_or_default();
                    if subject.contains(about) {
                        maildir.file(&entry)?;
                        return Ok(read);
                    }
                }
            }
            anyhow::ensure!(
                started.elapsed() < PATIENCE,
                "no mail « {about} » for {address} within {} s; see {}",
                PATIENCE.as_secs(),
                self.outgoing.display()
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

fn stay(place: &Place, listen: SocketAddr) {
    say("");
    say("────────────────────────────────────────────────────────────────────────");
    say("The desk stays up. Try it:");
    say("");
    say("  · drop a mail in, as a mail server would, and look at the answer:");
    say(&format!(
        "      printf 'From: Vous <vous@example.org>\\nTo: support@example.org\\nSubject: Mon essai\\n\\nBonjour, un essai.\\n' > {}/new/essai.eml",
        place.incoming.display()
    ));
    say(&format!(
        "      cat {}/vous@example.org/new/*",
        place.outgoing.display()
    ));
    say(&format!(
        "  · the command line:  {} --config {} ticket list",
        std::env::current_exe()
            .unwrap_or_else(|_| "guichet".into())
            .display(),
        place.config.display()
    ));
    say(&format!(
        "  · the page:          the link in any of those mails (http://{listen}/)"
    ));
    say("  · end it with Ctrl-C.");
}

/// Prints a line; a reader that went away is no reason to stop the desk.
fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}
