//! Reads the directory of people again when its file changed: it is made by somebody else, every
//! night, and nobody tells the desk. What cannot be used changes nothing.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;

use super::{Current, Rules, Service};
use crate::config::{Settings, directory};

/// How often the file is looked at; only its size and time are.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// The loop.
pub async fn station(service: Service) -> Result<()> {
    let mut told = None;
    while !service.is_stopping() {
        match once(&service) {
            Ok(()) => told = None,
            // Once for each reason: the file may be away for the whole night.
            Err(error) => {
                let error = format!("{error:#}");
                if told.as_ref() != Some(&error) {
                    tracing::error!("The directory stays as it was: {error}");
                }
                told = Some(error);
            }
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK_EVERY) => {}
            () = service.stopped() => {}
        }
    }
    Ok(())
}

/// Looks once, and takes the new one over.
pub fn once(service: &Service) -> Result<()> {
    let current = service.current();
    let Some(before) = &current.settings.directory else {
        return Ok(());
    };
    let stamp = directory::Stamp::of(&before.path)?;
    if stamp == before.stamp {
        return Ok(());
    }
    let (people, file) = directory::read(&before.path).map_err(anyhow::Error::msg)?;
    let (count, mistakes) = (people.len(), file.mistakes.clone());
    let mut settings: Settings = current.settings.clone();
    settings.policy.directory = Arc::new(people);
    settings.directory = Some(file);
    let rules = Arc::new(Rules::load(&settings)?);
    if !service.replace(&current, Current { settings, rules }) {
        return Ok(());
    }
    tracing::info!(people = count, "The directory changed: read again");
    for mistake in mistakes {
        tracing::warn!("{mistake}");
    }
    Ok(())
}
