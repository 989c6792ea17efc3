//! Named points where a debug build dies when told to, and faults that it makes on purpose, so that
//! the proof of crash safety can kill at every step and show that its checker notices
//! (`docs/crash-safety.md`). A release build has none of it: every function here is empty.
//!
//! `FAULT_POINT=name:nth` kills the process at the nth passage of a point, as `kill -9` does;
//! `FAULT_RECORD=file` writes down the points that are passed; `FAULT_BREAK=name` breaks a
//! promise; `FAULT_CLOCK=file` names a file with seconds that the clock is wrong by, read again
//! each time somebody asks.

/// A point: a step (blanks become `-`) and the moment of it. `imap uid move` and `before` are
/// `imap-uid-move.before`.
#[inline]
pub fn point(step: &str, moment: &str) {
    #[cfg(debug_assertions)]
    armed::pass(step, moment);
    #[cfg(not(debug_assertions))]
    let _ = (step, moment);
}

/// A point around an IMAP command, named after its verb; the fetch of whole mails is `imap-body`.
#[inline]
pub fn imap(command: &str, moment: &str) {
    #[cfg(debug_assertions)]
    armed::pass_imap(command, moment);
    #[cfg(not(debug_assertions))]
    let _ = (command, moment);
}

/// Whether this promise is to be broken.
#[inline]
pub fn is_broken(promise: &str) -> bool {
    #[cfg(debug_assertions)]
    return armed::is_broken(promise);
    #[cfg(not(debug_assertions))]
    {
        let _ = promise;
        false
    }
}

/// Seconds that the clock of the system is wrong by.
#[inline]
pub fn clock_error() -> i64 {
    #[cfg(debug_assertions)]
    return armed::clock_error();
    #[cfg(not(debug_assertions))]
    0
}

#[cfg(debug_assertions)]
mod armed {
    use std::collections::BTreeSet;
    use std::io::Write;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Mutex, OnceLock};

    struct Plan {
        /// The point, and how many passages are left.
        kill: Option<(String, AtomicUsize)>,
        record: Option<Mutex<(std::fs::File, BTreeSet<String>)>>,
        broken: Option<String>,
        clock: Option<std::path::PathBuf>,
    }

    fn plan() -> &'static Plan {
        static PLAN: OnceLock<Plan> = OnceLock::new();
        PLAN.get_or_init(|| Plan {
            kill: std::env::var("FAULT_POINT").ok().and_then(|fault| {
                let (name, nth) = fault.rsplit_once(':')?;
                Some((name.to_owned(), AtomicUsize::new(nth.parse().ok()?)))
            }),
            record: std::env::var_os("FAULT_RECORD").and_then(|path| {
                let file = std::fs::File::options()
                    .create(true)
                    .append(true)
                    .open(path);
                Some(Mutex::new((file.ok()?, BTreeSet::new())))
            }),
            broken: std::env::var("FAULT_BREAK").ok(),
            clock: std::env::var_os("FAULT_CLOCK").map(Into::into),
        })
    }

    pub(super) fn is_broken(promise: &str) -> bool {
        plan().broken.as_deref() == Some(promise)
    }

    pub(super) fn clock_error() -> i64 {
        let file = plan().clock.as_ref();
        let text = file.and_then(|file| std::fs::read_to_string(file).ok());
        text.and_then(|text| text.trim().parse().ok()).unwrap_or(0)
    }

    pub(super) fn pass_imap(command: &str, moment: &str) {
        let plan = plan();
        if plan.kill.is_none() && plan.record.is_none() {
            return;
        }
        let mut words = command.split_ascii_whitespace();
        let verb = match words.next() {
            _ if command.contains("BODY.PEEK[]") => "body".to_owned(),
            Some("UID") => format!("uid {}", words.next().unwrap_or_default()),
            verb => verb.unwrap_or_default().to_owned(),
        };
        pass(&format!("imap {}", verb.to_ascii_lowercase()), moment);
    }

    pub(super) fn pass(step: &str, moment: &str) {
        let plan = plan();
        if plan.kill.is_none() && plan.record.is_none() {
            return;
        }
        let name = format!("{}.{moment}", step.replace(' ', "-"));
        if let Some(record) = &plan.record {
            let mut record = record.lock().unwrap_or_else(|e| e.into_inner());
            if record.1.insert(name.clone()) {
                // What is not written is missed by the test that reads it.
                let _ = writeln!(record.0, "{name}");
            }
        }
        if let Some((wanted, left)) = &plan.kill
            && *wanted == name
            && left.fetch_sub(1, Ordering::SeqCst) == 1
        {
            let _ = rustix::process::kill_process(
                rustix::process::getpid(),
                rustix::process::Signal::KILL,
            );
            // The signal may reach another thread first; this one goes no further.
            loop {
                std::thread::park();
            }
        }
    }
}
