//! The rules, words and keys in force.

use std::sync::Arc;

use anyhow::Result;

use super::authenticate::Names;
use super::knowledge::Knowledge;
use crate::config::{Settings, signing_keys};
use crate::desk::Policy;
use crate::desk::policy::Authentication;
use crate::notification::{Stationery, Templates};
use crate::token::Keys;

/// What every decision and every notification is made with.
#[derive(Debug)]
pub struct Rules {
    /// Rules.
    pub policy: Policy,
    /// Words.
    pub templates: Templates,
    /// Keys.
    pub keys: Keys,
    /// Whom to ask about senders, in mode `dkim`.
    pub names: Option<Names>,
    /// The articles.
    pub knowledge: Arc<Knowledge>,
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
            keys: signing_keys(&settings.key_file)?,
            names: Self::names(settings)?,
            knowledge: Arc::new(Knowledge::load(settings)?),
        })
    }

    /// Whom to ask about senders: nobody, unless the mode is `dkim`.
    ///
    /// # Errors
    /// When the system names no resolver and the configuration neither.
    pub fn names(settings: &Settings) -> Result<Option<Names>> {
        match &settings.policy.authentication {
            Authentication::Dkim { .. } => Names::new(settings.resolver).map(Some),
            Authentication::Results { .. } | Authentication::None => Ok(None),
        }
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
