//! `guichet run`: the daemon. Starts the desk and its page, tells systemd how it goes, reads the
//! configuration again on SIGHUP, stops on SIGTERM and SIGINT.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use sd_notify::NotifyState;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use super::Context;
use crate::config::Config;
use crate::service::{Clock, Service};

/// Run the desk
///
/// Takes mails in, answers them, shows the page, until SIGTERM or SIGINT. SIGHUP reads the
/// configuration and the templates again, all or nothing: a wrong file changes nothing and is
/// reported in the log with its lines.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  guichet run\n  guichet --config /etc/guichet/config.toml --log debug run\n  kill -HUP $(pidof guichet)"
)]
pub struct Arguments {}

/// Runs it.
pub fn run(context: &Context) -> anyhow::Result<ExitCode> {
    let settings = context.settings()?;
    if rustix::process::geteuid().is_root() {
        tracing::warn!("The desk runs as root and needs no such rights: give it a user of its own");
    }
    super::block_on(async {
        // Before anything else, so that no signal is missed.
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let hang_up = signal(SignalKind::hangup())?;
        let listen = settings.web.listen;
        let listener = tokio::net::TcpListener::bind(listen)
            .await
            .with_context(|| format!("listening on {listen} for the page"))?;
        for warning in &settings.warnings {
            tracing::warn!("{warning}");
        }
        let service = Service::open(settings, Clock::System)?;

        let (stop, stopped) = watch::channel(false);
        let until = |mut stopped: watch::Receiver<bool>| async move {
            // An error means that the sender is gone, which is a stop as well.
            let _ = stopped.wait_for(|stop| *stop).await;
        };
        let page = tokio::spawn(crate::web::serve(
            service.clone(),
            listener,
            until(stopped.clone()),
        ));
        let reloading = tokio::spawn(reload_on(hang_up, service.clone(), context.file.clone()));
        let watching = tokio::spawn(watchdog(service.clone()));
        let shutdown = async {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            tracing::info!("Stopping");
            notify(&[NotifyState::Stopping]);
        };
        let ran = service
            .run(shutdown, || {
                tracing::info!(%listen, "The desk is running");
                notify(&[NotifyState::Ready]);
            })
            .await;
        stop.send_replace(true);
        reloading.abort();
        watching.abort();
        let page = page.await.context("the page died")?;
        ran?;
        page?;
        tracing::info!("Stopped");
        Ok(ExitCode::SUCCESS)
    })
}

/// Reads the configuration again at each signal.
async fn reload_on(mut hang_up: tokio::signal::unix::Signal, service: Service, file: PathBuf) {
    while hang_up.recv().await.is_some() {
        let mut states = vec![NotifyState::Reloading];
        if let Ok(now) = NotifyState::monotonic_usec_now() {
            states.push(now);
        }
        notify(&states);
        reload(&service, file.clone()).await;
        notify(&[NotifyState::Ready]);
    }
}

async fn reload(service: &Service, file: PathBuf) {
    let before = service.current();
    let loaded = tokio::task::spawn_blocking(move || Config::load(&file)).await;
    let settings = match loaded {
        Ok(Ok(settings)) => settings,
        Ok(Err(problems)) => {
            for line in problems.lines() {
                tracing::error!("Configuration not changed: {line}");
            }
            return;
        }
        Err(error) => {
            tracing::error!(%error, "Configuration not changed");
            return;
        }
    };
    let (listens, wanted) = (before.settings.web.listen, settings.web.listen);
    if wanted != listens {
        tracing::warn!(
            "web.listen changed to {wanted}: that needs a restart, the page stays on {listens}"
        );
    }
    match service.reload(settings) {
        Ok(()) => tracing::info!("The configuration was read again and is in force"),
        Err(error) => tracing::error!("Configuration not changed: {error:#}"),
    }
}

/// Tells systemd that the desk is alive for as long as its database answers.
async fn watchdog(service: Service) {
    let Some(limit) = sd_notify::watchdog_enabled() else {
        return;
    };
    let mut ticks = tokio::time::interval((limit / 2).max(Duration::from_millis(100)));
    loop {
        ticks.tick().await;
        match service.store().next_due().await {
            // On a thread of its own: a systemd that does not read must not hold up the desk.
            Ok(_) => {
                let told = tokio::task::spawn_blocking(|| notify(&[NotifyState::Watchdog]));
                if told.await.is_err() {
                    return;
                }
            }
            Err(error) => tracing::error!("The database does not answer: {error:#}"),
        }
    }
}

/// Tells systemd; without systemd nobody listens, and that is all right.
fn notify(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::debug!(%error, "systemd was not told");
    }
}
