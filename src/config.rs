//! What the operator wrote, and what the program makes of it.
//!
//! Two shapes: [`Config`] as written, where everything may be left out, and [`Settings`] as used,
//! where nothing is missing and every reference leads somewhere. Between them every mistake is
//! gathered with its line ([`Problems`]) before anything is opened but the files named there. What
//! the keys mean is explained in `docs/configuration.md`.

use std::path::{Path, PathBuf};

mod canned;
mod categories;
mod compile;
pub mod directory;
mod identity;
pub mod keys;
pub mod problem;
mod reading;
mod rules;
pub mod secret;
mod services;
pub mod settings;
pub mod time;
pub mod value;
mod web;
pub mod written;

pub use problem::{Origin, Problem, Problems};
pub use reading::variable_name;
pub use secret::{Secret, existing_keys, keys as signing_keys};
pub use settings::{
    Accessibility, Account, After, Conformity, Credential, Deliver, FormFor, IdentityHeader, Login,
    Logo, Outlet, Server, Settings, Source, Tls, Web,
};
pub use written::Config;

use compile::Secrets;
use reading::Reading;

/// Where the configuration is when nobody says.
const USUAL_PLACES: [&str; 2] = ["config.toml", "/etc/guichet/config.toml"];

/// Larger files are not configurations, in bytes.
const LARGEST: u64 = 4 << 20;

impl Config {
    /// Loads a configuration and lays the `GUICHET_…` variables of this process over it.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn load(file: &Path) -> Result<Settings, Problems> {
        compile_with(&read(file)?, file, variables(), Secrets::Read)
    }

    /// Loads a configuration for a command that logs in nowhere: the secrets that it names are not
    /// read, because the operator may not be allowed to, or systemd alone hands them out. The
    /// logins of such settings fail.
    ///
    /// # Errors
    /// All that is wrong with it, secrets aside.
    pub fn load_without_secrets(file: &Path) -> Result<Settings, Problems> {
        compile_with(&read(file)?, file, variables(), Secrets::Leave)
    }

    /// Compiles the text of a configuration; `file` says what its paths are relative to.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn compile(
        text: &str,
        file: &Path,
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Settings, Problems> {
        compile_with(text, file, variables, Secrets::Read)
    }
}

fn compile_with(
    text: &str,
    file: &Path,
    variables: impl IntoIterator<Item = (String, String)>,
    secrets: Secrets,
) -> Result<Settings, Problems> {
    let mut reading = Reading::of(text, variables);
    let settings = compile::compile(&mut reading, file, secrets);
    if reading.problems.is_empty() {
        return Ok(settings);
    }
    let mut problems = reading.problems;
    problems.sort_by(|a, b| (&a.origin, &a.path).cmp(&(&b.origin, &b.path)));
    problems.dedup();
    Err(Problems {
        file: file.to_owned(),
        problems,
    })
}

/// The variables of this process that are ours, in order.
fn variables() -> Vec<(String, String)> {
    let mut variables: Vec<_> = std::env::vars_os()
        .filter_map(|(name, value)| {
            let name = name.into_string().ok()?;
            name.starts_with(reading::VARIABLE_PREFIX)
                .then(|| (name, value.to_string_lossy().into_owned()))
        })
        .collect();
    variables.sort();
    variables
}

/// The configuration to use: the one asked for (`--config`, `GUICHET_CONFIG`), else
/// `./config.toml`, else `/etc/guichet/config.toml`.
pub fn locate(asked: Option<&Path>) -> PathBuf {
    if let Some(asked) = asked {
        return asked.to_owned();
    }
    USUAL_PLACES
        .iter()
        .map(PathBuf::from)
        .find(|place| place.exists())
        .unwrap_or_else(|| PathBuf::from(USUAL_PLACES[0]))
}

/// The socket of `guichet deliver`, whatever else is wrong with the configuration: the user that a
/// mail server delivers as may not read the secrets that it names.
pub fn deliver_socket(file: &Path) -> Option<PathBuf> {
    let reading = Reading::of(&read(file).ok()?, variables());
    let config = reading.config;
    let data_dir = settings::beside(file, config.data_dir.as_deref().unwrap_or("data"));
    Some(compile::socket(
        file,
        config.deliver.socket.as_deref(),
        &data_dir,
    ))
}

fn read(file: &Path) -> Result<String, Problems> {
    let problem = |message: String| Problems {
        file: file.to_owned(),
        problems: vec![Problem {
            origin: Origin::File,
            path: String::new(),
            message,
        }],
    };
    let size = std::fs::metadata(file)
        .map_err(|error| problem(format!("cannot be read: {error}")))?
        .len();
    if size > LARGEST {
        return Err(problem(format!("{size} bytes are no configuration")));
    }
    std::fs::read_to_string(file).map_err(|error| problem(format!("cannot be read: {error}")))
}
