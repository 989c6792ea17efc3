//! The rules of this instance, as used: compiled from the configuration, nothing optional that is
//! needed.

use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use regex::Regex;

use super::calendar::{Calendar, Term};
use super::classify;
use super::directory::{Directory, name_key};
use super::form::Question;
use crate::mail::Address;
use crate::ticket::{Impact, Level, Nature, Part, Ticket};
use crate::zone::Zone;

/// How senders are authenticated (DESIGN "Who may do what").
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Authentication {
    /// By the `Authentication-Results` of our border server (RFC 8601).
    Results {
        /// Its identifier.
        authserv_id: String,
        /// Hosts whose `Received` fields may stand above it.
        own_hosts: Vec<String>,
        /// Hosts whose submission counts as `pass`.
        trusted_submission: Vec<String>,
    },
    /// By our own check of DKIM signatures and of DMARC alignment.
    Dkim {
        /// Hosts whose `Received` fields are ours.
        own_hosts: Vec<String>,
        /// Hosts whose submission counts as `pass`.
        trusted_submission: Vec<String>,
    },
    /// Not at all: every mail is `none`.
    None,
}

/// `[limits]`: automatic mails; 0 = no limit (contract A2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// To one outside address, an hour.
    pub sender_per_hour: u32,
    /// To one outside address, a day.
    pub sender_per_day: u32,
    /// To one outside domain, an hour.
    pub domain_per_hour: u32,
    /// In all, an hour.
    pub total_per_hour: u32,
    /// To one technician, an hour.
    pub technician_per_hour: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            sender_per_hour: 5,
            sender_per_day: 20,
            domain_per_hour: 200,
            total_per_hour: 2000,
            technician_per_hour: 60,
        }
    }
}

/// A team ("pot commun").
#[derive(Clone, Debug)]
pub struct Team {
    /// Id of the configuration.
    pub id: String,
    /// Name as printed.
    pub name: String,
    /// Where its mails come from when the requester wrote to none of its addresses.
    pub from: String,
    /// Prefix of its references.
    pub prefix: String,
    /// From resolution to closure; `None`: closed by validation only.
    pub auto_close_after: Option<Term>,
    /// When a requester who owes an answer is reminded, from the beginning of the wait (row E4).
    pub reminders: Vec<Term>,
    /// When the ticket is resolved for want of that answer; `None`: never.
    pub resolve_after: Option<Term>,
    /// When a ticket that is open, for the team to act, is among the late ones; `None`: never.
    pub late_after: Option<Term>,
    /// Its requesters are shown that moment as the one before which they are answered.
    pub show_deadline: bool,
    /// Printed in the acknowledgement of an urgent mail outside hours.
    pub on_call: Option<String>,
    /// When somebody is there.
    pub calendar: Calendar,
    /// How to reach it otherwise: a phone number, an office.
    pub contact: Option<String>,
    /// Who gets its new tickets.
    pub assignment: Assignment,
    /// Who is told how each month was; empty: nobody (row N1).
    pub report_to: Vec<String>,
}

impl Team {
    /// Number of whoever is on duty while nobody is there, for what is urgent and cannot wait (row J9).
    pub fn on_duty(&self, now: DateTime<Utc>) -> Option<&str> {
        self.on_call
            .as_deref()
            .filter(|_| !self.calendar.is_open(now))
    }
}

/// An address pattern that routes to a team.
#[derive(Clone, Debug)]
pub struct AddressPattern {
    /// As written: `support@example.org`, `dsi.support.c?@…`, `scolarite.*@…`.
    pub written: String,
    /// Compiled; matches the folded address, or the same without its plus part.
    pub matches: Regex,
    /// Team id.
    pub team: String,
    /// Our own distribution list: its list headers do not make a mail automatic.
    pub list_id: Option<String>,
    /// Only these answer what is sent there, by registered address; empty: the whole team.
    pub technicians: Vec<String>,
    /// What it is for, in words (S2.36).
    pub about: Option<String>,
    /// The one to prefer (S2.5).
    pub recommended: bool,
}

/// What tickets are about (rows C5, I2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Category {
    /// Id of the configuration.
    pub id: String,
    /// Name as printed.
    pub name: String,
    /// What belongs to it, in a sentence.
    pub explanation: Option<String>,
    /// What the requester must know before anything else (row I5).
    pub warning: Option<String>,
    /// Team of its tickets; `None`: whichever was written to.
    pub team: Option<String>,
    /// The client that it is about: it counts only where the client is named.
    pub client: Option<classify::Term>,
    /// Type of its tickets; `None`: told by their words.
    pub nature: Option<Nature>,
    /// How many are stopped by it (row J4).
    pub impact: Impact,
    /// Words and phrases that it is known by.
    pub terms: Vec<classify::Term>,
    /// What the form asks beside the description (rows I1, I6).
    pub questions: Vec<Question>,
    /// What is left to the articles of the knowledge base.
    pub articles: Articles,
}

/// What a category leaves to the articles of the knowledge base (row L4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Articles {
    /// They are offered beside what people do.
    #[default]
    Offer,
    /// One that surely answers is the answer, until the requester says otherwise.
    Answer,
    /// None is offered.
    Never,
}

impl Category {
    /// With the client in front.
    pub fn full_name(&self) -> String {
        match &self.client {
            Some(client) => format!("{} – {}", client.written, self.name),
            None => self.name.clone(),
        }
    }
}

/// What a technician may do beyond answering.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rank {
    /// Answers.
    #[default]
    Technician,
    /// Leads a team.
    Lead,
    /// Administers the desk.
    Admin,
}

/// When a technician hears of the thanks that are meant for him (row E9).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Thanks {
    /// Once a day, together.
    #[default]
    Digest,
    /// At once.
    Now,
    /// Not by mail.
    Never,
}

/// Somebody who answers.
#[derive(Clone, Debug)]
pub struct Technician {
    /// Name as printed to requesters.
    pub name: String,
    /// Addresses, the first is the registered one that notices go to; folded on comparison.
    pub addresses: Vec<String>,
    /// Team ids.
    pub teams: Vec<String>,
    /// Rank.
    pub rank: Rank,
    /// Phone.
    pub phone: Option<String>,
    /// Language of the mails to him.
    pub language: String,
    /// When he hears of thanks.
    pub thanks: Thanks,
    /// He gets a transcript only when something went wrong (row G3).
    pub only_failures: bool,
}

impl Technician {
    /// Name and registered address.
    pub fn who(&self) -> Address {
        Address {
            name: Some(self.name.clone()),
            address: self.addresses.first().cloned().unwrap_or_default(),
        }
    }

    /// This is one of his addresses.
    pub fn has_address(&self, address: &str) -> bool {
        let key = address.trim().to_lowercase();
        self.addresses.iter().any(|own| own.to_lowercase() == key)
    }
}

/// What the desk needs to know of an account.
#[derive(Clone, Debug)]
pub struct Account {
    /// Name.
    pub name: String,
    /// Team when no address matches.
    pub team: String,
    /// Language when the mail does not tell.
    pub language: String,
}

/// A canned answer (row G9).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Canned {
    /// Language it is written in.
    pub language: String,
    /// As `#modele` calls it, folded.
    pub name: String,
    /// As the desk's page lists it.
    pub title: String,
    /// Its text, with [`Canned::VARIABLES`] in double braces.
    pub text: String,
}

impl Canned {
    /// What is filled in: the name of the requester, the reference, the technician's name.
    pub const VARIABLES: [&'static str; 3] = ["requester", "reference", "technician"];

    /// The text for somebody.
    pub fn fill(&self, requester: &str, reference: &str, technician: &str) -> String {
        let mut filled = String::new();
        let mut rest = self.text.as_str();
        // Piece by piece: what is filled in is not looked at again.
        while let Some((before, after)) = rest.split_once("{{") {
            let Some((name, behind)) = after.split_once("}}") else {
                break;
            };
            filled.push_str(before);
            match name.trim() {
                "requester" => filled.push_str(requester),
                "reference" => filled.push_str(reference),
                "technician" => filled.push_str(technician),
                _ => {}
            }
            rest = behind;
        }
        filled.push_str(rest);
        filled.replace(" ,", ",").trim().to_owned()
    }
}

/// How subjects of notifications look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SubjectStyle {
    /// « [DSI-1042] Enregistrement de votre demande : title ».
    #[default]
    Titled,
    /// « Re: title [DSI-1042] ».
    Threaded,
}

/// Whether people in copy become observers at once (row F9).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CcObservers {
    /// Those of our own domains.
    #[default]
    Internal,
    /// All of them.
    Always,
    /// None: somebody has to say so.
    Never,
}

/// Who gets a new ticket of a team (S2.22, S3.13, S4.21).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Assignment {
    /// Nobody: the first who answers takes it.
    #[default]
    Pool,
    /// In turn: whose latest ticket is the oldest.
    RoundRobin,
    /// Whoever has the fewest open tickets.
    LeastLoaded,
}

/// Who of a service reads the requests of its people (row H5).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Readers {
    /// The service, as the directory writes it.
    pub service: String,
    /// Addresses, folded.
    pub addresses: Vec<String>,
}

impl Readers {
    /// It is this service, however it is written.
    pub fn is_of(&self, service: &str) -> bool {
        name_key(&self.service) == name_key(service)
    }
}

/// The rules of this instance.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Default language.
    pub language: String,
    /// Services whose requests some of their people may read.
    pub services: Vec<Readers>,
    /// Zone of every date that people read.
    pub timezone: Zone,
    /// Where the page is, without a final `/`.
    pub base_url: String,
    /// Name of the desk as printed.
    pub desk_name: String,
    /// Domains of our own people, lower case: not counted against the limits per domain.
    pub internal_domains: Vec<String>,
    /// `support+token@…` reaches the mailbox.
    pub plus_addressing: bool,
    /// Who is told when the desk itself is ill.
    pub operations: Option<String>,
    /// How subjects look.
    pub subject_style: SubjectStyle,
    /// How senders are authenticated.
    pub authentication: Authentication,
    /// A technician's aligned `pass` is enough to command without a token.
    pub pass_is_enough: bool,
    /// Limits.
    pub limits: Limits,
    /// How long a public answer can be taken back; zero: it leaves at once.
    pub hold_replies: Duration,
    /// How long an automatic notice of a technician's act waits for what follows it; zero: not at all.
    pub coalesce: Duration,
    /// A requester is asked for marks at most once in this time (row K6); zero: once for each ticket.
    pub ask_marks_every: Duration,
    /// A reply to a ticket closed for longer opens a new, linked ticket (row D10).
    pub reopen_within: Duration,
    /// Files of a requester's mail are sent along to technicians up to this many bytes.
    pub attach_up_to: u64,
    /// Envelope sender, when it is not the team's address.
    pub return_path: Option<String>,
    /// Authors are told which of their articles somebody should read again (row L6).
    pub remind_authors: bool,
    /// Leads may see figures of single technicians.
    pub individual_statistics: bool,
    /// Applications whose tickets are counted (row N2).
    pub applications: Vec<classify::Term>,
    /// Canned answers.
    pub canned: Vec<Canned>,
    /// Teams, in order.
    pub teams: Vec<Team>,
    /// Patterns, in order: the first match wins.
    pub addresses: Vec<AddressPattern>,
    /// Technicians.
    pub technicians: Vec<Technician>,
    /// Accounts.
    pub accounts: Vec<Account>,
    /// Categories, in order.
    pub categories: Vec<Category>,
    /// Who people are.
    pub directory: Arc<Directory>,
    /// Whether people in copy follow the ticket.
    pub cc_observers: CcObservers,
    /// How this instance calls low, normal and high, in its own language; the usual words without.
    pub urgency_labels: Option<[String; 3]>,
}

impl Policy {
    /// A level in the words of this instance (row I7); another language has its usual ones.
    pub fn level_name<'a>(&'a self, level: Level, language: &str) -> &'a str {
        if let Some([low, normal, high]) = &self.urgency_labels
            && language == self.language
        {
            return match level {
                Level::Low => low,
                Level::Normal => normal,
                Level::High => high,
            };
        }
        match (language, level) {
            ("fr", Level::Low) => "faible",
            ("fr", Level::Normal) => "normale",
            ("fr", Level::High) => "haute",
            (_, level) => level.as_str(),
        }
    }

    /// The prefixes of references, one a team.
    pub fn prefixes(&self) -> Vec<String> {
        self.teams.iter().map(|team| team.prefix.clone()).collect()
    }

    /// The team with this id.
    pub fn team(&self, id: &str) -> Option<&Team> {
        self.teams.iter().find(|team| team.id == id)
    }

    /// What people call the team with this id; of one that is gone from the configuration, the id is left.
    pub fn team_name<'a>(&'a self, id: &'a str) -> &'a str {
        self.team(id).map_or(id, |team| team.name.as_str())
    }

    /// The category with this id.
    pub fn category(&self, id: &str) -> Option<&Category> {
        self.categories.iter().find(|category| category.id == id)
    }

    /// The technician with this address.
    pub fn technician(&self, address: &str) -> Option<&Technician> {
        self.technicians
            .iter()
            .find(|technician| technician.has_address(address))
    }

    /// The technicians of a team, in order.
    pub fn technicians_of<'a>(&'a self, team: &'a str) -> impl Iterator<Item = &'a Technician> {
        self.technicians
            .iter()
            .filter(move |technician| technician.teams.iter().any(|id| id == team))
    }

    /// The services whose requests this person may read.
    pub fn read_by<'a>(&'a self, reader: &'a str) -> impl Iterator<Item = &'a Readers> {
        self.services.iter().filter(move |service| {
            let mut readers = service.addresses.iter();
            readers.any(|address| self.directory.is_same(address, reader))
        })
    }

    /// This person may read this request: it is that of somebody of a service that named him (row H5).
    /// What nobody proved to be of the service is not shown.
    pub fn reads(&self, reader: &str, ticket: &Ticket) -> bool {
        let people = ticket.people.iter().filter(|person| match person.part {
            Part::Requester | Part::Beneficiary => ticket.verified,
            Part::Observer | Part::Contributor => false,
        });
        let services: Vec<&str> = people
            .filter_map(|person| {
                self.directory
                    .entry(&person.who.address)?
                    .service
                    .as_deref()
            })
            .collect();
        self.read_by(reader)
            .any(|service| services.iter().any(|of| service.is_of(of)))
    }

    /// The address is of our own people.
    pub fn is_internal(&self, address: &str) -> bool {
        let domain = Address {
            name: None,
            address: address.to_owned(),
        }
        .domain();
        self.internal_domains.contains(&domain)
    }

    /// The first pattern that the address matches, as written or without its plus part.
    pub fn pattern(&self, address: &str) -> Option<&AddressPattern> {
        // `support+iut@…` may have a pattern of its own; a token after the plus never has.
        let whole = address.trim().to_lowercase();
        let plain = without_plus(address);
        self.addresses
            .iter()
            .find(|pattern| pattern.matches.is_match(&whole) || pattern.matches.is_match(&plain))
    }
}

/// `support+x@example.org` → `support@example.org`, folded.
pub fn without_plus(address: &str) -> String {
    let address = address.trim().to_lowercase();
    match address.split_once('@') {
        Some((local, domain)) => {
            let local = local.split('+').next().unwrap_or(local);
            format!("{local}@{domain}")
        }
        None => address,
    }
}
