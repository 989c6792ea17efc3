//! `Config`: the configuration as written. Everything may be left out; what that means is decided
//! when it is compiled into `Settings`.

use serde::Deserialize;

use super::time::{Hours, Term};
use super::value::{Delay, Size};

/// The whole file.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(
    missing_docs,
    reason = "the keys are explained in docs/configuration.md, which a test compares"
)]
pub struct Config {
    pub language: Option<String>,
    pub timezone: Option<String>,
    pub base_url: Option<String>,
    pub data_dir: Option<String>,
    pub key_file: Option<String>,
    pub internal_domains: Option<Texts>,
    pub plus_addressing: Option<bool>,
    pub operations: Option<String>,
    pub min_free: Option<Size>,
    pub max_message: Option<Size>,
    pub subject_style: Option<String>,
    pub template_dirs: Option<Texts>,
    pub directory: Option<String>,
    pub cc_observers: Option<String>,
    pub calendar: Calendar,
    pub authentication: Authentication,
    pub web: Web,
    pub accessibility: Accessibility,
    pub limits: Limits,
    pub desk: Desk,
    pub knowledge: Knowledge,
    pub deliver: Deliver,
    pub smtp: Option<Server>,
    pub accounts: Vec<Account>,
    pub teams: Vec<Team>,
    pub addresses: Vec<Address>,
    pub technicians: Vec<Technician>,
    pub categories: Vec<Category>,
    pub services: Vec<Readers>,
}

/// A list of texts, or one text.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Texts {
    /// One.
    One(String),
    /// Several.
    Several(Vec<String>),
}

impl Texts {
    /// As a list.
    pub fn list(&self) -> &[String] {
        match self {
            Self::One(text) => std::slice::from_ref(text),
            Self::Several(texts) => texts,
        }
    }
}

/// Tables of the file, field for key.
mod tables {
    #![expect(
        missing_docs,
        reason = "the keys are explained in docs/configuration.md, which a test compares"
    )]
    use super::{Delay, Deserialize, Hours, Size, Term, Texts};

    #[derive(Clone, Debug, Default, Deserialize)]
    #[serde(deny_unknown_fields, default)]
    pub struct Calendar {
        pub holidays: Option<String>,
        pub closures: Option<Texts>,
    }

    #[derive(Clone, Debug, Default, Deserialize)]
    #[serde(deny_unknown_fields, default)]
    pub struct Authentication {
        pub mode: Option<String>,
        pub authserv_id: Option<String>,
        pub own_hosts: Option<Texts>,
        pub trusted_submission: Option<Texts>,
        pub resolver: Option<String>,
        pub pass_is_enough: Option<bool>,
    }

    #[derive(Clone, Debug, Default, Deserialize)]
    #[serde(deny_unknown_fields, default)]
    pub struct Web {
        pub listen: Option<String>,
        pub trusted_proxies: Option<Texts>,
        pub max_upload: Option<Size>,
        pub links_for: Option<Delay>,
        pub institution: Option<String>,
        pub logo: Option<String>,
        pub colour: Option<String>,
        pub colour_dark: Option<String>,
        pub form: Option<String>,
        pub identity_header: Option<String>,
        pub identity_name_header: Option<String>,
        pub identity_domain: Option<String>,
    }

    #[derive(Clone, Debug, Default, Deserialize)]
    #[serde(deny_unknown_fields, default)]
    pub struct Accessibility {
        pub conformity: Option<String>,
        pub audited: Option<String>,
        pub exceptions: Option<Texts>,
        pub contact: Option<String>,
        pub drawn_up: Option<String>,
    }

    #[derive(Clone, Debug, Default, Deserialize)]
    #[serde(deny_unknown_fields, default)]
    pub struct Limits {
        pub sender_per_hour: Option<u32>,
        pub sender_per_day: Option<u32>,
        pub domain_per_hour: Option<u32>,
        pub total_per_hour: Option<u32>,
        pub technician_per_hour: Option<u32>,
    }

    #[derive(Clone, Debug, Default, Deserialize)]
    #[serde(deny_unknown_fields, default)]
    pub struct Desk {
        pub name: Option<String>,
        pub hold_replies: Option<Delay>,
        pub coalesce: Option<Delay>,
        pub ask_marks_every: Option<Delay>,
        pub reopen_within: Option<Delay>,
        pub attach_up_to: Option<Size>,
        pub urgency_labels: Option<Texts>,
        pub individual_statistics: Option<bool>,
        pub applications: Option<Texts>,
    }

    #[derive(Clone, Debug, Default, Deserialize)]
    #[serde(deny_unknown_fields, default)]
    pub struct Knowledge {
        pub folder: Option<String>,
        pub remind_authors: Option<bool>,
    }

    #[derive(Clone, Debug, Default, Deserialize)]
    #[serde(deny_unknown_fields, default)]
    pub struct Deliver {
        pub socket: Option<String>,
        pub group: Option<String>,
    }

    /// A mail server, or in its place a Maildir folder. `return_path` and `maildir` belong to
    /// `[smtp]` alone; the list of keys says so.
    #[derive(Clone, Debug, Default, Deserialize)]
    #[serde(deny_unknown_fields, default)]
    pub struct Server {
        pub host: Option<String>,
        pub port: Option<u16>,
        pub tls: Option<String>,
        pub user: Option<String>,
        pub password_file: Option<String>,
        pub password_credential: Option<String>,
        pub oauth_token_file: Option<String>,
        pub ca_file: Option<String>,
        pub insecure_plaintext: Option<bool>,
        pub return_path: Option<String>,
        pub maildir: Option<String>,
    }

    #[derive(Clone, Debug, Default, Deserialize)]
    #[serde(deny_unknown_fields, default)]
    pub struct Account {
        pub name: Option<String>,
        pub team: Option<String>,
        pub language: Option<String>,
        pub imap: Option<Server>,
        pub maildir: Option<String>,
        pub pipe: Option<bool>,
        pub folder: Option<String>,
        pub after: Option<After>,
        pub first_start_age: Option<Delay>,
        pub poll: Option<Delay>,
        pub idle: Option<Delay>,
    }

    #[derive(Clone, Debug, Deserialize)]
    #[serde(untagged)]
    pub enum After {
        Word(String),
        Move { move_to: Option<String> },
    }

    #[derive(Clone, Debug, Default, Deserialize)]
    #[serde(deny_unknown_fields, default)]
    pub struct Team {
        pub id: Option<String>,
        pub name: Option<String>,
        pub from: Option<String>,
        pub prefix: Option<String>,
        pub auto_close_after: Option<Term>,
        pub reminders: Option<Texts>,
        pub resolve_after: Option<Term>,
        pub late_after: Option<Term>,
        pub show_deadline: Option<bool>,
        pub on_call: Option<String>,
        pub hours: Option<Hours>,
        pub holidays: Option<String>,
        pub contact: Option<String>,
        pub assignment: Option<String>,
        pub report_to: Option<Texts>,
    }

    #[derive(Clone, Debug, Default, Deserialize)]
    #[serde(deny_unknown_fields, default)]
    pub struct Address {
        pub pattern: Option<String>,
        pub team: Option<String>,
        pub list_id: Option<String>,
        pub technicians: Option<Texts>,
        pub about: Option<String>,
        pub recommended: Option<bool>,
    }

    #[derive(Clone, Debug, Default, Deserialize)]
    #[serde(deny_unknown_fields, default)]
    pub struct Technician {
        pub name: Option<String>,
        pub address: Option<String>,
        pub addresses: Option<Texts>,
        pub teams: Option<Texts>,
        pub role: Option<String>,
        pub phone: Option<String>,
        pub language: Option<String>,
        pub thanks: Option<String>,
        pub transcript: Option<String>,
    }

    #[derive(Clone, Debug, Default, Deserialize)]
    #[serde(deny_unknown_fields, default)]
    pub struct Readers {
        pub name: Option<String>,
        pub readers: Option<Texts>,
    }

    #[derive(Clone, Debug, Default, Deserialize)]
    #[serde(deny_unknown_fields, default)]
    pub struct Category {
        pub id: Option<String>,
        pub name: Option<String>,
        pub explanation: Option<String>,
        pub warning: Option<String>,
        pub team: Option<String>,
        pub client: Option<String>,
        pub r#type: Option<String>,
        pub impact: Option<String>,
        pub words: Option<Texts>,
        pub articles: Option<String>,
        pub questions: Vec<Question>,
    }

    #[derive(Clone, Debug, Default, Deserialize)]
    #[serde(deny_unknown_fields, default)]
    pub struct Question {
        pub label: Option<String>,
        pub kind: Option<String>,
        pub choices: Option<Texts>,
        pub required: Option<bool>,
        pub help: Option<String>,
    }
}

pub use tables::*;
