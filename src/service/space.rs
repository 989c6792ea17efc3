//! Free space (contract I8): below the minimum, intake waits; the outbox goes on.

use std::path::Path;
use std::time::Duration;

use super::Service;

/// How often the disk is looked at while intake waits.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// Bytes free for us where `path` is; `None` when the system does not say.
pub fn free_bytes(path: &Path) -> Option<u64> {
    let stat = rustix::fs::statvfs(path).ok()?;
    Some(stat.f_bavail.saturating_mul(stat.f_frsize))
}

/// Returns once there is room for more mail, or when the service stops.
pub async fn wait_for_room(service: &Service) {
    let mut told = false;
    loop {
        let current = service.current();
        let settings = &current.settings;
        let free = free_bytes(&settings.data_dir);
        if service.is_stopping() || free.is_none_or(|free| free >= settings.min_free) {
            if told {
                tracing::info!("There is room again: taking in mail");
            }
            return;
        }
        if !told {
            tracing::error!(
                free_bytes = free,
                min_free_bytes = settings.min_free,
                "Too little free space in {}: no mail is taken in until there is more",
                settings.data_dir.display()
            );
            told = true;
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK_EVERY) => {}
            () = service.stopped() => return,
        }
    }
}
