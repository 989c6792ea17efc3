//! `guichet backup` and `guichet restore`: a copy of everything while the desk runs, and going on with
//! one. What must not leave twice after that is the store's business (`store/copy.rs`).

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use chrono::Utc;
use clap::Args;

use super::{Context, FAILED, print};
use crate::store::{self, Copied, Store};

/// Copy the database, the large messages and the key
///
/// The desk may be running: the copy is of one moment. It is then read back and checked. An earlier
/// copy in the same folder is replaced once the new one is whole, and large messages that it has
/// are not copied again.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  guichet backup /backup/guichet\n  guichet --config /etc/guichet/config.toml backup /backup/$(date +%u)\n\nExit code: 0 the copy is whole and sound, 1 it is not."
)]
pub struct BackupArguments {
    /// The folder of the copy; made when missing
    #[arg(value_name = "FOLDER")]
    to: PathBuf,
    /// Print JSON: {"bytes","files","new_files"}
    #[arg(long)]
    json: bool,
}

/// Put a copy back
///
/// The desk must be stopped. Takes the copy of `guichet backup`, or the plain files of another
/// backup program, and puts it in the place of the database, which is kept beside it. At its next
/// start the desk goes on with it: mails that came since are taken again from the mailboxes; what
/// may have been sent before is held until `guichet outbox release` or `discard`; ticket numbers that
/// may have been given out since are skipped.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  guichet restore /backup/guichet\n  guichet outbox list --state held"
)]
pub struct RestoreArguments {
    /// The folder of the copy
    #[arg(value_name = "FOLDER")]
    from: PathBuf,
}

/// Makes a copy.
pub fn back_up(context: &Context, arguments: &BackupArguments) -> anyhow::Result<ExitCode> {
    let settings = context.settings_without_secrets()?;
    let (copied, wrong) = super::block_on(async {
        let store = Store::open_existing(&settings.data_dir)?;
        let copied: Copied = store.back_up(&arguments.to, Utc::now()).await?;
        Ok((copied, read_back(&arguments.to).await?))
    })?;
    keep(&settings.key_file, &arguments.to)?;
    if !wrong.is_empty() {
        for line in wrong {
            eprintln!("guichet: the copy is not sound: {line}");
        }
        return Ok(ExitCode::from(FAILED));
    }
    if arguments.json {
        print::json(&copied)?;
    } else {
        print::text(&format!(
            "{}: database of {} kB, {} large messages ({} new), key; read back, sound\n",
            arguments.to.display(),
            copied.bytes >> 10,
            copied.files,
            copied.new_files
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// What does not hold in the copy.
async fn read_back(folder: &Path) -> anyhow::Result<Vec<String>> {
    let copy = Store::open_existing(folder).context("reading the copy back")?;
    let mut wrong = copy.integrity_check().await?;
    wrong.extend(copy.audit().await?);
    Ok(wrong)
}

/// Without the key, links in mails that were sent no longer open.
fn keep(key: &Path, folder: &Path) -> anyhow::Result<()> {
    if let Some(name) = key.file_name().filter(|_| key.exists()) {
        let to = folder.join(name);
        // `copy` keeps the rights.
        std::fs::copy(key, &to)
            .and_then(|_| std::fs::File::open(&to)?.sync_all())
            .with_context(|| format!("copying the key to {}", to.display()))?;
    }
    Ok(())
}

/// Puts a copy back.
pub fn restore(context: &Context, arguments: &RestoreArguments) -> anyhow::Result<ExitCode> {
    let settings = context.settings_without_secrets()?;
    let aside = store::restore(&arguments.from, &settings.data_dir, Utc::now())?;
    let mut said = format!("{} is in place.\n", settings.database().display());
    if let Some(aside) = aside {
        said.push_str(&format!("What was there is {}.\n", aside.display()));
    }
    let key = settings.key_file.file_name();
    let copy = key.map(|name| arguments.from.join(name));
    if let Some(copy) = copy.filter(|copy| copy.exists()) {
        if !settings.key_file.exists() {
            std::fs::copy(&copy, &settings.key_file)
                .with_context(|| format!("copying the key from {}", copy.display()))?;
            said.push_str(&format!("{} as well.\n", settings.key_file.display()));
        } else if std::fs::read(&copy)? != std::fs::read(&settings.key_file)? {
            said.push_str(&format!(
                "The key of the copy is another than {}: links in mails sent under it will not open.\n",
                settings.key_file.display()
            ));
        }
    }
    said.push_str(
        "Start the desk: mails that came since the copy are taken again.\n\
         What may have left before is held: guichet outbox list --state held\n",
    );
    print::text(&said)?;
    Ok(ExitCode::SUCCESS)
}
