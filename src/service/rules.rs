//! The rules, words and keys in force.

use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};

use crate::config::Settings;
use crate::desk::Policy;
use crate::notification::{Stationery, Templates};
use crate::token::{KEY_BYTES, Keys};

/// What every decision and every notification is made with.
#[derive(Debug)]
pub struct Rules {
    /// Rules.
    pub policy: Policy,
    /// Words.
    pub templates: Templates,
    /// Keys.
    pub keys: Keys,
}

impl Rules {
    /// Loads templates and keys; the key file is made when there is none.
    ///
    /// # Errors
    /// When a template is wrong (all of them are named), or the key file is.
    pub fn load(settings: &Settings) -> Result<Self> {
        let templates = Templates::load(&settings.template_dirs).map_err(|problems| {
            let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
            anyhow::anyhow!("{}", lines.join("\n"))
        })?;
        Ok(Self {
            policy: settings.policy.clone(),
            templates,
            keys: keys(&settings.key_file)?,
        })
    }

    /// For writing notifications.
    pub fn stationery(&self) -> Stationery<'_> {
        Stationery {
            policy: &self.policy,
            templates: &self.templates,
            keys: &self.keys,
        }
    }
}

/// Reads the key file; makes one, readable by its owner only, on the first start.
fn keys(path: &Path) -> Result<Keys> {
    let named = || format!("key file {}", path.display());
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            make_key_file(path).with_context(named)?
        }
        Err(error) => return Err(error).with_context(named),
    };
    Keys::parse(&text).map_err(|why| anyhow::anyhow!("{}: {why}", named()))
}

fn make_key_file(path: &Path) -> Result<String> {
    use ring::rand::{SecureRandom, SystemRandom};
    use std::os::unix::fs::OpenOptionsExt;

    let mut random = [0; KEY_BYTES];
    SystemRandom::new()
        .fill(&mut random)
        .map_err(|_| anyhow::anyhow!("the system gives no random numbers"))?;
    let text = Keys::file_text(&random);
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut file = std::fs::File::options()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    Ok(text)
}
